"""Who may buy which call, with whose money and when: the same on every ledger, with many processes at it."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from furrow.engine.ports import (
    Answer,
    Claim,
    Finish,
    GivenUp,
    Ledger,
    Pace,
    Purchase,
    Verdict,
    Wish,
)
from furrow.store.budgets import Budgets
from furrow.store.claims import BudgetDay
from furrow.store.database import Database, open_database
from furrow.store.ledger import SqlLedger
from furrow.store.tables import buyers, leases
from furrow.testing import MemoryLedger

SPAWN = multiprocessing.get_context("spawn")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KNOWN, GRANTED, HELD, SHORT, SPENT = Verdict
WISH = Wish("k1", "goods", most_usd=0.4, cap_usd=1.0)


@dataclass
class Clock:
    """A clock that stands still until it is told."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Shop:
    """A ledger under test, its clock, and a look at its budgets."""

    ledger: Ledger
    clock: Clock
    day: Callable[[], BudgetDay]
    raise_: Callable[[float], object]

    def words(self, buyer: str, *wishes: Wish) -> list[Verdict]:
        return [claim.verdict for claim in self.ledger.claim(buyer, wishes)]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sql(database: Database, clock: Clock) -> Shop:
    """On SQLite and on PostgreSQL."""
    return _shop(database, clock)


def _shop(database: Database, clock: Clock) -> Shop:
    budgets = Budgets(database, clock)
    ledger = SqlLedger(database, clock)
    return Shop(ledger, clock, lambda: budgets.today("goods"), lambda usd: budgets.raise_today("goods", usd))


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Shop]:
    """Every ledger that there is."""
    if request.param == "memory":
        ledger = MemoryLedger(lambda: clock.now.timestamp())
        yield Shop(
            ledger,
            clock,
            lambda: ledger.days.get("goods", BudgetDay()),
            lambda usd: ledger.raise_budget("goods", usd),
        )
        return
    if request.param == "sqlite":
        database = open_database(f"sqlite:///{tmp_path / 'furrow.db'}")
    else:
        from tests.databases import new_database

        database = open_database(new_database(request.getfixturevalue("server")))
    yield _shop(database, clock)
    database.close()


def _answer(cost: float | None = 0.25, tokens: int = 150) -> Answer:
    return Answer("{}", Finish.STOP, "small-2026-11", tokens - 30, 30, cost, 0.75)


def _bought(key: str, cost: float | None = 0.25, tokens: int = 150) -> Purchase:
    return Purchase(key, _answer(cost, tokens), "small", "goods", "extract", "v1@3f2a9c1d", "r1")


def _wish(key: str, **changes: Any) -> Wish:
    return replace(WISH, key=key, **changes)


# --- leases ----------------------------------------------------------------------------------------


def test_what_is_paid_for_is_known_to_all_and_comes_with_its_answer(shop: Shop) -> None:
    shop.ledger.record([_bought("k1")])
    assert shop.ledger.claim("anna", [WISH]) == [Claim(KNOWN, _answer())]
    assert shop.day() == BudgetDay(spent=0.25)


def test_a_call_is_granted_to_one_buyer_and_held_from_the_others(shop: Shop) -> None:
    assert shop.words("anna", WISH) == [GRANTED]
    assert shop.words("bert", WISH) == [HELD]
    assert shop.words("anna", WISH) == [GRANTED]
    assert shop.day().reserved == 0.4


def test_once_it_is_recorded_the_others_have_it(shop: Shop) -> None:
    shop.words("anna", WISH)
    shop.ledger.record([_bought("k1")], "anna")
    assert shop.words("bert", WISH) == [KNOWN]
    assert shop.day() == BudgetDay(spent=0.25)


def test_the_same_key_twice_in_a_batch_gets_the_same_word_and_one_reservation(shop: Shop) -> None:
    pace = Pace("small", requests=60)
    claims = shop.ledger.claim(
        "anna", [_wish("k1", pace=pace), _wish("k2", pace=pace), _wish("k1", pace=pace)]
    )
    assert [claim.wait for claim in claims] == pytest.approx([0.0, 1.0, 0.0], abs=1e-3)
    assert shop.day().reserved == 0.8


def test_words_come_in_the_order_of_the_wishes(shop: Shop) -> None:
    shop.ledger.record([_bought("known", cost=0.0)])
    shop.words("bert", _wish("held"))
    wishes = [_wish("held"), _wish("new"), _wish("known"), _wish("short"), _wish("free", most_usd=0.0)]
    assert shop.words("anna", *wishes) == [HELD, GRANTED, KNOWN, SHORT, GRANTED]


