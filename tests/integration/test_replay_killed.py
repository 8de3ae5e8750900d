"""`furrow dead-letters replay` as a process that is killed, over a model server that bills."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from furrow.config.models import RecordFields
from furrow.engine.ports import Arrival
from furrow.engine.reading import read_work
from furrow.engine.record import Rejection
from furrow.store.database import Database, open_database
from furrow.store.dead_letters import DeadLetters, letter_of
from furrow.store.retention import Retention
from furrow.testing import ServerProcess
from tests.folders import FolderOfPrompts, record

LETTERS = 40
RUN = "replay__killed"
Start = Callable[[], "subprocess.Popen[str]"]


def state(home: Path) -> Database:
    return open_database(f"sqlite:///{home / 'var' / 'furrow.db'}")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess(meter=tmp_path / "meter.jsonl", latency=0.2) as process:
        yield process


@pytest.fixture
def letters(prompts: FolderOfPrompts, tmp_path: Path) -> DeadLetters:
    prompts.change("goods/pipeline.yaml", "  features: {entity: article, ttl_days: 3650}", "  features: null")
    prompts.change("goods/v1/steps.yaml", "result.price_krw > 0", "true")
    letters = DeadLetters(state(tmp_path))
    letters.note(_rejected(number) for number in range(LETTERS))
    return letters


def _rejected(number: int) -> Any:
    arrival = Arrival(f"kafka:t/0/{number}", json.dumps(record(number), ensure_ascii=False).encode())
    work = read_work(arrival, RecordFields(key="id", time="at"))
    work.rejection = Rejection("answer_invalid", "extract", "brand: Field required", raw="{}")
    return letter_of(work, "goods", "run-1", "v1@00000000")


@pytest.fixture
def start(root: Path, tmp_path: Path, server: ServerProcess) -> Start:
    model = server.connection()
    told = {
        "FURROW_HOME": str(tmp_path),
        "PYTHONPATH": str(root / "include"),
        "AIRFLOW_CONN_MODELS": json.dumps(
            {"conn_type": model.type, "host": model.host, "password": model.password}
        ),
    }
    furrow = [sys.executable, "-m", "furrow.cli"]
    command = [*furrow, "dead-letters", "replay", "goods", "--run-id", RUN, "--json"]

    def begin() -> subprocess.Popen[str]:
        return subprocess.Popen(
            command, env={**os.environ, **told}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    return begin


def test_a_killed_replay_goes_on_and_ends_every_letter_once(
    start: Start, server: ServerProcess, letters: DeadLetters, tmp_path: Path
) -> None:
    first = start()
    deadline = time.monotonic() + 60
    while len(server.bills) < 30 and first.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL, first.stderr and first.stderr.read()

    time.sleep(0.5)  # the server reads on what it was sent
    in_flight = len(server.bills) - Retention(state(tmp_path)).size().calls

    output, said = start().communicate(timeout=120)

    ended = json.loads(output)
    assert (ended["records"], ended["accepted"], ended["still_open"]) == (LETTERS, LETTERS, 0), said
    assert f"--run-id {RUN}" in said
    bought = Counter(bill.prompt for bill in server.bills)
    assert len(bought) == 2 * LETTERS and bought.total() <= 2 * LETTERS + in_flight
    for number in range(LETTERS):
        history = letters.history("goods", f"kafka:t/0/{number}")
        assert [(row.run_id, row.outcome) for row in history] == [("run-1", "rejected"), (RUN, "accepted")]
