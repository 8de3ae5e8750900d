"""What every feed keeps to: messages and position together, one member in a place, nothing lost."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from confluent_kafka.admin import TopicMetadata

from furrow.adapters import kafka_feed
from furrow.adapters.kafka_feed import KafkaFeed
from furrow.adapters.kafka_topics import make_topics
from furrow.engine.events import Event, Feed, Outgoing
from furrow.engine.ports import Connection
from furrow.errors import FurrowError, RequestRejected, RunError, SourceUnavailable, TransientError
from furrow.testing import MemoryFeed
from tests.brokers import Broker
from tests.brokers import Outgoing as Sent

PARTITIONS = 2
SECONDS = 40
SESSION = 60
"""Seconds after which Apache Kafka puts a silent member out, where nobody need wait longer than SECONDS."""


@dataclass
class Worker:
    """A holder that notes what it is given, and polls in a thread as a replica does."""

    feed: Feed
    ours: dict[int, int] = field(default_factory=dict)
    got: list[Event] = field(default_factory=list)
    error: FurrowError | None = None
    on_taken: Callable[[], None] = lambda: None

    def given(self, partitions: Mapping[int, int]) -> None:
        self.ours |= partitions

    def taken(self, partitions: Sequence[int]) -> None:
        self.on_taken()
        for number in partitions:
            self.ours.pop(number, None)

    def open(self) -> Worker:
        self.feed.open(self)
        return self

    def poll_until(self, met: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + SECONDS
        while not met():
            assert time.monotonic() < deadline, f"not within {SECONDS} s: {what}"
            self.got += self.feed.poll(100, 0.05)

    def have(self, count: int) -> list[Event]:
        self.poll_until(lambda: len(self.got) >= count, f"{count} events")
        return self.got


class Bench:
    """One kind of feed, its topic and what came out of it."""

    transactions = True

    def feed(self, member: str = "0") -> Feed: ...
    def send(self, value: bytes | None, partition: int = 0, key: bytes = b"k") -> None: ...
    def written(self) -> list[bytes]: ...
    def committed(self) -> dict[int, int]: ...


class MemoryBench(Bench):
    def __init__(self) -> None:
        self.memory = MemoryFeed(partitions=PARTITIONS)

    def feed(self, member: str = "0") -> Feed:
        return self.memory

    def send(self, value: bytes | None, partition: int = 0, key: bytes = b"k") -> None:
        self.memory.append(value, partition, key, [("trace", b"t")])

    def written(self) -> list[bytes]:
        return [out.value or b"" for out in self.memory.written]

    def committed(self) -> dict[int, int]:
        return {number: offset for number, offset in self.memory.committed.items() if offset}


class KafkaBench(Bench):
    def __init__(self, broker: Broker, transactions: bool):
        self.broker, self.transactions = broker, transactions
        self.topic = f"events-{uuid.uuid4().hex[:8]}"
        broker.create_topic(self.topic, PARTITIONS)
        broker.create_topic("out" + self.topic)
        self.connection = Connection("k", "kafka", extra={"bootstrap.servers": broker.address})
        self.feeds: list[Feed] = []

    def feed(self, member: str = "0") -> KafkaFeed:
        found = KafkaFeed(self.topic, f"g.{self.topic}", member, self.connection, self.transactions)
        self.feeds.append(found)
        return found

    def send(self, value: bytes | None, partition: int = 0, key: bytes = b"k") -> None:
        self.broker.produce(self.topic, [Sent(value, key, [("trace", b"t")], partition)])

    def written(self) -> list[bytes]:
        return [message.value() for message in self.broker.consume("out" + self.topic)]

    def committed(self) -> dict[int, int]:
        return self.broker.positions(f"g.{self.topic}", self.topic)


@pytest.fixture(params=["memory", "apache-kafka", "apache-kafka, plain", "embedded", "embedded, plain"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Every feed there is."""
    name, _, plain = request.param.partition(", ")
    if name == "memory":
        yield MemoryBench()
        return
    fixture = "apache_kafka" if name == "apache-kafka" else "embedded_broker"
    bench = KafkaBench(request.getfixturevalue(fixture), transactions=not plain)
    yield bench
    for feed in bench.feeds:
        feed.close()


def out(bench: Bench, value: bytes) -> Outgoing:
    topic = "out" + bench.topic if isinstance(bench, KafkaBench) else "out"
    return Outgoing(topic, b"k", value, (("release", b"v1"),))


# --- every feed ------------------------------------------------------------------------------------


