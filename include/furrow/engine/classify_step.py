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
from furrow.engine.once import Once
from furrow.engine.ports import Json
from furrow.engine.prompt import context_of
from furrow.engine.record import Trace, Work
from furrow.engine.step import step_of
from furrow.engine.untrusted_text import visible
from furrow.errors import PromptFailed

_RANKED = 5


@step_of(ClassifyStep)
class ClassifyRunner:
    """Learns at its first record, once in a process from the same examples."""

    def __init__(self, config: ClassifyStep, version: Version, calls: Answers):
        self.name = config.name
        self._examples = version.tables[config.name]
        self._text = version.expressions[config.name]["text"]
        self._masking = Masking(version.file.mask)
        self._embedder = (
            Embedder(config.name, config.embeddings, version, calls) if config.embeddings else None
        )
        self._learnt = Once(self._learn)
        self.look_ahead = 1 if self._embedder is None else self._embedder.look_ahead

    async def run(self, work: Work, trace: Trace) -> Json:
        """The step's fields. Raises PromptFailed, TransientError or RunError."""
        text = self._asked(work)
        if not text.strip():
            return _written([])
        if self._embedder is None:
            return _written((await self._learnt.get()).guesses(text))
        classifier, vector = await self._embedder.vector_beside(self._learnt, text, trace)
        return _written(classifier.guesses(text, vector))

    def _asked(self, work: Work) -> str:
        found = self._text.evaluate(context_of(work))
        if not isinstance(found, str | None):
            raise PromptFailed(f"`text` of {self.name} is a {type(found).__name__}, and no text: join a list")
        return self._masking.prompt(found or "")

    async def _learn(self) -> Classifier:
        texts, labels = zip(*labelled(self._examples), strict=True)
        vectors = None if self._embedder is None else tuple(await self._embedder.vectors(texts))
        return await asyncio.to_thread(_classifier_of, texts, labels, vectors)


def labelled(examples: Table) -> list[tuple[str, str]]:
    """Each text with its label, written as records are when a step sees them."""
    return [(visible(row["text"]), visible(row["label"])) for row in examples.rows()]


_classifier_of = lru_cache(8)(Classifier)


def _written(guesses: Sequence[Guess]) -> Json:
    scores = [guess.score for guess in guesses]
    return {
        "label": guesses[0].label if guesses else None,
        "margin": round(scores[0] - scores[1], 3) if guesses else 0.0,
        "ranked": [guess.label for guess in guesses[:_RANKED]],
    }
