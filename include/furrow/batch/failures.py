"""Records that failed for now, enough of them to say what happened."""

from __future__ import annotations

from furrow.engine.record import Work
from furrow.errors import TransientError

KEPT = "Answers that were paid for are kept; the task's retry makes only the missing calls"


class Failures:
    """Counts works, and remembers the first error and the longest wait that any was asked for."""

    def __init__(self) -> None:
        self.records = 0
        self._failed = 0
        self._first: TransientError | None = None
        self._wait = 0.0

    def add(self, work: Work) -> None:
        """Count one record."""
        self.records += 1
        if work.failure is not None:
            error = work.failure.error
            self._failed += 1
            self._first = self._first or error
            self._wait = max(self._wait, error.retry_after or 0.0)

    def raise_if_any(self, where: str) -> None:
        """Raise what the first of them raised."""
        if self._first is not None:
            raise type(self._first)(
                f"{self._failed} of {self.records} records failed {where}: {self._first}. {KEPT}",
                retry_after=self._wait or None,
            )
