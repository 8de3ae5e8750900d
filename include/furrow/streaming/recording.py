"""What a replica's releases did, window by window, and who had which arm of an experiment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from furrow.config.fields import Fields
from furrow.engine.arms import Arm, Arms
from furrow.engine.record import Work
from furrow.evaluation.run_report import ReportTally, RunReport
from furrow.store.exposures import Exposures
from furrow.store.windows import Windows

WINDOW_SECONDS = 60.0
_CANARY_SECONDS = 5.0
"""While two serve, so that a guard sees a bad one soon."""


class Recording(Protocol):
    """Belongs to one event loop; only `flush` is called in another thread, one at a time."""

    def add(self, arms: Arms, arm: Arm, work: Work) -> None:
        """A record is through, and its result published; or it was answered in the shadow."""

    def flush(self, final: bool = False) -> None:
        """Write down what is complete, all of it at the end. Raises StoreUnavailable: called again later.

        Raises ConfigError, RunError when it is written and the releases could not be looked after.
        """


class NoRecording:
    """Keeps nothing."""

    def add(self, arms: Arms, arm: Arm, work: Work) -> None:
        """Does nothing."""

    def flush(self, final: bool = False) -> None:
        """Does nothing."""


@dataclass
class _Open:
    """A window that is being filled.

    units: by experiment, unit and arm; published: the releases that answered not only in the shadow.
    """

    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: float = field(default_factory=time.monotonic)
    tallies: dict[str, ReportTally] = field(default_factory=dict)
    units: dict[tuple[str, str], str] = field(default_factory=dict)
    published: set[str] = field(default_factory=set)
    two: bool = False

    @property
    def over(self) -> bool:
        """Whether it is long enough."""
        return time.monotonic() - self.started >= (_CANARY_SECONDS if self.two else WINDOW_SECONDS)


class ReleaseRecording:
    """A Recording into the state database.

    result: the result fields of a release; noted: called after windows were written.
    """

    def __init__(
        self,
        use_case: str,
        run_id: str,
        result: Callable[[str], Fields],
        windows: Windows,
        exposures: Exposures,
        noted: Callable[[], object],
    ):
        self._use_case, self._run_id, self._result = use_case, run_id, result
        self._windows, self._exposures, self._noted = windows, exposures, noted
        self._lock, self._open = threading.Lock(), _Open()
        self._full: list[_Open] = []

    def add(self, arms: Arms, arm: Arm, work: Work) -> None:
        """Count it in the window of its release."""
        with self._lock:
            filling = self._open
            filling.two |= arms.candidate is not None
            if arm.release not in filling.tallies:
                filling.tallies[arm.release] = ReportTally(self._result(arm.release))
            filling.tallies[arm.release].add(work)
            if arm.published:
                filling.published.add(arm.release)
            unit = arms.unit_of(work.record)
            candidate = arms.candidate
            if arms.experiment and candidate and candidate.published and unit and work.result is not None:
                filling.units.setdefault((arms.experiment, unit), arm.name)

    def flush(self, final: bool = False) -> None:
        """Write a window that is over; at the end whatever there is."""
        with self._lock:
            if self._open.over or final:
                self._full.append(self._open)
                self._open = _Open()
        wrote = bool(self._full)
        while self._full:
            self._write(self._full[0])
            self._full.pop(0)
        if wrote:
            self._noted()

    def _write(self, window: _Open) -> None:
        finished = datetime.now(UTC)
        for release, tally in window.tallies.items():
            report = RunReport(**tally.figures(), started=window.began, finished=finished)
            self._windows.note(
                self._use_case,
                release,
                self._run_id,
                window.began,
                finished,
                report.records,
                report.to_json(),
                release in window.published,
            )
        for experiment in {name for name, _ in window.units}:
            units = [(unit, arm) for (name, unit), arm in window.units.items() if name == experiment]
            self._exposures.note(self._use_case, experiment, units, window.began)
