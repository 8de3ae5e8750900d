"""What a listing of a home says that is paid: a sale price, a deposit, a rent, where a word names it.

The readers of `korean_homes` take an amount from words that a model copied; this finds the words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from furrow.config.korean import LONGEST_TEXT, Amount, amounts_in_man
from furrow.config.korean_homes import names_rent, parse_deposit, parse_rent

_LONGEST_SPAN = 64
_LEAST = {"매매": 1_000_000, "전세": 1_000_000, "월세": 100_000}
_LEAST_OF_A_PAIR = 1_000_000
_RENTS = range(30_000, 10_000_001)
_PARTICLE = r"(?:은|는|이|가|에|만|도)?\s*:?\s*$"
_WORDS_OF_A_DEAL = {
    "매매": (r"매매가?|매도가|분양가|가격|asking|for sale|price", r"(?!)"),
    "전세": (r"전세[금가]?|(?:전세)?보증금|가격|jeonse|deposit|price", r"(?!)"),
    "월세": (r"(?:임대|월세)?보(?:증금?)?|deposit", r"월세?|임대료|(?:monthly )?rent"),
}
_BEFORE = {
    deal: re.compile(rf"(?<![가-힣a-z])(?:(?P<deposit>{deposit})|(?P<rent>{rent})){_PARTICLE}", re.IGNORECASE)
    for deal, (deposit, rent) in _WORDS_OF_A_DEAL.items()
}
_AFTER = {
    "매매": re.compile(r"\s(?P<deposit>for sale|asking)\b", re.IGNORECASE),
    "전세": re.compile(r"\s(?P<deposit>jeonse|deposit)\b", re.IGNORECASE),
    "월세": re.compile(r"\s(?:(?P<deposit>deposit)|(?P<rent>(?:monthly )?rent))\b", re.IGNORECASE),
}
_BEFORE_A_PAIR = re.compile(rf"(?<![가-힣a-z])(?:월세|보(?:증금)?|가격|price){_PARTICLE}", re.IGNORECASE)
_NO_PAIR_AFTER = re.compile(
    rf"(?:매매가?|전세[금가]?|분양가|매도가|asking|for sale|jeonse){_PARTICLE}|[\d/.~*A-Za-z-]$",
    re.IGNORECASE,
)
_PAIRED = re.compile(r"\s*/\s*|\s?에\s?")
_PAIRED_BY_A_WORD = re.compile(r"(?:\s*/\s*|\s?에\s?)월세?\s?")
_GOES_ON = re.compile(r"\s*(?:/|에)\s*\d")
_A_RENT_FOLLOWS = re.compile(r"\s*(?:에|[,/·])?\s*(?:월|임대료|(?:monthly )?rent)", re.IGNORECASE)
_SIDE_BY_SIDE = re.compile(r"\s*(?:에|[,/·]|and|plus)?\s*", re.IGNORECASE)
_ARROW = re.compile(r"\s*(?:→|->|=>|▶|에서)\s*")
_WON_WORD = re.compile(r"(?:\s?(?:won|krw)\b)?(?:\s(?:a|per)\s(?:calendar\s)?month\b)?", re.IGNORECASE)
_WON_SIGN = re.compile(r"(?:\bkrw|[₩￦])\s?$", re.IGNORECASE)
_YEAR = re.compile(r"19[5-9]\d|20[1-3]\d")
_NOT_STATED = re.compile(
    r"\s?(?:(?:k|m|mil|mn|million|bn|billion|thousand|hundred)\b|[~%]|-\s?\d|이하|이상|미만|까지|한도|말고|아니|아님|[을를]?\s?(?:대출|융자|시세|권리금)(?!\s*\d)|대(?![가-힣]))"
    r"|[a-z]|\s?[a-z]?bps|(?!에|이|입|인|임|은|는|으로|로|만|도|정도|요|예요|월세|보증)[가-힣]|이[가-힣]?\s?(?:아니|아님)",
    re.IGNORECASE,
)
_OTHER_MONEY = re.compile(
    r"관리비(?!\s?(?:포함|없|별도|[xX](?![a-z])))|maintenance|(?:대출|융자)(?!금?\s?(?:없|무|x))|시세|권리금|무보증|중개|수수료|공과금|이자|수익|전환|인근|주변|근처|평균|예상|loan|\bfee\b"
    r"|평당|공시|감정|취득|실거래|희망|예약|첫\s?달|년\s?전|기존|당초|원래|예전|이전|주차|창고",
    re.IGNORECASE,
)
_MONTHLY_BILL = re.compile(
    r"(?:[가-힣]비|요금|료|주차|인터넷|전기|가스|수도|난방|렌탈|할부|상환|납입|수입|\d)\s*$"
)
_CLAUSE_ENDS = re.compile(r"[,;()/|·\n]|\.\s")


def payments(texts: list[str], deal: str | None = None) -> list[str]:
    """The words that state what is paid in that deal, as they stand in the texts, at most 64 letters each.

    - An amount counts with its label directly before it (`매매가 5억`, `전세: 3억`, `월세 45`) or, in
      English, after it (`500,000 KRW rent`). Deposit and rent side by side are one: `보증금 500에 월세 42`.
    - For 월세, and without a deal, a pair needs no label: `500/45`, `1억/105`, `500에 45`. Without a deal
      only what is a deposit and a rent counts, such as `보1000 월60`.
    - Amounts of 관리비, 대출, 융자, 시세, 권리금, 무보증, 중개 are left out, ranges and dates too.

    deal: 매매, 전세, 월세 or None. Meant to be quoted unseen: it rather misses than invents.
    """
    if deal is not None and deal not in _BEFORE:
        return []
    return [span for text in texts for span in _spans(text, deal)]


@dataclass(frozen=True, slots=True)
class _Stated:
    """Where a listing states a deposit (or price), a rent, or both, and how much in won."""

    start: int
    end: int
    deposit: int | None = None
    rent: int | None = None


def _spans(text: str, deal: str | None) -> Iterator[str]:
    """What `payments` gives of one text."""
    plain = _letter_by_letter(text)
    amounts = [_with_unit(plain, amount) for amount in amounts_in_man(plain)]
    pairs = list(_pairs(plain, amounts)) if deal in ("월세", None) else []
    alone = list(_labelled(plain, amounts, deal or "월세"))
    in_a_pair = [place for pair in pairs for place in range(pair.start, pair.end)]
    alone = [one for one in alone if one.start not in in_a_pair and one.end - 1 not in in_a_pair]
    for one in _side_by_side(plain, sorted([*pairs, *alone], key=lambda one: one.start)):
        both = one.deposit is not None and one.rent is not None
        if (both or deal is not None) and _reads_the_same(text, one):
            yield text[one.start : one.end]


def _letter_by_letter(text: str) -> str:
    """NFKC with one letter for each letter of the text; empty where letters only mean something together."""
    plain = "".join(unicodedata.normalize("NFKC", letter)[:1] for letter in text[:LONGEST_TEXT])
    return plain if unicodedata.is_normalized("NFKC", plain) else ""


def _with_unit(plain: str, amount: Amount) -> Amount:
    """The amount without spaces and commas around it and with `KRW`, `won`, `a month`."""
    written = plain[amount.start : amount.end]
    start = amount.end - len(written.lstrip())
    end = amount.start + len(written.rstrip(" ,"))
    if sign := _WON_SIGN.search(plain[:start]):
        start = sign.start()
    word = _WON_WORD.match(plain, end)
    return Amount(amount.won, start, word.end() if word else end)


def _pairs(plain: str, amounts: list[Amount]) -> Iterator[_Stated]:
    """Deposit and rent in one: `500/45`, `500에 45`, with the label before them."""
    for first, second in pairwise(amounts):
        before = plain[_clause_start(plain, amounts, first) : first.start]
        if _are_a_pair(plain, first, second) and not _OTHER_MONEY.search(before):
            label = _BEFORE_A_PAIR.search(before)
            start = first.start - len(before) + label.start() if label else first.start
            yield _Stated(start, second.end, first.won, second.won)


def _are_a_pair(plain: str, first: Amount, second: Amount) -> bool:
    between = plain[first.end : second.start]
    by_a_word = _PAIRED_BY_A_WORD.fullmatch(between) and not _GOES_ON.match(plain, second.end)
    return (
        bool(_PAIRED.fullmatch(between) or by_a_word)
        and first.won >= _LEAST_OF_A_PAIR
        and first.won > second.won in _RENTS
        and not _YEAR.fullmatch(plain[first.start : first.end])
        and not _NO_PAIR_AFTER.search(plain[: first.start])
        and not _NOT_STATED.match(plain, second.end)
    )


def _labelled(plain: str, amounts: list[Amount], deal: str) -> Iterator[_Stated]:
    """The amounts that a word of the deal stands beside."""
    for place, amount in enumerate(amounts):
        label = _label_beside(plain, amounts, amount, deal)
        last = _lowered(plain, amounts[place:])
        if label is None or last is None or not _stands_alone(plain, amounts, last):
            continue
        start, end, role = label
        if last.won in _RENTS if role == "rent" else last.won >= _LEAST[deal]:
            yield replace(_Stated(start, max(end, last.end)), **{role: last.won})


def _label_beside(
    plain: str, amounts: list[Amount], amount: Amount, deal: str
) -> tuple[int, int, str] | None:
    """Where label and amount begin and end, and `deposit` or `rent`."""
    clause = _clause_start(plain, amounts, amount)
    before = _BEFORE[deal].search(plain[clause : amount.start])
    start = clause + before.start() if before else amount.start
    found = before or _AFTER[deal].match(plain, amount.end)
    others = plain[clause:start]
    if found is None or _OTHER_MONEY.search(others) or _is_a_bill(found, plain[:start], clause):
        return None
    if deal == "전세" and found["deposit"][0] in "보dD" and _A_RENT_FOLLOWS.match(plain, amount.end):
        return None
    return start, amount.end if before else found.end(), found.lastgroup or ""


def _is_a_bill(label: re.Match[str], before: str, clause: int) -> bool:
    """Whether 월 is not the rent's: `주차비 월 5만`, `12월 45`; in `보증금 500 월 45` it is."""
    return label[label.lastgroup or 0] == "월" and bool(_MONTHLY_BILL.search(before, clause))


