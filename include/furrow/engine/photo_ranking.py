"""Measured photos -> which is best, and what is wrong with the others. Always the same for the same photos.

The thresholds were set on the drawn rooms of `testsets/photos.py`, on scenes of the `dev` split.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # numpy comes with it
    from furrow.engine.photo_measures import Measures

Json = dict[str, Any]
_BLURRED = 0.012
_SHARP = 0.3
_DARK, _BRIGHT = 60.0, 205.0
_NO_DETAIL = 0.35
_DRAWN = 0.9
_SIDEWAYS = 0.25
_NEAR_COPY = 10
"""Bits of 128 in which the fingerprints of near copies may differ."""


class Flaw(StrEnum):
    """What is wrong with a photo, in the words of `reasons`."""

    DRAWING = "may be a drawing or text"
    BLURRED = "blurred"
    DARK = "dark"
    OVEREXPOSED = "overexposed"
    SMALL = "small"
    SIDEWAYS = "may lie on its side"
    COPY = "near copy"


_COST = {
    Flaw.DRAWING: 0.6,
    Flaw.BLURRED: 0.45,
    Flaw.DARK: 0.4,
    Flaw.OVEREXPOSED: 0.4,
    Flaw.SMALL: 0.35,
    Flaw.SIDEWAYS: 0.3,
}
"""What each flaw takes from the score."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One photo with its score, 0 to 1, and its flaws."""

    name: str
    score: float
    flaws: tuple[Flaw, ...]


def rank(photos: Mapping[str, Measures], min_edge: int) -> Json:
    """The fields of a photo_quality step. Of photos that score the same the record's earlier one is first."""
    judged = [judge(name, measures, min_edge) for name, measures in photos.items()]
    best_first = sorted(judged, key=lambda photo: -photo.score)
    copies = _copies([photo.name for photo in best_first], photos)
    ordered = sorted(best_first, key=lambda photo: photo.name in copies)
    reasons = {photo.name: _reason(photo, photo.name in copies) for photo in ordered}
    return {
        "order": [photo.name for photo in ordered],
        "scores": [photo.score for photo in ordered],
        "duplicates": copies,
        "reasons": [f"{name}: {reason}" for name, reason in reasons.items() if reason],
    }


def _reason(photo: Judged, copy: bool) -> str:
    return ", ".join((*photo.flaws, *((Flaw.COPY,) if copy else ())))


def judge(name: str, photo: Measures, min_edge: int) -> Judged:
    """Score one photo for itself."""
    flaws = tuple(flaws_of(photo, min_edge))
    sharp = min(photo.sharpness / _SHARP, 1.0)
    exposed = max(0.0, 1.0 - abs(photo.brightness - 132.0) / 132.0 - photo.black - photo.white)
    score = 0.6 + 0.2 * sharp + 0.2 * exposed - sum(_COST[flaw] for flaw in flaws)
    return Judged(name, round(max(0.0, score), 4), flaws)


def flaws_of(photo: Measures, min_edge: int) -> list[Flaw]:
    """What is wrong with one photo for itself."""
    drawing = photo.flatness > _DRAWN and photo.sharpness > _BLURRED and photo.brightness > _DARK
    found = {
        Flaw.DRAWING: drawing,
        Flaw.BLURRED: photo.sharpness < _BLURRED,
        Flaw.DARK: photo.brightness < _DARK or photo.black > _NO_DETAIL,
        Flaw.OVEREXPOSED: not drawing and (photo.brightness > _BRIGHT or photo.white > _NO_DETAIL),
        Flaw.SMALL: photo.short_edge < min_edge,
        Flaw.SIDEWAYS: not drawing and photo.portrait and photo.sideways > _SIDEWAYS,
    }
    return [flaw for flaw, there in found.items() if there]


def _copies(best_first: Sequence[str], photos: Mapping[str, Measures]) -> list[str]:
    """Photos that look like a better one; each is compared with those that are kept."""
    kept: list[str] = []
    copies: list[str] = []
    for name in best_first:
        prints = (photos[other].fingerprint for other in kept)
        near = any((photos[name].fingerprint ^ other).bit_count() <= _NEAR_COPY for other in prints)
        (copies if near else kept).append(name)
    return copies
