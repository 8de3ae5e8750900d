"""What a replica tells of the records that are through: for windows of each release, and experiments."""

from __future__ import annotations

from typing import Protocol

from furrow.engine.arms import Arm, Arms
from furrow.engine.record import Work


class Recording(Protocol):
    """Belongs to one event loop; only `flush` is called in another thread, one at a time."""

    def add(self, arms: Arms, arm: Arm, work: Work) -> None:
        """A record is through, and its result published; or it was answered in the shadow."""

    def flush(self, final: bool = False) -> None:
        """Write down what is complete, all of it at the end. Raises StoreUnavailable: called again later."""


class NoRecording:
    """Keeps nothing."""

    def add(self, arms: Arms, arm: Arm, work: Work) -> None:
        """Does nothing."""

    def flush(self, final: bool = False) -> None:
        """Does nothing."""
