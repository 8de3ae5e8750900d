"""How far a start or a download is, told to whoever shows it: a terminal, a log, or nobody."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID


class Progress(Protocol):
    """Receives reports; may be called from several threads.

    name: the part or file that moves. text: what it does now, in a few words.
    done, total: bytes, when the work can be counted; both None for a wait.
    """

    def report(self, name: str, text: str, done: int | None = None, total: int | None = None) -> None: ...


class Silent:
    """Shows nothing."""

    def report(self, name: str, text: str, done: int | None = None, total: int | None = None) -> None:
        return None


class Shown:
    """Bars on a terminal, one line per change of words elsewhere. Use as a context manager."""

    def __init__(self, console: Console | None = None):
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        self._console = console or Console(stderr=True)
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.fields[label]:<12}"),
            BarColumn(bar_width=24),
            TextColumn("{task.description}"),
            TextColumn("{task.fields[size]}"),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._words: dict[str, str] = {}
        self._lines = not self._console.is_terminal

    def __enter__(self) -> Shown:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end_bars()

    def end_bars(self) -> None:
        """Show no bars any more, only lines: the terminal is somebody else's."""
        self._bars.stop()
        self._lines = True

    def report(self, name: str, text: str, done: int | None = None, total: int | None = None) -> None:
        """Show it; a report without numbers under `text` "ready" completes the bar of `name`."""
        if self._lines:
            return self._line(name, text, done, total)
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(text, total=total, label=name, size="")
        finished = text.startswith("ready")
        self._bars.update(
            self._tasks[name],
            description=text,
            total=1 if finished and total is None else total,
            completed=1 if finished and total is None else done or 0,
            size=_size(done, total),
        )

    def _line(self, name: str, text: str, done: int | None, total: int | None) -> None:
        tenth = f" {10 * done * 10 // total // 10 * 10} %" if done is not None and total else ""
        words = text + tenth
        if self._words.get(name) != words:
            self._words[name] = words
            self._console.print(f"{name}: {words}", highlight=False)


def _size(done: int | None, total: int | None) -> str:
    from rich.filesize import decimal

    return "" if done is None or total is None else f"{decimal(done)} of {decimal(total)}"
