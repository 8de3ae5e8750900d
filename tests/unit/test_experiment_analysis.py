"""What an experiment shows: the verdicts, the two intervals, and when nothing may be said."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from furrow.evaluation.experiment import FEWEST_ACTIVE, FEWEST_UNITS, Verdict, analyse, mismatch
from furrow.evaluation.sequential import TUNED_FOR, boundary
from furrow.store.exposures import NOBODY, ArmValues


def clicks(units: int, clicked: int) -> ArmValues:
    """An arm in which so many units clicked once."""
    rate = clicked / units
    return ArmValues(units, rate, rate * (1 - rate) * units / (units - 1), clicked)


def of(values: np.ndarray) -> ArmValues:
    return ArmValues(
        len(values), float(values.mean()), float(values.var(ddof=1)), int(np.count_nonzero(values))
    )


counts = st.tuples(st.integers(100, 5000), st.floats(0.02, 0.98)).map(
    lambda pair: clicks(pair[0], max(20, round(pair[0] * pair[1])))
)


def test_a_clear_rise_is_better_and_a_clear_fall_is_worse() -> None:
    high, low = clicks(5000, 1000), clicks(5000, 700)
    assert analyse(low, high, 0.5).verdict is Verdict.BETTER
    assert analyse(high, low, 0.5).verdict is Verdict.WORSE


def test_where_lower_is_better_the_answers_are_the_other_way_round() -> None:
    high, low = clicks(5000, 1000), clicks(5000, 700)
    assert analyse(low, high, 0.5, lower_is_better=True).verdict is Verdict.WORSE
    assert analyse(high, low, 0.5, lower_is_better=True).verdict is Verdict.BETTER


def test_a_rise_that_one_planned_look_would_call_real_is_open_while_looks_go_on() -> None:
    found = analyse(clicks(5000, 1000), clicks(5000, 1090), 0.5)
    assert found.effect is not None
    assert found.effect.fixed[0] > 0 > found.effect.always[0]
    assert found.verdict is Verdict.OPEN


def test_arms_that_are_not_as_drawn_silence_the_effect() -> None:
    found = analyse(clicks(5000, 700), clicks(4500, 1000), 0.5)
    assert found.mismatch_p < 0.001
    assert found.verdict is Verdict.MISMATCH
    assert "do not read the effect" in found.to_json()["verdict"]


@pytest.mark.parametrize(
    ("live", "candidate"),
    [
        (NOBODY, NOBODY),
        (clicks(FEWEST_UNITS - 1, 50), clicks(FEWEST_UNITS, 50)),
        (clicks(FEWEST_UNITS, 50), clicks(FEWEST_UNITS - 1, 50)),
        (clicks(1000, 0), clicks(1000, FEWEST_ACTIVE - 1)),
    ],
    ids=["nobody", "few live units", "few candidate units", "few that did anything"],
)
def test_too_few_units_show_nothing(live: ArmValues, candidate: ArmValues) -> None:
    found = analyse(live, candidate, 0.5)
    assert (found.effect, found.verdict) == (None, Verdict.OPEN)


def test_units_that_are_all_alike_differ_in_nothing() -> None:
    everybody = clicks(1000, 1000)
    found = analyse(everybody, everybody, 0.5)
    assert found.effect is not None and found.effect.always == (0.0, 0.0)
    assert found.verdict is Verdict.OPEN


def test_an_arm_in_which_nobody_did_anything_is_not_sure_of_it() -> None:
    found = analyse(clicks(20_000, 21), clicks(1000, 0), 1000 / 21_000)
    assert found.verdict is Verdict.OPEN
    assert found.effect is not None and found.effect.always[1] > 0


def test_without_any_value_in_the_live_arm_there_is_no_relative_effect() -> None:
    found = analyse(clicks(1000, 0), clicks(1000, 500), 0.5)
    assert found.effect is not None and found.effect.relative is None
    assert found.verdict is Verdict.BETTER


def test_the_interval_for_one_look_is_welchs_where_both_arms_vary_alike() -> None:
    dice = np.random.default_rng(1)
    live, candidate = dice.normal(5, 2, 400), dice.normal(5, 2, 600)
    candidate *= live.std(ddof=1) / candidate.std(ddof=1)
    candidate += live.mean() - candidate.mean()
    found = analyse(of(live), of(candidate), 0.6)
    wanted = stats.ttest_ind(candidate, live, equal_var=False).confidence_interval(0.95)
    assert found.effect is not None
    assert found.effect.fixed == pytest.approx((wanted.low, wanted.high), rel=2e-3)


@given(counts, counts)
def test_the_interval_for_every_look_holds_the_one_for_one_look(
    live: ArmValues, candidate: ArmValues
) -> None:
    effect = analyse(live, candidate, 0.5).effect
    assert effect is not None
    assert effect.always[0] <= effect.fixed[0] <= effect.difference <= effect.fixed[1] <= effect.always[1]


@given(counts, counts)
def test_no_interval_is_narrower_than_welchs(live: ArmValues, candidate: ArmValues) -> None:
    effect = analyse(live, candidate, 0.5).effect
    error = math.sqrt(live.variance / live.units + candidate.variance / candidate.units)
    assert effect is not None
    assert effect.fixed[1] - effect.fixed[0] >= 2 * 1.9599 * error


@given(counts, counts)
def test_swapping_the_arms_swaps_the_sign(live: ArmValues, candidate: ArmValues) -> None:
    one, other = analyse(live, candidate, 0.5).effect, analyse(candidate, live, 0.5).effect
    assert one is not None and other is not None
    assert one.always == pytest.approx((-other.always[1], -other.always[0]))


@given(counts, counts, st.floats(0.001, 1000))
def test_the_unit_of_money_does_not_change_the_verdict(
    live: ArmValues, candidate: ArmValues, rate: float
) -> None:
    def in_money(arm: ArmValues) -> ArmValues:
        return replace(arm, mean=arm.mean * rate, variance=arm.variance * rate**2)

    first = analyse(live, candidate, 0.5)
    assert first.effect is not None
    assume(min(abs(end) for end in first.effect.always) > 1e-9)
    assert analyse(in_money(live), in_money(candidate), 0.5).verdict is first.verdict


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.floats(0.01, 0.99))
def test_the_mismatch_is_pearsons_chi_square(live: int, candidate: int, share: float) -> None:
    total = live + candidate
    wanted = stats.chisquare([live, candidate], [total * (1 - share), total * share]).pvalue
    assert mismatch(live, candidate, share) == pytest.approx(float(wanted), abs=1e-9)


def test_nobody_is_no_mismatch() -> None:
    assert mismatch(0, 0, 0.5) == 1.0


def test_the_boundary_is_lowest_at_the_units_that_it_is_tuned_for() -> None:
    lowest = min(range(1000, 50_000, 50), key=boundary)
    # The paper's choice of rho is that of the narrowest interval to a first order.
    assert 0.8 * TUNED_FOR < lowest < 1.6 * TUNED_FOR
    assert boundary(lowest) > stats.norm.ppf(0.975)


@given(st.integers(1, 10**7), st.integers(1, 10**7))
def test_more_units_never_make_the_interval_wider(one: int, other: int) -> None:
    fewer, more = sorted((one, other))
    assert boundary(more) / math.sqrt(more) <= boundary(fewer) / math.sqrt(fewer)


def test_the_boundary_is_the_papers_formula() -> None:
    n, alpha = 1234, 0.05
    rho2 = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / TUNED_FOR
    inner = math.log(math.sqrt(n * rho2 + 1) / alpha)
    half_width = math.sqrt(2 * (n * rho2 + 1) / (n**2 * rho2) * inner)
    assert boundary(n) / math.sqrt(n) == pytest.approx(half_width)


def test_looking_daily_claims_a_difference_that_is_not_there_in_at_most_five_of_a_hundred() -> None:
    dice = np.random.default_rng(20261125)
    claimed = 0
    for _ in range(300):
        came, clicked = np.zeros(2, int), np.zeros(2, int)
        looks = []
        for _ in range(28):
            new = dice.poisson(250, 2)
            came, clicked = came + new, clicked + dice.binomial(new, 0.3)
            arms = [clicks(int(n), int(k)) for n, k in zip(came, clicked, strict=True)]
            looks.append(analyse(arms[0], arms[1], 0.5).verdict)
        claimed += Verdict.BETTER in looks or Verdict.WORSE in looks
    assert claimed <= 15
