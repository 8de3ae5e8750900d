"""Does a release still do what it did at first? Its newest hour against its own first ones, without labels.

Records of one hour are alike: traffic has its times of day and its topics, so that a plain chi-square alarms
every day. What is measured here is how much the hours of the baseline differ from each other, and an hour has
to differ by more than that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from furrow.evaluation.counts import Reported
from furrow.evaluation.histogram import Chunk, histograms
from furrow.evaluation.paired import holm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from furrow.evaluation.histogram import Numbers

LEAST_CHUNKS = 8
"""Hours, or runs, before there is a baseline."""
LEAST_RECORDS = 30
"""A chunk in which fewer have a value says nothing about how chunks differ."""
ALPHA = 0.02
"""Of all that is watched, for the newest chunk and for the one before it: twice in a row is an alarm."""
SURE = 1e-8
"""So unlikely, once is enough."""
DIFFERS = 0.001
"""Of two releases on the same traffic, for all that is watched."""
LEAST_PSI = 0.05
"""A smaller change is no alarm, however sure it is."""
COST_RATIO = 1.2
"""The same for the mean cost of a record, up or down."""
COST = "cost of a record"
_EXPECTED = 5.0
"""Bins with fewer expected records are taken together."""


class Drifted(Reported):
    """One thing that is watched: a field's values, its nulls, the outcomes, the rungs, the cost.

    n, n_before: records now and in the baseline. psi: population stability index, None for the cost;
    ratio: of the cost now to that before. p: of a difference as large when nothing changed, None when that
    cannot be said; p_corrected: for all that is watched (Holm). alarm: sure and large enough, see `drift_of`.
    """

    n: int
    n_before: int
    psi: float | None
    ratio: float | None = None
    p: float | None
    p_corrected: float | None
    alarm: bool = False


class Drift(Reported):
    """chunks: hours or runs of the baseline; enough: whether they are a baseline; by what is watched."""

    chunks: int
    enough: bool
    watched: dict[str, Drifted]

    @property
    def alarms(self) -> list[str]:
        """What changed, in words."""
        return [_said(name, found) for name, found in self.watched.items() if found.alarm]


def drift_of(baseline: Sequence[Chunk], now: Chunk, last: Chunk | None = None) -> Drift:
    """The newest chunk next to those of the baseline; last: the one before it, to be sure.

    Without a baseline nothing alarms. Hours that differ like two records in a thousand do happen: an alarm
    is what differs twice in a row, or very much.
    """
    before = [chunk for chunk in baseline if chunk.records]
    if not before or not now.records:
        return Drift(chunks=len(before), enough=False, watched={})
    found = _watched(before, now)
    if len(before) < LEAST_CHUNKS:
        return Drift(chunks=len(before), enough=False, watched=found)
    earlier = _watched(before, last) if last is not None and last.records else {}
    return Drift(chunks=len(before), enough=True, watched=decided(found, earlier))


def decided(found: dict[str, Drifted], earlier: dict[str, Drifted]) -> dict[str, Drifted]:
    """Corrected for all that is watched, with the alarms. earlier: of the chunk before."""
    now, last = _corrected(found), _corrected(earlier)
    return {name: _decided(each, last.get(name)) for name, each in now.items()}


def _watched(before: Sequence[Chunk], now: Chunk) -> dict[str, Drifted]:
    found = {name: compared(old, new) for name, (old, new) in histograms(before, now).items()}
    costs = [cost for chunk in before if (cost := chunk.cost_per_record)]
    if (cost := now.cost_per_record) and len(costs) > 1:
        n_before = sum(chunk.records for chunk in before)
        found[COST] = cost_compared(costs, cost, n_before, now.records)
    return found


def _corrected(found: dict[str, Drifted]) -> dict[str, Drifted]:
    known = [name for name, each in found.items() if each.p is not None]
    ps = dict(zip(known, holm([found[name].p or 0.0 for name in known]), strict=True))
    return {name: each.model_copy(update={"p_corrected": ps.get(name)}) for name, each in found.items()}


def psi(before: Sequence[float] | Numbers, now: Sequence[float] | Numbers, least: float = 0.0) -> float:
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


def compared(before: Numbers, now: Numbers) -> Drifted:
    """One histogram now (bins) next to those of the baseline's chunks (chunks x bins)."""
    total, n = before.sum(axis=0), float(now.sum())
    n_before = float(total.sum())
    if not n or not n_before:
        return Drifted(n=round(n), n_before=round(n_before), psi=None, p=None, p_corrected=None)
    index = psi(total, now, 0.5 / min(n, n_before))
    return Drifted(n=round(n), n_before=round(n_before), psi=index, p=_p(before, now), p_corrected=None)


