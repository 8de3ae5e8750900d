"""What of a report is watched for drift, as histograms over bins that stay the same."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from furrow.engine.record import Outcome
from furrow.evaluation.distribution import POINTS, Distribution, Quantile
from furrow.evaluation.run_report import RunReport

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

_DECILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


@dataclass(frozen=True)
class Chunk:
    """What a release did in an hour, or in a run: the reports of its windows, in any order."""

    reports: tuple[RunReport, ...]

    @property
    def records(self) -> int:
        """Of all windows together."""
        return sum(report.records for report in self.reports)

    @property
    def cost_per_record(self) -> float | None:
        """US dollars; None when a price is unknown, or nothing came."""
        costs = [report.cost_usd for report in self.reports]
        if not self.records or None in costs:
            return None
        return math.fsum(cost for cost in costs if cost is not None) / self.records

    def counts(self) -> dict[str, Counter[str]]:
        """What is counted already: outcomes, rungs, and for each field null or not."""
        found = {"outcome": Counter[str](), "rungs": Counter[str]()}
        for report in self.reports:
            found["outcome"].update({name: report.outcomes.get(name, 0) for name in _ENDS})
            found["rungs"].update(report.rungs)
            for name, field in report.fields.items():
                nulls = found.setdefault(f"{name}: null", Counter())
                nulls.update({"null": field.nulls, "filled": field.filled})
        return found

    def of_field(self, name: str) -> list[Distribution]:
        """The field in every window that has a value in it."""
        return [
            field
            for report in self.reports
            if (field := report.fields.get(name)) is not None and field.filled
        ]


_ENDS = (Outcome.ACCEPTED, Outcome.REJECTED)


def histograms(before: Sequence[Chunk], now: Chunk) -> dict[str, tuple[Numbers, Numbers]]:
    """By what is watched, the counts before (chunks x bins) and now (bins), over the bins of `before`.

    A field whose type or measure is another one now is left out.
    """
    counted = [chunk.counts() for chunk in before]
    found = {
        name: _of_counts([chunk.get(name, Counter()) for chunk in counted], counts)
        for name, counts in now.counts().items()
    }
    fields = dict.fromkeys(name for report in now.reports for name in report.fields)
    for name in fields:
        if (shown := _of_field(name, before, now)) is not None:
            found[name] = shown
    return found


def _of_counts(before: Sequence[Mapping[str, float]], now: Mapping[str, float]) -> tuple[Numbers, Numbers]:
    import numpy as np

    bins = sorted({name for counts in (*before, now) for name in counts})
    rows = [[counts.get(name, 0.0) for name in bins] for counts in before]
    return np.asarray(rows, float).reshape(len(before), len(bins)), np.asarray(
        [now.get(b, 0) for b in bins], float
    )


def _of_field(name: str, before: Sequence[Chunk], now: Chunk) -> tuple[Numbers, Numbers] | None:
    new, old = now.of_field(name), [chunk.of_field(name) for chunk in before]
    kinds = {(found.type, found.measure) for found in (*new, *(one for chunk in old for one in chunk))}
    if len(kinds) != 1 or not new:
        return None
    if new[0].counts is not None:
        return _of_counts([_added(chunk) for chunk in old], _added(new))
    return _of_percentiles(old, new)


def _added(found: Iterable[Distribution]) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in found:
        total.update(one.counts or {})
    return total


def _of_percentiles(
    before: Sequence[Sequence[Distribution]], now: Sequence[Distribution]
) -> tuple[Numbers, Numbers] | None:
    """Ten bins of about equal share before, and one more on each side for what was not there before."""
    import numpy as np

    known = [one for chunk in before for one in chunk]
    if not known:
        return None
    points = np.concatenate([_numbers(one) for one in known])
    weights = np.repeat([one.filled for one in known], POINTS)  # whole numbers: exact shares
    deciles = np.quantile(points, _DECILES, method="inverted_cdf", weights=weights)
    edges = np.unique([np.nextafter(points.min(), -np.inf), *deciles, points.max()])

    def histogram(found: Sequence[Distribution]) -> Numbers:
        total = np.zeros(len(edges) + 1)
        for one in found:
            places = np.searchsorted(edges, _numbers(one))
            total += np.bincount(places, minlength=len(edges) + 1) * (one.filled / POINTS)
        return total

    return np.asarray([histogram(chunk) for chunk in before]), histogram(now)


def _numbers(found: Distribution) -> Any:
    import numpy as np

    return np.asarray([_number(point) for point in found.percentiles or ()], dtype=np.float64)


def _number(point: Quantile) -> float:
    return float(date.fromisoformat(point).toordinal()) if isinstance(point, str) else float(point)
