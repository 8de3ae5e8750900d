"""What is added up for the pages, on every database: nothing is counted twice, and nothing is left out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from furrow.engine.ports import Answer, Finish, Purchase
from furrow.store.budgets import Budgets
from furrow.store.call_days import SETTLED, Bought, CallDays
from furrow.store.call_history import Wanted, in_order, newest_calls, sums_of_run
from furrow.store.database import Database, open_database
from furrow.store.dead_letters import DeadLetters, Letter
from furrow.store.drift_looks import KEPT, DriftLooks
from furrow.store.evaluations import Evaluated, Evaluations
from furrow.store.glance import Glance, Money, StreamState
from furrow.store.ledger import SqlLedger
from furrow.store.releases import Action, Entry, ReleaseLog
from furrow.store.replicas import Seat
from furrow.store.retention import Retention
from furrow.store.tables import drifts
from furrow.store.window_sums import Sums, WindowFilter, WindowSums
from furrow.store.windows import Windows

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = NOON.date()
NUMBERS = count()


def buy(database: Database, at: datetime, cost: float | None = 0.25, use_case: str = "goods") -> None:
    answer = Answer("{}", Finish.STOP, "m-1", 10, 2, cost, 1.5)
    purchase = Purchase(f"k{next(NUMBERS)}", answer, "small", use_case, "extract", "v1@1", "r1")
    SqlLedger(database, now=lambda: at).record([purchase])


def days(database: Database, now: datetime = NOON) -> CallDays:
    return CallDays(database, now=lambda: now)


def bought(calls: int, cost: float, unpriced: int = 0, day: date = DAY, use_case: str = "goods") -> Bought:
    tokens = (10 * calls, 2 * calls)
    return Bought(
        day, use_case, "v1@1", "extract", "small", "m-1", calls, unpriced, *tokens, cost, 1.5 * calls
    )


def test_what_was_bought_is_there_before_and_after_it_is_added_up(database: Database) -> None:
    for hours in (30, 3, 2):
        buy(database, NOON - timedelta(hours=hours))
    buy(database, NOON - timedelta(minutes=1), cost=None)
    buy(database, NOON, use_case="clothes")
    expected = [
        bought(1, 0.25, day=DAY - timedelta(days=1)),
        bought(1, 0.25, use_case="clothes"),
        bought(3, 0.5, unpriced=1),
    ]
    assert days(database).since(DAY - timedelta(days=1)) == expected
    for _ in range(2):
        days(database).add_up()
        assert days(database).since(DAY - timedelta(days=1)) == expected
    assert days(database).since(DAY, "clothes") == [bought(1, 0.25, use_case="clothes")]
    assert days(database).since(DAY + timedelta(days=1)) == []
    by_day = days(database).since(DAY - timedelta(days=1), by=("day",))
    assert [(row.day, row.calls, row.use_case) for row in by_day] == [
        (DAY - timedelta(1), 1, ""),
        (DAY, 4, ""),
    ]
    [one, other] = days(database).since(DAY, by=("use_case",))
    assert (one.use_case, one.calls, other.use_case, other.calls, other.step) == (
        "clothes",
        1,
        "goods",
        3,
        "",
    )


def test_the_sums_of_some_days_are_as_many_as_the_calls_that_are_listed(database: Database) -> None:
    for hours in (60, 36, 35, 3):
        buy(database, NOON - timedelta(hours=hours))
    buy(database, NOON - timedelta(hours=34), cost=None)
    buy(database, NOON - timedelta(hours=34), use_case="clothes")
    yesterday = DAY - timedelta(days=1)
    for first, last, expected in (
        (yesterday, yesterday, 3),
        (yesterday, None, 4),
        (DAY - timedelta(days=3), yesterday, 4),
        (DAY + timedelta(days=1), None, 0),
    ):
        for _ in range(2):
            summed = days(database).since(first, "goods", ("step",), last)
            assert sum(row.calls for row in summed) == expected
            wanted = Wanted("goods", step="extract", alias="small", release="v1@1", first=first, last=last)
            assert len(newest_calls(database, wanted, 1, 10)) == expected
            days(database).add_up()
    [unpriced] = newest_calls(database, Wanted("goods", unpriced=True), 1, 10)
    assert unpriced.cost_usd is None
    found = newest_calls(database, Wanted("goods"), 1, 3) + newest_calls(database, Wanted("goods"), 2, 3)
    assert len({call.key for call in found}) == 5
    assert [call.created_at for call in found] == sorted((call.created_at for call in found), reverse=True)
    [of_run] = sums_of_run(database, "goods", "r1")
    assert (of_run.calls, of_run.unpriced, of_run.cost_usd) == (5, 1, 1.0)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        pytest.param(Wanted("goods"), "by_use_case (use_case=?)", id="all"),
        pytest.param(
            Wanted("goods", first=DAY, last=DAY), "by_use_case (use_case=? AND created_at>?", id="a day"
        ),
        pytest.param(Wanted("goods", step="extract", first=DAY), "by_use_case (use_case=? AND", id="a step"),
        pytest.param(Wanted("goods", run_id="r1"), "by_run (use_case=? AND run_id=?)", id="a run"),
    ],
)
def test_a_page_of_calls_comes_in_the_order_of_an_index_without_sorting_the_rest(
    tmp_path: Path, wanted: Wanted, index: str
) -> None:
    query = (
        in_order(wanted).limit(100).compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    )
    database = open_database(f"sqlite:///{tmp_path / 'furrow.db'}")
    [plan] = database.read(lambda c: [row[-1] for row in c.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")])
    assert plan.startswith(f"SEARCH furrow_calls USING INDEX furrow_calls_{index}")


def test_a_call_that_may_still_be_followed_by_an_older_one_waits(database: Database) -> None:
    buy(database, NOON - SETTLED / 2)
    assert days(database).add_up() is None
    buy(database, NOON - SETTLED / 1.5)
    assert days(database, NOON + SETTLED).add_up() is not None
    assert days(database, NOON + SETTLED).since(DAY) == [bought(2, 0.5)]


def test_a_backlog_is_added_up_bit_by_bit(database: Database) -> None:
    for hours in range(1, 49):
        buy(database, NOON - timedelta(hours=hours))
    reached = days(database).add_up(most_spans=2)
    assert reached is not None and reached < NOON - timedelta(hours=30)
    assert sum(row.calls for row in days(database).since(DAY - timedelta(days=2))) == 48
    days(database).add_up()
    assert sum(row.calls for row in days(database).since(DAY - timedelta(days=2))) == 48
    assert days(database).since(DAY) == [bought(12, 3.0)]


def test_many_that_add_up_at_once_count_each_call_once(database: Database) -> None:
    for minutes in range(0, 600, 20):
        buy(database, NOON - timedelta(minutes=30 + minutes))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: days(database).add_up(), range(4)))
    assert sum(row.calls for row in days(database).since(DAY - timedelta(days=1))) == 30


def test_what_is_pruned_stays_in_the_sums(database: Database) -> None:
    buy(database, NOON - timedelta(days=3))
    Retention(database, now=lambda: NOON).prune(timedelta(days=1))
    assert Retention(database).size().calls == 0
    assert days(database).since(DAY - timedelta(days=5)) == [bought(1, 0.25, day=DAY - timedelta(days=3))]


# --- windows ---------------------------------------------------------------------------------------


def note(
    database: Database,
    run: str,
    accepted: int,
    p95: float | None,
    cost: float | None = 1.0,
    hours: int = 0,
    published: bool = True,
) -> None:
    report = {
        "outcomes": {"accepted": accepted, "rejected": 2},
        "rungs": {"strict": accepted, "repaired": 1},
        "input_tokens": 100,
        "output_tokens": 10,
        "cost_usd": cost,
        "seconds": {"p50": 1.0 if p95 else None, "p95": p95},
        "steps": {
            "a": {"calls": 4, "bought": 3, "cost_usd": cost},
            "b": {"calls": 0, "bought": 0, "cost_usd": 0.0},
        },
    }
    start = NOON - timedelta(hours=hours)
    Windows(database).note("goods", "v1@1", run, start, NOON, accepted + 2, report, published)


def test_windows_add_up_by_use_case_and_by_day_and_a_rerun_counts_once(database: Database) -> None:
    note(database, "r1", 8, 1.0)
    note(database, "r1", 8, 2.0)
    note(database, "r2", 28, 4.0, hours=24)
    [whole] = WindowSums(database).lately(NOON - timedelta(days=2)).values()
    assert whole == Sums(40, 36, 4, 36, 2, 0, 0, 8, 6, 200, 20, 2.0, 0.5, 1.0, pytest.approx(3.5))
    assert whole.valid_rate == 0.9 and whole.rungs["strict"] == 36
    by_day = WindowSums(database).by_day("goods", DAY - timedelta(days=1))
    assert [(day, each.records) for (day, _), each in by_day.items()] == [
        (DAY - timedelta(days=1), 30),
        (DAY, 10),
    ]
    assert WindowSums(database).lately(NOON - timedelta(hours=1))["goods"].seconds_p95 == 2.0
    assert WindowSums(database).by_day("clothes", DAY) == {}


def test_an_unknown_price_or_time_is_not_nothing(database: Database) -> None:
    note(database, "r1", 8, None)
    note(database, "r2", 8, 3.0, cost=None)
    [found] = WindowSums(database).lately(NOON).values()
    assert (found.cost_usd, found.seconds_p95) == (None, 3.0)


def test_what_a_shadow_answers_is_paid_for_and_counts_as_no_record(database: Database) -> None:
    note(database, "r1", 8, 1.0)
    note(database, "shadow", 98, 9.0, published=False)
    [found] = WindowSums(database).lately(NOON).values()
    assert (found.records, found.accepted, found.strict, found.seconds_p95) == (10, 8, 8, 1.0)
    assert (found.calls, found.cost_usd) == (8, 2.0)


# --- all use cases at once ---------------------------------------------------------------------------


def test_a_part_of_the_test_set_says_nothing_of_the_whole(database: Database) -> None:
    whole = {"scope": {"slices": []}, "fields": {"brand": {"n": 9, "accuracy": 0.9}}}
    part = {"scope": {"slices": ["hard"]}, "fields": {"brand": {"n": 3, "accuracy": 0.3}}}
    old = {"fields": {"brand": {"n": 9, "accuracy": 0.5}, "unlabelled": {"n": 0, "accuracy": None}}}
    noted = [
        Evaluated("goods", name, release, "v1", "h", "t", decision, NOON + timedelta(hours=hour), report)
        for name, release, decision, hour, report in (
            ("e1", "v1@1", "pass", 0, whole),
            ("e2", "v1@1", "fail", 1, part),
            ("e3", "v2@2", "pass", 0, old),
        )
    ]
    Evaluations(database).note(noted)
    found = Glance(database).evaluations()
    assert {key: (each.decision, each.mean) for key, each in found.items()} == {
        ("goods", "v1@1"): ("pass", 0.9),
        ("goods", "v2@2"): ("pass", 0.5),
    }


def test_the_lag_is_that_of_replicas_which_live(database: Database) -> None:
    for replica, lag in (("0", 900.0), ("1", 3.0)):
        seat = Seat(database, "goods", replica)
        seat.take()
        seat.tell({"lag_seconds": lag})
    Seat(database, "goods", "features").take()
    now = datetime.now(UTC)
    assert Glance(database, lambda: now).streams() == {"goods": StreamState(2, 2, 900.0)}
    assert Glance(database, lambda: now + timedelta(minutes=5)).streams() == {
        "goods": StreamState(2, 0, None)
    }


def test_open_letters_money_drift_and_standings_are_found_for_all_use_cases(database: Database) -> None:
    DriftLooks(database, lambda: NOON).note("goods", "v1@1", ["brand moved"], enough=True)
    DriftLooks(database).note("goods", "v1@1", [], enough=True)
    Budgets(database, lambda: NOON).raise_today("goods", 2.5)
    letters = [
        Letter("goods", record, run, record, "v1@1", NOON + timedelta(hours=hour), outcome, 1)
        for record, run, outcome, hour in (
            ("a", "r1", "rejected", 0),
            ("b", "r1", "rejected", 0),
            ("b", "r2", "accepted", 1),
        )
    ]
    DeadLetters(database).note(letters)
    glance = Glance(database, lambda: NOON)
    assert glance.drifts()["goods"].alarms == [] and glance.drifts()["goods"].enough
    assert glance.money() == {"goods": Money(0.0, 2.5)}
    assert glance.dead_letters() == {"goods": 1}
    entry = Entry("goods", Action.INITIAL, "v1", "v1@1", "h", "furrow", "first")
    ReleaseLog(database).append(entry, after=0)
    assert glance.standings()["goods"].live.release == "v1@1"


def test_windows_are_listed_one_by_one_by_release_day_and_rung(database: Database) -> None:
    windows = Windows(database)
    for hour in range(4):
        at = NOON - timedelta(hours=8 * hour)
        report = {"outcomes": {"accepted": 3, "rejected": 1}, "rungs": {"strict": 3, "reasked": hour % 2}}
        windows.note("goods", f"v{hour % 2}@1", f"r{hour}", at, at, 4, report, published=hour != 3)
    windows.note("clothes", "v0@1", "r0", NOON, NOON, 4, {})
    sums = WindowSums(database)

    def runs(wanted: WindowFilter, *place: int, **order: bool) -> list[str]:
        return [found.run_id for found in sums.list_windows(wanted, *(place or (0, 10)), **order)]

    assert runs(WindowFilter("goods")) == ["r0", "r1", "r2", "r3"]
    assert runs(WindowFilter("goods"), 1, 2, oldest_first=True) == ["r2", "r1"]
    assert runs(WindowFilter("goods", release="v1@1")) == ["r1", "r3"]
    assert runs(WindowFilter("goods", rung="reasked")) == ["r1", "r3"]
    assert runs(WindowFilter("goods", first=DAY)) == ["r0", "r1"]
    assert runs(WindowFilter("goods", last=DAY - timedelta(days=1))) == ["r2", "r3"]
    [*_, shadow] = sums.list_windows(WindowFilter("goods"), 0, 10)
    assert (shadow.published, shadow.sums.records, shadow.sums.strict) == (False, 0, 0)
    assert sums.by_use_case(DAY - timedelta(days=1), DAY - timedelta(days=1))["goods"].records == 4


# --- looks at drift ---------------------------------------------------------------------------------


def look(
    database: Database, at: datetime, *alarms: str, run_id: str | None = None, name: str = "goods"
) -> None:
    DriftLooks(database, lambda: at).note(name, "v1@1", list(alarms), True, run_id)


def test_looks_that_alarmed_stay_and_of_the_others_the_newest(database: Database) -> None:
    hour = timedelta(hours=1)
    look(database, NOON, "brand moved")
    look(database, NOON + hour)
    look(database, NOON + 2 * hour, "brand moved", "rungs moved", run_id="r1")
    look(database, NOON + 3 * hour, name="other")
    for number in range(4, 7):
        look(database, NOON + number * hour)
    rows = database.read(lambda connection: connection.execute(drifts.select()).all())
    assert sorted((row.use_case, row.look, len(row.alarms)) for row in rows) == [
        ("goods", "2026-11-25T12", 1),
        ("goods", "2026-11-25T18", 0),
        ("goods", "r1", 2),
        ("other", "2026-11-25T15", 0),
    ]
    newest = Glance(database).drifts()
    assert newest["goods"].at == NOON + 6 * hour and set(newest) == {"goods", "other"}
    found = DriftLooks(database).alarms("goods", NOON, NOON + 2 * hour)
    assert found == [(NOON, "brand moved")]
    assert len(DriftLooks(database).alarms("goods", NOON, NOON + 3 * hour)) == 3


def test_a_look_that_is_taken_again_stands_in_its_place(database: Database) -> None:
    for _ in range(2):
        look(database, NOON, "brand moved")
        look(database, NOON + timedelta(minutes=9), "brand moved", run_id="r1")
    assert len(DriftLooks(database).alarms("goods", NOON, NOON + timedelta(hours=1))) == 2
    look(database, NOON + timedelta(minutes=30))
    assert [at for at, _ in DriftLooks(database).alarms("goods", NOON, NOON + timedelta(hours=1))] == [
        NOON + timedelta(minutes=9)
    ]


def test_an_alarm_that_no_digest_reaches_any_more_goes(database: Database) -> None:
    look(database, NOON, "brand moved")
    look(database, NOON + KEPT + timedelta(hours=1), "brand moved")
    assert len(DriftLooks(database).alarms("goods", NOON, NOON + 2 * KEPT)) == 1


def test_a_look_waits_for_no_other_that_is_being_noted_and_takes_no_newer_one_away(
    database: Database,
) -> None:
    look(database, NOON, run_id="older")
    look(database, NOON - timedelta(hours=1), run_id="r0")
    rows = sa.select(drifts.c.look).order_by(drifts.c.at)
    assert database.read(lambda connection: connection.scalars(rows).all()) == ["r0", "older"]
    if database.dialect == "sqlite":
        return  # one writer at a time: none waits for another with something in hand
    again = drifts.update().where(drifts.c.look == "older")
    with ThreadPoolExecutor(1) as pool, database.engine.begin() as other:
        other.execute(again.values(at=NOON + timedelta(minutes=9)))
        pool.submit(look, database, NOON + timedelta(minutes=5), run_id="r1").result(timeout=20)
    assert database.read(lambda connection: connection.scalars(rows).all()) == ["r1", "older"]
