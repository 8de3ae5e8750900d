"""What a stream tells while it reads nothing: that it is not connected, and how long an event waits."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from furrow.cli.stream import _teller
from furrow.errors import SourceUnavailable
from furrow.streaming import replica as replicas
from furrow.streaming.lag import Lag
from furrow.streaming.standing import Standing
from tests.folders import FolderOfPrompts
from tests.stream.world import SECONDS, StreamWorld, value, world_of


class Told(list[Standing]):
    """How a replica stood at each report."""

    def __call__(self, standing: Standing) -> None:
        self.append(Standing(connected=standing.connected, lag_seconds=standing.lag_seconds))

    @property
    def unconnected(self) -> list[Standing]:
        return [each for each in self if not each.connected]


@pytest.fixture
def world(prompts: FolderOfPrompts, tmp_path: Path) -> Iterator[StreamWorld]:
    with world_of(prompts, tmp_path) as world:
        world.told, world.report_seconds = Told(), 0.5
        yield world


async def test_while_the_broker_is_away_it_tells_that_and_how_long_the_oldest_event_waits(
    world: StreamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, held = cast(Told, world.told), asyncio.Event()
    plain = world.model.ask

    async def ask(request: Any) -> Any:
        await held.wait()
        return await plain(request)

    world.model.ask = ask  # type: ignore[method-assign]
    monkeypatch.setattr(replicas, "_BACKOFF", lambda _: 4.0)
    world.feed.append(value(0))
    replica = world.replica()
    running = asyncio.create_task(replica.run())
    await until(lambda: any(each.connected and each.lag_seconds for each in told), running)
    world.feed.fail(SourceUnavailable("the broker is away"))
    await until(lambda: len(told.unconnected) > 1, running)
    waits = [each.lag_seconds for each in told.unconnected]
    assert 0 < waits[0] < waits[1]
    held.set()
    seen = len(told)
    await world.until(
        lambda: world.feed.all_committed and told[-1].connected and len(told) > seen + 2, replica, running
    )
    assert (told[-1].connected, told[-1].lag_seconds) == (True, 0.0)


async def test_while_the_feed_takes_long_to_open_it_tells_that_it_is_not_connected(
    world: StreamWorld,
) -> None:
    goes_on, plain = threading.Event(), world.feed.open

    def slowly(holder: Any) -> None:
        goes_on.wait(20)
        plain(holder)

    world.feed.open = slowly  # type: ignore[method-assign]
    replica = world.replica()
    running = asyncio.create_task(replica.run())
    told = cast(Told, world.told)
    await until(lambda: len(told.unconnected) > 1, running)
    goes_on.set()
    replica.stop()
    await running
    assert not any(each.lag_seconds for each in told)


async def until(met: Callable[[], object], running: asyncio.Task[Standing]) -> None:
    async with asyncio.timeout(SECONDS):
        while not met():
            assert not running.done(), running.exception()
            await asyncio.sleep(0.005)


class Clock:
    """A lag by a clock of its own."""

    def __init__(self) -> None:
        self.now, self.lag = 1000.0, Lag()

    def look(self, oldest: float | None, reading: bool = True, after: float = 1.0) -> float:
        self.now += after
        return self.lag.look(oldest, reading, self.now)


def test_the_oldest_event_waits_on_while_nothing_is_read() -> None:
    clock = Clock()
    assert clock.look(1000.0) == 1.0
    assert clock.look(None, reading=False) == 2.0
    assert clock.look(None, reading=False) == 3.0


def test_when_all_that_was_delivered_is_through_nothing_waits() -> None:
    clock = Clock()
    clock.look(1000.0)
    assert clock.look(None) == 0.0


def test_who_reads_again_knows_better_with_the_first_event_and_not_before_it() -> None:
    clock = Clock()
    clock.look(1000.0)
    clock.look(None, reading=False)
    assert clock.look(None) == 3.0
    assert clock.look(1003.5) == 0.5
    assert clock.look(None) == 0.0


def test_an_event_that_came_and_went_between_two_looks_is_known_as_well() -> None:
    clock = Clock()
    clock.look(1000.0)
    clock.look(None, reading=False)
    clock.lag.delivered()
    assert clock.look(None) == 0.0


def test_who_reads_again_and_gets_nothing_for_a_while_is_not_behind() -> None:
    clock = Clock()
    clock.look(1000.0)
    clock.look(None, reading=False)
    assert clock.look(None) == 3.0
    assert clock.look(None, after=10.0) == 0.0
    assert clock.look(None, reading=False) == 0.0


@pytest.mark.parametrize(("lag", "late"), [(59.0, False), (61.0, True)])
def test_the_command_raises_the_alarm_in_its_log(
    lag: float, late: bool, caplog: pytest.LogCaptureFixture
) -> None:
    assembled = SimpleNamespace(name="goods", options=SimpleNamespace(max_lag_seconds=60.0))
    caplog.set_level(logging.INFO)
    _teller(cast(Any, assembled), "replica 0", 10.0, None)(Standing(lag_seconds=lag))
    said = [record.levelname for record in caplog.records if "ALARM" in record.getMessage()]
    assert said == (["ERROR"] if late else [])
