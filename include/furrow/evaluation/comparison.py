"""A candidate next to the live version on the same cases: better, worse, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import Field

from furrow.evaluation.counts import Reported
from furrow.evaluation.judgement import Judgement
from furrow.evaluation.paired import Paired, holm, of_scores, of_verdicts
from furrow.evaluation.scoring import EvalReport

VALID_RATE = "valid_rate"


class Compared(Reported):
    """One field, or the valid rate, of both on the cases that both have. See `paired.Paired` for the figures.

    live, candidate: the accuracy of each (of a list its mean F1); margin: how much worse is allowed;
    p_worse_corrected: after Holm's correction for all that was asked; asked: how many fields that was.
    """

    n: int
    better: int
    worse: int
    live: float | None
    candidate: float | None
    difference: float
    interval: tuple[float, float]
    margin: float
    p_no_worse: float
    p_worse: float
    p_worse_corrected: float
    detectable: float
    asked: int = 1


class Change(Reported):
    """A value whose score differs: right in one and wrong in the other, or a list with another F1.

    better: the candidate's score is the higher one.
    """

    id: str
    slices: list[str]
    field: str
    expected: object
    before: object
    after: object
    better: bool


class Comparison(Reported):
    """live, candidate: the releases; fields: by result field, with `valid_rate` first."""

    live: str
    candidate: str
    fields: dict[str, Compared]
    changes: list[Change] = Field(default_factory=list)

    @property
    def better(self) -> list[Change]:
        """What the candidate has more right than the live one."""
        return [change for change in self.changes if change.better]

    @property
    def worse(self) -> list[Change]:
        """What the live one has more right than the candidate."""
        return [change for change in self.changes if not change.better]


def compare(
    live: EvalReport, candidate: EvalReport, margins: Mapping[str, float] | None = None
) -> Comparison:
    """The candidate next to live, on the cases that both have judged.

    margins: field or `valid_rate` -> by how much of 1 it may be worse. Holm's correction is over these, or
    over all fields without any.
    """
    allowed = margins or {}
    pairs = _pairs(live.judgements, candidate.judgements)
    found = {VALID_RATE: _valid_rate(live, candidate, allowed.get(VALID_RATE, 0.0))}
    for name in dict.fromkeys([*live.fields, *candidate.fields]):
        found[name] = _field(pairs.get(name, []), allowed.get(name, 0.0))
    return Comparison(
        live=live.release,
        candidate=candidate.release,
        fields=corrected(found, [name for name in found if name in allowed] or list(found)),
        changes=[change for name in pairs for change in _changes(name, pairs[name])],
    )


def compare_field(live: EvalReport, candidate: EvalReport, name: str) -> Compared:
    """One field alone, without a margin and without a correction."""
    return _field(_pairs(live.judgements, candidate.judgements).get(name, []), 0.0)


Pair = tuple[Judgement, Judgement]


def _pairs(live: Sequence[Judgement], candidate: Sequence[Judgement]) -> dict[str, list[Pair]]:
    """By field, the judgements of the same case by both."""
    known = {(each.case.id, each.field): each for each in live}
    pairs: dict[str, list[Pair]] = {}
    for each in candidate:
        if (before := known.get((each.case.id, each.field))) is not None:
            pairs.setdefault(each.field, []).append((before, each))
    return pairs


def _field(pairs: Sequence[Pair], margin: float) -> Compared:
    if any(each.verdict.items is not None for pair in pairs for each in pair):
        live, candidate = ([each.verdict.score for each in side] for side in _sides(pairs))
        return compared(of_scores(live, candidate, margin), live, candidate, margin)
    before, after = ([each.verdict.correct for each in side] for side in _sides(pairs))
    return compared(of_verdicts(before, after, margin), before, after, margin)


def _sides(pairs: Sequence[Pair]) -> tuple[list[Judgement], list[Judgement]]:
    return [before for before, _ in pairs], [after for _, after in pairs]


def _valid_rate(live: EvalReport, candidate: EvalReport, margin: float) -> Compared:
    cases = sorted(live.ended.keys() & candidate.ended.keys())
    before, after = ([side.ended[case] for case in cases] for side in (live, candidate))
    return compared(of_verdicts(before, after, margin), before, after, margin)


def compared(found: Paired, live: Sequence[float], candidate: Sequence[float], margin: float) -> Compared:
    """The figures of one field, with the means of both."""
    figures: dict[str, Any] = {name: getattr(found, name) for name in Paired.__dataclass_fields__}
    rates = {"live": _mean(live), "candidate": _mean(candidate)}
    return Compared(**figures, **rates, margin=margin, p_worse_corrected=found.p_worse)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def corrected(found: dict[str, Compared], asked: list[str]) -> dict[str, Compared]:
    """The same with Holm's correction for all that was asked."""
    ps = holm([found[name].p_worse for name in asked])
    for name, p in zip(asked, ps, strict=True):
        found[name] = found[name].model_copy(update={"p_worse_corrected": p, "asked": len(asked)})
    return found


def _changes(field: str, pairs: Sequence[Pair]) -> Iterator[Change]:
    for before, after in pairs:
        if _points(before) != _points(after):
            yield Change(
                id=after.case.id,
                slices=list(after.case.slices),
                field=field,
                expected=after.expected,
                before=before.got if before.rejected is None else f"(rejected: {before.rejected})",
                after=after.got if after.rejected is None else f"(rejected: {after.rejected})",
                better=_points(after) > _points(before),
            )


def _points(judgement: Judgement) -> tuple[float, bool]:
    return judgement.verdict.score, judgement.verdict.correct
