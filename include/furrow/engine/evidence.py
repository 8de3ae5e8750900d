"""Quotes checked against the text that they come from: `quote_of` in output.yaml.

When a quote holds is said in `config/quoting.py`. A list of quotes is judged item by item.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from furrow.config.models import FieldSpec
from furrow.config.quoting import folded, stands_in
from furrow.config.templates import Expression
from furrow.engine.ports import Json
from furrow.engine.untrusted_text import without_chat_markers

NOT_IN_TEXT = "these words do not stand in the text; copy them exactly as they stand there"
NO_QUOTE = "there is a value but no quote; copy the words that say it"


@dataclass(frozen=True, slots=True)
class Unfounded:
    """A quote that does not hold. items: the list's items that do not, for a list of quotes."""

    field: str
    what: str
    items: frozenset[str] = frozenset()


class Evidence:
    """The quotes of one step's answer. `sources`: among others, `quote.<field>` -> the text's expression."""

    def __init__(self, specs: Mapping[str, FieldSpec], sources: Mapping[str, Expression]):
        self._specs = specs
        quoted = [name for name, spec in specs.items() if spec.quote_of is not None]
        self._sources = {name: sources[f"quote.{name}"] for name in quoted}

    def unfounded(self, output: Json, context: Mapping[str, Any]) -> list[Unfounded]:
        """What the answer does not prove. Raises PromptFailed when the text cannot be had."""
        texts: dict[str, str] = {}
        found: list[Unfounded] = []
        for name, source in self._sources.items():
            key = str(self._specs[name].quote_of)
            if key not in texts:
                texts[key] = folded(without_chat_markers(_as_text(source.evaluate(context))))
            found.extend(self._judge(name, output, texts[key]))
        return found

    def without(self, output: Json, unfounded: list[Unfounded]) -> Json | None:
        """The answer without what it does not prove, or None when one of these fields rejects it."""
        if any(self._specs[one.field].on_missing == "reject" for one in unfounded):
            return None
        kept = dict(output)
        for one in unfounded:
            if self._specs[one.field].type == "list":
                kept[one.field] = [item for item in kept[one.field] if item not in one.items]
            else:
                kept |= dict.fromkeys((one.field, *self._specs[one.field].quotes))
        return kept

    def _judge(self, name: str, output: Json, text: str) -> Iterator[Unfounded]:
        value = output[name]
        if isinstance(value, list):
            missing = frozenset(item for item in value if not stands_in(item, text))
            if missing:
                yield Unfounded(name, NOT_IN_TEXT, missing)
        elif value is not None:
            if not stands_in(value, text):
                yield Unfounded(name, NOT_IN_TEXT)
        elif any(output[quoted] is not None for quoted in self._specs[name].quotes):
            yield Unfounded(name, NO_QUOTE)


def _as_text(value: Any) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)
