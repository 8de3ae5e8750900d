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
_SIGNS, _ANY_SIGNS = re.compile(r"[\W_]+"), r"[\W_]*"
_NOT_NAMES = ("enum", "date", "integer", "number", "boolean")
Specs = Mapping[str, FieldSpec]


@dataclass(frozen=True, slots=True)
class Wording:
    """A text as it is read, and its letters without blanks."""

    plain: str
    letters: str

    @classmethod
    def of(cls, text: str) -> Wording:
        """Of a text in which a line may end within a name."""
        plain = _plain(text)
        return cls(plain, _SIGNS.sub("", plain))

    @classmethod
    def of_names(cls, names: Iterable[str]) -> Wording:
        """Of names that are apart from each other."""
        plain = [_plain(name) for name in names]
        return cls("\n".join(plain), "\n".join(_SIGNS.sub("", name) for name in plain))

    def __contains__(self, word: str) -> bool:
        """In Latin letters from the beginning of a word to the end of one, else anywhere."""
        if not _LATIN.fullmatch(word):
            return word in self.letters
        return bool(re.search(rf"(?<![a-z0-9]){_ANY_SIGNS.join(word)}(?![a-z0-9])", self.plain))


Ours = Callable[[], Iterable[Wording]]
"""What the folder itself says: names of its tables, passages that its steps found. No doubt is about it."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What stands in a record, and what of it in sentences that no doubt is about."""

    whole: Wording
    sure: Wording
    ours: Ours = tuple

    @classmethod
    def of(cls, texts: Iterable[str], ours: Ours = tuple) -> Provenance:
        """texts: all of a record, orders cut out; where there was one, the rest is trusted less."""
        given = list(texts)
        bound = DOUBTFUL_BESIDE_ONE if any(PLACEHOLDER in text for text in given) else DOUBTFUL
        sure = [undoubted(text, bound) for text in given]
        return cls(Wording.of("\n".join(given)), Wording.of("\n".join(sure)), ours)

    def trusted(self, answer: Json, specs: Specs) -> Json:
        """A model's answer without doubtful names and copies, nor what a doubtful quote proves.

        Values of closed lists, numbers and dates stay.
        """
        return answer if self.whole == self.sure else self._fields(answer, specs, self._is_doubtful_text)

    def without_copies(self, output: Json, specs: Specs) -> Json:
        """What code made, without copies of doubtful sentences; a single word may be one of its own."""
        return output if self.whole == self.sure else self._fields(output, specs, self._is_doubtful_passage)

    def _fields(self, output: Json, specs: Specs, doubts: Callable[[str], bool]) -> Json:
        if EACH_FIELD in output and EACH_FIELD not in specs:
            answers = [
                {**self._fields(answer, specs, doubts), "item": answer["item"]}
                for answer in output[EACH_FIELD]
            ]
            return {**output, EACH_FIELD: answers}
        kept = {name: self._field(value, specs.get(name), doubts) for name, value in output.items()}
        for name, spec in specs.items():
            if spec.quote_of is not None and kept.get(name) != output.get(name):
                kept |= dict.fromkeys((name, *spec.quotes)) if spec.type != "list" else {}
        return kept

    def _field(self, value: Any, spec: FieldSpec | None, doubts: Callable[[str], bool]) -> Any:
        if spec is not None and (spec.type in _NOT_NAMES or spec.items == "enum"):
            return value
        if isinstance(value, str):
            if not doubts(value):
                return value
            return None if spec is not None and spec.nullable else self._other_words(value)
        if isinstance(value, list):
            kept = (item for item in value if not (isinstance(item, str) and doubts(item)))
            return [self._field(item, None, doubts) for item in kept]
        if isinstance(value, dict):
            return {name: self._field(part, None, doubts) for name, part in value.items()}
        return value

    def _other_words(self, text: str) -> str:
        """For a field that cannot be null: a name without its doubtful words, nothing of anything else."""
        words = _WORD.findall(plain_letters(text))
        of_a_name = words if len(words) <= _A_NAME else []
        return " ".join(word for word in of_a_name if not self._is_doubtful(_plain(word)))

    def _is_doubtful_text(self, text: str) -> bool:
        """A copy, or a name with a doubtful word. One clean word is no copy: it may stand within another."""
        plain = plain_letters(text)
        words = _WORD.findall(plain)
        if words != [_SIGNS.sub("", plain)] and self._is_doubtful_copy(text):
            return True
        return len(words) <= _A_NAME and any(self._is_doubtful(_plain(word)) for word in words)

    def _is_doubtful_passage(self, text: str) -> bool:
        """A copy of more than a word or two, which may be code's own."""
        return len(_WORD.findall(text)) >= _A_NAME and self._is_doubtful_copy(text)

    def _is_doubtful_copy(self, text: str) -> bool:
        letters = _SIGNS.sub("", _plain(text))
        if letters not in self.whole.letters or letters in self.sure.letters:
            return False
        return not any(letters in one.letters for one in self.ours())

    def _is_doubtful(self, word: str) -> bool:
        """By the longest part of it that the record has, an ending left out."""
        shortest = max(2, len(word) - _ENDINGS)
        stems = (word[:length] for length in range(len(word), shortest - 1, -1))
        stem = next((stem for stem in stems if stem in self.whole), None)
        if stem is None or stem in self.sure:
            return False
        return not any(stem in one for one in self.ours())


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a value of a record."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts_in(part)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", plain_letters(visible(text))).casefold()
