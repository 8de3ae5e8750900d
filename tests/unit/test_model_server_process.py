"""The model server in a process of its own: its options, its controls, its meter that survives anything."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from furrow.testing import Fault, FaultKind, FaultRate, ModelServer, RateLimit, ServerProcess, read_meter


@pytest.fixture
def meter(tmp_path: Path) -> Path:
    return tmp_path / "meter.jsonl"


@pytest.fixture
def server(meter: Path) -> Iterator[ServerProcess]:
    with ServerProcess(meter) as running:
        yield running


async def ask(server: ServerProcess | ModelServer, text: str = "hello", model: str = "m") -> tuple[int, Any]:
    body = {"model": model, "messages": [{"role": "user", "content": text}]}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.url}/chat/completions", json=body) as response,
    ):
        return response.status, await response.json(content_type=None)


async def test_a_provider_goes_down_and_comes_back_where_it_was(server: ServerProcess) -> None:
    _, before = await ask(server)
    port = server.port
    server.stop()
    assert server.pid is None
    with pytest.raises(aiohttp.ClientConnectorError):
        await ask(server)
    server.start()
    assert server.port == port
    _, after = await ask(server)
    assert after["choices"] == before["choices"]
    assert len(server.bills) == 2
    assert server.stats().requests == 1


async def test_the_meter_keeps_what_was_bought_before_a_kill(server: ServerProcess, meter: Path) -> None:
    for number in range(20):
        await ask(server, str(number))
    server.kill()
    assert len(list(read_meter(meter))) == 20
    server.start()
    await ask(server)
    assert [bill.protocol for bill in server.bills] == ["openai-chat"] * 21


async def test_orders_rates_limits_and_latency_are_given_to_the_running_process(
    server: ServerProcess,
) -> None:
    server.order("rate_limit=9", "server_error=503")
    assert [(await ask(server))[0] for _ in range(3)] == [429, 503, 200]
    server.fail(FaultRate.of("server_error", model="small"))
    assert (await ask(server, model="small"))[0] == 500
    assert (await ask(server, model="large"))[0] == 200
    server.fail()
    assert (await ask(server, model="small"))[0] == 200
    server.allow(RateLimit(requests_per_minute=1))
    assert [(await ask(server))[0] for _ in range(2)] == [200, 429]
    server.slow(0.01, jitter=0.01)
    stats = server.stats()
    assert (stats.requests, stats.answered, stats.refused) == (8, 4, 1)
    assert stats.faults == {"rate_limit": 1, "server_error": 2}
    assert stats.started_at < stats.refused_at[0] <= time.time()


async def test_what_was_changed_is_still_so_after_a_new_start(server: ServerProcess) -> None:
    server.fail(FaultRate.of("malformed=any", 1.0, seed=3, first_only=True, model="small"))
    server.allow(RateLimit(requests_per_minute=2))
    server.stop()
    server.start()
    await ask(server, model="small")
    assert [bill.fault for bill in server.bills] == ["malformed"]
    assert [(await ask(server, model="small"))[0] for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("order", ["nonsense", "hang=3"])
def test_an_order_that_makes_no_sense_is_refused(server: ServerProcess, order: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        server.order(order)


async def test_an_order_over_http_that_makes_no_sense_is_told_why(server: ServerProcess) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.address}/control/rates", json=[{"fault": "nonsense", "share": 1}]) as response,
    ):
        assert response.status == 400
        assert "nonsense" in await response.text()


def test_a_port_that_is_taken_is_told(meter: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(RuntimeError, match="did not start on port"):
            ServerProcess(meter, port=taken.getsockname()[1]).start()


STARTER = """
import sys, time
from pathlib import Path
from furrow.testing import ServerProcess
server = ServerProcess(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


def test_a_server_ends_with_the_process_that_started_it_even_by_a_kill(meter: Path) -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER, str(meter)], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    with starter.stdout:
        pid = int(starter.stdout.readline())
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    deadline = time.monotonic() + 30
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


