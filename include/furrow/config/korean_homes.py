"""Homes as people describe them in Korean: deposit, rent and fee, and the filters for all that is said.

Each `parse_` function reads words that were copied from a listing and gives won, or None when they state
none. Only the first 200 characters are read; none of them raises. Areas, floors, the day of moving in and
what is named have modules of their own; `FILTERS` gathers them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from furrow.config.korean import LOWERED, Amount, amounts_in_man, parse_krw_in_man
from furrow.config.korean_areas import parse_m2, parse_pyeong
from furrow.config.korean_floors import parse_floor, parse_floor_kind, parse_total_floors
from furrow.config.korean_move_in import parse_move_in
from furrow.config.korean_text import plain_text
from furrow.config.named_things import (
    first_named,
    left_in_the_home,
    named,
    naming,
    one_by_one,
    without_landmarks,
)

_NO_FEE_IS_SO_HIGH = 10_000_000

_LABEL = re.compile(
    r"(?P<deposit>보증금?|(?<![가-힣])보(?=\s?(?:\d|$))|전세금?|전세가|매매가?|deposit|jeonse)|(?P<rent>월세|월\s?임대료|임대료|차임|월(?=\s*(?:\d|$))|rent|monthly)"
    r"|(?P<fee>관리비|maintenance|공과금|융자|권리금|중개)",
    re.IGNORECASE,
)
_LABEL_AFTER = re.compile(
    r"\s?(?:won|krw)?\s?(?:monthly\s|of\s)?"
    r"(?:(?P<deposit>deposit|jeonse)|(?P<rent>rent|a month|per month|monthly))",
    re.IGNORECASE,
)
_NO_FEE = re.compile(r"없|무료|포함|면제|included|free|\bno\b|(?<!\d)0(?!\d)", re.IGNORECASE)
_NONE_SAID = re.compile(
    r"(?:관리비|ㄱㄹㅂ|maintenance)(?:는|은|도|가|까지|만)?\s?:?\s?\(?(?:전부|모두|다)?\s?"
    r"(?:없|(?:무료|면제)(?!\s?아[니님닙])|[xX×](?![a-z])|0(?![\d.,~])"
    r"|포함(?!\s?(?:[:(]|사항|내역|항목|여부|되(?:어\s?있)?지\s?않|아[니님닙]|안|[xX])))",
    re.IGNORECASE,
)
_ABOUT = r" ?(?:약|월|매월|대략|평균)? ?\d[\d,.]*+"
_BESIDE_A_BRACKET = re.compile(
    rf"관리비 ?(?:별도)? ?(?:\((?:{_ABOUT} ?[만천]? ?원? ?(?:정도|선|내외)?|포함|없음|무료) ?\)"
    rf"|\((?!포함\)|없음|무료)[^()\n]{{1,40}}\){_ABOUT} ?(?:[만천] ?원?|원)(?![\d/층평]))"
)


def parse_deposit(text: str | None) -> int | None:
    """Deposit or price in won: of `보증금 2000/월 70` the 2000, of `전세 1억 5천` all of it.

    After a lowering (`4억9 → 4억6`, `1억1천에서 1억`) the lower one. A number without a unit counts 만원
    (`parse_krw_in_man`). An amount that is named as rent or as maintenance is neither.
    """
    return next((won for label, won in _payments(text) if label == "deposit"), None)


def parse_rent(text: str | None) -> int | None:
    """Monthly rent in won: of `2000/70` and `보증금 2000에 월 70` the 70; of a single amount that amount."""
    payments = list(_payments(text))
    rents = [won for label, won in payments if label == "rent"]
    alone = [won for _, won in payments] if len(payments) == 1 and not _named(text, "deposit") else []
    return next(iter([*rents, *alone]), None)


def names_rent(text: str | None) -> bool:
    """Whether an amount is a rent by its word or its place: of `100/100` and `월 60`, not of `2억`."""
    return any(label == "rent" for label, _ in _payments(text))


def parse_fee(text: str | None) -> int | None:
    """Maintenance fee of a month in won; 0 for `관리비 없음` and `관리비 포함`, beside any other amount.

    Bare numbers count 만원, but not where that would be absurd: `관리비 50,000` is won.
    """
    plain = plain_text(text)
    if _NONE_SAID.search(plain):
        return 0
    won = parse_krw_in_man(plain)
    if won:
        return won if won < _NO_FEE_IS_SO_HIGH else won // 10_000
    return 0 if _NO_FEE.search(plain) else None


def bracketed_fees(text: str) -> list[str]:
    """The words of a fee with its bracket: `관리비(수도, 인터넷 포함) 7만원`, `관리비 별도(약 10만원)`."""
    return [found[0] for found in _BESIDE_A_BRACKET.finditer(text)]


def reading(texts: list[str], reader: str, *arguments: Any) -> list[str]:
    """The texts of which a filter here that reads one text, such as `m2`, gives a value, or says yes.

    A filter that says yes or no (`names_rent`) counts when it says yes. arguments: what else it takes, such
    as the time for `move_in`. Raises KeyError when there is no such filter.
    """
    values = ((text, FILTERS[reader](text, *arguments)) for text in texts)
    return [text for text, value in values if value is not None and value is not False]


def _payments(text: str | None) -> Iterator[tuple[str, int]]:
    """Every amount as deposit or rent: by its label, else the first is the deposit and the next the rent."""
    plain, end, seen = plain_text(text), 0, 0
    amounts = list(amounts_in_man(plain))
    if len(amounts) > 1 and LOWERED.search(plain[amounts[0].end : amounts[1].start]):
        end = amounts.pop(0).end
    swapped = len(amounts) > 1 and _label(plain, amounts[0].end, amounts[1]) == "deposit"
    for amount in amounts:
        label = _label(plain, end, amount)
        end = amount.end
        if label == "fee":
            continue
        seen += 1
        yield _role(label, seen, len(amounts), swapped), amount.won


def _role(label: str | None, place: int, of: int, swapped: bool) -> str:
    """`월세 500/45` labels the pair and not its first amount."""
    if place == 1:
        return "rent" if label == "rent" and (of == 1 or swapped) else "deposit"
    return "deposit" if label == "deposit" else "rent"


def _label(text: str, start: int, amount: Amount) -> str | None:
    """What the amount is, by the English word after it or else the last word between `start` and it."""
    if after := _LABEL_AFTER.match(text, amount.end):
        return after.lastgroup
    found = list(_LABEL.finditer(text, start, amount.start))
    return found[-1].lastgroup if found else None


def _named(text: str | None, label: str) -> bool:
    return any(match.lastgroup == label for match in _LABEL.finditer(plain_text(text)))


FILTERS: Mapping[str, Callable[..., Any]] = {
    "krw_in_man": parse_krw_in_man,
    "deposit_krw": parse_deposit,
    "rent_krw": parse_rent,
    "names_rent": names_rent,
    "fee_krw": parse_fee,
    "bracketed_fees": bracketed_fees,
    "m2": parse_m2,
    "pyeong": parse_pyeong,
    "floor_number": parse_floor,
    "floor_kind": parse_floor_kind,
    "total_floors": parse_total_floors,
    "move_in": parse_move_in,
    "named": named,
    "naming": naming,
    "first_named": first_named,
    "reading": reading,
    "without_landmarks": without_landmarks,
    "one_by_one": one_by_one,
    "left_in_the_home": left_in_the_home,
}
"""What prompts and expressions call them, such as `price.rent_quote | rent_krw`."""
