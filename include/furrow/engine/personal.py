"""Personal data in Korean and English text: where telephone numbers, accounts, mails and the like stand.

Read as a person reads: digits of full width, keycaps, Hangul numerals (`공일공`), invisible characters and
dots, blanks or nothing between groups make no difference. Check digits do not either, but for card numbers
without hyphens: made-up numbers are masked like real ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from furrow.config.models import MaskKind
from furrow.engine.legible import Reading, is_digit, is_latin, read

_GAP = r"(?:[\s.\-~_/,()*ㅡ]{0,4}|\s?(?:에|다시|대시)\s?)"
_SAME = r"[\s.\-~_/,]{0,3}"
"""Between the digits of a group: whatever it is, the same each time. `01 05 22` is no `0 1 0 5 2 2`."""
_LIKE_DIGIT = r"[\doliㅇ]"
_AREA = r"0(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|80|50[2-8])"
_PHONES = (
    rf"(?:\+|00)82{_GAP}(?:0\)?{_GAP})?(?:1[016-9]|2|[3-6][1-5]|70){_GAP}\d{{3,4}}{_GAP}\d{{4}}",
    rf"82[\s\-]0?1[016-9]{_GAP}\d{{3,4}}{_GAP}\d{{4}}",
    rf"[0oㅇ](?P<p>{_SAME})[1liㅣ](?P=p)[016-9oㅇ]{_GAP}{_LIKE_DIGIT}(?:(?P=p){_LIKE_DIGIT}){{2,3}}"
    rf"{_GAP}{_LIKE_DIGIT}(?:(?P=p){_LIKE_DIGIT}){{3}}",
    rf"(?:\({_AREA}\)\s?|{_AREA}[\s.\-~_/)]{{1,3}})\d{{3,4}}[\s.\-~_/]{{1,3}}\d{{4}}",
    r"\+[1-9](?:[\s.\-()]{0,2}\d){8,14}",
)
_BIRTH = r"\d{i}\d{i}(?:0{i}[1-9]|1{i}[0-2]){i}(?:0{i}[1-9]|[12]{i}\d|3{i}[01])"
_RRNS = (
    r"\d{6}\s{0,2}[\-~_.]\s{0,2}(?:\d{7}|\d[*x]{6})",
    rf"(?=\d(?P<r>{_SAME})\d){_BIRTH.replace('{i}', '(?P=r)')}"
    r"[\s.\-~_/,]{0,4}[1-8](?:(?:(?P=r)\d){6}|(?:(?P=r)[*x]){6})",
)
_CARDS = (
    r"\d{4}-\d{4}-\d{4}-\d{3,4}",
    r"\d{4}([ .])\d{4}\1\d{4}\1\d{3,4}",
    r"3[47]\d{2}[ \-]\d{6}[ \-]\d{5}",
    r"(?=4|5[1-5]|2[2-7]|3[4-8]|6|9)\d{14,16}",
)
_BANK_WORDS = (
    r"(?:[가-힣]{1,4}(?:은행|뱅크)|새마을(?:금고)?|우체국|신협|카뱅|저축은행"
    r"|계좌(?:번호)?|입금|송금|이체|account|bank)"
)
_BANKS = (
    r"(?:국민|kb|신한|우리|하나|농협|nh|기업|ibk|토스|(?:sc)?제[일1]|수협|씨티|카카오|케이"
    r"|부산|대[구9]|광주|전북|경남|제주)"
)
"""제일 and 대구 end in what may be read as the first digit of the number."""
_ACCOUNTS = (
    rf"(?:{_BANK_WORDS}|{_BANKS})[^\d\n]{{0,12}}?(?P<number>\d{{2,6}}(?:-\d{{2,8}}){{1,4}}|\d{{10,16}})",
    rf"{_BANK_WORDS}[^\d\n]{{0,12}}?(?P<number>\d{{2,6}}(?:[ .\-]{{1,3}}\d{{2,8}}){{1,4}})",
    rf"(?P<number>\d{{2,6}}(?:-\d{{2,8}}){{1,4}}|\d{{10,16}})\s?[(\[]?(?:{_BANK_WORDS}|{_BANKS})",
    r"(?P<number>\d{3,6}-\d{2,6}-\d{3,8}(?:-\d{1,3})?)",
)
_DATE = re.compile(r"(?:19|20)\d\d[-. ]{1,2}(?:0?[1-9]|1[0-2])[-. ]{1,2}(?:[0-3]?\d)(?!\d)")
_DOT = r"\s?(?:\.|\(dot\)|\[dot\]|점)\s?"
_NAME = r"(?:(?!점)[\w\-]){1,30}+"
_DOMAIN = rf"{_NAME}(?:{_DOT}{_NAME}){{0,3}}{_DOT}(?:[a-z]{{2,10}}|한국|컴|넷|케이알)"
_AT = r"(?:@|\(at\)|\[at\]|\(골뱅이\)|골뱅이|앳)"
_EMAILS = (
    rf"(?:[a-z0-9._%+\-]{{1,64}}+|(?:(?!골뱅이|앳)[가-힣]){{1,10}}+)\s?{_AT}\s?{_DOMAIN}",
    r"[a-z0-9._%+\-]{1,64}+\s{1,2}at\s{1,2}[\w\-]{1,30}(?:\s{1,2}dot\s{1,2}[a-z]{2,10}){1,3}",
)
_TOPS = r"(?:com|net|org|info|biz|shop|site|link|xyz|kr|io|me|ly|gg|co|app|dev|page|club|store|online|top)"
_IN_LINK, _LINK_END = r"[^\s<>\"'가-힣]", r"[^\s<>\"'가-힣.,;:!?)\]]"
_LINKS = (
    rf"h(?:tt|xx)ps?\s?:\s?//{_IN_LINK}*{_LINK_END}",
    rf"www\.{_IN_LINK}*{_LINK_END}",
    rf"(?<![@a-z0-9.\-])[a-z0-9\-]+(?:\.[a-z0-9\-]+){{0,3}}\.{_TOPS}(?![a-z0-9])(?:/(?:{_IN_LINK}*{_LINK_END})?)?",
)


@dataclass(frozen=True, slots=True)
class Found:
    """One piece of personal data: `text[start:end]`."""

    kind: MaskKind
    start: int
    end: int


def find_personal(text: str, kinds: Iterable[MaskKind]) -> list[Found]:
    """What stands in the text of these kinds, in its order, none overlapping another."""
    wanted = set(kinds)
    found: list[Found] = []
    reading: Reading | None = None
    for kind, (hint, search) in _SEARCHES.items():
        if kind not in wanted:
            continue
        reading = reading or read(text)
        if hint.search(reading.digits) is None:
            continue
        found += [Found(kind, *reading.span(*place)) for place in search(reading)]
    return _apart(found)


def _apart(found: list[Found]) -> list[Found]:
    """In the order of the text; what overlaps is one stretch, of the kind that was searched first."""
    order = list(_SEARCHES)
    apart: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not apart or one.start >= apart[-1].end:
            apart.append(one)
            continue
        last = apart.pop()
        kind = min(last.kind, one.kind, key=order.index)
        apart.append(Found(kind, last.start, max(last.end, one.end)))
    return apart


def _digits_in(text: str) -> str:
    return "".join(filter(is_digit, text))


# --- the kinds -----------------------------------------------------------------------------------------

Spans = Iterator[tuple[int, int]]


def _phones(reading: Reading) -> Spans:
    for found in _PHONE.finditer(reading.digits):
        start, end = found.span()
        if found[0].startswith("+"):
            end = reading.without_particle(start, end)
        whole = found[0].isdigit() or is_latin(found[0][0])
        code = whole and _is_part_of_a_code(reading, start, end)
        if len(_digits_in(found[0])) >= 7 and reading.stands_alone(start, end) and not code:
            yield start, end


def _is_part_of_a_code(reading: Reading, start: int, end: int) -> bool:
    """Letters touch it, and they are not a word for telephone."""
    return reading.in_a_word(start, end) and _CALL_WORD.search(reading.before(start)) is None


def _rrns(reading: Reading) -> Spans:
    for found in _RRN.finditer(reading.digits):
        start, end = found.span()
        code = found[0].isdigit() and reading.in_a_word(start, end)
        abroad = _ABROAD.fullmatch(reading.plain, start, end)
        if reading.stands_alone(start, end) and not code and not abroad:
            yield start, end


def _cards(reading: Reading) -> Spans:
    for found in _CARD.finditer(reading.digits):
        start, end = found.span()
        sure = "-" in found[0] or _luhn(_digits_in(found[0]))
        code = found[0].isdigit() and reading.in_a_word(start, end)
        if sure and reading.stands_alone(start, end) and not code:
            yield start, end


def _luhn(digits: str) -> bool:
    odd, even = digits[-1::-2], digits[-2::-2]
    return (sum(map(int, odd)) + sum(sum(divmod(2 * int(digit), 10)) for digit in even)) % 10 == 0


def _accounts(reading: Reading) -> Spans:
    for number, pattern in enumerate(_ACCOUNT):
        bare = number == len(_ACCOUNT) - 1
        for found in pattern.finditer(reading.digits):
            start, end = found.span("number")
            end = reading.without_particle(start, end)
            within = bare and (reading.in_a_word(start, end) or reading.before(start).endswith("-"))
            if (
                not within
                and reading.stands_alone(start, end)
                and _is_account(reading.digits[start:end], bare)
            ):
                yield start, end


def _is_account(number: str, bare: bool) -> bool:
    """10 to 16 digits and no date. bare: without a bank's name 11 at least, no ISBN, no year in front."""
    count = len(_digits_in(number))
    if bare and re.match(r"97[89]|(?:19|20)\d\d-", number):
        return False
    return (11 if bare else 10) <= count <= 16 and _DATE.match(number) is None


