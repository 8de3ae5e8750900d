"""Outcomes and exposures on every database: what counts, once, from when on, for which arm."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from statistics import mean, variance

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from furrow.engine.arms import CANDIDATE, LIVE
from furrow.store.database import Database
from furrow.store.exposures import ArmValues, Exposures
from furrow.store.outcomes import OutcomeRow, Outcomes

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Trial:
    """One experiment of the use case `goods`."""

    def __init__(self, database: Database, name: str = "v1@1/v2@2/"):
        self.exposures, self.outcomes, self.name = Exposures(database), Outcomes(database), name
        self._places = 0

    def expose(self, arm: str, *units: str, at: datetime = NOON) -> None:
        self.exposures.note("goods", self.name, [(unit, arm) for unit in units], at)

    def did(
        self, unit: str, value: float = 1.0, at: datetime = NOON + MINUTE, place: str | None = None
    ) -> int:
        self._places += 1
        row = OutcomeRow(place or f"{self.name}#{self._places}", unit, value, at)
        return self.outcomes.note("goods", [row])

    def values(self, once: bool = False) -> dict[str, ArmValues]:
        return self.exposures.values("goods", self.name, once)


@pytest.fixture
def trial(database: Database) -> Trial:
    return Trial(database)


def test_without_exposures_there_are_no_arms(trial: Trial) -> None:
    trial.did("minji")
    assert trial.values() == {}


def test_each_unit_is_worth_the_sum_of_what_it_did(trial: Trial) -> None:
    trial.expose(LIVE, "a", "b", "c")
    trial.expose(CANDIDATE, "d", "e")
    for unit, value in (("a", 2.0), ("a", 3.0), ("d", 10.0), ("nobody", 99.0)):
        trial.did(unit, value)
    assert trial.values() == {
        LIVE: ArmValues(3, pytest.approx(5 / 3), pytest.approx(variance([5, 0, 0])), 1),
        CANDIDATE: ArmValues(2, 5.0, 50.0, 1),
    }


def test_a_unit_that_did_nothing_counts_nought(trial: Trial) -> None:
    trial.expose(LIVE, "a", "b")
    assert trial.values() == {LIVE: ArmValues(2, 0.0, 0.0, 0)}


def test_once_counts_units_that_did_anything_and_not_how_often(trial: Trial) -> None:
    trial.expose(LIVE, "a", "b", "c", "d")
    for unit, value in (("a", 7.0), ("a", 1.0), ("b", 0.0), ("c", -1.0)):
        trial.did(unit, value)
    found = trial.values(once=True)[LIVE]
    assert (found.units, found.mean, found.active) == (4, 0.5, 2)


def test_what_was_done_before_the_exposure_does_not_count(trial: Trial) -> None:
    trial.expose(LIVE, "a")
    trial.did("a", 1.0, at=NOON - timedelta(microseconds=1))
    assert trial.values()[LIVE].mean == 0.0
    trial.did("a", 1.0, at=NOON)
    assert trial.values()[LIVE].mean == 1.0


def test_a_moment_counts_as_what_it_is_whatever_its_offset(trial: Trial) -> None:
    trial.expose(LIVE, "a")
    seoul = datetime.fromisoformat("2026-11-25T20:59:59+09:00")
    trial.did("a", 1.0, at=seoul)
    trial.did("a", 2.0, at=seoul + timedelta(seconds=1))
    assert trial.values()[LIVE].mean == 2.0


def test_the_first_exposure_of_a_unit_decides_its_arm_and_moment(trial: Trial) -> None:
    trial.expose(LIVE, "a")
    trial.expose(CANDIDATE, "a", at=NOON + 5 * MINUTE)
    trial.did("a", 1.0, at=NOON + MINUTE)
    assert trial.values() == {LIVE: ArmValues(1, 1.0, 0.0, 1)}


def test_what_stands_at_one_place_counts_once_however_often_it_is_read(trial: Trial) -> None:
    trial.expose(LIVE, "a")
    assert [trial.did("a", place="kafka:clicks/0/7") for _ in range(3)] == [1, 0, 0]
    assert trial.values()[LIVE].mean == 1.0


def test_two_experiments_and_two_use_cases_do_not_see_each_other(database: Database) -> None:
    one, two = Trial(database, "v1@1/v2@2/"), Trial(database, "v1@1/v2@2/again")
    one.expose(LIVE, "a")
    two.expose(CANDIDATE, "a")
    one.did("a")
    one.outcomes.note("homes", [OutcomeRow("elsewhere", "a", 50.0, NOON + MINUTE)])
    assert (list(one.values()), list(two.values())) == ([LIVE], [CANDIDATE])
    assert one.values()[LIVE].mean == two.values()[CANDIDATE].mean == 1.0


def test_thousands_of_rows_go_in_at_once(trial: Trial) -> None:
    rows = [OutcomeRow(f"file#{n}", f"u{n}", 1.0, NOON + MINUTE) for n in range(2500)]
    assert trial.outcomes.note("goods", rows) == 2500
    assert trial.outcomes.note("goods", [*rows, OutcomeRow("file#x", "u1", 1.0, NOON + MINUTE)]) == 1


def test_a_small_spread_far_from_nought_is_not_lost(trial: Trial) -> None:
    trial.expose(LIVE, "a", "b", "c")
    for unit, extra in (("a", 0.0), ("b", 1.0), ("c", 2.0)):
        trial.did(unit, 1e9 + extra)
    assert trial.values()[LIVE].variance == pytest.approx(1.0)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.floats(-1e6, 1e6), max_size=4), min_size=2, max_size=12))
def test_mean_and_variance_are_those_of_the_units_sums(
    database: Database, told: Sequence[list[float]]
) -> None:
    trial = Trial(database, f"{id(told)} {len(told)} {hash(str(told))}")
    trial.expose(LIVE, *(f"{trial.name} {unit}" for unit in range(len(told))))
    for unit, values in enumerate(told):
        for value in values:
            trial.did(f"{trial.name} {unit}", value)
    sums = [sum(values) for values in told]
    found = trial.values()[LIVE]
    assert found.units == len(told)
    assert found.mean == pytest.approx(mean(sums), abs=1e-6)
    assert found.variance == pytest.approx(variance(sums), rel=1e-6, abs=1e-6)


def test_of_two_rows_with_one_place_the_first_counts(trial: Trial) -> None:
    trial.expose(LIVE, "a")
    rows = [OutcomeRow("file#1", "a", value, NOON + MINUTE) for value in (1.0, 5.0)]
    assert trial.outcomes.note("goods", rows) == 1
    assert trial.values()[LIVE].mean == 1.0


def test_two_readers_at_once_note_everything_once(trial: Trial) -> None:
    trial.expose(LIVE, "a")
    rows = [OutcomeRow(f"file#{n}", "a", 1.0, NOON + MINUTE) for n in range(3000)]
    with ThreadPoolExecutor(4) as readers:
        assert sum(readers.map(lambda _: trial.outcomes.note("goods", rows), range(4))) >= 3000
    assert trial.values()[LIVE].mean == 3000.0