def test_what_is_given_up_another_may_have(shop: Shop) -> None:
    shop.words("anna", WISH)
    shop.ledger.give_up("anna", [GivenUp("k1")])
    assert shop.day() == BudgetDay()
    assert shop.words("bert", WISH) == [GRANTED]


def test_nobody_gives_up_the_call_of_another(shop: Shop) -> None:
    shop.words("anna", WISH)
    shop.ledger.give_up("bert", [GivenUp("k1", maybe_paid=True), GivenUp("never asked for")])
    assert shop.words("bert", WISH) == [HELD]
    assert shop.day() == BudgetDay(reserved=0.4)


def test_all_that_a_buyer_holds_is_free_when_it_leaves(shop: Shop) -> None:
    shop.words("anna", WISH, _wish("k2"))
    shop.words("bert", _wish("k3", most_usd=0.1))
    shop.ledger.leave("anna")
    assert shop.words("bert", WISH, _wish("k2")) == [GRANTED, GRANTED]
    assert shop.words("anna", _wish("k3")) == [HELD]


def test_nothing_to_claim_and_nothing_to_give_up_is_fine(shop: Shop) -> None:
    assert shop.ledger.claim("anna", []) == []
    shop.ledger.give_up("anna", [])
    shop.ledger.renew("anna")
    shop.ledger.leave("nobody")


def test_more_wishes_than_a_statement_takes_are_answered(sql: Shop) -> None:
    wishes = [_wish(f"{number:064x}", cap_usd=None) for number in range(2_500)]
    assert sql.words("anna", *wishes) == [GRANTED] * 2_500
    sql.ledger.record([_bought(wish.key) for wish in wishes[:1_200]], "anna")
    assert Counter(sql.words("bert", *wishes)) == {KNOWN: 1_200, HELD: 1_300}


def test_a_buyer_without_a_sign_of_life_loses_its_calls_and_their_money(sql: Shop) -> None:
    sql.words("anna", WISH)
    sql.clock.forward(seconds=19)
    assert sql.words("bert", WISH) == [HELD]
    sql.ledger.renew("anna")
    sql.clock.forward(seconds=19)
    assert sql.words("bert", WISH) == [HELD]
    sql.clock.forward(seconds=1)
    assert sql.words("carl", WISH, _wish("k2")) == [GRANTED, GRANTED]
    assert sql.day().reserved == 0.8


def test_a_claim_is_a_sign_of_life_for_everything_that_is_held(sql: Shop) -> None:
    sql.words("anna", WISH)
    sql.clock.forward(seconds=15)
    sql.words("anna", _wish("k2"))
    sql.clock.forward(seconds=15)
    assert sql.words("bert", WISH) == [HELD]


def test_a_buyer_that_was_believed_dead_and_pays_all_the_same_is_counted(sql: Shop) -> None:
    sql.words("anna", WISH)
    sql.clock.forward(minutes=1)
    assert sql.words("bert", WISH) == [GRANTED]
    sql.ledger.record([_bought("k1", 0.25)], "anna")
    sql.ledger.record([_bought("k1", 0.3)], "bert")
    assert sql.day() == BudgetDay(spent=0.55)
    assert sql.ledger.find(["k1"])["k1"].cost_usd == 0.25


def test_nothing_is_left_behind_by_buyers_that_came_and_went(sql: Shop, database: Database) -> None:
    for number in range(5):
        sql.words(f"buyer-{number}", _wish(f"k{number}", cap_usd=None))
    sql.clock.forward(minutes=1)
    sql.words("anna", _wish("k9"))
    sql.ledger.leave("anna")

    def rows(connection: sa.Connection) -> list[int | None]:
        return [
            connection.scalar(sa.select(sa.func.count()).select_from(table)) for table in (buyers, leases)
        ]

    assert database.read(rows) == [0, 0]


# --- budgets ---------------------------------------------------------------------------------------


def test_money_is_set_aside_until_it_is_paid_or_given_back(shop: Shop) -> None:
    assert shop.words("anna", _wish("a"), _wish("b"), _wish("c")) == [GRANTED, GRANTED, SHORT]
    shop.ledger.record([_bought("a", cost=0.1)], "anna")
    assert shop.words("anna", _wish("c")) == [GRANTED]
    assert shop.day() == BudgetDay(spent=0.1, reserved=0.8)


