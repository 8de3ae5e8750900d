"""What the ledger and the runs promise, on every database that Furrow supports."""

import asyncio
import multiprocessing
import threading
import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from furrow.engine.ports import Answer, Finish, Purchase
from furrow.errors import OptionUnknown
from furrow.store import migrations
from furrow.store.database import Database, open_database
from furrow.store.ledger import Spending, SqlLedger
from furrow.store.runs import Run, RunTable
from furrow.store.tables import runs, tables
from furrow.store.windows import Totals, Windows

FORK = multiprocessing.get_context("fork")
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def ledger(database: Database) -> SqlLedger:
    return SqlLedger(database)


def _answer(text: str = '{"brand": "삼성"}', cost: float | None = 0.25, **changes: Any) -> Answer:
    return Answer(
        **{
            "text": text,
            "finish": Finish.STOP,
            "model": "small-2026-11",
            "input_tokens": 120,
            "output_tokens": 30,
            "cost_usd": cost,
            "seconds": 0.75,
            **changes,
        }
    )


def _bought(key: str, answer: Answer | None = None, **changes: str) -> Purchase:
    whose = {"alias": "small", "use_case": "used_goods", "step": "extract", "release": "v1@3f2a9c1d"}
    return Purchase(key=key, answer=answer or _answer(), **{**whose, "run_id": "r1", **changes})


# --- the ledger ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(_answer(), id="plain"),
        pytest.param(_answer(cost=None), id="nobody knows the price"),
        pytest.param(_answer(cost=0.0), id="free"),
        pytest.param(_answer(cost=0.1 + 0.2), id="every digit of the price"),
        pytest.param(_answer(text=""), id="empty"),
        pytest.param(_answer(text="널 \x00 문자"), id="nul"),
        pytest.param(_answer(text="깨진 이모지 \ud83d"), id="lone surrogate"),
        pytest.param(_answer(text="👍" * 300_000), id="1.2 MB"),
        pytest.param(_answer(finish=Finish.LENGTH), id="truncated"),
        pytest.param(_answer(finish=Finish.REFUSED), id="refused"),
        pytest.param(_answer(model="m" * 500), id="a long name of a model"),
    ],
)
def test_an_answer_comes_back_as_it_was_bought(ledger: SqlLedger, answer: Answer) -> None:
    ledger.record([_bought("k1", answer)])
    assert ledger.find(["k1"]) == {"k1": answer}


def test_only_what_was_paid_for_is_found(ledger: SqlLedger) -> None:
    ledger.record([_bought("k1"), _bought("k2")])
    assert set(ledger.find(["k2", "k3", "k2"])) == {"k2"}
    assert ledger.find([]) == {}


def test_a_key_that_is_there_keeps_its_first_answer(ledger: SqlLedger) -> None:
    ledger.record([_bought("k1", _answer("first"))])
    ledger.record([_bought("k0"), _bought("k1", _answer("second")), _bought("k2"), _bought("k2")])
    assert ledger.find(["k1"])["k1"].text == "first"
    assert set(ledger.find(["k0", "k1", "k2"])) == {"k0", "k1", "k2"}


def test_nothing_to_record_is_fine(ledger: SqlLedger) -> None:
    ledger.record([])
    assert ledger.find(["k1"]) == {}


def test_an_answer_of_one_use_case_is_found_by_another(ledger: SqlLedger) -> None:
    ledger.record([_bought("k1", use_case="real_estate", alias="other")])
    assert ledger.find(["k1"])


def test_more_keys_than_a_statement_takes_are_found(ledger: SqlLedger) -> None:
    keys = [f"{number:064x}" for number in range(40_000)]
    ledger.record([_bought(key, _answer(key)) for key in keys[::10]])
    found = ledger.find(keys)
    assert {key: answer.text for key, answer in found.items()} == {key: key for key in keys[::10]}


def test_either_all_of_a_batch_is_written_or_nothing(ledger: SqlLedger) -> None:
    broken = _bought("k2", _answer(input_tokens=None))
    with pytest.raises(sa.exc.IntegrityError):
        ledger.record([_bought("k1"), broken, _bought("k3")])
    assert ledger.find(["k1", "k2", "k3"]) == {}


