"""Does whole batch runs in processes that may be killed: task after task, as Airflow's workers do.

It imports everything once and then forks a process for each order, as Airflow's supervisor does for each
task. Orders come as JSON lines on stdin, answers go as JSON lines to stdout:
`{"start": Order}` -> `{"pid": …}`; `{"wait": pid}` -> `{"status": …}` (negative: the signal that ended it).
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from operator import methodcaller
from pathlib import Path
from typing import Any

from furrow.adapters.feast_module import feast
from furrow.errors import TransientError
from tests.kill.crash_points import CrashPoint, Trap

Json = dict[str, Any]
LONGEST_RUN = 1800
"""Seconds; a process that hangs ends itself."""
PLAIN = (
    "alembic.command",
    "fsspec.implementations.local",
    "furrow.adapters.chat_completions",
    "furrow.adapters.files",
    "furrow.adapters.language_model",
    "furrow.assembly",
    "httpx_aiohttp",
    "openai.resources.beta",
    "openai.resources.chat",
    "pydantic_ai.models.openai",
    "pydantic_ai.providers.openai",
)
FEATURES = (
    "feast.infra.offline_stores.dask",
    "feast.infra.online_stores.sqlite",
    "feast.infra.passthrough_provider",
    "feast.infra.registry.file",
    "feast.repo_operations",
    "furrow.adapters.feature_history",
    "furrow.adapters.feature_store",
    "pyarrow.dataset",
)
"""Imported before the first fork; a worker would import them at their first use, which takes seconds."""

TRY_AGAIN = 75
"""The exit code of a task that failed for now: Airflow would try it again."""


@dataclass(frozen=True)
class Order:
    """One run to do. journal: file with the tasks that were begun and done; log: file for its output.

    resume: leave out what the journal says is done, as a retry does; else do every task again, as after
    clearing them all. crash: a CrashPoint. only: `apply` makes the feature views instead.
    lease_seconds: how soon after a worker's death others may have what it was buying.
    """

    run_id: str
    environ: dict[str, str]
    journal: str
    log: str
    resume: bool = False
    version: str | None = None
    crash: str | None = None
    only: str | None = None
    lease_seconds: float | None = None


class Journal:
    """What the scheduler knows: which tasks were begun, which are done and what they gave."""

    def __init__(self, path: Path, resume: bool, trap: Trap | None):
        self._path, self._trap = path, trap
        self._done = {
            entry["task"]: entry["result"] for entry in read_journal(path) if entry["state"] == "done"
        }
        if not resume:
            self._done = {}

    def task(self, name: str, work: Callable[[], Any]) -> Any:
        """What the task gives, or gave when it is done already."""
        if name in self._done:
            return self._done[name]
        self._note(name, "begun", None)
        self._spring("before", name)
        result = work()
        self._spring("after", name)
        self._note(name, "done", result)
        return result

    def _spring(self, when: str, name: str) -> None:
        if self._trap is not None:
            self._trap.spring(when, "task", name)

    def _note(self, name: str, state: str, result: Any) -> None:
        entry = {"task": name, "state": state, "time": time.time(), "result": result}
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.write(file, json.dumps(entry).encode() + b"\n")
        os.close(file)


def read_journal(path: Path) -> list[Json]:
    """The entries so far; one that is being written does not count yet."""
    whole = path.read_bytes().rpartition(b"\n")[0] if path.exists() else b""
    return [json.loads(line) for line in whole.splitlines()]


def do_run(order: Order, journal: Journal) -> None:
    """Every task of the run, each opened anew."""
    steps, sinks = _plan(order)

    def done(name: str, *call: Any) -> Any:
        return journal.task(name, partial(_open, order, methodcaller(*call)))

    for number, partition in enumerate(done("fetch", "fetch", None, order.version)):
        for step in steps:
            partition = done(f"step/{step}/{number}", "run_step", step, partition)
        done(f"validate/{number}", "validate", partition)
    for sink in sinks:
        done(f"publish/{sink}", "publish", sink)
    done("evaluate", "evaluate")


def _plan(order: Order) -> tuple[list[str], list[str]]:
    from furrow.assembly import Deployment

    use_case = Deployment().use_case("goods")
    sinks = ["features"] if use_case.pipeline.publish.features is not None else []
    return [step.name for step in use_case.version(order.version).steps], sinks


def _open(order: Order, call: Callable[[Any], Any]) -> Any:
    from furrow.adapters.environment_connections import EnvironmentConnections
    from furrow.assembly import open_run

    with open_run("goods", order.run_id, EnvironmentConnections(os.environ)) as run:
        return call(run)


def _work(order: Order) -> int:
    os.environ.update(order.environ)
    log = os.open(order.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, force=True)
    signal.alarm(LONGEST_RUN)
    if order.lease_seconds is not None:
        shorten_leases(order.lease_seconds)
    trap = Trap(CrashPoint.parse(order.crash)) if order.crash else None
    if trap is not None:
        trap.arm()
    try:
        if order.only == "apply":
            _apply()
        else:
            do_run(order, Journal(Path(order.journal), order.resume, trap))
    except TransientError:
        traceback.print_exc()
        return TRY_AGAIN
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _apply() -> None:
    from furrow.assembly import Deployment

    Deployment().apply_features()


def shorten_leases(seconds: float) -> None:
    """Or every trial would wait for the lease of the worker that was killed."""
    from furrow.store.ledger import SqlLedger

    replace_in("furrow.engine.calls", "LEASE_SECONDS", seconds)
    replace_in("furrow.assembly", "SqlLedger", partial(SqlLedger, lease_seconds=seconds))


def replace_in(module: str, name: str, value: Any) -> None:
    """In this process, from now on."""
    found = importlib.import_module(module)
    assert hasattr(found, name), f"{module} has no {name}"
    setattr(found, name, value)


def _start(order: Order) -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = _work(order)
        finally:
            os._exit(code)
    return pid


def _wait(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def import_all(modules: Iterable[str]) -> None:
    """Each, those of Feast as Furrow does."""
    for module in modules:
        package, _, part = module.partition(".")
        feast(part) if package == "feast" else importlib.import_module(module)


def main(with_features: bool) -> None:
    """Import, say so, then serve orders until stdin ends."""
    import_all((*PLAIN, *(FEATURES if with_features else ())))
    gc.freeze()  # or a pipeline looks through all that is imported here, before each task: 0.2 s
    print(json.dumps({"pid": os.getpid()}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        answer = (
            {"pid": _start(Order(**asked["start"]))} if "start" in asked else {"status": _wait(asked["wait"])}
        )
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main("--features" in sys.argv[1:])
