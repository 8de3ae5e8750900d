"""`stream: {}` -> the DAG of a stream, in this process, without a running Airflow."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk._shared.observability.metrics.base_stats_logger import NoStatsLogger
from airflow.sdk.exceptions import AirflowRescheduleException
from airflow.sdk.observability import stats
from tenacity import wait_fixed, wait_none

from furrow.config.loader import OWN_DAGS
from furrow.config.settings import Settings
from furrow.errors import CredentialsRefused, FurrowError, SourceUnavailable, StoreUnavailable
from furrow.orchestration import stream_tasks
from furrow.orchestration.dag_factory import build_dags
from furrow.orchestration.stream_tasks import StreamReplica
from furrow.streaming.standing import Standing
from tests.folders import FolderOfPrompts

STREAMED = """\
description: listings to attributes
owner: tests
source:
  kafka: {topic: listings}
record: {key: id, time: at}
publish:
  kafka: {topic: attributes}
  features: {entity: article, ttl_days: 3650}
stream: {replicas: 3, run_minutes: 15}
"""


@pytest.fixture
def streamed(prompts: FolderOfPrompts) -> FolderOfPrompts:
    prompts.put("goods/pipeline.yaml", STREAMED)
    return prompts


def dags_of(prompts: FolderOfPrompts) -> dict[str, Any]:
    return build_dags(replace(Settings.from_environment({}), prompts=prompts.path))


def test_a_folder_with_a_stream_has_a_dag_for_it_beside_the_one_by_hand(streamed: FolderOfPrompts) -> None:
    dags = dags_of(streamed)
    assert sorted(dags) == sorted(["goods", "goods.stream", *OWN_DAGS])
    assert dags["goods"].schedule is None


def test_replicas_are_mapped_and_each_further_sink_is_a_task_beside_them(streamed: FolderOfPrompts) -> None:
    dag = dags_of(streamed)["goods.stream"]
    assert {task.task_id: list(task.downstream_task_ids) for task in dag.tasks} == {
        "replica": [],
        "publish_features": [],
    }
    replica = dag.get_task("replica")
    assert replica.expand_input.value["number"] == [0, 1, 2]
    assert replica.map_index_template == "{{ task.number }}"


def test_two_runs_are_beside_each_other_while_one_takes_over(streamed: FolderOfPrompts) -> None:
    dag = dags_of(streamed)["goods.stream"]
    assert (dag.max_active_runs, dag.catchup, dag.max_active_tasks) == (2, False, 4)
    assert dag.timetable.delta == timedelta(minutes=15)
    assert all(task.execution_timeout is None for task in dag.tasks)


def test_its_tasks_are_retried_by_the_error_tree(streamed: FolderOfPrompts) -> None:
    dag = dags_of(streamed)["goods.stream"]
    assert {type(task.retry_policy).__name__ for task in dag.tasks} == {"ByErrorTree"}
    assert dag.tags == {"furrow", "stream"}


def test_its_page_names_the_topics_and_what_pausing_does(streamed: FolderOfPrompts) -> None:
    said = dags_of(streamed)["goods.stream"].doc_md
    for words in ("`listings`", "`attributes`", "`listings.dead-letters`", "15 minutes", "Pause"):
        assert words in said


def test_a_stream_with_a_schedule_is_a_config_error_with_its_line(streamed: FolderOfPrompts) -> None:
    streamed.put("goods/pipeline.yaml", STREAMED.replace("record:", 'schedule: "0 * * * *"\nrecord:'))
    dags = dags_of(streamed)
    assert "goods.stream" not in dags
    assert "pipeline.yaml:10" in dags["goods"].description and "schedule" in dags["goods"].description


def test_a_worker_that_runs_a_stream_loads_its_folder_alone(
    streamed: FolderOfPrompts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    streamed.put("other/pipeline.yaml", "description: [")
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "goods.stream")
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_TASK_ID", "replica")
    assert sorted(dags_of(streamed)) == ["goods", "goods.stream"]


def test_a_replica_that_is_told_to_end_stops_once_whoever_says_so_first() -> None:
    task, stopped = StreamReplica(task_id="replica", use_case="goods", number=1), list[int]()
    task._ending, task._stop = threading.Event(), None
    task.end("early")
    task.stops_by(lambda: stopped.append(1))
    task.on_kill()
    assert stopped == [1]


class Gauges:
    """Where Airflow's metrics go here."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}

    def gauge(self, name: str, value: float, *, tags: dict[str, str]) -> None:
        assert tags == {"use_case": "goods", "replica": "1"}
        self.values[name] = value


