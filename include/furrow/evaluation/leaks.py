"""Texts that must never come out, found in a result however they are dressed up."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from furrow.engine.untrusted_text import LETTERS

_LATIN = str.maketrans(LETTERS)
LONG_NUMBER = 7
"""Digits; a number this long is found within a longer one too: a telephone number behind a country code."""


def leaked(forbidden: Iterable[str], result: Any) -> list[str]:
    """Those of the forbidden texts that stand in a value of the result.

    Width, case, spaces, punctuation, invisible characters and accents do not hide a text, nor do Cyrillic or
    Greek letters that look like Latin ones. A short number is
    only found as a number of its own: `300` does not stand in 13000.
    """
    leaves = list(_leaves(result))
    texts = [leaf for leaf in leaves if isinstance(leaf, str)]
    numbers = [_digits(_written(leaf)) for leaf in leaves if not isinstance(leaf, str)]
    return [text for text in forbidden if _in_texts(text, texts) or _in_numbers(text, numbers)]


def bare(text: str) -> str:
    """The letters and digits of a text, NFKC and casefolded; one that has none stays as it is."""
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = "".join(char for char in parts if unicodedata.category(char)[0] in "LN")
    return unicodedata.normalize("NFKC", kept) or text.strip()


def _in_texts(forbidden: str, texts: Iterable[str]) -> bool:
    wanted = bare(forbidden)
    if wanted.isdecimal() and len(wanted) < LONG_NUMBER:
        pattern = re.compile(rf"(?<!\d){wanted}(?!\d)")
        return any(pattern.search(bare(text)) for text in texts)
    looks = _latin(forbidden)
    return bool(wanted) and any(
        wanted in bare(text) or forbidden in text or looks in _latin(text) for text in texts
    )


def _latin(text: str) -> str:
    """The text `bare`, in the Latin letters that its letters are mistaken for."""
    return bare(unicodedata.normalize("NFKC", text).translate(_LATIN))


def _in_numbers(forbidden: str, numbers: Iterable[str]) -> bool:
    digits = _digits(bare(forbidden)) if bare(forbidden).isdecimal() else ""
    if len(digits) >= LONG_NUMBER:
        return any(digits in number for number in numbers)
    return bool(digits) and digits in numbers


def _digits(text: str) -> str:
    """Without leading zeros, which a number cannot hold."""
    return re.sub(r"\D", "", text).lstrip("0") or "0"


def _written(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(number)


def _leaves(value: Any) -> Iterator[str | int | float]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield value
