"""The `judge` step: candidates scored by a model against a rubric, and the best that passes."""

from __future__ import annotations

from furrow.config.models import EACH_FIELD, JudgeStep
from furrow.config.step_fields import VERDICTS_FIELD
from furrow.config.use_case import Version
from furrow.engine.calls import Answers
from furrow.engine.llm_step import LlmRunner
from furrow.engine.ports import Json
from furrow.engine.prompt import context_of, texts_of
from furrow.engine.record import Trace, Work
from furrow.engine.step import step_of
from furrow.errors import NothingGoodEnough


@step_of(JudgeStep)
class JudgeRunner:
    """Asks about each candidate as an llm step would, through the same ladder and ledger."""

    def __init__(self, config: JudgeStep, version: Version, calls: Answers):
        self.name, self._config = config.name, config
        self._each = version.expressions[config.name]["each"]
        self._asking = LlmRunner(config.question, version, calls)
        self.look_ahead = self._asking.look_ahead

    async def run(self, work: Work, trace: Trace) -> Json:
        """The step's fields. Raises NothingGoodEnough, and what an llm step raises."""
        texts_of(self._each, context_of(work), self._config.each, "judge")  # before anything is bought
        answers = (await self._asking.run(work, trace))[EACH_FIELD]
        verdicts = [self._verdict(answer) for answer in answers]
        accepted = sorted(filter(_passes, verdicts), key=_score, reverse=True)
        if not accepted and self._config.required:
            raise NothingGoodEnough(_why_none(verdicts), raw=_as_lines(verdicts))
        best = accepted[0] if accepted else None
        return {
            "best": best and best["item"],
            "best_score": best and best["score"],
            "scores": [verdict["score"] for verdict in verdicts],
            "accepted": [verdict["item"] for verdict in accepted],
            "rejected": [verdict["item"] for verdict in verdicts if not verdict["passes"]],
            VERDICTS_FIELD: verdicts,
        }

    def _verdict(self, answer: Json) -> Json:
        return {**answer, "passes": answer["passes"] and answer["score"] >= self._config.min_score}


def _passes(verdict: Json) -> bool:
    return bool(verdict["passes"])


def _score(verdict: Json) -> int:
    return int(verdict["score"])


def _why_none(verdicts: list[Json]) -> str:
    if not verdicts:
        return "there was no candidate left to judge"
    return f"none of {len(verdicts)} candidates passed; the highest score is {max(map(_score, verdicts))}"


def _as_lines(verdicts: list[Json]) -> str | None:
    lines = [f"{verdict['score']} {verdict['item']}: {verdict['reason']}" for verdict in verdicts]
    return "\n".join(lines) or None
