"""What is written down about the parts that run: `var/local.json` by the supervisor, the plan by `up`."""

from __future__ import annotations

import contextlib
import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from furrow.config.settings import Settings
from furrow.local.processes import ProcessId

Kept = TypeVar("Kept", bound=BaseModel)


class Plan(BaseModel):
    """What `up` asks of the supervisor.

    revision: grows with each request. parts: the names that shall run. ports: of every part, running or not,
    because Airflow's connections are fixed when it starts. weights: alias -> model file or folder.
    """

    model_config = ConfigDict(frozen=True)

    token: str
    revision: int
    parts: tuple[str, ...]
    ports: dict[str, int]
    weights: dict[str, str]


class PartState(BaseModel):
    """One part as the supervisor last saw it.

    exit: how it ended, empty while it runs. log: the name of the log that tells why.
    """

    state: Literal["starting", "running", "exited"]
    since: datetime
    address: str
    processes: dict[str, ProcessId] = {}
    exit: str = ""
    log: str = ""

    def alive(self) -> bool:
        """Whether it starts or runs, with every process that it has started."""
        return self.state != "exited" and all(process.running() for process in self.processes.values())


class LocalState(BaseModel):
    """All parts of one start. `revision`: the last plan that the supervisor acted on."""

    token: str
    revision: int
    supervisor: ProcessId
    group: int
    session: int
    plan: Plan
    parts: dict[str, PartState] = {}

    def careful(self) -> list[int]:
        """The broker's process ids: it saves its topics when it ends."""
        broker = self.parts.get("broker")
        return [process.pid for process in broker.processes.values()] if broker else []


def state_path(settings: Settings) -> Path:
    return settings.var / "local.json"


def plan_path(settings: Settings) -> Path:
    return settings.var / "local-plan.json"


def read_state(settings: Settings) -> LocalState | None:
    """The recorded state, or None when nothing (readable) is recorded."""
    return _read(state_path(settings), LocalState)


def read_plan(settings: Settings) -> Plan | None:
    return _read(plan_path(settings), Plan)


def write(path: Path, content: BaseModel) -> None:
    """Replace the file as a whole, so that a reader sees the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name, delete=False) as draft:
        draft.write(content.model_dump_json(indent=1))
        draft.flush()
        os.fsync(draft.fileno())
    Path(draft.name).replace(path)


def forget(settings: Settings) -> None:
    """Remove what is recorded; nothing runs any more."""
    for path in (state_path(settings), plan_path(settings)):
        path.unlink(missing_ok=True)


def _read(path: Path, kind: type[Kept]) -> Kept | None:
    with contextlib.suppress(FileNotFoundError, ValidationError):
        return kind.model_validate_json(path.read_text())
    return None
