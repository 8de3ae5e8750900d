"""Vectors of texts. They are paid answers like any other: what was asked before is found in the ledger."""

from __future__ import annotations

import base64
from collections.abc import Iterable
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

    async def vector(self, text: str, trace: Trace) -> bytes:
        """Of a record's text; noted in its trace. Raises TransientError or RunError."""
        asked = await self._ask(text)
        trace.add(asked.alias, asked.key, asked.answer, asked.bought)
        return base64.b64decode(asked.answer.text)

    async def vector_beside(self, other: Once[Made], text: str, trace: Trace) -> tuple[Made, bytes]:
        """What is made of the folder's own vectors, and that of a record's text, both at once: so a plan sees
        all that would be bought. Raises what either raises.
        """
        found: list[Any] = await all_of((other.get(), self.vector(text, trace)))
        return found[0], found[1]

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
