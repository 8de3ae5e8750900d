"""Asking once more for what was answered already: a further sample of every answer, to see how it varies."""

from __future__ import annotations

from dataclasses import dataclass, replace

from furrow.engine.calls import Answers, Paid
from furrow.engine.ports import EMBED, ModelRequest


@dataclass(frozen=True, slots=True)
class Repeat:
    """Another sample of each answer, with its own place in the ledger. sample: 0 is the one that runs use.

    Embeddings are the same each time and stay shared.
    """

    answers: Answers
    sample: int

    async def answer(self, step: str, request: ModelRequest) -> Paid:
        """As `Answers.answer`."""
        if any(message.role == EMBED for message in request.messages):
            return await self.answers.answer(step, request)
        return await self.answers.answer(step, replace(request, sample=self.sample))
