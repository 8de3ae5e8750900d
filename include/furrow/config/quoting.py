"""Whether a text quotes another: the words in this order, whole.

Width (NFKC), invisible characters and spaces do not count, letters and digits do. A quote never begins or
ends inside a number: `5층` does not stand in `15층`, nor `5억` in `1.5억`.
"""

from __future__ import annotations

import re
import unicodedata

_LIFTED = re.compile(r"([²³¹¼-¾\u2070-\u2089\u2460-\u24ff\u3358-\u3370\u339f-\u33a6\u33e0-\u33fe])")
"""Signs such as ㎡ and ① that NFKC turns into digits: `59㎡3층` would become `59m23층`."""

_SQUARE_METRES = re.compile(r"(?<=[\d ])m2(?!\d)", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?。~…])\s+|\n+")
_SPACES = re.compile(r"\s+")
_SPACED = re.compile(r"( ?)(\S)")
_NOT_INSIDE_A_NUMBER = r"(?<!\d)(?<!\d\.)(?!(?<=\d,)\d{3}(?!\d))"
_NUMBER_ENDS = r"(?!\d)(?!\.\d)(?!,\d{3}(?!\d))"


def is_quoted(quote: str, text: str) -> bool:
    """Whether the words of `quote` stand in `text`; an empty quote proves nothing."""
    return stands_in(quote, folded(text))


def folded(text: str) -> str:
    """The text as quotes are compared: NFKC, without invisible characters, one space for many."""
    visible = "".join(char for char in text if unicodedata.category(char) != "Cf")
    parts = _LIFTED.split(visible)
    parts[::2] = [unicodedata.normalize("NFKC", part) for part in parts[::2]]
    return _SQUARE_METRES.sub("㎡", _SPACES.sub(" ", "".join(parts))).strip()


def stands_in(quote: str, text: str) -> bool:
    """As `is_quoted`, for a text that is `folded` already."""
    words = folded(quote)
    return bool(words) and re.search(_pattern(words), text) is not None


def around(text: str, words: str, whole: bool = False) -> str:
    """The sentences in which `words` stand, each with the one after it, and `○○` for the words, without a
    space after it: what a text says of a name, and of no other. Empty when they stand nowhere in it.

    whole: all of the text, with `○○`.
    """
    name = re.compile(
        rf"(?<![A-Za-z]){re.escape(words)}(?![A-Za-z]) ?" if words.isascii() else f"{re.escape(words)} ?"
    )
    marked = name.sub("○○", text) if words else text
    sentences = [part.strip() for part in _SENTENCE_END.split(marked) if part.strip()]
    named = [place for place, sentence in enumerate(sentences) if "○○" in sentence]
    wanted = {place for first in named for place in (first, first + 1)}
    return " ".join(one for place, one in enumerate(sentences) if place in wanted or (named and whole))


def _pattern(words: str) -> str:
    """A space may come or go anywhere, but not between two digits: `1 5` is not `15`."""
    parts, before = [_NOT_INSIDE_A_NUMBER if words[0].isdecimal() else ""], ""
    for space, letter in _SPACED.findall(words):
        within_number = before.isdecimal() and letter.isdecimal()
        if before:
            parts.append(space if within_number else " ?")
        parts.append(re.escape(letter))
        before = letter
    return "".join([*parts, _NUMBER_ENDS if before.isdecimal() else ""])
