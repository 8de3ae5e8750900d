"""The rate limit that a model server enforces: a sliding window, looked at with a clock of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.testing import RateLimit
from furrow.testing.rate_limit import Allowance, SlidingWindow


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_window_serves_its_allowance_and_then_says_when_there_is_room() -> None:
    clock = Clock()
    window = SlidingWindow(RateLimit(requests_per_minute=3), clock)
    for _ in range(3):
        assert window.wait(1) == 0
        window.serve(1)
        clock.now += 10
    assert window.wait(1) == pytest.approx(30)
    clock.now += 30
    assert window.wait(1) == 0


def test_tokens_have_an_allowance_of_their_own() -> None:
    clock = Clock()
    window = SlidingWindow(RateLimit(tokens_per_minute=100), clock)
    window.serve(60)
    clock.now += 10
    window.serve(30)
    assert window.wait(10) == 0
    assert window.wait(11) == pytest.approx(50)
    assert window.wait(71) == pytest.approx(60)


def test_a_shorter_window_holds_its_part_of_the_minute() -> None:
    clock = Clock()
    window = SlidingWindow(RateLimit(requests_per_minute=600, window_seconds=1), clock)
    for _ in range(10):
        assert window.wait(1) == 0
        window.serve(1)
    assert window.wait(1) == pytest.approx(1)


QUARTERS = st.integers(0, 20).map(lambda quarters: quarters / 4)
"""Seconds that add up without rounding."""
STEPS = st.lists(st.tuples(QUARTERS, st.integers(1, 40)), max_size=120)


@given(STEPS, st.integers(1, 20), st.integers(40, 200))
def test_no_window_of_a_minute_ever_serves_more_than_is_allowed(
    steps: list[tuple[float, int]], requests: int, tokens: int
) -> None:
    clock, served = Clock(), []
    window = SlidingWindow(RateLimit(requests, tokens), clock)
    for passed, size in steps:
        clock.now += passed
        wait = window.wait(size)
        if wait == 0:
            window.serve(size)
            served.append((clock.now, size))
        else:
            # What it says is true: not before, but then.
            assert wait <= 60
            assert _fits([*served, (clock.now + wait + 1e-6, size)], requests, tokens)
    assert all(_fits(served[: number + 1], requests, tokens) for number in range(len(served)))


def _fits(served: list[tuple[float, int]], requests: int, tokens: int) -> bool:
    """Whether the minute that ends with the last of them is within the allowance."""
    last = served[-1][0]
    minute = [size for time, size in served if time > last - 60]
    return len(minute) <= requests and sum(minute) <= tokens


def test_every_model_has_its_own_allowance() -> None:
    allowance = Allowance(RateLimit(requests_per_minute=1))
    allowance.serve("small", 1)
    assert allowance.wait("small", 1, 1) == "60"
    assert allowance.wait("large", 1, 1) is None


def test_too_many_requests_at_once_are_turned_away_too() -> None:
    allowance = Allowance(RateLimit(at_once=4))
    assert allowance.wait("m", 1, 4) is None
    assert allowance.wait("m", 1, 5) == "1"


def test_a_new_limit_begins_anew() -> None:
    allowance = Allowance(RateLimit(requests_per_minute=1))
    allowance.serve("m", 1)
    allowance.limit = RateLimit(requests_per_minute=2)
    assert allowance.wait("m", 1, 1) is None