def test_events_come_with_all_that_they_are_in_the_order_of_their_partition(bench: Bench) -> None:
    for number in range(4):
        bench.send(f"v{number}".encode(), number % PARTITIONS, f"k{number}".encode())
    bench.send(None, 1, b"gone")
    events = Worker(bench.feed()).open().have(5)
    by_partition = {n: [event for event in events if event.partition == n] for n in range(PARTITIONS)}
    assert [(event.offset, event.key, event.value) for event in by_partition[1]] == [
        (0, b"k1", b"v1"),
        (1, b"k3", b"v3"),
        (2, b"gone", None),
    ]
    assert [event.value for event in by_partition[0]] == [b"v0", b"v2"]
    assert all(event.headers == (("trace", b"t"),) and event.time > 1.7e9 for event in events)


def test_a_commit_writes_its_messages_and_the_next_one_begins_behind_it(bench: Bench) -> None:
    for number in range(3):
        bench.send(f"v{number}".encode())
    first = Worker(bench.feed()).open()
    first.have(3)
    first.feed.commit([out(bench, b"r0"), out(bench, b"r1")], {0: 2})
    first.feed.close()
    second = Worker(bench.feed()).open()
    assert [event.value for event in second.have(1)] == [b"v2"]
    assert second.ours[0] == 2
    assert (bench.written(), bench.committed()[0]) == ([b"r0", b"r1"], 2)


def test_what_was_not_committed_is_delivered_again(bench: Bench) -> None:
    bench.send(b"v0")
    first = Worker(bench.feed()).open()
    first.have(1)
    first.feed.close()
    assert first.ours == {}
    assert [event.value for event in Worker(bench.feed()).open().have(1)] == [b"v0"]


def test_a_held_partition_delivers_nothing_until_it_may_go_on(bench: Bench) -> None:
    worker = Worker(bench.feed()).open()
    bench.send(b"first", 0)
    worker.have(1)
    worker.feed.hold([0])
    bench.send(b"held", 0)
    bench.send(b"other", 1)
    worker.have(2)
    for _ in range(5):
        worker.got += worker.feed.poll(100, 0.05)
    assert [event.value for event in worker.got] == [b"first", b"other"]
    worker.feed.go_on([0])
    assert worker.have(3)[-1].value == b"held"


def test_holding_again_and_again_loses_doubles_and_reorders_nothing(bench: Bench) -> None:
    for number in range(200):
        bench.send(f"v{number}".encode(), number % 2)
    worker = Worker(bench.feed()).open()
    for turn in range(1, 11):
        while len(worker.got) < 20 * turn:
            worker.got += worker.feed.poll(7, 0.1)
        worker.feed.hold([0, 1])
        worker.feed.poll(0, 0.02)
        worker.feed.go_on([0, 1])
    for partition in (0, 1):
        offsets = [event.offset for event in worker.got if event.partition == partition]
        assert offsets == list(range(len(offsets)))
    assert len(worker.got) == 200


def test_a_commit_goes_through_while_another_thread_polls(bench: Bench) -> None:
    worker, done = Worker(bench.feed()).open(), threading.Event()
    bench.send(b"v0")
    worker.have(1)

    def commit() -> None:
        worker.feed.commit([out(bench, b"r0")], {0: 1})
        done.set()

    threading.Thread(target=commit).start()
    worker.poll_until(done.is_set, "the commit ends")
    assert (bench.written(), bench.committed()[0]) == ([b"r0"], 1)


def test_the_holder_may_commit_in_another_thread_while_its_partitions_are_taken(bench: Bench) -> None:
    worker = Worker(bench.feed()).open()
    bench.send(b"v0")
    worker.have(1)

    def commit() -> None:
        helper = threading.Thread(target=worker.feed.commit, args=([out(bench, b"r0")], {0: 1}))
        helper.start()
        helper.join(SECONDS)
        assert not helper.is_alive()

    worker.on_taken = commit
    worker.feed.close()
    assert (bench.written(), bench.committed()[0]) == ([b"r0"], 1)


def test_the_lag_is_what_comes_after_the_committed_position(bench: Bench) -> None:
    for _ in range(4):
        bench.send(b"v")
    worker = Worker(bench.feed()).open()
    worker.have(4)
    worker.poll_until(lambda: worker.feed.lag() == 4, "the lag is 4")
    worker.feed.commit([], {0: 3})
    worker.poll_until(lambda: worker.feed.lag() == 1, "the lag is 1")


