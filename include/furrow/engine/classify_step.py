"""The `classify` step: the label of a text, learnt from labelled examples, without asking a chat model."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import lru_cache

from furrow.config.models import ClassifyStep
from furrow.config.step_fields import LABELLED_FIELD
from furrow.config.tables import Table
from furrow.config.use_case import Version
from furrow.engine.calls import Answers
from furrow.engine.classifier import Classifier, Guess
from furrow.engine.embedding import Embedder
from furrow.engine.masking import Masking
from furrow.engine.once import Once
from furrow.engine.ordered import all_of
from furrow.engine.ports import Json
from furrow.engine.prompt import context_of, texts_of
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
        self._each = config.each
        self._asked = version.expressions[config.name]["text" if config.each is None else "each"]
        self._masking = Masking(version.file.mask)
        self._embedder = (
            Embedder(config.name, config.embeddings, version, calls) if config.embeddings else None
        )
        self._learnt = Once(self._learn)
        self.look_ahead = 1 if self._embedder is None else self._embedder.look_ahead

    async def run(self, work: Work, trace: Trace) -> Json:
        """The step's fields. Raises PromptFailed, AnswerInvalid, TransientError or RunError."""
        if self._each is None:
            return _written(await self._guesses(self._text(work), trace))
        texts = texts_of(self._asked, context_of(work), self._each, "label")
        return {LABELLED_FIELD: await all_of(self._labelled(text, trace) for text in texts if text.strip())}

    def _text(self, work: Work) -> str:
        found = self._asked.evaluate(context_of(work))
        if not isinstance(found, str | None):
            raise PromptFailed(f"`text` of {self.name} is a {type(found).__name__}, and no text: join a list")
        return found or ""

    async def _labelled(self, text: str, trace: Trace) -> Json:
        found = _written(await self._guesses(text, trace))
        return {"text": text, "label": found["label"], "margin": found["margin"]}

    async def _guesses(self, text: str, trace: Trace) -> list[Guess]:
        seen = self._masking.prompt(text)
        if not seen.strip():
            return []
        if self._embedder is None:
            return (await self._learnt.get()).guesses(seen)
        classifier, vector = await self._embedder.vector_beside(self._learnt, seen, trace)
        return classifier.guesses(seen, vector)

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
