"""A stream as processes on a real broker: poison, outages, drains, hand-overs, releases, replicas, sinks."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.adapters.kafka import KafkaSource
from furrow.assembly import open_run
from furrow.config.settings import Settings
from furrow.engine.ports import Moved
from furrow.errors import SourceUnavailable
from furrow.store.database import Database
from furrow.store.replicas import alive
from furrow.testing import ServerProcess
from tests.brokers import Broker
from tests.brokers import Outgoing as Sent
from tests.stream.processes import Nursery, Part, until
from tests.stream.site import StreamSite, disordered, event, events, outgoing

pytestmark = [pytest.mark.broker]
Make = Callable[..., StreamSite]
LARGE = 10_000_000
SESSION = 290
"""Seconds after which Apache Kafka puts a silent replica out, in a test of one that need not wait so long."""
SCHEMA_BROKEN = "[[fault: schema_ignored]]"


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path / "meter.jsonl", latency=0.05) as server:
        yield server


@pytest.fixture
def make(broker: Broker, topic_name: str, server: ServerProcess, tmp_path: Path) -> Make:
    def made(options: str = "", **more: Any) -> StreamSite:
        return StreamSite(
            tmp_path / "site", server.url, broker, topic_name, options, **{"partitions": 3, **more}
        )

    return made


@pytest.fixture
def running(nursery: Nursery) -> Iterator[list[Part]]:
    """Processes that are killed when the test ends."""
    parts: list[Part] = []
    yield parts
    for part in parts:
        part.kill()


def places(site: StreamSite) -> list[tuple[int, int]]:
    return sorted(result.source for result in site.read_results())


def all_places(sent: list[Sent], site: StreamSite) -> list[tuple[int, int]]:
    """Of every event that was sent, tombstones apart."""
    found = site.broker.consume(site.topic)
    assert len(found) == len(sent)
    return sorted((message.partition(), message.offset()) for message in found if message.value() is not None)


def test_poison_of_every_kind_ends_in_the_letter_topic_and_in_the_state_database(
    make: Make, nursery: Nursery, server: ServerProcess, running: list[Part], broker: Broker
) -> None:
    site = make(partitions=1)
    sent = [
        event(0, 100),
        outgoing("p1", b"not json"),
        outgoing("p2", b'{"at": "2026-11-24T09:00:00+09:00", "body": "no key"}'),
        event(3, 100, body=SCHEMA_BROKEN),
        event(4, 100),
        outgoing("p5", b"x" * LARGE),
    ]
    site.produce(sent)
    running.append(site.replica(nursery, 0))
    site.wait_until_done(*running)
    letters = {dict(m.headers())["record_id"].decode(): m for m in broker.consume(site.letters)}
    reasons = {
        int(name.rsplit("/", 1)[1]): dict(m.headers())["furrow_reason"].decode()
        for name, m in letters.items()
    }
    wanted = {1: "record_unreadable", 2: "key_missing", 3: "answer_invalid", 5: "record_too_large"}
    assert reasons == wanted
    first = letters[f"kafka:{site.topic}/0/1"]
    assert (first.key(), first.value(), dict(first.headers())["trace"]) == (b"p1", b"not json", b"p1")
    noted = dict(site.query("SELECT record_id, reason FROM furrow_dead_letters"))
    assert {int(name.rsplit("/", 1)[1]): reason for name, reason in noted.items()} == reasons
    assert places(site) == [(0, 0), (0, 4)]
    assert running[0].stop() == 0


def test_letters_are_replayed_into_the_result_topic(
    make: Make, nursery: Nursery, server: ServerProcess, running: list[Part]
) -> None:
    site = make(partitions=1)
    site.produce([event(0, 100), event(1, 100, body=f"{SCHEMA_BROKEN} 1"), event(2, 100)])
    running.append(site.replica(nursery, 0))
    site.wait_until_done(*running)
    assert places(site) == [(0, 0), (0, 2)]
    user = site.prompts.path / "goods" / "v1" / "extract" / "user.md"
    site.prompts.put("goods/v1/digest/user.md", "{{ data.body | replace('[[fault', '(fault') }}\n")
    site.prompts.put(
        "goods/v1/extract/user.md",
        user.read_text().replace("data.body", "data.body | replace('[[fault', '(fault')"),
    )
    replay = site.run(nursery, "dead-letters", "replay", "goods")
    assert replay.ended() == 0, replay.said()
    assert places(site) == [(0, 0), (0, 1), (0, 2)]
    assert site.query("SELECT count(*) FROM furrow_dead_letters WHERE outcome = 'accepted'") == [(1,)]


def test_while_the_model_is_down_events_are_held_and_then_go_on(
    make: Make, nursery: Nursery, server: ServerProcess, running: list[Part]
) -> None:
    site = make()
    running.append(site.replica(nursery, 0))
    sent = [event(number, 10) for number in range(20)]
    site.produce(sent)
    site.wait_until_done(*running)
    server.stop()
    more = [event(number, 10) for number in range(20, 60)]
    site.produce(more)
    until(lambda: "held and tried again" in running[0].said(), "the outage is noticed", running[0].said)
    until(lambda: running[0].said().count("tried again") > 1, "it lasts a while", running[0].said)
    assert len(places(site)) == 20
    server.start()
    site.wait_until_done(*running)
    assert places(site) == all_places([*sent, *more], site)
    assert disordered(site.read_results()) == 0
    assert running[0].stop() == 0
    assert site.outcome().letters.total() == 0


def test_sigterm_finishes_what_is_on_its_way(
    make: Make, nursery: Nursery, server: ServerProcess, running: list[Part]
) -> None:
    server.slow(0.8)
    site = make("look_ahead: 20")
    site.produce([event(number, 10) for number in range(200)])
    part = site.replica(nursery, 0)
    running.append(part)
    until(lambda: len(server.bills) > 5, "calls are on their way", part.said)
    assert part.stop() == 0, part.said()
    assert site.under_way(part.pid) == 0
    results = site.read_results()
    assert 0 < len(results) < 200
    positions = site.broker.positions(site.group, site.topic)
    assert len(results) == sum(positions.values())
    assert 2 * len(results) == len({bill.request for bill in server.bills})


def test_a_second_process_takes_the_place_of_the_first_and_nothing_is_lost_or_doubled(
    make: Make, nursery: Nursery, server: ServerProcess, running: list[Part]
) -> None:
    site = make("look_ahead: 50")
    sent = [event(number, 10) for number in range(150)]
    site.produce(sent)
    first = site.replica(nursery, 0)
    running.append(first)
    until(lambda: len(site.broker.positions(site.group, site.topic)) > 0, "it has begun", first.said)
    second = site.replica(nursery, 0)
    running.append(second)
    assert first.ended() == 0, first.said()
    site.wait_until_done(second)
    assert places(site) == all_places(sent, site)
    assert disordered(site.read_results()) == 0
    assert second.stop() == 0


def test_a_release_that_changes_in_the_middle_is_named_and_nothing_is_lost(
    make: Make, nursery: Nursery, server: ServerProcess, running: list[Part]
) -> None:
    site = make()
    goods = site.prompts.path / "goods"
    shutil.copytree(goods / "v1", goods / "v2")
    site.prompts.put("goods/v2/digest/system.md", "Write it in one line.\n")
    running.append(site.replica(nursery, 0))
    sent = [event(number, 10) for number in range(60)]
    site.produce(sent[:30])
    site.wait_until_done(*running)
    site.prompts.change("goods/pipeline.yaml", "live: v1", "live: v2")
    until(lambda: "replica 0: v2@" in running[0].said(), "it serves the new release", running[0].said)
    site.produce(sent[30:])
    site.wait_until_done(*running)
    results = site.read_results()
    assert sorted(result.source for result in results) == all_places(sent, site)
    assert disordered(results) == 0
    in_time = sorted(results, key=lambda result: str(result.value["event_time"]))
    assert [result.release[:2] for result in in_time] == ["v1"] * 30 + ["v2"] * 30
    assert running[0].stop() == 0


def test_replicas_come_and_go_and_nothing_is_lost_or_doubled(
    make: Make, nursery: Nursery, server: ServerProcess, running: list[Part]
) -> None:
    site = make(partitions=6)
    sent = events(300, 40)
    running.append(site.replica(nursery, 0))
    site.produce(sent[:100])
    running.extend(site.replica(nursery, number) for number in (1, 2))
    until(lambda: len(busy(running)) == 3, "three share the partitions", running[0].said)
    site.produce(sent[100:200])
    site.wait_until_done(*running)
    assert running[2].stop() == 0
    site.produce(sent[200:])
    site.wait_until_done(*running[:2])
    outcome = site.outcome()
    found = sorted([*(result.source for result in outcome.results), *(place for place, _ in outcome.letters)])
    assert found == all_places(sent, site)
    assert disordered(outcome.results) == 0


def test_when_a_replica_leaves_in_order_the_other_one_goes_on_with_its_partitions(
    make: Make, nursery: Nursery, server: ServerProcess, running: list[Part]
) -> None:
    site = make(partitions=6, session_seconds=SESSION)
    sent = events(400, 40)
    running.extend(site.replica(nursery, number) for number in (0, 1))
    until(lambda: len(busy(running)) == 2, "two share the partitions", running[0].said)
    for number in range(0, 400, 20):
        site.produce(sent[number : number + 20])
        if number == 200:
            running[1].tell_to_end()
        time.sleep(0.1)
    assert running[1].ended() == 0, running[1].said()
    until(lambda: said_last(running[0], "partitions [0, 1, 2, 3, 4, 5]"), "it has all", running[0].said)
    site.wait_until_done(running[0])
    outcome = site.outcome()
    found = sorted([*(result.source for result in outcome.results), *(place for place, _ in outcome.letters)])
    assert found == all_places(sent, site)
    assert disordered(outcome.results) == 0
    running.append(site.replica(nursery, 2))  # nobody waits for the one that left
    until(lambda: len(busy([running[0], running[2]])) == 2, "two share them again", running[2].said)
    assert [running[number].stop() for number in (0, 2)] == [0, 0]


def test_a_batch_run_beside_a_stream_reads_nothing_and_takes_its_turn_when_the_stream_is_off(
    make: Make, nursery: Nursery, server: ServerProcess, running: list[Part]
) -> None:
    site = make(partitions=3)
    running.append(site.replica(nursery, 0))
    site.produce(first := [event(number, 10) for number in range(30)])
    site.wait_until_done(*running)
    server.slow(0.5)
    site.produce(second := [event(number, 10) for number in range(30, 60)])
    before = site.broker.positions(site.group, site.topic)
    with pytest.raises(SourceUnavailable, match=r"stream of goods runs \(replica 0\)"):
        fetched(site, "beside")
    assert not list((site.home / "var" / "store").rglob("manifest.json"))
    after = site.broker.positions(site.group, site.topic)
    assert all(after[number] >= offset for number, offset in before.items())
    site.wait_until_done(*running)
    assert running[0].stop() == 0
    site.produce(third := [event(number, 10) for number in range(60, 75)])
    until(lambda: not alive(Database(f"sqlite:///{site.database}"), "goods"), "the stream counts as off")
    assert fetched(site, "alone") == len(third)
    running.append(site.replica(nursery, 0))
    site.produce(fourth := [event(number, 10) for number in range(75, 90)])
    site.wait_until_done(running[1])
    assert running[1].stop() == 0
    by_stream = {str(result.value["event_time"]) for result in site.read_results()}
    wanted = [*first, *second, *fourth]
    assert len(site.read_results()) == len(by_stream) == len(wanted)


def test_a_stream_that_starts_while_a_batch_run_stores_its_position_begins_behind_its_records(
    make: Make,
    nursery: Nursery,
    server: ServerProcess,
    running: list[Part],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site, plain = make(partitions=3), KafkaSource.moved
    site.produce([event(number, 10) for number in range(30)])

    def stream_starts(source: KafkaSource, position: Any) -> Moved:
        running.append(site.replica(nursery, 0))
        said = "waits: the batch run beside is about to store its position"
        until(lambda: said in running[0].said(), "the replica waits", running[0].said)
        return plain(source, position)

    monkeypatch.setattr(KafkaSource, "moved", stream_starts)
    assert fetched(site, "beside") == 30
    site.produce(later := [event(number, 10) for number in range(30, 45)])
    site.wait_until_done(*running)
    assert running[0].stop() == 0
    by_stream = {str(result.value["event_time"]) for result in site.read_results()}
    assert len(site.read_results()) == len(by_stream) == len(later)


def fetched(site: StreamSite, run_id: str) -> int:
    """How many records the task `fetch` of a batch run takes from the topic."""
    settings = Settings.from_environment(site.environ)
    with open_run("goods", run_id, EnvironmentConnections(site.environ), settings) as run:
        return sum(partition["records"] for partition in run.fetch())


def said_last(part: Part, words: str) -> bool:
    """Whether these are in the last line that says how it stands."""
    lines = [line for line in part.said().splitlines() if "partitions [" in line]
    return bool(lines) and words in lines[-1]


def busy(parts: list[Part]) -> list[Part]:
    """Those that had partitions when they last said how they stand."""
    return [
        part for part in parts if "partitions [" in part.said() and "partitions []" not in part.said()[-60:]
    ]


@pytest.mark.parametrize("broker", ["embedded"], indirect=True)  # the whole trial has it on both
def test_the_feature_store_follows_although_it_was_down_for_a_while(
    make: Make, nursery: Nursery, server: ServerProcess, running: list[Part]
) -> None:
    site = make(features=True)
    site.apply_features(nursery)
    running.append(site.replica(nursery, 0))
    site.produce([event(number, 15) for number in range(15)])
    site.wait_until_done(*running)
    online = next(site.home.rglob("online*.db"), None)
    assert online is None or not site.outcome().online
    follower = site.follower(nursery, "features")
    running.append(follower)
    site.wait_until_published("features", follower)
    follower.kill()
    site.produce([event(number, 15) for number in range(15, 45)])
    site.wait_until_done(running[0])
    running.append(site.follower(nursery, "features"))
    site.wait_until_published("features", running[-1])
    stamps = {at for _, at in site.outcome().online.values()}
    assert len({key for key, _ in site.outcome().online}) == 15
    assert len(stamps) == 15  # of each key its newest event
    assert [part.stop() for part in (running[0], running[-1])] == [0, 0]


@pytest.mark.parametrize("broker", ["embedded"], indirect=True)  # what happens is not up to the broker
def test_a_sink_that_fails_for_good_does_not_end_the_replicas(
    make: Make, nursery: Nursery, server: ServerProcess, running: list[Part]
) -> None:
    site = make(features=True)  # and nobody applies them
    running.append(site.run(nursery, "stream", "goods", "--every", "1"))
    site.produce([event(number, 10) for number in range(5)])
    site.wait_until_done(*running)
    until(lambda: "the others go on" in running[0].said(), "the sink has failed", running[0].said)
    assert "furrow features apply" in running[0].said()
    site.produce([event(number, 10) for number in range(5, 30)])
    site.wait_until_done(*running)
    assert len(places(site)) == 30
    assert running[0].stop() == 1


def test_without_transactions_it_says_so_and_every_result_is_there(
    make: Make, nursery: Nursery, server: ServerProcess, running: list[Part]
) -> None:
    site = make("transactions: false")
    sent = [event(number, 10) for number in range(40)]
    site.produce(sent)
    running.append(site.replica(nursery, 0))
    site.wait_until_done(*running)
    assert "at least once" in running[0].log.read_text()
    running[0].kill()
    site.produce(more := [event(number, 10) for number in range(40, 60)])
    running.append(site.replica(nursery, 0))
    site.wait_until_done(running[1])
    assert sorted(set(places(site))) == all_places([*sent, *more], site)
    assert running[1].stop() == 0