def test_the_lag_grows_while_the_partition_is_held(bench: Bench) -> None:
    for _ in range(3):
        bench.send(b"v")
    worker = Worker(bench.feed()).open()
    worker.have(3)
    worker.feed.hold([0])
    worker.poll_until(lambda: worker.feed.lag() == 3, "the lag is 3")
    for _ in range(4):
        bench.send(b"v")
    worker.poll_until(lambda: worker.feed.lag() == 7, "the lag is 7")
    assert len(worker.got) == 3
    worker.feed.go_on([0])
    worker.have(7)
    worker.feed.commit([], {0: 6})
    worker.poll_until(lambda: worker.feed.lag() == 1, "the lag is 1")


def test_events_that_were_taken_away_come_again_from_the_committed_position(bench: Bench) -> None:
    for number in range(3):
        bench.send(f"v{number}".encode())
    worker = Worker(bench.feed()).open()
    worker.have(3)
    worker.feed.commit([], {0: 1})
    worker.feed.close()
    assert worker.ours == {}
    worker.got.clear()
    worker.open()
    assert [event.value for event in worker.have(2)] == [b"v1", b"v2"]
    assert worker.ours[0] == 1


def test_who_closes_before_it_took_up_its_partitions_leaves_them_to_the_next_one(bench: Bench) -> None:
    bench.send(b"v0")
    for wait in (0, 0.5, 4):  # before, while and after the broker gives it its partitions
        early = Worker(bench.feed()).open()
        time.sleep(wait)
        early.feed.close()
        assert early.ours == {}
    assert [event.value for event in Worker(bench.feed()).open().have(1)] == [b"v0"]


def test_who_leaves_gives_its_place_up_and_may_come_back(bench: Bench) -> None:
    bench.send(b"v0")
    first = Worker(bench.feed()).open()
    first.have(1)
    first.feed.close(leaving=True)
    assert first.ours == {}
    assert [event.value for event in Worker(bench.feed()).open().have(1)] == [b"v0"]


def test_who_has_its_partitions_has_joined_until_it_closes(bench: Bench) -> None:
    worker = Worker(bench.feed()).open()
    assert not worker.feed.joined()
    worker.poll_until(lambda: len(worker.ours) == PARTITIONS, "it has the partitions")
    assert worker.feed.joined()
    worker.feed.close()
    assert not worker.feed.joined()


# --- Kafka -----------------------------------------------------------------------------------------


def test_who_gets_no_partition_for_there_are_too_few_has_joined_as_well(broker: Broker) -> None:
    bench = KafkaBench(broker, transactions=True)
    workers = [Worker(bench.feed(str(number))).open() for number in range(PARTITIONS + 1)]

    def all_joined() -> bool:
        for other in workers[1:]:
            other.got += other.feed.poll(10, 0.05)
        shares = sorted(len(worker.ours) for worker in workers)
        return shares == [0, 1, 1] and all(worker.feed.joined() for worker in workers)

    workers[0].poll_until(all_joined, "two have one each, the third has none, all have joined")
    for worker in workers:
        worker.feed.close()


def test_who_is_not_told_its_partitions_by_a_broker_that_answers_opens_its_feed_anew(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_feed, "_UNANSWERED_SECONDS", 2.0)
    bench = KafkaBench(broker, transactions=True)
    silent = broker.consumer(
        f"g.{bench.topic}", **{"partition.assignment.strategy": "range", "session.timeout.ms": 30_000}
    )
    silent.subscribe([bench.topic])
    deadline = time.monotonic() + SECONDS
    while not silent.assignment():
        assert time.monotonic() < deadline, "the other member joins"
        silent.poll(0.1)
    worker = Worker(bench.feed()).open()  # the group waits for a member that says it lives and joins no more
    with pytest.raises(SourceUnavailable, match="has not said for 2 s who has which partitions"):
        worker.poll_until(lambda: worker.ours, "partitions")
    worker.feed.close()
    silent.close()
    monkeypatch.undo()
    worker.open().poll_until(lambda: len(worker.ours) == PARTITIONS, "all partitions")
    worker.feed.close()


def test_who_takes_a_member_s_place_gets_its_partitions_and_the_other_one_can_commit_nothing(
    broker: Broker,
) -> None:
    bench = KafkaBench(broker, transactions=True)
    bench.send(b"v0")
    zombie, heir = Worker(bench.feed("0")).open(), Worker(bench.feed("0"))
    zombie.have(1)
    heir.open().have(1)
    with pytest.raises(FurrowError):
        zombie.feed.commit([out(bench, b"zombie")], {0: 1})
    heir.feed.commit([out(bench, b"heir")], {0: 1})
    assert bench.written() == [b"heir"]
    with pytest.raises(SourceUnavailable):
        zombie.poll_until(lambda: False, "the zombie is told")
    for worker in (zombie, heir):
        worker.feed.close()


