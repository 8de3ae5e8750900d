"""How good a version is on each kind of input that the authors of the test set have named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from furrow.engine.record import Outcome, Work
from furrow.evaluation.cases import Case
from furrow.evaluation.confidence import interval
from furrow.evaluation.counts import Reported
from furrow.evaluation.judgement import Judgement, Rate


class SliceScore(Reported):
    """The cases of one slice. valid_rate: accepted ones of all; fields: those that a case of it labels."""

    n: int
    valid_rate: float | None
    valid_interval: tuple[float, float]
    fields: dict[str, Rate]


def slice_scores(
    cases: Sequence[Case], done: Mapping[str, Work], judgements: Sequence[Judgement], fields: Iterable[str]
) -> dict[str, SliceScore]:
    """By slice, in alphabetical order; a case counts in each slice that it names. fields: in their order."""
    order = list(fields)
    names = sorted({name for case in cases for name in case.slices})
    return {
        name: _slice_score(
            [case for case in cases if name in case.slices],
            done,
            [judgement for judgement in judgements if name in judgement.case.slices],
            order,
        )
        for name in names
    }


def _slice_score(
    cases: Sequence[Case], done: Mapping[str, Work], judgements: Sequence[Judgement], order: Sequence[str]
) -> SliceScore:
    ended = [done[case.id].outcome for case in cases if case.id in done]
    accepted = ended.count(Outcome.ACCEPTED)
    fields: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        fields.setdefault(judgement.field, []).append(judgement)
    return SliceScore(
        n=len(cases),
        valid_rate=accepted / len(cases) if cases else None,
        valid_interval=interval(accepted, len(cases)),
        fields={field: Rate.of(fields[field]) for field in order if field in fields},
    )
