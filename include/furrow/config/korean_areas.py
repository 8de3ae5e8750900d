"""Areas of homes as people write them in Korean: `전용 59㎡`, `18평`, `공급 112㎡(34평)`.

Each function reads words that were copied from a listing and gives square metres or 평, or None when they
state no area. Only the first 200 characters are read; none of them raises.
"""

from __future__ import annotations

import re

from furrow.config.korean_text import plain_text

SQUARE_METRES_PER_PYEONG = 400 / 121

_AREA = re.compile(
    r"(?P<number>\d[\d,]*(?:\.\d+)?)\s?"
    r"(?:(?P<metres>m2|제곱\s?미터|제곱|sqm|sq\.?\s?m\b|헤베)|(?P<pyeong>평(?!점|가|균|일|소|당|창|형|대(?!지))|py(?:eong)?\b))",
    re.IGNORECASE,
)
_ROUNDED_PYEONG = 1.0
"""A 평 that differs by more is another area, not the same one rounded."""

_NET = re.compile(r"(?:전용|실평수|실면적|net)\D{0,8}$", re.IGNORECASE)
_GROSS = re.compile(r"(?:공급|분양|계약|연면적|대지|gross)\D{0,8}$", re.IGNORECASE)


def parse_m2(text: str | None) -> float | None:
    """Area in square metres, two decimals; 평 are converted when the text has no ㎡.

    Of several areas the net one (전용, 실평수), else the first that is not gross (공급). A bare ㎡ beside a
    net 평 that says another area is left out. `25평형` names a type and `20평대` a range: no areas.
    """
    metres, pyeong = _areas(text)
    if metres is None and pyeong is not None:
        metres = pyeong * SQUARE_METRES_PER_PYEONG
    return None if metres is None else round(metres, 2)


def parse_pyeong(text: str | None) -> float | None:
    """Area in 평 (400/121 ㎡), two decimals; ㎡ are converted when the text has no 평 of the same area."""
    metres, pyeong = _areas(text)
    if pyeong is None and metres is not None:
        pyeong = metres / SQUARE_METRES_PER_PYEONG
    return None if pyeong is None else round(pyeong, 2)


def _areas(text: str | None) -> tuple[float | None, float | None]:
    """The ㎡ and the 평 that are stated; of two that differ only the one that is nearer to net."""
    plain = plain_text(text)
    metres, pyeong = _area(plain, "metres"), _area(plain, "pyeong")
    if metres is None or pyeong is None:
        return metres and metres[1], pyeong and pyeong[1]
    if abs(metres[1] / SQUARE_METRES_PER_PYEONG - pyeong[1]) > _ROUNDED_PYEONG and metres[0] != pyeong[0]:
        return (metres[1], None) if metres[0] < pyeong[0] else (None, pyeong[1])
    return metres[1], pyeong[1]


def _area(plain: str, unit: str) -> tuple[int, float] | None:
    """The best area in that unit, after its rank."""
    found = [
        (_area_rank(plain[: match.start()]), float(match["number"].replace(",", "")))
        for match in _AREA.finditer(plain)
        if match[unit]
    ]
    return min(found, key=lambda area: area[0], default=None)


def _area_rank(before: str) -> int:
    """0 for a net area, 2 for a gross one, by the words before it."""
    return 0 if _NET.search(before) else 2 if _GROSS.search(before) else 1
