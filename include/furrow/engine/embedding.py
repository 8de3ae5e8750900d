"""Vectors of texts. They are paid answers like any other: what was asked before is found in the ledger."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import Any

from furrow.config.use_case import Version
from furrow.engine.calls import Answers, Paid
from furrow.engine.once import Made, Once
from furrow.engine.ordered import all_of
from furrow.engine.ports import EMBED, Message, ModelRequest
from furrow.engine.record import Trace
from furrow.errors import RecordError, RunError


class Embedder:
    """Asks the model `alias` of a version, for one step. A vector is little-endian float32."""

    def __init__(self, step: str, alias: str, version: Version, calls: Answers):
        self._step, self._alias, self._calls = step, alias, calls
        self._model = version.catalogue[alias]
        self.look_ahead = 4 * self._model.limits.concurrency

    async def vectors_beside(
        self, other: Once[Made], texts: Sequence[str], trace: Trace
    ) -> tuple[Made, list[bytes]]:
        """What is made of the folder's own vectors, and those of a record's texts, noted in its trace in
        their order; all at once, so that a plan sees all that would be bought. Raises what either raises.
        """
        found: list[Any] = await all_of([other.get(), *map(self._ask, texts)])
        made, asked = found[0], found[1:]
        for one in asked:
            trace.add(one.alias, one.key, one.answer, one.bought)
        return made, [base64.b64decode(one.answer.text) for one in asked]

    async def vectors(self, texts: Iterable[str]) -> list[bytes]:
        """Of the folder's own texts, in their order, all of one length. Raises TransientError or RunError."""
        paid = await all_of(self._own(text) for text in texts)
        vectors = [base64.b64decode(one.answer.text) for one in paid]
        if len({len(vector) for vector in vectors}) > 1:
            raise RunError(f"{self._step}: the vectors of `{self._alias}` are not all of one length")
        return vectors

    async def _own(self, text: str) -> Paid:
        """A text of the folder that is refused is no record's fault."""
        try:
            return await self._ask(text)
        except RecordError as error:
            raise RunError(
                f"{self._step}: `{text[:40]}…` of the folder cannot be embedded: {error}"
            ) from error

    async def _ask(self, text: str) -> Paid:
        request = ModelRequest(self._alias, self._model.model, (Message(EMBED, text),))
        return await self._calls.answer(self._step, request)
