"""How a feed ends its Kafka client, and what a client that was left behind can still do: nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from confluent_kafka import OFFSET_INVALID, KafkaError, KafkaException, TopicPartition

from furrow.adapters import kafka_feed
from furrow.adapters.kafka_feed import KafkaFeed
from furrow.engine.events import Outgoing
from furrow.engine.ports import Connection
from furrow.errors import FurrowError, RequestRejected, SinkUnavailable

PARTS = [TopicPartition("events", 0)]


class Client:
    """A consumer that is given a partition by its first poll and gives it back by the one that ends it.

    refuses: names of calls that raise.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.refuses: set[str] = set()
        self.end = 5
        self.stands = OFFSET_INVALID
        self.told: dict[str, Callable[[Any, list[TopicPartition]], None]] = {}
        self._ours: bool | None = None
        self._ending = False

    def _note(self, name: str) -> None:
        self.calls.append(name)
        if name in self.refuses:
            raise KafkaException(KafkaError(KafkaError._STATE, name))

    def subscribe(self, _: list[str], **told: Any) -> None:
        self.told = told

    def poll(self, seconds: float) -> None:
        self._note("poll")
        if self._ending and self._ours:
            self._ours = False
            self.told["on_revoke"](self, PARTS)
        elif self._ours is None:
            self._ours = True
            self.told["on_assign"](self, PARTS)
        time.sleep(seconds)

    def unsubscribe(self) -> None:
        self._note("unsubscribe")
        self._ending = True

    def close(self) -> None:
        self._note("close")

    def unassign(self) -> None:
        self._note("unassign")

    def committed(self, parts: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        return [TopicPartition(part.topic, part.partition, 3) for part in parts]

    def get_watermark_offsets(self, *_: Any, cached: bool, **__: Any) -> tuple[int, int]:
        if not cached:
            self._note("end")
        return 0, 5 if cached else self.end

    def pause(self, _: Any) -> None: ...

    def position(self, parts: list[TopicPartition]) -> list[TopicPartition]:
        return [TopicPartition(part.topic, part.partition, self.stands) for part in parts]

    def seek(self, part: TopicPartition) -> None:
        self._note(f"seek {part.offset}")

    def assign(self, _: Any) -> None:
        self._note("assign")

    def resume(self, _: Any) -> None:
        self._note("resume")

    def consumer_group_metadata(self) -> str:
        self._note("metadata")
        return "member"


class Keeper:
    """A holder whose partitions take as long to give back as its test wants."""

    def __init__(self) -> None:
        self.on_taken: Callable[[], object] = lambda: None
        self.ours: dict[int, int] = {}

    def given(self, partitions: Mapping[int, int]) -> None:
        self.ours |= partitions

    def taken(self, partitions: Sequence[int]) -> None:
        self.on_taken()
        for number in partitions:
            self.ours.pop(number, None)


class Site:
    """A feed that reads and writes nothing; clients: each that it opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.clients: list[Client] = []
        self.keeper = Keeper()
        monkeypatch.setattr(kafka_feed, "Consumer", self._client)
        monkeypatch.setattr(kafka_feed, "Producer", lambda *_, **__: None)
        connection = Connection("k", "kafka", extra={"bootstrap.servers": "nowhere:1"})
        self.feed = KafkaFeed("events", "g", "0", connection, transactions=False)

    def _client(self, *_: Any, **__: Any) -> Client:
        self.clients.append(Client())
        return self.clients[-1]

    def open(self) -> Client:
        self.feed.open(self.keeper)
        self.feed.poll(0, 0.0)
        assert self.keeper.ours == {0: 3}
        return self.clients[-1]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(monkeypatch)


@pytest.mark.parametrize("call", ["poll", "unsubscribe"])
def test_a_client_that_cannot_leave_is_closed_all_the_same(site: Site, call: str) -> None:
    client = site.open()
    client.refuses.add(call)
    site.feed.close(leaving=True)
    assert client.calls[-1] == "close"


def test_a_client_that_leaves_is_polled_on_after_it_gave_its_partitions_back(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_feed, "_LEAVE_SECONDS", 0.1)
    client = site.open()
    site.keeper.on_taken = lambda: time.sleep(0.3)
    site.feed.close(leaving=True)
    given_back = client.calls.index("unassign")
    assert client.calls[given_back:].count("poll") > 1
    assert client.calls[-1] == "close"


@pytest.fixture
def left_behind(site: Site, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client that did not end in time, beside the one that was opened after it."""
    monkeypatch.setattr(kafka_feed, "let_go", lambda *_: None)
    client = site.open()
    site.feed.close()
    site.keeper.ours.clear()
    site.open()
    client.calls.clear()
    return client


@pytest.mark.parametrize("told", ["on_assign", "on_revoke", "on_lost"])
def test_a_client_that_was_left_behind_gives_its_partitions_back_and_changes_nothing(
    site: Site, left_behind: Client, told: str
) -> None:
    left_behind.refuses.add("unassign")
    now = site.clients[-1]
    now.calls.clear()
    left_behind.told[told](left_behind, PARTS)
    assert (left_behind.calls, now.calls) == (["unassign"], [])
    assert (site.keeper.ours, site.feed._position) == ({0: 3}, {0: 3})
    site.feed.poll(0, 0.0)


def test_a_client_that_is_left_behind_in_the_middle_of_giving_back_changes_nothing_of_the_next_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, inside = threading.Event(), threading.Event()

    def hang() -> None:
        inside.set()
        goes_on.wait(10)
        raise ValueError("too late")

    client = site.open()
    site.keeper.on_taken = hang
    giving = threading.Thread(target=client.told["on_revoke"], args=(client, PARTS))
    giving.start()
    assert inside.wait(10)
    monkeypatch.setattr(kafka_feed, "let_go", lambda *_: None)
    site.feed.close()
    now = site.open()
    goes_on.set()
    giving.join(10)
    assert "unassign" not in now.calls
    assert site.feed._position == {0: 3}
    site.feed.poll(0, 0.0)


def test_a_broker_that_says_no_end_of_a_held_partition_is_left_alone_and_the_lag_stays(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_feed, "_LAG_SECONDS", 0.0)
    monkeypatch.setattr(kafka_feed, "_END_AGAIN_SECONDS", 0.0)
    client = site.open()
    asked = client.calls.count("end")
    site.feed.poll(0, 0.0)
    assert (site.feed.lag(), client.calls.count("end")) == (2, asked)  # nothing is held
    site.feed.hold([0])
    client.end = 9
    site.feed.poll(0, 0.0)
    assert site.feed.lag() == 6
    client.refuses.add("end")
    for _ in range(3):
        site.feed.poll(0, 0.0)
    assert (site.feed.lag(), client.calls.count("end")) == (6, asked + 2)


@pytest.mark.parametrize(
    ("stands", "refused", "calls"),
    [
        pytest.param(4, "", ["seek 4", "resume"], id="where it stands"),
        pytest.param(OFFSET_INVALID, "", ["resume"], id="nothing was delivered yet"),
        pytest.param(4, "seek 4", ["seek 4", "resume"], id="just taken"),
    ],
)
def test_the_client_is_made_to_look_at_a_held_partition_before_it_delivers_again(
    site: Site, stands: int, refused: str, calls: list[str]
) -> None:
    client = site.open()
    client.stands = stands
    client.refuses |= {refused}
    site.feed.hold([0])
    before = len(client.calls)
    site.feed.go_on([0])
    assert client.calls[before:] == calls


class Writer:
    """A producer that has no room, or whose messages get these errors when they are confirmed."""

    def __init__(self, room: int = 100, *errors: int):
        self.room, self.errors = room, list(errors)
        self.sent: list[Callable[[Any, Any], None]] = []
        self.purged = 0

    def produce(self, *_: Any, on_delivery: Callable[[Any, Any], None], **__: Any) -> None:
        if len(self.sent) == self.room:
            raise BufferError("Local: Queue full")
        self.sent.append(on_delivery)

    def flush(self, _: float) -> int:
        for told, code in zip(self.sent, [*self.errors, *[None] * len(self.sent)], strict=False):
            told(None if code is None else KafkaError(code), None)
        self.sent.clear()
        return 0

    def purge(self) -> None:
        self.purged += 1
        self.sent.clear()


def commit_through(site: Site, writer: Writer, messages: int) -> None:
    site.open()
    site.feed._producer = writer
    site.feed.commit([Outgoing("results", b"k", b"v")] * messages, {0: 4})


def test_when_the_client_has_no_room_for_all_results_none_counts_and_it_may_pass(site: Site) -> None:
    writer = Writer(room=2)
    with pytest.raises(SinkUnavailable, match="Queue full"):
        commit_through(site, writer, messages=3)
    assert (writer.purged, site.feed._position) == (1, {0: 3})


@pytest.mark.parametrize(
    ("code", "error"),
    [(KafkaError.MSG_SIZE_TOO_LARGE, RequestRejected), (KafkaError._MSG_TIMED_OUT, SinkUnavailable)],
)
def test_what_becomes_of_results_that_were_not_confirmed(
    site: Site, code: int, error: type[FurrowError]
) -> None:
    writer = Writer(100, code)
    with pytest.raises(error):
        commit_through(site, writer, messages=2)
    assert (writer.purged, site.feed._position) == (1, {0: 3})
