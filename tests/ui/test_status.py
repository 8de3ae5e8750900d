"""What the page says about each use case, from the real tables, and how it is written as HTML."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from markupsafe import escape

from furrow.config.settings import Settings
from furrow.engine.ports import Answer, Finish, Purchase
from furrow.orchestration.status import (
    AirflowRun,
    Status,
    UseCaseStatus,
    _alarms,
    collect_status,
    in_order,
)
from furrow.orchestration.view import View, shown
from furrow.store.database import open_database
from furrow.store.drift_looks import DriftLooks
from furrow.store.evaluations import Evaluated, Evaluations
from furrow.store.glance import StreamState
from furrow.store.ledger import Spending, SqlLedger
from furrow.store.windows import Windows
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


PLACE = {"sort": "", "down": False, "page": 1, "pages": 1}


def page(status: Status) -> str:
    return shown("overview.html.j2", View("en", "light"), **PLACE, status=status)


def test_a_use_case_that_never_ran_has_a_release_and_no_figures(settings: Settings) -> None:
    [goods] = status_of(settings, {"goods"}).use_cases

    assert goods.release.startswith("v1@") and goods.owner == "tests"
    assert (goods.last, goods.day, goods.evaluation, goods.drift) == (None, None, None, None)
    assert goods.spent_today is not None and goods.spent_today.calls == 0
    assert (goods.dead_letters, goods.alarms) == (0, ())


def test_the_last_run_is_airflows_and_the_figures_are_of_the_last_day(settings: Settings) -> None:
    windows = Windows(open_database(settings.database))
    now = datetime.now(UTC)
    for hours, accepted in ((1, 1232), (30, 5000)):
        began = now - timedelta(hours=hours)
        report = {
            "outcomes": {"accepted": accepted, "rejected": 2},
            "rungs": {"strict": 3, "reasked": 1},
            "seconds": {"p50": 0.5, "p95": 1.25},
        }
        windows.note("goods", "v1@00000000", f"r{hours}", began, now, accepted + 2, report)

    status = status_of(settings, {"goods"}, goods=AirflowRun("goods", "r1", "success", STARTED))

    text = page(status)
    assert "1,234" in text and "99.8 %" in text and "2026-11-24 09:30 UTC" in text and "success" in text
    assert "75.0 %" in text and "reasked 1" in text and "1.25 s" in text


RED = {
    "a failed run": "the last run failed",
    "a spent budget": "today's budget is spent",
    "a failed evaluation": "the live release failed its evaluation",
    "drift": "the live release drifts",
}


@pytest.mark.parametrize("what", RED, ids=RED)
def test_what_a_person_should_look_at_is_red_and_first(
    what: str, settings: Settings, prompts: FolderOfPrompts
) -> None:
    shutil.copytree(prompts.path / "goods", prompts.path / "atlas")
    prompts.put("goods/pipeline.yaml", PIPELINE + "budget: {usd_per_day: 0.2}\n")
    database = open_database(settings.database)
    release = status_of(settings, {"goods"}).use_cases[0].release
    runs = {}
    if what == "a failed run":
        runs["goods"] = AirflowRun("goods", "r1", "failed", STARTED)
    elif what == "a spent budget":
        SqlLedger(database).record([bought(0.25)])
    elif what == "drift":
        DriftLooks(database).note("goods", release, ["category moved"], enough=True)
    else:
        found = Evaluated("goods", "e1", release, "v1", "h", "t", "fail", STARTED, {"fields": {}})
        Evaluations(database).note([found])

    status = status_of(settings, {"goods", "atlas"}, **runs)

    lines = in_order(status.use_cases)
    assert lines[0].name == "goods" and lines[0].alarms == (RED[what],)
    assert 'class="red"' in page(status) and str(escape(RED[what])) in page(status)


def test_a_stream_is_watched_whatever_its_batch_dag_did() -> None:
    good, bad = (
        AirflowRun("goods", "r", "success", STARTED),
        AirflowRun("goods.stream", "s", "failed", STARTED),
    )
    line = UseCaseStatus("goods", "goods", last=good, last_of_stream=bad)
    assert list(_alarms(line)) == ["the last run failed"]
    runs = replace(line, last_of_stream=replace(bad, state="running"), max_lag_seconds=60.0)
    for stream, alarms in (
        (StreamState(2, 0, None), ["no replica of the stream is alive"]),
        (StreamState(2, 1, 61.0), ["the stream lags"]),
        (StreamState(2, 2, 1.0), []),
    ):
        assert list(_alarms(replace(runs, stream=stream))) == alarms
    text = page(Status([replace(line, stream=StreamState(2, 0, None))], "2026-11-26"))
    assert "dags/goods.stream/runs/s" in text


def test_calls_that_may_have_been_billed_count_against_the_budget() -> None:
    line = UseCaseStatus("goods", "goods", cap_usd=1.0, spent_today=Spending(1, 0.2), budget_used_usd=1.0)
    assert list(_alarms(line)) == ["today's budget is spent"]


def test_lines_without_a_figure_come_last_whichever_way_they_are_sorted() -> None:
    known = [
        UseCaseStatus(name, name, spent_today=Spending(1, cost)) for name, cost in (("a", 2.0), ("b", 1.0))
    ]
    lines = [UseCaseStatus("c", "c"), *known]
    assert [line.name for line in in_order(lines, "cost")] == ["b", "a", "c"]
    assert [line.name for line in in_order(lines, "cost", descending=True)] == ["a", "b", "c"]
    assert [line.name for line in in_order(lines, "'; drop table")] == ["a", "b", "c"]


def test_the_page_is_korean_for_who_reads_korean(settings: Settings) -> None:
    status = status_of(settings, {"goods"})
    text = shown("overview.html.j2", View("ko", "dark"), **PLACE, status=status)
    assert 'lang="ko"' in text and 'data-theme="dark"' in text and "사용 사례" in text


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


@pytest.mark.parametrize(
    "field", ["name", "error", "description", "owner", "release", "dag_id", "experiment"]
)
def test_text_of_an_author_is_never_markup(field: str) -> None:
    line = replace(UseCaseStatus("goods", "goods"), **{field: "<script>alert(1)</script>\"'"})

    text = page(Status([line], "2026-11-24", trouble="<b>trouble</b>"))

    assert "<script>alert" not in text and "<b>trouble" not in text
    assert text.count("<script") == 2
