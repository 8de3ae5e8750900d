import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from furrow.engine.ports import Answer, Finish, Purchase
from furrow.errors import ConfigError, RunError, StoreDamaged, StoreUnavailable, TransientError
from furrow.store import migrations
from furrow.store.database import Database, open_database
from furrow.store.drift_looks import DriftLooks
from furrow.store.glance import DriftLook, Glance
from furrow.store.ledger import SqlLedger
from furrow.store.window_sums import WindowSums
from furrow.store.windows import Windows

KEYS = [f"{number:064x}" for number in range(3_000)]


def _purchases(keys: list[str]) -> list[Purchase]:
    answer = Answer('{"brand": "삼성"}' + " " * 100, Finish.STOP, "small", 10, 5, 0.001, 0.2)
    return [Purchase(key, answer, "small", "used_goods", "extract", "v1@3f2a9c1d", "r1") for key in keys]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "furrow.db"


def _filled(file: Path) -> SqlLedger:
    """A ledger whose file holds everything: closing the last connection empties SQLite's log into it."""
    database = open_database(f"sqlite:///{file}")
    SqlLedger(database).record(_purchases(KEYS))
    database.close()
    return SqlLedger(database)


def test_the_revisions_that_are_written_down_are_those_of_alembic() -> None:
    config = Config()
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    script = ScriptDirectory.from_config(config)
    revisions = [revision.revision for revision in script.walk_revisions()]
    assert tuple(reversed(revisions)) == migrations.REVISIONS
    assert script.get_current_head() == migrations.HEAD


def test_a_new_database_gets_its_folder_and_a_write_ahead_log_that_is_flushed_at_each_commit(
    file: Path,
) -> None:
    database = open_database(f"sqlite:///{file}")
    pragmas = ("journal_mode", "synchronous", "busy_timeout")
    found = database.read(lambda c: [c.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas])
    assert found == ["wal", 2, 30_000]


def test_only_a_write_that_need_not_outlive_a_power_cut_does_without_the_flush(file: Path) -> None:
    database = open_database(f"sqlite:///{file}")

    def flushed(connection: sa.Connection) -> bool:
        return connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2

    durable = (False, True, False, True)
    assert [database.write(flushed, durable=each) for each in durable] == list(durable)


