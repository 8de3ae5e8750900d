"""Connections as a task sees them, and the official hook on the same connection."""

from __future__ import annotations

import json

import pytest

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.errors import ConnectionMissing
from furrow.orchestration.connections import AirflowConnections

FULL = {
    "conn_type": "pydanticai",
    "host": "http://127.0.0.1:9/v1",
    "login": "me",
    "password": "s3cret",
    "schema": "s",
    "port": 9,
    "extra": {"model": "openai-chat:local-small"},
}


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(json.dumps(FULL), id="JSON"),
        pytest.param("kafka://?bootstrap.servers=127.0.0.1%3A9092", id="URI with an extra"),
        pytest.param('{"conn_type": "kafka"}', id="nothing but a type"),
    ],
)
def test_a_connection_is_the_same_inside_airflow_and_outside(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HERE", written)

    assert AirflowConnections().get("here") == EnvironmentConnections({"AIRFLOW_CONN_HERE": written}).get(
        "here"
    )


def test_a_connection_that_is_not_defined_is_named_with_what_to_do() -> None:
    with pytest.raises(ConnectionMissing, match=r"`nowhere`.*AIRFLOW_CONN_NOWHERE"):
        AirflowConnections().get("nowhere")


def test_an_extra_that_is_no_object_is_not_read_as_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HERE", json.dumps({"conn_type": "kafka", "extra": "[1]"}))

    with pytest.raises(ConnectionMissing, match="extra of connection `here`"):
        AirflowConnections().get("here")


def test_the_official_hook_takes_the_same_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.providers.common.ai.hooks.pydantic_ai import PydanticAIHook

    monkeypatch.setenv("AIRFLOW_CONN_HERE", json.dumps(FULL))

    model = PydanticAIHook(llm_conn_id="here").get_conn()

    ours = AirflowConnections().get("here")
    assert str(model.base_url).rstrip("/") == ours.host
    assert f"openai-chat:{model.model_name}" == ours.extra["model"]
