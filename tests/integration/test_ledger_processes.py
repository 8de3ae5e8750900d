"""The ledger and the run store while their processes are killed and start over, on local files."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from furrow.engine.ports import Answer, Finish, Purchase
from furrow.store.database import open_database
from furrow.store.ledger import SqlLedger
from furrow.store.run_store import RunStore


def _bought(key: str) -> Purchase:
    answer = Answer('{"brand": "삼성"}', Finish.STOP, "small", 120, 30, 0.25, 0.75)
    return Purchase(key, answer, "small", "used_goods", "extract", "v1@3f2a9c1d", "r1")


WRITER = """
import sys
from test_ledger_processes import _bought
from furrow.store.database import open_database
from furrow.store.ledger import SqlLedger
ledger = SqlLedger(open_database(sys.argv[1]))
for start in range(0, 1_000_000, 10):
    ledger.record([_bought(f"{sys.argv[2]}-{number}") for number in range(start, start + 10)])
    print(start + 10, flush=True)
"""


def _start(code: str, *arguments: str) -> subprocess.Popen[str]:
    paths = [str(Path(__file__).parent), *sys.path]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ)


@pytest.mark.parametrize("trial", range(4))
def test_what_was_recorded_before_a_kill_is_found_after_it(tmp_path: Path, trial: int) -> None:
    url = f"sqlite:///{tmp_path / 'furrow.db'}"
    writers = [_start(WRITER, url, str(number)) for number in range(2)]
    random = Random(trial)
    assert all(writer.stdout and writer.stdout.readline() for writer in writers)
    time.sleep(random.uniform(0.0, 0.3))
    acknowledged = []
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
        lines = writer.communicate()[0].splitlines()
        acknowledged.append(int(lines[-1]) if lines else 10)
    ledger = SqlLedger(open_database(url))
    for number, count in enumerate(acknowledged):
        found = ledger.find([f"{number}-{index}" for index in range(count + 20)])
        assert len(found) in (count, count + 10), "a batch is there whole, or it is not there"
        assert {f"{number}-{index}" for index in range(count)} <= set(found)


STORE_WRITER = """
import sys
from furrow.store.run_store import RunStore
folder = RunStore(sys.argv[1]).run("used_goods", "r1")
for number in range(1_000_000):
    folder.write_lines("lines.jsonl", ({"number": number} for _ in range(500)))
    print(number, flush=True)
"""


@pytest.mark.parametrize("trial", range(4))
def test_a_file_is_whole_whenever_its_writer_is_killed(tmp_path: Path, trial: int) -> None:
    writer = _start(STORE_WRITER, str(tmp_path))
    assert writer.stdout and writer.stdout.readline()
    time.sleep(Random(trial).uniform(0.0, 0.05))
    writer.send_signal(signal.SIGKILL)
    rest = writer.communicate()[0].split()
    folder = RunStore(str(tmp_path)).run("used_goods", "r1")
    lines = list(folder.read_lines("lines.jsonl", count=500))
    assert {line["number"] for line in lines} in ({int(rest[-1])}, {int(rest[-1]) + 1}) if rest else True
    assert folder.list() == ["lines.jsonl"]