@pytest.fixture
def gauges() -> Iterator[Gauges]:
    kept = Gauges()
    stats.initialize(factory=lambda: kept, export_legacy_names=False)  # type: ignore[arg-type, return-value]
    yield kept
    stats.initialize(factory=NoStatsLogger, export_legacy_names=False)


@pytest.mark.parametrize(("lag", "late"), [(59.0, 0), (61.0, 1)])
def test_an_event_that_waits_too_long_raises_the_alarm_in_log_and_metrics(
    lag: float, late: int, gauges: Gauges, capsys: pytest.CaptureFixture[str]
) -> None:
    task = StreamReplica(task_id="replica", use_case="goods", number=1)
    task._limit, task._events, task._told_at = 60.0, 0, 0.0
    task.told(Standing(lag_seconds=lag, lag_records=7, accepted=2, rejected=1, failures=4))
    assert gauges.values["furrow.stream.late"] == late
    named = ("lag_records", "lag_seconds", "events", "failures")
    assert [gauges.values[f"furrow.stream.{name}"] for name in named] == [7, lag, 3, 4]
    assert ("ALARM" in capsys.readouterr().out) == bool(late)


class Outage:
    """What a task assembles while the broker or the state database is away so often."""

    guarantee = "exactly once"
    options = SimpleNamespace(max_lag_seconds=60.0)

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *faults: FurrowError):
        self.faults, self.tries, self.ran = list(faults), 0, list[str]()
        self.meanwhile: Callable[[], object] = lambda: None
        monkeypatch.setattr(stream_tasks, "_assemble", lambda _: self)
        monkeypatch.setattr(stream_tasks, "_AGAIN", wait_none())
        monkeypatch.setattr(StreamReplica, "run_part", self.run_part)

    def seat(self, part: str, turn: str) -> Any:
        return SimpleNamespace(is_passed_over=lambda: False)

    def make_topics(self) -> list[str]:
        self.tries += 1
        if self.faults:
            self.meanwhile()
            raise self.faults.pop(0)
        return []

    def run_part(self, assembled: Any, turn: str) -> Standing:
        self.ran.append(turn)
        return Standing()


def execute(task: StreamReplica) -> Any:
    run = SimpleNamespace(run_after=datetime(2026, 11, 26, tzinfo=UTC))
    instance = SimpleNamespace(dag_id="goods.stream", get_dag=lambda _: SimpleNamespace(is_paused=False))
    return task.execute({"ti": instance, "dag_run": run})  # type: ignore[typeddict-item]


def test_a_task_that_starts_while_the_broker_is_away_waits_for_it_however_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    away: list[FurrowError] = [SourceUnavailable("the broker is away"), StoreUnavailable("busy")]
    outage = Outage(monkeypatch, *(10 * away))
    with pytest.raises(AirflowRescheduleException):  # the part was stopped
        execute(StreamReplica(task_id="replica", use_case="goods", number=1))
    assert (outage.tries, len(outage.ran)) == (21, 1)


def test_a_task_that_is_stopped_while_it_waits_for_the_broker_is_put_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outage = Outage(monkeypatch, SourceUnavailable("the broker is away"))
    monkeypatch.setattr(stream_tasks, "_AGAIN", wait_fixed(600))
    task = StreamReplica(task_id="replica", use_case="goods", number=1)
    outage.meanwhile = lambda: task.end("the DAG is paused")
    with pytest.raises(AirflowRescheduleException):
        execute(task)
    assert (outage.tries, outage.ran) == (1, [])


def test_what_a_person_has_to_mend_fails_a_task_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    outage = Outage(monkeypatch, CredentialsRefused("the password is wrong"))
    with pytest.raises(CredentialsRefused):
        execute(StreamReplica(task_id="replica", use_case="goods", number=1))
    assert (outage.tries, outage.ran) == (1, [])
