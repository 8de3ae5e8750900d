"""Many at a time, in order, bounded, and nothing abandoned."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.engine.batching import Batcher
from furrow.engine.ordered import ordered


@given(st.lists(st.integers(0, 5), max_size=40), st.integers(1, 10))
def test_results_come_in_the_order_of_the_input(turns: list[int], look_ahead: int) -> None:
    async def slow(item: tuple[int, int]) -> int:
        for _ in range(item[1]):
            await asyncio.sleep(0)
        return item[0]

    async def run() -> list[int]:
        return [number async for number in ordered(enumerate(turns), slow, look_ahead)]

    assert asyncio.run(run()) == list(range(len(turns)))


async def test_no_more_than_the_look_ahead_is_on_the_way() -> None:
    on_the_way = most = 0

    async def work(_: int) -> None:
        nonlocal on_the_way, most
        on_the_way += 1
        most = max(most, on_the_way)
        await asyncio.sleep(0.001)
        on_the_way -= 1

    async for _ in ordered(range(50), work, 7):
        pass
    assert most == 7


async def test_input_is_read_no_further_than_the_look_ahead() -> None:
    read = 0

    def items() -> object:
        nonlocal read
        for number in range(100):
            read = number + 1
            yield number

    async def work(number: int) -> int:
        return number

    async for number in ordered(items(), work, 5):  # type: ignore[arg-type]
        assert read <= number + 5


async def test_the_others_are_cancelled_before_an_error_leaves() -> None:
    cancelled = []

    async def work(number: int) -> None:
        if number == 0:
            raise ValueError("stop")
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(number)
            raise

    with pytest.raises(ValueError, match="stop"):
        async for _ in ordered(range(4), work, 4):
            await asyncio.sleep(0)
    assert cancelled == [1, 2, 3]


async def test_submissions_that_wait_go_out_together() -> None:
    batches = []

    def double(numbers: list[int]) -> list[int]:
        batches.append(len(numbers))
        return [2 * number for number in numbers]

    batcher = Batcher(double)  # type: ignore[arg-type]
    assert await asyncio.gather(*map(batcher.submit, range(100))) == [2 * number for number in range(100)]
    assert len(batches) < 10


async def test_an_error_of_a_bulk_call_reaches_everyone_in_it_and_nobody_after() -> None:
    def fail_once(numbers: list[int]) -> list[int]:
        if 13 in numbers:
            raise OSError("disk full")
        return numbers

    batcher = Batcher(fail_once)  # type: ignore[arg-type]
    replies = await asyncio.gather(batcher.submit(13), batcher.submit(14), return_exceptions=True)
    assert [type(reply) for reply in replies] == [OSError, OSError]
    assert await batcher.submit(15) == 15
