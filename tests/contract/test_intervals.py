"""Up to where a source of spans of time was read, on every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from furrow.store.database import Database
from furrow.store.intervals import ReadIntervals

NOON = datetime(2026, 11, 24, 12, 0, 0, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def test_nothing_was_read_before_the_first_advance(database: Database) -> None:
    ReadIntervals(database).advance("other", NOON)
    assert ReadIntervals(database).read_until("goods") is None


def test_the_moment_is_kept_to_the_microsecond_and_in_utc(database: Database) -> None:
    ReadIntervals(database).advance("goods", NOON.astimezone(timezone(timedelta(hours=9))))
    read = ReadIntervals(database).read_until("goods")
    assert read == NOON
    assert read.utcoffset() == timedelta(0)


def test_it_goes_on_and_never_back(database: Database) -> None:
    intervals = ReadIntervals(database)
    for moment in (NOON, NOON + TICK, NOON, NOON - TICK):
        intervals.advance("goods", moment)
    assert intervals.read_until("goods") == NOON + TICK