def _matches_of(pattern: re.Pattern[str]) -> Callable[[Reading], Spans]:
    return lambda reading: (found.span() for found in pattern.finditer(reading.plain))


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_PHONE, _RRN, _CARD = _any_of(_PHONES), _any_of(_RRNS), _any_of(_CARDS)
_ACCOUNT = [re.compile(pattern, re.IGNORECASE) for pattern in _ACCOUNTS]
_ABROAD = re.compile(r"82\d{10}\D", re.ASCII)
"""A number with its country code and a particle: 821012345678이."""
_CALL_WORD = re.compile(r"(?:tel|hp|ph|phone|mobile|cell|call|text|no|contact|t|m|p)[.:]?$", re.IGNORECASE)
_SEARCHES: dict[MaskKind, tuple[re.Pattern[str], Callable[[Reading], Spans]]] = {
    "email": (re.compile(r"@|\bat\b|[(\[]at|골뱅이|앳", re.IGNORECASE), _matches_of(_any_of(_EMAILS))),
    "link": (re.compile(r"//|\.[a-z]", re.IGNORECASE), _matches_of(_any_of(_LINKS))),
    "rrn": (re.compile(r"\d(?:\D{0,3}\d){5}"), _rrns),
    "card": (re.compile(r"\d(?:\D?\d){13}"), _cards),
    "phone": (re.compile(rf"{_LIKE_DIGIT}(?:\D{{0,4}}{_LIKE_DIGIT}){{7}}", re.IGNORECASE), _phones),
    "account": (re.compile(r"\d(?:\D{0,3}\d){9}"), _accounts),
}
"""In the order in which they claim a stretch of text: what search is worth its time, and the search."""
