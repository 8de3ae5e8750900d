"""Is a version right every time? Its cases, run k times with samples of their own (pass^k)."""

from __future__ import annotations

from collections.abc import Sequence

from furrow.evaluation.confidence import interval
from furrow.evaluation.counts import Reported
from furrow.evaluation.scoring import EvalReport


class Consistency(Reported):
    """pass^k: share of cases whose every labelled value is right in each of k repeats. interval: 95 %.

    S. Yao et al., tau-bench: a benchmark for tool-agent-user interaction in real-world domains (2024).
    same: share of cases whose results are equal in all repeats, right or wrong.
    """

    k: int
    n: int
    right: int
    rate: float | None
    interval: tuple[float, float]
    same: float | None


def consistency(repeats: Sequence[EvalReport]) -> Consistency | None:
    """Over the repeats of one version; None with fewer than two."""
    if len(repeats) < 2:
        return None
    rights = [_right(report) for report in repeats]
    results = [_results(report) for report in repeats]
    cases = set.intersection(*(set(right) for right in rights))
    every = sum(all(right[case] for right in rights) for case in cases)
    same = sum(all(found[case] == results[0][case] for found in results) for case in cases)
    n = len(cases)
    return Consistency(
        k=len(repeats),
        n=n,
        right=every,
        rate=every / n if n else None,
        interval=interval(every, n),
        same=same / n if n else None,
    )


def _right(report: EvalReport) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for each in report.judgements:
        found[each.case.id] = found.get(each.case.id, True) and each.verdict.correct
    return found


def _results(report: EvalReport) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    for each in report.judgements:
        found.setdefault(each.case.id, []).append([each.field, each.got, each.rejected])
    return found
