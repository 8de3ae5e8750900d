"""What an experiment shows: is the candidate better or worse than the live version, and may one say so?

Effect: difference of the two means, the standard error without assuming equal variances (B. Welch, The
generalization of "Student's" problem when several different population variances are involved, Biometrika
34, 1947). Whether the units came in the shares that were drawn: Pearson's chi-square, alarm below 0.001 (R.
Kohavi, D. Tang, Y. Xu, Trustworthy Online Controlled Experiments, 2020, chapter 21; A. Fabijan et al.,
Diagnosing Sample Ratio Mismatch in Online Controlled Experiments, KDD 2019).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from furrow.evaluation.sequential import ALPHA, boundary
from furrow.store.exposures import ArmValues

Json = dict[str, Any]
MISMATCH: Final = 0.001
FEWEST_UNITS: Final = 100
"""In each arm, before there is an interval: the mathematics is that of many units."""
FEWEST_ACTIVE: Final = 20
"""Units of both arms whose value is not 0, before there is an interval."""


class Verdict(StrEnum):
    """What may be said at this look; it may be said at any look."""

    BETTER = "better"
    WORSE = "worse"
    OPEN = "no difference shown yet"
    MISMATCH = "sample ratio mismatch: do not read the effect"


@dataclass(frozen=True, slots=True)
class Effect:
    """Candidate minus live, per unit. fixed: 95 % interval for one single look, agreed on before;
    always: the 95 % interval that is valid at each look, and the one that decides.
    """

    difference: float
    relative: float | None
    fixed: tuple[float, float]
    always: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Analysis:
    """share: of the units, for the candidate. mismatch_p: of shares this far from the drawn ones, by chance.
    effect: None while there are too few units.
    """

    live: ArmValues
    candidate: ArmValues
    share: float
    mismatch_p: float
    effect: Effect | None
    verdict: Verdict

    def to_json(self) -> Json:
        """For the run store and for machines."""
        return {**asdict(self), "verdict": str(self.verdict)}


def analyse(live: ArmValues, candidate: ArmValues, share: float, lower_is_better: bool = False) -> Analysis:
    """What the units of both arms show until now."""
    mismatch_p = mismatch(live.units, candidate.units, share)
    effect = _effect(live, candidate) if _enough(live, candidate) else None
    verdict = _verdict(effect, mismatch_p, lower_is_better)
    return Analysis(live, candidate, share, mismatch_p, effect, verdict)


def mismatch(live: int, candidate: int, share: float) -> float:
    """Chance of numbers of units this far from the drawn share. Pearson's chi-square."""
    total = live + candidate
    if total == 0:
        return 1.0
    from scipy.special import chdtrc  # type: ignore[import-untyped]

    off = candidate - total * share
    return float(chdtrc(1, off * off / (total * share * (1 - share))))


def _enough(live: ArmValues, candidate: ArmValues) -> bool:
    fewest = min(live.units, candidate.units)
    return fewest >= FEWEST_UNITS and live.active + candidate.active >= FEWEST_ACTIVE


def _effect(live: ArmValues, candidate: ArmValues) -> Effect:
    from scipy.special import stdtrit

    difference = candidate.mean - live.mean
    error, freedom = _standard_error(live, candidate)
    fixed = float(stdtrit(freedom, 1 - ALPHA / 2)) * error
    always = boundary(live.units + candidate.units) * error
    return Effect(
        difference=difference,
        relative=difference / live.mean if live.mean else None,
        fixed=(difference - fixed, difference + fixed),
        always=(difference - always, difference + always),
    )


def _standard_error(live: ArmValues, candidate: ArmValues) -> tuple[float, float]:
    """Welch's, and its degrees of freedom; no arm is taken to vary less than all units together do.

    Where few units spend much, a small arm that has none of them looks both worse and very sure of it: with
    its own spread alone, 12 of 100 experiments without a difference claimed one.
    """
    arms, pooled = (live, candidate), _pooled(live, candidate)
    parts = [max(arm.variance, pooled) / arm.units for arm in arms]
    total = sum(parts)
    if total == 0:
        return 0.0, 1.0
    weights = (part * part / (arm.units - 1) for part, arm in zip(parts, arms, strict=True))
    return math.sqrt(total), total * total / sum(weights)


def _pooled(live: ArmValues, candidate: ArmValues) -> float:
    """The variance of all units as if they were one arm."""
    total = live.units + candidate.units
    within = sum(arm.variance * (arm.units - 1) for arm in (live, candidate))
    between = live.units * candidate.units / total * (candidate.mean - live.mean) ** 2
    return (within + between) / (total - 1)


def _verdict(effect: Effect | None, mismatch_p: float, lower_is_better: bool) -> Verdict:
    if mismatch_p < MISMATCH:
        return Verdict.MISMATCH
    if effect is None or effect.always[0] <= 0 <= effect.always[1]:
        return Verdict.OPEN
    return Verdict.BETTER if (effect.difference > 0) != lower_is_better else Verdict.WORSE
