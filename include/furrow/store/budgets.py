"""Money by use case and day (UTC): what is spent, what is set aside, and what a person adds to the cap."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from furrow.store.claims import BudgetDay
from furrow.store.clock import Clock, utc_day, utc_now
from furrow.store.database import Database
from furrow.store.tables import budgets, leases


class Budgets:
    """What use cases spend today. Every method raises StoreUnavailable (retry helps) or StoreDamaged."""

    def __init__(self, database: Database, now: Clock = utc_now):
        self._database, self._now = database, now

    def today(self, use_case: str) -> BudgetDay:
        """What the budget of a use case is used for today; all zero when nothing was bought yet."""
        return self._database.read(lambda connection: budget_days(connection, [use_case], self._day()))[
            use_case
        ]

    def use_cases(self) -> list[str]:
        """Those that spent, may have spent, set something aside or were given more today."""
        noted = sa.select(budgets.c.use_case).where(budgets.c.day == self._day())
        query = noted.union(sa.select(leases.c.use_case))
        return sorted(self._database.read(lambda connection: connection.scalars(query).all()))

    def raise_today(self, use_case: str, usd: float) -> BudgetDay:
        """Put US dollars on top of today's cap, and say how the day stands. Also raises ValueError."""
        if not (usd > 0 and math.isfinite(usd)):
            raise ValueError(f"a budget is raised by a number of dollars above 0, not by {usd}")
        day, target = self._day(), math.nan

        def work(connection: Connection) -> BudgetDay:
            nonlocal target
            lock_books(connection)
            raised = budget_days(connection, [use_case], day)[use_case].raised
            if raised != target:  # else an earlier attempt went through, and only its confirmation was lost
                target = raised + usd
                add_to_day(self._database, connection, use_case, day, raised=usd)
            return budget_days(connection, [use_case], day)[use_case]

        return self._database.write(work)

    def _day(self) -> date:
        return utc_day(self._now())


# --- inside a transaction ---------------------------------------------------------------------------

_BOOKS_LOCK = 0x4C4544474552  # "LEDGER"; only has to differ from the locks of others in the same PostgreSQL


def lock_books(connection: Connection) -> None:
    """One at a time from here to the end of the transaction. On SQLite a writer is alone already."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_BOOKS_LOCK)))


def budget_days(connection: Connection, use_cases: Iterable[str], day: date) -> dict[str, BudgetDay]:
    """How each use case stands. What is set aside counts whatever the day on which that was."""
    asked = list(use_cases)
    if not asked:
        return {}
    total = sa.func.sum(leases.c.reserved_usd).label("usd")
    open_ = sa.select(leases.c.use_case, total).where(leases.c.use_case.in_(asked))
    open_ = open_.group_by(leases.c.use_case)
    reserved: dict[str, float] = {row.use_case: row.usd for row in connection.execute(open_)}
    query = budgets.select().where(budgets.c.use_case.in_(asked) & (budgets.c.day == day))
    rows = {row.use_case: row for row in connection.execute(query)}
    return {name: _day(rows.get(name), reserved.get(name, 0.0)) for name in asked}


def add_to_day(
    database: Database,
    connection: Connection,
    use_case: str,
    day: date,
    *,
    spent: float = 0.0,
    presumed: float = 0.0,
    raised: float = 0.0,
) -> None:
    """Count US dollars to a day."""
    row = {"spent_usd": spent, "presumed_usd": presumed, "raised_usd": raised}
    connection.execute(_more(database), {"use_case": use_case, "day": day, **row})


@lru_cache(8)
def _more(database: Database) -> sa.Executable:
    insert = database.insert(budgets)
    names = ("spent_usd", "presumed_usd", "raised_usd")
    more = {name: budgets.c[name] + insert.excluded[name] for name in names}
    return insert.on_conflict_do_update(index_elements=["use_case", "day"], set_=more)


def _day(row: sa.Row[tuple[object, ...]] | None, reserved: float) -> BudgetDay:
    if row is None:
        return BudgetDay(reserved=reserved)
    return BudgetDay(row.spent_usd, row.presumed_usd, reserved, row.raised_usd)
