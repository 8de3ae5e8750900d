"""Amounts of money as people write them in Korean: `3만5천원`, `35,000원`, `1.2억`, `나눔`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

LONGEST_TEXT = 200
_LARGEST = 10**12
_WON_FROM = 100_000

_DIGITS = {"일": 1, "이": 2, "삼": 3, "사": 4, "오": 5, "육": 6, "칠": 7, "팔": 8, "구": 9}
_SMALL_UNITS = {"십": 10, "백": 100, "천": 1000}

_NUMBER = r"\d[\d,]*(?:\.\d+)?"
_NO_PLACE = r"(?!안|호동|호역|왕|석|화점|운역|마역|현동)"
"""Not 천안, 천호동, 백석, 백화점, 백운역, 백현동."""

_SMALL = rf"(?:{_NUMBER}(?:[십백천]|\s[십백천]{_NO_PLACE})\s?|[일이삼사오육칠팔구]?[십백천]{_NO_PLACE})"
_LONE = r"[일이삼사오육칠팔구](?=\s?[원천백십만억]|에\s?\d|\s*$)"
"""A digit in Hangul that is one: not the first letter of `이에요`, `오피스텔`, `일시불`."""

_GROUP = rf"{_SMALL}*(?:{_NUMBER}|{_LONE})?"
_AMOUNT = re.compile(
    rf"(?:(?P<eok>{_GROUP})\s?억\s*)?(?:(?P<man>{_GROUP})\s?만\s*)?(?P<rest>{_GROUP})(?P<won>\s?원(?![룸목형피]))?"
)
_PIECE = re.compile(rf"(?P<number>{_NUMBER}|[일이삼사오육칠팔구])?\s?(?P<unit>[십백천])?")

PLACEHOLDER = r"\[(?:전화|주민번호|계좌|이?메일|카드|링크)\d{1,4}\]"
"""What `mask:` puts in the place of personal data."""

_NOT_MONEY = re.compile(rf"\d{{2,4}}-\d{{3,4}}-\d{{4}}|\d{{4}}[-./]\d{{1,2}}[-./]\d{{1,2}}|{PLACEHOLDER}")
_MONTH = r"(?:0?[1-9]|1[0-2])"
_NOT_OF_HOMES = re.compile(
    rf"{PLACEHOLDER}|\d{{2,4}}-\d{{3,4}}-\d{{4}}|(?<![\d.,])(?:19|20)\d\d([-./])\s?{_MONTH}\1\s?(?:0?[1-9]|[12]\d|3[01])(?!\d)"
    rf"|(?<![\d.,/])\d\d([./]){_MONTH}\2(?:0?[1-9]|[12]\d|3[01])(?!\d)"
    rf"|(?<![\d.,/])(?:19|20)\d\d(?:\.\s?{_MONTH}|[/-]0[1-9])(?!\d)"
)
"""Placeholders, phone numbers and dates: `2019-05-12`, `19.05.12`, `2025/06`; not `1000/50/5`."""

_COUNTER = re.compile(
    r"\s?(?:년|월|일|시|분(?!할)|초|주|개|장|권|편|평|세대|기가|테라|[gt]b|k?m2?\b|km|키로|킬로|k?g\b|kg|[cm]m|인치|컷|번|호|층"
    r"|동(?!결)|명|인용|회|%|퍼|[mk]?l\b|ml|hz|w\b|mah|엔|달러|불|유로|위안|usd|\$)",
    re.IGNORECASE,
)
_IN_A_HOME = re.compile(
    r"[a-z]?\s?(?:타입|형)|\s?(?:차(?!이|임|액|감|량)|단지|제곱|헤베|sqm\b|sq\.?\s?m|py(?:eong)?\b|bay\b|베이|길|프로)",
    re.IGNORECASE,
)
_LONGER_WORD = re.compile(r"(?!이|입|인|에|의|은|는|정도|짜리|중|형|월|까지|부터|째|도|대|씩)[가-힣]")
_SMALL_COUNT = re.compile(r"\d(?:\.\d)?")
_ROOMS_AFTER = re.compile(
    r"\s?룸(?!바|메이트|서비스|스프레이)|[- ]?(?:bed\s?rooms?|beds?|rooms?)\b|가(?=\s|역|길|$|[.,)/])",
    re.IGNORECASE,
)
_ROOMS_BEFORE = re.compile(r"[방화욕룸]\s?$")
_FOREIGN = re.compile(r"(?:[$€¥£]|usd|eur|jpy)\s?$", re.IGNORECASE)
_SHARED_UNIT = re.compile(rf"({_NUMBER})(\s*(?:~|-|–|→|->|=>|에서)\s*)(?={_NUMBER}\s?(만|억|천))")
LOWERED = re.compile(r"→|->|=>|▶|에서|내려|내림|내렸|인하|할인|올렸|다가")
_BETWEEN = re.compile(r"\s?(?:원\s?)?사이")
_NEW_PRICE = re.compile(
    r"(?:정가|원가|출고가|구매가|구입가|새\s?제품|새\s?상품|매장가)\s?(?:은|는|이|가)?\s*$"
)
_DELIVERY = re.compile(r"무료\s?(?:배송|택배|반품|설치)|(?:배송|택배|설치)비?\s?(?:는|은)?\s?무료")
_GIVEN_AWAY = re.compile(
    r"(?:나눔|무나|무료|공짜|그냥\s?드[려리립림])(?!\s?(?:은|는|이)?\s?(?:아니|아님|안|말고|불가|x\b))",
    re.IGNORECASE,
)
_TEN_THOUSANDS = re.compile(r"(\d{1,3}\.\d)\s?(?:에|정도)?")
_MONTHLY = re.compile(r"\s월|월\s?세")
"""`500 월 45`: not the fifth month."""

_PART_OF_A_WORD = re.compile(r"(?<!krw)(?<=[a-z])$", re.IGNORECASE)
_WON_AFTER = re.compile(r"\s?(?:won|krw)\b", re.IGNORECASE)
_WON_BEFORE = re.compile(r"(?:\bkrw|[₩￦])\s?$", re.IGNORECASE)

_THOUSAND_WITH = re.compile(r"(?:.*[^가-힣])?천\s?", re.DOTALL)
"""`천에 50`, not `인천에 50`."""

_DOTTED_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+")


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount and where it stands in its text."""

    won: int
    start: int
    end: int


