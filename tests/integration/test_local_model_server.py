"""The local model server with the small model, for real (downloaded once when it is not on this machine)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from furrow.local import model_server, ports, weights

pytestmark = [pytest.mark.local_model]

SCHEMA = {
    "type": "object",
    "properties": {
        "brand": {"type": ["string", "null"]},
        "condition": {"enum": ["new", "used"]},
        "price_krw": {"type": "integer"},
    },
    "required": ["brand", "condition", "price_krw"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A loaded server: its process and its address. The last test ends it."""
    log_file = tmp_path_factory.mktemp("server") / "server.log"
    port = ports.choose(0)
    path = str(weights.fetch(["local-small"])["local-small"])
    command = model_server.command(sys.executable, path, "local-small", port, slots=2, context=1024)
    found = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "include")}
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, env=found, stdout=log, stderr=log, start_new_session=True)
    try:
        for _ in range(600):
            assert process.poll() is None, log_file.read_text()[-2000:]
            if model_server.answers(ports.address(port), "local-small"):
                break
            time.sleep(0.2)
        yield process, ports.address(port)
    finally:
        process.kill()
        process.wait(10)


def test_an_answer_keeps_to_the_schema_and_tells_its_usage(
    server: tuple[subprocess.Popen[bytes], str],
) -> None:
    request = {
        "model": "local-small",
        "messages": [{"role": "user", "content": "삼성 갤럭시 S21 중고 30만원에 팝니다"}],
        "max_tokens": 100,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "attributes", "strict": True, "schema": SCHEMA},
        },
    }
    reply = httpx.post(f"http://{server[1]}/v1/chat/completions", json=request, timeout=300).json()
    answer = json.loads(reply["choices"][0]["message"]["content"])
    assert set(answer) == {"brand", "condition", "price_krw"}
    assert answer["condition"] in {"new", "used"}
    assert reply["usage"]["completion_tokens"] > 0


def test_a_server_of_another_model_does_not_count_as_ready(
    server: tuple[subprocess.Popen[bytes], str],
) -> None:
    assert model_server.answers(server[1], "local-small")
    assert not model_server.answers(server[1], "local-large")


def test_the_server_ends_when_it_is_asked_to(server: tuple[subprocess.Popen[bytes], str]) -> None:
    server[0].terminate()
    assert server[0].wait(10) is not None
    assert not model_server.answers(server[1], "local-small")