def test_opening_twice_in_one_process_gives_the_same_database(file: Path) -> None:
    assert open_database(f"sqlite:///{file}") is open_database(f"sqlite:///{file}")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("var/furrow.db", "not the address of a database", id="a path"),
        pytest.param("oracel://host/x", "not the address of a database", id="unknown kind"),
        pytest.param("mysql+pymysql://host/x", "not in mysql", id="a kind that Furrow does not use"),
        pytest.param("sqlite://", "in memory", id="memory"),
        pytest.param("sqlite:///:memory:", "in memory", id="memory by name"),
    ],
)
def test_an_address_that_cannot_hold_the_state_is_a_config_error(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        open_database(url)


def test_a_database_of_a_newer_furrow_is_left_alone(file: Path) -> None:
    database = open_database(f"sqlite:///{file}")
    database.write(lambda c: c.exec_driver_sql("UPDATE furrow_version SET version_num = '9999'"))
    with pytest.raises(RunError, match="newer Furrow"):
        open_database(f"sqlite:///{file}")


def test_a_file_that_is_not_a_database_is_damaged_and_stays_as_it_is(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("이것은 데이터베이스가 아니다. " * 500, encoding="utf-8")
    before = file.read_bytes()
    with pytest.raises(StoreDamaged, match="not a database"):
        open_database(f"sqlite:///{file}")
    assert file.read_bytes() == before


def test_a_page_overwritten_with_rubbish_is_damage_and_never_an_empty_answer(file: Path) -> None:
    ledger = _filled(file)
    with file.open("r+b") as content:
        size = file.stat().st_size
        for start in range(8_192, size - 4_096, 4_096):
            content.seek(start)
            content.write(b"\xa5" * 4_096)
    with pytest.raises(StoreDamaged):
        ledger.find(KEYS)


def test_a_file_cut_in_half_is_damage_and_never_an_empty_answer(file: Path) -> None:
    ledger = _filled(file)
    with file.open("r+b") as content:
        content.truncate(file.stat().st_size // 2)
    with pytest.raises(StoreDamaged):
        ledger.find(KEYS)


def test_a_ledger_whose_table_is_gone_is_damaged_not_empty(file: Path) -> None:
    ledger = _filled(file)
    with sqlite3.connect(file) as other:
        other.execute("DROP TABLE furrow_calls")
    with pytest.raises(StoreDamaged, match="no such table"):
        ledger.find(KEYS[:1])
    with pytest.raises(StoreDamaged, match="no such table"):
        ledger.record(_purchases(KEYS[:1]))


def test_a_finish_that_nobody_knows_is_damage(file: Path) -> None:
    ledger = _filled(file)
    with sqlite3.connect(file) as other:
        other.execute("UPDATE furrow_calls SET finish = 'perhaps' WHERE key = ?", KEYS[:1])
    with pytest.raises(StoreDamaged, match=KEYS[0]):
        ledger.find(KEYS[:2])


def test_while_another_process_writes_for_too_long_a_write_may_pass_later_and_a_read_passes(
    file: Path,
) -> None:
    _filled(file)
    ledger = SqlLedger(Database(f"sqlite:///{file}", patience=0.05))
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreUnavailable, match="locked") as caught:
            ledger.record(_purchases(["new"]))
        assert len(ledger.find(KEYS[:5])) == 5
    finally:
        other.close()
    assert isinstance(caught.value, TransientError)
    ledger.record(_purchases(["new"]))
    assert ledger.find(["new"])


def test_a_write_waits_for_the_one_before_it(file: Path) -> None:
    ledger = _filled(file)
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, other.close)
    release.start()
    ledger.record(_purchases(["new"]))
    release.join()
    assert ledger.find(["new"])


def test_while_another_thread_writes_for_too_long_a_write_may_pass_later_and_a_read_passes(
    file: Path,
) -> None:
    _filled(file)
    database = Database(f"sqlite:///{file}", patience=0.05)
    inside, go_on = threading.Event(), threading.Event()

    def slow(connection: sa.Connection) -> None:
        inside.set()
        go_on.wait(60)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(database.write, slow)
        assert inside.wait(60)
        with pytest.raises(StoreUnavailable, match="another thread of this process"):
            SqlLedger(database).record(_purchases(["new"]))
        assert len(SqlLedger(database).find(KEYS[:5])) == 5
        go_on.set()
        first.result(60)
    SqlLedger(database).record(_purchases(["new"]))
    assert SqlLedger(database).find(["new"])


def test_a_server_that_does_not_answer_may_answer_later() -> None:
    database = Database("postgresql://nobody:secret@127.0.0.1:1/furrow", patience=0.05)
    with pytest.raises(StoreUnavailable) as caught:
        database.read(lambda connection: connection.execute(sa.select(1)))
    assert "secret" not in str(caught.value)


def test_a_mistake_in_the_work_itself_is_not_dressed_up_and_leaves_nothing_behind(file: Path) -> None:
    database = open_database(f"sqlite:///{file}")

    def work(connection: sa.Connection) -> None:
        connection.exec_driver_sql("DELETE FROM furrow_version")
        raise KeyError("mistake")

    with pytest.raises(KeyError):
        database.write(work)
    assert database.read(lambda c: c.exec_driver_sql("SELECT version_num FROM furrow_version").scalar())


def test_windows_that_were_noted_before_are_in_the_sums_after_the_upgrade(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'furrow.db'}"
    database, began = open_database(url), datetime(2026, 11, 25, 12, tzinfo=UTC)
    report = {"outcomes": {"accepted": 8, "rejected": 2}, "cost_usd": 0.5}
    Windows(database).note("goods", "v1@1", "r1", began, began, 10, report)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX furrow_calls_by_use_case")
        for name in ("window_sums", "drifts", "call_days", "marks", "holds"):
            connection.exec_driver_sql(f"DROP TABLE furrow_{name}")
        connection.exec_driver_sql(f"UPDATE {migrations.VERSION_TABLE} SET version_num = '0005'")
    [(day, _)] = WindowSums(open_database(url)).by_day("goods", began.date())
    found = WindowSums(database).by_day("goods", began.date())[day, "v1@1"]
    assert (day, found.records, found.accepted, found.cost_usd) == (began.date(), 10, 8, 0.5)


def test_the_newest_looks_at_drift_stay_in_the_upgrade_and_their_history_begins(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'furrow.db'}"
    database, at = open_database(url), datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX furrow_calls_by_use_case")
        connection.exec_driver_sql("DROP TABLE furrow_drifts")
        connection.exec_driver_sql("DROP TABLE furrow_holds")
        connection.exec_driver_sql(
            "CREATE TABLE furrow_drifts (use_case VARCHAR PRIMARY KEY, release VARCHAR NOT NULL,"
            " at DATETIME NOT NULL, enough BOOLEAN NOT NULL, alarms JSON NOT NULL)"
        )
        connection.exec_driver_sql(
            "INSERT INTO furrow_drifts"
            " VALUES ('goods', 'v1@1', '2026-11-25 12:30:00.000000', 1, '[\"brand\"]')"
        )
        connection.exec_driver_sql(f"UPDATE {migrations.VERSION_TABLE} SET version_num = '0006'")
    upgraded = open_database(url)
    assert Glance(upgraded).drifts() == {"goods": DriftLook("v1@1", at, True, ["brand"])}
    later = at + timedelta(minutes=5)
    DriftLooks(upgraded, lambda: later).note("goods", "v1@1", ["rungs"], True)
    assert DriftLooks(upgraded).alarms("goods", at, later + timedelta(hours=1)) == [(later, "rungs")]