def parse_krw(text: str | None) -> int | None:
    """The asking price in won that a Korean price text states, or None when it states none.

    Rules, in this order:

    - A Hangul digit after a number with 만 is no digit: `2만이고` is 20,000, `2만5` 25,000.
    - Units: `3만5천원`, `3.5만`, `30만`, `1.2억`, `35,000원`, `₩35000`, `삼만오천원`, `만원`, and digits
      of full width. A lone digit after 만 counts thousands (`3만5` is 35,000), 천 after 억 counts 천만
      (`1억 2천` is 120,000,000), and a text that is nothing but one decimal counts 만 (`4.5` is 45,000).
    - A number without 원 or unit is a price from 1,000 up, unless a letter stands before it (`RTX3060`).
      Hangul numerals without any digit need 원, or must be the whole text: `인천`, `이천` are places.
    - Not prices: dates, phone numbers, other currencies, and numbers that count something (`256기가`).
    - A new-item price (`정가 55만`) is left out when another amount follows.
    - After a lowering (`12만원에서 10만원으로`, `75만 → 60만`) the last amount holds; of a range
      (`10~12만원`, `10만원에서 12만원 사이`) the lower; of any other amounts the first.
    - Without an amount, `나눔`, `무료`, `공짜`, `그냥 드려요` are 0; free delivery and `나눔 아님` are not.

    Only the first 200 characters are read. Amounts above 1,000,000,000,000 are None. Never raises.
    """
    if not text:
        return None
    plain = _NOT_MONEY.sub(" ", unicodedata.normalize("NFKC", text[:LONGEST_TEXT])).strip()
    if short := _TEN_THOUSANDS.fullmatch(plain):
        return int(Decimal(short[1]) * 10_000)
    plain = _SHARED_UNIT.sub(r"\1\3\2", plain)
    amounts = list(_amounts(plain))
    if amounts:
        return _asked(plain, amounts)
    return 0 if _GIVEN_AWAY.search(_DELIVERY.sub(" ", plain)) else None


