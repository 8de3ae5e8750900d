"""Who runs a replica: the process that came last, on SQLite and on PostgreSQL."""

from __future__ import annotations

from threading import Thread

from furrow.engine.record import Outcome
from furrow.store.database import Database
from furrow.store.replicas import Seat, sittings
from furrow.streaming.standing import Standing
from tests.databases import database, server, url

__all__ = ["database", "server", "url"]


def test_the_one_that_came_last_has_the_place(database: Database) -> None:
    first, second = Seat(database, "goods", "0"), Seat(database, "goods", "0")
    first.take()
    assert first.tell({"events": 1})
    second.take()
    assert not first.tell({"events": 2})
    assert second.tell({"events": 3})
    (sitting,) = sittings(database, "goods")
    assert (sitting.process, sitting.standing) == (second.process, {"events": 3})


def test_the_one_that_lost_the_place_may_take_it_again(database: Database) -> None:
    first, second = Seat(database, "goods", "0"), Seat(database, "goods", "0")
    for seat in (first, second, first):
        seat.take()
    assert (first.tell({}), second.tell({})) == (True, False)


def test_places_of_other_replicas_and_use_cases_are_their_own(database: Database) -> None:
    seats = [Seat(database, *place) for place in (("goods", "0"), ("goods", "1"), ("homes", "0"))]
    for seat in seats:
        seat.take()
    assert all(seat.tell({}) for seat in seats)
    assert [sitting.replica for sitting in sittings(database, "goods")] == ["0", "1"]


def test_nobody_has_a_place_that_was_not_taken(database: Database) -> None:
    assert not Seat(database, "goods", "0").tell({})
    assert sittings(database, "goods") == []


def test_of_several_that_come_at_once_exactly_one_has_the_place(database: Database) -> None:
    seats = [Seat(database, "goods", "0") for _ in range(8)]
    threads = [Thread(target=seat.take) for seat in seats]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [seat.tell({}) for seat in seats].count(True) == 1


def test_a_standing_adds_up_and_says_so_in_one_line(database: Database) -> None:
    standing = Standing(release="v1@1", lag_records=3, partitions=[0, 2])
    standing.count([Outcome.ACCEPTED, Outcome.REJECTED, None], 0.02)
    standing.count([Outcome.ACCEPTED], 0.04)
    assert (standing.accepted, standing.rejected, standing.tombstones, standing.events) == (2, 1, 1, 4)
    line = standing.line(before=2, seconds=4.0)
    for part in (
        "v1@1",
        "0.5 events/s",
        "lag 3 events",
        "accepted 2",
        "rejected 1",
        "commit 30.0 ms",
        "[0, 2]",
    ):
        assert part in line
    seat = Seat(database, "goods", "0")
    seat.take()
    assert seat.tell(standing.to_json())
    assert sittings(database, "goods")[0].standing["accepted"] == 2


def test_a_standing_before_anything_happened_has_a_line_too() -> None:
    assert "0.0 events/s" in Standing().line(before=0, seconds=0.0)
