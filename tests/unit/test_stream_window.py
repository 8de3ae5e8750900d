"""The events on their way: how many there may be, who waits for whom, and what becomes of lost partitions."""

from __future__ import annotations

import asyncio
from functools import partial

from furrow.streaming.window import Window
from furrow.testing import MemoryFeed

FEED_PARTITIONS = 3


def window(
    look_ahead: int = 4, by_key: bool = False, most_bytes: int = 1_000_000
) -> tuple[MemoryFeed, Window[str]]:
    feed = MemoryFeed(partitions=FEED_PARTITIONS)
    found: Window[str] = Window(feed, look_ahead, by_key, most_bytes)
    found.add(dict.fromkeys(range(FEED_PARTITIONS), 0))
    return feed, found


def fill(feed: MemoryFeed, found: Window[str], partition: int, count: int, size: int = 2) -> None:
    for _ in range(count):
        assert found.take(feed.append(b"x" * size, partition)) is not None


def finish(found: Window[str], partition: int, count: int) -> None:
    for place in found._partitions[partition]._places:
        place.end = "done"
    found.done({partition: found.prefixes(count)[partition]})


def test_there_is_room_for_as_many_as_the_fullest_partition_takes() -> None:
    feed, found = window(look_ahead=4)
    assert found.room() == 4
    fill(feed, found, 0, 3)
    assert (found.room(), len(found), feed.held) == (1, 3, set())


def test_a_full_partition_is_held_and_the_others_go_on() -> None:
    feed, found = window(look_ahead=4)
    fill(feed, found, 0, 4)
    assert (found.room(), feed.held) == (4, {0})


def test_a_held_partition_goes_on_when_half_of_its_events_are_through() -> None:
    feed, found = window(look_ahead=4)
    fill(feed, found, 0, 4)
    found.room()
    finish(found, 0, 2)
    found.room()
    assert feed.held == {0}
    finish(found, 0, 1)
    assert found.room() == 3
    assert feed.held == set()


def test_there_is_no_room_when_every_partition_is_held() -> None:
    feed, found = window(look_ahead=2)
    for partition in range(FEED_PARTITIONS):
        fill(feed, found, partition, 2)
    assert (found.room(), feed.held) == (0, {0, 1, 2})


def test_a_partition_is_full_when_its_events_have_its_part_of_the_bytes_and_the_others_go_on() -> None:
    feed, found = window(look_ahead=10, most_bytes=300)
    fill(feed, found, 0, 3, size=40)
    assert (found.room(), feed.held) == (10, {0})
    finish(found, 0, 1)
    assert (found.room(), feed.held) == (10, {0})
    finish(found, 0, 1)
    assert (found.room(), feed.held) == (1, set())


def test_of_large_events_no_more_are_taken_at_a_time_than_there_is_room_for() -> None:
    feed, found = window(look_ahead=10, most_bytes=300)
    fill(feed, found, 0, 1, size=30)
    assert (found.room(), feed.held) == (2, set())


def test_an_event_that_is_larger_than_all_there_is_room_for_goes_alone() -> None:
    feed, found = window(look_ahead=10, most_bytes=300)
    assert found.room() == 10
    fill(feed, found, 1, 1, size=5000)
    assert (found.room(), feed.held) == (10, {1})
    finish(found, 1, 1)
    assert (found.room(), feed.held) == (10, set())


def test_keys_and_headers_count_as_bytes() -> None:
    feed, found = window(look_ahead=10, most_bytes=300)
    found.take(feed.append(None, 0, b"k" * 50, [("trace", b"t" * 45)]))
    assert (found.room(), feed.held) == (10, {0})


def test_an_event_of_a_partition_that_is_gone_has_no_place() -> None:
    feed, found = window()
    found.drop([1])
    assert found.take(feed.append(b"{}", 1)) is None
    assert found.partitions == [0, 2]


def test_a_partition_that_comes_back_begins_where_it_is_told_and_is_not_held() -> None:
    feed, found = window(look_ahead=2)
    fill(feed, found, 0, 2)
    found.room()
    found.drop([0])
    found.add({0: 1})
    assert (found.room(), len(found)) == (2, 0)
    fresh = feed.append(b"{}", 0)
    assert found.take(fresh) is not None


async def test_dropping_a_partition_gives_up_its_work_and_no_other() -> None:
    feed, found = window()
    ended: list[int] = []

    async def work(partition: int) -> None:
        try:
            await asyncio.sleep(30 if partition == 0 else 0.05)
            ended.append(partition)
        except asyncio.CancelledError:
            ended.append(-1)
            raise

    async with asyncio.TaskGroup() as group:
        for partition in (0, 1):
            event = feed.append(b"{}", partition)
            found.take(event)
            found.start(event, partial(work, partition), group)
        await asyncio.sleep(0)
        found.drop([0])
    assert ended == [-1, 1]


async def test_events_of_one_key_follow_each_other_and_those_of_others_do_not_wait() -> None:
    feed, found = window(by_key=True)
    said: list[str] = []
    first_may_end = asyncio.Event()

    async def work(name: str) -> None:
        said.append(f"{name} begins")
        if name == "a1":
            await first_may_end.wait()
        said.append(f"{name} ends")

    async with asyncio.TaskGroup() as group:
        for name in ("a1", "a2", "b1", "a3"):
            event = feed.append(b"{}", key=name[:1].encode())
            found.take(event)
            found.start(event, partial(work, name), group)
        await asyncio.sleep(0.05)
        assert said == ["a1 begins", "b1 begins", "b1 ends"]
        first_may_end.set()
    assert said[3:] == ["a1 ends", "a2 begins", "a2 ends", "a3 begins", "a3 ends"]
    assert found._last_of_key == {}


async def test_without_order_by_key_nobody_waits() -> None:
    feed, found = window(by_key=False)
    gate, begun = asyncio.Event(), 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        await gate.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            event = feed.append(b"{}", key=b"same")
            found.take(event)
            found.start(event, work, group)
        await asyncio.sleep(0.01)
        assert begun == 3
        gate.set()