def _lowered(plain: str, amounts: list[Amount]) -> Amount | None:
    """The first amount, or what it was lowered to; None when that is no price of the same thing."""
    first, *later = amounts
    if not later or not _ARROW.fullmatch(plain[first.end : later[0].start]):
        return first
    return later[0] if first.won // 2 < later[0].won < first.won else None


def _stands_alone(plain: str, amounts: list[Amount], amount: Amount) -> bool:
    """Whether it is no year, no part of a range or of a pair, and means what is paid."""
    joined = any(
        _PAIRED.fullmatch(plain[one.end : other.start])
        for one, other in pairwise(amounts)
        if amount in (one, other)
    )
    written = plain[amount.start : amount.end]
    cut = written[-1].isdecimal() and re.match(r"\s?/\s?\d", plain[amount.end :])
    return not (joined or cut or _YEAR.fullmatch(written) or _NOT_STATED.match(plain, amount.end))


def _clause_start(plain: str, amounts: list[Amount], amount: Amount) -> int:
    """Where the words begin that may say what an amount is: after the amount or the comma before it."""
    ends = [other.end for other in amounts if other.end <= amount.start]
    ends += [found.end() for found in _CLAUSE_ENDS.finditer(plain, 0, amount.start)]
    return max(ends, default=0)


def _side_by_side(plain: str, stated: list[_Stated]) -> list[_Stated]:
    """A deposit and a rent with nothing but a comma between them as one."""
    found: list[_Stated] = []
    for one in stated:
        both = _joined(plain, found[-1], one) if found else None
        found[-1:] = [both] if both else [*found[-1:], one]
    return found


def _joined(plain: str, one: _Stated, other: _Stated) -> _Stated | None:
    if not _SIDE_BY_SIDE.fullmatch(plain[one.end : other.start]) or other.end - one.start > _LONGEST_SPAN:
        return None
    if (one.deposit is None) == (other.deposit is None) or (one.rent is None) == (other.rent is None):
        return None
    both = _Stated(one.start, other.end, one.deposit or other.deposit, one.rent or other.rent)
    return both if _reads_the_same(plain, both) else None


def _reads_the_same(text: str, stated: _Stated) -> bool:
    """Whether the readers of deposits and rents take from the span what it states."""
    span = text[stated.start : stated.end]
    rent = None if stated.rent is None and not names_rent(span) else parse_rent(span)
    return len(span) <= _LONGEST_SPAN and (parse_deposit(span), rent) == (stated.deposit, stated.rent)
