"""The log files of the local parts, under `var/logs`."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from furrow.config.settings import Settings

LAST_LINES = 15


def path(settings: Settings, name: str) -> Path:
    return settings.var / "logs" / f"{name}.log"


def fresh(settings: Settings, name: str) -> Path:
    """The log file of a process that starts now; the one before stays as `<name>.log.1`."""
    log = path(settings, name)
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))
    return log


def last_lines(settings: Settings, name: str) -> str:
    """Where the log is and how it ends, to be added to an error; empty when there is none."""
    log = path(settings, name)
    if not log.is_file():
        return ""
    with log.open(errors="replace") as lines:
        last = "".join(f"  {line}" for line in deque(lines, LAST_LINES))
    return f"\n{log}:\n{last.rstrip()}"
