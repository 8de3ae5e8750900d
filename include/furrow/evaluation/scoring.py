"""How good a version is on its test set: each field scored, with an interval, and the worst cases."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydantic import Field

from furrow.config.use_case import UseCase, Version
from furrow.engine.record import Outcome, Work
from furrow.evaluation.agreement import judges_of
from furrow.evaluation.cases import Case
from furrow.evaluation.confidence import interval
from furrow.evaluation.counts import Counts, Reported, Tally
from furrow.evaluation.judgement import FieldScore, Judgement, field_score, judge_case
from furrow.evaluation.leaks import leaked
from furrow.evaluation.scope import Scope, prompt_hashes
from furrow.evaluation.slices import SliceScore, slice_scores

__all__ = ["EvalReport", "FieldScore", "Judgement", "Leak", "Miss", "Scope", "score"]

WORST_CASES = 20


class Miss(Reported):
    """A wrong value to look at; `field` is None when the whole record was rejected, and `why` says why."""

    id: str
    slices: list[str]
    field: str | None
    expected: object
    got: object
    score: float
    why: str | None


class Leak(Reported):
    """An accepted case whose result has texts that must never come out."""

    id: str
    slices: list[str]
    texts: list[str]
    result: object


class EvalReport(Counts):
    """A version on its test set.

    complete: every case came to an end. Cases that failed for now (or never came) are in no field's n, but
    count against the valid rate; then the report is incomplete, `notes` says why, and no gate passes it.
    valid_rate: accepted cases of all. worst: the wrong values of the worst cases first.
    guarded: accepted cases with a text that must never come out; leaks: those of them in which one did, and
    leaked, which; no gate passes a report with a leak. prompts: the hash of each step's folder.
    judges: result field -> the judge steps that decide it.
    judgements: every single one, and ended: by case whether it was accepted; not part of the JSON.
    """

    use_case: str
    release: str
    complete: bool
    notes: list[str]
    valid_rate: float | None
    valid_interval: tuple[float, float]
    cost_usd_per_1k: float | None
    fields: dict[str, FieldScore]
    slices: dict[str, SliceScore] = Field(default_factory=dict)
    guarded: int = 0
    leaks: int = 0
    leaked: list[Leak] = Field(default_factory=list)
    worst: list[Miss]
    scope: Scope = Scope()
    prompts: dict[str, str] = Field(default_factory=dict)
    judges: dict[str, list[str]] = Field(default_factory=dict)
    judgements: tuple[Judgement, ...] = Field(exclude=True)
    ended: dict[str, bool] = Field(default_factory=dict, exclude=True)


def score(
    cases: Sequence[Case],
    works: Iterable[Work],
    use_case: UseCase,
    version: Version,
    scope: Scope | None = None,
) -> EvalReport:
    """Judge what the pipeline made of the cases. The order of `works` does not matter.

    Raises ValueError when a work belongs to no case, or two to one.
    """
    done, specs = _by_case(cases, works), version.result.specs
    judgements = tuple(found for case in cases for found in judge_case(case, done.get(case.id), specs))
    counts = _tally(cases, done).counts()
    notes = list(_notes(counts))
    accepted = counts.outcomes[Outcome.ACCEPTED]
    leaks = [leak for case in cases for leak in _leaks(case, done.get(case.id))]
    return EvalReport(
        **dict(counts),
        use_case=use_case.name,
        release=version.release,
        complete=not notes,
        notes=notes,
        valid_rate=accepted / counts.records if counts.records else None,
        valid_interval=interval(accepted, counts.records),
        cost_usd_per_1k=_per_1k(counts),
        fields={name: field_score(name, spec, judgements) for name, spec in specs.items()},
        slices=slice_scores(cases, done, judgements, specs),
        guarded=sum(1 for case in cases if case.forbidden and _result(done.get(case.id)) is not None),
        leaks=len(leaks),
        leaked=leaks,
        worst=_worst(judgements),
        scope=scope or Scope(),
        prompts=prompt_hashes(version),
        judges=judges_of(version),
        judgements=judgements,
        ended={
            name: work.outcome is Outcome.ACCEPTED
            for name, work in done.items()
            if work.outcome in (Outcome.ACCEPTED, Outcome.REJECTED)
        },
    )


def _tally(cases: Sequence[Case], done: Mapping[str, Work]) -> Tally:
    tally = Tally()
    for case in cases:
        if case.id in done:
            tally.add(done[case.id])
        else:
            tally.skip()
    return tally


def _result(work: Work | None) -> object:
    return work.result if work is not None and work.outcome is Outcome.ACCEPTED else None


def _leaks(case: Case, work: Work | None) -> Iterator[Leak]:
    texts = leaked(case.forbidden, _result(work))
    if texts:
        yield Leak(id=case.id, slices=list(case.slices), texts=texts, result=_result(work))


def _by_case(cases: Sequence[Case], works: Iterable[Work]) -> dict[str, Work]:
    ids = {case.record.id: case.id for case in cases}
    done: dict[str, Work] = {}
    for work in works:
        case_id = ids.get(work.record.id)
        if case_id is None or case_id in done:
            raise ValueError(f"the work `{work.record.id}` belongs to no case, or to one that has a work")
        done[case_id] = work
    return done


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
    """The wrong values of the worst cases by mean score, the lowest first; a rejected case in one."""
    by_case: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        by_case.setdefault(judgement.case.id, []).append(judgement)
    ranked = sorted(by_case.values(), key=_mean_score)
    wrong = [misses for found in ranked if (misses := list(_misses(found)))]
    return [miss for misses in wrong[:WORST_CASES] for miss in misses]


def _mean_score(judgements: Sequence[Judgement]) -> tuple[float, str]:
    scores = math.fsum(judgement.verdict.score for judgement in judgements)
    return scores / len(judgements), judgements[0].case.id


def _misses(judgements: Sequence[Judgement]) -> Iterator[Miss]:
    case, why = judgements[0].case, judgements[0].rejected
    if why is not None:
        yield Miss(
            id=case.id,
            slices=list(case.slices),
            field=None,
            expected=case.expected,
            got=None,
            score=0,
            why=why,
        )
        return
    for found in judgements:
        if not found.verdict.correct:
            yield Miss(
                id=case.id,
                slices=list(case.slices),
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
