"""The DAG with which a person replays dead letters, in this process, without a running Airflow."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from furrow.assembly import open_run
from furrow.config.loader import OWN_DAGS
from furrow.config.settings import Settings
from furrow.errors import OptionUnknown
from furrow.orchestration.connections import AirflowConnections
from furrow.orchestration.dag_factory import build_dags, dag_id_of
from furrow.store.database import open_database
from furrow.store.dead_letters import DeadLetters
from furrow.testing import ModelServer
from tests.folders import FolderOfPrompts, record

REPLAY = "dead_letters_replay"


def dags_of(prompts: FolderOfPrompts) -> dict[str, Any]:
    return build_dags(replace(Settings.from_environment({}), prompts=prompts.path))


def test_it_is_there_unscheduled_with_one_task(prompts: FolderOfPrompts) -> None:
    dag = dags_of(prompts)[REPLAY]

    assert (dag.schedule, dag.tags, [task.task_id for task in dag.tasks]) == (None, {"furrow"}, ["replay"])
    assert {task.owner for task in dag.tasks} == {"furrow"}
    assert type(dag.get_task("replay").retry_policy).__name__ == "ByErrorTree"
    assert "Nothing is bought twice" in dag.doc_md


def test_it_offers_the_use_cases_that_load(prompts: FolderOfPrompts) -> None:
    prompts.put("broken/pipeline.yaml", "description: [")

    params = dags_of(prompts)[REPLAY].params

    assert params.get_param("use_case").schema["enum"] == ["goods"]
    assert list(params) == ["use_case", "reason", "step", "release", "key", "version", "limit"]
    assert all(params.get_param(name).description for name in params)


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        pytest.param("use_case", "goods", True, id="a use case"),
        pytest.param("use_case", "nobody", False, id="no use case"),
        pytest.param("reason", "answer_invalid", True, id="a reason"),
        pytest.param("reason", None, True, id="any reason"),
        pytest.param("reason", "bad luck", False, id="no reason"),
        pytest.param("key", "a1", True, id="a key"),
        pytest.param("version", "v2", True, id="a version"),
        pytest.param("version", "latest", False, id="no version"),
        pytest.param("limit", 0, False, id="no letters at all"),
    ],
)
def test_its_params_are_checked_before_it_runs(
    prompts: FolderOfPrompts, name: str, value: object, taken: bool
) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    param = dags_of(prompts)[REPLAY].params.get_param(name)

    if taken:
        assert param.resolve(value) == value
    else:
        with pytest.raises(ParamValidationError):
            param.resolve(value)


def test_it_cannot_be_triggered_without_a_use_case(prompts: FolderOfPrompts) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        dags_of(prompts)[REPLAY].params.get_param("use_case").resolve()


def test_it_is_there_when_no_use_case_is(prompts: FolderOfPrompts) -> None:
    for file in (prompts.path / "goods" / "pipeline.yaml", prompts.path / "goods" / "v1" / "steps.yaml"):
        file.unlink()

    assert "enum" not in dags_of(prompts)[REPLAY].params.get_param("use_case").schema


def test_a_folder_of_its_name_is_a_config_error_beside_it(prompts: FolderOfPrompts) -> None:
    for file in (prompts.path / "goods").rglob("*"):
        if file.is_file():
            prompts.put(f"{REPLAY}/{file.relative_to(prompts.path / 'goods')}", file.read_bytes())

    dags = dags_of(prompts)

    assert [task.task_id for task in dags[REPLAY].tasks] == ["replay"]
    broken = dags[dag_id_of(REPLAY)]
    assert len(dags) == 2 + len(OWN_DAGS) and "config-error" in broken.tags
    assert "rename the folder" in broken.description


def test_its_worker_loads_it_and_a_worker_of_a_use_case_does_not(
    prompts: FolderOfPrompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", REPLAY)
    assert REPLAY in dags_of(prompts)
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "goods")
    assert list(dags_of(prompts)) == ["goods"]


def test_it_survives_airflows_serialisation(prompts: FolderOfPrompts) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    dag = dags_of(prompts)[REPLAY]

    again = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))

    assert list(again.task_dict) == ["replay"] and again.get_task("replay").has_retry_policy
    assert again.params.get_param("use_case").schema["enum"] == ["goods"]


# --- its task, with a real model server --------------------------------------------------------------


@pytest.fixture
def letters(prompts: FolderOfPrompts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DeadLetters:
    """A run of `goods` has ended in which every record broke a rule; then the rule was mended."""
    monkeypatch.setenv("FURROW_HOME", str(tmp_path))
    prompts.change("goods/pipeline.yaml", "  features: {entity: article, ttl_days: 3650}", "  features: null")
    prompts.change("goods/v1/steps.yaml", "result.price_krw > 0", "result.price_krw < -1")
    prompts.change("goods/v1/steps.yaml", "result.price_krw is none or", "result.price_krw is not none and")
    return DeadLetters(open_database(f"sqlite:///{tmp_path / 'var' / 'furrow.db'}"))


def run_all(run_id: str) -> Any:
    with open_run("goods", run_id, AirflowConnections()) as run:
        for fetched in run.fetch():
            partition = fetched
            for step in run.steps():
                partition = run.run_step(step, partition)
            run.validate(partition)
        return run.evaluate()


def test_its_task_replays_what_the_params_select_and_a_retry_goes_on_with_the_same(
    prompts: FolderOfPrompts, letters: DeadLetters, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts.records([record(number) for number in range(4)])
    task = dags_of(prompts)[REPLAY].get_task("replay")
    params = {"use_case": "goods", "reason": "rule_broken", "key": None, "version": None, "limit": 3}
    with ModelServer() as server:
        model = server.connection()
        told = {"conn_type": model.type, "host": model.host, "password": model.password}
        monkeypatch.setenv("AIRFLOW_CONN_MODELS", json.dumps(told))
        assert run_all("run-1")["counts"]["rejected"] == 4
        prompts.change("goods/v1/steps.yaml", "result.price_krw < -1", "true")
        prompts.change(
            "goods/v1/steps.yaml", "result.price_krw is not none and", "result.price_krw is none or"
        )
        bought = len(server.bills)
        replayed = task.execute({"run_id": "manual__1", "params": params})
        again = task.execute({"run_id": "manual__1", "params": params})
        assert len(server.bills) == bought

    assert replayed == again and replayed["run_id"] == "replay__manual__1"
    assert (replayed["records"], replayed["accepted"], replayed["rejected"]) == (3, 3, 0)
    assert letters.count_open("goods") == 1


def test_its_task_fails_at_once_when_the_version_is_not_there(
    prompts: FolderOfPrompts, letters: DeadLetters, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = dags_of(prompts)[REPLAY].get_task("replay")
    params = {"use_case": "goods", "reason": None, "key": None, "version": "v9", "limit": None}

    with pytest.raises(OptionUnknown, match="v9"):
        task.execute({"run_id": "manual__1", "params": params})
