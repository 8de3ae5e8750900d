"""The connections through which Airflow and commands find the local parts."""

from __future__ import annotations

import json
import os
from pathlib import Path

from furrow.config.settings import Settings
from furrow.local.connections import connections, environment
from furrow.local.processes import ProcessId
from furrow.local.state import LocalState, Plan, state_path, write

PORTS = {
    "broker": 19092,
    "local-small": 18091,
    "local-large": 18092,
    "local-embed": 18093,
    "airflow": 18080,
}


def settings_of(home: Path) -> Settings:
    return Settings.from_environment({"FURROW_HOME": str(home)})


def state_of(supervisor: ProcessId) -> LocalState:
    plan = Plan(token="t", revision=1, parts=(), ports=PORTS, weights={})
    return LocalState(token="t", revision=1, supervisor=supervisor, group=1, session=1, plan=plan)


def test_the_kafka_connection_lets_a_client_read_a_large_backlog() -> None:
    kafka = json.loads(connections(PORTS)["AIRFLOW_CONN_KAFKA_DEFAULT"])
    assert kafka["conn_type"] == "kafka"
    assert kafka["extra"]["bootstrap.servers"] == "127.0.0.1:19092"
    assert kafka["extra"]["receive.message.max.bytes"] == 1_000_000_000


def test_a_model_connection_speaks_chat_completions_to_the_local_server() -> None:
    model = json.loads(connections(PORTS)["AIRFLOW_CONN_FURROW_LOCAL_LARGE"])
    assert model["host"] == "http://127.0.0.1:18092/v1"
    assert model["extra"] == {"model": "openai-chat:local-large"}


def test_the_connection_of_the_embedding_model_leads_to_its_server() -> None:
    model = json.loads(connections(PORTS)["AIRFLOW_CONN_FURROW_LOCAL_EMBED"])
    assert model["host"] == "http://127.0.0.1:18093/v1"


def test_parts_that_an_earlier_release_started_still_have_their_connections() -> None:
    before = {name: port for name, port in PORTS.items() if name != "local-embed"}
    assert set(connections(PORTS)) - set(connections(before)) == {"AIRFLOW_CONN_FURROW_LOCAL_EMBED"}


def test_a_command_finds_the_parts_while_they_are_up(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    write(state_path(settings), state_of(ProcessId.of(os.getpid())))
    found = environment(settings)
    assert found["FURROW_HOME"] == str(tmp_path)
    assert "127.0.0.1:19092" in found["AIRFLOW_CONN_KAFKA_DEFAULT"]


def test_a_command_gets_no_connection_to_parts_that_have_ended(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    write(state_path(settings), state_of(ProcessId(pid=os.getpid(), created=1.0)))
    assert not [name for name in environment(settings) if name.startswith("AIRFLOW_CONN_")]


def test_a_command_without_local_parts_gets_the_settings_alone(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    assert environment(settings) == settings.environment()
