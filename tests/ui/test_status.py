"""What the page says about each use case, from the real tables, and how it is written as HTML."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from furrow.config.settings import Settings
from furrow.engine.ports import Answer, Finish, Purchase
from furrow.orchestration.rendering import render
from furrow.orchestration.status import AirflowRun, Status, UseCaseStatus, collect_status
from furrow.store.database import open_database
from furrow.store.ledger import SqlLedger
from furrow.store.runs import Run, RunTable
from tests.folders import PIPELINE, FolderOfPrompts

STARTED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@pytest.fixture
def settings(prompts: FolderOfPrompts, tmp_path: Path) -> Settings:
    """A deployment with the small use case and an empty state database."""
    found = Settings.from_environment({"FURROW_HOME": str(tmp_path), "FURROW_PROMPTS": str(prompts.path)})
    found.var.mkdir()
    return found


def status_of(settings: Settings, readable: set[str], **runs: AirflowRun) -> Status:
    return collect_status(settings, runs, readable)


def bought(cost: float | None) -> Purchase:
    answer = Answer("{}", Finish.STOP, "openai-chat:small", 1, 1, cost, 0.1)
    return Purchase(f"key-{cost}", answer, "small", "goods", "digest", "v1@00000000", "r1")


def page(status: Status) -> str:
    return render("overview.html.j2", status=status, nonce="n")


def test_a_use_case_that_never_ran_has_a_release_and_no_counts(settings: Settings) -> None:
    [goods] = status_of(settings, {"goods"}).use_cases

    assert goods.release.startswith("v1@") and goods.owner == "tests"
    assert (goods.last, goods.counts) == (None, None)
    assert goods.spent_today is not None and goods.spent_today.calls == 0


def test_the_last_run_is_airflows_and_its_counts_are_those_of_its_report(settings: Settings) -> None:
    runs = RunTable(open_database(settings.database))
    runs.start(Run("goods", "r1", "v1@00000000"))
    runs.finish("goods", "r1", {"counts": {"accepted": 1234, "rejected": 2}, "cost_usd": 0.5})

    status = status_of(settings, {"goods"}, goods=AirflowRun("r1", "success", STARTED))

    text = page(status)
    assert "1,234" in text and ">2<" in text and "2026-11-24 09:30 UTC" in text and "success" in text


def test_a_run_without_a_report_yet_shows_no_counts_of_an_older_one(settings: Settings) -> None:
    runs = RunTable(open_database(settings.database))
    runs.start(Run("goods", "r1", "v1@00000000"))
    runs.finish("goods", "r1", {"counts": {"accepted": 1234}})

    [goods] = status_of(settings, {"goods"}, goods=AirflowRun("r2", "running", STARTED)).use_cases

    assert goods.last is not None and goods.last.state == "running"
    assert goods.counts is None


def test_todays_cost_is_the_ledgers_and_calls_without_a_price_are_counted(settings: Settings) -> None:
    SqlLedger(open_database(settings.database)).record([bought(0.25), bought(None)])

    text = page(status_of(settings, {"goods"}))

    assert "$0.2500" in text and "2 calls, 1 without a price" in text


def test_a_use_case_that_the_user_may_not_read_is_not_there(settings: Settings) -> None:
    assert status_of(settings, {"clothes"}).use_cases == []


def test_a_folder_that_does_not_load_is_shown_with_its_error(
    settings: Settings, prompts: FolderOfPrompts
) -> None:
    prompts.put("goods/pipeline.yaml", PIPELINE + "shedule: null\n")

    [goods] = status_of(settings, {"goods"}).use_cases

    assert goods.error is not None and "goods/pipeline.yaml:" in goods.error
    assert "shedule" in page(status_of(settings, {"goods"}))


def test_a_catalogue_that_does_not_load_is_shown(settings: Settings, prompts: FolderOfPrompts) -> None:
    prompts.put("models.yaml", "models: [")

    [line] = status_of(settings, {"furrow_config_error"}).use_cases

    assert line.error is not None and "models.yaml" in line.error


def test_a_state_database_that_cannot_be_read_hides_no_use_case(settings: Settings) -> None:
    (settings.var / "furrow.db").write_text("this is no database " * 100)

    status = status_of(settings, {"goods"})

    assert [line.name for line in status.use_cases] == ["goods"]
    assert status.trouble is not None and "state database" in status.trouble
    assert status.trouble.split(":")[0] in page(status)


@pytest.mark.parametrize("field", ["name", "error", "description", "owner", "release", "dag_id"])
def test_text_of_an_author_is_never_markup(field: str) -> None:
    line = replace(UseCaseStatus("goods", "goods"), **{field: "<script>alert(1)</script>\"'"})

    text = page(Status([line], "2026-11-24", trouble="<b>trouble</b>"))

    assert "<script>alert" not in text and "<b>trouble" not in text
    assert text.count("<script") == 1
