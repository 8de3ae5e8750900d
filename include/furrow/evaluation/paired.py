"""Two versions on the same cases: is the one no worse than the other, by more than a margin?

Right or wrong: exact McNemar without a margin, Tango's score test with one, corrected for continuity (without
that a wrong promotion comes in up to 6 of 100 gates, a wrong refusal in up to 9). Scores between 0 and 1: a
paired bootstrap of their mean difference.

Sources: Q. McNemar, Note on the sampling error of the difference between correlated proportions or
percentages, Psychometrika 12 (1947). A. Edwards, Note on the "correction for continuity" in testing the
significance of the difference between correlated proportions, Psychometrika 13 (1948). T. Tango, Equivalence
test and confidence interval for the difference in proportions for the paired-sample design, Statistics in
Medicine 17 (1998). B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993). R. Connor, Sample
size for testing differences in proportions for the paired-sample design, Biometrics 43 (1987).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

ALPHA, POWER = 0.05, 0.8
"""One-sided: a claim that is not true is made in at most 5 of 100 gates."""
_SEED, _RESAMPLES = 20261125, 2000


@dataclass(frozen=True, slots=True)
class Paired:
    """What n cases say of candidate minus live. interval: 95 %, of the difference.

    p_no_worse: chance of figures this good if the candidate were worse by the margin; p_worse: of figures
    this bad if it were worse by no more than that. detectable: the smallest drop that this many cases show
    to be one in 4 of 5 gates.
    """

    n: int
    better: int
    worse: int
    difference: float
    interval: tuple[float, float]
    p_no_worse: float
    p_worse: float
    detectable: float


NOTHING = Paired(0, 0, 0, 0.0, (-1.0, 1.0), 1.0, 1.0, 1.0)


def of_verdicts(live: Sequence[bool], candidate: Sequence[bool], margin: float = 0.0) -> Paired:
    """Right or wrong, case by case in the same order."""
    n = len(live)
    if n == 0:
        return NOTHING
    better = sum(new and not old for old, new in zip(live, candidate, strict=True))
    worse = sum(old and not new for old, new in zip(live, candidate, strict=True))
    p_no_worse, p_worse = p_values(n, better, worse, margin)
    return Paired(
        n=n,
        better=better,
        worse=worse,
        difference=(better - worse) / n,
        interval=_score_interval(n, better, worse),
        p_no_worse=p_no_worse,
        p_worse=p_worse,
        detectable=detectable(n, (better + worse) / n),
    )


def of_scores(live: Sequence[float], candidate: Sequence[float], margin: float = 0.0) -> Paired:
    """Scores from 0 to 1, case by case in the same order.

    Each p-value is of a mean that is half a case less good (or bad): few changed cases are as coarse as
    counts, and without it a version worse by the margin passes 50 cases in 7 of 100 gates.
    """
    import numpy as np

    n = len(live)
    changes = np.asarray(candidate, dtype=float) - np.asarray(live, dtype=float)
    if n == 0:
        return NOTHING
    better, worse = int((changes > 0).sum()), int((changes < 0).sum())
    if not better and not worse:  # a bootstrap of zeros is sure of everything: ask the counts instead
        return of_verdicts([True] * n, [True] * n, margin)
    if n == 1:  # nothing to draw from
        return replace(of_verdicts([worse == 1], [better == 1], margin), difference=float(changes[0]))
    means, half_a_case = _resampled_means(changes), 0.5 / n
    low, high = np.quantile(means, [0.025, 0.975])
    deviation = float(changes.std(ddof=1))
    return Paired(
        n=n,
        better=better,
        worse=worse,
        difference=float(changes.mean()),
        interval=(float(low), float(high)),
        p_no_worse=_share(means <= half_a_case - margin),
        p_worse=_share(means >= -half_a_case - margin),
        detectable=min(1.0, (_z(1 - ALPHA) + _z(POWER)) * deviation / math.sqrt(n)),
    )


def detectable(n: int, discordance: float) -> float:
    """The smallest drop, as a share of 1, that n pairs show to be one with power 0.8 (one-sided 5 %).

    discordance: share of cases on which the two differ; at least one case in n is taken to. Connor (1987).
    """
    from scipy.optimize import brentq  # type: ignore[import-untyped]

    share = min(1.0, max(discordance, 1 / n))

    def short_by(drop: float) -> float:
        needed = _z(1 - ALPHA) * math.sqrt(share) + _z(POWER) * math.sqrt(max(share - drop**2, 0.0))
        return drop * math.sqrt(n) - needed

    most = math.sqrt(share)
    return float(brentq(short_by, 0.0, most)) if short_by(most) > 0 else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values corrected for asking so many questions at once; in their order.

    S. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6
    (1979).
    """
    if not p_values:
        return []
    from statsmodels.stats.multitest import multipletests  # type: ignore[import-untyped]

    return [float(p) for p in multipletests(p_values, ALPHA, method="holm")[1]]


def p_values(n: int, better: int, worse: int, margin: float) -> tuple[float, float]:
    """Of the claims that it is no worse than the margin, and that it is worse, one-sided."""
    if margin:
        score = _tango(n, worse, better, margin, correction=1.0)
        return _phi(score), _phi(-score)
    from scipy.stats import binomtest  # type: ignore[import-untyped]

    if not better + worse:
        return 1.0, 1.0
    tests = (binomtest(better, better + worse, 0.5, side) for side in ("greater", "less"))
    no_worse, is_worse = (float(test.pvalue) for test in tests)
    return no_worse, is_worse


def _tango(n: int, first: int, second: int, difference: float, correction: float = 0.0) -> float:
    """Tango's score: how far (first - second) / n is above `difference`, in standard errors under it.

    correction: cases by which the gap is narrowed first; 1 is that of Edwards for McNemar's test.
    """
    if first == second == 0 and difference == 0:
        return 0.0
    a = 2 * n
    b = -first - second + (2 * n - first + second) * difference
    c = -second * difference * (1 - difference)
    share = (math.sqrt(max(b * b - 4 * a * c, 0.0)) - b) / (2 * a)
    variance = n * (2 * share + difference * (1 - difference))
    gap = first - second - n * difference
    gap = math.copysign(max(abs(gap) - correction, 0.0), gap)
    if gap == 0:
        return 0.0
    return gap / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, gap)


def _score_interval(n: int, better: int, worse: int) -> tuple[float, float]:
    """The differences that Tango's score does not rule out at 95 %."""
    from scipy.optimize import brentq

    z = _z(0.975)

    def end(first: int, second: int) -> float:
        """The largest plausible (first - second) / n."""
        observed, edge = (first - second) / n, 1 - 1e-9

        def beyond(difference: float) -> float:
            if difference >= 0:
                return _tango(n, first, second, difference) + z
            return z - _tango(n, second, first, -difference)

        if observed >= edge or beyond(edge) > 0:
            return 1.0
        return float(brentq(beyond, observed, edge))

    return -end(worse, better), end(better, worse)


def _resampled_means(changes: Any) -> Any:
    from numpy import mean
    from scipy.stats import bootstrap

    found = bootstrap(
        (changes,), mean, n_resamples=_RESAMPLES, method="percentile", rng=_SEED, vectorized=True
    )
    return found.bootstrap_distribution


def _share(condition: Any) -> float:
    """Of resamples; never 0, as chance is never ruled out by finitely many."""
    import numpy as np

    hits = np.asarray(condition)
    return float((hits.sum() + 1) / (hits.size + 1))


def _z(level: float) -> float:
    from scipy.special import ndtri  # type: ignore[import-untyped]

    return float(ndtri(level))


def _phi(z: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(z))