def _p(before: Numbers, now: Numbers) -> float | None:
    """Of a difference like this one or larger: the bins that records usually fall into, and the rare ones."""
    import numpy as np

    rows = before[before.sum(axis=1) >= LEAST_RECORDS]
    if len(rows) < 2:
        return None
    size = min(float(np.median(rows.sum(axis=1))), float(now.sum()))
    usual = rows.sum(axis=0) / rows.sum() * size >= _EXPECTED
    found = []
    if not usual.all():
        split, mine = _rare_or_not(rows, usual), _rare_or_not(now[None, :], usual)[0]
        if split[:, 0].sum() / split.sum() * size < _EXPECTED:
            found.append(_rare_p(split, mine))
            rows, now = rows[:, usual], now[usual]
        else:
            rows = np.column_stack([rows[:, usual], split[:, 0]])
            now = np.append(now[usual], mine[0])
    if len(now) > 1 and now.sum():
        found.append(_usual_p(rows[rows.sum(axis=1) > 0], now))
    return min(1.0, len(found) * min(found)) if found else None


def _rare_or_not(rows: Numbers, usual: NDArray[np.bool_]) -> Numbers:
    import numpy as np

    known = rows[:, usual].sum(axis=1)
    return np.column_stack([rows.sum(axis=1) - known, known])


def _alike(rows: Numbers, shares: Numbers) -> float:
    """The correlation of records in one chunk, by moments from the chi-squares of the baseline's chunks.

    A chunk of n records has 1 + (n - 1) r times the variance of independent ones (D. Williams, Extra-binomial
    variation in logistic linear models, Applied Statistics 31, 1982).
    """
    sizes, k, bins = rows.sum(axis=1), len(rows), len(shares)
    expected = sizes[:, None] * shares
    chi = ((rows - expected) ** 2 / expected).sum(axis=1)
    return max(0.0, float((chi / (bins - 1) * k / (k - 1) - 1).sum() / max(1.0, (sizes - 1).sum())))


def _usual_p(rows: Numbers, now: Numbers) -> float:
    """Pearson's chi-square of now against the shares before, divided by its dispersion.

    With an estimated dispersion it has about an F distribution (P. McCullagh and J. Nelder, Generalized
    Linear Models, 1989, section 4.5).
    """
    from scipy.stats import f  # type: ignore[import-untyped]

    sizes, n, free = rows.sum(axis=1), now.sum(), len(now) - 1
    shares = rows.sum(axis=0) / rows.sum()
    alike = _alike(rows, shares)
    spread = 1 + (sizes - 1) * alike
    variance = 1 + (n - 1) * alike + n * float((sizes * spread).sum()) / float(sizes.sum()) ** 2
    chi = float(((now - n * shares) ** 2 / (n * shares)).sum())
    return float(f.sf(chi / free / variance, free, free * (len(rows) - 1)))


def _rare_p(rows: Numbers, now: Numbers) -> float:
    """So many or more in a rare bin, by the beta-binomial distribution (J. Skellam, A probability
    distribution derived from the binomial distribution, Journal of the Royal Statistical Society B 10, 1948).

    Its mean is the share before (half a record is added: none before is not never), its variance that of
    chunks that differ and of a share that is an estimate itself.
    """
    from scipy.stats import betabinom

    total = rows.sum(axis=0)
    share = float((total[0] + 0.5) / (total.sum() + 1))
    alike = _alike(rows, total / total.sum()) if total[0] and total[1] else 0.0
    weight = 1 / (alike + 1 / float(total.sum())) - 1
    return float(betabinom.sf(now[0] - 1, now.sum(), share * weight, (1 - share) * weight))


