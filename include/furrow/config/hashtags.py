"""Hashtags as a shop shows them: one spelling each, no duplicates, nothing that points to a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

_LONGEST_TAG = 20
_ADDRESS = re.compile(r"@|://|\bwww\.|\.(?:com|net|org|kr|me|io)\b|\d+동\s*\d+호", re.IGNORECASE)
_MOST_DIGITS = 6
"""Phone, account and registration numbers have more."""


def normalise_tags(values: Iterable[Any] | None, within: str | None = None) -> list[str]:
    """Free words as hashtags, in their order: `#한강 공원`, `한강공원` -> `한강공원`, once.

    - Normalised (NFKC, lower case); `#`, spaces, marks, emoji and invisible letters are left out.
    - Left out altogether: what is not a text, what is empty or longer than 20 letters, numbers alone, mail
      and web addresses, 101동 202호, and anything with more than six digits.
    - within: a text; a tag whose letters do not stand in it is left out, spaces and marks apart.
    """
    source = None if within is None else _letters(within)
    tags = (_letters(value) for value in values or () if isinstance(value, str) and not _personal(value))
    kept = (tag for tag in tags if 0 < len(tag) <= _LONGEST_TAG and not tag.isdecimal())
    return list(dict.fromkeys(tag for tag in kept if source is None or tag in source))


def _personal(text: str) -> bool:
    plain = _visible(text)
    return bool(_ADDRESS.search(plain)) or sum(letter.isdigit() for letter in plain) > _MOST_DIGITS


def _visible(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text)
    return "".join(letter for letter in plain if unicodedata.category(letter) != "Cf")


def _letters(text: str) -> str:
    return "".join(letter for letter in _visible(text).lower() if letter.isalnum())
