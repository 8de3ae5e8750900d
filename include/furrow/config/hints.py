"""Which topics a text hints at: a list of words decides what a small model gets wrong among fifty labels."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SHORT = 2
"""Letters. So short a word stands inside too many others: 마트 in 스마트폰, 요가 in 필요가."""
_LETTER = r"[^\W_]"


def hinted(texts: list[str], names: list[str]) -> list[str]:
    """Which names these texts hint at, in the order of `names`, each once.

    names: a name and words that point to it, split by `|`: `빵집|소금빵|갓 구운|bakery`; all of them count. A
    Latin word counts as a word of its own, its plural too; a Korean one of one or two letters where a word of
    the text begins, as it is written; a longer one anywhere, spaces apart. Case and width do not count.
    """
    plain = "\n".join(_plain(text) for text in texts)
    closed = plain.replace(" ", "")
    return list(dict.fromkeys(entry.split("|")[0] for entry in names if _hints(plain, closed, entry)))


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _hints(plain: str, closed: str, entry: str) -> bool:
    anywhere, beginning = _words(entry)
    return any(word in closed for word in anywhere) or any(
        word in plain and re.search(pattern, plain) for word, pattern in beginning
    )


@lru_cache(maxsize=4096)
def _words(entry: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The words that count anywhere, without spaces; the others, each with its pattern."""
    words = [_plain(word) for word in entry.split("|") if word.strip()]
    longer = [word for word in words if not word.isascii() and len(word.replace(" ", "")) > _SHORT]
    return [word.replace(" ", "") for word in longer], [
        (word, _pattern(word)) for word in words if word not in longer
    ]


def _pattern(word: str) -> str:
    ends = rf"(?:s|es)?(?!{_LETTER})" if word.isascii() else ""
    return rf"(?<!{_LETTER}){re.escape(word)}{ends}"
