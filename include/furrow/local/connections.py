"""How Airflow and a command find the local parts: connections as environment variables."""

from __future__ import annotations

import json
from collections.abc import Mapping

from furrow.config.settings import Settings
from furrow.local.broker import RECEIVE_BYTES
from furrow.local.embedding_server import MODEL
from furrow.local.ports import address
from furrow.local.state import read_state


def environment(settings: Settings) -> dict[str, str]:
    """The `FURROW_*` settings and, while the parts are up, the `AIRFLOW_CONN_*` that lead to them.

    A variable that the caller has set already should win: a team may use its own broker or model.
    """
    state = read_state(settings)
    found = connections(state.plan.ports) if state and state.supervisor.running() else {}
    return {**settings.environment(), **found}


def connections(ports: Mapping[str, int]) -> dict[str, str]:
    """The variables `AIRFLOW_CONN_<ID>`, in Airflow's JSON form, for the parts at these ports."""
    found = {
        "AIRFLOW_CONN_KAFKA_DEFAULT": _kafka(ports["broker"]),
        "AIRFLOW_CONN_FURROW_LOCAL_SMALL": _model("local-small", ports["local-small"]),
        "AIRFLOW_CONN_FURROW_LOCAL_LARGE": _model("local-large", ports["local-large"]),
    }
    if "local-embed" in ports:  # not in what an earlier release of Furrow has started
        found["AIRFLOW_CONN_FURROW_LOCAL_EMBED"] = _model(MODEL, ports["local-embed"])
    return found


def _kafka(port: int) -> str:
    extra = {
        "bootstrap.servers": address(port),
        "security.protocol": "PLAINTEXT",
        "group.id": "furrow",
        "auto.offset.reset": "earliest",
        "receive.message.max.bytes": RECEIVE_BYTES,
    }
    return json.dumps({"conn_type": "kafka", "extra": extra})


def _model(name: str, port: int) -> str:
    # "openai" alone would be OpenAI's Responses API; the local server speaks chat completions.
    return json.dumps(
        {
            "conn_type": "pydanticai",
            "host": f"http://{address(port)}/v1",
            "password": "no-key-needed",  # Airflow blots out passwords wherever they occur in a log
            "extra": {"model": f"openai-chat:{name}"},
        }
    )
