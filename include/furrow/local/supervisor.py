"""`up`, `down` and `status` of the embedded default.

`python -m furrow.local.supervisor` is the process that `up` detaches from the terminal: in a session of its
own, it runs `watch.Supervisor`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import psutil

from furrow.config.settings import Settings
from furrow.errors import LocalFailed, OptionUnknown
from furrow.local import airflow, logs, ports, processes, weights
from furrow.local.parts import MODELS, PARTS, Part, base_environment, build
from furrow.local.progress import Progress, Silent
from furrow.local.state import (
    LocalState,
    Plan,
    forget,
    plan_path,
    read_plan,
    read_state,
    write,
)
from furrow.local.watch import Supervisor

__all__ = ["PARTS", "PartStatus", "Running", "down", "status", "up"]

ANSWER_SECONDS = 30.0
_launched: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class PartStatus:
    """One part as it is now.

    state: `ready`; `starting` (runs, does not answer yet); `exited` (see `note`); `down` (not asked for).
    pid: of its first process. address: host:port. since: when it was started or ended.
    """

    name: str
    state: str
    pid: int | None = None
    address: str | None = None
    since: datetime | None = None
    note: str = ""


@dataclass(frozen=True)
class Running:
    """What `up` brought up: the parts, the Airflow UI with its login, and seconds waited by part."""

    parts: list[PartStatus]
    airflow_url: str
    user: str
    password: str
    seconds: dict[str, float]


def up(settings: Settings, parts: Sequence[str] = PARTS, progress: Progress | None = None) -> Running:
    """Start the parts that do not run yet and wait until all of them answer.

    Missing model files are downloaded while the other parts start. Raises OptionUnknown for a part that does
    not exist and LocalFailed, with the last log lines, when one does not come up; the others keep running.
    """
    if unknown := [name for name in parts if name not in PARTS]:
        raise OptionUnknown(f"there is no local part {unknown[0]!r}; there are {', '.join(PARTS)}")
    shown = progress or Silent()
    with _alone(settings):
        now = [name for name in parts if name not in MODELS or weights.find(name)]
        state = _request(settings, now)
        if missing := [name for name in parts if name not in now]:
            weights.fetch(missing, shown)
            if not state.supervisor.running():
                raise LocalFailed("the parts were taken down while the model files were downloaded")
            _request(settings, missing)
        seconds = asyncio.run(_all_ready(settings, parts, shown))
    plan = _plan_of(settings)
    url = f"http://{ports.address(plan.ports['airflow'])}"
    return Running(status(settings), url, *airflow.login(settings), seconds)


def down(settings: Settings, patience: float = processes.PATIENCE) -> list[int]:
    """End every process of the embedded default, also those of a supervisor that was killed.

    patience: seconds between asking and killing; the broker gets more, it writes its files.
    Returns the ids of the processes that had to be killed.
    """
    state = read_state(settings)
    leader = state.supervisor if state else None
    if leader and leader.running():
        with contextlib.suppress(psutil.Error):
            psutil.Process(leader.pid).terminate()
        deadline = time.monotonic() + processes.PATIENCE + processes.CAREFUL_PATIENCE + 5
        while leader.running() and time.monotonic() < deadline:
            time.sleep(0.05)
    killed = processes.end(settings.home, leader, patience, state.careful() if state else [])
    forget(settings)
    for process in _launched:
        process.poll()
    return killed


def status(settings: Settings) -> list[PartStatus]:
    """Every part in the order of PARTS, asked just now."""
    state = read_state(settings)
    if state is None:
        return [PartStatus(name, "down") for name in PARTS]
    with ThreadPoolExecutor(len(PARTS)) as pool:
        return list(pool.map(lambda name: _status(settings, state, name), PARTS))


def _status(settings: Settings, state: LocalState, name: str) -> PartStatus:
    part = state.parts.get(name)
    if part is None:
        return PartStatus(name, "down")
    first = next(iter(part.processes.values()), None)
    seen = (first.pid if first else None, part.address, part.since)
    if part.state == "exited":
        return PartStatus(name, "exited", None, *seen[1:], note=part.exit)
    if not part.alive():
        return PartStatus(name, "exited", None, *seen[1:], note="ended, and no supervisor saw how")
    ready = part.state == "running" and build(name, settings, state.plan).ready(part.since)
    orphaned = "" if state.supervisor.running() else "its supervisor has ended"
    return PartStatus(name, "ready" if ready else "starting", *seen, note=orphaned)


@contextlib.contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One `up` at a time; a second one waits for the first and then finds everything running."""
    from filelock import FileLock

    settings.var.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.var / "local.lock"):
        yield


