"""Where the words of an answer stand in the record: in a doubtful sentence alone, they do not come out.

A sentence that is likely an order is cut out before a model sees the record (`orders.py`). One that only may
be one is left, since it may be honest; but a word that a model copies from it, and that the rest of the
record does not have, may be what an attacker chose. It is lost, and with it now and then an honest one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from furrow.config.models import EACH_FIELD, FieldSpec
from furrow.engine.learnt_orders import DOUBTFUL, DOUBTFUL_BESIDE_ONE
from furrow.engine.orders import PLACEHOLDER, undoubted
from furrow.engine.record import Json
from furrow.engine.untrusted_text import plain_letters, visible

_A_NAME = 3
"""Words; so short a text is taken for words of the record, a longer one for a copy or for the model's own."""
_ENDINGS = 2
"""Letters: a particle that a word may have in an answer and not in the record."""
_WORD = re.compile(r"[a-z0-9]{2,}|[^\W_]{2,}", re.IGNORECASE)
_LATIN = re.compile(r"[a-z0-9]+")
_SIGNS = re.compile(r"[\W_]+")
_NOT_NAMES = ("enum", "date", "integer", "number", "boolean")
Specs = Mapping[str, FieldSpec]


@dataclass(frozen=True, slots=True)
class _Text:
    """The letters of a text without blanks, for words of any script, and its words in Latin letters."""

    letters: str
    latin: frozenset[str]

    @classmethod
    def of(cls, text: str) -> _Text:
        plain = _plain(text)
        return cls(_SIGNS.sub("", plain), frozenset(_LATIN.findall(plain)))

    def __contains__(self, word: str) -> bool:
        return word in self.latin if _LATIN.fullmatch(word) else word in self.letters


@dataclass(frozen=True, slots=True)
class Provenance:
    """What stands in a record, and what of it in sentences that no doubt is about."""

    whole: _Text
    sure: _Text

    @classmethod
    def of(cls, texts: Iterable[str]) -> Provenance:
        """texts: all of a record, orders cut out. Where there was one, the rest is trusted less."""
        given = list(texts)
        bound = DOUBTFUL_BESIDE_ONE if any(PLACEHOLDER in text for text in given) else DOUBTFUL
        return cls(_Text.of("\n".join(given)), _Text.of("\n".join(undoubted(text, bound) for text in given)))

    def trusted(self, answer: Json, specs: Specs) -> Json:
        """A model's answer without doubtful names and copies, nor what a doubtful quote proves.

        Values of closed lists, numbers and dates stay.
        """
        return answer if self.whole == self.sure else self._fields(answer, specs, self._trusted_text)

    def without_copies(self, output: Json, specs: Specs) -> Json:
        """What code made, without copies of doubtful sentences; a single word may be one of its own."""
        return output if self.whole == self.sure else self._fields(output, specs, self._without_copy)

    def _fields(self, output: Json, specs: Specs, left: Callable[[str], str]) -> Json:
        if EACH_FIELD in output:
            answers = [
                {**self._fields(answer, specs, left), "item": answer["item"]} for answer in output[EACH_FIELD]
            ]
            return {**output, EACH_FIELD: answers}
        kept = {name: self._field(value, specs.get(name), left) for name, value in output.items()}
        for name, spec in specs.items():
            if spec.quote_of is not None and kept.get(name) != output.get(name):
                kept |= dict.fromkeys((name, *spec.quotes)) if spec.type != "list" else {}
        return kept

    def _field(self, value: Any, spec: FieldSpec | None, left: Callable[[str], str]) -> Any:
        if spec is not None and (spec.type in _NOT_NAMES or spec.items == "enum"):
            return value
        if isinstance(value, str):
            kept = left(value)
            return None if not kept and value and spec is not None and spec.nullable else kept
        if isinstance(value, list):
            return [kept for item in value if (kept := self._field(item, None, left)) or not item]
        if isinstance(value, dict):
            return {name: self._field(part, None, left) for name, part in value.items()}
        return value

    def _trusted_text(self, text: str) -> str:
        """A name without its doubtful words; a longer text whole or not at all."""
        words = len(_WORD.findall(text))
        if words > 1 and self._is_doubtful_copy(text):
            return ""
        if words > _A_NAME:
            return text
        left = _WORD.sub(lambda word: "" if self._is_doubtful(_plain(word[0])) else word[0], text)
        return text if left == text else " ".join(left.split()) if _SIGNS.sub("", left) else ""

    def _without_copy(self, text: str) -> str:
        return "" if len(_WORD.findall(text)) >= _A_NAME and self._is_doubtful_copy(text) else text

    def _is_doubtful_copy(self, text: str) -> bool:
        letters = _SIGNS.sub("", _plain(text))
        return letters in self.whole.letters and letters not in self.sure.letters

    def _is_doubtful(self, word: str) -> bool:
        """By the longest part of it that the record has, an ending left out."""
        shortest = max(2, len(word) - _ENDINGS)
        stems = (word[:length] for length in range(len(word), shortest - 1, -1))
        stem = next((stem for stem in stems if stem in self.whole), None)
        return stem is not None and stem not in self.sure


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a value of a record."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts_of(part)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", plain_letters(visible(text))).casefold()
