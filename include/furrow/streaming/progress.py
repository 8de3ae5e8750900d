"""How far a partition has come: what was taken, what is resolved, and the prefix that may be committed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Generic, TypeVar

from furrow.engine.events import Event

End = TypeVar("End")


@dataclass(slots=True)
class Place(Generic[End]):
    """One event on its way. end: what came of it, None until it is resolved."""

    event: Event
    end: End | None = None


class Progress(Generic[End]):
    """The events of one partition in their order; done is only the resolved prefix.

    The first event that is not resolved is the floor: nothing behind it is committed. committed: the next
    offset to read for whoever starts now. size: bytes of its events.
    """

    def __init__(self, start: int):
        self.committed = start
        self.size = 0
        self._places: deque[Place[End]] = deque()

    def __len__(self) -> int:
        return len(self._places)

    def take(self, event: Event) -> Place[End]:
        """Note that an event was delivered. Offsets rise, with gaps where transactions left their markers."""
        if event.offset < self._next:
            raise ValueError(f"{event.id} was delivered after offset {self._next - 1}")
        place: Place[End] = Place(event)
        self._places.append(place)
        self.size += event.size
        return place

    def resolved(self, most: int) -> list[Place[End]]:
        """The resolved prefix in order, `most` of it; it stays until `done`."""
        return list(islice(takewhile(lambda place: place.end is not None, self._places), most))

    def done(self, count: int) -> None:
        """The first `count` events are committed: forget them."""
        for _ in range(count):
            event = self._places.popleft().event
            self.committed = event.offset + 1
            self.size -= event.size

    @property
    def oldest(self) -> float | None:
        """When the first event that is not committed was appended; None when there is none."""
        return self._places[0].event.time if self._places else None

    @property
    def _next(self) -> int:
        return self._places[-1].event.offset + 1 if self._places else self.committed