def test_costs_are_summed_by_use_case_and_day_in_utc(database: Database) -> None:
    now = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
    times = [
        now - timedelta(microseconds=1),
        now,
        now + timedelta(hours=23, minutes=59),
        now + timedelta(days=1),
    ]
    seoul = timezone(timedelta(hours=9))
    for number, moment in enumerate(times):
        ledger = SqlLedger(database, now=lambda moment=moment: moment.astimezone(seoul))
        ledger.record([_bought(f"a{number}"), _bought(f"b{number}", _answer(cost=None), use_case="ads")])
    day = date(2026, 11, 24)
    assert ledger.spent_on(day) == {"used_goods": Spending(2, 0.5, 0), "ads": Spending(2, 0.0, 2)}
    assert ledger.cost_by_use_case(day) == {"used_goods": 0.5, "ads": 0.0}
    assert ledger.cost_by_use_case(date(2020, 1, 1)) == {}
    assert ledger.spent_since("used_goods", now) == Spending(3, 0.75, 0)
    assert ledger.spent_since("nobody", now) == Spending()
    assert ledger.spent_between(times[0], now)["used_goods"] == Spending(1, 0.25, 0)


def test_a_runs_spending_is_told_by_step(ledger: SqlLedger) -> None:
    ledger.record([_bought("a"), _bought("b"), _bought("c", step="summarize"), _bought("d", run_id="r2")])
    assert ledger.spent_in_run("used_goods", "r1") == {
        "extract": Spending(2, 0.5, 0),
        "summarize": Spending(1, 0.25, 0),
    }


def test_many_threads_share_one_ledger(ledger: SqlLedger) -> None:
    async def work() -> list[dict[str, Answer]]:
        def one(number: int) -> dict[str, Answer]:
            ledger.record([_bought(f"{number}-{index}") for index in range(10)])
            return ledger.find([f"{number}-{index}" for index in range(10)])

        return await asyncio.gather(*(asyncio.to_thread(one, number) for number in range(40)))

    assert [len(found) for found in asyncio.run(work())] == [10] * 40


# --- the schema ------------------------------------------------------------------------------------


def test_the_migrations_give_exactly_the_tables_that_the_code_uses(database: Database) -> None:
    def differences(connection: sa.Connection) -> list[Any]:
        options = {"version_table": migrations.VERSION_TABLE, "include_name": migrations.ours}
        return compare_metadata(MigrationContext.configure(connection, opts=options), tables)

    assert database.read(differences) == []


def test_the_tables_of_others_in_the_same_database_are_left_alone(url: str) -> None:
    other = sa.create_engine(url)
    with other.begin() as connection:
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('of-airflow')"))
    open_database(url)
    with other.connect() as connection:
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).all() == [
            ("of-airflow",)
        ]
    other.dispose()


def test_threads_that_open_a_new_database_at_once_all_get_it(url: str) -> None:
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(_open_and_find(url))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [{}] * 6


def _open_and_find(url: str) -> dict[str, Answer]:
    return SqlLedger(open_database(url)).find(["k1"])


# --- many processes --------------------------------------------------------------------------------


def _write_the_same_keys(url: str, writer: int, together: Any) -> None:
    """Record 400 keys that every writer records, in an order of its own, in batches."""
    together.wait()
    ledger = SqlLedger(open_database(url))
    keys = [f"{number:03}" for number in range(400)]
    keys = keys[::-1] if writer % 2 else keys
    for start in range(0, 400, 20):
        ledger.record([_bought(key, _answer(f"{writer}")) for key in keys[start : start + 20]])


def test_eight_processes_open_a_new_database_at_once_and_write_the_same_keys(url: str) -> None:
    together = SPAWN.Barrier(8)
    writers = [SPAWN.Process(target=_write_the_same_keys, args=(url, n, together)) for n in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 8
    ledger = SqlLedger(open_database(url))
    assert len(ledger.find([f"{number:03}" for number in range(400)])) == 400
    assert ledger.spent_in_run("used_goods", "r1") == {"extract": Spending(400, 100.0, 0)}


def _child(ledger: SqlLedger, number: int) -> None:
    for index in range(40):
        ledger.record([_bought(f"child-{number}-{index}", _answer(f"{number}-{index}"))])
        found = ledger.find(["parent", f"child-{number}-{index}"])
        assert {answer.text for answer in found.values()} == {"parent", f"{number}-{index}"}


def test_children_of_a_fork_use_the_ledger_that_their_parent_opened(ledger: SqlLedger) -> None:
    ledger.record([_bought("parent", _answer("parent"))])
    children = [FORK.Process(target=_child, args=(ledger, number)) for number in range(3)]
    for child in children:
        child.start()
    for index in range(40):
        ledger.record([_bought(f"meanwhile-{index}")])
        assert ledger.find(["parent"])["parent"].text == "parent"
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0] * 3
    keys = [f"child-{number}-{index}" for number in range(3) for index in range(40)]
    assert len(ledger.find(keys)) == 120


