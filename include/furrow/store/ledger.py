"""The ledger: the durable table of paid calls, and who may buy which.

The rules are in `claims`; here is how they are kept. Whatever is decided or counted is decided alone, in one
short write transaction: on SQLite a writer is alone anyway, on PostgreSQL the ledger has a lock of its own.
The clocks of the machines that share a ledger have to agree to a second or so.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from furrow.engine.ports import LEASE_SECONDS, Answer, Claim, Finish, GivenUp, Purchase, Wish
from furrow.errors import FurrowError, StoreDamaged
from furrow.store.budgets import add_to_day, budget_days, lock_books
from furrow.store.claims import Books
from furrow.store.clock import Clock, utc_day, utc_now
from furrow.store.database import Database
from furrow.store.leases import Lease, batches, bury, end, grant, holders, leave, sign_of_life
from furrow.store.paces import keep_turns, settle_tokens, turns_of
from furrow.store.tables import calls

log = logging.getLogger(__name__)
T = TypeVar("T")

USE_IS_NOTED_EVERY = timedelta(days=1)
"""The last use of an answer decides how long it is kept; to the day is good enough."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What was bought. cost_usd: US dollars of the calls with a known price; unpriced: calls without one."""

    calls: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0


class SqlLedger:
    """The ledger in the state database. Blocking; may be shared between threads, processes and forks.

    Every method raises StoreUnavailable (retry helps) or StoreDamaged; a ledger that cannot be read is never
    empty, and what raised changed nothing.
    """

    def __init__(self, database: Database, now: Clock = utc_now, lease_seconds: float = LEASE_SECONDS):
        self._database = database
        self._now = now
        self._lease = timedelta(seconds=lease_seconds)

    def find(self, keys: Sequence[str]) -> dict[str, Answer]:
        """Those of `keys` that were paid for, any number of them."""
        wanted = list(dict.fromkeys(keys))
        long_ago = self._now() - USE_IS_NOTED_EVERY
        found = self._database.read(lambda connection: list(_found(connection, wanted, long_ago)))
        self._note_use([key for key, _, is_stale in found if is_stale])
        return {key: answer for key, answer, _ in found}

    def peek(self, keys: Sequence[str]) -> dict[str, Answer]:
        """The same for somebody who only looks: it is no use, and keeps no answer longer."""
        found = self._database.read(lambda connection: list(_found(connection, list(keys), self._now())))
        return {key: answer for key, answer, _ in found}

    def claim(self, buyer: str, wishes: Sequence[Wish]) -> list[Claim]:
        """One word on each wish, in their order; a wish that was granted to this buyer is granted again.

        Also raises ValueError for a wish with a budget and without a price.
        """
        # Not flushed to the disk: a power cut ends the buyers too, and with them what they were granted.

        def work(connection: Connection, now: datetime) -> tuple[list[Claim], list[str]]:
            sign_of_life(self._database, connection, buyer, now + self._lease)
            bury(connection, now)
            books, unnoted = _open_books(connection, wishes, now)
            words = books.claims(buyer, wishes, now.timestamp())
            grant(connection, buyer, books.granted.values())
            keep_turns(self._database, connection, books.turns)
            return words, unnoted

        words, unnoted = self._alone(work, durable=False)
        self._note_use(unnoted)
        return words

    def record(self, purchases: Sequence[Purchase], buyer: str = "") -> None:
        """Write paid calls down and settle what was set aside, in one transaction; then it is on the disk.

        A key that is there already keeps its first answer. The cost counts to today's budget, once.
        """
        if not purchases:
            return

        def work(connection: Connection, now: datetime) -> None:
            new = self._insert(connection, purchases, now)
            ended = end(connection, buyer, [purchase.key for purchase in purchases])
            # Neither new nor leased: an earlier attempt went through, and only its confirmation was lost.
            counted = [one for one in purchases if one.key in ended or one.key in new]
            self._spend(connection, ((one.use_case, one.answer.cost_usd) for one in counted), now)
            settle_tokens(connection, ended, {one.key: _tokens(one.answer) for one in counted})

        self._alone(work)

    def give_up(self, buyer: str, calls: Sequence[GivenUp]) -> None:
        """Let others have them, and their money; what may have been paid stays counted as presumed."""

        def work(connection: Connection, now: datetime) -> None:
            ended = end(connection, buyer, [call.key for call in calls])
            lost = [ended[call.key] for call in calls if call.maybe_paid and call.key in ended]
            self._presume(connection, lost, now)

        self._alone(work)

    def renew(self, buyer: str) -> None:
        """A sign of life. Not flushed to the disk, as a claim is not."""
        self._alone(
            lambda connection, now: sign_of_life(self._database, connection, buyer, now + self._lease),
            durable=False,
        )

    def leave(self, buyer: str) -> None:
        """The buyer ends: all that it still holds is free."""
        self._alone(lambda connection, _: leave(connection, buyer))

    def spent_since(self, use_case: str, since: datetime) -> Spending:
        """What a use case bought from `since` on."""
        where = (calls.c.use_case == use_case) & (calls.c.created_at >= since)
        return self._sum(calls.c.use_case, where).get(use_case, Spending())

    def spent_in_run(self, use_case: str, run_id: str) -> dict[str, Spending]:
        """What a run bought, by step; what it found in the ledger is not in it."""
        return self._sum(calls.c.step, (calls.c.use_case == use_case) & (calls.c.run_id == run_id))

    def spent_on(self, day: date) -> dict[str, Spending]:
        """What was bought on a day (UTC), by use case."""
        start = datetime.combine(day, time.min, UTC)
        return self.spent_between(start, start + timedelta(days=1))

    def spent_between(self, since: datetime, until: datetime) -> dict[str, Spending]:
        """What was bought from `since` on and before `until`, by use case; what was pruned is not in it."""
        where = (calls.c.created_at >= since) & (calls.c.created_at < until)
        return self._sum(calls.c.use_case, where)

    def cost_by_use_case(self, day: date) -> dict[str, float]:
        """US dollars on a day (UTC) by use case, of the calls with a known price."""
        return {name: spending.cost_usd for name, spending in self.spent_on(day).items()}

    def _sum(self, by: sa.Column[Any], where: sa.ColumnElement[bool]) -> dict[str, Spending]:
        cost = calls.c.cost_usd
        total, priced = sa.func.count(), sa.func.count(cost)
        query = sa.select(by, total, sa.func.coalesce(sa.func.sum(cost), 0.0), total - priced)
        rows = self._database.read(
            lambda connection: connection.execute(query.where(where).group_by(by)).all()
        )
        return {name: Spending(number, paid, unpriced) for name, number, paid, unpriced in rows}

    def _alone(self, work: Callable[[Connection, datetime], T], durable: bool = True) -> T:
        """One transaction while no other buyer changes anything; it gets the moment at which that began."""

        def transaction(connection: Connection) -> T:
            lock_books(connection)
            return work(connection, self._now())

        return self._database.write(transaction, durable)

    def _insert(self, connection: Connection, purchases: Sequence[Purchase], now: datetime) -> set[str]:
        """Write down what is not there yet, and say which that is."""
        rows = {one.key: _row(one, now) for one in reversed(purchases)}
        for key in _those_there(connection, list(rows)):
            del rows[key]
        if rows:
            connection.execute(self._database.insert(calls).on_conflict_do_nothing(), list(rows.values()))
        return set(rows)

    def _spend(
        self, connection: Connection, costs: Iterable[tuple[str, float | None]], now: datetime
    ) -> None:
        for use_case, usd in _sums((name, cost) for name, cost in costs if cost):
            add_to_day(self._database, connection, use_case, utc_day(now), spent=usd)

    def _presume(self, connection: Connection, lost: Sequence[Lease], now: datetime) -> None:
        for use_case, usd in _sums((lease.use_case, lease.reserved_usd) for lease in lost):
            add_to_day(self._database, connection, use_case, utc_day(now), presumed=usd)

    def _note_use(self, keys: Sequence[str]) -> None:
        """Note that answers are used. That it cannot be noted now is no reason not to use them."""
        for batch in batches(keys):
            # Rows that another process notes at this moment are left to it.
            mine = sa.select(calls.c.key).where(calls.c.key.in_(batch)).with_for_update(skip_locked=True)
            update = calls.update().where(calls.c.key.in_(mine)).values(used_at=self._now())
            try:
                self._database.write(partial(_execute, update))
            except FurrowError as error:
                log.warning("the use of %s answers is not noted: %s", len(batch), error)
                return