def _request(settings: Settings, names: Sequence[str]) -> LocalState:
    """Have the supervisor (started if there is none) run these parts beside those it runs; its answer."""
    state = read_state(settings)
    if state is None or not state.supervisor.running():
        leader = state.supervisor if state else None
        processes.end(settings.home, leader, careful=state.careful() if state else [])
        forget(settings)
        state = None
    elif all(_runs(state, name) for name in names):
        return state
    plan = _plan(state, names)
    write(plan_path(settings), plan)
    if state is None:
        _launch(settings, plan)
    else:
        os.kill(state.supervisor.pid, signal.SIGHUP)
    return _answer(settings, plan)


def _runs(state: LocalState, name: str) -> bool:
    part = state.parts.get(name)
    return part is not None and part.alive()


def _plan(state: LocalState | None, names: Sequence[str]) -> Plan:
    if state is None:
        chosen: dict[str, int] = {}
        for name in PARTS:
            chosen[name] = ports.choose(ports.USUAL[name], chosen.values())
        return Plan(
            token=secrets.token_hex(8), revision=1, parts=tuple(names), ports=chosen, weights=_found(names)
        )
    for name in names:
        if not _runs(state, name) and not ports.becomes_free(state.plan.ports[name]):
            raise LocalFailed(
                f"{name} cannot start again: port {state.plan.ports[name]} is in use by another program, "
                "and the other parts know it by this port; run `furrow down`, then `furrow up`"
            )
    wanted = tuple(dict.fromkeys([*state.plan.parts, *names]))
    return state.plan.model_copy(
        update={
            "revision": state.plan.revision + 1,
            "parts": wanted,
            "weights": {**state.plan.weights, **_found(names)},
        }
    )


def _found(names: Sequence[str]) -> dict[str, str]:
    return {name: str(path.resolve()) for name in names if name in MODELS and (path := weights.find(name))}


def _launch(settings: Settings, plan: Plan) -> None:
    with logs.fresh(settings, "supervisor").open("ab") as log:
        _launched.append(
            subprocess.Popen(
                [sys.executable, "-m", "furrow.local.supervisor"],
                env=base_environment(settings, plan.token),
                cwd=settings.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        )


def _answer(settings: Settings, plan: Plan) -> LocalState:
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        state = read_state(settings)
        if state and state.token == plan.token and state.revision >= plan.revision:
            return state
        if state is None and _launched and _launched[-1].poll() is not None:
            break
        time.sleep(0.05)
    raise LocalFailed(
        "the supervisor of the local parts does not answer" + logs.last_lines(settings, "supervisor")
    )


def _plan_of(settings: Settings) -> Plan:
    state = read_state(settings)
    if state is None:
        raise LocalFailed("the parts were taken down while they started")
    return state.plan


async def _all_ready(settings: Settings, names: Sequence[str], progress: Progress) -> dict[str, float]:
    """Wait for all parts at the same time; the first that fails ends the wait. Seconds waited, by part."""
    plan = _plan_of(settings)
    waits = [asyncio.create_task(_ready(settings, build(name, settings, plan), progress)) for name in names]
    try:
        return dict(zip(names, await asyncio.gather(*waits), strict=True))
    finally:
        for wait in waits:
            wait.cancel()


async def _ready(settings: Settings, part: Part, progress: Progress) -> float:
    started = time.monotonic()
    progress.report(part.name, "starting")
    while time.monotonic() < started + part.patience:
        state = read_state(settings)
        if state is None or part.name not in state.parts:
            raise LocalFailed(f"{part.name} was taken down while it started")
        seen = state.parts[part.name]
        if seen.state == "exited":
            raise LocalFailed(f"{part.name} did not start: {seen.exit}" + logs.last_lines(settings, seen.log))
        if seen.state == "running" and await asyncio.to_thread(part.ready, seen.since):
            progress.report(part.name, f"ready at {part.address}")
            return round(time.monotonic() - started, 1)
        await asyncio.sleep(0.2)
    said = "".join(logs.last_lines(settings, log) for log in part.commands)
    raise LocalFailed(f"{part.name} runs but did not answer within {part.patience:.0f} s{said}")


def main() -> None:
    """The detached process: supervise the parts of the plan until told to end."""
    settings = Settings.from_environment()
    plan = read_plan(settings)
    if plan is None or plan.token != os.environ.get(processes.TOKEN_MARK):
        raise SystemExit("no plan to follow; this process is started by `furrow up`")
    asyncio.run(Supervisor(settings, plan).run())


if __name__ == "__main__":
    main()
