"""Price and quality of versions and models next to each other: which is worth its money, and for what."""

from __future__ import annotations

from collections.abc import Sequence

from furrow.evaluation.comparison import compare_field
from furrow.evaluation.counts import Reported
from furrow.evaluation.paired import ALPHA
from furrow.evaluation.scoring import EvalReport


class Choice(Reported):
    """One version with one model (None: its own). accuracy: of each labelled field, a list's mean F1;
    slices: of each field in each slice, `field · slice`, from 10 labelled cases on.

    front: no other choice is at least as good in all of mean accuracy and cost, and better in one.
    """

    release: str
    model: str | None
    valid_rate: float | None
    accuracy: dict[str, float]
    slices: dict[str, float]
    mean: float | None
    cost_usd_per_1k: float | None
    seconds_p95: float | None
    front: bool = False

    @property
    def name(self) -> str:
        """`v2@3f2a9c1d` or `v2@3f2a9c1d with local-small`."""
        return choice_name(self.release, self.model)


def choice_name(release: str, model: str | None) -> str:
    """What a version with a model is called; None: with its own models."""
    return release if model is None else f"{release} with {model}"


class Choices(Reported):
    """cheapest: field, and `field · slice` -> the cheapest choice that is not shown worse than the best.

    A slice counts from 10 labelled cases on; a choice whose price is unknown is the dearest.
    """

    rows: list[Choice]
    cheapest: dict[str, str]


LEAST_CASES = 10


def choices(reports: Sequence[EvalReport]) -> Choices:
    """The reports must be of the same cases."""
    rows = [_choice(report) for report in reports]
    rows = [row.model_copy(update={"front": _on_front(row, rows)}) for row in rows]
    by_name = dict(zip([row.name for row in rows], reports, strict=True))
    slices = dict.fromkeys(name for report in reports for name in report.slices)
    cheapest = _cheapest(by_name)
    for part in slices:
        of_slice = {name: _only(report, part) for name, report in by_name.items()}
        cheapest |= {f"{field} · {part}": name for field, name in _cheapest(of_slice).items()}
    return Choices(rows=rows, cheapest=cheapest)


def _choice(report: EvalReport) -> Choice:
    accuracy = {
        name: field.mean_score
        for name, field in report.fields.items()
        if field.n and field.mean_score is not None
    }
    return Choice(
        release=report.release,
        model=report.scope.model,
        valid_rate=report.valid_rate,
        accuracy=accuracy,
        slices={
            f"{field} · {part}": sum(scores) / len(scores)
            for part in report.slices
            for field, scores in _scores(_only(report, part)).items()
            if len(scores) >= LEAST_CASES
        },
        mean=sum(accuracy.values()) / len(accuracy) if accuracy else None,
        cost_usd_per_1k=report.cost_usd_per_1k,
        seconds_p95=report.seconds.p95,
    )


def _on_front(row: Choice, rows: Sequence[Choice]) -> bool:
    if row.mean is None or row.cost_usd_per_1k is None:
        return False
    mine = (row.mean, -row.cost_usd_per_1k)
    others = [
        (other.mean, -other.cost_usd_per_1k)
        for other in rows
        if other.mean is not None and other.cost_usd_per_1k is not None
    ]
    return not any(mean >= mine[0] and cost >= mine[1] and (mean, cost) != mine for mean, cost in others)


def _only(report: EvalReport, part: str) -> EvalReport:
    """The judgements of one slice."""
    kept = tuple(each for each in report.judgements if part in each.case.slices)
    return report.model_copy(update={"judgements": kept})


def _cheapest(reports: dict[str, EvalReport]) -> dict[str, str]:
    scores = {name: _scores(report) for name, report in reports.items()}
    fields = dict.fromkeys(field for found in scores.values() for field in found)
    found = {}
    for field in fields:
        known = {name: each.get(field, []) for name, each in scores.items()}
        if min(map(len, known.values())) < LEAST_CASES:
            continue
        best = max(known, key=lambda name: sum(known[name]) / len(known[name]))
        good = (name for name in known if not _shown_worse(reports[best], reports[name], field))
        found[field] = min(good, key=lambda name: _price(reports[name]))
    return found


def _scores(report: EvalReport) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for each in report.judgements:
        found.setdefault(each.field, []).append(each.verdict.score)
    return found


def _shown_worse(best: EvalReport, other: EvalReport, field: str) -> bool:
    found = compare_field(best, other, field)
    return found.n > 0 and found.p_worse < ALPHA


def _price(report: EvalReport) -> float:
    return float("inf") if report.cost_usd_per_1k is None else report.cost_usd_per_1k
