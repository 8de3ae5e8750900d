"""A stream with two versions beside each other: who answers, how soon a rollback holds, what is noted."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from furrow.batch.watching import ReleaseWatch
from furrow.errors import ReplicaReplaced
from furrow.store.exposures import Exposures
from furrow.store.promotion import Promotions, arms_of, as_served
from furrow.store.releases import ReleaseLog
from furrow.store.replicas import Seat
from furrow.store.tables import exposures, windows
from furrow.store.windows import Windows
from furrow.streaming import recording as recordings
from furrow.streaming.messages import header
from furrow.streaming.recording import ReleaseRecording
from furrow.streaming.serving import Lineup
from tests.folders import FolderOfPrompts
from tests.stream.world import StreamWorld, value


class Street(StreamWorld):
    """What serves is what the log says."""

    def promotions(self) -> Promotions:
        log = ReleaseLog(self.database)
        return Promotions(log, as_served(self.prompts.load(), log.standing("goods")))

    def lineup(self) -> Lineup:
        found = self.promotions()
        arms = arms_of(found.use_case, found.log.standing("goods"))
        return Lineup(arms, {arm.name: found.use_case.version(arm.version) for arm in arms.all()})

    def record(self, noted: list[str]) -> None:
        """Keep what the replica tells."""
        self.recording = ReleaseRecording(
            "goods",
            "stream__1",
            lambda release: self.prompts.load().version(release.split("@")[0]).result,
            Windows(self.database),
            Exposures(self.database),
            lambda: noted.append("noted"),
        )

    def served(self) -> Counter[str]:
        return Counter(str(header(out.headers, "release")).split("@")[0] for out in self.feed.written)

    def rows(self, query: sa.Select) -> list[tuple[object, ...]]:
        return self.database.read(lambda connection: [tuple(row) for row in connection.execute(query)])


@pytest.fixture
def street(prompts: FolderOfPrompts, tmp_path: Path) -> Iterator[Street]:
    prompts.version("v2", "Digest of version 2.")
    street = Street(prompts, tmp_path)
    yield street
    street.database.close()


def experiment(street: Street, text: str) -> None:
    street.prompts.change("goods/pipeline.yaml", "live: v1\n", f"live: v1\nexperiment: {text}\n")


async def test_a_canary_answers_its_share_and_every_result_names_its_release(street: Street) -> None:
    street.promotions().promote("v2", "minji", "better", share=0.3)
    for number in range(100):
        street.feed.append(value(number))
    await street.until(lambda: street.feed.all_committed)
    assert street.served().total() == 100 and 15 <= street.served()["v2"] <= 45


async def test_a_rollback_holds_for_every_event_that_begins_a_second_later(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("furrow.streaming.replica._LOOK_SECONDS", 0.2)  # a second is for a slow machine
    street.promotions().promote("v2", "minji", "better")
    replica = street.replica()
    running = asyncio.create_task(replica.run())
    for number in range(5):
        street.feed.append(value(number))
    while not street.feed.all_committed:
        await asyncio.sleep(0.01)
    assert street.served() == {"v2": 5}
    street.promotions().rollback("minji", "prices are wrong")
    await asyncio.sleep(1.5)
    for number in range(5, 25):
        street.feed.append(value(number))
    while not street.feed.all_committed:
        await asyncio.sleep(0.01)
    replica.stop()
    await running
    assert street.served() == {"v2": 5, "v1": 20}
    assert len(street.closed) == 2


async def test_a_shadow_is_counted_and_never_published(street: Street) -> None:
    experiment(street, "{candidate: v2, share: 0.999999, shadow: true}")
    noted: list[str] = []
    street.record(noted)
    for number in range(20):
        street.feed.append(value(number))
    replica = street.replica()
    await street.until(lambda: street.feed.all_committed and not replica._shadows, replica)
    assert street.served() == {"v1": 20}
    found = dict(street.rows(sa.select(windows.c.release, windows.c.records)))
    assert {name.split("@")[0]: records for name, records in found.items()} == {"v1": 20, "v2": 20}
    assert street.rows(sa.select(exposures.c.unit)) == [] and noted


async def test_the_units_of_an_experiment_are_noted_with_the_arm_that_answered_them(street: Street) -> None:
    experiment(street, "{candidate: v2, share: 0.5}")
    street.record([])
    for number in range(40):
        street.feed.append(value(number))
    await street.until(lambda: street.feed.all_committed)
    arms = dict(street.rows(sa.select(exposures.c.unit, exposures.c.arm)))
    written = street.feed.written
    told = {json.loads(out.value or b"")["key"]: header(out.headers, "release") for out in written}
    assert {key: "candidate" if str(name)[:2] == "v2" else "live" for key, name in told.items()} == arms


async def test_a_live_version_that_was_edited_in_place_is_not_taken_up(street: Street) -> None:
    street.promotions().promote("v2", "minji", "better")
    replica = street.replica()
    running = asyncio.create_task(replica.run())
    while not replica.standing.release:
        await asyncio.sleep(0.01)
    release = replica.standing.release
    street.prompts.put("goods/v2/digest/system.md", "Edited.\n")
    await asyncio.sleep(1.3)
    street.feed.append(value(1))
    while not street.feed.all_committed:
        await asyncio.sleep(0.01)
    replica.stop()
    await running
    assert header(street.feed.written[0].headers, "release") == release


async def test_a_folder_that_stops_loading_takes_no_replica_down_when_its_release_is_looked_after(
    street: Street, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recordings, "WINDOW_SECONDS", 0.0)
    looks = watched(street)
    street.feed.append(value(0))
    replica = street.replica()
    running = asyncio.create_task(replica.run())
    while not street.feed.all_committed:
        await asyncio.sleep(0.005)
    street.prompts.put("goods/pipeline.yaml", "nothing: that loads\n")
    seen = len(looks)
    while len(looks) < seen + 3 and not running.done():
        await asyncio.sleep(0.005)
    street.feed.append(value(1))
    await street.until(lambda: street.feed.all_committed, replica, running)
    assert len(street.results) == 2
    said = [line for line in caplog.messages if line.startswith("what the releases did")]
    assert len(said) == 1
    assert "pipeline.yaml" in said[0]


async def test_an_error_of_the_last_look_does_not_hide_that_the_place_is_taken(street: Street) -> None:
    looks = watched(street)
    street.feed.append(value(0))
    running = asyncio.create_task(street.replica().run())
    while not street.feed.all_committed:
        await asyncio.sleep(0.005)
    street.prompts.put("goods/pipeline.yaml", "nothing: that loads\n")
    Seat(street.database, "goods", "0").take()
    with pytest.raises(ReplicaReplaced):
        await running
    assert looks


def watched(street: Street) -> list[str]:
    """Let the release be looked after as a stream does it; each look is noted."""
    looks: list[str] = []
    watch = ReleaseWatch(street.promotions, Windows(street.database))

    def look() -> None:
        looks.append("looked")
        watch.look()

    fields = street.live().result
    windows, exposed = Windows(street.database), Exposures(street.database)
    street.recording = ReleaseRecording("goods", "stream__1", lambda _: fields, windows, exposed, look)
    return looks
