"""The `classify` step: the label of a text, learnt from labelled examples, without asking a chat model."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from furrow.config.models import ClassifyStep
from furrow.config.step_fields import KEPT_FIELD, LABELLED_FIELD
from furrow.config.tables import Table
from furrow.config.use_case import Version
from furrow.engine.calls import Answers
from furrow.engine.classifier import Classifier, Guess
from furrow.engine.embedding import Embedder
from furrow.engine.masking import Masking
from furrow.engine.once import Once
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
        self._config = config
        self._expressions = version.expressions[config.name]
        self._masking = Masking(version.file.mask)
        self._embedder = (
            Embedder(config.name, config.embeddings, version, calls) if config.embeddings else None
        )
        self._learnt = Once(self._learn)
        self.look_ahead = 1 if self._embedder is None else self._embedder.look_ahead

    async def run(self, work: Work, trace: Trace) -> Json:
        """The step's fields. Raises PromptFailed, AnswerInvalid, TransientError or RunError."""
        context = context_of(work)
        if self._config.each is None:
            (guesses,) = await self._guesses([self._text(context)], trace)
            return _of_one(guesses)
        items = [item for item in self._items(context) if item.strip()]
        texts = [self._text({**context, "item": item}) for item in items]
        found = list(map(_of_item, items, await self._guesses(texts, trace)))
        if not self._config.drop:
            return {LABELLED_FIELD: found}
        return {LABELLED_FIELD: found, KEPT_FIELD: [one["item"] for one in found if not self._drops(one)]}

    def _items(self, context: Mapping[str, Any]) -> list[str]:
        return texts_of(self._expressions["each"], context, str(self._config.each), "label")

    def _text(self, context: Mapping[str, Any]) -> str:
        if "text" not in self._expressions:
            return str(context["item"])
        found = self._expressions["text"].evaluate(context)
        if not isinstance(found, str | None):
            raise PromptFailed(f"`text` of {self.name} is a {type(found).__name__}, and no text: join a list")
        return found or ""

    def _drops(self, one: Json) -> bool:
        return one["label"] in self._config.drop and bool(one["margin"] >= self._config.min_margin)

    async def _guesses(self, texts: Sequence[str], trace: Trace) -> list[list[Guess]]:
        """Of each text, in their order; none for an empty one."""
        seen = [self._masking.prompt(text) for text in texts]
        asked = list(dict.fromkeys(text for text in seen if text.strip()))
        found = dict(zip(asked, await self._ask(asked, trace), strict=True)) if asked else {}
        return [found.get(text, []) for text in seen]

    async def _ask(self, texts: Sequence[str], trace: Trace) -> list[list[Guess]]:
        vectors: Sequence[bytes] | None = None
        if self._embedder is None:
            classifier = await self._learnt.get()
        else:
            classifier, vectors = await self._embedder.vectors_beside(self._learnt, texts, trace)
        return await asyncio.to_thread(classifier.guesses, texts, vectors)

    async def _learn(self) -> Classifier:
        texts, labels = zip(*labelled(self._examples), strict=True)
        vectors = None if self._embedder is None else tuple(await self._embedder.vectors(texts))
        return await asyncio.to_thread(_classifier_of, texts, labels, vectors)


def labelled(examples: Table) -> list[tuple[str, str]]:
    """Each text with its label, written as records are when a step sees them."""
    return [(visible(row["text"]), visible(row["label"])) for row in examples.rows()]


_classifier_of = lru_cache(8)(Classifier)


def _of_one(guesses: Sequence[Guess]) -> Json:
    return {
        "label": guesses[0].label if guesses else None,
        "margin": _margin(guesses),
        "ranked": [guess.label for guess in guesses[:_RANKED]],
    }


def _of_item(item: str, guesses: Sequence[Guess]) -> Json:
    return {"item": item, "label": guesses[0].label if guesses else None, "margin": _margin(guesses)}


def _margin(guesses: Sequence[Guess]) -> float:
    return round(guesses[0].score - guesses[1].score, 3) if guesses else 0.0
