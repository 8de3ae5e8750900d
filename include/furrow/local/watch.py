"""The process that watches over the parts: starts them, writes down what runs and how it ended, ends them.

It restarts nothing by itself. At SIGHUP it reads the plan again and starts what is missing; SIGTERM ends all.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Sequence
from datetime import UTC, datetime

import psutil

from furrow.config.settings import Settings
from furrow.errors import LocalFailed
from furrow.local import logs, ports, processes
from furrow.local.parts import Part, Preparation, base_environment, build
from furrow.local.processes import ProcessId
from furrow.local.state import LocalState, PartState, Plan, forget, read_plan, state_path, write


class Supervisor:
    """Runs parts as children in this process's session and keeps `var/local.json` true.

    Takes its orders from the plan; `run` returns when everything has been ended.
    """

    def __init__(self, settings: Settings, plan: Plan):
        self._settings = settings
        self._environment = base_environment(settings, plan.token)
        self._parts: dict[str, asyncio.Task[None]] = {}
        self._stop = asyncio.Event()
        self._state = LocalState(
            token=plan.token,
            revision=0,
            supervisor=ProcessId.of(os.getpid()),
            group=os.getpgrp(),
            session=os.getsid(0),
            plan=plan,
        )

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self.follow)
        for ending in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(ending, self._stop.set)
        self.follow()
        await self._stop.wait()
        careful = self._state.careful()
        await asyncio.to_thread(processes.end, self._settings.home, self._state.supervisor, careful=careful)
        await asyncio.wait(list(self._parts.values()), timeout=5) if self._parts else None
        forget(self._settings)

    def follow(self) -> None:
        """Read the plan and start every part in it that does not run."""
        plan = read_plan(self._settings)
        if plan is None or plan.token != self._state.token or self._stop.is_set():
            return
        self._state.plan = plan
        for name in plan.parts:
            seen = self._state.parts.get(name)
            if seen is None or not seen.alive():
                self._begin(name, self._parts.get(name))
        self._state.revision = plan.revision
        self._write()

    def _begin(self, name: str, before: asyncio.Task[None] | None) -> None:
        address = ports.address(self._state.plan.ports[name])
        state = PartState(state="starting", since=_now(), address=address)
        self._state.parts[name] = state
        self._parts[name] = asyncio.create_task(self._run_part(name, state, before))

    async def _run_part(self, name: str, state: PartState, before: asyncio.Task[None] | None) -> None:
        """The life of one part, after the end of its life before: start, wait for an end, end the rest."""
        if before is not None:
            await before
        try:
            part = build(name, self._settings, self._state.plan)
            if part.prepare and not part.prepare.is_done():
                await self._prepare(part, part.prepare, state)
            state.log, code = await _first_end(await self._start_all(part, state))
            state.exit = f"{state.log} {_ending(code)}"
        except (LocalFailed, OSError, psutil.Error) as error:
            state.exit = str(error)
        state.state, state.since = "exited", _now()
        self._write()
        if not self._stop.is_set():  # a part is all of its processes or none, children left behind included
            await asyncio.to_thread(processes.end, self._settings.home, part=name)

    async def _start_all(self, part: Part, state: PartState) -> dict[str, Process]:
        state.since = _now()
        started: dict[str, Process] = {}
        for log, words in part.commands.items():
            started[log] = await self._start(part, log, words)
            with contextlib.suppress(psutil.NoSuchProcess):
                state.processes[log] = ProcessId.of(started[log].pid)
        state.state = "running"
        self._write()
        return started

    async def _prepare(self, part: Part, preparation: Preparation, state: PartState) -> None:
        state.log = preparation.name
        process = await self._start(part, preparation.name, preparation.command)
        if code := await process.wait():
            raise LocalFailed(f"{preparation.name} {_ending(code)}")
        preparation.done()

    async def _start(self, part: Part, log: str, words: Sequence[str]) -> Process:
        with logs.fresh(self._settings, log).open("ab") as out:
            return await asyncio.create_subprocess_exec(
                *words,
                env={**self._environment, **part.environment, processes.PART_MARK: part.name},
                cwd=self._settings.home,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=asyncio.subprocess.STDOUT,
            )

    def _write(self) -> None:
        if not self._stop.is_set():
            write(state_path(self._settings), self._state)


async def _first_end(started: dict[str, Process]) -> tuple[str, int]:
    """Wait until one process ends: its name and its exit code."""
    waits = {asyncio.create_task(process.wait()): name for name, process in started.items()}
    done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in pending:
        wait.cancel()
    first = next(iter(done))
    return waits[first], first.result()


def _ending(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"


def _now() -> datetime:
    return datetime.now(UTC)
