"""The `classify` step: the label of a text, learnt from labelled examples, without asking a chat model."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import lru_cache

from furrow.config.models import ClassifyStep
from furrow.config.tables import Table
from furrow.config.use_case import Version
from furrow.engine.calls import Answers
from furrow.engine.classifier import Classifier, Guess
from furrow.engine.embedding import Embedder
from furrow.engine.masking import Masking
from furrow.engine.ports import Json
from furrow.engine.prompt import context_of
from furrow.engine.record import Trace, Work
from furrow.engine.step import step_of

_RANKED = 5


@step_of(ClassifyStep)
class ClassifyRunner:
    """Learns at its first record, once in a process for each release."""

    def __init__(self, config: ClassifyStep, version: Version, calls: Answers):
        self.name = config.name
        self._examples, self._hash = version.tables[config.name], version.content_hash
        self._text = version.expressions[config.name]["text"]
        self._masking = Masking(version.file.mask)
        self._embedder = (
            Embedder(config.name, config.embeddings, version, calls) if config.embeddings else None
        )
        self._learnt: asyncio.Future[Classifier] | None = None
        self.look_ahead = 1 if self._embedder is None else self._embedder.look_ahead

    async def run(self, work: Work, trace: Trace) -> Json:
        """The step's fields. Raises PromptFailed, TransientError or RunError."""
        found = self._text.evaluate(context_of(work))
        text = self._masking.prompt(str(found or ""))
        if not text.strip():
            return _written([])
        vector = await self._embedder.vector(text, trace) if self._embedder else None
        return _written((await self._classifier()).guesses(text, vector))

    async def _classifier(self) -> Classifier:
        if self._learnt is None:
            self._learnt = asyncio.ensure_future(self._learn())
        try:
            return await asyncio.shield(self._learnt)
        except BaseException:
            self._learnt = None  # the next record tries again; what was paid for is found
            raise

    async def _learn(self) -> Classifier:
        if self._embedder is None:
            return _classifier_of(self._examples, self._hash, None)
        texts = [row["text"] for row in self._examples.rows()]
        return _classifier_of(self._examples, self._hash, tuple(await self._embedder.vectors(texts)))


@lru_cache(8)
def _classifier_of(examples: Table, content_hash: str, vectors: tuple[bytes, ...] | None) -> Classifier:
    rows = list(examples.rows())
    return Classifier([row["text"] for row in rows], [row["label"] for row in rows], vectors)


def _written(guesses: Sequence[Guess]) -> Json:
    scores = [guess.score for guess in guesses]
    return {
        "label": guesses[0].label if guesses else None,
        "margin": round(scores[0] - scores[1], 3) if guesses else 0.0,
        "ranked": [guess.label for guess in guesses[:_RANKED]],
    }