def is_amount(text: str) -> bool:
    """Whether the whole text is one amount with a unit: `3만5천원`, `2만`; not `원목`, `10만원권`, `1400`."""
    plain = unicodedata.normalize("NFKC", text).strip()
    match = _AMOUNT.fullmatch(plain)
    return len(plain) > 1 and match is not None and plain[-1] in "원만억천" and _won(match) is not None


def parse_krw_in_man(text: str | None) -> int | None:
    """The first amount of won in a text about homes, where a number without a unit counts 만원.

    - `500` is 5,000,000, `2천` 20,000,000, `8,500` 85,000,000; from 100,000 up a bare number is won.
    - After 억 the rest counts 만 too (`1억 2500` is 125,000,000), a lone digit 천만 (`3억5` is 350,000,000).
    - `5만`, `650,000원`, `KRW 70,000` mean what they say. Numbers that count something (`3룸`, `방3`, `2차`),
      dates and placeholders of personal data (`[전화1]`) are no amounts.

    Only the first 200 characters are read. Never raises.
    """
    return next((amount.won for amount in amounts_in_man(text or "")), None)


def amounts_in_man(text: str) -> Iterator[Amount]:
    """Every amount as `parse_krw_in_man` reads it, in order; places are in the NFKC of the text."""
    plain = _without_other_numbers(text)
    for match in _AMOUNT.finditer(plain):
        written = match[0].strip()
        if not written or not _is_money_of_homes(plain, match):
            continue
        said = match["won"] or match["man"] is not None or _is_named_won(plain, match)
        won = _won(match) if said else _won_in_man(match)
        if won is not None and won <= _LARGEST:
            yield Amount(won, match.start(), match.end())


