"""When one may move in, as people write it in Korean: `12월 초`, `1/15`, `즉시입주`, `입주 협의`.

Reads words that were copied from a listing and gives a day, a month or a part of one, year first, or `now`
or `negotiable`, or None when they state none. Only the first 200 characters are read; it never raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime

from furrow.config.korean_text import plain_text

_FULL_DATE = re.compile(r"(?P<year>(?:20)?\d{2})\s?[년./-]\s?(?P<month>\d{1,2})\s?[월./-]\s?(?P<day>\d{1,2})")
_MONTH = re.compile(
    r"(?:(?P<year>(?:20)?\d{2}|내|올|다음|이번)\s?(?:년|해)\s?)?"
    r"(?:(?P<month>\d{1,2})\s?월(?!\s?세)|(?P<near>이번\s?달|이달|금월|다음\s?달|담달|내달|익월))"
    r"(?:\s?(?P<day>\d{1,2})\s?일?(?!\d))?"
)
_SLASHED = re.compile(r"(?<![\d/])(?P<month>\d{1,2})/(?P<day>\d{1,2})(?![\d/]|\s?(?:층|F\b))")
_MOVING = r"(?:입주|이사|퇴거|퇴실)"
_DOTTED_DAY = r"(?<![\d.])(?P<month>\d{1,2})\.\s?(?P<day>\d{1,2})(?!\d|\.\d|\s?(?:룸|평|톤|층|억|천|만|m|%))"
_DOTTED = (
    re.compile(rf"{_MOVING}\s?(?:가능|예정)?일?\s?:?\s?{_DOTTED_DAY}"),
    re.compile(rf"{_DOTTED_DAY}\s?일?\s?(?:이후|부터|에|자)?\s?{_MOVING}"),
)
_ENGLISH_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ENGLISH_DATE = re.compile(
    r"(?:(?P<part>early|mid|late|end of)[ -])?(?:(?P<before>\d{1,2})(?:st|nd|rd|th)?\s)?"
    rf"\b(?P<month>{'|'.join(_ENGLISH_MONTHS)})[a-z]{{0,6}}\b\.?(?:\s(?P<day>\d{{1,2}})(?!\d))?",
    re.IGNORECASE,
)
_PARTS = {
    "early": re.compile(r"초|early", re.IGNORECASE),
    "mid": re.compile(r"중순|중(?!개)|mid", re.IGNORECASE),
    "late": re.compile(r"말|하순|late|end of", re.IGNORECASE),
}
_NOW = re.compile(
    r"즉시|바로|당장|오늘|비어|공실|언제든|상시|immediate|right away|vacant|anytime|now\b", re.IGNORECASE
)
_NEGOTIABLE = re.compile(r"협의|조율|조정|상의|맞춰|negotiable", re.IGNORECASE)


def parse_move_in(text: str | None, written: datetime) -> str | None:
    """When one may move in: `2026-12-15`, `2026-12 early`, `2026-12`, `now` or `negotiable`.

    written: when the listing was. A month without a year is the next one from then on, and one that was over
    says nothing (`2018년 3월 입주한 아파트`). A date goes before 즉시, and 즉시 before 협의.
    """
    plain = plain_text(text)
    dates = filter(None, _named_dates(plain, written.date()))
    if to_come := next((day for day in dates if day[:7] >= f"{written:%Y-%m}"), None):
        return to_come
    if _NOW.search(plain):
        return "now"
    return "negotiable" if _NEGOTIABLE.search(plain) else None


def _named_dates(text: str, written: date) -> Iterator[str | None]:
    """Each date of the text, those that say the most first; None for what is no day of the calendar."""
    for full in _FULL_DATE.finditer(text):
        year = int(full["year"]) + (2000 if len(full["year"]) == 2 else 0)
        yield _iso(year, int(full["month"]), int(full["day"]))
    text = _FULL_DATE.sub("\n", text)
    for month in _MONTH.finditer(text):
        number = int(month["month"]) if month["month"] else _near(month["near"], written)
        year, rest = _year(month["year"], number, written), text[month.end() :]
        yield _iso(year, number, int(month["day"])) if month["day"] else _part_of_month(year, number, rest)
    for pattern in (_SLASHED, *_DOTTED):
        for day in pattern.finditer(text):
            yield _iso(_year(None, int(day["month"]), written), int(day["month"]), int(day["day"]))
    yield _english_date(text, written)


def _english_date(text: str, written: date) -> str | None:
    found = _ENGLISH_DATE.search(text)
    if found is None:
        return None
    month = _ENGLISH_MONTHS.index(found["month"].lower()) + 1
    year, day = _year(None, month, written), found["day"] or found["before"]
    return _iso(year, month, int(day)) if day else _part_of_month(year, month, found["part"] or "")


def _near(word: str, written: date) -> int:
    """The number of this month or of the next."""
    return written.month if word[0] in "이금" else written.month % 12 + 1


def _year(word: str | None, month: int, written: date) -> int:
    if word is not None and word.isdecimal():
        return int(word) + (2000 if len(word) == 2 else 0)
    if word in ("내", "다음"):
        return written.year + 1
    return written.year + (month < written.month)


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _part_of_month(year: int, month: int, after: str) -> str | None:
    if not 1 <= month <= 12:
        return None
    part = next((name for name, pattern in _PARTS.items() if pattern.match(after.strip())), "")
    return f"{year}-{month:02d} {part}".strip()
