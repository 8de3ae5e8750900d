"""What the dead letters promise, on every database that Furrow supports."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from furrow.store.database import Database, open_database
from furrow.store.dead_letters import DeadLetters, Letter, OpenReason, Selection
from furrow.store.tables import letters as table

SPAWN = multiprocessing.get_context("spawn")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def letters(database: Database) -> DeadLetters:
    return DeadLetters(database)


def rejected(record_id: str = "kafka:listings/0/1", run: int = 1, **changed: Any) -> Letter:
    letter = Letter(
        use_case="goods",
        record_id=record_id,
        run_id=f"run-{run}",
        key=f"key of {record_id}",
        release="v1@aaaaaaaa",
        at=NOON + timedelta(hours=run),
        outcome="rejected",
        attempts=2,
        reason="answer_invalid",
        step="extract",
        message="brand: Field required",
        record='{"id": "a1", "body": "갤럭시 3만5천원"}',
        raw='{"brnd": "삼성"}',
    )
    return replace(letter, **changed)


def accepted(record_id: str = "kafka:listings/0/1", run: int = 2, **changed: Any) -> Letter:
    nothing = {"reason": None, "step": None, "message": None, "record": None, "raw": None}
    return rejected(record_id, run, **{"outcome": "accepted", **nothing, **changed})


def ids(found: list[Letter]) -> list[str]:
    return [letter.record_id for letter in found]


class Watched(DeadLetters):
    """Notes how much of records and answers it read at a time, in characters."""

    def __init__(self, database: Database):
        super().__init__(database)
        self.read: list[int] = []

    def _letters(self, query: sa.Select[Any]) -> list[Letter]:
        found = super()._letters(query)
        self.read.append(sum(len(letter.record or "") + len(letter.raw or "") for letter in found))
        return found


# --- writing and reading ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="plain"),
        pytest.param({"raw": None}, id="no answer"),
        pytest.param({"raw": "널 \x00 문자 \ud83d"}, id="an answer with NUL and half an emoji"),
        pytest.param({"record": "\x00not json", "key": ""}, id="a record that is no JSON"),
        pytest.param({"record": "한" * 1_000_000}, id="a record of 3 MB"),
        pytest.param({"record_id": "kafka:" + "t" * 249 + "/31/9223372036854775807"}, id="a long id"),
    ],
)
def test_a_letter_comes_back_as_it_was_noted(letters: DeadLetters, changed: dict[str, Any]) -> None:
    letter = rejected(**changed)
    letters.note([letter])
    assert letters.history("goods", letter.record_id) == [letter]
    assert list(letters.open_letters("goods")) == [letter]


def test_the_list_leaves_the_long_texts_in_the_database(letters: DeadLetters) -> None:
    letters.note([rejected()])
    assert letters.list("goods") == [rejected(record=None, raw=None)]


def test_nothing_to_note_is_fine(letters: DeadLetters) -> None:
    letters.note([])
    assert letters.close([]) == 0 and letters.list() == [] and letters.history("goods", "x") == []


def test_a_run_that_notes_again_changes_nothing(letters: DeadLetters) -> None:
    letters.note([rejected()])
    letters.note([rejected(at=NOON + timedelta(days=1)), rejected(at=NOON + timedelta(days=1))])
    assert letters.history("goods", rejected().record_id) == [rejected()]


def test_few_large_letters_are_read_at_a_time_and_the_largest_alone(database: Database) -> None:
    letters = Watched(database)
    sizes = [1_000_000] * 6 + [9_000_000] + [10] * 60 + [1_000_000] * 3
    noted = [
        rejected(f"memory:{number:04}", record="a" * (size // 2), raw="b" * (size // 2))
        for number, size in enumerate(sizes)
    ]
    letters.note(noted)
    assert ids(list(letters.open_letters("goods"))) == ids(noted)
    assert [size for size in letters.read if size > 4_000_000] == [9_000_000]
    assert len(letters.read) < 12


def test_many_letters_are_noted_in_bulk_and_read_page_by_page(letters: DeadLetters) -> None:
    letters.note(rejected(f"memory:{number:04}", at=NOON) for number in range(1201))
    assert ids(list(letters.open_letters("goods"))) == [f"memory:{number:04}" for number in range(1201)]
    assert letters.count_open("goods") == 1201
    assert len(letters.list("goods", limit=7)) == 7


# --- open and closed -------------------------------------------------------------------------------


def test_a_letter_closes_when_a_later_run_accepts_its_record(letters: DeadLetters) -> None:
    letters.note([rejected("a"), rejected("b")])
    assert letters.close([accepted("a"), accepted("never rejected")]) == 1
    assert ids(letters.list("goods")) == ids(list(letters.open_letters("goods"))) == ["b"]
    assert {letter.record_id: letter.open for letter in letters.list("goods", open_only=False)} == {
        "a": False,
        "b": True,
    }
    assert letters.history("goods", "never rejected") == []


def test_more_records_than_one_query_takes_are_closed(letters: DeadLetters) -> None:
    letters.note(rejected(f"{number}") for number in range(0, 2500, 2))
    assert letters.close([accepted(f"{number}") for number in range(2500)]) == 1250
    assert letters.count_open("goods") == 0


def test_a_record_that_is_rejected_again_keeps_its_history(letters: DeadLetters) -> None:
    letters.note([rejected(run=1), rejected(run=2, reason="rule_broken", step="validate")])
    history = letters.history("goods", rejected().record_id)
    assert [(letter.run_id, letter.reason, letter.tries) for letter in history] == [
        ("run-1", "answer_invalid", 1),
        ("run-2", "rule_broken", 2),
    ]
    [newest] = letters.list("goods")
    assert (newest.reason, newest.tries) == ("rule_broken", 2)


def test_clearing_the_old_run_does_not_open_a_letter_that_a_replay_has_closed(letters: DeadLetters) -> None:
    letters.note([rejected(run=1)])
    letters.close([accepted(run=2)])
    letters.note([rejected(run=1, at=NOON + timedelta(days=1))])
    assert letters.count_open("goods") == 0


@pytest.mark.parametrize(
    ("first", "then", "open_letters"),
    [
        pytest.param(rejected(run=1), accepted(run=1), 0, id="accepted after all"),
        pytest.param(accepted(run=1), rejected(run=1), 1, id="rejected after all"),
    ],
)
def test_a_run_that_comes_to_another_outcome_has_the_last_word(
    letters: DeadLetters, first: Letter, then: Letter, open_letters: int
) -> None:
    between = accepted(run=2) if then.open else rejected(run=2)
    letters.note([first])
    letters.note([between])
    letters.note([replace(then, at=NOON + timedelta(days=1))])
    assert letters.count_open("goods") == open_letters


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_the_order_of_noting_does_not_matter_only_the_time(letters: DeadLetters, order: Any) -> None:
    rows = [rejected(run=1), accepted(run=2), rejected(run=3)]
    for place in order:
        letters.note([rows[place]])
    assert letters.count_open("goods") == 1
    assert [letter.tries for letter in letters.history("goods", rows[0].record_id)] == [1, 2, 3]


def test_of_two_runs_at_the_same_moment_one_is_the_newest(letters: DeadLetters) -> None:
    letters.note([rejected(run=1, at=NOON), accepted(run=2, at=NOON)])
    letters.note([accepted(run=2, at=NOON)])
    assert len(letters.list("goods", open_only=False)) == 1


# --- selections ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        pytest.param(Selection(), ["a", "b", "c"], id="everything"),
        pytest.param(Selection(reason="rule_broken"), ["b"], id="reason"),
        pytest.param(Selection(step="fetch"), ["c"], id="step"),
        pytest.param(Selection(release="v2@bbbbbbbb"), ["b"], id="release"),
        pytest.param(Selection(release="v2"), ["b"], id="every release of a version"),
        pytest.param(Selection(release="v"), [], id="no release"),
        pytest.param(Selection(keys=("key of a", "c")), ["a", "c"], id="a key and a record id"),
        pytest.param(Selection(reason="rule_broken", keys=("a",)), [], id="all parts must fit"),
        pytest.param(Selection(reason="' OR 1=1 --"), [], id="no SQL"),
    ],
)
def test_a_selection_takes_the_letters_that_fit_all_of_it(
    letters: DeadLetters, selection: Selection, found: list[str]
) -> None:
    letters.note(
        [
            rejected("a"),
            rejected("b", reason="rule_broken", step="validate", release="v2@bbbbbbbb"),
            rejected("c", reason="record_unreadable", step="fetch"),
            rejected("other", use_case="jobs"),
        ]
    )
    assert sorted(ids(letters.list("goods", selection))) == found
    assert sorted(ids(list(letters.open_letters("goods", selection)))) == found
    assert letters.count_open("goods", selection) == len(found)


def test_a_selection_looks_at_the_newest_row_only(letters: DeadLetters) -> None:
    letters.note([rejected("a", run=1), rejected("a", run=2, reason="rule_broken")])
    assert letters.list("goods", Selection(reason="answer_invalid")) == []


def test_use_cases_are_listed_together_the_newest_first(letters: DeadLetters) -> None:
    letters.note([rejected("a", run=1), rejected("b", run=3, use_case="jobs"), rejected("c", run=2)])
    assert ids(letters.list()) == ["b", "c", "a"]


def test_a_key_leads_to_every_record_that_has_it(letters: DeadLetters) -> None:
    letters.note([rejected("a", key="k"), rejected("a", run=2, key="k"), rejected("b", key="k")])
    assert letters.record_ids("goods", "k") == ["a", "b"]
    assert letters.record_ids("goods", "b") == ["b"]
    assert letters.record_ids("jobs", "k") == []


def test_a_letter_that_retention_has_blanked_stays_and_is_not_replayable(
    letters: DeadLetters, database: Database
) -> None:
    letters.note([rejected()])
    blank = table.update().values(record=None, raw=None, message=None)
    database.write(lambda connection: connection.execute(blank).rowcount)
    [letter] = letters.open_letters("goods")
    assert letter.open and not letter.replayable and letter.reason == "answer_invalid"


# --- together --------------------------------------------------------------------------------------


def _note_the_same(url: str, writer: int, together: Any) -> None:
    numbers = range(400) if writer % 2 else range(399, -1, -1)
    letters = DeadLetters(open_database(url))
    together.wait()
    letters.note(rejected(f"{number:03}", run=1) for number in numbers)
    letters.close([accepted(f"{number:03}", run=2) for number in numbers])


def test_four_processes_that_note_the_same_records_end_in_the_same_rows(url: str) -> None:
    open_database(url)
    together = SPAWN.Barrier(4)
    writers = [SPAWN.Process(target=_note_the_same, args=(url, n, together)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 4
    letters = DeadLetters(open_database(url))
    assert letters.count_open("goods") == 0
    assert len(letters.list("goods", open_only=False, limit=1000)) == 400


_RUNS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 4), st.booleans()), min_size=1, max_size=12)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noted=_RUNS)
def test_open_is_what_the_newest_row_of_each_record_says(
    letters: DeadLetters, database: Database, noted: list[tuple[str, int, bool]]
) -> None:
    database.write(lambda connection: connection.execute(sa.delete(table)).rowcount)
    latest: dict[str, dict[int, tuple[datetime, bool]]] = {}
    for turn, (record_id, run, passes) in enumerate(noted):
        at = NOON + timedelta(minutes=turn)
        letters.note([(accepted if passes else rejected)(record_id, run, at=at)])
        before = latest.setdefault(record_id, {}).get(run)
        if before is None or before[1] != passes:
            latest[record_id][run] = (at, passes)
    expected = {record_id for record_id, runs in latest.items() if not max(runs.values())[1]}
    assert set(ids(letters.list("goods"))) == expected == set(ids(list(letters.open_letters("goods"))))
    for record_id, runs in latest.items():
        assert len(letters.history("goods", record_id)) == len(runs)


def test_open_letters_are_counted_by_step_and_reason_the_most_first(letters: DeadLetters) -> None:
    letters.note([rejected("a"), rejected("b"), rejected("c", run=5), rejected("d", reason="rule_broken")])
    letters.note([rejected("e", step="digest"), accepted("e")])
    since, until = NOON + timedelta(hours=5), NOON + timedelta(hours=6)
    assert letters.reasons("goods", since, until) == [
        OpenReason("extract", "answer_invalid", 3, 1),
        OpenReason("extract", "rule_broken", 1, 0),
    ]
    assert letters.reasons("ads", since, until) == []