_look_up = sa.select(
    calls.c.key,
    sa.func.coalesce(calls.c.used_at, calls.c.created_at)
    < sa.bindparam("long_ago", type_=calls.c.used_at.type),
    calls.c.text,
    calls.c.finish,
    calls.c.model,
    calls.c.input_tokens,
    calls.c.output_tokens,
    calls.c.cost_usd,
    calls.c.seconds,
).where(calls.c.key.in_(sa.bindparam("keys", expanding=True)))
_there = sa.select(calls.c.key).where(calls.c.key.in_(sa.bindparam("keys", expanding=True)))


def _found(connection: Connection, keys: list[str], long_ago: datetime) -> Iterable[tuple[str, Answer, bool]]:
    """Key, answer, and whether its last use is long ago."""
    for batch in batches(keys):
        asked = {"keys": batch, "long_ago": long_ago}
        for key, is_stale, text, finish, *rest in connection.execute(_look_up, asked):
            try:
                yield key, Answer(text, Finish(finish), *rest), is_stale
            except ValueError as error:
                raise StoreDamaged(f"call {key} in the ledger: {error}") from error


def _execute(statement: sa.Executable, connection: Connection) -> None:
    connection.execute(statement)


def _those_there(connection: Connection, keys: list[str]) -> Iterable[str]:
    for batch in batches(keys):
        yield from connection.scalars(_there, {"keys": batch})


