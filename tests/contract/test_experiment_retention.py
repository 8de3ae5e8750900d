"""How long units and outcomes of experiments are kept on every database, and what is never taken away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from furrow.engine.arms import CANDIDATE, LIVE
from furrow.store.database import Database
from furrow.store.experiment_retention import ExperimentPruning, ExperimentRetention, Over
from furrow.store.exposures import Exposures
from furrow.store.outcomes import OutcomeRow, Outcomes
from furrow.store.runs import Run, RunTable
from furrow.store.tables import exposures, outcomes

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
QUARTER = 90 * DAY
NOW_ON, ENDED = "v2@2/v3@3/", "v1@1/v2@2/"


def expose(database: Database, experiment: str, *units: str, ago: timedelta, use_case: str = "goods") -> None:
    arms = [(unit, CANDIDATE if number % 2 else LIVE) for number, unit in enumerate(units)]
    Exposures(database).note(use_case, experiment, arms, NOW - ago)


def did(database: Database, place: str, unit: str, ago: timedelta, use_case: str = "goods") -> None:
    Outcomes(database).note(use_case, [OutcomeRow(place, unit, 1.0, NOW - ago)])


def prune(
    database: Database,
    older_than: timedelta = QUARTER,
    going_on: dict[str, str | None] | None = None,
    dry_run: bool = False,
) -> ExperimentPruning:
    known = {"goods": NOW_ON} if going_on is None else going_on
    return ExperimentRetention(database, lambda: NOW).prune(known, older_than, dry_run=dry_run)


def left(database: Database) -> tuple[set[str], set[str]]:
    """Units with their experiment, and the places of outcomes."""
    units = sa.select(exposures.c.experiment + " " + exposures.c.unit)
    places = sa.select(outcomes.c.outcome)
    found: Any = database.read(lambda c: (c.scalars(units).all(), c.scalars(places).all()))
    return set(found[0]), set(found[1])


def test_an_experiment_that_is_over_for_long_goes_with_its_outcomes(database: Database) -> None:
    expose(database, ENDED, "a", "b", ago=100 * DAY)
    did(database, "#1", "a", ago=99 * DAY)
    over = Over("goods", ENDED, 2, NOW - 100 * DAY)
    assert prune(database) == ExperimentPruning(NOW - QUARTER, [over], 1)
    assert left(database) == (set(), set())
    assert prune(database) == ExperimentPruning(NOW - QUARTER, [], 0)


def test_one_that_goes_on_is_kept_with_every_outcome_that_counts_however_old(database: Database) -> None:
    expose(database, NOW_ON, "a", "b", ago=200 * DAY)
    did(database, "before its exposure", "a", ago=201 * DAY)
    did(database, "counts", "a", ago=200 * DAY)
    did(database, "of nobody", "x", ago=150 * DAY)
    values = Exposures(database).values("goods", NOW_ON)
    assert prune(database) == ExperimentPruning(NOW - QUARTER, [], 2)
    assert left(database) == ({f"{NOW_ON} a", f"{NOW_ON} b"}, {"counts"})
    assert Exposures(database).values("goods", NOW_ON) == values


def test_an_experiment_goes_as_a_whole_or_not_at_all(database: Database) -> None:
    expose(database, ENDED, "a", ago=200 * DAY)
    expose(database, ENDED, "b", ago=80 * DAY)
    did(database, "#1", "a", ago=190 * DAY)
    assert prune(database) == ExperimentPruning(NOW - QUARTER, [], 0)
    assert left(database) == ({f"{ENDED} a", f"{ENDED} b"}, {"#1"})
    assert prune(database, 79 * DAY).experiments == [Over("goods", ENDED, 2, NOW - 80 * DAY)]


def test_an_outcome_stays_for_the_experiment_that_still_counts_it(database: Database) -> None:
    expose(database, ENDED, "a", "b", ago=200 * DAY)
    expose(database, NOW_ON, "a", ago=120 * DAY)
    for place, unit, days in (("old", "a", 150), ("both", "a", 110), ("gone", "b", 110)):
        did(database, place, unit, ago=days * DAY)
    assert prune(database).outcomes == 2
    assert left(database) == ({f"{NOW_ON} a"}, {"both"})


def test_new_outcomes_stay_as_their_unit_may_yet_be_noted(database: Database) -> None:
    did(database, "early", "a", ago=1 * DAY)
    assert prune(database).outcomes == 0
    expose(database, NOW_ON, "a", ago=2 * DAY)
    assert Exposures(database).values("goods", NOW_ON)[LIVE].mean == 1.0


def test_a_use_case_that_is_not_named_is_left_alone(database: Database) -> None:
    for use_case in ("goods", "homes"):
        expose(database, ENDED, "a", ago=200 * DAY, use_case=use_case)
        did(database, f"{use_case}#1", "a", ago=190 * DAY, use_case=use_case)
    assert ExperimentRetention(database).use_cases() == ["goods", "homes"]
    assert prune(database).outcomes == 1
    assert ExperimentRetention(database).use_cases() == ["homes"]
    assert prune(database, going_on={}) == ExperimentPruning(NOW - QUARTER, [], 0)
    assert prune(database, going_on={"homes": None}).outcomes == 1
    assert left(database) == (set(), set())


def test_a_dry_run_counts_the_same_and_takes_nothing(database: Database) -> None:
    expose(database, ENDED, "a", ago=200 * DAY)
    expose(database, NOW_ON, "b", ago=200 * DAY)
    for unit in "ab":
        did(database, unit, unit, ago=190 * DAY)
    would = prune(database, dry_run=True)
    assert left(database) == ({f"{ENDED} a", f"{NOW_ON} b"}, {"a", "b"})
    assert prune(database) == would
    assert left(database) == ({f"{NOW_ON} b"}, {"b"})


def test_a_running_run_keeps_what_it_may_still_note_units_for(database: Database) -> None:
    RunTable(database).start(Run("goods", "long", "v1@a", started_at=NOW - 10 * DAY))
    expose(database, ENDED, "a", ago=12 * DAY)
    did(database, "old", "x", ago=12 * DAY)
    did(database, "since", "x", ago=9 * DAY)
    found = prune(database, DAY)
    assert (found.before, found.pinned_by, found.outcomes) == (NOW - 11 * DAY, "goods long", 1)
    assert left(database)[1] == {"since"}


def test_more_than_one_transaction_holds_is_deleted(database: Database) -> None:
    expose(database, ENDED, *(f"u{number}" for number in range(1_200)), ago=100 * DAY)
    expose(database, NOW_ON, "u7", ago=100 * DAY)
    rows = [OutcomeRow(f"#{number}", f"u{number}", 1.0, NOW - 95 * DAY) for number in range(1_200)]
    Outcomes(database).note("goods", rows)
    found = prune(database)
    assert (found.experiments[0].units, found.outcomes) == (1_200, 1_199)
    assert left(database) == ({f"{NOW_ON} u7"}, {"#7"})


def test_pruning_by_less_than_nothing_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="older than"):
        prune(database, -DAY)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shown=st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 200)), max_size=6),
    told=st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 200)), max_size=12),
    keep=st.integers(0, 200),
)
def test_what_an_experiment_shows_is_the_same_after_any_pruning(
    database: Database, shown: list[tuple[str, int]], told: list[tuple[str, int]], keep: int
) -> None:
    for table in (exposures, outcomes):
        database.write(lambda connection, table=table: connection.execute(table.delete()).rowcount)  # type: ignore[misc]
    for unit, days in shown:
        expose(database, NOW_ON, unit, ago=days * DAY)
        expose(database, ENDED, unit, ago=days * DAY + QUARTER)
    for number, (unit, days) in enumerate(told):
        did(database, f"#{number}", unit, ago=days * DAY)
    before = Exposures(database).values("goods", NOW_ON)
    prune(database, keep * DAY)
    assert Exposures(database).values("goods", NOW_ON) == before
