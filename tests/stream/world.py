"""One replica of a stream with everything around it in memory, except the files and the state database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from furrow.adapters.model_price import CataloguePrices
from furrow.config.models import Stream
from furrow.config.use_case import Version
from furrow.engine.calls import Calls, Stamp
from furrow.engine.events import Outgoing
from furrow.engine.pipeline import Pipeline
from furrow.store.database import Database, open_database
from furrow.store.dead_letters import DeadLetters
from furrow.store.replicas import Seat
from furrow.streaming.messages import header
from furrow.streaming.recording import Recording
from furrow.streaming.replica import Assignment, Replica
from furrow.streaming.serving import Lineup, Serving
from furrow.streaming.standing import Standing
from furrow.testing import MemoryFeed, MemoryLedger, ScriptedModel
from tests.folders import FolderOfPrompts, record

SECONDS = 20.0
"""Patience; nothing is measured."""


def value(number: int, **changed: object) -> bytes:
    """A listing as the feed delivers it."""
    return json.dumps(record(number, **changed), ensure_ascii=False).encode()


class StreamWorld:
    """What a replica needs. options: of `stream:` in pipeline.yaml; model: answers all calls.

    cap_usd: what the use case may spend a day, None without a budget. told, report_seconds: of the replica.
    """

    def __init__(self, prompts: FolderOfPrompts, folder: Path, partitions: int = 1, **options: Any):
        self.prompts, self.options = prompts, Stream(**{"drain_seconds": 5, **options})
        self.feed = MemoryFeed(partitions=partitions)
        self.model, self.ledger = ScriptedModel(), MemoryLedger()
        self.database: Database = open_database(f"sqlite:///{folder / 'stream.db'}")
        self.letters = DeadLetters(self.database)
        self.closed: list[str] = []
        self.recording: Recording | None = None
        self.cap_usd: float | None = None
        self.told: Callable[[Standing], None] = lambda standing: None
        self.report_seconds = 10.0

    def replica(self) -> Replica:
        """As a new process opens it."""
        record_fields = self.prompts.load().pipeline.record
        assignment = Assignment("goods", "stream__1", self.options, record_fields, "results", "letters")
        serving = Serving(self.lineup, self._pipeline)
        seat = Seat(self.database, "goods", "0")
        told, every = self.told, self.report_seconds
        return Replica(assignment, seat, self.feed, serving, self.letters, told, every, self.recording)

    def live(self) -> Version:
        """The version that serves now."""
        return self.prompts.load().version()

    def lineup(self) -> Lineup:
        """It alone; a test may put another here."""
        return Lineup.alone(self.live())

    @asynccontextmanager
    async def _pipeline(self, version: Version) -> AsyncIterator[Pipeline]:
        stamp = Stamp("goods", version.release, "stream__1", self.cap_usd)
        prices = CataloguePrices(version.catalogue)
        calls = Calls(lambda _: self.model, version.catalogue, self.ledger, stamp, prices, again_after=0.0)
        try:
            yield Pipeline(version, calls)
        finally:
            await calls.close()
            self.closed.append(version.release)

    async def until(
        self,
        met: Callable[[], object],
        replica: Replica | None = None,
        running: asyncio.Task[Standing] | None = None,
    ) -> Standing:
        """Run a replica, or go on with one, until something holds, then stop it; how it stood at its end."""
        replica = replica or self.replica()
        running = running or asyncio.create_task(replica.run())
        async with asyncio.timeout(SECONDS):
            while not met() and not running.done():
                await asyncio.sleep(0.005)
            replica.stop()
            return await running

    @property
    def results(self) -> list[str]:
        """The record ids of published results, in their order."""
        return [_record_id(out) for out in self.feed.written if out.topic == "results"]

    @property
    def rejected(self) -> list[str]:
        """The record ids of dead-letter messages."""
        return [_record_id(out) for out in self.feed.written if out.topic == "letters"]

    def ids(self, *offsets: int, partition: int = 0) -> list[str]:
        """Record ids of these offsets."""
        return [f"kafka:memory/{partition}/{offset}" for offset in offsets]


def _record_id(out: Outgoing) -> str:
    found = header(out.headers, "record_id")
    assert found is not None
    return found


@contextmanager
def world_of(prompts: FolderOfPrompts, folder: Path, **options: Any) -> Iterator[StreamWorld]:
    """A world whose database is closed afterwards."""
    world = StreamWorld(prompts, folder, **options)
    try:
        yield world
    finally:
        world.database.close()
