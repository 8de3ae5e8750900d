"""What versions reached on their test sets, on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from furrow.store.database import Database
from furrow.store.evaluations import Evaluated, Evaluations

AT = datetime(2026, 11, 25, 3, tzinfo=UTC)
FOUND = Evaluated("goods", "e1", "v2@11111111", "v2", "h2", "t1", "pass", AT, {"fields": {}}, "v1@0", "u")


def test_what_was_noted_comes_back_and_a_rerun_takes_its_place(database: Database) -> None:
    evaluations = Evaluations(database)
    evaluations.note([FOUND, replace(FOUND, release="v1@0", version="v1", against=None)])
    evaluations.note([replace(FOUND, decision="fail", report={"fields": {"brand": {}}})])
    evaluations.note([])
    found = evaluations.of_evaluation("goods", "e1")
    assert [(each.version, each.decision) for each in found] == [("v1", "pass"), ("v2", "fail")]
    assert found[1] == replace(FOUND, decision="fail", report={"fields": {"brand": {}}})


def test_the_newest_evaluation_of_a_release_counts(database: Database) -> None:
    evaluations = Evaluations(database)
    later = replace(FOUND, evaluation="e2", decision="not_enough_evidence", at=AT + timedelta(hours=1))
    evaluations.note([later, FOUND])
    assert evaluations.latest("goods", FOUND.release) == later
    assert evaluations.latest("goods", "v3@33333333") is None
    assert evaluations.latest("clothes", FOUND.release) is None
    assert evaluations.newest("goods", 1) == [later]


def test_an_evaluation_of_some_slices_does_not_stand_in_for_the_whole(database: Database) -> None:
    evaluations = Evaluations(database)
    part = {"scope": {"slices": ["short"]}, "fields": {}}
    later = replace(FOUND, evaluation="e2", decision="not_enough_evidence", report=part, at=AT + timedelta(1))
    evaluations.note([FOUND, later])
    assert evaluations.latest("goods", FOUND.release) == later
    assert evaluations.latest_whole("goods", FOUND.release) == FOUND
    assert evaluations.latest_whole("goods", "v9@9") is None


def test_a_decision_holds_for_its_test_set_alone(database: Database) -> None:
    evaluations = Evaluations(database)
    evaluations.note([FOUND, replace(FOUND, evaluation="e0", decision="fail", at=AT - timedelta(hours=1))])
    assert evaluations.of_test_set("goods", "t1") == {FOUND.release: FOUND}
    assert evaluations.of_test_set("goods", "t2") == {}


def test_what_was_live_is_told_from_what_was_compared_with_it(database: Database) -> None:
    evaluations = Evaluations(database)
    live = replace(FOUND, release="v1@0", version="v1", against=None)
    older = replace(live, evaluation="e0", at=AT - timedelta(days=1))
    evaluations.note([FOUND, live, older])
    assert evaluations.of_live("goods", AT + timedelta(seconds=1), 5) == [live, older]
    assert evaluations.of_live("goods", AT, 5) == [older]
