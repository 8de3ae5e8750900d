"""A server with limits that nobody wrote into models.yaml: found by being refused, and kept to."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import Deployment
from furrow.config.settings import Settings
from furrow.engine.calls import Calls, Stamp
from furrow.engine.ports import Message, ModelRequest
from furrow.errors import TransientError
from furrow.testing import RateLimit, ServerProcess
from tests.folders import FolderOfPrompts

OLD = "limits: {concurrency: 8, timeout_seconds: 5, attempts: 2, outage_seconds: 0}"
NEW = "limits: {concurrency: 32, timeout_seconds: 5, attempts: 6, outage_seconds: 60}"
CALLS = 300


def ask_all(prompts: FolderOfPrompts, home: Path, server: ServerProcess) -> int:
    """So many different calls at once, through one line; how many came to an answer."""
    prompts.change("models.yaml", OLD, NEW)
    connection = server.connection()
    model = {"conn_type": connection.type, "host": connection.host, "password": connection.password}
    settings = Settings.from_environment({"FURROW_HOME": str(home)})
    deployment = Deployment(settings, EnvironmentConnections({"AIRFLOW_CONN_MODELS": json.dumps(model)}))
    version = deployment.use_case("goods").version()

    async def run() -> int:
        calls = Calls(
            lambda alias: deployment.model(alias, version),
            version.catalogue,
            deployment.ledger,
            Stamp("goods", version.release, "run"),
        )
        requests = [
            ModelRequest("small", "openai-chat:small", (Message("user", str(number)),))
            for number in range(CALLS)
        ]
        found = await asyncio.gather(
            *(calls.answer("digest", request) for request in requests), return_exceptions=True
        )
        await calls.close()
        assert all(isinstance(error, TransientError) for error in found if isinstance(error, BaseException))
        return sum(not isinstance(one, BaseException) for one in found)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("limit", "most_refused"),
    [
        pytest.param(RateLimit(at_once=6), 0.25, id="six requests at once"),
        pytest.param(
            RateLimit(requests_per_minute=3000, window_seconds=1), 0.25, id="fifty requests a second"
        ),
    ],
)
def test_a_limit_that_is_not_declared_is_found_and_every_call_gets_through(
    prompts: FolderOfPrompts, tmp_path: Path, limit: RateLimit, most_refused: float
) -> None:
    with ServerProcess(tmp_path / "meter.jsonl", latency=0.05, limit=limit) as server:
        answered = ask_all(prompts, tmp_path, server)
        bills, refused = len(server.bills), len(server.stats().refused_at)
    print(f"{answered} of {CALLS} answered, {refused} requests refused")
    assert answered == bills == CALLS
    assert refused <= most_refused * CALLS
