"""How good a version is on its test set: each field scored, with an interval, and the worst cases."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from furrow.config.models import FieldSpec
from furrow.config.use_case import UseCase, Version
from furrow.engine.record import Outcome, Work
from furrow.evaluation.cases import Case
from furrow.evaluation.confidence import interval
from furrow.evaluation.counts import Counts, Reported, Tally
from furrow.evaluation.evaluators import WRONG, Verdict, evaluate

WORST_CASES = 20


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


class FieldScore(Reported):
    """One result field over the cases that label it. interval: 95 %, of the accuracy.

    accuracy: share that is right; mean_score: for a list the mean F1, else the same as accuracy.
    Both are None when no case was judged.
    """

    type: str
    n: int
    correct: int
    accuracy: float | None
    interval: tuple[float, float]
    mean_score: float | None


class Miss(Reported):
    """A wrong value to look at; `field` is None when the whole record was rejected, and `why` says why."""

    id: str
    slice: str | None
    field: str | None
    expected: Any
    got: Any
    score: float
    why: str | None


class EvalReport(Counts):
    """A version on its test set.

    complete: every case came to an end. Cases that failed for now (or never came) are in no field's n, but
    count against the valid rate; then the report is incomplete, `notes` says why, and no gate passes it.
    valid_rate: accepted cases of all. worst: the wrong values of the worst cases first.
    judgements: every single one; not part of the JSON.
    """

    use_case: str
    release: str
    complete: bool
    notes: list[str]
    valid_rate: float | None
    valid_interval: tuple[float, float]
    cost_usd_per_1k: float | None
    fields: dict[str, FieldScore]
    worst: list[Miss]
    judgements: tuple[Judgement, ...] = Field(exclude=True)


def score(cases: Sequence[Case], works: Iterable[Work], use_case: UseCase, version: Version) -> EvalReport:
    """Judge what the pipeline made of the cases. The order of `works` does not matter.

    Raises ValueError when a work belongs to no case, or two to one.
    """
    done = _by_case(cases, works)
    specs = version.result.specs
    judgements = tuple(judgement for case in cases for judgement in _judge(case, done.get(case.id), specs))
    tally = Tally()
    for case in cases:
        if case.id in done:
            tally.add(done[case.id])
        else:
            tally.skip()
    counts = tally.counts()
    notes = list(_notes(counts))
    accepted = counts.outcomes[Outcome.ACCEPTED]
    return EvalReport(
        **dict(counts),
        use_case=use_case.name,
        release=version.release,
        complete=not notes,
        notes=notes,
        valid_rate=_share(accepted, counts.records),
        valid_interval=interval(accepted, counts.records),
        cost_usd_per_1k=_per_1k(counts),
        fields={name: _field_score(name, spec, judgements) for name, spec in specs.items()},
        worst=_worst(judgements),
        judgements=judgements,
    )


def _by_case(cases: Sequence[Case], works: Iterable[Work]) -> dict[str, Work]:
    ids = {case.record.id: case.id for case in cases}
    done: dict[str, Work] = {}
    for work in works:
        case_id = ids.get(work.record.id)
        if case_id is None or case_id in done:
            raise ValueError(f"the work `{work.record.id}` belongs to no case, or to one that has a work")
        done[case_id] = work
    return done


def _judge(case: Case, work: Work | None, specs: Mapping[str, FieldSpec]) -> Iterator[Judgement]:
    if work is None or work.outcome not in (Outcome.ACCEPTED, Outcome.REJECTED):
        return
    if work.rejection is not None:
        why = f"{work.rejection.reason} at {work.rejection.step}: {work.rejection.message}"
        for field, expected in case.expected.items():
            yield Judgement(case, field, expected, None, WRONG, why)
        return
    result = work.result or {}
    for field, expected in case.expected.items():
        got = result.get(field)
        yield Judgement(case, field, expected, got, evaluate(specs[field], expected, got))


def _field_score(name: str, spec: FieldSpec, judgements: Sequence[Judgement]) -> FieldScore:
    verdicts = [judgement.verdict for judgement in judgements if judgement.field == name]
    n, correct = len(verdicts), sum(verdict.correct for verdict in verdicts)
    return FieldScore(
        type=spec.type,
        n=n,
        correct=correct,
        accuracy=_share(correct, n),
        interval=interval(correct, n),
        mean_score=_share(math.fsum(verdict.score for verdict in verdicts), n),
    )


def _notes(counts: Counts) -> Iterator[str]:
    failed = counts.outcomes[Outcome.FAILED]
    if failed:
        reasons = ", ".join(f"{reason} {n}" for reason, n in counts.failures.items())
        yield (
            f"{failed} of {counts.records} cases failed for now ({reasons}) and are not judged: "
            "run it again, what was paid for is kept"
        )
    open_cases = counts.records - sum(counts.outcomes[outcome] for outcome in Outcome)
    if open_cases:
        yield f"{open_cases} of {counts.records} cases did not come to an end and are not judged"


def _worst(judgements: Sequence[Judgement]) -> list[Miss]:
    """Cases by their mean score, the lowest first; a rejected one in one line."""
    by_case: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        by_case.setdefault(judgement.case.id, []).append(judgement)
    ranked = sorted(by_case.values(), key=_mean_score)
    return [miss for found in ranked for miss in _misses(found)][:WORST_CASES]


def _mean_score(judgements: Sequence[Judgement]) -> tuple[float, str]:
    scores = math.fsum(judgement.verdict.score for judgement in judgements)
    return scores / len(judgements), judgements[0].case.id


def _misses(judgements: Sequence[Judgement]) -> Iterator[Miss]:
    case, why = judgements[0].case, judgements[0].rejected
    if why is not None:
        yield Miss(
            id=case.id, slice=case.slice, field=None, expected=case.expected, got=None, score=0, why=why
        )
        return
    for found in judgements:
        if not found.verdict.correct:
            yield Miss(
                id=case.id,
                slice=case.slice,
                field=found.field,
                expected=found.expected,
                got=found.got,
                score=found.verdict.score,
                why=None,
            )


def _per_1k(counts: Counts) -> float | None:
    if counts.cost_usd is None or not counts.records:
        return None
    return counts.cost_usd / counts.records * 1000


def _share(part: float, n: int) -> float | None:
    return part / n if n else None