def _without_other_numbers(text: str) -> str:
    """NFKC of what is read of a text about homes, stars for placeholders, phone numbers and dates."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST_TEXT])
    return _NOT_OF_HOMES.sub(lambda found: "*" * len(found[0]), plain)


def _is_money_of_homes(text: str, match: re.Match[str]) -> bool:
    written = match[0].strip()
    if match["won"]:
        return written != "원"
    if _FOREIGN.search(text[: match.start()]) or _PART_OF_A_WORD.search(text[: match.start()]):
        return False
    end = match.start() + len(match[0].rstrip())
    if _counts(text, end, written) and not _MONTHLY.match(text, end):
        return False
    return bool(re.search(r"\d", written)) or _is_spelled(written, text, match)


def _counts(text: str, end: int, written: str) -> bool:
    """Whether a number that ends there counts something: `15층`, `2차`, `3룸`, `방3`; not in `45 주차`."""
    if _SMALL_COUNT.fullmatch(written):
        start = end - len(written)
        if _ROOMS_AFTER.match(text, end) or _ROOMS_BEFORE.search(text[:start]):
            return True
    counter = _COUNTER.match(text, end) or _IN_A_HOME.match(text, end)
    return counter is not None and not _is_another_word(text, counter)


def _is_another_word(text: str, counter: re.Match[str]) -> bool:
    """Whether what looks like a counter after a space only begins a word: `45 주차`, `2억 동향`."""
    follows = text[counter.end() :]
    return counter[0][0].isspace() and bool(_LONGER_WORD.match(follows)) and counter[0][-1] >= "가"


def _is_spelled(written: str, text: str, match: re.Match[str]) -> bool:
    """Numerals in Hangul: `이천` alone, `전세금 삼억`, `천에 50`; in `이천 터미널` it is a place."""
    if written == "천" and _THOUSAND_WITH.fullmatch(text, 0, match.end()):
        return True
    word_of_its_own = len(written) > 1 and written[-1] in "만억" and text[: match.start()][-1:] in ("", " ")
    return written[-1] in "십백천만억" and (written == text.strip() or word_of_its_own)


def _is_named_won(text: str, match: re.Match[str]) -> bool:
    """`KRW 70,000`, `70,000 won`."""
    return bool(_WON_AFTER.match(text, match.end()) or _WON_BEFORE.search(text[: match.start()]))


def _won_in_man(match: re.Match[str]) -> int | None:
    """`1억 2500`, `3억5`, `2천`, `500`: what has no 만 and no 원."""
    eok, rest = match["eok"], (match["rest"] or "").strip()
    value = _group(rest)
    if eok is not None and rest in _DIGITS and re.search(r"\d", eok):
        value = Decimal(0)
    if eok is None:
        total = value if value >= _WON_FROM else value * 10_000
    else:
        lone = len(rest) == 1 and rest not in _SMALL_UNITS
        total = (_group(eok) or 1) * 10**8 + value * (10**7 if lone else 10_000)
    return int(total) if total == int(total) else None


def _asked(text: str, amounts: list[Amount]) -> int:
    """The one amount of several that the seller asks."""
    others = [amount for amount in amounts if not _NEW_PRICE.search(text[: amount.start])]
    asked, *later = others or amounts
    for amount in later:
        if not LOWERED.search(text[asked.end : amount.start]):
            break
        if _BETWEEN.match(text, amount.end):
            return min(asked.won, amount.won)
        asked = amount
    return asked.won


def _amounts(text: str) -> Iterator[Amount]:
    """Every amount of won in the text, in order."""
    for match in _AMOUNT.finditer(text):
        written = match[0].strip()
        if not written or not _is_money(text, match):
            continue
        won = _won(match)
        if won is not None and won <= _LARGEST:
            yield Amount(won, match.start(), match.end())


def _is_money(text: str, match: re.Match[str]) -> bool:
    """Whether a number is an amount of won, by what stands in it and around it."""
    before, written = text[: match.start()], match[0].strip()
    if _FOREIGN.search(before) or (not match["won"] and _COUNTER.match(text, match.end())):
        return False
    if match["won"]:
        return written != "원"
    if not re.search(r"\d", written):
        return written == text and written[-1] in "십백천만억"
    if re.search(r"[십백천만억]", written):
        return True
    return not re.search(r"[A-Za-z\d-]$", before) and len(re.sub(r"\D", "", written)) >= 4


def _won(match: re.Match[str]) -> int | None:
    """Value of one matched amount, None when it is no whole number of won."""
    eok, man, rest = match["eok"], match["man"], (match["rest"] or "").strip()
    if eok is None and man is None and _DOTTED_THOUSANDS.fullmatch(rest):
        return int(rest.replace(".", ""))
    total = _group(rest)
    if eok is not None and man is None and "천" in rest:
        total *= 10_000
    elif man is not None and rest in _DIGITS and re.search(r"\d", man) and not match["won"]:
        total = Decimal(0)
    elif man is not None and len(rest) == 1 and rest not in _SMALL_UNITS and not match["won"]:
        total *= 1000
    total += sum(
        (_group(part) or 1) * unit for part, unit in ((eok, 10**8), (man, 10**4)) if part is not None
    )
    return int(total) if total == int(total) else None


def in_digits(numeral: str) -> str:
    """A number in Hangul, such as `이십이` or `3백`, in digits."""
    return f"{_group(numeral):f}"


def _group(text: str) -> Decimal:
    """`2천5백`, `이십오`, `3.5`, `1,200` -> its value; an empty text is 0."""
    total = Decimal(0)
    for piece in _PIECE.finditer(text):
        if piece["unit"]:
            total += _number(piece["number"] or "일") * _SMALL_UNITS[piece["unit"]]
        elif piece["number"]:
            total += _number(piece["number"])
    return total


def _number(text: str) -> Decimal:
    """Digits or one Hangul digit; a comma without three digits after it is a decimal point (`3,5만`)."""
    if text in _DIGITS:
        return Decimal(_DIGITS[text])
    if re.fullmatch(r"\d{1,3},\d{1,2}", text):
        return Decimal(text.replace(",", "."))
    return Decimal(text.replace(",", ""))
