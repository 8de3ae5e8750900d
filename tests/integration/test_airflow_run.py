"""A real Airflow runs the DAG of a use case: records from the broker, answers of a model server, features."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import Deployment
from furrow.local import broker
from furrow.local.airflow_api import AirflowApi, TaskInstance
from furrow.store.ledger import SqlLedger
from furrow.testing import ModelServer
from tests.airflow_server import TOPIC, AirflowServer
from tests.broker import LocalBroker
from tests.folders import record

pytestmark = [pytest.mark.airflow, pytest.mark.broker, pytest.mark.timeout(600)]
PATIENCE = 240.0
STEPS = ("digest", "extract", "price", "validate")


@pytest.fixture(scope="module")
def deployment(airflow_server: AirflowServer, kafka_broker: LocalBroker) -> Deployment:
    """The same deployment as Airflow's tasks have, with its topic made."""
    broker.create_topic(kafka_broker.address, TOPIC)
    return Deployment(airflow_server.settings, EnvironmentConnections(airflow_server.connections))


@pytest.fixture(scope="module")
def api(airflow_server: AirflowServer) -> Iterator[AirflowApi]:
    """A signed-in client; the DAG is switched on."""
    with airflow_server.api() as client:
        client.wait_for_dag("goods")
        client.unpause("goods")
        yield client


@pytest.fixture
def send(deployment: Deployment, kafka_broker: LocalBroker) -> Callable[..., list[str]]:
    """Puts listings into the topic; gives their keys."""

    def put(numbers: range, **changed: str) -> list[str]:
        values = [record(number, **changed) for number in numbers]
        messages = [broker.Message(str(value["id"]), value) for value in values]
        broker.produce(kafka_broker.address, TOPIC, messages)
        return [str(value["id"]) for value in values]

    return put


def run(api: AirflowApi, **params: Any) -> str:
    """A run to its successful end; gives its id."""
    run_id = api.trigger("goods", params)
    state = api.wait_for_run("goods", run_id, PATIENCE)
    assert state == "success", api.task_instances("goods", run_id)
    return run_id


def tries(instances: list[TaskInstance]) -> dict[tuple[str, int], int]:
    return {(one.task_id, one.map_index): one.try_number for one in instances}


def until(true: Callable[[], bool], what: str, patience: float = 120.0) -> None:
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline, f"not within {patience:.0f} s: {what}"
        time.sleep(0.2)


def test_records_of_a_topic_become_features_and_a_report(
    api: AirflowApi,
    send: Callable[..., list[str]],
    deployment: Deployment,
    model_server: ModelServer,
    airflow_server: AirflowServer,
) -> None:
    keys = send(range(100, 115))
    before = len(model_server.bills)

    run_id = run(api, limit=12)

    instances = api.task_instances("goods", run_id)
    labels = {(one.task_id, one.label) for one in instances if one.map_index >= 0}
    assert labels == {
        (f"partition.{step}", label) for step in STEPS for label in ("000 · 10 records", "001 · 2 records")
    }
    report = api.xcom("goods", run_id, "evaluate")
    assert report["counts"]["accepted"] == 12
    assert len(model_server.bills) - before == 24

    use_case = deployment.use_case("goods")
    found = deployment.features(use_case, use_case.version()).read(keys)
    assert sorted(found) == sorted(keys[:12])
    assert {values["run_id"] for values in found.values()} == {run_id}

    page = airflow_server.get("/furrow/", airflow_server.token()).text
    assert run_id.partition("+")[0] in page.replace("%3A", ":") and ">12<" in page


def test_the_next_run_takes_what_is_left_and_the_one_after_finds_nothing_and_still_ends_well(
    api: AirflowApi, deployment: Deployment, model_server: ModelServer
) -> None:
    first = run(api)
    assert api.xcom("goods", first, "evaluate")["counts"]["accepted"] == 3
    before = len(model_server.bills)

    second = run(api)

    assert api.xcom("goods", second, "evaluate")["counts"]["accepted"] == 0
    assert len(model_server.bills) == before
    states = {one.task_id: one.state for one in api.task_instances("goods", second)}
    assert (states["publish_features"], states["evaluate"]) == ("success", "success")


