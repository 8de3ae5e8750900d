"""How long answers and dead letters are kept, and what is never taken away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from furrow.engine.ports import Answer, Finish, Purchase, Verdict, Wish
from furrow.store.database import Database, open_database
from furrow.store.ledger import SqlLedger
from furrow.store.retention import Pruning, Retention, Size
from furrow.store.runs import Run, RunTable
from furrow.store.tables import calls, letters

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MONTH, QUARTER = timedelta(days=30), timedelta(days=90)


def _buy(database: Database, *keys: str, ago: timedelta = timedelta()) -> None:
    answer = Answer("삼", Finish.STOP, "small", 120, 30, 0.25, 0.75)
    purchases = [Purchase(key, answer, "small", "goods", "extract", "v1@a", "r1") for key in keys]
    SqlLedger(database, lambda: NOW - ago).record(purchases)


def _use(database: Database, *keys: str, ago: timedelta = timedelta()) -> None:
    SqlLedger(database, lambda: NOW - ago).find(keys)


def _prune(database: Database, older_than: timedelta = QUARTER, dry_run: bool = False) -> Pruning:
    return Retention(database, lambda: NOW).prune(older_than, dry_run=dry_run)


def _left(database: Database) -> set[str]:
    return set(database.read(lambda connection: connection.scalars(sa.select(calls.c.key)).all()))


def _used_at(database: Database, key: str) -> Any:
    query = sa.select(calls.c.used_at).where(calls.c.key == key)
    return database.read(lambda connection: connection.scalar(query))


# --- the last use ----------------------------------------------------------------------------------


def test_a_use_is_noted_once_a_day(database: Database) -> None:
    _buy(database, "a", ago=MONTH)
    ledger = SqlLedger(database, lambda: now)
    for hours, noted in ((1, None), (25, 25), (26, 25), (48, 25), (50, 50)):
        now = NOW - MONTH + timedelta(hours=hours)
        ledger.find(["a"])
        assert _used_at(database, "a") == (noted and NOW - MONTH + timedelta(hours=noted))


def test_a_claim_is_a_use_too(database: Database) -> None:
    _buy(database, "a", ago=MONTH)
    [claim] = SqlLedger(database, lambda: NOW).claim("anna", [Wish("a", "goods")])
    assert claim.verdict is Verdict.KNOWN
    assert _used_at(database, "a") == NOW


def test_many_answers_are_noted_at_once(database: Database) -> None:
    keys = [f"{number:064x}" for number in range(2_500)]
    _buy(database, *keys, ago=QUARTER)
    _use(database, *keys[:2_000])
    assert _prune(database, MONTH) == Pruning(NOW - MONTH, 500, 0)
    assert _left(database) == set(keys[:2_000])


def test_a_use_that_cannot_be_noted_now_stops_nobody(url: str) -> None:
    _buy(open_database(url), "a", ago=QUARTER)
    impatient = Database(url, patience=0.05)
    writer = open_database(url)

    def meanwhile(connection: sa.Connection) -> int:
        connection.execute(calls.update().values(used_at=NOW - MONTH))
        return len(SqlLedger(impatient, lambda: NOW).find(["a"]))

    assert writer.write(meanwhile) == 1
    assert _used_at(writer, "a") == NOW - MONTH
    impatient.close()


# --- pruning ---------------------------------------------------------------------------------------


def test_what_was_not_used_for_long_goes_and_the_rest_stays(database: Database) -> None:
    _buy(database, "old", "used", ago=2 * QUARTER)
    _buy(database, "new", ago=MONTH)
    _use(database, "used", ago=MONTH)
    assert _prune(database) == Pruning(NOW - QUARTER, 1, 0)
    assert _left(database) == {"used", "new"}
    assert _prune(database).calls == 0


def test_a_dry_run_counts_the_same_and_takes_nothing(database: Database) -> None:
    _buy(database, "a", "b", ago=2 * QUARTER)
    _write_letter(database, "x", NOW - 2 * QUARTER)
    assert _prune(database, dry_run=True) == Pruning(NOW - QUARTER, 2, 1)
    assert _left(database) == {"a", "b"}
    assert _prune(database) == Pruning(NOW - QUARTER, 2, 1)


def test_more_than_one_transaction_holds_is_deleted(database: Database) -> None:
    _buy(database, *(f"{number:064x}" for number in range(1_700)), ago=2 * QUARTER)
    _buy(database, "new")
    assert _prune(database).calls == 1_700
    assert _left(database) == {"new"}


def test_what_a_running_run_used_is_kept(database: Database) -> None:
    table = RunTable(database)
    table.start(Run("goods", "over", "v1@a", started_at=NOW - 3 * QUARTER))
    table.finish("goods", "over", {"counts": {}})
    table.start(Run("goods", "killed", "v1@a", started_at=NOW - QUARTER))  # and never cleared
    table.start(Run("goods", "long", "v1@a", started_at=NOW - MONTH + timedelta(hours=1)))
    table.start(Run("ads", "later", "v1@a", started_at=NOW - MONTH / 2))
    _buy(database, "unused", "noted the day before", ago=2 * QUARTER)
    _use(database, "noted the day before", ago=MONTH + timedelta(hours=20))
    _buy(database, "its own", ago=MONTH - timedelta(hours=2))
    expected = NOW - MONTH + timedelta(hours=1) - timedelta(days=1)
    assert _prune(database, timedelta(days=1)) == Pruning(expected, 1, 0, pinned_by="goods long")
    assert _left(database) == {"noted the day before", "its own"}
    table.finish("goods", "long", {"counts": {}, "state": "failed"})
    assert _prune(database, timedelta(days=20)).calls == 2


def test_pruning_by_less_than_nothing_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="older than"):
        _prune(database, timedelta(days=-1))


def _write_letter(database: Database, record_id: str, at: datetime, **changes: Any) -> None:
    row = {
        **{"use_case": "goods", "record_id": record_id, "run_id": "r1", "key": "k", "release": "v1@a"},
        **{"at": at, "outcome": "rejected", "reason": "answer_invalid", "step": "extract", "attempts": 2},
        **{"message": "말", "record": '{"title": "폰"}', "raw": "{", **changes},
    }
    database.write(lambda connection: connection.execute(letters.insert(), row))


def test_old_dead_letters_lose_their_texts_and_keep_their_history(database: Database) -> None:
    _write_letter(database, "old", NOW - 2 * QUARTER)
    _write_letter(database, "bare", NOW - 2 * QUARTER, message=None, record=None, raw=None)
    _write_letter(database, "new", NOW - MONTH)
    assert _prune(database).letters == 1
    rows = database.read(
        lambda connection: connection.execute(letters.select().order_by(letters.c.record_id)).all()
    )
    texts = {row.record_id: (row.message, row.record, row.raw) for row in rows}
    assert texts["old"] == texts["bare"] == (None, None, None)
    assert texts["new"] == ("말", '{"title": "폰"}', "{")
    assert {(row.outcome, row.reason, row.step, row.attempts) for row in rows} == {
        ("rejected", "answer_invalid", "extract", 2)
    }


def test_more_letters_than_one_transaction_holds_are_blanked(database: Database) -> None:
    for number in range(3):
        rows = [{"record_id": f"{number}-{index}"} for index in range(400)]
        _write_letters(database, rows)
    assert _prune(database).letters == 1_200
    assert _prune(database).letters == 0


def _write_letters(database: Database, rows: list[dict[str, str]]) -> None:
    same = {"use_case": "goods", "run_id": "r1", "key": "k", "release": "v1@a", "at": NOW - 2 * QUARTER}
    same |= {"outcome": "rejected", "attempts": 1, "raw": "{"}
    database.write(lambda connection: connection.execute(letters.insert(), [same | row for row in rows]))


# --- the size --------------------------------------------------------------------------------------


def test_the_size_is_told_in_rows_and_bytes(database: Database) -> None:
    retention = Retention(database)
    assert retention.size() == Size(0, 0, None)
    _buy(database, "a", "b", ago=MONTH)
    _buy(database, "c")
    assert retention.size() == Size(3, 9, NOW - MONTH)
