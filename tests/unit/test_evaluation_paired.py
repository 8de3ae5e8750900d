"""Two versions on the same cases: known values, and what holds whatever the cases say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from furrow.evaluation.paired import (
    ALPHA,
    NOTHING,
    Paired,
    detectable,
    holm,
    of_scores,
    of_verdicts,
    p_values,
)

PAIRS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=80)
SCORES = st.lists(
    st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 1.0])), min_size=2, max_size=40
)


def verdicts(better: int, worse: int, n: int, margin: float = 0.0) -> Paired:
    same = [(True, True)] * (n - better - worse)
    pairs = [*same, *[(False, True)] * better, *[(True, False)] * worse]
    return of_verdicts([old for old, _ in pairs], [new for _, new in pairs], margin)


def test_mcnemar_is_exact_as_computed_by_hand() -> None:
    found = verdicts(better=1, worse=9, n=50)
    assert found.p_worse == pytest.approx((1 + 10) / 2**10)  # 0 or 1 better of 10 that differ
    assert found.p_no_worse == pytest.approx(1 - 1 / 2**10)
    assert (found.better, found.worse, found.difference) == (1, 9, -0.16)


def test_without_a_difference_the_score_interval_has_its_closed_form() -> None:
    low, high = verdicts(better=0, worse=0, n=44).interval
    z = 1.959963985
    assert high == pytest.approx(z**2 / (44 + z**2), abs=1e-6)  # n d / sqrt(n d (1 - d)) = z
    assert low == pytest.approx(-high)


@pytest.mark.parametrize(("better", "worse", "n"), [(1, 0, 44), (9, 2, 50), (12, 20, 300)])
def test_at_the_ends_of_the_interval_the_score_is_that_of_a_likelihood_maximised_by_search(
    better: int, worse: int, n: int
) -> None:
    for end in verdicts(better, worse, n).interval:
        share = _likeliest_share_of_worse(better, worse, n, end)
        deviation = math.sqrt(n * (2 * share + end - end**2))
        assert abs(better - worse - n * end) / deviation == pytest.approx(1.959963985, abs=1e-3)


def _likeliest_share_of_worse(better: int, worse: int, n: int, difference: float) -> float:
    def unlikely(share: float) -> float:
        shares = np.array([share + difference, share, 1 - 2 * share - difference])
        counts = np.array([better, worse, n - better - worse])
        return float(-(counts * np.log(np.maximum(shares, 1e-300))).sum())

    low, high = max(0.0, -difference), (1 - difference) / 2
    return float(minimize_scalar(unlikely, bounds=(low, high), method="bounded", options={"xatol": 1e-10}).x)


def test_no_case_says_nothing() -> None:
    assert of_verdicts([], []) == of_scores([], []) == NOTHING


def test_one_list_alone_that_changed_shows_nothing_and_is_no_error() -> None:
    for live, candidate, difference in (([0.5], [1.0], 0.5), ([1.0], [0.25], -0.75)):
        found = of_scores(live, candidate)
        assert (found.n, found.difference) == (1, difference)
        assert found.interval[0] <= difference <= found.interval[1]
        assert min(found.p_no_worse, found.p_worse) >= 0.5


def test_300_cases_of_which_a_tenth_differ_detect_four_and_a_half_points() -> None:
    assert detectable(300, 0.1) == pytest.approx(0.0451, abs=5e-4)


def test_ten_times_the_cases_detect_less() -> None:
    assert detectable(3000, 0.1) < detectable(300, 0.1) < detectable(30, 0.1) <= 1


@given(PAIRS)
def test_swapping_the_sides_mirrors_the_answer(pairs: list[tuple[bool, bool]]) -> None:
    live, candidate = [old for old, _ in pairs], [new for _, new in pairs]
    there, back = of_verdicts(live, candidate), of_verdicts(candidate, live)
    assert (there.better, there.worse, there.difference) == (back.worse, back.better, -back.difference)
    assert there.interval == pytest.approx((-back.interval[1], -back.interval[0]))
    assert (there.p_no_worse, there.p_worse) == pytest.approx((back.p_worse, back.p_no_worse))


@settings(max_examples=30)
@given(SCORES)
def test_swapping_the_sides_mirrors_the_answer_for_scores(pairs: list[tuple[float, float]]) -> None:
    live, candidate = [old for old, _ in pairs], [new for _, new in pairs]
    there, back = of_scores(live, candidate), of_scores(candidate, live)
    assert there.difference == pytest.approx(-back.difference)
    assert (there.p_no_worse, there.p_worse) == pytest.approx((back.p_worse, back.p_no_worse))


@given(PAIRS, st.sampled_from([0.0, 0.02, 0.1, 1.0]))
def test_the_interval_holds_the_difference(pairs: list[tuple[bool, bool]], margin: float) -> None:
    found = of_verdicts([old for old, _ in pairs], [new for _, new in pairs], margin)
    assert -1 <= found.interval[0] <= found.difference <= found.interval[1] <= 1
    assert not (found.p_no_worse < ALPHA and found.p_worse < ALPHA)


@given(st.integers(1, 400), st.floats(0, 1))
def test_equal_answers_are_never_shown_to_be_worse(n: int, margin: float) -> None:
    assert verdicts(0, 0, n, margin).p_worse >= 0.5
    assert of_scores([0.5] * n, [0.5] * n, margin).p_worse >= 0.5


@given(PAIRS)
def test_a_wider_margin_is_never_harder_to_keep(pairs: list[tuple[bool, bool]]) -> None:
    live, candidate = [old for old, _ in pairs], [new for _, new in pairs]
    ps = [of_verdicts(live, candidate, margin).p_no_worse for margin in (0.01, 0.05, 0.2, 0.5)]
    assert ps == sorted(ps, reverse=True)


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_never_lets_more_through_than_no_correction(p_values: list[float]) -> None:
    corrected = holm(p_values)
    assert all(after >= before for before, after in zip(p_values, corrected, strict=True))


def test_holm_is_as_computed_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


@pytest.mark.parametrize("n", [40, 100])
@pytest.mark.parametrize("margin", [0.02, 0.05])
@pytest.mark.parametrize("differ", [0.05, 0.1, 0.2, 0.4])
def test_a_version_worse_by_the_margin_passes_and_fails_in_at_most_five_of_a_hundred(
    n: int, margin: float, differ: float
) -> None:
    """Over every table that n cases can give, each with its probability: no simulation."""
    loses, wins = (differ + margin) / 2, max((differ - margin) / 2, 1e-12)
    passes = fails = 0.0
    for better in range(int(n * 0.8)):
        for worse in range(int(n * 0.8) - better):
            chance = _chance(n, (better, worse), (wins, loses))
            if chance > 1e-7:
                found = p_values(n, better, worse, margin)
                passes += chance * (found[0] < ALPHA)
                fails += chance * (found[1] < ALPHA)
    assert passes <= 0.05
    assert fails <= 0.05


def _chance(n: int, counts: tuple[int, int], shares: tuple[float, float]) -> float:
    all_counts = np.array([*counts, n - sum(counts)])
    all_shares = np.array([*shares, 1 - sum(shares)])
    log = gammaln(n + 1) - gammaln(all_counts + 1).sum() + (all_counts * np.log(all_shares)).sum()
    return float(np.exp(log))
