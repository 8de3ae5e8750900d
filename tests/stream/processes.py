"""Parts of a stream as processes, from the outside: started, told to end, killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import furrow
from tests.stream.worker import Order

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE = 180.0
"""Seconds for what should happen; nothing is measured."""


class Nursery:
    """A process that has imported everything and forks one for each command."""

    def __enter__(self) -> Self:
        path = os.pathsep.join([str(Path(furrow.__file__).parents[1]), str(PROJECT)])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.stream.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path, "AIRFLOW_HOME": os.devnull},
            cwd=PROJECT,
        )
        self._answer()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def start(self, order: Order) -> Part:
        """A process that runs the command."""
        return Part(self, int(self._ask({"start": asdict(order)})["pid"]), Path(order.log))

    def status(self, pid: int, *, wait: bool) -> int | None:
        """How a process ended; None while it runs."""
        found: int | None = self._ask({"wait" if wait else "look": pid})["status"]
        return found

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


class Part:
    """One process of a stream: a replica or a follower. log: all that it said, and earlier ones like it."""

    def __init__(self, nursery: Nursery, pid: int, log: Path):
        self.pid, self.log = pid, log
        self._nursery = nursery
        self._status: int | None = None

    @property
    def status(self) -> int | None:
        """0 well, negative for the signal that ended it, None while it runs."""
        if self._status is None:
            self._status = self._nursery.status(self.pid, wait=False)
        return self._status

    def kill(self) -> None:
        """SIGKILL, and wait."""
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            self._status = self._nursery.status(self.pid, wait=True)

    def tell_to_end(self) -> None:
        """SIGTERM."""
        if self.status is None:
            os.kill(self.pid, signal.SIGTERM)

    def ended(self) -> int:
        """Wait for its end; its status."""
        until(lambda: self.status is not None, "a process ends", self.stacks)
        assert self._status is not None
        return self._status

    def stop(self) -> int:
        """`tell_to_end` and `ended`."""
        self.tell_to_end()
        return self.ended()

    def stacks(self) -> str:
        """The end of its log, and where each of its threads is."""
        if self.status is None:
            os.kill(self.pid, signal.SIGUSR1)
            time.sleep(0.5)
        return self.said()

    def said(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-6000:] if self.log.exists() else ""


def until(
    met: Callable[[], bool], what: str, said: Callable[[], str] = str, seconds: float = PATIENCE
) -> None:
    """Wait for something."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}\n{said()}"
        time.sleep(0.05)
