"""The DAG of an experiment, in this process, without a running Airflow."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from furrow.assembly import Deployment
from furrow.engine.arms import CANDIDATE, LIVE
from furrow.orchestration.experiment_dag import LookAtExperiment, experiment_dag, has_experiment
from furrow.store.exposures import Exposures
from tests.folders import FolderOfPrompts

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
EXPERIMENT = "experiment: {candidate: v2, outcomes: {files: 'clicks.jsonl'}}\n"


@pytest.fixture
def shop(prompts: FolderOfPrompts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderOfPrompts:
    """The use case `goods`, in which v2 is tried beside v1, as tasks find it."""
    prompts.version("v2", "Digest of version 2.")
    prompts.change("goods/pipeline.yaml", "live: v1\n", f"live: v1\n{EXPERIMENT}")
    monkeypatch.setenv("FURROW_HOME", str(tmp_path))
    monkeypatch.setenv("FURROW_PROMPTS", str(prompts.path))
    return prompts


def watch(shop: FolderOfPrompts, live: int, candidate: int) -> None:
    """So many units of each arm saw a result; half of the live ones clicked, and all of the others."""
    deployment = Deployment()
    arms = deployment.arms(deployment.use_case("goods"))
    assert arms.experiment is not None
    units = [(f"l{n}", LIVE) for n in range(live)] + [(f"c{n}", CANDIDATE) for n in range(candidate)]
    Exposures(deployment.database).note("goods", arms.experiment, units, NOON)
    at = (NOON + timedelta(minutes=1)).isoformat()
    clicked = [f"l{n}" for n in range(live // 2)] + [f"c{n}" for n in range(candidate)]
    lines = [json.dumps({"key": unit, "value": 1, "time": at}) + "\n" for unit in clicked]
    shop.put("goods/clicks.jsonl", "".join([*lines, "{oops\n"]))


def look(shop: FolderOfPrompts) -> Any:
    task = experiment_dag(shop.load(), "furrow").get_task("look")
    return task.execute({"run_id": "manual__1"})


def test_a_folder_with_outcomes_has_a_daily_look(shop: FolderOfPrompts) -> None:
    dag = experiment_dag(shop.load(), "furrow")
    assert (dag.dag_id, dag.schedule, dag.max_active_runs) == ("goods.experiment", "@daily", 1)
    assert [type(task) for task in dag.tasks] == [LookAtExperiment]
    assert "clicks.jsonl" in dag.doc_md and "furrow experiment show goods" in dag.doc_md


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (EXPERIMENT, True),
        ("", False),
        ("experiment: {candidate: v2}\n", False),
        (EXPERIMENT.replace("outcomes", "shadow: true, outcomes"), False),
    ],
    ids=["outcomes", "no experiment", "nothing to measure", "in the shadow"],
)
def test_only_what_can_be_measured_has_one(shop: FolderOfPrompts, written: str, wanted: bool) -> None:
    shop.change("goods/pipeline.yaml", EXPERIMENT, written)
    assert has_experiment(shop.load()) is wanted


def test_the_task_gives_a_small_answer_and_keeps_the_whole_one(
    shop: FolderOfPrompts, capsys: pytest.CaptureFixture[str]
) -> None:
    watch(shop, 200, 200)
    found, log = look(shop), capsys.readouterr().out
    assert found["analysis"]["verdict"] == "better"
    assert found["outcomes"] == {"read": 300, "new": 300, "unread": 1}
    kept = json.loads(Path(found["uri"]).read_text())
    assert kept["outcomes"]["unread_places"] == [
        {"place": f"{shop.path}/goods/clicks.jsonl#301", "why": kept["outcomes"]["unread_places"][0]["why"]}
    ]
    assert "clicks.jsonl#301: not JSON" in log and "ALARM" not in log
    assert "next: furrow release promote goods v2" in log


def test_a_task_that_runs_again_says_the_same(shop: FolderOfPrompts) -> None:
    watch(shop, 200, 200)
    first, second = look(shop), look(shop)
    assert first["analysis"] == second["analysis"] and second["outcomes"]["new"] == 0


def test_arms_that_are_not_as_drawn_are_an_alarm_in_the_log(
    shop: FolderOfPrompts, capsys: pytest.CaptureFixture[str]
) -> None:
    watch(shop, 200, 100)
    look(shop)
    assert "ALARM: sample ratio mismatch: do not read the effect" in capsys.readouterr().out


def test_once_the_candidate_is_live_the_look_is_skipped_with_the_reason(shop: FolderOfPrompts) -> None:
    Deployment().promotions("goods").promote("v2", "minji", "better")
    with pytest.raises(AirflowSkipException, match="v2 is live already"):
        look(shop)
