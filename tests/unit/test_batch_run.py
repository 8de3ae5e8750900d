"""The tasks of a run: killed anywhere and called again, nothing is lost, doubled or bought twice."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from furrow.config.use_case import Version
from furrow.errors import (
    ConnectionMissing,
    OptionUnknown,
    ProviderUnavailable,
    RateLimited,
    RunError,
    SourceUnavailable,
    StoreDamaged,
)
from furrow.store.dead_letters import DeadLetters, Letter
from furrow.store.holds import holding
from furrow.store.replicas import Seat, alive
from furrow.testing import Crash, MemorySink, MemorySource, ScriptedModel
from tests.folders import PIPELINE, FolderOfPrompts, record
from tests.world import World


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


def test_what_speaks_against_a_run_only_after_it_read_leaves_its_records_to_the_source(world: World) -> None:
    asked: list[str] = []

    def a_stream_came(version: Version) -> None:
        asked.append(version.release)
        if len(asked) == 2:
            raise SourceUnavailable("the stream of goods runs")

    world.preflight = a_stream_came
    with pytest.raises(SourceUnavailable, match="the stream of goods runs"):
        world.run().fetch()
    assert not list(world.folder.rglob("manifest.json"))
    assert world.source.committed == 0
    assert sum(partition["records"] for partition in world.run().fetch()) == 25


def look_for_replicas(world: World) -> None:
    """Let the run look whether a stream runs, as a deployment does."""

    def look(_: Version) -> None:
        if alive(world.database, "goods"):
            raise SourceUnavailable("the stream of goods runs")

    world.preflight = look


def test_a_stream_that_comes_after_the_second_look_is_kept_away_until_the_position_is_stored(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_for_replicas(world)
    seat, held_up = Seat(world.database, "goods", "0"), list[list[str]]()

    def comes_before(method: str) -> None:
        plain = getattr(world.source, method)

        def then(position: Any) -> Any:
            seat.take()
            held_up.append(seat.held_up_by())
            return plain(position)

        monkeypatch.setattr(world.source, method, then)

    for method in ("moved", "commit"):  # what follows the look, up to the position
        comes_before(method)
    assert sum(partition["records"] for partition in world.run().fetch()) == 25
    assert held_up == [["run-1"], ["run-1"]]
    assert (seat.held_up_by(), world.source.committed) == ([], 25)


def test_a_stream_that_comes_just_before_the_second_look_has_the_records_and_the_run_lets_go(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_for_replicas(world)
    seat, plain = Seat(world.database, "goods", "0"), world.source.position

    def stream_comes() -> Any:
        seat.take()
        return plain()

    monkeypatch.setattr(world.source, "position", stream_comes)
    with pytest.raises(SourceUnavailable, match="the stream of goods runs"):
        world.run().fetch()
    assert not list(world.folder.rglob("manifest.json"))
    assert (seat.held_up_by(), world.source.committed) == ([], 0)


@pytest.mark.parametrize("answered", [1, 24, 25])
def test_what_a_stream_answered_that_came_and_went_while_the_run_read_is_dropped(
    world: World, answered: int
) -> None:
    looks: list[str] = []

    def came_and_went(version: Version) -> None:
        looks.append(version.release)
        if len(looks) == 2:
            world.source.committed = answered

    world.preflight = came_and_went
    with pytest.raises(SourceUnavailable, match="moved the position of goods while this run read"):
        world.run().fetch()
    assert not list(world.folder.rglob("manifest.json"))
    assert holding(world.database, "goods") == []
    assert sum(partition["records"] for partition in world.run().fetch()) == 25 - answered


def test_a_run_that_lost_its_hold_before_it_pinned_its_records_drops_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("furrow.store.holds._LEASE", timedelta(0))
    with pytest.raises(SourceUnavailable, match="to see whether a stream runs"):
        world.run().fetch()
    assert not list(world.folder.rglob("manifest.json"))
    assert world.source.committed == 0


def test_a_run_whose_position_was_not_stored_keeps_streams_away_for_its_retry(world: World) -> None:
    world.source = MemorySource([record(number) for number in range(25)], crash_on_commit="before")
    with pytest.raises(Crash):
        world.run().fetch()
    assert holding(world.database, "goods") == ["run-1"]
    assert sum(partition["records"] for partition in world.run().fetch()) == 25
    assert (holding(world.database, "goods"), world.source.committed) == ([], 25)


def test_a_retry_whose_pinned_records_a_stream_began_to_answer_asks_for_a_new_run(world: World) -> None:
    world.source = MemorySource([record(number) for number in range(25)], crash_on_commit="before")
    with pytest.raises(Crash):
        world.run().fetch()
    world.source.committed = 5
    with pytest.raises(RunError, match=r"answered some of the records of run-1.*start a new run"):
        world.run().fetch()
    assert (holding(world.database, "goods"), world.source.committed) == ([], 5)
    assert sum(partition["records"] for partition in world.run("run-2").fetch()) == 20


def test_a_run_that_was_killed_after_its_position_goes_on_wherever_a_stream_is_by_then(world: World) -> None:
    world.source = MemorySource([record(number) for number in range(25)], crash_on_commit="after")
    with pytest.raises(Crash):
        world.run().fetch(limit=10)
    world.source.committed = 20
    assert sum(partition["records"] for partition in world.run().fetch(limit=10)) == 10
    assert world.source.committed == 20


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


def letters_of(world: World) -> list[Letter]:
    return list(world.letters.open_letters("goods"))


def test_rejected_records_are_dead_letters_with_their_reason(world: World) -> None:
    world.source = MemorySource([record(1), b"\xff\xfe", {"id": "x"}, b"{"])
    report = world.through()
    assert report["counts"]["accepted"] == 1 and report["counts"]["rejected"] == 3
    letters = {letter.record_id: letter for letter in letters_of(world)}
    assert {name: letter.reason for name, letter in letters.items()} == {
        "memory:1": "record_unreadable",
        "memory:2": "key_missing",
        "memory:3": "record_unreadable",
    }
    assert letters["memory:1"].record == "base64://4=" and letters["memory:3"].record == "{"


def test_a_letter_holds_the_record_the_raw_answer_the_release_and_the_attempts(world: World) -> None:
    world.source = MemorySource([record(1)])
    world.model = ScriptedModel(lambda request: {"digest": "d"} if request.schema_name == "digest" else "??")
    world.through()
    [letter] = letters_of(world)
    assert (letter.key, letter.step, letter.reason, letter.raw) == ("a1", "extract", "answer_invalid", "??")
    assert json.loads(letter.record or "") == record(1)
    assert letter.attempts == world.model.calls - 1 and letter.release.startswith("v1@")


def test_validating_again_ends_in_the_same_letters(world: World) -> None:
    world.source = MemorySource([record(1), b"\xff\xfe", b"{"])
    world.through()
    before = letters_of(world)
    world.through()
    assert letters_of(world) == before


class DyingLetters(DeadLetters):
    """Dead letters of a process that dies right after it has noted some."""

    def note(self, rows: Iterable[Letter]) -> None:
        super().note(rows)
        raise Crash("noted")


def test_killed_between_the_letters_and_the_results_nothing_is_lost_or_doubled(world: World) -> None:
    world.source = MemorySource([record(1), b"{"])
    steady = world.letters
    world.letters = DyingLetters(steady._database)
    with pytest.raises(Crash):
        world.through()
    assert not (Path(world.run()._folder.uri) / "results/0000.jsonl").exists()
    world.letters, noted = steady, letters_of(world)
    assert world.through()["counts"]["rejected"] == 1
    assert letters_of(world) == noted and len(noted) == 1


def test_poison_among_the_records_blocks_no_other(world: World) -> None:
    poison: dict[int, Any] = {7: b"\x00", 107: {"id": "no time"}, 207: b"[" * 50_000}
    world.source = MemorySource([poison.get(number, record(number)) for number in range(300)])
    counts = world.through()["counts"]
    assert (counts["accepted"], counts["rejected"]) == (297, 3)
    assert len(world.sink.rows) == 297 and world.letters.count_open("goods") == 3


def test_an_accepted_record_closes_the_letter_that_an_earlier_run_left(world: World) -> None:
    values: list[Any] = [record(number) for number in range(3)]
    world.source, world.model = MemorySource(values), ScriptedModel(lambda _: "not JSON")
    world.through()
    assert world.letters.count_open("goods") == 3
    world.source, world.model = MemorySource(values[:2]), ScriptedModel()
    world.ledger.purchases.clear()
    world.through("run-2")
    assert [letter.record_id for letter in letters_of(world)] == ["memory:2"]
    outcomes = [letter.outcome for letter in world.letters.history("goods", "memory:0")]
    assert outcomes == ["rejected", "accepted"]


def test_a_record_that_never_was_rejected_leaves_no_letter(world: World) -> None:
    world.through()
    assert world.letters.list("goods", open_only=False) == []


def test_a_letter_stays_open_until_its_record_is_published(world: World) -> None:
    world.source, world.model = MemorySource([record(1)]), ScriptedModel(lambda _: "not JSON")
    world.through()
    world.source, world.model = MemorySource([record(1)]), ScriptedModel()
    world.ledger.purchases.clear()
    world.sink = MemorySink(crash_after=0)
    with pytest.raises(Crash):
        world.through("run-2")
    assert world.letters.count_open("goods") == 1
    world.through("run-2")
    assert world.letters.count_open("goods") == 0 and list(world.sink.rows) == ["a1"]


# --- deadlines and outcomes ------------------------------------------------------------------------


def test_a_step_past_its_deadline_fails_says_what_is_kept_and_goes_on_from_there(
    world: World, prompts: FolderOfPrompts
) -> None:
    prompts.put("goods/pipeline.yaml", PIPELINE + "step_timeout_seconds: 0.8\n")
    (partition, *_) = world.run().fetch(limit=10)
    world.model = ScriptedModel(latency=4.0)
    with pytest.raises(ProviderUnavailable) as caught:
        world.run().run_step("digest", partition)
    assert "`digest` took longer than step_timeout_seconds (0.8); 0 of 10 records" in str(caught.value)
    assert "paid for are kept" in str(caught.value)
    paid = len(world.ledger.purchases)
    assert paid == world.model.calls > 0
    world.model = ScriptedModel()
    world.run().run_step("digest", partition)
    assert world.model.calls == 10 - paid


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda lines: lines[:-1], id="a record is lost"),
        pytest.param(lambda lines: [*lines, lines[0]], id="a record is there twice"),
        pytest.param(lambda lines: [lines[0], *lines[:-1]], id="one stands in the place of another"),
        pytest.param(lambda lines: [{**lines[0], "result": None}, *lines[1:]], id="one has no outcome"),
        pytest.param(lambda lines: [], id="all are lost"),
    ],
)
def test_a_run_in_which_a_record_has_no_outcome_of_its_own_never_ends_well(world: World, damage: Any) -> None:
    world.through(limit=10)
    folder = world.run()._folder
    lines = list(folder.read_lines("results/0000.jsonl"))
    folder.write_lines("results/0000.jsonl", damage(lines))
    with pytest.raises(StoreDamaged):
        world.run().evaluate()


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