def cost_compared(before: Sequence[float], now: float, n_before: int, n: int) -> Drifted:
    """The mean cost of a record (US dollars, above 0) in one more chunk, next to two or more before.

    Student's prediction interval for its logarithm.
    """
    import numpy as np
    from scipy.stats import t

    logs = np.log(before)
    spread = max(float(logs.std(ddof=1)), 1e-9) * math.sqrt(1 + 1 / len(before))
    distance = (math.log(now) - float(logs.mean())) / spread
    return Drifted(
        n=n,
        n_before=n_before,
        psi=None,
        ratio=now / math.exp(float(logs.mean())),
        p=float(2 * t.sf(abs(distance), len(before) - 1)),
        p_corrected=None,
    )


def _decided(found: Drifted, earlier: Drifted | None) -> Drifted:
    twice = earlier is not None and _stands_out(found, ALPHA) and _stands_out(earlier, ALPHA)
    return found.model_copy(update={"alarm": twice or _stands_out(found, SURE)})


def _stands_out(found: Drifted, alpha: float) -> bool:
    large = found.psi is not None and found.psi >= LEAST_PSI
    if found.ratio is not None:
        large = abs(math.log(found.ratio)) >= math.log(COST_RATIO)
    return large and found.p_corrected is not None and found.p_corrected < alpha


def _said(name: str, found: Drifted) -> str:
    how = f"{found.ratio:.2f} times what it was" if found.ratio is not None else f"PSI {found.psi:.2f}"
    return f"{name}: {how} over {found.n} records (p {found.p_corrected:.1g})"


def differs(release: Chunk, other: Chunk, threshold: float) -> list[str]:
    """In what two releases differ by a PSI above the threshold and beyond chance, in words.

    A canary and the live one answer records of the same time, chosen by their keys: what traffic does, both
    have. Older hours of the other release are not so, and there only the threshold protects. Pearson's
    chi-square of the two, corrected for all that is watched (Bonferroni).
    """
    shown = histograms([other], release)
    return differing({name: (before[0], now) for name, (before, now) in shown.items()}, threshold)


def differing(shown: Mapping[str, tuple[Numbers, Numbers]], threshold: float) -> list[str]:
    """The same for what is counted already: by what is watched, the other release's bins and this one's."""
    found = {name: (before, now) for name, (before, now) in shown.items() if before.sum() and now.sum()}
    said = []
    for name, (before, now) in found.items():
        index = psi(before, now, 0.5 / min(float(before.sum()), float(now.sum())))
        if index > threshold and (p := _two_sample_p(before, now) * len(found)) < DIFFERS:
            what = f"{name} differs from the other release: PSI {index:.2f}, at most {threshold:g}"
            said.append(f"{what} (p {p:.1g})")
    return said


def _two_sample_p(before: Numbers, now: Numbers) -> float:
    """Of a difference like this one or larger. Fisher's exact test of two bins.

    Chi-square of more, with the rare ones taken together until each has five expected records on both sides
    (W. Cochran, Some methods for strengthening the common chi-square tests, Biometrics 10, 1954): without
    that, a long tail of values trips several times as often as it should.
    """
    from scipy.stats import chi2_contingency, fisher_exact

    table = _rare_together(before, now)
    if table.shape[1] < 2:
        return 1.0
    if table.shape[1] == 2:
        return float(fisher_exact(table.round().astype(int))[1])
    return float(chi2_contingency(table)[1])


def _rare_together(before: Numbers, now: Numbers) -> Numbers:
    """The two as rows, without bins that neither has."""
    import numpy as np

    table = np.asarray([before, now])[:, before + now > 0]
    if table.shape[1] <= 2:
        return table
    table = table[:, np.argsort(table.sum(axis=0))]
    expected = table.sum(axis=0) * table.sum(axis=1).min() / table.sum()
    rare = int((expected < _EXPECTED).sum())
    if rare and expected[:rare].sum() < _EXPECTED:
        rare += 1
    return np.column_stack([table[:, :rare].sum(axis=1), table[:, rare:]]) if rare else table
