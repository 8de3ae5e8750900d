"""Names of shops and places as people write them: folded spelling, single letters, branches."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_FINALS = (
    "ㄱ ㄲ ㄱㅅ ㄴ ㄴㅈ ㄴㅎ ㄷ ㄹ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅁ ㅂ ㅂㅅ ㅅ ㅆ ㅇ ㅈ ㅊ ㅋ ㅌ ㅍ ㅎ"
)
_AS_INITIALS = {
    0x11A8 + place: unicodedata.normalize("NFKC", written) for place, written in enumerate(_FINALS.split(" "))
}
"""A consonant is the same letter at the end of a syllable and at the start of the next."""
_PAIRS = ("ㅐㅒㅙㅚㄲㅋㄸㅌㅃㅍㅆㅉㅊ", "ㅔㅖㅞㅞㄱㄱㄷㄷㅂㅂㅅㅈㅈ")
_ALIKE = {
    ord(letter): other
    for letter, other in zip(*(unicodedata.normalize("NFKC", row) for row in _PAIRS), strict=True)
}
"""Letters that sound the same or nearly so: 제과 and 재과, 카페 and 까페."""
_BRANCH = re.compile(r"^(?P<stem>.*\S)\s+(?P<branch>\S{1,10}점)$")
_KINDS = re.compile(
    r"(^.|서|주|반|매|상|음식|분식|백화|편의|제과|전문|할인|정육|안경|문구|판매|대리|면세|가구|양품|양복|시계|화원)점$"
)
_SIGNS_AROUND = re.compile(r"^[\W_]+|[\W_]+$")
_MAIN = re.compile(r"(본|직영)점$")
_PARTICLES = re.compile(
    r"(에서는|에서도|에서|이랑|하고|까지|부터|에는|에도|으로|은|는|이|가|을|를|의|에|로|도|랑|과|와)$"
)
_LEAST_STEM = 2


@lru_cache(65_536)
def folded(text: str) -> str:
    """NFKC, small letters, without accents, spaces, punctuation and signs. May be empty."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = (char for char in plain if unicodedata.category(char)[0] in "LN")
    return unicodedata.normalize("NFC", "".join(kept))


@lru_cache(65_536)
def letters(name: str) -> str:
    """A folded name as its letters (jamo): one wrong vowel is one letter, not a whole syllable."""
    return unicodedata.normalize("NFD", name).translate(_AS_INITIALS)


def sounds(name_letters: str) -> str:
    """Letters with those that sound alike made one."""
    return name_letters.translate(_ALIKE)


def branch_of(name: str) -> tuple[str, str | None]:
    """The folded name without its branch, and the folded branch; a main shop (본점) is "".

    `달빛제과 망원점` -> (`달빛제과`, `망원`). `별빛 서점` has no branch: a kind of shop is none.
    """
    found = _BRANCH.match(without_signs(unicodedata.normalize("NFKC", name)))
    if found is None or (_KINDS.search(found["branch"]) and not _MAIN.search(found["branch"])):
        return folded(name), None
    return folded(found["stem"]), branch_word(folded(found["branch"]))


def branch_word(written: str) -> str:
    """`망원점` and `망원지점` -> `망원`; `본점` -> ""."""
    return _MAIN.sub("", written) if _MAIN.search(written) else re.sub(r"지?점$", "", written)


def branch_after(stem: str, name: str) -> str | None:
    """The branch that a folded name has after this stem (`달빛제과망원점`), or None when it has none."""
    rest = name.removeprefix(stem)
    if rest == name or not 2 <= len(rest) <= 8 or not rest.endswith("점"):
        return None
    return branch_word(rest)


def without_signs(name: str) -> str:
    """`【달빛제과】` -> `달빛제과`."""
    return _SIGNS_AROUND.sub("", name)


def without_particle(name: str) -> Iterator[str]:
    """The name without the particle that may end it, the longest first: `달빛제과에서` -> `달빛제과`."""
    found = _PARTICLES.search(name)
    while found is not None and found.start() >= _LEAST_STEM:
        yield name[: found.start()]
        found = _PARTICLES.search(name, found.start() + 1)