OPTIONS = [
    "--rate=malformed=any:0.5",
    '--rate={"fault": "server_error=503", "share": 1, "model": "small"}',
    "--requests-per-minute=600",
    "--window-seconds=600",
    "--latency=0.01",
    "--jitter=0.01",
    "--longest-prompt=100",
]


async def test_every_option_is_one_of_the_command_too(meter: Path) -> None:
    command = [sys.executable, "-m", "furrow.testing", f"--meter={meter}", *OPTIONS]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        url = process.stdout.readline().strip()
        found = ModelServer(port=int(url.removesuffix("/v1").rpartition(":")[2]))
        try:
            statuses = [(await ask(found, str(number), "small"))[0] for number in range(20)]
            assert set(statuses) == {200, 503}
            assert (await ask(found, "x" * 200))[0] == 400
        finally:
            process.terminate()
            process.wait()
    assert {bill.fault for bill in read_meter(meter)} == {"malformed"}


@pytest.mark.parametrize("rate", ["nonsense:0.2", "hang", "{}", "hang:often"])
def test_a_rate_that_cannot_be_read_is_told_and_nothing_starts(rate: str) -> None:
    command = [sys.executable, "-m", "furrow.testing", "--rate", rate]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "COLUMNS": "200"})
    assert done.returncode == 2
    assert rate in done.stderr


# --- the server in this process ---------------------------------------------------------------------


UNBILLED = {"rate_limit", "server_error", "unauthorized", "bad_request", "reset", "hang", "not_json"}


@pytest.mark.parametrize("kind", [kind for kind in FaultKind if kind is not FaultKind.HANG])
async def test_every_fault_is_billed_when_the_work_was_done_and_only_then(kind: FaultKind) -> None:
    with ModelServer() as server:
        server.order(Fault(kind, seconds=0.05))
        with suppress(aiohttp.ClientError, ValueError):
            await ask(server)
        assert [bill.fault for bill in server.bills] == ([] if kind in UNBILLED else [kind])
        assert server.stats.faults == {kind: 1}
        assert (await ask(server))[0] == 200


async def test_a_hang_is_not_billed_and_ends_with_its_client() -> None:
    with ModelServer() as server:
        server.order("hang")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.0):
                await ask(server)
        assert (await ask(server))[0] == 200
        assert len(server.bills) == 1


async def test_a_prompt_that_asks_for_no_known_fault_is_a_bad_request() -> None:
    with ModelServer() as server:
        status, answer = await ask(server, "[[fault: nonsense]]")
    assert status == 400
    assert "nonsense" in answer["error"]["message"]
    assert server.bills == []


@pytest.mark.parametrize("fault", ["drip=0.05", "schema_ignored", "refusal", "wrong_model", "malformed=any"])
async def test_a_spoiled_answer_is_billed_with_its_fault(fault: str) -> None:
    with ModelServer() as server:
        server.order(fault)
        status, answer = await ask(server)
    (bill,) = server.bills
    assert status == 200
    assert bill.fault == fault.partition("=")[0]
    assert bill.output_tokens == answer["usage"]["completion_tokens"]


async def test_a_fault_of_the_server_counts_against_the_rate_limit_and_a_refusal_does_not() -> None:
    with ModelServer(limit=RateLimit(requests_per_minute=2)) as server:
        server.order("server_error")
        assert [(await ask(server))[0] for _ in range(4)] == [500, 200, 429, 429]
    assert (server.stats.refused, len(server.bills)) == (2, 1)


async def test_rates_and_limits_may_change_while_it_runs() -> None:
    with ModelServer(rates=[FaultRate.of("server_error")]) as server:
        assert (await ask(server))[0] == 500
        server.fail()
        server.allow(RateLimit(at_once=0))
        assert (await ask(server))[0] == 429
        server.allow(RateLimit())
        assert (await ask(server))[0] == 200


async def test_stats_may_be_read_over_http(server: ServerProcess) -> None:
    await ask(server)
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{server.address}/control/stats") as response,
    ):
        stats = orjson.loads(await response.read())
    assert (stats["requests"], stats["answered"], stats["refused"], stats["in_flight"]) == (1, 1, 0, 0)
