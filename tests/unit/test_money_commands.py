"""`furrow budget` and `furrow ledger`, as a person types them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from furrow.cli import app
from furrow.cli.ledger import age
from furrow.config.settings import Settings
from furrow.engine.ports import Answer, Finish, Purchase, Wish
from furrow.errors import ConfigError
from furrow.store.database import open_database
from furrow.store.ledger import SqlLedger
from tests.folders import FolderOfPrompts


@pytest.fixture
def home(prompts: FolderOfPrompts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deployment whose use case `goods` may spend 2 dollars a day."""
    (prompts.path / "goods" / "pipeline.yaml").open("a").write("\nbudget: {usd_per_day: 2}\n")
    monkeypatch.setenv("FURROW_HOME", str(tmp_path))
    monkeypatch.setenv("FURROW_PROMPTS", str(prompts.path))
    for name in ("FURROW_DB", "FURROW_RETENTION_DAYS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def _ledger(age: timedelta = timedelta()) -> SqlLedger:
    database = open_database(Settings.from_environment().database)
    return SqlLedger(database, lambda: datetime.now(UTC) - age)


def _bought(key: str, cost: float | None = 0.5, use_case: str = "goods") -> Purchase:
    answer = Answer("{}", Finish.STOP, "small", 1, 1, cost, 0.1)
    return Purchase(key, answer, "small", use_case, "digest", "v1@00000000", "r1")


def _json(*arguments: str) -> Any:
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def _told(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, [*arguments])
    assert done.exit_code == code, done.output
    return " ".join(done.output.replace("│", " ").split())


# --- budgets ---------------------------------------------------------------------------------------


def test_a_budget_shows_what_is_spent_set_aside_and_left(home: Path) -> None:
    _ledger().record([_bought("a")])
    _ledger().claim("anna", [Wish("b", "goods", 0.25, 2.0)])
    [row] = _json("budget", "show", "goods")
    amounts = {"cap_usd": 2.0, "spent_usd": 0.5, "presumed_usd": 0.0, "reserved_usd": 0.25}
    assert row == {"use_case": "goods", **amounts, "raised_usd": 0.0, "room_usd": 1.25}
    assert "$1.2500" in _told("budget", "show")


def test_a_use_case_without_a_cap_and_one_that_is_gone_are_shown_too(home: Path) -> None:
    _ledger().record([_bought("a", use_case="gone")])
    rows = {row["use_case"]: row for row in _json("budget", "show")}
    assert rows["gone"] == {**rows["goods"], "use_case": "gone", "cap_usd": None, "spent_usd": 0.5} | {
        "room_usd": None
    }


def test_a_raise_says_what_is_left_and_adds_up(home: Path) -> None:
    _ledger().record([_bought("a", 2.5)])
    assert "goods may spend $3.0000 today; $0.5000 is left" in _told("budget", "raise", "goods", "1")
    assert _json("budget", "raise", "goods", "1.5")["raised_usd"] == 2.5


@pytest.mark.parametrize("usd", ["0", "-3", "nan", "inf"])
def test_a_budget_is_raised_by_dollars_above_zero(home: Path, usd: str) -> None:
    assert "above 0" in _told("budget", "raise", "goods", "--", usd, code=2)


def test_a_use_case_without_a_cap_has_nothing_to_raise(home: Path, prompts: FolderOfPrompts) -> None:
    file = prompts.path / "goods" / "pipeline.yaml"
    file.write_text(file.read_text().replace("budget:", "# budget:"))
    assert "no cap" in _told("budget", "raise", "goods", "1", code=2)


# --- the ledger ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        pytest.param("90d", timedelta(days=90), id="days"),
        pytest.param("12h", timedelta(hours=12), id="hours"),
        pytest.param(" 2 W ", timedelta(weeks=2), id="weeks, with blanks"),
        pytest.param("P1DT12H", timedelta(days=1, hours=12), id="ISO 8601"),
        pytest.param("0d", timedelta(0), id="everything"),
    ],
)
def test_a_duration_is_read_as_people_write_it(written: str, meant: timedelta) -> None:
    assert age(written) == meant


@pytest.mark.parametrize("written", ["90", "90x", "-3d", "", "d", "ninety days", "99999999999999d"])
def test_what_is_no_duration_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(typer.BadParameter, match="write it as 90d"):
        age(written)


def test_pruning_tells_what_went(home: Path) -> None:
    _ledger(timedelta(days=100)).record([_bought("old"), _bought("older")])
    _ledger().record([_bought("new")])
    assert "2 answers would go" in _told("ledger", "prune", "--older-than", "90d", "--dry-run")
    pruned = _json("ledger", "prune", "--older-than", "90d")
    assert (pruned["calls"], pruned["letters"], pruned["pinned_by"], pruned["dry_run"]) == (2, 0, None, False)
    stats = _json("ledger", "stats")
    assert (stats["calls"], stats["text_bytes"]) == (1, 2)
    assert "1 answers, 0.0 MB" in _told("ledger", "stats")


def test_the_deployment_says_how_long_answers_are_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _ledger(timedelta(days=100)).record([_bought("old")])
    assert "FURROW_RETENTION_DAYS" in _told("ledger", "prune", code=2)
    monkeypatch.setenv("FURROW_RETENTION_DAYS", "101")
    assert _json("ledger", "prune")["calls"] == 0
    monkeypatch.setenv("FURROW_RETENTION_DAYS", "99.5")
    assert _json("ledger", "prune")["calls"] == 1


@pytest.mark.parametrize("written", ["soon", "-1", "nan", "1e9"])
def test_a_retention_that_is_no_number_of_days_is_refused(written: str) -> None:
    with pytest.raises(ConfigError, match=r"FURROW_RETENTION_DAYS.*not a number of days"):
        Settings.from_environment({"FURROW_RETENTION_DAYS": written})


def test_settings_come_back_from_the_variables_that_a_child_gets() -> None:
    settings = Settings.from_environment({"FURROW_RETENTION_DAYS": "0.5"})
    assert Settings.from_environment(settings.environment()) == settings
    assert "FURROW_RETENTION_DAYS" not in Settings.from_environment({}).environment()
