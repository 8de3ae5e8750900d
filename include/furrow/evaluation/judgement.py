"""Each labelled value of each case, judged; and what can be counted of many such judgements."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from furrow.config.models import FieldSpec
from furrow.engine.record import Outcome, Work
from furrow.evaluation.cases import Case
from furrow.evaluation.confidence import interval
from furrow.evaluation.counts import Reported
from furrow.evaluation.evaluators import Verdict, evaluate, missed
from furrow.evaluation.precision import Items, ItemScore

REJECTED, NULL = "(rejected)", "(null)"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One labelled value of one case. A rejected record's is wrong, whatever was expected.

    Judgements of two versions pair up by case and field: that is what a comparison works on.
    """

    case: Case
    field: str
    expected: Any
    got: Any
    verdict: Verdict
    rejected: str | None = None


class Rate(Reported):
    """A share of judged values. interval: 95 %, of the accuracy.

    accuracy: share that is right; mean_score: for a list the mean F1, else the same as accuracy.
    Both are None when no case was judged.
    """

    n: int
    correct: int
    accuracy: float | None
    interval: tuple[float, float]
    mean_score: float | None

    @classmethod
    def of(cls, judgements: Sequence[Judgement], **more: Any) -> Self:
        """The share of these."""
        verdicts = [judgement.verdict for judgement in judgements]
        n, correct = len(verdicts), sum(verdict.correct for verdict in verdicts)
        return cls(
            n=n,
            correct=correct,
            accuracy=correct / n if n else None,
            interval=interval(correct, n),
            mean_score=math.fsum(verdict.score for verdict in verdicts) / n if n else None,
            **more,
        )


class FieldScore(Rate):
    """One result field over the cases that label it.

    evaluator: what judged it; items: precision and recall of a list that is judged as a set; confusion: of an
    enum or a boolean, expected value -> value that came -> how often, and kappa, Cohen's: agreement with the
    labels beyond chance, 1 for all, 0 for none, None where chance alone would agree on everything.
    """

    type: str
    evaluator: str = ""
    items: ItemScore | None = None
    confusion: dict[str, dict[str, int]] | None = None
    kappa: float | None = None


def judge_case(case: Case, work: Work | None, specs: Mapping[str, FieldSpec]) -> Iterator[Judgement]:
    """The case's labelled values; none when its work came to no end."""
    if work is None or work.outcome not in (Outcome.ACCEPTED, Outcome.REJECTED):
        return
    if work.rejection is not None:
        why = f"{work.rejection.reason} at {work.rejection.step}: {work.rejection.message}"
        for field, expected in case.expected.items():
            yield Judgement(case, field, expected, None, missed(specs[field], expected), why)
        return
    result = work.result or {}
    for field, expected in case.expected.items():
        got = result.get(field)
        yield Judgement(case, field, expected, got, evaluate(specs[field], expected, got, case.record.data))


def field_score(name: str, spec: FieldSpec, judgements: Sequence[Judgement]) -> FieldScore:
    """The score of one field among these judgements."""
    own = [judgement for judgement in judgements if judgement.field == name]
    items = [found.verdict.items for found in own if found.verdict.items is not None]
    confusion = _confusion(own) if spec.type in ("enum", "boolean") else None
    return FieldScore.of(
        own,
        type=spec.type,
        evaluator=spec.evaluator,
        items=ItemScore.of(Items.total(items)) if spec.evaluator == "set" else None,
        confusion=confusion,
        kappa=kappa(confusion or {}),
    )


def _confusion(judgements: Sequence[Judgement]) -> dict[str, dict[str, int]]:
    rows: dict[str, Counter[str]] = {}
    for found in judgements:
        got = REJECTED if found.rejected is not None else _label(found.got)
        rows.setdefault(_label(found.expected), Counter())[got] += 1
    return {expected: dict(sorted(row.items())) for expected, row in sorted(rows.items())}


def kappa(confusion: Mapping[str, Mapping[str, int]]) -> float | None:
    """Cohen's kappa of a confusion matrix; None when it is empty or chance alone would agree on all of it."""
    wanted = {label: sum(row.values()) for label, row in confusion.items()}
    n = sum(wanted.values())
    came = Counter[str]()
    for row in confusion.values():
        came.update(row)
    agreed = sum(row.get(label, 0) for label, row in confusion.items())
    by_chance = sum(times * came[label] for label, times in wanted.items())
    return (n * agreed - by_chance) / (n * n - by_chance) if n * n > by_chance else None


def _label(value: Any) -> str:
    if value is None:
        return NULL
    return str(value).lower() if isinstance(value, bool) else str(value)
