"""Places in the code where a worker kills itself: SIGKILL, nothing is tidied up, nobody is told."""

from __future__ import annotations

import functools
import importlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class CrashPoint:
    """A moment: before or after the `nth` time that something happens at a place.

    what: `rename` (where: glob of the target path), `call` (`module:Class.method`), `commit` (glob of the
    statements that wrote) or `task` (glob of the task's name; after: done, but not yet noted as done).
    """

    when: str
    what: str
    where: str
    nth: int = 1

    def __str__(self) -> str:
        times = f" #{self.nth}" if self.nth > 1 else ""
        return f"{self.when} {self.what} {self.where}{times}"

    @classmethod
    def parse(cls, text: str) -> CrashPoint:
        """The inverse of `str`."""
        text, _, nth = text.partition(" #")
        when, what, where = text.split(" ", 2)
        return cls(when, what, where, int(nth or 1))


class Trap:
    """Counts how often the moment came, and kills this process at the right one."""

    def __init__(self, point: CrashPoint):
        self.point, self._left = point, point.nth

    def spring(self, when: str, what: str, place: str) -> None:
        """Called at every moment; most of them are other ones."""
        point = self.point
        if (when, what) == (point.when, point.what) and fnmatch(place, point.where):
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def arm(self) -> None:
        """Set the trap in this process."""
        if self.point.what == "rename":
            self._watch(Path, "replace", lambda _, target, *rest: str(target))
            self._watch(os, "replace", lambda _, target, *rest: str(target))
        elif self.point.what == "call":
            self._watch(*_method(self.point.where), lambda *arguments, **named: self.point.where)
        elif self.point.what == "commit":
            self._watch_commits()

    def _watch(self, owner: Any, name: str, place: Callable[..., str]) -> None:
        original, what = getattr(owner, name), self.point.what

        @functools.wraps(original)
        def watched(*arguments: Any, **named: Any) -> Any:
            self.spring("before", what, place(*arguments, **named))
            result = original(*arguments, **named)
            self.spring("after", what, place(*arguments, **named))
            return result

        setattr(owner, name, watched)

    def _watch_commits(self) -> None:
        """SQLAlchemy tells before it commits: the statements have run, and nothing of them counts yet."""
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

        def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
                connection.info["wrote"] = f"{connection.info.get('wrote', '')} {statement}"

        def commit(connection: Any) -> None:
            self.spring("before", "commit", connection.info.pop("wrote", ""))

        event.listen(Engine, "before_cursor_execute", note)
        event.listen(Engine, "commit", commit)


def _method(where: str) -> tuple[Any, str]:
    module, _, name = where.partition(":")
    owner = importlib.import_module(module)
    *path, method = name.split(".")
    return functools.reduce(getattr, path, owner), method
