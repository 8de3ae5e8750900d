"""Korean text in the one form that the readers of homes read: plain letters, counted things in digits."""

from __future__ import annotations

import re
import unicodedata

from furrow.config.korean import LONGEST_TEXT, PLACEHOLDER, in_digits

_SPELLED = re.compile(r"(?<![가-힣\d])[일이삼사오육칠팔구십]{1,4}(?=\s?(?:층|평))")


def plain_text(text: str | None) -> str:
    """NFKC of what is read, floors and areas with their numbers in digits, no placeholders."""
    plain = re.sub(PLACEHOLDER, "*", unicodedata.normalize("NFKC", (text or "")[:LONGEST_TEXT])).strip()
    return _SPELLED.sub(lambda found: in_digits(found[0]), plain)
