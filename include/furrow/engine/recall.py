"""What a record's steps asked and were answered, from the ledger alone: to look at, never to buy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from furrow.config.models import CatalogueModel
from furrow.engine.call_key import call_key
from furrow.engine.calls import Paid, options_of
from furrow.engine.ports import Answer, Message, ModelRequest
from furrow.errors import NotBought


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer; None when the ledger does not have it (any more)."""

    step: str
    alias: str
    key: str
    messages: tuple[Message, ...]
    answer: Answer | None


@dataclass
class Recall:
    """Answers for a Pipeline. find: in the ledger, by keys; exchanges: what was asked so far, in order."""

    catalogue: Mapping[str, CatalogueModel]
    find: Callable[[Sequence[str]], dict[str, Answer]]
    exchanges: list[Exchange] = field(default_factory=list)

    async def answer(self, step: str, request: ModelRequest) -> Paid:
        """The answer that was paid for. Raises NotBought."""
        options = options_of(request, self.catalogue)
        keys = [call_key(option) for option in options]
        found = await asyncio.to_thread(self.find, keys)
        for key, option in zip(keys, options, strict=True):
            if key in found:
                self.exchanges.append(Exchange(step, option.alias, key, option.messages, found[key]))
                return Paid(found[key], key, bought=False, alias=option.alias)
        self.exchanges.append(Exchange(step, request.alias, keys[0], request.messages, None))
        raise NotBought(f"the ledger has no answer of `{step}` for this record")
