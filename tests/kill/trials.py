"""Workers that are killed, a metered model server, and trials that put both together."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import furrow
from furrow.testing import Bill, ServerProcess, read_meter
from tests.kill.site import Site
from tests.kill.worker import TRY_AGAIN, Order, read_journal

Json = dict[str, Any]
PROJECT = Path(__file__).resolve().parents[2]
LATENCY = 0.02
CONCURRENCY = 8
"""What the small prompts folder allows for each of its two models."""
MODELS = 2
MOST_ATTEMPTS = 30
AGAIN = 0.3
"""The chance that a run is killed once more."""
PATIENCE = 120.0
LAST_TASK = "evaluate"


# --- the meter -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tally:
    """What a model server bills, from some line of its meter on."""

    meter: Path
    url: str
    start: int = 0

    def bills(self) -> list[Bill]:
        """What was billed since."""
        return list(read_meter(self.meter))[self.start :] if self.meter.exists() else []

    def count(self) -> int:
        """How many calls were billed since."""
        return len(self.bills())

    def again(self) -> int:
        """How many of them were the same request, word for word, as another one before."""
        return sum(times - 1 for times in Counter(bill.request for bill in self.bills()).values())

    def unanswered(self, moment: float) -> int:
        """How many were being served at a moment (seconds since 1970)."""
        return sum(moment - LATENCY < bill.time for bill in self.bills())

    def from_now(self) -> Tally:
        """The same meter, set to zero."""
        return Tally(self.meter, self.url, self.start + self.count())


@contextmanager
def metered_server(folder: Path, latency: float = LATENCY) -> Iterator[Tally]:
    """A model server in a process of its own."""
    with ServerProcess(folder / "meter.jsonl", latency) as server:
        yield Tally(server.meter, server.url)


# --- workers ---------------------------------------------------------------------------------------


class Workers:
    """A process that has imported everything and forks one worker for each order."""

    def __init__(self, features: bool):
        self._features = features

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.kill.worker", *(["--features"] if self._features else [])]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=_environ(),
            cwd=PROJECT,
        )
        self._answer()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def start(self, order: Order) -> Worker:
        """A worker that does what is ordered."""
        return Worker(self, int(self._ask({"start": asdict(order)})["pid"]))

    def wait(self, pid: int) -> int:
        """How a worker ended."""
        return int(self._ask({"wait": pid})["status"])

    def _ask(self, question: Json) -> Json:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Json:
        assert self._process.stdout is not None
        answer: Json = json.loads(self._process.stdout.readline())
        return answer


@dataclass(frozen=True)
class Worker:
    """One forked worker. Its pid stays its own until `wait`."""

    workers: Workers
    pid: int

    def kill(self) -> None:
        """SIGKILL."""
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """0 well, TRY_AGAIN to be tried again, negative for the signal that ended it."""
        return self.workers.wait(self.pid)


def _environ() -> dict[str, str]:
    path = os.pathsep.join([str(Path(furrow.__file__).parents[1]), str(PROJECT)])
    return {**os.environ, "PYTHONPATH": path, "AIRFLOW_HOME": os.devnull}


# --- one run with kills ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Moment:
    """When to kill: so many seconds after a worker began a task, or after its start."""

    seconds: float
    task: str | None = None


@dataclass(frozen=True)
class Kill:
    """One kill. task: what was under way; open_calls: billed, and no answer in the ledger.

    unanswered: those of them that the server had not answered yet, by the times in its meter.
    """

    task: str
    open_calls: int
    unanswered: int = 0

    @property
    def stage(self) -> str:
        """fetch, step, validate, publish, evaluate, or start before the first of them."""
        return self.task.partition("/")[0]


@dataclass
class Trial:
    """One run to its end, however often it was killed. again: calls bought that had been bought before."""

    kills: list[Kill] = field(default_factory=list)
    bought: int = 0
    again: int = 0
    seconds: float = 0.0
    attempts: int = 0

    @property
    def in_flight(self) -> int:
        """Calls that were under way when their buyer was killed."""
        return sum(kill.open_calls for kill in self.kills)


class Runner:
    """Lets workers do runs at a site, and reads the meter next to them."""

    def __init__(self, workers: Workers, tally: Tally, lease_seconds: float | None = None):
        self.workers, self.tally, self._lease = workers, tally, lease_seconds

    def order(self, site: Site, run_id: str, **more: Any) -> Order:
        """An order for a run at a site."""
        journal, log = str(site.journal(run_id)), str(site.log(run_id))
        return Order(run_id, site.environ, journal, log, lease_seconds=self._lease, **more)

    def apply(self, site: Site) -> None:
        """Make the feature views of a site."""
        assert self.workers.start(self.order(site, "apply", only="apply")).wait() == 0, said(site, "apply")

    def run(
        self,
        site: Site,
        run_id: str,
        kills: Sequence[Moment] = (),
        crash: str | None = None,
        resume: bool = False,
        version: str | None = None,
    ) -> Trial:
        """A run whose workers are killed at these moments, one each, and which then ends well.

        crash: the first worker kills itself there. resume: go on after the tasks that were done.
        """
        tally, trial, began = self.tally.from_now(), Trial(), time.monotonic()
        paid_before, moments, status = site.calls_in_ledger(), list(kills), -1
        while status != 0 or trial.attempts <= len(kills):
            how = {"crash": crash} if trial.attempts == 0 else {"resume": resume}
            order = self.order(site, run_id, version=version, **how)
            status, died = self._attempt(order, moments.pop(0) if moments else None)
            trial.attempts += 1
            assert status in (0, TRY_AGAIN, -signal.SIGKILL), said(site, run_id)
            assert trial.attempts < MOST_ATTEMPTS, said(site, run_id)
            if status == -signal.SIGKILL:
                open_calls = tally.count() - (site.calls_in_ledger() - paid_before) - trial.in_flight
                trial.kills.append(Kill(under_way(site, run_id), open_calls, tally.unanswered(died)))
        trial.seconds = time.monotonic() - began
        trial.bought, trial.again = tally.count(), tally.again()
        return trial

    def together(self, site: Site, run_ids: Sequence[str], kill_first_after: float | None = None) -> Trial:
        """Workers at the same time, each with its run; the first may be killed, the others end well."""
        tally, trial = self.tally.from_now(), Trial()
        running = [self.workers.start(self.order(site, run_id)) for run_id in run_ids]
        if kill_first_after is not None:
            time.sleep(kill_first_after)
            running[0].kill()
            killed = running.pop(0).wait() == -signal.SIGKILL
            if killed:
                trial.kills.append(Kill(under_way(site, run_ids[0]), CONCURRENCY * MODELS))
        statuses = [worker.wait() for worker in running]
        assert not any(statuses), "".join(said(site, run_id) for run_id in run_ids)
        trial.bought, trial.again = tally.count(), tally.again()
        return trial

    def _attempt(self, order: Order, moment: Moment | None) -> tuple[int, float]:
        """How the worker ended, and when. The server may read on for a moment what it was sent."""
        begun, died = len(read_journal(Path(order.journal))), None
        worker = self.workers.start(order)
        try:
            if moment is not None:
                self._wait_for(order, begun, moment)
                worker.kill()
                died = time.time()
        except BaseException:
            worker.kill()  # or its calls would be counted to the next trial
            raise
        finally:
            status = worker.wait()
        died = died or time.time()
        if status == -signal.SIGKILL:
            self._wait_for_the_server()
        return status, died

    def _wait_for_the_server(self) -> None:
        """Until it has read what it was sent: nothing more is billed for a while."""
        counted, since = self.tally.count(), time.monotonic()
        while time.monotonic() < since + 0.3:
            time.sleep(0.01)
            if (now := self.tally.count()) != counted:
                counted, since = now, time.monotonic()

    def _wait_for(self, order: Order, begun: int, moment: Moment) -> None:
        """Until the moment, or until the last task was begun; begun: entries of workers before."""
        deadline = time.monotonic() + PATIENCE
        while moment.task is not None and time.monotonic() < deadline:
            tasks = {entry["task"] for entry in read_journal(Path(order.journal))[begun:]}
            if tasks & {moment.task, LAST_TASK}:
                break
            time.sleep(0.001)
        time.sleep(moment.seconds)


def under_way(site: Site, run_id: str) -> str:
    """The task that was begun last, or `start` before the first."""
    entries = read_journal(site.journal(run_id))
    return str(entries[-1]["task"]) if entries else "start"


def said(site: Site, run_id: str) -> str:
    """The end of what the workers of a run said."""
    log = site.log(run_id)
    return log.read_text(errors="replace")[-4000:] if log.exists() else "(nothing)"


def task_seconds(site: Site, run_id: str) -> dict[str, float]:
    """How long each task of a run took that was done once."""
    entries = read_journal(site.journal(run_id))
    return {
        begun["task"]: done["time"] - begun["time"]
        for begun, done in zip(entries[::2], entries[1::2], strict=True)
    }


def any_moments(dice: random.Random, duration: float) -> list[Moment]:
    """Uniform over an undisturbed run, and with some chance once more, and so on."""
    moments = [Moment(dice.uniform(0, duration))]
    while dice.random() < AGAIN:
        moments.append(Moment(dice.uniform(0, duration)))
    return moments


def moment_in_a_stage(dice: random.Random, seconds: dict[str, float]) -> Moment:
    """Uniform over the stages, then over the tasks of the stage, then over the task's duration."""
    stage = dice.choice(sorted({task.partition("/")[0] for task in seconds}))
    task = dice.choice([task for task in seconds if task.partition("/")[0] == stage])
    return Moment(dice.uniform(0, seconds[task]), task)
