"""A stream whose replicas are killed at random, and whose broker is restarted."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from furrow.testing import FaultRate, ServerProcess
from tests.brokers import Outgoing
from tests.stream.processes import Nursery, Part
from tests.stream.site import StreamSite

LATENCY, JITTER = 0.1, 0.2
FAULTS = (
    FaultRate.of("server_error=503", 0.02, seed=1),
    FaultRate.of("rate_limit", 0.01, seed=2),
    FaultRate.of("reset", 0.01, seed=3),
    FaultRate.of("lost", 0.01, seed=4),
)
"""The model server is slow and fails; what it answers in the end is the same as ever."""


@dataclass
class Trial:
    """What was done to a stream and what it cost. bought: billed calls; again: those that had an answer.

    under_way: calls that killed processes had been granted and not written down; torn: kills in the middle of
    a publication to BigQuery.
    """

    kills: int = 0
    restarts: int = 0
    bought: int = 0
    again: int = 0
    under_way: int = 0
    most_under_way: int = 0
    torn: int = 0
    seconds: float = 0.0
    statuses: list[int] = field(default_factory=list)


def undisturbed(
    site: StreamSite,
    nursery: Nursery,
    server: ServerProcess,
    sent: Sequence[Outgoing],
    sinks: Sequence[str] = (),
) -> int:
    """All events through one replica and a quick server, and to the sinks; how many calls that buys."""
    before = len(server.bills)
    site.produce(sent)
    parts = [site.replica(nursery, 0), *(site.follower(nursery, sink) for sink in sinks)]
    site.wait_until_done(*parts, seconds=600)
    for sink in sinks:
        site.wait_until_published(sink, *parts, seconds=600)
    for part in parts:
        part.tell_to_end()
    for part in parts:
        assert part.ended() == 0, part.said()
    return len(server.bills) - before


@dataclass
class Killing:
    """Kills a random replica or follower, starts it again in its place, feeds more events, and so on.

    Halfway it restarts the broker, if that remembers open transactions.
    """

    site: StreamSite
    nursery: Nursery
    server: ServerProcess
    sent: Sequence[Outgoing]
    kills: int
    replicas: int = 3
    sinks: Sequence[str] = ()
    longest_pause: float = 3.0
    patience: float = 240.0
    dice: random.Random = field(default_factory=lambda: random.Random(20261125))

    def run(self) -> Trial:
        """All of it, until every event has come through."""
        trial, began, before = Trial(), time.monotonic(), len(self.server.bills)
        parts = [self._start(number) for number in range(self.replicas + len(self.sinks))]
        share = -(-len(self.sent) // (self.kills + 1))
        try:
            for number in range(self.kills + 1):
                self.site.produce(self.sent[number * share : (number + 1) * share])
                time.sleep(self.dice.uniform(0.2, self.longest_pause))
                if number == self.kills // 2:
                    self._restart(trial)
                if number < self.kills:
                    self._kill_one(parts, trial)
            self.site.wait_until_done(*parts, seconds=self.patience)
            for sink in self.sinks:
                self.site.wait_until_published(sink, *parts, seconds=self.patience)
            for part in parts:
                part.tell_to_end()
            trial.statuses = [part.ended() for part in parts]
        finally:
            for part in parts:
                part.kill()
        self._count(trial, before)
        trial.seconds = time.monotonic() - began
        return trial

    def _restart(self, trial: Trial) -> None:
        if self.site.broker.can.remembers_open_transactions:
            self.site.broker.restart()
            trial.restarts += 1

    def _kill_one(self, parts: list[Part], trial: Trial) -> None:
        victim = self.dice.randrange(len(parts))
        assert parts[victim].status is None, f"part {victim} ended by itself: {parts[victim].said()}"
        parts[victim].kill()
        under_way = self.site.under_way(parts[victim].pid)
        trial.kills += 1
        trial.under_way += under_way
        trial.most_under_way = max(trial.most_under_way, under_way)
        trial.torn += self._publishes_to(victim, "bigquery") and self.site.staged()
        parts[victim] = self._start(victim)

    def _publishes_to(self, number: int, sink: str) -> bool:
        return number >= self.replicas and self.sinks[number - self.replicas] == sink

    def _start(self, number: int) -> Part:
        if number < self.replicas:
            return self.site.replica(self.nursery, number)
        return self.site.follower(self.nursery, self.sinks[number - self.replicas])

    def _count(self, trial: Trial, before: int) -> None:
        bills = self.server.bills[before:]
        answered = Counter(bill.request for bill in bills if bill.fault != "lost")
        trial.bought, trial.again = len(bills), sum(times - 1 for times in answered.values())


def sound(trial: Trial) -> bool:
    """Whether it ended well, and no call was bought twice but those under way when their buyer was killed."""
    return not any(trial.statuses) and trial.again <= trial.under_way
