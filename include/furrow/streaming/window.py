"""The events on their way in one replica: a bounded number of each partition, each a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Generic, TypeVar

from furrow.engine.events import Event, Feed
from furrow.streaming.progress import Place, Progress

End = TypeVar("End")

_MOST_BYTES = 64_000_000


class Window(Generic[End]):
    """Belongs to one event loop. look_ahead: events of a partition that may be on their way at a time.

    most_bytes: of all partitions together, each has an equal part of them; one event may always be on its
    way. A full partition is held at the feed until half of its events, or bytes, are through. by_key: events
    of one key are worked on one after the other.
    """

    def __init__(self, feed: Feed, look_ahead: int, by_key: bool, most_bytes: int = _MOST_BYTES):
        self._feed, self._look_ahead, self._by_key = feed, look_ahead, by_key
        self._most_bytes = most_bytes
        self._partitions: dict[int, Progress[End]] = {}
        self._tasks: dict[int, set[asyncio.Task[None]]] = {}
        self._last_of_key: dict[bytes, asyncio.Task[None]] = {}
        self._held: set[int] = set()

    def __len__(self) -> int:
        return sum(map(len, self._partitions.values()))

    @property
    def partitions(self) -> list[int]:
        """Those that are ours."""
        return sorted(self._partitions)

    @property
    def oldest(self) -> float | None:
        """When the oldest event that is not committed was appended."""
        return min(
            (each.oldest for each in self._partitions.values() if each.oldest is not None), default=None
        )

    def add(self, partitions: Mapping[int, int]) -> None:
        """These are ours now, from these offsets on."""
        for number, start in partitions.items():
            self._partitions[number], self._tasks[number] = Progress(start), set()

    def drop(self, partitions: Iterable[int]) -> None:
        """These are not ours any more: nothing of them is published, what is being worked on is given up."""
        for number in partitions:
            self._partitions.pop(number, None)
            self._held.discard(number)
            for task in self._tasks.pop(number, ()):
                task.cancel()

    def room(self) -> int:
        """How many events may be taken now, whatever their partition. Holds the full ones at the feed."""
        rooms = {number: self._room_of(each) for number, each in self._partitions.items()}
        full = {number for number, room in rooms.items() if room <= 0}
        emptied = {number for number in self._held if self._is_half_empty(self._partitions[number])}
        self.hold(full - self._held)
        if emptied:
            self._feed.go_on(sorted(emptied))
            self._held -= emptied
        return min((room for number, room in rooms.items() if number not in self._held), default=0)

    def _room_of(self, progress: Progress[End]) -> int:
        """By their number, and by the size of those that are on their way."""
        left, count = self._bytes_of_each - progress.size, len(progress)
        if left <= 0 or not count:
            return 0 if count else self._look_ahead
        alike = left * count // max(progress.size, 1)
        return min(self._look_ahead - count, max(alike, 1))

    def _is_half_empty(self, progress: Progress[End]) -> bool:
        few = self._look_ahead - len(progress) > self._look_ahead // 2
        return few and progress.size <= self._bytes_of_each // 2

    @property
    def _bytes_of_each(self) -> int:
        return self._most_bytes // max(len(self._partitions), 1)

    def hold(self, partitions: Iterable[int]) -> None:
        """Let the feed deliver nothing of these for now."""
        if new := set(partitions):
            self._feed.hold(sorted(new))
            self._held |= new

    def take(self, event: Event) -> Place[End] | None:
        """A place for an event; None when its partition is somebody else's by now."""
        progress = self._partitions.get(event.partition)
        return None if progress is None else progress.take(event)

    def start(self, event: Event, work: Callable[[], Awaitable[None]], group: asyncio.TaskGroup) -> None:
        """Work on an event, after those of its key where that is asked for."""
        key = event.key if self._by_key else None
        task = group.create_task(_after(self._last_of_key.get(key) if key else None, work))
        tasks = self._tasks[event.partition]
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        if key:
            self._last_of_key[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))

    def prefixes(self, most: int) -> dict[int, list[Place[End]]]:
        """The resolved prefix of each partition that has one, `most` events of each."""
        prefixes = {number: each.resolved(most) for number, each in self._partitions.items()}
        return {number: places for number, places in prefixes.items() if places}

    def done(self, prefixes: Mapping[int, list[Place[End]]]) -> None:
        """Forget what was committed."""
        for number, places in prefixes.items():
            self._partitions[number].done(len(places))

    def _forget(self, key: bytes, task: asyncio.Task[None]) -> None:
        if self._last_of_key.get(key) is task:
            del self._last_of_key[key]


async def _after(earlier: asyncio.Task[None] | None, work: Callable[[], Awaitable[None]]) -> None:
    if earlier is not None:
        await asyncio.wait([earlier])
    await work()
