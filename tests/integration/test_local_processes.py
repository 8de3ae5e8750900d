"""Ending the processes of one project folder, all of them and no other."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from furrow.local import processes
from furrow.local.processes import ProcessId, marks

SLEEP = "import time; time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('set', flush=True); {SLEEP}"
SESSION = (
    "import subprocess, sys, time\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], env={}, process_group=0)\n"
    "print('set', flush=True); time.sleep(600)"
)
UNHURRIED = (
    "import signal, sys, time\n"
    "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(10), sys.exit()))\n"
    "print('set', flush=True); time.sleep(600)"
)
"""Takes a while to end: less than the patience that a process which is treated with care has."""
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a process; whatever still runs after the test is killed with its children."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(code: str, home: Path | None = None) -> subprocess.Popen[bytes]:
        found = {**os.environ, **(marks(home, "token") if home else {})}
        process = subprocess.Popen(
            [sys.executable, "-c", code], env=found, stdout=subprocess.PIPE, start_new_session=True
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


def heard(process: subprocess.Popen[bytes]) -> None:
    """Wait until the process has said that it is set up."""
    assert process.stdout is not None
    assert process.stdout.readline()


def in_session(leader: int) -> list[int]:
    found = []
    for process in psutil.process_iter(["status"]):
        try:
            if os.getsid(process.pid) == leader and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except ProcessLookupError:
            continue
    return found


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("the condition did not come true")


def test_a_marked_process_ends_and_another_folders_does_not(tmp_path: Path, start: Start) -> None:
    ours, theirs = start(SLEEP, tmp_path / "ours"), start(SLEEP, tmp_path / "theirs")
    assert processes.end(tmp_path / "ours") == []
    wait_for(lambda: ours.poll() is not None)
    assert theirs.poll() is None


def test_a_process_that_ignores_the_request_is_killed(tmp_path: Path, start: Start) -> None:
    stubborn = start(STUBBORN, tmp_path)
    heard(stubborn)
    assert processes.end(tmp_path, patience=0.2) == [stubborn.pid]


def test_what_others_write_through_ends_after_them(tmp_path: Path, start: Start) -> None:
    broker, writer = start(UNHURRIED, tmp_path), start(STUBBORN, tmp_path)
    heard(broker)
    heard(writer)
    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(processes.end, tmp_path, patience=3.0, careful=[broker.pid])
        wait_for(lambda: writer.poll() is not None)
        assert broker.poll() is None
        assert ending.result(30) == [writer.pid]
    wait_for(lambda: broker.poll() is not None)


def test_a_child_without_marks_and_in_its_own_group_ends_with_its_session_after_the_leader_was_killed(
    tmp_path: Path, start: Start
) -> None:
    leader = start(SESSION, tmp_path)
    heard(leader)
    known = ProcessId.of(leader.pid)
    leader.kill()
    leader.wait(10)
    assert len(in_session(known.pid)) == 1
    processes.end(tmp_path, known)
    assert in_session(known.pid) == []


def test_an_id_that_was_used_again_is_not_taken_for_the_process_of_before(start: Start) -> None:
    process = start(SLEEP)
    now = ProcessId.of(process.pid)
    assert now.running()
    assert not ProcessId(pid=now.pid, created=now.created - 60).running()


def test_a_stranger_with_the_supervisors_former_id_is_left_alone(tmp_path: Path, start: Start) -> None:
    stranger = start(SLEEP)
    former = ProcessId(pid=stranger.pid, created=ProcessId.of(stranger.pid).created - 60)
    assert processes.end(tmp_path, former) == []
    assert stranger.poll() is None


def test_one_part_ends_and_the_others_stay(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(processes.PART_MARK, "broker")
    broker = start(SLEEP, tmp_path)
    monkeypatch.setenv(processes.PART_MARK, "airflow")
    airflow = start(SLEEP, tmp_path)
    processes.end(tmp_path, part="airflow")
    wait_for(lambda: airflow.poll() is not None)
    assert broker.poll() is None
