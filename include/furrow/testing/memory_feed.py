"""A Feed in this process: the events of a topic, what was written, and all that may go wrong between."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from furrow.engine.events import Event, Holder, Outgoing
from furrow.errors import SinkUnavailable, SourceUnavailable

Fate = Literal["refused", "unknown, and nothing happened", "unknown, and it happened"]
"""How a commit goes wrong: SinkUnavailable for the first, SourceUnavailable for the others."""

_LOOK_SECONDS = 0.005


class MemoryFeed:
    """The events of one topic for one replica, and its position.

    topic: of its events. written: messages of commits that happened; committed: partition -> next offset;
    commits: position of each commit that happened, in order. opened: how often it was. fates: what the next
    commits meet, in order, None for success. before_commit: called in the middle of each commit. left: what
    `close` was told; None before.
    """

    def __init__(self, events: Iterable[Event] = (), topic: str = "memory", partitions: int = 1):
        self.topic = topic
        self.written: list[Outgoing] = []
        self.committed: dict[int, int] = dict.fromkeys(range(partitions), 0)
        self.commits: list[dict[int, int]] = []
        self.fates: deque[Fate | None] = deque()
        self.before_commit: Callable[[], None] = lambda: None
        self.opened, self.held = 0, set[int]()
        self.left: bool | None = None
        self._joined = False
        self._log: dict[int, list[Event]] = {number: [] for number in range(partitions)}
        self._ours: dict[int, int] = {}
        self._holder: Holder | None = None
        self._changes: deque[Callable[[Holder], None]] = deque()
        self._errors: deque[Exception] = deque()
        self._unsure, self._polling = False, threading.Lock()
        self._away = set[int]()
        for event in events:
            self.append(event.value, event.partition, event.key, event.headers)

    # --- for tests ---------------------------------------------------------------------------------

    def append(
        self,
        value: bytes | None,
        partition: int = 0,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> Event:
        """One more event at the end of a partition."""
        offset = len(self._log[partition])
        event = Event(self.topic, partition, offset, key, value, time.time(), tuple(headers))
        self._log[partition].append(event)
        return event

    def take_away(self, *partitions: int) -> None:
        """Within the next poll these go to another replica."""
        self._changes.append(lambda holder: self._take(holder, partitions))

    def give_back(self, *partitions: int) -> None:
        """Within the next poll these are ours, from the committed position on."""
        self._changes.append(lambda holder: self._give(holder, partitions))

    def fail(self, error: Exception) -> None:
        """Let the next poll raise this."""
        self._errors.append(error)

    @property
    def all_committed(self) -> bool:
        """Whether the position is behind every event."""
        return all(self.committed[number] == len(log) for number, log in self._log.items())

    # --- Feed --------------------------------------------------------------------------------------

    def open(self, holder: Holder) -> None:
        """Everything that was not taken away is ours within the next poll."""
        self.opened, self._holder, self._unsure = self.opened + 1, holder, False
        self._changes.append(lambda given: self._give(given, sorted(self._log.keys() - self._away)))

    def poll(self, most: int, seconds: float) -> list[Event]:
        """Up to `most` events; what was ordered happens first. Raises what `fail` was given."""
        with self._polling:
            return self._poll(most, seconds)

    def _poll(self, most: int, seconds: float) -> list[Event]:
        while self._changes and self._holder is not None:
            self._changes.popleft()(self._holder)
        if self._errors:
            raise self._errors.popleft()
        deadline = time.monotonic() + seconds
        while not (events := self._next(most)) and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        return events

    def hold(self, partitions: Sequence[int]) -> None:
        """Deliver nothing of these until `go_on`."""
        self.held |= set(partitions)

    def go_on(self, partitions: Sequence[int]) -> None:
        """Deliver them again."""
        self.held -= set(partitions)

    def commit(self, messages: Sequence[Outgoing], position: Mapping[int, int]) -> None:
        """Both or neither, as the next of `fates` wants it."""
        if self._unsure:
            raise SourceUnavailable("nobody knows what became of the last commit; open the feed anew")
        fate = self.fates.popleft() if self.fates else None
        self.before_commit()
        if fate in (None, "unknown, and it happened"):
            self.written += messages
            self.committed |= position
            self.commits.append(dict(position))
        if fate == "refused":
            raise SinkUnavailable("the commit was refused, as its test wants")
        if fate is not None:
            self._unsure = True
            raise SourceUnavailable(f"the commit's end is {fate}, as its test wants")

    def lag(self) -> int:
        """Events after the committed position."""
        return sum(len(self._log[number]) - self.committed[number] for number in list(self._ours))

    def joined(self) -> bool:
        """Whether it is open and the first poll was."""
        return self._joined

    def close(self, leaving: bool = False) -> None:
        """Everything is taken, once a poll that is under way has ended."""
        with self._polling:
            self.left, self._joined = leaving, False
            holder, self._holder = self._holder, None
            self._changes.clear()
            if holder is not None and self._ours:
                self._take(holder, list(self._ours), for_good=False)

    # -----------------------------------------------------------------------------------------------

    def _give(self, holder: Holder, partitions: Sequence[int]) -> None:
        self._away -= set(partitions)
        starts = {number: self.committed[number] for number in partitions}
        self._ours |= starts
        self._joined = True
        self.held -= set(partitions)
        holder.given(dict(starts))

    def _take(self, holder: Holder, partitions: Sequence[int], for_good: bool = True) -> None:
        if for_good:
            self._away |= set(partitions)
        holder.taken(list(partitions))
        for number in partitions:
            self._ours.pop(number, None)

    def _next(self, most: int) -> list[Event]:
        found: list[Event] = []
        for number in self._ours.keys() - self.held:
            log, start = self._log[number], self._ours[number]
            events = log[start : start + most - len(found)]
            self._ours[number] += len(events)
            found += events
        return found
