"""A text as a person reads it who looks for a number: whatever the digits are written with."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_HANGUL_DIGITS = "공영일이삼사오육륙칠팔구"
_TO_DIGITS = str.maketrans(_HANGUL_DIGITS, "001234566789")
_AND = r"(?:[\s.\-~_/,ㅡ]{0,4}|\s?(?:에|다시|대시)\s?)"
_SPOKEN = re.compile(rf"[\d{_HANGUL_DIGITS}](?:{_AND}[\d{_HANGUL_DIGITS}]){{8,}}")
_USUAL = re.compile(r"[\x09-\x7e가-힣ㄱ-ㆎ]*")
_SIGNS = {
    **dict.fromkeys("‐‑‒–—―−－ー﹣ㅡ", "-"),
    **dict.fromkeys("·•∙・．。․⋅", "."),
    **dict.fromkeys("〜～∼", "~"),
    **dict.fromkeys("○〇⓪", "0"),
    **dict.fromkeys("●＊*✱", "*"),
}
_SKIPPED = frozenset("\ufe0e\ufe0f\u20e3")


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as a person reads it. digits: `plain` with Hangul numerals of long numbers as digits;
    places: where each character stands in the text, None when nothing was left out."""

    plain: str
    digits: str
    places: Sequence[int] | None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Of a match, in the text."""
        if self.places is None:
            return start, end
        return self.places[start], self.places[end]

    def stands_alone(self, start: int, end: int) -> bool:
        """Whether no further digit stands beside it: part of a longer number is another number."""
        return not any(map(is_digit, self._beside(start, end)))

    def without_particle(self, start: int, end: int) -> int:
        """The end without a Hangul letter behind a digit: the 이 of `…5678이에요` is no digit."""
        while end - 1 > start and not is_digit(self.plain[end - 1]) and is_digit(self.plain[end - 2]):
            end -= 1
        return end

    def in_a_word(self, start: int, end: int) -> bool:
        """Whether a Latin letter touches it, as in the number of a product."""
        return any(map(is_latin, self._beside(start, end)))

    def before(self, start: int) -> str:
        """The few characters before a match."""
        return self.plain[max(0, start - 10) : start]

    def _beside(self, start: int, end: int) -> str:
        return self.plain[max(0, start - 1) : start] + self.plain[end : end + 1]


def read(text: str) -> Reading:
    """The text with plain digits and signs; Hangul numerals count where nine digits or more follow."""
    if _USUAL.fullmatch(text):
        plain, places = text, None
    else:
        kept = [(place, _plain(char)) for place, char in enumerate(text) if not _is_skipped(char)]
        plain = "".join(char for _, char in kept)
        places = [*(place for place, _ in kept), len(text)]
    digits = _SPOKEN.sub(lambda run: run[0].translate(_TO_DIGITS), plain)
    return Reading(plain, digits, places)


def _is_skipped(char: str) -> bool:
    return char in _SKIPPED or unicodedata.category(char) == "Cf"


def _plain(char: str) -> str:
    if char in _SIGNS:
        return _SIGNS[char]
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    wide = unicodedata.normalize("NFKC", char)
    return wide if len(wide) == 1 else char


def is_digit(char: str) -> bool:
    """Whether it is one of 0 to 9."""
    return char.isascii() and char.isdigit()


def is_latin(char: str) -> bool:
    """Whether it is a letter of ASCII."""
    return char.isascii() and char.isalpha()