def test_a_partition_killed_in_the_middle_is_rerun_alone_and_nothing_is_bought_twice(
    api: AirflowApi,
    send: Callable[..., list[str]],
    deployment: Deployment,
    model_server: ModelServer,
    airflow_server: AirflowServer,
) -> None:
    send(range(200, 209))
    send(range(209, 210), body="the first question about this one is never answered [[fault: hang x1]]")
    send(range(210, 220))
    before = len(model_server.bills)
    run_id = api.trigger("goods")

    # Nine of the ten answers of partition 0 are paid for and in the ledger, the tenth call hangs: kill.
    until(lambda: paid(deployment, run_id, "digest") == 19, "the ledger has all but one answer")
    os.kill(task_process(airflow_server, run_id, "partition.digest", 0), signal.SIGKILL)
    until(lambda: state(api, run_id, "partition.digest", 0) in ("up_for_retry", "failed"), "it is dead")
    api.clear("goods", run_id, [("partition.digest", 0)], downstream=False)

    assert api.wait_for_run("goods", run_id, PATIENCE) == "success"
    assert api.xcom("goods", run_id, "evaluate")["counts"]["accepted"] == 20
    bought = Counter(bill.prompt for bill in model_server.bills[before:])
    assert len(bought) == 40 and set(bought.values()) == {1}
    tried = tries(api.task_instances("goods", run_id))
    assert tried[("partition.digest", 0)] == 2 and tried[("partition.digest", 1)] == 1

    # The same partition once more, from its first step on: everything is in the ledger.
    before = len(model_server.bills)
    again = [(f"partition.{step}", 0) for step in STEPS]
    api.clear("goods", run_id, [*again, "publish_features", "evaluate"], downstream=False)
    assert api.wait_for_run("goods", run_id, PATIENCE) == "success"
    assert len(model_server.bills) == before
    assert api.xcom("goods", run_id, "evaluate")["counts"]["accepted"] == 20
    assert tries(api.task_instances("goods", run_id))[("partition.digest", 1)] == 1


def test_a_mistake_that_a_person_has_to_mend_fails_at_once_and_says_so_in_one_line(
    api: AirflowApi, send: Callable[..., list[str]], airflow_server: AirflowServer, model_server: ModelServer
) -> None:
    send(range(300, 301), body="no credentials for this one [[fault: unauthorized]]")

    run_id = api.trigger("goods")

    assert api.wait_for_run("goods", run_id, PATIENCE) == "failed"
    tried = tries(api.task_instances("goods", run_id))
    assert tried[("partition.digest", 0)] == 1
    lines = log_lines(airflow_server, run_id, "partition.digest", 0)
    assert any(line.startswith("CredentialsRefused: ") for line in lines), lines


# --- what the client of the product does not need ---------------------------------------------------


def paid(deployment: Deployment, run_id: str, step: str) -> int:
    spent = SqlLedger(deployment.database).spent_in_run("goods", run_id)
    return spent[step].calls if step in spent else 0


def state(api: AirflowApi, run_id: str, task_id: str, map_index: int) -> str | None:
    [found] = [
        one.state
        for one in api.task_instances("goods", run_id)
        if (one.task_id, one.map_index) == (task_id, map_index)
    ]
    return found


def task_process(server: AirflowServer, run_id: str, task_id: str, map_index: int) -> int:
    """The process that runs a task right now."""
    pid: int = get(server, f"dagRuns/{run_id}/taskInstances/{task_id}/{map_index}")["pid"]
    return pid


def log_lines(server: AirflowServer, run_id: str, task_id: str, map_index: int) -> list[str]:
    """The messages of the first attempt's log, as the UI shows them."""
    path = f"dagRuns/{run_id}/taskInstances/{task_id}/logs/1?map_index={map_index}"
    return [str(line["event"]) for line in get(server, path)["content"]]


def get(server: AirflowServer, path: str) -> Any:
    answer = server.get(f"/api/v2/dags/goods/{path}", server.token())
    return answer.raise_for_status().json()
