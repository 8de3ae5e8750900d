"""The tasks of a run: killed anywhere and called again, nothing is lost, doubled or bought twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from furrow.batch.run import BatchRun, Surroundings
from furrow.config.use_case import Version
from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.errors import (
    ConnectionMissing,
    OptionUnknown,
    ProviderUnavailable,
    RateLimited,
    SourceUnavailable,
    StoreDamaged,
)
from furrow.store.database import open_database
from furrow.store.run_store import RunStore
from furrow.store.runs import RunTable
from furrow.testing import Crash, MemoryLedger, MemorySink, MemorySource, ScriptedModel
from tests.folders import FolderOfPrompts, record

Json = dict[str, Any]


class World:
    """A use case with everything around it in memory, except the files and the state database."""

    def __init__(self, prompts: FolderOfPrompts, folder: Path, values: list[Any]):
        self.prompts, self.folder = prompts, folder
        self.source, self.sink, self.ledger = MemorySource(values), MemorySink(), MemoryLedger()
        self.model = ScriptedModel()
        self.runs = RunTable(open_database(f"sqlite:///{folder / 'furrow.db'}"))
        self.preflight: Callable[[Version], None] = lambda _: None

    def run(self, run_id: str = "run-1") -> BatchRun:
        """As a new task process opens it."""
        use_case = self.prompts.load()

        @asynccontextmanager
        async def pipeline(version: Version) -> AsyncIterator[Pipeline]:
            stamp = Stamp(use_case.name, version.release, run_id)
            yield Pipeline(version, Calls(lambda _: self.model, version.catalogue, self.ledger, stamp))

        surroundings = Surroundings(
            source=lambda: self.source,
            sink=lambda name, version: self.sink,
            pipeline=pipeline,
            preflight=lambda version: self.preflight(version),
            reports=list,
            runs=self.runs,
        )
        return BatchRun(
            use_case, run_id, RunStore(str(self.folder / "store")).run("goods", run_id), surroundings
        )

    def through(self, run_id: str = "run-1", limit: int | None = None) -> Json:
        """The whole run, task by task, each in a process of its own as far as files go."""
        for partition in self.run(run_id).fetch(limit):
            for step in ("digest", "extract", "price"):
                partition = self.run(run_id).run_step(step, partition)
            self.run(run_id).validate(partition)
        self.run(run_id).publish("features")
        return self.run(run_id).evaluate()


@pytest.fixture
def world(prompts: FolderOfPrompts, tmp_path: Path) -> World:
    prompts.change("goods/v1/steps.yaml", "result.price_krw > 0", "result.price_krw > -1")
    return World(prompts, tmp_path, [record(number) for number in range(25)])


def test_a_run_ends_every_record_and_publishes_the_accepted(world: World) -> None:
    report = world.through()
    assert report["counts"]["accepted"] == 25 and len(world.sink.rows) == 25
    latest = world.runs.latest("goods")
    assert latest is not None and latest.state == "success" and latest.counts["accepted"] == 25


def test_records_are_cut_into_partitions_with_labels(world: World) -> None:
    partitions = world.run().fetch()
    assert [partition["records"] for partition in partitions] == [10, 10, 5]
    assert partitions[2]["label"] == "002 · 5 records"
    assert Path(partitions[0]["uri"]).is_file()


def test_a_limit_leaves_the_rest_in_the_source(world: World) -> None:
    assert sum(partition["records"] for partition in world.run().fetch(limit=7)) == 7
    assert world.source.committed == 7


def test_a_limit_of_nothing_takes_nothing(world: World) -> None:
    assert world.run().fetch(limit=0) == []


def test_a_rate_limit_stays_one_with_its_wait(world: World) -> None:
    (partition, *_) = world.run().fetch(limit=10)
    world.model = ScriptedModel(lambda _: RateLimited("quota", 90.0))
    with pytest.raises(RateLimited) as caught:
        world.run().run_step("digest", partition)
    assert caught.value.retry_after == 90.0


def test_fetch_again_in_the_same_run_gives_the_same_partitions(world: World) -> None:
    assert world.run().fetch() == world.run().fetch()
    assert world.run("run-2").fetch() == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_crash_around_the_commit_loses_and_doubles_nothing(world: World, moment: str) -> None:
    world.source = MemorySource([record(number) for number in range(25)], crash_on_commit=moment)
    with pytest.raises(Crash):
        world.run().fetch()
    assert world.through()["counts"]["accepted"] == 25
    assert world.run("run-2").fetch() == []


def test_a_crash_while_reading_leaves_the_position_and_the_next_try_starts_over(world: World) -> None:
    values: list[Any] = [record(number) for number in range(25)]
    world.source = MemorySource([*values[:15], MemorySource.CRASH, *values[15:]])
    with pytest.raises(Crash):
        world.run().fetch()
    assert world.source.committed == 0
    assert world.through()["counts"]["accepted"] == 25


def test_a_source_that_is_down_is_not_an_empty_source(world: World) -> None:
    world.source.down = True
    with pytest.raises(SourceUnavailable):
        world.run().fetch()


def test_a_missing_connection_is_found_before_anything_is_read(world: World) -> None:
    def missing(_: Version) -> None:
        raise ConnectionMissing("models")

    world.preflight = missing
    with pytest.raises(ConnectionMissing):
        world.run().fetch()
    assert world.source.committed == 0


def test_clearing_a_finished_run_buys_nothing_and_changes_nothing(world: World) -> None:
    first = world.through()
    calls, rows = world.model.calls, dict(world.sink.rows)
    again = world.through()
    assert world.model.calls == calls == 50
    assert world.sink.rows == rows and again["counts"] == first["counts"]


def test_a_provider_that_is_down_fails_the_task_and_keeps_what_was_paid_for(world: World) -> None:
    (partition, *_) = world.run().fetch(limit=10)
    answered = 0

    def four_answers(request: Any) -> Any:
        nonlocal answered
        answered += 1
        return {"digest": "d"} if answered <= 4 else ProviderUnavailable("connection refused")

    world.model = ScriptedModel(four_answers)
    with pytest.raises(ProviderUnavailable, match=r"of 10 records failed at `digest`: connection refused"):
        world.run().run_step("digest", partition)
    assert len(world.ledger.purchases) == 4
    world.model = ScriptedModel()
    after = world.run().run_step("digest", partition)
    assert world.model.calls == 6 and after["records"] == 10


def test_a_step_that_dies_leaves_no_half_file(world: World) -> None:
    (partition, *_) = world.run().fetch(limit=10)
    world.model = ScriptedModel(lambda _: ProviderUnavailable("down"))
    with pytest.raises(ProviderUnavailable):
        world.run().run_step("digest", partition)
    assert not (Path(world.run()._folder.uri) / "steps/digest/0000.jsonl").exists()


def test_rejected_records_are_set_apart_with_their_reason(world: World) -> None:
    world.source = MemorySource([record(1), b"\xff\xfe", {"id": "x"}, b"{"])
    report = world.through()
    assert report["counts"]["accepted"] == 1 and report["counts"]["rejected"] == 3
    letters = list(world.run()._folder.read_lines("dead-letters/0000.jsonl"))
    assert [letter["rejection"]["reason"] for letter in letters] == [
        "record_unreadable",
        "key_missing",
        "record_unreadable",
    ]
    assert letters[0]["rejection"]["raw"] == "base64://4="


def test_a_later_event_of_a_key_wins_whatever_the_order(world: World) -> None:
    late = record(1, at="2026-11-24T10:00:00+09:00", body="나중 글")
    world.source = MemorySource([late, record(1)])
    world.through()
    assert world.sink.rows["a1"].event_time.hour == 10


def test_a_run_stays_with_its_release_when_the_folder_changes(world: World) -> None:
    (partition, *_) = world.run().fetch(limit=10)
    world.prompts.put("goods/v1/digest/user.md", "Changed: {{ data.body }}")
    with pytest.raises(OptionUnknown, match="pinned to v1@"):
        world.run().run_step("digest", partition)


def test_a_run_of_another_version_passes_a_step_it_does_not_have(world: World) -> None:
    (partition, *_) = world.run().fetch(limit=10)
    assert world.run().run_step("summarize", partition) == partition


def test_a_step_before_fetch_says_what_to_run(world: World) -> None:
    with pytest.raises(StoreDamaged, match="run the task `fetch`"):
        world.run().run_step(
            "digest", {"index": 0, "path": "partitions/0000.jsonl", "records": 1, "counts": {}}
        )


def test_an_empty_source_makes_an_empty_run_and_a_report(world: World) -> None:
    world.source = MemorySource([])
    assert world.through()["counts"]["accepted"] == 0