def test_a_position_behind_what_was_deleted_is_an_error_that_says_so(broker: Broker) -> None:
    broker.must("delete_records")
    from confluent_kafka import TopicPartition

    bench = KafkaBench(broker, transactions=True)
    for _ in range(3):
        bench.send(b"v")
    first = Worker(bench.feed()).open()
    first.have(3)
    first.feed.commit([], {0: 1})
    first.feed.close()
    for _ in range(3):
        bench.send(b"v")
    admin, before = broker.admin(), TopicPartition(bench.topic, 0, 4)
    admin.delete_records([before])[before].result(15)
    second = Worker(bench.feed()).open()
    with pytest.raises(RunError, match="events were deleted unread"):
        second.have(1)
    second.feed.close()


def test_two_members_share_the_partitions_and_one_commits_what_the_other_gives_up(broker: Broker) -> None:
    kafka = KafkaBench(broker, transactions=True)
    for partition in range(PARTITIONS):
        kafka.send(f"p{partition}".encode(), partition)
    first = Worker(kafka.feed("0")).open()
    first.have(2)
    second = Worker(kafka.feed("1"))

    def commit() -> None:
        helper = threading.Thread(
            target=first.feed.commit, args=([out(kafka, b"r0"), out(kafka, b"r1")], {0: 1, 1: 1})
        )
        helper.start()
        helper.join(SECONDS)

    first.on_taken = commit
    second.open()

    def shared() -> bool:
        second.got += second.feed.poll(10, 0.05)
        return len(first.ours) == len(second.ours) == 1

    first.poll_until(shared, "each has one")
    first.on_taken = lambda: None
    assert list(second.ours.values()) == [1]
    assert (second.got, sorted(kafka.written())) == ([], [b"r0", b"r1"])
    for worker in (first, second):
        worker.feed.close()


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("newcomer", ["2", "same"])
def test_when_a_member_leaves_the_others_have_its_partitions_long_before_its_session_ends(
    broker: Broker, which: int, newcomer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_feed, "_SESSION_SECONDS", SESSION)
    bench = KafkaBench(broker, transactions=True)
    workers = [Worker(bench.feed(str(number))).open() for number in range(2)]

    def shared(one: Worker, other: Worker) -> Callable[[], bool]:
        def each_has_one() -> bool:
            other.got += other.feed.poll(10, 0.05)
            return len(one.ours) == len(other.ours) == 1

        return each_has_one

    workers[0].poll_until(shared(*workers), "each has one")
    leaving, staying = workers[which], workers[1 - which]
    leaving.feed.close(leaving=True)
    staying.poll_until(lambda: len(staying.ours) == PARTITIONS, "the other one has all")
    third = Worker(bench.feed(newcomer if newcomer != "same" else str(which))).open()
    staying.poll_until(shared(staying, third), "who comes later has its share")
    for worker in (staying, third):
        worker.feed.close()


def test_who_closed_without_leaving_may_come_back_to_leave_and_the_others_have_its_partitions(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_feed, "_SESSION_SECONDS", SESSION)
    bench = KafkaBench(broker, transactions=True)
    going, staying = (Worker(bench.feed(str(number))).open() for number in range(2))

    def shared() -> bool:
        staying.got += staying.feed.poll(10, 0.05)
        return len(going.ours) == len(staying.ours) == 1

    going.poll_until(shared, "each has one")
    going.feed.close()
    going.open().poll_until(lambda: going.ours, "it is back")
    going.feed.close(leaving=True)
    staying.poll_until(lambda: len(staying.ours) == PARTITIONS, "the other one has all")
    staying.feed.close()


def test_a_partition_that_was_held_when_it_was_taken_delivers_again_when_it_comes_back(
    broker: Broker,
) -> None:
    bench = KafkaBench(broker, transactions=True)
    first, second = Worker(bench.feed("0")).open(), Worker(bench.feed("1"))
    first.poll_until(lambda: len(first.ours) == PARTITIONS, "the first has all")
    first.feed.hold(list(first.ours))
    second.open()

    def shared() -> bool:
        second.got += second.feed.poll(10, 0.05)
        return len(first.ours) == len(second.ours) == 1

    first.poll_until(shared, "each has one")
    for partition in range(PARTITIONS):
        bench.send(b"v", partition)
    first.poll_until(lambda: second.feed.poll(10, 0.05) or first.got, "somebody has something")
    first.have(1)
    for worker in (first, second):
        worker.feed.close()


