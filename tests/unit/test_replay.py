"""Replaying dead letters, and the command that lists, shows and replays them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from furrow.cli import app
from furrow.cli.dead_letters import plain
from furrow.config.models import RecordFields
from furrow.engine.ports import Arrival, ModelRequest
from furrow.engine.reading import read_work
from furrow.engine.record import Trace
from furrow.errors import ConnectionMissing, OptionUnknown, ProviderUnavailable
from furrow.store.database import open_database
from furrow.store.dead_letters import DeadLetters, Letter, Selection, letter_of, original_bytes
from furrow.store.tables import letters as table
from furrow.testing import Crash, MemorySink, MemorySource, ScriptedModel, fitting_answer
from tests.folders import FolderOfPrompts, record
from tests.world import World

FIELDS = RecordFields(key="id", time="at")


def only_even(request: ModelRequest) -> str:
    """A model that cannot read listings with an odd number."""
    text = "\n".join(message.text for message in request.messages)
    number = next(number for number in range(25) if f"갤럭시 {number}호" in text)
    return fitting_answer(request.schema, text) if number % 2 == 0 else "모르겠습니다"


@pytest.fixture
def world(prompts: FolderOfPrompts, tmp_path: Path) -> World:
    """A run has ended in which 5 of 10 records were rejected; the fix is there."""
    prompts.change("goods/v1/steps.yaml", "result.price_krw > 0", "result.price_krw > -1")
    world = World(prompts, tmp_path, [record(number) for number in range(10)])
    world.model = ScriptedModel(only_even)
    assert world.through()["counts"]["rejected"] == 5
    prompts.put("goods/v1/digest/system.md", "Write a short digest, in Korean.\n")
    world.model = ScriptedModel()
    return world


# --- a letter and its record -----------------------------------------------------------------------


@given(value=st.binary(max_size=200) | st.text().map(lambda text: text.encode("utf-8", "replace")))
def test_a_record_that_could_not_be_read_comes_back_byte_by_byte(value: bytes) -> None:
    letter = letter_of(read_work(Arrival("kafka:t/0/1", value), FIELDS), "goods", "r", "v1@a")
    assert letter.open and original_bytes(letter.record or "") == value and letter.raw is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("base64:", id="the word alone"),
        pytest.param("base64:!!", id="no base64"),
        pytest.param("base64:" + base64.b64encode("한글".encode()).decode(), id="base64 of text"),
    ],
)
def test_a_record_that_begins_like_encoded_bytes_stays_as_it_is(text: str) -> None:
    assert original_bytes(text) == text.encode()


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=10,
)


@given(more=st.dictionaries(TEXT, JSON))
def test_a_record_that_was_read_is_read_again_as_the_same(more: dict[str, Any]) -> None:
    value = json.dumps({**more, "id": "a1", "at": "2026-11-24T09:00:00+09:00"}).encode()
    work = read_work(Arrival("sha256:1", value), FIELDS)
    work.rejection = replace(_rejection(), step="extract")
    letter = letter_of(work, "goods", "r", "v1@a")
    again = read_work(Arrival(letter.record_id, original_bytes(letter.record or "")), FIELDS)
    assert again.record == work.record


def _rejection() -> Any:
    rejection = read_work(Arrival("x", b"{"), FIELDS).rejection
    assert rejection is not None
    return rejection


def test_the_words_of_an_error_are_stored_whatever_a_model_put_into_them() -> None:
    work = read_work(Arrival("x", b"{"), FIELDS)
    work.rejection = replace(_rejection(), message="\x00 \ud83d: extra", step="extract")
    work.traces["extract"] = Trace(calls=3)
    letter = letter_of(work, "goods", "r", "v1@a")
    assert (letter.message, letter.attempts) == ("\\x00 \\ud83d: extra", 3)


# --- replay ----------------------------------------------------------------------------------------


def test_a_replay_after_a_fix_loses_and_doubles_nothing(world: World) -> None:
    before = dict(world.sink.rows)
    replayed = world.replay()
    assert (replayed.records, replayed.accepted, replayed.rejected, replayed.blanked) == (5, 5, 0, 0)
    assert sorted(world.sink.rows) == [f"a{number}" for number in range(10)]
    assert {key: world.sink.rows[key] for key in before} == before
    ids = {row.record_id for row in world.sink.rows.values()}
    assert ids == {f"memory:{number}" for number in range(10)}
    assert world.letters.count_open("goods") == 0


def test_a_record_that_fails_its_replay_keeps_its_history(world: World) -> None:
    world.model = ScriptedModel(lambda _: "아직 모름")
    assert world.replay().rejected == 5
    assert world.replay("replay__2").rejected == 5
    history = world.letters.history("goods", "memory:1")
    assert [letter.run_id for letter in history] == ["run-1", "replay__1", "replay__2"]
    assert [letter.outcome for letter in history] == ["rejected"] * 3
    assert history[0].raw == "모르겠습니다" and history[2].raw == "아직 모름"
    assert world.letters.count_open("goods") == 5


def test_the_same_replay_again_makes_no_call_and_changes_nothing(world: World) -> None:
    first = world.replay()
    calls, rows = world.model.calls, dict(world.sink.rows)
    assert world.replay() == first
    assert world.model.calls == calls and world.sink.rows == rows


def test_a_second_replay_finds_nothing_left(world: World) -> None:
    world.replay()
    assert world.replay("replay__2").records == 0


def test_two_replays_of_the_same_letters_at_once_publish_each_once(world: World) -> None:
    one, two = (world.run(run_id, Selection()) for run_id in ("replay__1", "replay__2"))
    partitions = one.fetch(), two.fetch()
    assert [sum(p["records"] for p in fetched) for fetched in partitions] == [5, 5]
    from furrow.batch.replay import replay

    calls = []
    for run, fetched in zip((one, two), partitions, strict=True):
        assert replay(run, fetched).accepted == 5
        calls.append(world.model.calls)
    assert calls[0] == calls[1] == 10
    assert len(world.sink.rows) == 10 and world.letters.count_open("goods") == 0


@pytest.mark.parametrize(
    ("selection", "options", "records"),
    [
        pytest.param(Selection(keys=("a3", "memory:5")), {}, 2, id="a key and a record id"),
        pytest.param(Selection(reason="answer_invalid"), {"limit": 2}, 2, id="a limit"),
        pytest.param(Selection(reason="rule_broken"), {}, 0, id="a reason that nobody had"),
    ],
)
def test_a_replay_takes_what_it_was_told_to(
    world: World, selection: Selection, options: dict[str, Any], records: int
) -> None:
    replayed = world.replay(selection=selection, **options)
    assert replayed.records == replayed.accepted == records
    assert world.letters.count_open("goods") == 5 - records


def test_a_replay_on_a_version_that_is_not_there_says_so(world: World) -> None:
    with pytest.raises(OptionUnknown, match="v9"):
        world.replay(version="v9")


def test_a_letter_without_its_record_is_counted_and_stays_open(world: World) -> None:
    database = open_database(f"sqlite:///{world.folder / 'furrow.db'}")
    blank = table.update().where(table.c.record_id == "memory:1").values(record=None, raw=None, message=None)
    database.write(lambda connection: connection.execute(blank).rowcount)
    replayed = world.replay(limit=4)
    assert (replayed.records, replayed.accepted, replayed.blanked) == (4, 4, 1)
    assert world.replay().blanked == 1, "also when it goes on"
    assert world.letters.count_open("goods") == 1


def _provider_dies(world: World) -> None:
    answered = iter(range(3))
    fitting = ScriptedModel()._fitting

    def script(request: ModelRequest) -> Any:
        return fitting(request) if next(answered, None) is not None else ProviderUnavailable("down")

    world.model = ScriptedModel(script)


def _sink_dies(world: World) -> None:
    rows = world.sink.rows
    world.sink = MemorySink(crash_after=2)
    world.sink.rows = rows


@pytest.mark.parametrize(
    ("dies", "error"),
    [
        pytest.param(_provider_dies, ProviderUnavailable, id="while it asks the model"),
        pytest.param(_sink_dies, Crash, id="while it publishes"),
    ],
)
def test_a_replay_that_stops_goes_on_under_its_run_id(
    world: World, dies: Callable[[World], None], error: type[BaseException]
) -> None:
    dies(world)
    with pytest.raises(error):
        world.replay()
    paid = len(world.ledger.purchases)
    assert world.letters.count_open("goods") == 5
    world.model = ScriptedModel()
    world.source = MemorySource([b"{"])
    assert world.replay().accepted == 5
    assert world.model.calls == len(world.ledger.purchases) - paid
    assert len(world.sink.rows) == 10 and world.letters.count_open("goods") == 0


def test_an_ordinary_run_after_the_fix_closes_letters_as_well(world: World) -> None:
    world.source = MemorySource([record(number) for number in range(10)])
    world.through("run-2")
    assert world.letters.count_open("goods") == 0


# --- the command -----------------------------------------------------------------------------------


@pytest.fixture
def furrow(prompts: FolderOfPrompts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The command, over a deployment in a folder of its own, with a wide terminal."""
    monkeypatch.setenv("FURROW_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "300")

    def call(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["dead-letters", *arguments])

    return call


@pytest.fixture
def letters(tmp_path: Path) -> DeadLetters:
    """What the command finds."""
    return DeadLetters(open_database(f"sqlite:///{tmp_path / 'var' / 'furrow.db'}"))


def rejected(number: int = 1, **changed: Any) -> Letter:
    value = json.dumps(record(number), ensure_ascii=False).encode()
    work = read_work(Arrival(f"kafka:t/0/{number}", value), FIELDS)
    work.rejection = replace(_rejection(), step="extract", reason="answer_invalid", raw='{"brand": 3}')
    work.traces["extract"] = Trace(calls=2)
    return replace(letter_of(work, "goods", "run-1", "v1@aaaaaaaa"), **changed)


def test_the_list_shows_open_letters_and_with_all_the_closed_ones(
    furrow: Callable[..., Any], letters: DeadLetters
) -> None:
    letters.note([rejected(1), rejected(2), rejected(3, use_case="jobs")])
    letters.close([replace(rejected(2), run_id="run-2", outcome="accepted")])
    shown = furrow("list", "goods").output
    assert all(words in shown for words in ("a1", "kafka:t/0/1", "extract", "answer_invalid", "v1@aaaaaaaa"))
    assert "kafka:t/0/2" not in shown and "jobs" not in shown
    assert "kafka:t/0/2" in furrow("list", "goods", "--all").output
    assert "jobs" in furrow("list").output
    assert "no dead letters" in furrow("list", "--reason", "rule_broken").output
    found = json.loads(furrow("list", "goods", "--json").output)
    assert [(letter["key"], letter["attempts"], letter["tries"], letter["open"]) for letter in found] == [
        ("a1", 2, 1, True)
    ]


def test_show_gives_the_history_the_record_and_the_raw_answer(
    furrow: Callable[..., Any], letters: DeadLetters
) -> None:
    letters.note([rejected(1), rejected(1, run_id="run-2", reason="rule_broken", raw=None)])
    shown = furrow("show", "goods", "a1").output
    assert all(
        words in shown for words in ("갤럭시 1호", '{"brand": 3}', "rule_broken", "run-2", "2 answers")
    )
    assert furrow("show", "goods", "kafka:t/0/1").output == shown
    [whole] = json.loads(furrow("show", "goods", "a1", "--json").output)
    assert [entry["run_id"] for entry in whole["history"]] == ["run-1", "run-2"] and whole["replayable"]


def test_show_of_a_letter_that_is_not_there_ends_with_1(furrow: Callable[..., Any]) -> None:
    done = furrow("show", "goods", "nobody")
    assert done.exit_code == 1 and "nobody" in done.output


def test_show_says_that_retention_has_blanked_a_record(
    furrow: Callable[..., Any], letters: DeadLetters
) -> None:
    letters.note([rejected(record=None, raw=None, message=None)])
    shown = furrow("show", "goods", "a1").output
    assert "blanked by retention: it cannot be replayed" in shown


HOSTILE = "\x1b[31m\x9b2J[bold]x[/bold] :smile: \u202etxt \x07 \ud83d \x00"


def test_what_records_and_models_say_cannot_steer_the_terminal(
    furrow: Callable[..., Any], letters: DeadLetters
) -> None:
    letters.note([rejected(raw=HOSTILE, record=HOSTILE, key=HOSTILE.replace("\0", "").replace("\ud83d", ""))])
    for arguments in (("list", "goods"), ("show", "goods", "kafka:t/0/1")):
        done = furrow(*arguments)
        assert done.exit_code == 0, done.exception
        assert all(character.isprintable() or character == "\n" for character in done.output)
        assert "[bold]x[/bold] :smile:" in done.output
    [whole] = json.loads(furrow("show", "goods", "kafka:t/0/1", "--json").output)
    assert whole["history"][0]["raw"] == HOSTILE


@given(text=st.text())
def test_plain_text_holds_nothing_that_a_terminal_obeys(text: str) -> None:
    shown = plain(text)
    assert shown.isprintable() and shown.encode("utf-8").decode() == shown


def test_a_replay_with_nothing_to_do_says_so_and_starts_no_run(
    furrow: Callable[..., Any], tmp_path: Path
) -> None:
    done = furrow("replay", "goods", "--reason", "rule_broken")
    assert done.exit_code == 0 and "no open dead letter that fits" in done.output
    assert not (tmp_path / "var" / "store").exists()
    assert json.loads(furrow("replay", "goods", "--json").output)["records"] == 0


def test_a_replay_that_stops_says_how_to_go_on(furrow: Callable[..., Any], letters: DeadLetters) -> None:
    letters.note([rejected()])
    done = furrow("replay", "goods")
    assert isinstance(done.exception, ConnectionMissing)
    assert done.output.count("furrow dead-letters replay goods --run-id replay__") == 2


def test_only_a_replay_can_be_gone_on_with(furrow: Callable[..., Any]) -> None:
    done = furrow("replay", "goods", "--run-id", "scheduled__1")
    assert done.exit_code == 2 and "begins with replay__" in done.output


@pytest.mark.parametrize("arguments", [("replay", "goods", "--version", "v9"), ("replay", "nobody")])
def test_a_replay_of_what_does_not_exist_says_so(
    furrow: Callable[..., Any], arguments: tuple[str, ...]
) -> None:
    assert isinstance(furrow(*arguments).exception, OptionUnknown)
