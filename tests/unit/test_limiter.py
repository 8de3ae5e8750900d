"""Places for calls in flight: no more than configured, fewer when the server refuses."""

from __future__ import annotations

import asyncio
import time

from hypothesis import given
from hypothesis import strategies as st

from furrow.engine.limiter import AdaptiveLimit


async def test_no_more_calls_are_in_flight_than_there_are_places() -> None:
    limit, in_flight, most = AdaptiveLimit(3), 0, 0

    async def call() -> None:
        nonlocal in_flight, most
        async with limit.place():
            in_flight += 1
            most = max(most, in_flight)
            await asyncio.sleep(0)
            in_flight -= 1

    await asyncio.gather(*(call() for _ in range(50)))
    assert most == 3


async def test_those_who_wait_get_a_place_in_the_order_in_which_they_came() -> None:
    limit, order = AdaptiveLimit(1), []

    async def call(number: int) -> None:
        async with limit.place():
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(call(number) for number in range(10)))
    assert order == list(range(10))


async def test_a_place_that_was_given_to_one_who_left_goes_to_the_next() -> None:
    limit, entered = AdaptiveLimit(1), asyncio.Event()

    async def call() -> None:
        async with limit.place():
            entered.set()

    async with limit.place():
        leaving, staying = asyncio.create_task(call()), asyncio.create_task(call())
        await asyncio.sleep(0)
        leaving.cancel()
    await asyncio.wait_for(staying, 5)
    assert entered.is_set()


async def test_refusals_of_calls_that_began_before_the_last_step_back_count_once() -> None:
    limit = AdaptiveLimit(64)
    began = time.monotonic()
    for _ in range(64):
        limit.refused(began, None)
    assert limit.limit == 32
    limit.refused(time.monotonic(), None)
    assert limit.limit == 16


async def test_answers_win_the_places_back_one_for_each_round() -> None:
    limit = AdaptiveLimit(64)
    limit.refused(time.monotonic(), None)
    for _ in range(33):
        limit.passed()
    assert limit.limit == 33
    for _ in range(5000):
        limit.passed()
    assert limit.limit == 64


async def test_a_server_that_says_how_long_is_left_alone_for_so_long() -> None:
    limit = AdaptiveLimit(2)
    limit.refused(time.monotonic(), 30)
    assert 29 < limit.closed_for <= 30
    limit.refused(time.monotonic(), 1)
    assert limit.closed_for > 28


@given(st.lists(st.booleans(), max_size=300), st.integers(1, 100))
def test_the_limit_stays_between_one_and_what_is_configured(answers: list[bool], most: int) -> None:
    limit = AdaptiveLimit(most)
    for passed in answers:
        if passed:
            limit.passed()
        else:
            limit.refused(time.monotonic(), None)
        assert 1 <= limit.limit <= most
