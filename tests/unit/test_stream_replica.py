"""One replica against a feed in memory: what is published, in which order, and what becomes of failures."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from furrow.errors import (
    CredentialsRefused,
    ProviderUnavailable,
    ReplicaReplaced,
    SourceUnavailable,
    StoreUnavailable,
)
from furrow.store.clock import utc_now
from furrow.store.holds import HOLD_SECONDS, Hold
from furrow.store.replicas import Seat, give_up_others, sittings
from furrow.streaming import replica as replicas
from furrow.streaming.messages import header
from furrow.streaming.replica import Replica
from furrow.streaming.standing import Standing
from furrow.testing import ScriptedModel
from tests.folders import FolderOfPrompts
from tests.stream.world import StreamWorld, value, world_of


@pytest.fixture
def world(prompts: FolderOfPrompts, tmp_path: Path) -> Iterator[StreamWorld]:
    prompts.change("models.yaml", "attempts: 2", "attempts: 1")
    with world_of(prompts, tmp_path, partitions=2) as world:
        yield world


class Gate:
    """Answers to prompts that contain a text wait until it is opened."""

    def __init__(self, world: StreamWorld, text: str):
        self.opened = asyncio.Event()
        self._text, self._model = text, world.model
        world.model = self  # type: ignore[assignment]

    async def ask(self, request: Any) -> Any:
        if self._text in request.messages[-1].text:
            await self.opened.wait()
        return await self._model.ask(request)

    async def close(self) -> None:
        await self._model.close()


def failing(text: str, times: int, error: Exception) -> ScriptedModel:
    """A model that fails so often for prompts with a text in them, and then answers what fits."""
    plain, left = ScriptedModel(), times

    def script(request: Any) -> Any:
        nonlocal left
        if text in request.messages[-1].text and left > 0:
            left -= 1
            return error
        return plain._fitting(request)

    return ScriptedModel(script)


async def test_every_event_is_answered_once_and_in_its_order(world: StreamWorld) -> None:
    for number in range(30):
        world.feed.append(value(number), partition=number % 2)
    standing = await world.until(lambda: world.feed.all_committed)
    for partition in (0, 1):
        wanted = world.ids(*range(15), partition=partition)
        assert [found for found in world.results if found in wanted] == wanted
    assert len(world.results) == standing.accepted == 30


async def test_a_result_names_its_record_release_and_event_time(world: StreamWorld) -> None:
    world.feed.append(value(1), key=b"a1")
    await world.until(lambda: world.feed.all_committed)
    (out,) = world.feed.written
    told = json.loads(out.value or b"")
    assert (out.topic, out.key, told["key"], told["record_id"]) == ("results", b"a1", "a1", *world.ids(0))
    assert told["release"] == header(out.headers, "release") == world.live().release
    assert told["event_time"] == "2026-11-24T09:00:00+09:00"


async def test_nothing_behind_an_event_that_is_still_worked_on_is_published(world: StreamWorld) -> None:
    gate = Gate(world, "갤럭시 2호")
    for number in range(6):
        world.feed.append(value(number))
    replica = world.replica()
    running = asyncio.create_task(replica.run())
    while world.feed.committed[0] != 2 or len(replica._window) != 4:
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.1)  # the others are done by now
    assert world.results == world.ids(0, 1)
    gate.opened.set()
    while not world.feed.all_committed:
        await asyncio.sleep(0.005)
    replica.stop()
    await running
    assert world.results == world.ids(*range(6))


async def test_an_event_that_fails_for_now_is_tried_again_and_nothing_is_lost(world: StreamWorld) -> None:
    world.model = failing("갤럭시 1호", 3, ProviderUnavailable("down"))
    for number in range(4):
        world.feed.append(value(number))
    standing = await world.until(lambda: world.feed.all_committed)
    assert world.results == world.ids(*range(4))
    assert standing.failures > 0


async def test_a_rejected_event_is_in_the_letters_before_its_position_moves(world: StreamWorld) -> None:
    noted: list[int] = []
    world.feed.before_commit = lambda: noted.append(world.letters.count_open("goods"))
    world.feed.append(b"not json", key=b"k", headers=[("trace", b"t1"), ("furrow_reason", b"forged")])
    world.feed.append(value(1))
    standing = await world.until(lambda: world.feed.all_committed)
    (letter,) = [out for out in world.feed.written if out.topic == "letters"]
    assert noted[0] == 1
    assert (letter.key, letter.value, world.results) == (b"k", b"not json", world.ids(1))
    assert header(letter.headers, "trace") == "t1"
    assert header(letter.headers, "furrow_reason") == "record_unreadable"
    assert [name for name, _ in letter.headers].count("furrow_reason") == 1
    assert (standing.accepted, standing.rejected) == (1, 1)


async def test_a_tombstone_is_passed_over(world: StreamWorld) -> None:
    world.feed.append(None, key=b"gone")
    world.feed.append(value(1))
    standing = await world.until(lambda: world.feed.all_committed)
    assert world.results == world.ids(1)
    assert (standing.tombstones, standing.accepted, world.rejected) == (1, 1, [])


async def test_a_commit_that_was_refused_is_done_again_with_the_same_events(world: StreamWorld) -> None:
    world.feed.fates.extend(["refused", "refused"])
    for number in range(5):
        world.feed.append(value(number))
    await world.until(lambda: world.feed.all_committed)
    assert world.results == world.ids(*range(5))
    assert world.feed.opened == 1


@pytest.mark.parametrize("fate", ["unknown, and nothing happened", "unknown, and it happened"])
async def test_after_a_commit_with_an_unknown_end_the_feed_says_where_to_go_on(
    world: StreamWorld, fate: Any
) -> None:
    world.feed.fates.append(fate)
    for number in range(5):
        world.feed.append(value(number))
    await world.until(lambda: world.feed.all_committed and world.feed.opened == 2)
    assert world.results == world.ids(*range(5))


@pytest.mark.parametrize("fate", ["unknown, and nothing happened", "unknown, and it happened"])
async def test_a_commit_with_an_unknown_end_while_partitions_go_is_not_done_twice(
    world: StreamWorld, fate: Any
) -> None:
    gate = Gate(world, "갤럭시 0호")
    world.feed.append(value(0), partition=0)
    for number in range(1, 4):
        world.feed.append(value(number), partition=1)

    def taken_meanwhile() -> None:
        world.feed.before_commit = lambda: None
        world.feed.take_away(0)
        world.feed.fates.extend([None, fate])

    world.feed.before_commit = taken_meanwhile
    asyncio.get_running_loop().call_later(0.3, gate.opened.set)
    asyncio.get_running_loop().call_later(0.6, world.feed.give_back, 0)
    await world.until(lambda: world.feed.all_committed)
    assert sorted(world.results) == [*world.ids(0), *world.ids(0, 1, 2, partition=1)]


async def test_partitions_that_go_in_the_middle_of_a_commit_wait_for_its_end(world: StreamWorld) -> None:
    holding, entered = threading.Event(), threading.Event()

    def hold_up() -> None:
        entered.set()
        holding.wait(10)

    for number in range(3):
        world.feed.append(value(number))
    world.feed.before_commit = hold_up
    replica = world.replica()
    running = asyncio.create_task(replica.run())
    await asyncio.to_thread(entered.wait, 10)
    world.feed.take_away(0)
    await asyncio.sleep(0.3)
    assert replica._window.partitions == [0, 1]
    world.feed.before_commit = lambda: None
    holding.set()
    while replica._window.partitions != [1]:
        await asyncio.sleep(0.005)
    world.feed.give_back(0)
    while not world.feed.all_committed:
        await asyncio.sleep(0.005)
    replica.stop()
    await running
    assert world.results == world.ids(0, 1, 2)


async def test_what_was_on_its_way_when_partitions_went_is_done_again_by_who_gets_them(
    world: StreamWorld,
) -> None:
    gate = Gate(world, "갤럭시 1호")
    for number in range(4):
        world.feed.append(value(number))
    replica = world.replica()
    running = asyncio.create_task(replica.run())
    while world.feed.committed[0] != 1:
        await asyncio.sleep(0.005)
    world.feed.take_away(0)
    while replica._window.partitions != [1]:
        await asyncio.sleep(0.005)
    gate.opened.set()
    await asyncio.sleep(0.1)
    assert world.results == world.ids(0)
    world.feed.give_back(0)
    while not world.feed.all_committed:
        await asyncio.sleep(0.005)
    replica.stop()
    await running
    assert world.results == world.ids(0, 1, 2, 3)


async def test_stop_finishes_what_is_on_its_way_and_takes_nothing_more(world: StreamWorld) -> None:
    gate = Gate(world, "갤럭시")
    for number in range(3):
        world.feed.append(value(number))
    replica = world.replica()
    running = asyncio.create_task(replica.run())
    while len(replica._window) < 3:
        await asyncio.sleep(0.005)
    replica.stop()
    await asyncio.sleep(0.3)
    world.feed.append(value(3))
    gate.opened.set()
    await running
    assert world.results == world.ids(0, 1, 2)
    assert world.feed.committed[0] == 3


async def test_stop_ends_in_time_although_the_model_never_answers(
    prompts: FolderOfPrompts, tmp_path: Path
) -> None:
    with world_of(prompts, tmp_path, drain_seconds=0.2) as world:
        world.model = failing("갤럭시", 10**6, ProviderUnavailable("down"))
        world.feed.append(value(0))
        replica = world.replica()
        running = asyncio.create_task(replica.run())
        while replica.standing.failures == 0:
            await asyncio.sleep(0.005)
        replica.stop()
        async with asyncio.timeout(15):
            await running
        assert (world.results, world.feed.committed[0]) == ([], 0)


async def test_events_that_the_budget_has_no_room_for_wait_until_it_is_raised(
    world: StreamWorld, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setattr(replicas, "_UNTIL_RAISED", lambda _: 0.05)
    world.cap_usd = 0.0
    for number in range(6):
        world.feed.append(value(number), partition=number % 2)
    replica = world.replica()
    running = asyncio.create_task(replica.run())
    while replica.standing.failures < 12 and not running.done():
        await asyncio.sleep(0.005)
    assert (world.results, replica.standing.unpaid, world.model.calls) == ([], 6, 0)
    assert "6 wait for the budget" in replica.standing.line(0, 1.0)
    world.ledger.raise_budget("goods", 1000.0)
    await world.until(lambda: world.feed.all_committed, replica, running)
    assert sorted(world.results) == sorted([*world.ids(0, 1, 2), *world.ids(0, 1, 2, partition=1)])
    assert replica.standing.unpaid == 0
    assert caplog.text.count("the budget of goods has no room today") == 1
    assert caplog.text.count("the budget has room again") == 1


async def test_stop_ends_in_time_although_the_budget_is_spent(
    prompts: FolderOfPrompts, tmp_path: Path
) -> None:
    with world_of(prompts, tmp_path, drain_seconds=0.2) as world:
        world.cap_usd = 0.0
        world.feed.append(value(0))
        replica = world.replica()
        await world.until(lambda: replica.standing.unpaid, replica)
        assert (world.results, world.feed.committed[0]) == ([], 0)


async def test_stop_ends_in_time_although_a_call_hangs(prompts: FolderOfPrompts, tmp_path: Path) -> None:
    with world_of(prompts, tmp_path, drain_seconds=0.2) as world:
        plain = world.model
        Gate(world, "갤럭시")
        world.feed.append(value(0))
        replica = world.replica()
        async with asyncio.timeout(15):
            await world.until(lambda: world.ledger.leases, replica)
        assert (world.results, world.feed.committed[0]) == ([], 0)
        assert len(world.ledger.leases) == 1  # as of a process that was killed: it ends by itself
        assert plain.closed


async def test_an_answer_that_comes_after_the_place_was_taken_is_in_the_ledger(world: StreamWorld) -> None:
    gate = Gate(world, "갤럭시")
    world.feed.append(value(0))
    running = asyncio.create_task(world.replica().run())
    while not world.ledger.leases:
        await asyncio.sleep(0.005)
    Seat(world.database, "goods", "0").take()
    while world.feed.left is None:
        await asyncio.sleep(0.005)
    assert not world.ledger.purchases
    gate.opened.set()
    with pytest.raises(ReplicaReplaced):
        await running
    assert (len(world.ledger.purchases), world.ledger.leases) == (1, {})


async def test_an_error_that_a_person_has_to_mend_ends_the_replica(world: StreamWorld) -> None:
    world.model = failing("갤럭시 1호", 10**6, CredentialsRefused("the key is wrong"))
    for number in range(3):
        world.feed.append(value(number))
    with pytest.raises(CredentialsRefused, match="the key is wrong"):
        await world.until(lambda: False)
    assert world.results == world.ids(0)[: len(world.results)]


async def test_a_feed_that_is_gone_for_a_while_is_opened_again(world: StreamWorld) -> None:
    for number in range(3):
        world.feed.append(value(number))
    world.feed.fail(SourceUnavailable("the broker is away"))
    await world.until(lambda: world.feed.all_committed)
    assert world.results == world.ids(0, 1, 2)
    assert world.feed.opened == 2


async def test_a_replica_ends_when_another_process_takes_its_place(world: StreamWorld) -> None:
    world.feed.append(value(0))
    replica = world.replica()
    running = asyncio.create_task(replica.run())
    while not world.feed.all_committed:
        await asyncio.sleep(0.005)
    Seat(world.database, "goods", "0").take()
    async with asyncio.timeout(10):
        with pytest.raises(ReplicaReplaced, match="another process runs replica 0"):
            await running
    assert world.feed._holder is None
    assert world.feed.left is False  # its partitions wait for the other process


async def test_a_replica_that_is_stopped_leaves_its_partitions_to_the_others(world: StreamWorld) -> None:
    world.feed.append(value(0))
    await world.until(lambda: world.feed.all_committed)
    assert world.feed.left is True


async def test_a_replica_that_the_stream_no_longer_has_leaves_its_partitions_to_the_others(
    world: StreamWorld,
) -> None:
    running = asyncio.create_task(world.replica().run())
    while not world.feed.opened:
        await asyncio.sleep(0.005)
    give_up_others(world.database, "goods", [])
    async with asyncio.timeout(10):
        with pytest.raises(ReplicaReplaced, match="no replica 0 any more"):
            await running
    assert world.feed.left is True


async def without_a_broker(
    world: StreamWorld, monkeypatch: pytest.MonkeyPatch, times: int = 1
) -> tuple[Replica, asyncio.Task[Standing]]:
    """A replica whose feed cannot be opened so often; it waits, long, for the next try."""
    monkeypatch.setattr(replicas, "_BACKOFF", lambda _: 30.0)
    for _ in range(times):
        world.feed.fail(SourceUnavailable("the broker is away"))
    replica = world.replica()
    running = asyncio.create_task(replica.run())
    while world.feed.left is None:
        await asyncio.sleep(0.005)
    return replica, running


async def test_a_replica_that_is_stopped_while_it_waits_for_its_broker_comes_back_to_leave(
    world: StreamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica, running = await without_a_broker(world, monkeypatch)
    assert world.feed.left is False
    replica.stop()
    async with asyncio.timeout(10):
        await running
    assert (world.feed.left, world.feed.opened) == (True, 2)


async def test_a_replica_that_cannot_come_back_to_leave_ends_all_the_same(
    world: StreamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica, running = await without_a_broker(world, monkeypatch, times=2)
    replica.stop()
    async with asyncio.timeout(10):
        await running
    assert (world.feed._holder, world.feed.opened) == (None, 2)


async def test_a_replica_that_the_stream_drops_while_it_waits_for_its_broker_comes_back_to_leave(
    world: StreamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, running = await without_a_broker(world, monkeypatch)
    give_up_others(world.database, "goods", [])
    async with asyncio.timeout(10):
        with pytest.raises(ReplicaReplaced, match="no replica 0 any more"):
            await running
    assert world.feed.left is True


async def test_a_replica_that_is_stopped_just_after_it_was_replaced_does_not_put_the_other_one_out(
    world: StreamWorld,
) -> None:
    world.feed.append(value(0))
    replica = world.replica()
    running = asyncio.create_task(replica.run())
    while not world.feed.all_committed:
        await asyncio.sleep(0.005)
    Seat(world.database, "goods", "0").take()
    replica.stop()
    with suppress(ReplicaReplaced):  # when it saw that before it was stopped
        await running
    assert world.feed.left is False


async def test_a_replica_counts_as_there_while_it_waits_for_its_broker(
    world: StreamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica, running = await without_a_broker(world, monkeypatch)
    await told_again(world)
    replica.stop()
    await running


async def test_a_replica_counts_as_there_while_its_feed_takes_long_to_open(world: StreamWorld) -> None:
    goes_on, opening, plain = threading.Event(), threading.Event(), world.feed.open

    def slowly(holder: Any) -> None:
        opening.set()
        goes_on.wait(20)
        plain(holder)

    world.feed.open = slowly  # type: ignore[method-assign]
    replica = world.replica()
    running = asyncio.create_task(replica.run())
    await asyncio.to_thread(opening.wait, 10)
    await told_again(world)
    goes_on.set()
    replica.stop()
    await running


async def told_again(world: StreamWorld) -> None:
    """Wait until the replica has told twice more that it is there."""
    for _ in range(2):
        (before,) = sittings(world.database, "goods")
        async with asyncio.timeout(10):
            while sittings(world.database, "goods")[0].seen_at == before.seen_at:
                await asyncio.sleep(0.05)


async def test_a_replica_waits_for_a_run_that_is_about_to_store_its_position_and_goes_on_then(
    world: StreamWorld, caplog: pytest.LogCaptureFixture
) -> None:
    hold = Hold(world.database, "goods", "run-1")
    hold.take()
    world.feed.append(value(0))
    replica = world.replica()
    running = asyncio.create_task(replica.run())
    while not sittings(world.database, "goods"):
        await asyncio.sleep(0.005)
    await told_again(world)
    assert (world.feed.opened, world.results) == (0, [])
    assert caplog.text.count("waits: the batch run run-1 is about to store its position") == 1
    hold.let_go()
    while not world.feed.all_committed:
        await asyncio.sleep(0.005)
    replica.stop()
    await running
    assert world.results == world.ids(0)


async def test_a_replica_waits_no_longer_than_the_hold_of_a_killed_run_lasts(world: StreamWorld) -> None:
    then = utc_now() - timedelta(seconds=HOLD_SECONDS - 1.5)
    Hold(world.database, "goods", "killed", lambda: then).take()
    world.feed.append(value(0))
    await world.until(lambda: world.feed.all_committed)
    assert world.results == world.ids(0)


async def test_a_replica_that_is_stopped_while_it_waits_for_a_run_ends(world: StreamWorld) -> None:
    Hold(world.database, "goods", "run-1").take()
    await world.until(lambda: sittings(world.database, "goods"))
    assert (world.feed.opened, world.closed) == (0, [world.live().release])


async def test_a_replica_that_is_replaced_while_it_waits_for_a_run_ends(world: StreamWorld) -> None:
    Hold(world.database, "goods", "run-1").take()
    running = asyncio.create_task(world.replica().run())
    while not sittings(world.database, "goods"):
        await asyncio.sleep(0.005)
    Seat(world.database, "goods", "0").take()
    async with asyncio.timeout(10):
        with pytest.raises(ReplicaReplaced, match="another process runs replica 0"):
            await running
    assert world.feed.opened == 0


@pytest.mark.parametrize("asked", ["tell", "held_up_by"])
async def test_a_replica_that_cannot_ask_the_state_database_waits_until_it_can(
    world: StreamWorld, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    plain, opened = getattr(Seat, asked), list[int]()

    def away_at_first(self: Seat, *rest: Any) -> Any:
        opened.append(world.feed.opened)
        if len(opened) <= 2:
            raise StoreUnavailable("the state database is away")
        return plain(self, *rest)

    monkeypatch.setattr(Seat, asked, away_at_first)
    world.feed.append(value(0))
    await world.until(lambda: world.feed.all_committed)
    assert opened[:3] == [0, 0, 0]
    assert world.results == world.ids(0)


async def test_a_replica_that_comes_back_to_its_broker_waits_for_a_run_as_well(world: StreamWorld) -> None:
    hold = Hold(world.database, "goods", "run-1")
    replica = world.replica()
    running = asyncio.create_task(replica.run())
    while not world.feed.opened:
        await asyncio.sleep(0.005)
    hold.take()
    world.feed.fail(SourceUnavailable("the broker is away"))
    while world.feed.left is None:
        await asyncio.sleep(0.005)
    for _ in range(2):
        await told_again(world)
    assert world.feed.opened == 1
    hold.let_go()
    while world.feed.opened == 1:
        await asyncio.sleep(0.005)
    replica.stop()
    await running


async def test_events_of_a_key_are_worked_on_one_after_the_other_where_that_is_asked_for(
    prompts: FolderOfPrompts, tmp_path: Path
) -> None:
    with world_of(prompts, tmp_path, order="key") as world:
        gate = Gate(world, "갤럭시 0호")
        world.feed.append(value(0), key=b"same")
        world.feed.append(value(1), key=b"same")
        world.feed.append(value(2), key=b"other")
        asked = world.model._model.requests  # type: ignore[attr-defined]
        replica = world.replica()
        running = asyncio.create_task(replica.run())
        while not any("갤럭시 2호" in request.messages[-1].text for request in asked):
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.1)
        assert not any("갤럭시 1호" in request.messages[-1].text for request in asked)
        gate.opened.set()
        while not world.feed.all_committed:
            await asyncio.sleep(0.005)
        replica.stop()
        await running
        assert world.results == world.ids(0, 1, 2)


async def test_a_release_that_changes_in_the_middle_is_named_by_each_result(world: StreamWorld) -> None:
    import shutil

    goods = world.prompts.path / "goods"
    shutil.copytree(goods / "v1", goods / "v2")
    world.prompts.put("goods/v2/digest/system.md", "Write it in one line.\n")
    first = world.live().release
    for number in range(3):
        world.feed.append(value(number))
    replica = world.replica()
    running = asyncio.create_task(replica.run())
    while not world.feed.all_committed:
        await asyncio.sleep(0.005)
    world.prompts.change("goods/pipeline.yaml", "live: v1", "live: v2")
    second = world.live().release
    while replica.standing.release != second:
        await asyncio.sleep(0.005)
    for number in range(3, 6):
        world.feed.append(value(number))
    while not world.feed.all_committed:
        await asyncio.sleep(0.005)
    replica.stop()
    await running
    releases = [header(out.headers, "release") for out in world.feed.written]
    assert releases == [first] * 3 + [second] * 3
    assert world.closed[0] == first


async def test_how_it_stands_is_written_down_where_others_see_it(world: StreamWorld) -> None:
    world.feed.append(value(0))

    def told() -> bool:
        found = [(each.replica, each.standing) for each in sittings(world.database, "goods")]
        wanted = {"accepted": 1, "partitions": [0, 1]}
        return any(replica == "0" and wanted.items() <= standing.items() for replica, standing in found)

    await world.until(told)
    (sitting,) = sittings(world.database, "goods")
    assert sitting.standing["partitions"] == []  # it has left them to the others
