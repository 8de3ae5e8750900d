"""Has the spread of a field's values changed? The population stability index, and its share of chance."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from furrow.evaluation.counts import Reported
from furrow.evaluation.distribution import POINTS, Distribution, Quantile

_DECILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
_CHANCE = 0.05


class FieldDrift(Reported):
    """One field now and before. Where there is nothing to compare with, the figures are None.

    runs, n_before: earlier runs that have this field with this type, and their accepted records.
    null_rate_difference: now minus before. psi: of the values that are not null; by custom below 0.1 is calm
    and above 0.25 a change, but mind psi_by_chance: 19 in 20 unchanged runs of this size stay below it.
    """

    runs: int
    n: int
    n_before: int
    null_rate: float | None
    null_rate_before: float | None
    null_rate_difference: float | None
    psi: float | None
    psi_by_chance: float | None


def field_drift(now: Distribution, before: Sequence[Distribution]) -> FieldDrift:
    """Compare with all of `before` taken together; they have the type and the measure of `now`."""
    n_before = sum(found.n for found in before)
    rate_before = sum(found.nulls for found in before) / n_before if n_before else None
    known = now.null_rate is not None and rate_before is not None
    index, by_chance = _index(now, [found for found in before if found.filled])
    return FieldDrift(
        runs=len(before),
        n=now.n,
        n_before=n_before,
        null_rate=now.null_rate,
        null_rate_before=rate_before,
        null_rate_difference=(now.null_rate or 0.0) - (rate_before or 0.0) if known else None,
        psi=index,
        psi_by_chance=by_chance,
    )


def psi(before: Sequence[float], now: Sequence[float], least: float = 0.0) -> float:
    """Population stability index of two histograms over the same bins: sum of (q - p) ln(q / p).

    p and q are the bins' shares before and now. It is 0 for equal shares, never negative, and the same
    both ways round. A share below `least` counts as that, so that an empty bin is not infinitely far from
    a used one; bins empty on both sides count nothing.
    Source: N. Siddiqi, Credit Risk Scorecards (Wiley, 2006). Raises ValueError when a side is empty.
    """
    total_before, total_now = math.fsum(before), math.fsum(now)
    if not total_before or not total_now:
        raise ValueError("a histogram is empty")
    shares = [
        (max(p / total_before, least), max(q / total_now, least))
        for p, q in zip(before, now, strict=True)
        if p or q
    ]
    return math.fsum(_term(p, q) for p, q in shares)


def _term(p: float, q: float) -> float:
    if p == q:
        return 0.0
    return (q - p) * math.log(q / p) if p and q else math.inf


def psi_by_chance(bins: int, n_before: int, n: int) -> float:
    """What 19 in 20 samples of these sizes stay below when nothing has changed.

    The index is then about (1/n + 1/n_before) times a chi-square of bins - 1 degrees of freedom.
    Source: B. Yurdakul and J. Naranjo, Statistical properties of the population stability index,
    Journal of Risk Model Validation 14 (2020).
    """
    from scipy.special import chdtri  # type: ignore[import-untyped]

    return float(chdtri(bins - 1, _CHANCE)) * (1 / n + 1 / n_before) if bins > 1 else 0.0


def _index(now: Distribution, before: Sequence[Distribution]) -> tuple[float | None, float | None]:
    n, n_before = now.filled, sum(found.filled for found in before)
    if not n or not n_before:
        return None, None
    if now.counts is not None:
        old, new = _histograms_of_counts(now, before)
        resolution = min(n, n_before)
    else:
        old, new = _histograms_of_percentiles(now, before)
        resolution = min(n, n_before, POINTS)
    bins = sum(1 for p, q in zip(old, new, strict=True) if p or q)
    return psi(old, new, 0.5 / resolution), psi_by_chance(bins, n_before, n)


def _histograms_of_counts(
    now: Distribution, before: Sequence[Distribution]
) -> tuple[list[float], list[float]]:
    new, old = Counter(now.counts or {}), Counter[str]()
    for found in before:
        old.update(found.counts or {})
    bins = sorted(old | new)
    return [old[name] for name in bins], [new[name] for name in bins]


def _histograms_of_percentiles(
    now: Distribution, before: Sequence[Distribution]
) -> tuple[list[float], list[float]]:
    """Ten bins of equal share before, and one more on each side for what was not there before."""
    import numpy as np

    points = np.concatenate([_numbers(found) for found in before])
    weights = np.repeat([found.filled for found in before], POINTS)  # whole numbers: exact shares
    deciles = np.quantile(points, _DECILES, method="inverted_cdf", weights=weights)
    below = np.nextafter(points.min(), -np.inf)
    edges = np.unique([below, *deciles, points.max()])
    size = len(edges) + 1
    old = np.bincount(np.searchsorted(edges, points), weights=weights, minlength=size)
    new = np.bincount(np.searchsorted(edges, _numbers(now)), minlength=size)
    return old.tolist(), new.tolist()


def _numbers(found: Distribution) -> Any:
    import numpy as np

    return np.asarray([_number(point) for point in found.percentiles or ()], dtype=np.float64)


def _number(point: Quantile) -> float:
    return float(date.fromisoformat(point).toordinal()) if isinstance(point, str) else float(point)