def test_a_write_that_reads_first_takes_its_turn_and_is_done_once(database: Database) -> None:
    table = RunTable(database)
    table.start(Run("used_goods", "r1", "v1@a", cost_usd=0.0))
    done: list[int] = []

    def add_one(connection: sa.Connection) -> None:
        cost = connection.scalar(sa.select(runs.c.cost_usd).with_for_update())
        done.append(1)
        time.sleep(0.005)
        connection.execute(runs.update().values(cost_usd=(cost or 0.0) + 1.0))

    threads = [threading.Thread(target=database.write, args=(add_one,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run = table.latest("used_goods")
    assert run is not None and run.cost_usd == 8.0
    assert len(done) == 8


# --- runs ------------------------------------------------------------------------------------------


def test_a_run_is_noted_from_start_to_finish(database: Database) -> None:
    table = RunTable(database)
    assert table.latest("used_goods") is None
    run = Run("used_goods", "r1", "v1@3f2a9c1d")
    table.start(run)
    assert table.latest("used_goods") == run
    report = {
        "counts": {"accepted": 7, "rungs": {"strict": 7}},
        "cost_usd": 0.5,
        "report_uri": "s/r1/report.json",
    }
    table.finish("used_goods", "r1", {**report, "drift": "is left in the run store"})
    ended = table.latest("used_goods")
    assert ended is not None and ended.finished_at is not None
    assert (ended.state, ended.counts, ended.cost_usd) == ("success", report["counts"], 0.5)
    assert ended.report_uri == "s/r1/report.json"
    assert ended.finished_at.utcoffset() == timedelta(0)


def test_a_run_that_is_cleared_starts_again_and_keeps_its_place_in_the_history(database: Database) -> None:
    table = RunTable(database)
    first = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    for number in range(3):
        table.start(Run("used_goods", f"r{number}", "v1@a", started_at=first + timedelta(hours=number)))
    table.finish("used_goods", "r0", {"counts": {"accepted": 1}, "state": "failed"})
    table.start(Run("used_goods", "r0", "v1@a"))
    history = table.history("used_goods", 5)
    assert [run.run_id for run in history] == ["r2", "r1", "r0"]
    assert history[2] == Run("used_goods", "r0", "v1@a", started_at=first)
    assert [run.run_id for run in table.history("used_goods", 2)] == ["r2", "r1"]
    assert table.history("ads") == []


def test_a_run_that_never_started_cannot_finish(database: Database) -> None:
    with pytest.raises(OptionUnknown, match="r9 of used_goods was never started"):
        RunTable(database).finish("used_goods", "r9", {"counts": {}})


def test_the_runs_of_a_span_are_those_that_began_in_it(database: Database) -> None:
    table, first = RunTable(database), datetime(2026, 11, 24, tzinfo=UTC)
    for number in range(4):
        table.start(Run("used_goods", f"r{number}", "v1@a", started_at=first + timedelta(days=number)))
    found = table.started_between("used_goods", first + timedelta(days=1), first + timedelta(days=3))
    assert [run.run_id for run in found] == ["r1", "r2"]
    assert table.started_between("ads", first, first + timedelta(days=9)) == []


# --- windows ---------------------------------------------------------------------------------------


def test_the_records_of_windows_are_added_up_by_when_they_ended(database: Database) -> None:
    windows, end = Windows(database), datetime(2026, 11, 24, tzinfo=UTC)
    for number in range(4):
        moment = end + timedelta(days=number)
        report = {"outcomes": {"accepted": 8 + number, "rejected": 2}, "fields": {"brand": [1, 2]}}
        began = moment - timedelta(hours=1)
        windows.note("goods", f"v{number}@a", "r", began, moment, 10 + number, report)
    found = windows.totals("goods", end + timedelta(days=1), end + timedelta(days=3))
    assert found == Totals(records=11 + 12, accepted=9 + 10, rejected=4)
    assert windows.totals("ads", end, end + timedelta(days=9)) == Totals()
