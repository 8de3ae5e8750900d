"""A person triggers the replay of dead letters in a real Airflow."""

from __future__ import annotations

import json

import pytest

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import Deployment
from furrow.engine.ports import Arrival
from furrow.engine.reading import read_work
from furrow.engine.record import Rejection
from furrow.store.dead_letters import letter_of
from furrow.testing import ModelServer
from tests.airflow_server import AirflowServer
from tests.folders import record

pytestmark = [pytest.mark.airflow, pytest.mark.broker, pytest.mark.timeout(600)]
REPLAY = "dead_letters_replay"


def test_letters_that_a_person_replays_become_features(
    airflow_server: AirflowServer, model_server: ModelServer
) -> None:
    deployment = Deployment(airflow_server.settings, EnvironmentConnections(airflow_server.connections))
    use_case = deployment.use_case("goods")
    arrivals = [Arrival(f"kafka:replayed/0/{n}", _bytes(n)) for n in range(900, 903)]
    works = [read_work(arrival, use_case.pipeline.record) for arrival in arrivals]
    for work in works:
        work.rejection = Rejection("answer_invalid", "extract", "brand: Field required", raw="{}")
    letters = [letter_of(work, "goods", "scheduled__earlier", "v1@00000000") for work in works]
    unread = read_work(Arrival("kafka:replayed/0/1", b"{"), use_case.pipeline.record)
    deployment.letters.note([*letters, letter_of(unread, "goods", "scheduled__earlier", "v1@00000000")])

    with airflow_server.api() as api:
        api.wait_for_dag(REPLAY)
        api.unpause(REPLAY)
        run_id = api.trigger(REPLAY, {"use_case": "goods", "reason": "answer_invalid"})
        assert api.wait_for_run(REPLAY, run_id, 240) == "success"
        replayed = api.xcom(REPLAY, run_id, "replay")
        assert (replayed["accepted"], replayed["rejected"]) == (3, 0)

        bought = len(model_server.bills)
        api.clear(REPLAY, run_id, ["replay"])
        assert api.wait_for_run(REPLAY, run_id, 240) == "success"
        assert len(model_server.bills) == bought

    found = deployment.features(use_case, use_case.version()).read([work.record.key for work in works])
    assert {values["run_id"] for values in found.values()} == {f"replay__{run_id}"} and len(found) == 3
    assert [letter.record_id for letter in deployment.letters.open_letters("goods")] == ["kafka:replayed/0/1"]


def _bytes(number: int) -> bytes:
    return json.dumps(record(number), ensure_ascii=False).encode()
