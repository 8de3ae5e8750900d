"""The events of a stream that wait for its budget: told once, not for each of them."""

from __future__ import annotations

import logging

from furrow.engine.events import Event
from furrow.errors import BudgetSpent
from furrow.streaming.standing import Standing

log = logging.getLogger(__name__)


class Unpaid:
    """Counts them in `standing.unpaid`."""

    def __init__(self, standing: Standing):
        self._standing, self._events = standing, set[str]()

    def wait(self, event: Event, error: BudgetSpent) -> None:
        """The budget has no room for a call of it now."""
        if not self._events:
            log.error("events are held until the budget has room: %s", error)
        self._events.add(event.id)
        self._standing.unpaid = len(self._events)

    def passed(self, event: Event) -> None:
        """There was room for it, whatever came of it then."""
        waited = event.id in self._events
        self.forget(event)
        if waited and not self._events:
            log.warning("the budget has room again: the events that waited for it go on")

    def forget(self, event: Event) -> None:
        """It is through, or somebody else's."""
        self._events.discard(event.id)
        self._standing.unpaid = len(self._events)
