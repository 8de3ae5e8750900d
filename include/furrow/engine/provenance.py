"""Where the words of an answer stand in the record: in a doubtful sentence alone, they do not come out.

A sentence that is likely an order is cut out before a model sees the record (`orders.py`). One that only may
be one is left, since it may be honest; but a word that a model copies from it, and that the rest of the
record does not have, may be what an attacker chose. It is lost, and with it now and then an honest one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from furrow.config.models import FieldSpec
from furrow.engine.learnt_orders import DOUBTFUL, DOUBTFUL_BESIDE_ONE
from furrow.engine.orders import PLACEHOLDER, undoubted
from furrow.engine.record import Json
from furrow.engine.untrusted_text import plain_letters, visible

_A_NAME = 3
"""Words; so short a text is taken for words of the record, a longer one for a copy or for the model's own."""
_WORD = re.compile(r"\w{2,}")
_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Provenance:
    """The letters of a record, and those of its sentences that no doubt is about."""

    whole: str
    sure: str

    @classmethod
    def of(cls, texts: Iterable[str]) -> Provenance:
        """texts: all of a record, orders cut out. Where there was one, the rest is trusted less."""
        given = list(texts)
        bound = DOUBTFUL_BESIDE_ONE if any(PLACEHOLDER in text for text in given) else DOUBTFUL
        return cls("\n".join(map(_bare, given)), "\n".join(_bare(undoubted(text, bound)) for text in given))

    def trusted(self, answer: Json, specs: Mapping[str, FieldSpec]) -> Json:
        """A model's answer without doubtful names and copies; values of closed lists stay."""
        return answer if self.whole == self.sure else self._fields(answer, specs, self._doubtful)

    def without_copies(self, output: Json, specs: Mapping[str, FieldSpec]) -> Json:
        """What code made, without copies of doubtful sentences; a single word may be one of its own."""
        return output if self.whole == self.sure else self._fields(output, specs, self._doubtful_copy)

    def _fields(self, value: Json, specs: Mapping[str, FieldSpec], doubts: Any) -> Json:
        return {name: self._field(part, specs.get(name), doubts) for name, part in value.items()}

    def _field(self, value: Any, spec: FieldSpec | None, doubts: Any) -> Any:
        if spec is not None and "enum" in (spec.type, spec.items):
            return value
        if isinstance(value, str):
            return value if not doubts(value) else None if spec is not None and spec.nullable else ""
        if isinstance(value, dict):
            return self._fields(value, {}, doubts)
        if isinstance(value, list):
            kept = (item for item in value if not (isinstance(item, str) and doubts(item)))
            return [self._field(item, None, doubts) for item in kept]
        return value

    def _doubtful(self, text: str) -> bool:
        words = _WORD.findall(text)
        named = len(words) <= _A_NAME and any(map(self._only_doubtful, map(_bare, words)))
        return named or self._only_doubtful(_bare(text))

    def _doubtful_copy(self, text: str) -> bool:
        return len(_WORD.findall(text)) >= _A_NAME and self._only_doubtful(_bare(text))

    def _only_doubtful(self, letters: str) -> bool:
        return bool(letters) and letters in self.whole and letters not in self.sure


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a value of a record."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts_of(part)


def _bare(text: str) -> str:
    return _SIGNS.sub("", plain_letters(visible(text))).casefold()
