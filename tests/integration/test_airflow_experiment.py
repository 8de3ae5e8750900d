"""An experiment in a real Airflow: a run publishes to both arms, people click, the DAG looks at it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import Deployment
from furrow.engine.arms import CANDIDATE, LIVE
from furrow.local import broker
from furrow.local.airflow_api import AirflowApi
from furrow.store.tables import exposures
from tests.airflow_server import AirflowServer
from tests.broker import LocalBroker
from tests.folders import FolderOfPrompts

pytestmark = [pytest.mark.airflow, pytest.mark.broker, pytest.mark.timeout(600)]
NAME, RECORDS, PATIENCE = "trial", 400, 240.0
LOOK = f"{NAME}.experiment"
PIPELINE = f"""\
description: listings as they are
owner: tests
source:
  files: {{path: in.jsonl}}
record: {{key: id, time: at}}
live: v1
experiment: {{candidate: v2, outcomes: {{files: 'clicks/*.jsonl', per_unit: any}}}}
partition_records: 1000
publish:
  kafka: {{topic: {NAME}-results}}
"""
STEPS = "steps:\n  - {name: copy, kind: map, set: {brand: data.brand}}\nresult: {brand: copy.brand}\n"


@pytest.fixture
def prompts(airflow_server: AirflowServer) -> FolderOfPrompts:
    """Airflow's folder, with a use case without a model whose v2 is tried beside v1."""
    prompts = FolderOfPrompts(airflow_server.settings.prompts)
    at = "2026-11-24T09:00:00+09:00"
    lines = [json.dumps({"id": f"t{n}", "at": at, "brand": "LG"}) + "\n" for n in range(RECORDS)]
    prompts.put(f"{NAME}/in.jsonl", "".join(lines))
    for version in ("v1", "v2"):
        prompts.put(f"{NAME}/{version}/copy/output.yaml", "brand: {type: string}\n")
        prompts.put(f"{NAME}/{version}/steps.yaml", f"# {version}\n{STEPS}")
    prompts.put(f"{NAME}/pipeline.yaml", PIPELINE)
    airflow_server.look_again()
    return prompts


@pytest.fixture
def deployment(
    airflow_server: AirflowServer, prompts: FolderOfPrompts, kafka_broker: LocalBroker
) -> Deployment:
    """The same deployment as Airflow's tasks have, with the topic of the results."""
    broker.create_topic(kafka_broker.address, f"{NAME}-results")
    return Deployment(airflow_server.settings, EnvironmentConnections(airflow_server.connections))


@pytest.fixture
def api(airflow_server: AirflowServer, deployment: Deployment) -> Iterator[AirflowApi]:
    """A signed-in client, once Airflow has read both DAGs."""
    with airflow_server.api() as client:
        for dag_id in (NAME, LOOK):
            client.wait_for_dag(dag_id)
        yield client


def run(api: AirflowApi, dag_id: str) -> str:
    api.unpause(dag_id)
    run_id = api.trigger(dag_id)
    assert api.wait_for_run(dag_id, run_id, PATIENCE) == "success", api.task_instances(dag_id, run_id)
    return run_id


def arms(deployment: Deployment) -> dict[str, str]:
    """Each unit that was noted, with its arm."""
    query = sa.select(exposures.c.unit, exposures.c.arm).where(exposures.c.use_case == NAME)
    found: Any = deployment.database.read(lambda connection: connection.execute(query).all())
    return dict(map(tuple, found))


def click(prompts: FolderOfPrompts, units: list[str]) -> None:
    at = datetime.now(UTC).isoformat()
    lines = [json.dumps({"key": unit, "value": True, "time": at}) + "\n" for unit in units]
    prompts.put(f"{NAME}/clicks/1.jsonl", "".join([*lines, "{oops\n"]))


def test_a_look_says_what_people_did_with_what_a_run_published(
    api: AirflowApi, deployment: Deployment, prompts: FolderOfPrompts
) -> None:
    run(api, NAME)
    noted = arms(deployment)
    assert len(noted) == RECORDS and min(Counter(noted.values()).values()) >= 150

    clicked = [unit for unit, arm in noted.items() if arm == CANDIDATE or int(unit[1:]) % 2]
    click(prompts, clicked)
    run_id = run(api, LOOK)
    found = api.xcom(LOOK, run_id, "look")
    analysis = found["analysis"]
    assert (analysis["verdict"], found["outcomes"]["read"], found["outcomes"]["unread"]) == (
        "better",
        len(clicked),
        1,
    )
    assert analysis["candidate"]["units"] == list(noted.values()).count(CANDIDATE)
    assert (analysis["candidate"]["mean"], analysis["live"]["units"]) == (
        1.0,
        list(noted.values()).count(LIVE),
    )
    kept = deployment.run_store.run(LOOK, run_id).read_json("experiment.json")
    assert kept["outcomes"]["unread_places"][0]["place"].endswith(f"clicks/1.jsonl#{len(clicked) + 1}")

    api.clear(LOOK, run_id, ["look"])
    assert api.wait_for_run(LOOK, run_id, PATIENCE) == "success"
    again = api.xcom(LOOK, run_id, "look")
    assert again["analysis"] == analysis and again["outcomes"]["new"] == 0

    deployment.promotions(NAME).promote("v2", "minji", "better")
    decided = run(api, LOOK)
    assert [task.state for task in api.task_instances(LOOK, decided)] == ["skipped"]
