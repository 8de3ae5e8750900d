"""Which processes of this machine belong to the embedded default of one project folder, and ending them.

A process id alone says nothing: ids are used again. A process is ours when its environment carries
the mark of the folder, when it sits in the session of our supervisor, or when it descends from such a one.
Airflow's tasks leave the process group, so the session counts, not the group.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

HOME_MARK = "FURROW_LOCAL_HOME"
TOKEN_MARK = "FURROW_LOCAL_TOKEN"  # noqa: S105 -- names one start, guards nothing
PART_MARK = "FURROW_LOCAL_PART"
CLOCK_SECONDS = 2.0
PATIENCE = 10.0
CAREFUL_PATIENCE = 40.0


class ProcessId(BaseModel):
    """A process, not to be mistaken for a later one with its id. `created`: seconds since the epoch."""

    model_config = ConfigDict(frozen=True)

    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> ProcessId:
        """Raises psutil.NoSuchProcess when there is no such process."""
        return cls(pid=pid, created=psutil.Process(pid).create_time())

    def running(self) -> bool:
        """Whether this very process still runs; one that waits to be reaped does not."""
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            return abs(process.create_time() - self.created) < CLOCK_SECONDS and not _is_zombie(process)
        return False


def marks(home: Path, token: str) -> dict[str, str]:
    """The variables that every process started for `home` carries.

    `SPT_NOENV` keeps Airflow's process titles from overwriting the environment that we look into.
    """
    return {HOME_MARK: str(home.resolve()), TOKEN_MARK: token, "SPT_NOENV": "1"}


def members(home: Path, leader: ProcessId | None = None, part: str | None = None) -> list[psutil.Process]:
    """Every running process of the embedded default of `home`, without the caller itself.

    leader: the supervisor as it was recorded; its session is searched too. part: only those of this part.
    """
    wanted = {HOME_MARK: str(home.resolve()), **({PART_MARK: part} if part else {})}
    session = leader.pid if leader and _session_is_ours(leader) else None
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if _carries(process, wanted) or (session is not None and os.getsid(process.pid) == session):
                found[process.pid] = process
                found.update((child.pid, child) for child in process.children(recursive=True))
    found.pop(os.getpid(), None)
    return [process for process in found.values() if runs(process)]


def end(
    home: Path,
    leader: ProcessId | None = None,
    patience: float = PATIENCE,
    careful: Collection[int] = (),
    part: str | None = None,
) -> list[int]:
    """End every process of `home`, or of one part of it: SIGTERM, and SIGKILL after `patience` seconds.

    careful: process ids that the others write through, such as the broker's: they end after the others, and
    get CAREFUL_PATIENCE seconds, for they write files when they end.
    Returns the ids that had to be killed.
    """

    def found(spared: Collection[int] = ()) -> list[psutil.Process]:
        return [process for process in members(home, leader, part) if process.pid not in spared]

    killed = _end(lambda: found(careful), patience)
    return sorted(killed | _end(found, CAREFUL_PATIENCE))


def _end(found: Callable[[], list[psutil.Process]], patience: float) -> set[int]:
    """End what is found, also what comes meanwhile; the ids that had to be killed."""
    known: dict[int, psutil.Process] = {}
    killed: set[int] = set()
    started = time.monotonic()
    while left := _left(known, found()):
        for process in left:
            with contextlib.suppress(psutil.Error):
                if process.pid not in known:
                    process.terminate()
                elif time.monotonic() > started + patience:
                    process.kill()
                    killed.add(process.pid)
        known.update((process.pid, process) for process in left)
        _wait(left, 0.5)
    return killed


def _left(known: Mapping[int, psutil.Process], found: Iterable[psutil.Process]) -> list[psutil.Process]:
    """What still runs: found now, or seen before. A child may lose every trace of us with its parent."""
    now = {process.pid: process for process in found}
    return [process for process in {**known, **now}.values() if runs(process)]


def _wait(processes: Iterable[psutil.Process], seconds: float) -> None:
    """Until none of them runs, at most `seconds`. Does not reap: that is for their parent, maybe us."""
    until = time.monotonic() + seconds
    while any(runs(process) for process in processes) and time.monotonic() < until:
        time.sleep(0.05)


def runs(process: psutil.Process) -> bool:
    """Whether it has not ended; one that waits to be reaped has."""
    return process.is_running() and not _is_zombie(process)


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _carries(process: psutil.Process, wanted: Mapping[str, str]) -> bool:
    with contextlib.suppress(psutil.Error, OSError):
        return wanted.items() <= process.environ().items()
    return False


def _session_is_ours(leader: ProcessId) -> bool:
    """The system keeps a session's id while it has members: a missing leader is no danger, another is."""
    return leader.running() or not psutil.pid_exists(leader.pid)
