"""The span of time that a run's query gets, and the client of the official hook."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from furrow.config.settings import Settings
from furrow.engine.ports import Interval
from furrow.errors import ConnectionMissing
from furrow.orchestration.connections import AirflowConnections
from furrow.orchestration.dag_factory import build_dags
from furrow.orchestration.tasks import Fetch
from tests.folders import FolderOfPrompts

MORNING, NOON = datetime(2026, 11, 24, 6, tzinfo=UTC), datetime(2026, 11, 24, 12, tzinfo=UTC)
QUERY = "SELECT 1"


def goods_dag(prompts: FolderOfPrompts, source: str, schedule: str = '"0 */6 * * *"') -> Any:
    prompts.change("goods/pipeline.yaml", "files: {path: sample.jsonl}", source)
    prompts.change("goods/pipeline.yaml", "live: v1", f"schedule: {schedule}\nlive: v1")
    return build_dags(replace(Settings.from_environment({}), prompts=prompts.path))["goods"]


@pytest.mark.parametrize("schedule", ['"0 */6 * * *"', '"@hourly"'])
def test_the_runs_of_a_query_have_an_interval_between_them(prompts: FolderOfPrompts, schedule: str) -> None:
    import pendulum
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.timetables.base import TimeRestriction

    dag = goods_dag(prompts, f'bigquery: {{query: "{QUERY}"}}', schedule)
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    since = TimeRestriction(earliest=pendulum.datetime(2026, 1, 1), latest=None, catchup=True)
    first = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=since)
    second = timetable.next_dagrun_info(last_automated_data_interval=first.data_interval, restriction=since)
    assert first.data_interval.start < first.data_interval.end == second.data_interval.start
    by_hand = timetable.infer_manual_data_interval(run_after=pendulum.datetime(2026, 11, 24, 12, 30))
    assert by_hand.start < by_hand.end


def test_other_sources_keep_their_cron_expression(prompts: FolderOfPrompts) -> None:
    assert (
        goods_dag(prompts, "files: {path: other.jsonl}").timetable.__class__.__name__
        == "CronTriggerTimetable"
    )


@pytest.mark.parametrize(
    ("context", "interval"),
    [
        ({"data_interval_start": MORNING, "data_interval_end": NOON}, Interval(MORNING, NOON)),
        ({}, None),
        ({"data_interval_start": None, "data_interval_end": None}, None),
    ],
)
def test_fetch_hands_the_data_interval_of_the_airflow_run_on(
    monkeypatch: pytest.MonkeyPatch, context: dict[str, Any], interval: Interval | None
) -> None:
    from contextlib import nullcontext

    from furrow import assembly

    opened: list[Any] = []

    def open_run(use_case: str, run_id: str, connections: object, *, interval: Interval | None) -> Any:
        opened.append((use_case, run_id, interval))
        return nullcontext()

    monkeypatch.setattr(assembly, "open_run", open_run)
    monkeypatch.setattr(Fetch, "call", lambda self, run, params: [])
    Fetch(task_id="fetch", use_case="goods").execute({"run_id": "r1", "params": {}, **context})
    assert opened == [("goods", "r1", interval)]


def test_the_client_is_the_official_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {"is_anonymous": True, "project": "shop", "location": "asia-northeast3"}
    written = json.dumps({"conn_type": "google_cloud_platform", "extra": extra})
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", written)
    client = AirflowConnections().bigquery("warehouse", None)
    assert (client.project, client.location) == ("shop", "asia-northeast3")
    assert AirflowConnections().bigquery("warehouse", "EU").location == "EU"


def test_a_connection_that_is_not_there_is_said_in_our_words() -> None:
    with pytest.raises(ConnectionMissing, match="AIRFLOW_CONN_NOWHERE"):
        AirflowConnections().bigquery("nowhere", None)
