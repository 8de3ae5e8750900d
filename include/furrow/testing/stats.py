"""What a model server has done since it started."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass
class Stats:
    """Counts since the start. Times are seconds since 1970.

    requests: all that arrived; answered: with an answer, good or bad; refused_at: when a request was one too
    many for the rate limit; faults: how often each kind happened; in_flight: requests being served now.
    """

    started_at: float = 0.0
    requests: int = 0
    answered: int = 0
    refused_at: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    most_in_flight: int = 0

    @property
    def refused(self) -> int:
        """Requests that were one too many for the rate limit."""
        return len(self.refused_at)

    def arrive(self) -> None:
        """A request came."""
        self.requests += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def to_json(self) -> dict[str, Any]:
        """Its fields, and `refused`."""
        return {**vars(self), "refused": self.refused}

    @classmethod
    def from_json(cls, stats: dict[str, Any]) -> Self:
        """From its fields."""
        fields = {name: value for name, value in stats.items() if name != "refused"}
        return cls(**{**fields, "faults": Counter(stats["faults"])})
