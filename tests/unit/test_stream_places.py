"""Who has the place of a replica: the last that came, unless an earlier turn asks first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from furrow.store.database import Database, open_database
from furrow.store.replicas import Seat, alive, give_up_others, turn_of

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
EARLIER, LATER = turn_of(NOON), turn_of(NOON + timedelta(hours=1))


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return open_database(f"sqlite:///{tmp_path}/furrow.db")


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


def test_a_place_whose_process_is_dead_passes_nobody_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("furrow.store.replicas._ALIVE", timedelta(0))
    Seat(database, "goods", "0", LATER).take()
    assert not Seat(database, "goods", "0", EARLIER).is_passed_over()


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
