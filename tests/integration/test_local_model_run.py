"""The shipped use case in a real Airflow, with the local broker and a real language model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import Deployment
from furrow.local import broker, model_server, ports, weights
from tests.airflow_server import AirflowServer
from tests.broker import LocalBroker

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.broker,
    pytest.mark.local_model,
    pytest.mark.timeout(1800),
]
PATIENCE = 600.0
RECORDS = 2


@pytest.fixture
def local_model(airflow_server: AirflowServer, root: Path, tmp_path: Path) -> Iterator[None]:
    """The small model, listening where Airflow's connection `local_model` says."""
    port, path = airflow_server.local_model_port, str(weights.fetch(["local-small"])["local-small"])
    command = model_server.command(sys.executable, path, "local-small", port, slots=1, context=4096)
    environment = {**os.environ, "PYTHONPATH": str(root / "include")}
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + 120
        while not model_server.answers(ports.address(port), "local-small"):
            assert process.poll() is None and time.monotonic() < deadline, (
                tmp_path / "server.log"
            ).read_text()
            time.sleep(0.2)
        yield
    finally:
        process.kill()
        process.wait(10)


@pytest.mark.usefixtures("local_model")
def test_korean_listings_become_features_by_a_real_model(
    airflow_server: AirflowServer, kafka_broker: LocalBroker
) -> None:
    deployment = Deployment(airflow_server.settings, EnvironmentConnections(airflow_server.connections))
    use_case = deployment.use_case("used_goods")
    lines = (use_case.folder / "sample.jsonl").read_text(encoding="utf-8").splitlines()[:RECORDS]
    now = datetime.now(UTC).isoformat()  # features of long ago are not served
    records = [{**json.loads(line), use_case.pipeline.record.time: now} for line in lines]
    topic = use_case.pipeline.source.kafka
    assert topic is not None
    broker.create_topic(kafka_broker.address, topic.topic)
    messages = [broker.Message(record["article_id"], record) for record in records]
    broker.produce(kafka_broker.address, topic.topic, messages)

    with airflow_server.api() as api:
        api.wait_for_dag("used_goods")
        api.unpause("used_goods")
        run_id = api.trigger("used_goods")
        assert api.wait_for_run("used_goods", run_id, PATIENCE) == "success"
        counts = api.xcom("used_goods", run_id, "evaluate")["counts"]

    assert counts["accepted"] + counts["rejected"] == RECORDS and counts["failed"] == 0
    bought = deployment.ledger.spent_in_run("used_goods", run_id)
    assert bought["summarize"].calls >= RECORDS
    found = deployment.features(use_case, use_case.version()).read([r["article_id"] for r in records])
    assert len(found) == counts["accepted"]