def test_a_commit_to_a_broker_that_hangs_ends_and_is_done_once_in_all(broker: Broker) -> None:
    bench = KafkaBench(broker, transactions=True)
    bench.send(b"v0")
    feed = KafkaFeed(bench.topic, f"g.{bench.topic}", "0", bench.connection)
    bench.feeds.append(feed)
    worker = Worker(feed).open()
    worker.have(1)
    feed._timeout = 2.0  # not before: to open may take longer
    broker.pause()
    try:
        with pytest.raises(TransientError):
            feed.commit([out(bench, b"r0")], {0: 1})
    finally:
        broker.resume()
    feed.close()
    heir = Worker(bench.feed("0")).open()
    heir.poll_until(lambda: heir.ours, "it has its partitions")
    if heir.ours[0] == 0:
        heir.have(1)
        heir.feed.commit([out(bench, b"r0")], {0: 1})
    assert (bench.written(), bench.committed()[0]) == ([b"r0"], 1)


def test_after_a_commit_with_an_unknown_end_nothing_is_committed_until_it_is_opened_anew(
    broker: Broker,
) -> None:
    bench = KafkaBench(broker, transactions=True)
    bench.send(b"v0")
    zombie, heir = Worker(bench.feed("0")).open(), Worker(bench.feed("0"))
    zombie.have(1)
    heir.open()
    for _ in range(2):
        with pytest.raises(SourceUnavailable, match="opened anew"):
            zombie.feed.commit([out(bench, b"zombie")], {0: 1})
    assert bench.written() == []
    for worker in (zombie, heir):
        worker.feed.close()


@pytest.mark.parametrize("transactions", [True, False], ids=["transactions", "plain"])
def test_a_result_that_its_topic_will_never_take_is_for_a_person_to_mend(
    broker: Broker, transactions: bool
) -> None:
    bench = KafkaBench(broker, transactions)
    bench.send(b"one")
    worker = Worker(bench.feed()).open()
    worker.have(1)
    with pytest.raises(RequestRejected, match=r"max\.message\.bytes"):
        worker.feed.commit([out(bench, b"x" * 20_000_000)], {0: 1})
    worker.feed.close()
    heir = Worker(bench.feed()).open()
    heir.have(1)
    heir.feed.commit([out(bench, b"small")], {0: 1})
    assert bench.written() == [b"small"]


def test_results_go_to_the_broker_of_their_own_topic_and_the_position_stays_with_the_events(
    embedded_broker: Broker, apache_kafka: Broker
) -> None:
    bench = KafkaBench(embedded_broker, transactions=False)
    apache_kafka.create_topic("out" + bench.topic)
    there = Connection("other", "kafka", extra={"bootstrap.servers": apache_kafka.address})
    bench.send(b"v0")
    feed = KafkaFeed(bench.topic, f"g.{bench.topic}", "0", bench.connection, False, writer=there)
    worker = Worker(feed).open()
    worker.have(1)
    worker.feed.commit([out(bench, b"r0")], {0: 1})
    worker.feed.close()
    assert (bench.written(), bench.committed()) == ([], {0: 1})
    assert [m.value() for m in apache_kafka.consume("out" + bench.topic)] == [b"r0"]


def test_topics_are_made_at_the_broker_of_the_results_with_as_many_partitions_as_the_source_has(
    embedded_broker: Broker, apache_kafka: Broker
) -> None:
    bench = KafkaBench(embedded_broker, transactions=False)
    there = Connection("other", "kafka", extra={"bootstrap.servers": apache_kafka.address})
    names = [f"{bench.topic}.results", f"{bench.topic}.letters"]
    assert make_topics(bench.connection, bench.topic, names, there) == names
    assert make_topics(bench.connection, bench.topic, names, there) == []
    made = _listed(apache_kafka, names)
    assert [len(made[name].partitions) for name in names] == [PARTITIONS, PARTITIONS]
    assert not set(names) & set(embedded_broker.admin().list_topics(timeout=15).topics)


def test_of_many_that_make_the_same_topics_at_once_one_has_made_each(broker: Broker) -> None:
    bench = KafkaBench(broker, transactions=False)
    names = [f"{bench.topic}.results", f"{bench.topic}.letters"]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: make_topics(bench.connection, bench.topic, names), range(8)))
    assert sorted(name for each in made for name in each) == sorted(names)


def _listed(broker: Broker, names: list[str]) -> Mapping[str, TopicMetadata]:
    """The topics of a broker once these are among them: a moment after they were made."""
    deadline = time.monotonic() + SECONDS
    while not set(names) <= set(topics := broker.admin().list_topics(timeout=15).topics):
        assert time.monotonic() < deadline, f"not within {SECONDS} s: {names}"
    return topics
