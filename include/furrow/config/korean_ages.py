"""Ages as people write them in Korean: `2030`, `30대 후반`, `25~35세`, `88~95년생`, `40대 이상`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

_LONGEST_TEXT = 100
_OLDEST = 120
_PARTS = {"초반": (0, 3), "중반": (4, 6), "후반": (7, 9), "초": (0, 3), "중": (4, 6), "후": (7, 9)}
_PART = r"(?:\s?(초반|중반|후반|초|중|후)(?![가-힣]))?"
_UNIT = r"\s?(?:세|살|years?(?:\s?old)?\b)"
_TO = r"\s?(?:~|-|–|에서|부터|to|and)\s?"

_DECADES = re.compile(
    r"(?<!\d)(?:(?P<many>(?:[1-8]0){2,4})(?!\d|\s?[년원세살개])|(?P<one>[1-8]0)(?:대|s\b|'s\b))" + _PART
)
_DECADES_APART = re.compile(
    rf"(?<!\d)([1-8]0)(?:대|s)?{_PART}\s?(?:~|-|–|,|/|·|에서|부터|와|과|to|and)\s?([1-8]0)(?:대|s\b){_PART}"
)
_YEARS_OLD = re.compile(rf"(?<!\d)(\d{{1,3}})(?:{_UNIT})?{_TO}(\d{{1,3}}){_UNIT}")
_ONE_AGE = re.compile(rf"(?<!\d)(\d{{1,3}}){_UNIT}")
_BORN = re.compile(
    r"(?<!\d)((?:19|20)?\d{2})(?:년생|년)?(?:\s?(?:~|-|–|에서|부터)\s?((?:19|20)?\d{2}))?\s?년생"
)
_FROM = re.compile(r"^\s?(?:이상|부터|넘|\+|and (?:over|up|older)|or older)")
_UP_TO = re.compile(r"^\s?(?:이하|까지|and under|or younger)")
_OR_YOUNGER, _OR_OLDER = re.compile(r"^\s?(?:부터|이하)"), re.compile(r"^\s?(?:까지|이상)")
"""After a year of birth."""
_BELOW = re.compile(r"^\s?미만")
_FROM_BEFORE = re.compile(r"(?:over|at least|above)\s?$", re.IGNORECASE)
_UP_TO_BEFORE = re.compile(r"(?:under|below|up to)\s?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ages:
    """From and to, both included, in years; None: open at that end."""

    least: int | None
    most: int | None


def parse_ages(text: str | None, year: int | None = None) -> Ages | None:
    """The first age range that a Korean or English text states, or None when it states none.

    `20대` is 20 to 29, 초반 of it 0 to 3, 중반 4 to 6, 후반 7 to 9; `2030` is 20 to 39. `이상`, `부터`,
    `이하`, `까지`, `미만` leave one end open. year: the year to count `88~95년생` from; without it, that
    states nothing. Only the first 100 characters are read. Never raises.
    """
    if not text:
        return None
    plain = unicodedata.normalize("NFKC", text[:_LONGEST_TEXT])
    for read in _READERS:
        if (found := read(plain, year)) is not None:
            return found
    return None


def age_least(text: str | None, year: int | None = None) -> int | None:
    """The youngest age of `parse_ages`; None: not stated or open."""
    ages = parse_ages(text, year)
    return ages.least if ages else None


def age_most(text: str | None, year: int | None = None) -> int | None:
    """The oldest age of `parse_ages`; None: not stated or open."""
    ages = parse_ages(text, year)
    return ages.most if ages else None


def _born(text: str, year: int | None) -> Ages | None:
    found = _BORN.search(text)
    if found is None or year is None:
        return None
    ages = sorted(year - _full_year(part, year) for part in (found[1], found[2] or found[1]))
    if not 0 <= ages[0] <= ages[1] <= _OLDEST:
        return None
    if found[2] is None and _OR_YOUNGER.match(text[found.end() :]):
        return Ages(None, ages[1])
    if found[2] is None and _OR_OLDER.match(text[found.end() :]):
        return Ages(ages[0], None)
    return Ages(*ages)


def _full_year(text: str, year: int) -> int:
    if len(text) == 4:
        return int(text)
    return 2000 + int(text) if int(text) <= year % 100 else 1900 + int(text)


def _decades_apart(text: str, year: int | None) -> Ages | None:
    found = _DECADES_APART.search(text)
    if found is None:
        return None
    first, last = _decade(found[1], found[2]), _decade(found[3], found[4])
    return _opened(text, found, Ages(first[0], last[1])) if first[0] <= last[0] else None


def _decades(text: str, year: int | None) -> Ages | None:
    found = _DECADES.search(text)
    if found is None:
        return None
    written = found["many"] or found["one"]
    tens = [written[place : place + 2] for place in range(0, len(written), 2)]
    if tens != sorted(tens):
        return None
    return _opened(
        text,
        found,
        Ages(_decade(tens[0], None if found["many"] else found[3])[0], _decade(tens[-1], found[3])[1]),
    )


def _decade(tens: str, part: str | None) -> tuple[int, int]:
    first, last = _PARTS[part] if part else (0, 9)
    return int(tens) + first, int(tens) + last


def _years_old(text: str, year: int | None) -> Ages | None:
    found = _YEARS_OLD.search(text)
    if found is None or not int(found[1]) <= int(found[2]) <= _OLDEST:
        return None
    return Ages(int(found[1]), int(found[2]))


def _one_age(text: str, year: int | None) -> Ages | None:
    found = _ONE_AGE.search(text)
    if found is None or int(found[1]) > _OLDEST:
        return None
    return _opened(text, found, Ages(int(found[1]), int(found[1])))


def _opened(text: str, found: re.Match[str], ages: Ages) -> Ages:
    """The range, open at the end that the words around it leave open."""
    before, after = text[: found.start()], text[found.end() :]
    if _FROM.match(after) or _FROM_BEFORE.search(before):
        return Ages(ages.least, None)
    if _BELOW.match(after):
        return Ages(None, (ages.least or 0) - 1)
    if _UP_TO.match(after) or _UP_TO_BEFORE.search(before):
        return Ages(None, ages.most)
    return ages


_READERS: tuple[Callable[[str, int | None], Ages | None], ...] = (
    _born,
    _decades_apart,
    _years_old,
    _decades,
    _one_age,
)
AGE_FILTERS: dict[str, Callable[..., int | None]] = {"age_least": age_least, "age_most": age_most}
"""Filters for templates."""
