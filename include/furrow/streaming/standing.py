"""How a replica stands: what it has done so far, and how far it is behind."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import Any

from furrow.engine.record import Outcome

Json = dict[str, Any]


@dataclass(slots=True)
class Standing:
    """Counts since the start, and the lag now.

    accepted, rejected: committed events; tombstones: deletions, which are no records; failures: tries of
    events that failed for now; unpaid: events that wait for the budget; commits and commit_seconds: how
    often, and how long they took together. lag_records: messages after the committed position; lag_seconds:
    age of the oldest event that is not committed; on_their_way: events taken and not committed.
    connected: the group has us. While it has not, lag_records is the last one known, and lag_seconds goes on.
    """

    release: str = ""
    accepted: int = 0
    rejected: int = 0
    tombstones: int = 0
    failures: int = 0
    unpaid: int = 0
    commits: int = 0
    commit_seconds: float = 0.0
    connected: bool = False
    lag_records: int = 0
    lag_seconds: float = 0.0
    on_their_way: int = 0
    partitions: list[int] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    @property
    def events(self) -> int:
        """Committed, whatever came of them."""
        return self.accepted + self.rejected + self.tombstones

    def count(self, outcomes: list[Outcome | None], seconds: float) -> None:
        """One commit of events with these outcomes, None for a tombstone."""
        self.accepted += outcomes.count(Outcome.ACCEPTED)
        self.rejected += outcomes.count(Outcome.REJECTED)
        self.tombstones += outcomes.count(None)
        self.commits += 1
        self.commit_seconds += seconds

    def line(self, before: int, seconds: float) -> str:
        """One line for a log. before: `events` at the line before, so many seconds ago."""
        rate = (self.events - before) / seconds if seconds > 0 else 0.0
        commit = 1000 * self.commit_seconds / self.commits if self.commits else 0.0
        unpaid = f" {self.unpaid} wait for the budget," if self.unpaid else ""
        away = "" if self.connected else " not connected,"
        return (
            f"{self.release}:{away} {rate:.1f} events/s,"
            f" lag {self.lag_records} events, {self.lag_seconds:.1f} s,"
            f" {self.on_their_way} on their way, accepted {self.accepted}, rejected {self.rejected},"
            f" failed tries {self.failures},{unpaid} commit {commit:.1f} ms, partitions {self.partitions}"
        )

    def gauges(self, max_lag_seconds: float) -> dict[str, float]:
        """The metrics `furrow.stream.…`, by their last part; counts are those since the process began."""
        return {
            "lag_records": self.lag_records,
            "lag_seconds": self.lag_seconds,
            "on_their_way": self.on_their_way,
            "events": self.events,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "failures": self.failures,
            "connected": int(self.connected),
            "late": int(self.lag_seconds > max_lag_seconds),
        }

    def alarm(self, max_lag_seconds: float) -> str | None:
        """What to log as an error, None when no event waits too long."""
        if self.lag_seconds <= max_lag_seconds:
            return None
        waits = f"the oldest event has waited {self.lag_seconds:.1f} s"
        return f"ALARM: {waits}, longer than max_lag_seconds ({max_lag_seconds:g})"

    def to_json(self) -> Json:
        """For `--json` and metrics."""
        return {**asdict(self), "started": None, "seconds": time.monotonic() - self.started}
