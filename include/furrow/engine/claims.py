"""What a text claims, and whether known facts bear it: numbers, words in Latin letters, listed words.

Width (NFKC), letter case, invisible characters and spaces do not count: `Ｌ Ｇ` is `lg`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from furrow.config.quoting import folded

_NUMBER = r"\d[\d,]*(?:\.\d+)?"
_AMOUNT = re.compile(
    rf"(?:(?P<eok>{_NUMBER})\s?억\s?)?(?:(?P<man>{_NUMBER})\s?만\s?)?(?:(?P<thousand>{_NUMBER})\s?천\s?)?"
    rf"(?P<rest>{_NUMBER})?(?P<percent>\s?(?:%|퍼센트|프로(?![a-z가-힣])))?"
)
_UNITS = {"eok": 10**8, "man": 10**4, "thousand": 10**3, "rest": 1}
_LATIN = re.compile(r"[a-z0-9]+(?:[-'&+.][a-z0-9]+)*")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class Facts:
    """What may be said."""

    words: str
    """All facts, folded, one a line."""

    squeezed: str
    """The same without the spaces inside of a fact."""

    numbers: frozenset[str]

    @classmethod
    def of(cls, value: Any) -> Facts:
        """Of a text, a list, or a mapping; a mapping's keys count where their value is not false or empty."""
        facts = [_plain(str(fact)) for fact in _flat(value)]
        numbers = frozenset(number for fact in facts for number in _numbers(fact))
        return cls("\n".join(facts), "\n".join(map(_squeezed, facts)), numbers)

    def have(self, word: str) -> bool:
        """Whether the word, folded, stands in the facts: not as a part of a longer word in Latin letters."""
        return stands_in(word, self.words) or stands_in(_squeezed(word), self.squeezed)

    def bear(self, name: str, alone: bool) -> bool:
        """Whether the name stands in the facts. alone: where a word begins, no 애플 in 파인애플."""
        plain = _plain(name)
        begins = rf"(?<![가-힣]){_spaced(plain)}"
        return self.have(plain) and not (alone and re.search(begins, self.words) is None)


def claims_of(
    text: str, facts: Facts, need_proof: Sequence[str] = (), forbidden: Sequence[str] = ()
) -> list[str]:
    """What the text says that it may not, each once, in the order: forbidden words, words, numbers.

    need_proof: words, or the names of one thing split by `|` (`LG|엘지`), of which any proves the others.
    """
    words = _plain(text)
    squeezed = _squeezed(words)
    banned = [word for word in forbidden if _names(word, words, squeezed)]
    groups = [entry.split("|") for entry in need_proof]
    proved = [
        name for names in groups if any(facts.bear(one, len(names) > 1) for one in names) for name in names
    ]
    unproved = [
        name for names in groups for name in names if name not in proved and _names(name, words, squeezed)
    ]
    latin = [word for word in _latin_words(_without(words, proved)) if not facts.have(word)]
    numbers = [number for number in _numbers(words) if number not in facts.numbers]
    return list(dict.fromkeys((*banned, *unproved, *latin, *numbers)))


def stands_in(word: str, text: str) -> bool:
    """Whether a folded word stands in a folded text; Latin letters and digits only as a whole word."""
    if not word or word not in text:
        return False
    if not (_LATIN.match(word[0]) or _LATIN.match(word[-1])):
        return True
    before = r"(?<![a-z0-9])" if _LATIN.match(word[0]) else ""
    after = r"(?![a-z0-9])" if _LATIN.match(word[-1]) else ""
    return re.search(f"{before}{re.escape(word)}{after}", text) is not None


def _names(word: str, words: str, squeezed: str) -> bool:
    plain = _plain(word)
    return stands_in(plain, words) or stands_in(_squeezed(plain), squeezed)


def _without(words: str, names: Sequence[str]) -> str:
    """The text without these names where they are in Latin letters."""
    for name in sorted(map(_plain, names), key=len, reverse=True):
        if name.isascii():
            words = re.sub(rf"(?<![a-z0-9]){_spaced(name)}(?![a-z0-9])", " ", words)
    return words


def _spaced(word: str) -> str:
    """A pattern of the word, in which spaces may come and go."""
    return " ?".join(map(re.escape, _squeezed(word)))


def _latin_words(text: str) -> Iterator[str]:
    """`lg`, `256gb`, `wh-1000xm4`: words with a letter; a letter alone is none."""
    for found in _LATIN.finditer(text):
        if len(found[0]) > 1 and not found[0].replace(".", "").isdecimal():
            yield found[0]


def _numbers(text: str) -> Iterator[str]:
    """Each number as its plain value, `35000` for `3만5천`; a share of a hundred with its `%`.

    Digits inside of a word in Latin letters (`s22`, `256gb`) belong to that word.
    """
    for found in _AMOUNT.finditer(text):
        if any(found[unit] for unit in _UNITS) and not _within_a_word(text, found):
            yield _value(found) + ("%" if found["percent"] else "")


def _within_a_word(text: str, found: re.Match[str]) -> bool:
    before, after = text[max(found.start() - 2, 0) : found.start()], text[found.end() : found.end() + 1]
    return re.search(r"[a-z]-?$", before) is not None or re.match(r"[a-z]", after) is not None


def _value(found: re.Match[str]) -> str:
    parts = ((found[unit], size) for unit, size in _UNITS.items())
    total = sum(
        (Decimal(part.replace(",", "")) * size for part, size in parts if part is not None), Decimal(0)
    )
    return f"{total.normalize():f}"


def _plain(text: str) -> str:
    return folded(text).casefold()


def _squeezed(text: str) -> str:
    return _SPACES.sub("", text)


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for name, fact in value.items():
            if fact not in (None, False, "", [], {}):
                yield name
                yield from _flat(fact)
    elif isinstance(value, list | tuple):
        for fact in value:
            yield from _flat(fact)
    elif value is not None and not isinstance(value, bool):
        yield value
