"""The longest time without a result while processes take each other's seat and the release changes.

One seat of a stream, 50 events a second. Each turn starts a process for the seat that is taken already, as
the next run of the DAG does; the one before ends by itself. After half of the turns a file of the release is
edited under the running stream. Times are those at which a reader of committed messages sees a result.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer

from bench.stream_site import USE_CASE, ReplicaProcess, Site, Writer
from furrow.streaming.messages import header
from tests.brokers import Broker

Json = dict[str, Any]
RATE, PARTITIONS = 50.0, 3
CALM = 4.0
"""Seconds of events before the first turn, and after each turn and the change."""
_PATIENCE = 120.0


@dataclass
class Seen:
    """Results in the order in which they come: when, for which event, and of which release."""

    consumer: Consumer
    moments: list[float] = field(default_factory=list)
    keys: Counter[str] = field(default_factory=Counter)
    releases: list[str | None] = field(default_factory=list)

    def read_until(self, ended: threading.Event) -> None:
        """In a thread of its own."""
        while not ended.is_set():
            message = self.consumer.poll(0.1)
            if message is not None and message.error() is None:
                self.moments.append(time.time())
                self.keys[message.key().decode()] += 1
                self.releases.append(header(message.headers(), "release"))

    def longest_gap(self, spans: list[tuple[float, float]]) -> float:
        """Seconds, of the gaps that end or begin in one of the spans."""
        gaps = [
            after - before
            for before, after in pairwise(self.moments)
            if any(before <= end and after >= begin for begin, end in spans)
        ]
        return round(max(gaps, default=0.0), 3)


def hand_over(broker: Broker, folder: Path, url: str, turns: int) -> Json:
    """Seconds without a result, and how many results are lost, doubled or name no release."""
    site = Site.make(folder, broker, url, PARTITIONS, {})
    calm: list[tuple[float, float]] = []
    taken: list[tuple[float, float]] = []
    changed: list[tuple[float, float]] = []
    with site.reader() as reader, site.writer() as writer, ExitStack() as stack:
        seen = Seen(reader.consumer)
        stack.enter_context(_in_a_thread(seen.read_until))
        process = stack.enter_context(ReplicaProcess(site, 0))
        with _in_a_thread(lambda ended: _write_until(writer, ended)):
            _wait(lambda: len(seen.keys) > RATE, "the first results")
            _spend(calm, lambda: None)
            for turn in range(turns):
                if turn == turns // 2:
                    _spend(changed, lambda: _change_release(site))
                heir = stack.enter_context(ReplicaProcess(site, 0))
                _spend(taken, process.end_of_turn)
                process = heir
        _wait(lambda: len(seen.keys) >= writer.count, "every result")
        time.sleep(1)  # one that is doubled comes a little later
    return {
        "events": writer.count,
        "turns": turns,
        "usual_gap_seconds": seen.longest_gap(calm),
        "longest_gap_seconds": seen.longest_gap([(calm[0][0], taken[-1][1])]),
        "gaps_of_the_turns": [seen.longest_gap([span]) for span in taken],
        "gap_of_the_change": seen.longest_gap(changed),
        "lost": len(writer.sent.keys() - seen.keys.keys()),
        "doubled": seen.keys.total() - len(seen.keys),
        "without_release": seen.releases.count(None),
        "releases": dict(Counter(filter(None, seen.releases))),
    }


@contextmanager
def _in_a_thread(work: Callable[[threading.Event], None]) -> Iterator[None]:
    ended = threading.Event()
    thread = threading.Thread(target=work, args=(ended,))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _write_until(writer: Writer, ended: threading.Event) -> None:
    while not ended.is_set():
        writer.write_at(RATE, 0.5)


def _spend(spans: list[tuple[float, float]], act: Callable[[], object]) -> None:
    """Do it, let a few seconds pass, and note from when to when that was."""
    began = time.time()
    act()
    time.sleep(CALM)
    spans.append((began, time.time()))


def _change_release(site: Site) -> None:
    system = site.home / "prompts" / USE_CASE / "v1" / "extract" / "system.md"
    system.write_text(system.read_text() + "\nAnswer in one line.\n")


def _wait(met: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not met():
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {_PATIENCE:g} s: {what}")
        time.sleep(0.05)
