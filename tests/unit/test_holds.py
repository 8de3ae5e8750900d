"""A run that is about to store its position keeps streams away, on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from furrow.errors import SourceUnavailable, StoreUnavailable
from furrow.store.clock import utc_now
from furrow.store.database import Database
from furrow.store.holds import HOLD_SECONDS, Hold, holding
from furrow.store.replicas import Seat, alive
from tests.databases import database, server, url

__all__ = ["database", "server", "url"]


class Clock:
    """Says what time it is."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> Any:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def test_a_run_holds_the_source_of_its_use_case_until_it_lets_go(database: Database) -> None:
    hold = Hold(database, "goods", "run-1")
    hold.take()
    assert Seat(database, "goods", "0").held_up_by() == ["run-1"]
    assert Seat(database, "homes", "0").held_up_by() == []
    hold.let_go()
    hold.let_go()
    assert Seat(database, "goods", "0").held_up_by() == []


def test_the_hold_of_a_killed_run_lapses_and_is_swept_away_by_the_next_one(database: Database) -> None:
    clock = Clock()
    Hold(database, "goods", "killed", clock).take()
    clock.pass_(HOLD_SECONDS - 1)
    assert holding(database, "goods", clock) == ["killed"]
    clock.pass_(1)
    assert holding(database, "goods", clock) == []
    Hold(database, "goods", "next", clock).take()
    clock.pass_(-1)  # a moment at which the first one had not lapsed
    assert holding(database, "goods", clock) == ["next"]


def test_a_retry_takes_over_the_hold_of_its_run(database: Database) -> None:
    clock = Clock()
    Hold(database, "goods", "run-1", clock).take()
    clock.pass_(HOLD_SECONDS - 1)
    retry = Hold(database, "goods", "run-1", clock)
    retry.take()
    clock.pass_(HOLD_SECONDS - 1)
    assert holding(database, "goods", clock) == ["run-1"]
    retry.let_go()
    assert holding(database, "goods", clock) == []


def test_a_hold_that_is_renewed_has_all_its_time_again(database: Database) -> None:
    clock = Clock()
    hold = Hold(database, "goods", "run-1", clock)
    hold.take()
    clock.pass_(HOLD_SECONDS - 1)
    hold.renew()
    clock.pass_(HOLD_SECONDS - 1)
    assert holding(database, "goods", clock) == ["run-1"]


def test_a_hold_that_has_lapsed_is_not_renewed_for_a_replica_may_have_come_in(database: Database) -> None:
    clock = Clock()
    hold = Hold(database, "goods", "run-1", clock)
    hold.take()
    clock.pass_(HOLD_SECONDS)
    with pytest.raises(SourceUnavailable, match="goods took longer than 90 s"):
        hold.renew()
    assert holding(database, "goods", clock) == []


def test_of_a_run_and_a_replica_that_come_at_once_at_least_one_sees_the_other(database: Database) -> None:
    def run(use_case: str, start: Barrier) -> bool:
        start.wait(10)
        Hold(database, use_case, "run-1").take()
        return bool(alive(database, use_case))

    def replica(use_case: str, start: Barrier) -> bool:
        seat = Seat(database, use_case, "0")
        start.wait(10)
        seat.take()
        return bool(seat.held_up_by())

    with ThreadPoolExecutor(2) as pool:
        for number in range(30):
            use_case, start = f"goods{number}", Barrier(2)
            sees = [pool.submit(each, use_case, start) for each in (run, replica)]
            assert any(each.result() for each in sees)


def test_a_hold_that_cannot_be_let_go_is_said_and_hides_no_other_error(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailable("the state database is away")

    hold = Hold(database, "goods", "run-1")
    hold.take()
    monkeypatch.setattr(database, "write", away)
    hold.let_go()
    assert "a stream of goods may have to wait 90 s: the state database is away" in caplog.text