def test_a_budget_is_spent_when_nothing_can_come_back(shop: Shop) -> None:
    shop.words("anna", _wish("a"), _wish("b"))
    shop.ledger.record([_bought("a", 0.4), _bought("b", 0.4)], "anna")
    assert shop.words("anna", _wish("c")) == [SPENT]
    assert shop.words("anna", _wish("c", most_usd=0.2)) == [GRANTED]


def test_a_call_that_may_have_been_billed_stays_counted(shop: Shop) -> None:
    shop.words("anna", _wish("a"), _wish("b"))
    shop.ledger.give_up("anna", [GivenUp("a", maybe_paid=True), GivenUp("b", maybe_paid=True)])
    assert shop.day() == BudgetDay(presumed=0.8)
    assert shop.words("anna", _wish("a")) == [SPENT]


def test_a_raised_budget_lets_the_next_call_pass(shop: Shop) -> None:
    assert shop.words("anna", _wish("a", cap_usd=0.0)) == [SPENT]
    shop.raise_(0.25)
    shop.raise_(0.25)
    assert shop.day().raised == 0.5
    assert shop.words("anna", _wish("a", cap_usd=0.0), _wish("b", cap_usd=0.0)) == [GRANTED, SHORT]


def test_a_free_call_passes_a_spent_budget(shop: Shop) -> None:
    shop.ledger.record([_bought("a", 5.0)])
    assert shop.words("anna", _wish("b"), _wish("c", most_usd=0.0)) == [SPENT, GRANTED]


def test_without_a_cap_everything_is_granted_and_counted_all_the_same(shop: Shop) -> None:
    wishes = [_wish("a", cap_usd=None), _wish("b", cap_usd=None, most_usd=None)]
    assert shop.words("anna", *wishes) == [GRANTED, GRANTED]
    shop.ledger.record([_bought("a", 3.0), _bought("b", None)], "anna")
    assert shop.day() == BudgetDay(spent=3.0)


def test_a_budget_and_no_price_is_a_mistake_in_the_code_and_nothing_is_granted(shop: Shop) -> None:
    with pytest.raises(ValueError, match="call b of goods has a budget and no price"):
        shop.ledger.claim("anna", [_wish("a"), _wish("b", most_usd=None)])
    assert shop.words("bert", _wish("a")) == [GRANTED]


def test_a_purchase_counts_once_however_often_it_is_recorded(shop: Shop) -> None:
    shop.words("anna", WISH)
    for buyer in ("anna", "anna", ""):
        shop.ledger.record([_bought("k1")], buyer)
    assert shop.day() == BudgetDay(spent=0.25)


def test_use_cases_have_budgets_of_their_own(shop: Shop) -> None:
    shop.words("anna", _wish("a", most_usd=1.0))
    assert shop.words("anna", _wish("b", use_case="ads"), _wish("c")) == [GRANTED, SHORT]


def test_a_new_day_has_a_new_budget_and_calls_on_their_way_count_to_it(sql: Shop) -> None:
    sql.clock.now = datetime(2026, 11, 24, 23, 59, 50, tzinfo=UTC)
    sql.raise_(1.0)
    sql.words("anna", _wish("a"), _wish("b"))
    sql.ledger.record([_bought("a", 0.4)], "anna")
    sql.clock.forward(seconds=15)
    assert sql.day() == BudgetDay(reserved=0.4)
    assert sql.words("anna", _wish("c"), _wish("d")) == [GRANTED, SHORT]
    sql.ledger.record([_bought("b", 0.4)], "anna")
    assert sql.day() == BudgetDay(spent=0.4, reserved=0.4)


