"""How long the oldest event waits, also while nobody reads."""

from __future__ import annotations

_QUIET_SECONDS = 10.0
"""Far longer than the first events take to come once the partitions are here."""


class Lag:
    """Knows the oldest event that is not committed from those on their way.

    While nothing is read, because the broker is away, that one waits on. Who reads again knows better with
    the first event, or when none comes for a while.
    """

    def __init__(self) -> None:
        self._oldest: float | None = None
        self._knows = True
        self._quiet_since: float | None = None

    def delivered(self) -> None:
        """An event came: from now on, what is not on its way does not wait."""
        self._knows = True

    def look(self, oldest: float | None, reading: bool, now: float) -> float:
        """Seconds; 0 when nothing waits.

        oldest: when the oldest event on its way was appended. reading: whether the feed delivers. now: by
        the clock of the events.
        """
        if oldest is not None or not reading:
            self._knows, self._quiet_since = oldest is not None, None
            self._oldest = self._oldest if oldest is None else oldest
        elif self._knows or self._is_quiet(now):
            self._oldest, self._knows = None, True
        return 0.0 if self._oldest is None else max(now - self._oldest, 0.0)

    def _is_quiet(self, now: float) -> bool:
        self._quiet_since = now if self._quiet_since is None else self._quiet_since
        return now - self._quiet_since >= _QUIET_SECONDS
