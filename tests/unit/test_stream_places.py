"""Who has the place of a replica: the last that came, unless its turn is an earlier one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from furrow.errors import ReplicaReplaced
from furrow.store.database import Database
from furrow.store.replicas import Seat, alive, give_up_others, turn_of
from tests.databases import database, server, url

__all__ = ["database", "server", "url"]
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
EARLIER, LATER = turn_of(NOON), turn_of(NOON + timedelta(microseconds=1))


def test_the_last_that_came_has_the_place_and_the_one_before_is_told(database: Database) -> None:
    first, second = Seat(database, "goods", "0", EARLIER), Seat(database, "goods", "0", LATER)
    first.take()
    assert first.tell({})
    second.take()
    assert (first.tell({}), second.tell({})) == (False, True)


def test_an_earlier_turn_that_comes_back_is_passed_over_and_a_later_one_is_not(database: Database) -> None:
    Seat(database, "goods", "0", LATER).take()
    assert Seat(database, "goods", "0", EARLIER).is_passed_over()
    assert not Seat(database, "goods", "0", LATER).is_passed_over()
    assert not Seat(database, "goods", "1", EARLIER).is_passed_over()


def test_an_earlier_turn_that_asked_before_the_later_one_came_takes_no_place_from_it(
    database: Database,
) -> None:
    places = ["0", "features"]
    earlier, later = ([Seat(database, "goods", place, turn) for place in places] for turn in (EARLIER, LATER))
    assert not any(seat.is_passed_over() for seat in earlier)
    for seat in (earlier[0], *later):
        seat.take()
    for seat in earlier:
        with pytest.raises(ReplicaReplaced, match="a later run has the place"):
            seat.take()
    assert [seat.tell({}) for seat in (*earlier, *later)] == [False, False, True, True]


def test_a_turn_that_takes_its_place_again_has_it(database: Database) -> None:
    cleared, again = Seat(database, "goods", "0", LATER), Seat(database, "goods", "0", LATER)
    cleared.take()
    again.take()
    assert (cleared.tell({}), again.tell({})) == (False, True)


def test_who_has_no_turn_takes_any_place(database: Database) -> None:
    turn, none = Seat(database, "goods", "0", LATER), Seat(database, "goods", "0")
    turn.take()
    none.take()
    assert (turn.tell({}), none.tell({})) == (False, True)
    turn.take()
    assert (turn.tell({}), none.tell({})) == (True, False)


def test_a_place_whose_process_is_dead_passes_nobody_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("furrow.store.replicas._ALIVE", timedelta(0))
    Seat(database, "goods", "0", LATER).take()
    earlier = Seat(database, "goods", "0", EARLIER)
    assert not earlier.is_passed_over()
    earlier.take()
    assert earlier.tell({})


def test_a_process_without_a_turn_passes_nobody_over(database: Database) -> None:
    Seat(database, "goods", "0").take()
    assert not Seat(database, "goods", "0", EARLIER).is_passed_over()


def test_places_that_a_stream_no_longer_has_are_taken_from_their_processes(database: Database) -> None:
    kept, gone = Seat(database, "goods", "0"), Seat(database, "goods", "1")
    other = Seat(database, "clothes", "1")
    for seat in (kept, gone, other):
        seat.take()
    give_up_others(database, "goods", ["0", "features"])
    assert (kept.tell({}), gone.tell({}), other.tell({})) == (True, False, True)
    assert list(alive(database, "goods")) == ["0"]


def test_the_name_of_a_process_fits_its_column(database: Database) -> None:
    assert len(Seat(database, "goods", "0", LATER).process) <= 64
