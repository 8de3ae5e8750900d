"""The `retrieve` step: passages of the documents that fit a question, found without asking a chat model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from furrow.config.documents import Documents, Passage
from furrow.config.models import RetrieveStep
from furrow.config.use_case import Version
from furrow.engine.calls import Answers
from furrow.engine.embedding import Embedder
from furrow.engine.masking import Masking
from furrow.engine.once import Once
from furrow.engine.ports import Json
from furrow.engine.prompt import context_of
from furrow.engine.record import Trace, Work
from furrow.engine.retrieval import Bar, FullText, Hit, Nearness
from furrow.engine.step import step_of


@step_of(RetrieveStep)
class RetrieveRunner:
    """Searches by full text, and by vectors when the step names a model that embeds.

    Vectors are paid answers like any other: those of the documents are bought once and found in the ledger.
    """

    def __init__(self, config: RetrieveStep, version: Version, calls: Answers):
        self.name, self._config = config.name, config
        self._documents, self._hash = version.documents[config.name], version.content_hash
        self._expressions = version.expressions[config.name]
        self._embedder = (
            Embedder(config.name, config.embeddings, version, calls) if config.embeddings else None
        )
        self._bar = Bar(config.min_score, config.min_similarity)
        self._masking = Masking(version.file.mask)
        self._nearness = Once(self._embed_all)
        self.look_ahead = 1 if self._embedder is None else self._embedder.look_ahead

    async def run(self, work: Work, trace: Trace) -> Json:
        """The step's fields. Raises PromptFailed, TransientError or RunError."""
        context = context_of(work)
        question = str(self._expressions["query"].evaluate(context))
        passages, full_text = self._index
        allowed = self._allowed(passages, context)
        words = full_text.hits(question, allowed)
        near = await self._near(question, allowed, trace)
        chosen = self._bar.best(words, near)[: self._config.top]
        return _written([passages[hit.place] for hit in chosen], [hit.score for hit in chosen])

    def _allowed(self, passages: Sequence[Passage], context: Mapping[str, Any]) -> list[int]:
        wanted = {name: self._expressions[f"within.{name}"].evaluate(context) for name in self._config.within}

        def fits(passage: Passage) -> bool:
            fields = passage.document.fields
            return all(fields.get(name) in (None, "", value) for name, value in wanted.items())

        return [place for place, passage in enumerate(passages) if fits(passage)]

    # --- vectors -------------------------------------------------------------------------------

    async def _near(self, question: str, allowed: Sequence[int], trace: Trace) -> list[Hit]:
        if self._embedder is None or not question.strip() or not allowed:
            return []
        masked = self._masking.prompt(question)
        nearness, (vector,) = await self._embedder.vectors_beside(self._nearness, [masked], trace)
        return nearness.hits(vector, allowed)

    async def _embed_all(self) -> Nearness:
        assert self._embedder is not None
        passages, _ = self._index
        return Nearness(await self._embedder.vectors(map(_searched, passages)))

    @property
    def _index(self) -> tuple[list[Passage], FullText]:
        return _index_of(self._documents, self._hash, self._config.max_chars)


@lru_cache(8)
def _index_of(documents: Documents, content_hash: str, max_chars: int) -> tuple[list[Passage], FullText]:
    """Once in a process for each release."""
    passages = documents.passages(max_chars)
    return passages, FullText([_searched(passage) for passage in passages])


def _searched(passage: Passage) -> str:
    return f"{passage.document.title}\n{passage.text}"


def _written(passages: Sequence[Passage], scores: Sequence[float]) -> Json:
    rows = [
        {
            **passage.document.fields,
            "id": passage.document.id,
            "title": passage.document.title,
            "text": passage.text,
            "score": round(score, 3),
        }
        for passage, score in zip(passages, scores, strict=True)
    ]
    return {
        "ids": list(dict.fromkeys(row["id"] for row in rows)),
        "known": bool(rows),
        "best_score": max((row["score"] for row in rows), default=0.0),
        "passages": rows,
        "text": "\n\n".join(f"[{row['id']}] {row['title']}\n{row['text']}" for row in rows),
    }
