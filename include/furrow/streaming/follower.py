"""Results of a stream on their way to one more sink: the feature store, BigQuery.

Each sink reads the result topic at its own pace, with a position of its own: a sink that is slow or down
holds up neither the stream nor the other sinks. Results are published in bulk, and the position moves after;
a crash in between publishes rows again, which changes nothing in an idempotent sink.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from tenacity import RetryCallState, Retrying, retry_if_exception, retry_if_exception_type
from tenacity.wait import wait_random_exponential

from furrow.config.models import Stream
from furrow.engine.events import Event, Feed
from furrow.engine.ports import Row, Sink
from furrow.errors import ReplicaReplaced, SourceUnavailable, StoreUnavailable, TransientError
from furrow.store.replicas import Seat
from furrow.streaming.lag import Lag
from furrow.streaming.messages import result_row
from furrow.streaming.standing import Standing

log = logging.getLogger(__name__)

_AT_ONCE, _BYTES_AT_ONCE = 1000, 64_000_000
_POLL_SECONDS = 0.1
_TELL_SECONDS = 1.0
_BACKOFF = wait_random_exponential(multiplier=0.2, max=15)


class Follower:
    """Runs until it is stopped, a newer process takes its place, or a person has to act.

    sink_of: the sink for rows of that release. told: called with how it stands, every `report_seconds`.
    at_once: results in one publication; fewer when they are large.
    """

    def __init__(
        self,
        options: Stream,
        seat: Seat,
        feed: Feed,
        sink_of: Callable[[str], Sink],
        told: Callable[[Standing], None] = lambda standing: None,
        report_seconds: float = 10.0,
        at_once: int = _AT_ONCE,
    ):
        self.standing = Standing()
        self._at_once, self._bytes = at_once, 0
        self._options, self._seat, self._feed, self._sink_of = options, seat, feed, sink_of
        self._told, self._report_seconds = told, report_seconds
        self._waiting: dict[int, list[Event]] = {}
        self._stopping = threading.Event()
        self._next_tell = self._next_report = 0.0
        self._lag = Lag()

    def run(self) -> Standing:
        """Publish until `stop`. Raises ReplicaReplaced, or RunError when a person has to act."""
        self._seat.take()
        self._next_report = time.monotonic() + self._report_seconds
        _retrying(retry_if_exception_type(SourceUnavailable), self._session, self._sit_out)
        return self.standing

    def stop(self) -> None:
        """Publish what has been read, and end. May be called from a signal."""
        self._stopping.set()

    def given(self, partitions: Mapping[int, int]) -> None:
        """From now on these are ours."""
        self._waiting |= {number: [] for number in partitions}

    def taken(self, partitions: Sequence[int]) -> None:
        """They go to somebody else, who publishes what was not committed."""
        for number in partitions:
            self._waiting.pop(number, None)
        self._weigh()

    def _session(self) -> None:
        self._next_tell = 0.0
        self._tell()  # who opens the feed pushes the other one out, so first see whose place it is
        try:
            with self._telling():
                self._feed.open(self)
            while not self._stopping.is_set():
                self._read()
                self._tell()
            self._publish()
        finally:
            self._feed.close()
            self._waiting.clear()
            self._weigh()

    def _read(self) -> None:
        """Events until there are enough of them, or the first has waited long enough; then publish them."""
        until = time.monotonic() + max(self._options.publish_seconds, _POLL_SECONDS)
        while (room := self._room()) > 0 and (left := until - time.monotonic()) > 0:
            if self._stopping.is_set():
                break
            self._poll(room, min(left, _POLL_SECONDS))
        self._publish()

    def _room(self) -> int:
        return self._at_once - self._count() if self._bytes < _BYTES_AT_ONCE else 0

    def _poll(self, most: int, seconds: float) -> None:
        """Keep whatever comes, also a first event of a partition that was given to us in between."""
        for event in self._feed.poll(most, seconds):
            if event.partition in self._waiting:
                self._lag.delivered()
                self._waiting[event.partition].append(event)
                self._bytes += event.size

    def _count(self) -> int:
        return sum(map(len, self._waiting.values()))

    def _weigh(self) -> None:
        self._bytes = sum(event.size for events in self._waiting.values() for event in events)

    def _publish(self) -> None:
        if self._count() == 0:
            return
        held = list(self._waiting)
        self._feed.hold(held)
        _retrying(retry_if_exception(self._may_pass), self._publish_once, self._stay)
        self._feed.go_on([number for number in held if number in self._waiting])

    def _publish_once(self) -> None:
        """All that waits to the sink, then the position."""
        started = time.monotonic()
        waiting = {number: list(events) for number, events in self._waiting.items() if events}
        events = [event for part in waiting.values() for event in part]
        by_release: defaultdict[str, list[Row]] = defaultdict(list)
        for event in events:
            row = result_row(event)
            by_release[row.release].append(row)
        with self._telling():
            for release, rows in by_release.items():
                self._sink_of(release).publish(rows)
            self._feed.commit([], {number: part[-1].offset + 1 for number, part in waiting.items()})
        for number, part in waiting.items():
            del self._waiting[number][: len(part)]
        self._weigh()
        self.standing.accepted += len(events)
        self.standing.commits += 1
        self.standing.commit_seconds += time.monotonic() - started

    def _may_pass(self, error: BaseException) -> bool:
        passing = isinstance(error, TransientError) and not isinstance(error, SourceUnavailable)
        return passing and not self._stopping.is_set()

    def _stay(self, seconds: float) -> None:
        """Wait for the sink, and keep our place in the group meanwhile."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._stopping.is_set():
            self._poll(0, min(left, _POLL_SECONDS))
            self._tell()

    def _sit_out(self, seconds: float) -> None:
        """Until the feed is opened again. Who looks sees that we are there; `stop` ends it."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._stopping.is_set():
            self._tell()
            self._stopping.wait(min(left, _POLL_SECONDS))

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Around what takes long: a thread tells meanwhile how it stands, and nothing else is done."""
        done = threading.Event()
        thread = threading.Thread(target=self._tell_until, args=(done,), name="telling", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _tell_until(self, done: threading.Event) -> None:
        with suppress(ReplicaReplaced):  # the next `_tell` raises it, when what takes long is over
            while not done.wait(_POLL_SECONDS):
                self._tell()

    def _tell(self) -> None:
        now = time.monotonic()
        if now < self._next_tell:
            return
        self._next_tell = now + _TELL_SECONDS
        self._look()
        try:
            ours = self._seat.tell(self.standing.to_json())
        except StoreUnavailable as error:
            log.warning("how the sink stands could not be written: %s", error)
            return
        if not ours:
            raise ReplicaReplaced(f"another process publishes to `{self._seat.replica}` now; this one ends")
        if now >= self._next_report:
            self._next_report = now + self._report_seconds
            self._told(self.standing)

    def _look(self) -> None:
        oldest = min((events[0].time for events in self._waiting.values() if events), default=None)
        standing = self.standing
        standing.on_their_way, standing.partitions = self._count(), sorted(self._waiting)
        standing.connected = self._feed.joined()
        if standing.connected:
            standing.lag_records = self._feed.lag()
        standing.lag_seconds = self._lag.look(oldest, standing.connected, time.time())


def _retrying(retry: Any, call: Callable[[], None], sleep: Callable[[float], None]) -> None:
    Retrying(retry=retry, wait=_BACKOFF, sleep=sleep, before_sleep=_say, reraise=True)(call)


def _say(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome is not None else None
    log.warning("tried again: %s", error)
