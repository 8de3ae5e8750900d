"""A server that enforces 600 requests a minute, for three minutes: the allowance is used and kept."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import Deployment
from furrow.config.settings import Settings
from furrow.engine.calls import Calls, Stamp
from furrow.engine.ports import Message, ModelRequest
from furrow.errors import FurrowError
from furrow.testing import RateLimit, ServerProcess
from tests.folders import FolderOfPrompts

pytestmark = [pytest.mark.torture, pytest.mark.timeout(600)]
PER_MINUTE = 600
SECONDS = float(os.environ.get("FURROW_RATE_SECONDS", "180"))
CALLERS = 16
OLD = "limits: {concurrency: 8, timeout_seconds: 5, attempts: 2, outage_seconds: 0}"
NEW = f"limits: {{concurrency: {CALLERS}, attempts: 4, requests_per_minute: {PER_MINUTE}}}"


def work(home: str, connection: str, number: int, end: float) -> None:
    """One process of the deployment: sixteen callers that ask something new until the time is over."""
    settings = Settings.from_environment({"FURROW_HOME": home})
    deployment = Deployment(settings, EnvironmentConnections({"AIRFLOW_CONN_MODELS": connection}))
    version = deployment.use_case("goods").version()

    async def caller(calls: Calls, name: int) -> None:
        asked = 0
        while time.time() < end:
            asked += 1
            text = f"{number} {name} {asked}"
            request = ModelRequest("small", "openai-chat:small", (Message("user", text),))
            try:
                await calls.answer("digest", request)
            except FurrowError:
                continue

    async def all_callers() -> None:
        stamp = Stamp("goods", version.release, f"run {number}")
        calls = Calls(
            lambda alias: deployment.model(alias, version), version.catalogue, deployment.ledger, stamp
        )
        await asyncio.gather(*(caller(calls, name) for name in range(CALLERS)))
        await calls.close()

    asyncio.run(all_callers())


@pytest.mark.parametrize("processes", [1, 4])
def test_the_allowance_is_used_and_hardly_a_request_is_refused(
    prompts: FolderOfPrompts, tmp_path: Path, processes: int
) -> None:
    prompts.change("models.yaml", OLD, NEW)
    limit = RateLimit(requests_per_minute=PER_MINUTE)
    with ServerProcess(tmp_path / "meter.jsonl", latency=0.2, limit=limit) as server:
        connection = server.connection()
        model = {"conn_type": connection.type, "host": connection.host, "password": connection.password}
        spawn, begin = multiprocessing.get_context("spawn"), time.time() + 10  # for the imports
        workers = [
            spawn.Process(target=work, args=(str(tmp_path), json.dumps(model), number, begin + SECONDS))
            for number in range(processes)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        first = min(bill.time for bill in server.bills)
        answered = sum(bill.time < first + SECONDS for bill in server.bills)
        refused = sum(moment > first + 10 for moment in server.stats().refused_at)
    used = answered / (PER_MINUTE * SECONDS / 60)
    print(f"{processes} processes: {used:.1%} of the allowance, {refused} refused after 10 s")
    assert [worker.exitcode for worker in workers] == [0] * processes
    assert used >= 0.95
    assert refused <= 0.01 * answered