@pytest.mark.parametrize("usd", [0.0, -1.0, float("nan"), float("inf")])
def test_a_budget_is_raised_by_a_number_above_zero(tmp_path: Path, usd: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Budgets(open_database(f"sqlite:///{tmp_path / 'furrow.db'}")).raise_today("goods", usd)


def test_the_use_cases_of_a_day_are_those_with_money_in_it(sql: Shop, database: Database) -> None:
    budgets = Budgets(database, sql.clock)
    assert budgets.use_cases() == []
    sql.words("anna", _wish("a", use_case="ads"))
    sql.ledger.record([_bought("b")])
    assert budgets.use_cases() == ["ads", "goods"]
    sql.ledger.leave("anna")
    sql.clock.forward(days=1)
    assert budgets.use_cases() == []


class TwiceDatabase(Database):
    """A database whose confirmations are lost: every transaction is done again after it went through."""

    def write(self, work: Callable[[sa.Connection], Any], durable: bool = True) -> Any:
        super().write(work, durable)
        return super().write(work, durable)


def test_money_is_exact_when_every_confirmation_of_the_database_is_lost(url: str, clock: Clock) -> None:
    open_database(url)
    shop = _shop(TwiceDatabase(url), clock)
    assert shop.words("anna", _wish("a"), _wish("b"), _wish("c")) == [GRANTED, GRANTED, SHORT]
    shop.ledger.record([_bought("a", 0.25)], "anna")
    shop.ledger.record([_bought("x", 0.125)])
    shop.ledger.give_up("anna", [GivenUp("b", maybe_paid=True)])
    shop.raise_(0.5)
    shop.raise_(0.5)
    assert shop.day() == BudgetDay(spent=0.375, presumed=0.4, raised=1.0)


MONEY = st.integers(0, 40).map(lambda cents: cents / 100)
KEYS = st.sampled_from([f"k{number}" for number in range(8)])
BUYERS = st.sampled_from(["anna", "bert", "carl"])
DEEDS = st.one_of(
    st.tuples(st.just("claim"), BUYERS, st.lists(st.tuples(KEYS, MONEY), min_size=1, max_size=4)),
    st.tuples(st.just("record"), BUYERS, st.tuples(KEYS, st.floats(0.0, 1.0))),
    st.tuples(st.just("give_up"), BUYERS, st.tuples(KEYS, st.booleans())),
    st.tuples(st.just("leave"), BUYERS, st.none()),
    st.tuples(st.just("raise_cap"), BUYERS, MONEY.filter(bool)),
)
_numbers = count()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(deeds=st.lists(DEEDS, min_size=10, max_size=60))
def test_whatever_is_done_a_budget_is_kept_and_a_call_has_one_buyer(shop: Shop, deeds: list[Any]) -> None:
    world = World(shop, next(_numbers))
    for name, buyer, what in deeds:
        world.do(name, buyer, what)
        world.check()
    world.end()


class World:
    """What should be, next to what a ledger says, with a use case of its own for every example."""

    def __init__(self, shop: Shop, number: int):
        self.shop, self.prefix = shop, f"{number}-"
        self.held: dict[str, tuple[str, float]] = {}
        self.paid: dict[str, float] = {}
        self.before = shop.day()
        self.cap = self.before.spent + self.before.presumed + 1.0 - self.before.raised

    def do(self, name: str, buyer: str, what: Any) -> None:
        getattr(self, name)(buyer, what)

    def claim(self, buyer: str, wanted: list[tuple[str, float]]) -> None:
        wishes = [_wish(self.prefix + key, most_usd=most, cap_usd=self.cap) for key, most in wanted]
        for wish, claim in zip(wishes, self.shop.ledger.claim(buyer, wishes), strict=True):
            holder = self.held.get(wish.key, (None, 0.0))[0]
            assert (claim.verdict is KNOWN) == (wish.key in self.paid)
            if claim.verdict is HELD:
                assert holder not in (None, buyer)
            if claim.verdict is GRANTED:
                assert holder in (None, buyer)
                self.held.setdefault(wish.key, (buyer, wish.most_usd or 0.0))

    def record(self, buyer: str, what: tuple[str, float]) -> None:
        """Only what was granted, and never for more than was set aside."""
        key, share = self.prefix + what[0], what[1]
        if self.held.get(key, ("", 0.0))[0] == buyer:
            self.paid[key] = self.held.pop(key)[1] * share
            self.shop.ledger.record([_bought(key, self.paid[key])], buyer)

    def give_up(self, buyer: str, what: tuple[str, bool]) -> None:
        key = self.prefix + what[0]
        if self.held.get(key, ("", 0.0))[0] == buyer:
            del self.held[key]
        self.shop.ledger.give_up(buyer, [GivenUp(key, maybe_paid=what[1])])

    def leave(self, buyer: str, _: None) -> None:
        self.held = {key: lease for key, lease in self.held.items() if lease[0] != buyer}
        self.shop.ledger.leave(buyer)

    def raise_cap(self, _: str, usd: float) -> None:
        self.shop.raise_(usd)

    def check(self) -> None:
        day = self.shop.day()
        assert day.room(self.cap) >= -1e-9
        assert day.reserved == pytest.approx(sum(most for _, most in self.held.values()))
        assert day.spent - self.before.spent == pytest.approx(sum(self.paid.values()))

    def end(self) -> None:
        for buyer in ("anna", "bert", "carl"):
            self.shop.ledger.leave(buyer)
        assert self.shop.day().reserved == 0.0


# --- paces -----------------------------------------------------------------------------------------


def _waits(shop: Shop, *keys: str, pace: Pace, tokens: int = 0) -> list[float]:
    wishes = [_wish(key, cap_usd=None, pace=pace, tokens=tokens) for key in keys]
    return [claim.wait for claim in shop.ledger.claim("anna", wishes)]


def _about(*seconds: float) -> Any:
    return pytest.approx(list(seconds), abs=1e-3)


def test_calls_take_turns_evenly_spaced(shop: Shop) -> None:
    pace = Pace("small", requests=600)
    assert _waits(shop, "a", "b", "c", pace=pace) == _about(0.0, 0.1, 0.2)
    shop.clock.forward(seconds=0.15)
    assert _waits(shop, "d", "e", pace=pace) == _about(0.15, 0.25)


def test_a_short_stall_loses_no_turn(shop: Shop) -> None:
    pace = Pace("small", requests=600)
    _waits(shop, "a", "b", pace=pace)  # the next turn is at 0.2 s
    shop.clock.forward(seconds=0.75)
    assert _waits(shop, *"cdefghi", pace=pace) == _about(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.05)


def test_a_quiet_time_is_not_made_up_for_by_a_burst(shop: Shop) -> None:
    pace = Pace("small", requests=60)
    _waits(shop, "a", pace=pace)
    shop.clock.forward(hours=1)
    assert _waits(shop, "b", "c", "d", pace=pace) == _about(0.0, 1.0, 2.0)


def test_tokens_take_turns_by_how_many_they_are(shop: Shop) -> None:
    pace = Pace("small", tokens=6_000)
    assert _waits(shop, "a", "b", "c", pace=pace, tokens=200) == _about(0.0, 2.0, 4.0)


def test_the_later_of_the_two_turns_counts(shop: Shop) -> None:
    pace = Pace("small", requests=60, tokens=6_000)
    assert _waits(shop, "a", "b", pace=pace, tokens=500) == _about(0.0, 5.0)
    shop.clock.forward(seconds=30)
    assert _waits(shop, "c", "d", pace=pace, tokens=10) == _about(0.0, 1.0)


def test_a_call_with_more_tokens_than_a_minute_has_still_gets_its_turn(shop: Shop) -> None:
    pace = Pace("small", tokens=100)
    assert _waits(shop, "a", "b", pace=pace, tokens=200) == _about(0.0, 120.0)


def test_a_pace_is_moved_by_what_a_call_really_took(shop: Shop) -> None:
    pace = Pace("small", tokens=6_000)
    _waits(shop, "a", "b", pace=pace, tokens=500)
    shop.ledger.record([_bought("a", tokens=200), _bought("b", tokens=600)], "anna")
    assert _waits(shop, "c", pace=pace, tokens=1) == _about(8.0)


def test_a_call_that_is_granted_again_takes_a_new_turn(shop: Shop) -> None:
    pace = Pace("small", requests=60)
    assert _waits(shop, "a", pace=pace) == _about(0.0)
    assert _waits(shop, "a", pace=pace) == _about(1.0)


def test_only_what_is_granted_takes_a_turn(shop: Shop) -> None:
    pace = Pace("small", requests=60)
    shop.ledger.record([_bought("known")])
    shop.words("bert", _wish("held"))
    wishes = [_wish(key, pace=pace, cap_usd=0.7) for key in ("known", "held", "short")]
    assert shop.words("anna", *wishes) == [KNOWN, HELD, SHORT]
    assert _waits(shop, "a", pace=pace) == _about(0.0)


def test_each_model_has_its_own_pace(shop: Shop) -> None:
    assert _waits(shop, "a", "b", pace=Pace("small", requests=60)) == _about(0.0, 1.0)
    assert _waits(shop, "c", pace=Pace("large", requests=60)) == _about(0.0)
    assert _waits(shop, "d", "e", pace=Pace("open")) == _about(0.0, 0.0)


# --- many processes --------------------------------------------------------------------------------


def _in_processes(work: Callable[..., None], *arguments: Any, processes: int = 4) -> list[Any]:
    """Run `work(number, start, results, *arguments)` in fresh processes; what each put into the results."""
    start, results = SPAWN.Barrier(processes), SPAWN.Queue()
    running = [
        SPAWN.Process(target=work, args=(number, start, results, *arguments)) for number in range(processes)
    ]
    for process in running:
        process.start()
    found = [results.get(timeout=300) for _ in running]
    for process in running:
        process.join()
    assert [process.exitcode for process in running] == [0] * processes
    return found


def _in_threads(work: Callable[[int], None], threads: int = 64) -> None:
    running = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def _buy_the_same(number: int, start: Any, results: Any, url: str) -> None:
    """64 buyers that all want the same 200 calls; what each was granted."""
    ledger, granted = SqlLedger(open_database(url), now=Clock()), []
    start.wait()

    def one(thread: int) -> None:
        buyer, missing = f"{number}-{thread}", [f"k{index}" for index in range(200)]
        random.Random(buyer).shuffle(missing)
        while missing:
            part = missing[:50]
            claims = ledger.claim(buyer, [_wish(key, cap_usd=None) for key in part])
            words = dict(zip(part, (claim.verdict for claim in claims), strict=True))
            mine = [key for key, word in words.items() if word is GRANTED]
            granted.extend(mine)
            ledger.record([_bought(key) for key in mine], buyer)
            missing = [key for key in missing if words.get(key, HELD) is HELD]
            random.shuffle(missing)

    _in_threads(one)
    results.put(granted)


def test_256_buyers_in_four_processes_buy_each_of_the_same_calls_once(url: str, database: Database) -> None:
    granted = Counter(key for found in _in_processes(_buy_the_same, url) for key in found)
    assert granted == {f"k{index}": 1 for index in range(200)}
    assert Budgets(database, Clock()).today("goods") == BudgetDay(spent=50.0)


def _spend(number: int, start: Any, results: Any, url: str, cap: float) -> None:
    """64 buyers that spend until nothing is left; what each call cost."""
    ledger, costs = SqlLedger(open_database(url), now=Clock()), []
    start.wait()

    def one(thread: int) -> None:
        chance = random.Random(f"{number}-{thread}")
        for index in count():
            most = chance.uniform(0.001, 0.05)
            wish = _wish(f"{number}-{thread}-{index}", most_usd=most, cap_usd=cap)
            while (word := ledger.claim(f"{number}", [wish])[0].verdict) is SHORT:
                time.sleep(chance.uniform(0.0, 0.2))
            if word is SPENT:
                return
            if chance.random() < 0.1:
                ledger.give_up(f"{number}", [GivenUp(wish.key)])
                continue
            costs.append(most * chance.choice([0.1, 0.5, 1.0]))
            ledger.record([_bought(wish.key, costs[-1])], f"{number}")

    _in_threads(one)
    results.put(costs)


def test_256_callers_in_four_processes_never_spend_more_than_the_cap(url: str, database: Database) -> None:
    cap = 4.0
    costs = [cost for found in _in_processes(_spend, url, cap) for cost in found]
    day = Budgets(database, Clock()).today("goods")
    assert sum(costs) == pytest.approx(day.spent)
    assert cap - 0.05 < day.spent <= cap
    assert (day.reserved, day.presumed) == (0.0, 0.0)


def _take_turns(number: int, start: Any, results: Any, url: str) -> None:
    """Forty turns of a pace, at a moment that stands still."""
    ledger, pace = SqlLedger(open_database(url), now=Clock()), Pace("small", requests=600)
    start.wait()
    claims: list[Claim] = []
    for index in range(10):
        wishes = [_wish(f"{number}-{index}-{part}", cap_usd=None, pace=pace) for part in range(4)]
        claims += ledger.claim(str(number), wishes)
    results.put([claim.wait for claim in claims])


def test_processes_share_a_pace_and_no_two_calls_have_the_same_turn(url: str, database: Database) -> None:
    waits = sorted(wait for found in _in_processes(_take_turns, url) for wait in found)
    assert waits == pytest.approx([0.1 * turn for turn in range(160)], abs=1e-3)


def test_the_day_of_a_budget_is_the_day_in_utc(database: Database) -> None:
    seoul = datetime.fromisoformat("2026-11-25T01:00:00+09:00")
    SqlLedger(database, now=lambda: seoul).record([_bought("a")])
    assert Budgets(database, lambda: NOON).today("goods").spent == 0.25
