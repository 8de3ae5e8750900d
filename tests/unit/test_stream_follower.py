"""Results of a stream on their way to one more sink: in bulk, the position after, and never one left out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tenacity import wait_fixed

from furrow.config.models import Stream
from furrow.engine.events import Event
from furrow.engine.ports import Row
from furrow.errors import FurrowError, ReplicaReplaced, SinkUnavailable, SourceUnavailable, StoreDamaged
from furrow.store.database import Database, open_database
from furrow.store.replicas import Seat, sittings
from furrow.streaming.follower import Follower
from furrow.streaming.messages import result_message
from furrow.testing import MemoryFeed


class Shelf:
    """A sink that notes what it is given, and fails as often as it is told to."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.publications: list[int] = []
        self.failures = 0
        self.meanwhile: Callable[[], object] = lambda: None
        self.before: Callable[[], object] = lambda: None

    def publish(self, rows: Sequence[Row]) -> int:
        self.before()
        if self.failures:
            self.failures -= 1
            self.meanwhile()
            raise SinkUnavailable("the shelf is closed")
        self.rows += rows
        self.publications.append(len(rows))
        return len(rows)


class OneByOne(MemoryFeed):
    """Gives one event at a time, as a broker does with events that are large."""

    def poll(self, most: int, seconds: float) -> list[Event]:
        return super().poll(min(most, 1), seconds)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    yield open_database(f"sqlite:///{tmp_path / 'state.db'}")


def row(number: int, release: str = "v1@1") -> Row:
    return Row(f"a{number}", datetime(2026, 11, 24, tzinfo=UTC), {"n": number}, release, "run", f"id{number}")


def put(feed: MemoryFeed, *rows: Row, partition: int = 0) -> None:
    for each in rows:
        message = result_message("results", each)
        feed.append(message.value, partition, message.key, message.headers)


def follow(
    feed: MemoryFeed,
    database: Database,
    shelf: Shelf,
    until: Callable[[], bool],
    publish_seconds: float = 0.0,
    **options: Any,
) -> tuple[Follower, list[FurrowError]]:
    """Run a follower in a thread until something is so, then stop it; what it raised."""
    seat = Seat(database, "goods", "features")
    follower = Follower(Stream(publish_seconds=publish_seconds), seat, feed, lambda _: shelf, **options)
    raised: list[FurrowError] = []

    def run() -> None:
        try:
            follower.run()
        except FurrowError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    for _ in range(400):
        if until() or not thread.is_alive():
            break
        thread.join(0.05)
    follower.stop()
    thread.join(20)
    assert not thread.is_alive()
    return follower, raised


def test_results_are_published_and_then_the_position_moves(database: Database) -> None:
    feed, shelf = MemoryFeed(partitions=2), Shelf()
    put(feed, row(0), row(1))
    put(feed, row(2, "v2@2"), partition=1)
    follower, raised = follow(feed, database, shelf, lambda: feed.all_committed)
    assert (raised, feed.committed, follower.standing.accepted) == ([], {0: 2, 1: 1}, 3)
    assert sorted(each.key for each in shelf.rows) == ["a0", "a1", "a2"]
    assert {each.release for each in shelf.rows} == {"v1@1", "v2@2"}


def test_while_a_sink_is_down_the_position_stays_and_nothing_is_left_out(database: Database) -> None:
    feed, shelf = MemoryFeed(partitions=2), Shelf()
    feed.take_away(1)
    put(feed, row(0))
    put(feed, row(1), partition=1)
    shelf.failures, shelf.meanwhile = 3, lambda: feed.give_back(1)
    _, raised = follow(feed, database, shelf, lambda: feed.all_committed)
    assert (raised, feed.committed) == ([], {0: 1, 1: 1})
    assert sorted(each.key for each in shelf.rows) == ["a0", "a1"]


def test_a_commit_that_nobody_knows_the_end_of_is_done_again_from_the_position(database: Database) -> None:
    feed, shelf = MemoryFeed(), Shelf()
    feed.fates.append("unknown, and nothing happened")
    put(feed, row(0))
    _, raised = follow(feed, database, shelf, lambda: feed.all_committed)
    assert (raised, feed.opened, [each.key for each in shelf.rows]) == ([], 2, ["a0", "a0"])


def test_it_ends_when_another_process_has_its_place_and_does_not_push_it_out(database: Database) -> None:
    feed, shelf = MemoryFeed(), Shelf()

    def taken() -> bool:
        if feed.opened == 1:
            Seat(database, "goods", "features").take()
            feed.fail(SourceUnavailable("pushed out"))
        return False

    _, raised = follow(feed, database, shelf, taken)
    assert isinstance(raised[0], ReplicaReplaced)
    assert feed.opened == 1


def test_a_message_of_somebody_else_in_the_result_topic_stops_it(database: Database) -> None:
    feed, shelf = MemoryFeed(), Shelf()
    feed.append(b'{"not": "ours"}')
    _, raised = follow(feed, database, shelf, lambda: False)
    assert isinstance(raised[0], StoreDamaged)
    assert "give it a topic of its own" in str(raised[0])


def seen(database: Database) -> datetime:
    return sittings(database, "goods")[0].seen_at


def is_seen_again(database: Database) -> bool:
    """Whether the follower tells within some seconds that it is there."""
    before, deadline = seen(database), time.monotonic() + 15
    while seen(database) == before and time.monotonic() < deadline:
        time.sleep(0.05)
    return seen(database) > before


def test_it_says_that_it_is_there_while_a_publication_takes_long(database: Database) -> None:
    feed, shelf = MemoryFeed(), Shelf()
    put(feed, row(0))
    told: list[bool] = []
    shelf.before = lambda: told.extend(is_seen_again(database) for _ in range(2))
    _, raised = follow(feed, database, shelf, lambda: feed.all_committed)
    assert (raised, told) == ([], [True, True])


def test_who_is_replaced_in_the_middle_of_a_publication_ends_after_it(database: Database) -> None:
    feed, shelf = MemoryFeed(), Shelf()
    put(feed, row(0))
    shelf.before = lambda: Seat(database, "goods", "features").take()
    _, raised = follow(feed, database, shelf, lambda: False)
    assert isinstance(raised[0], ReplicaReplaced)
    assert [each.key for each in shelf.rows] == ["a0"]


def test_it_says_that_it_is_there_while_it_waits_for_its_broker(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("furrow.streaming.follower._BACKOFF", wait_fixed(60))
    feed, told = MemoryFeed(), list[bool]()
    feed.fail(SourceUnavailable("the broker is away"))

    def there() -> bool:
        if feed.left is None:
            return False
        told.append(is_seen_again(database))
        return True

    _, raised = follow(feed, database, Shelf(), there)
    assert (told, raised) == ([True], [])


@pytest.mark.parametrize(
    ("at_once", "size"), [pytest.param(3, 10, id="by number"), pytest.param(100, 30_000_000, id="by size")]
)
def test_a_publication_takes_no_more_than_so_many_results_or_bytes(
    database: Database, at_once: int, size: int
) -> None:
    feed, shelf = OneByOne(), Shelf()
    message, large = result_message("results", row(0)), b"x" * size
    for _ in range(6):
        feed.append(message.value, 0, message.key, [*message.headers, ("large", large)])
    _, raised = follow(
        feed, database, shelf, lambda: feed.all_committed, publish_seconds=60.0, at_once=at_once
    )
    assert (raised, shelf.publications) == ([], [3, 3])