def _open_books(connection: Connection, wishes: Sequence[Wish], now: datetime) -> tuple[Books, list[str]]:
    """How things stand for these wishes, and the known keys whose use is to be noted."""
    keys = list(dict.fromkeys(wish.key for wish in wishes))
    found = list(_found(connection, keys, now - USE_IS_NOTED_EVERY))
    books = Books(
        known={key: answer for key, answer, _ in found},
        leases=holders(connection, keys),
        days=budget_days(
            connection, {wish.use_case for wish in wishes if wish.cap_usd is not None}, utc_day(now)
        ),
        turns=turns_of(connection, {wish.pace.name for wish in wishes if wish.pace}),
    )
    return books, [key for key, _, is_stale in found if is_stale]


def _sums(amounts: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """US dollars by use case, in the order of their names."""
    by_name: dict[str, list[float]] = {}
    for name, usd in amounts:
        by_name.setdefault(name, []).append(usd)
    return [(name, math.fsum(by_name[name])) for name in sorted(by_name)]


def _tokens(answer: Answer) -> int:
    return answer.input_tokens + answer.output_tokens


def _row(purchase: Purchase, created_at: datetime) -> dict[str, Any]:
    answer = purchase.answer
    return {
        "key": purchase.key,
        "text": answer.text,
        "finish": answer.finish.value,
        "model": answer.model,
        "input_tokens": answer.input_tokens,
        "output_tokens": answer.output_tokens,
        "cost_usd": answer.cost_usd,
        "seconds": answer.seconds,
        "alias": purchase.alias,
        "use_case": purchase.use_case,
        "step": purchase.step,
        "release": purchase.release,
        "run_id": purchase.run_id,
        "created_at": created_at,
    }
