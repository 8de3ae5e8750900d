"""What every pruning shares: up to which moment, and a few rows at a time so that nobody waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from furrow.store.database import Database
from furrow.store.runs import RUNNING
from furrow.store.tables import runs

ROWS_AT_ONCE = 500
"""Rows in one transaction: others that want to write wait milliseconds, not minutes."""
_PIN_MARGIN = timedelta(days=1)
"""The use of an answer is noted to the day."""
PINNED_FOR = timedelta(days=30)
"""A run that began before was killed and never cleared; it pins nothing any more."""


def limit(database: Database, now: datetime, older_than: timedelta) -> tuple[datetime, str | None]:
    """Up to which moment may be pruned, and the running run that keeps more than was asked for.

    Raises ValueError for less than nothing, StoreUnavailable (retry helps).
    """
    if older_than < timedelta(0):
        raise ValueError(f"cannot prune what is older than {older_than}")
    before = now - older_than
    running = (runs.c.state == RUNNING) & (runs.c.started_at > now - PINNED_FOR)
    query = runs.select().where(running).order_by(runs.c.started_at).limit(1)
    first = database.read(lambda connection: connection.execute(query).one_or_none())
    if first is None or first.started_at - _PIN_MARGIN >= before:
        return before, None
    return first.started_at - _PIN_MARGIN, f"{first.use_case} {first.run_id}"


def count(database: Database, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
    """How many such rows there are."""
    query = sa.select(sa.func.count()).select_from(table).where(where)
    return database.read(lambda connection: connection.scalar(query) or 0)


def delete(database: Database, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
    """Delete such rows, ROWS_AT_ONCE in a transaction; how many they were."""
    return change(database, table, table.delete(), where)


def change(
    database: Database, table: sa.Table, statement: sa.Delete | sa.Update, where: sa.ColumnElement[bool]
) -> int:
    """The same for what else is to be done to such rows of the table."""
    primary = sa.tuple_(*table.primary_key)
    some = (statement.where(where & primary.in_(keys)) for keys in _keys(database, table, where))
    return sum(database.write(partial(_done, few)) for few in some)


def _done(statement: sa.Delete | sa.Update, connection: sa.Connection) -> int:
    return connection.execute(statement).rowcount


def _keys(
    database: Database, table: sa.Table, where: sa.ColumnElement[bool]
) -> Iterator[list[tuple[Any, ...]]]:
    """The primary keys of such rows, in their order, a few at a time; blocks nobody."""
    columns = list(table.primary_key)
    query = sa.select(*columns).where(where).order_by(*columns).limit(ROWS_AT_ONCE)
    keys: list[tuple[Any, ...]] = _page(database, query)
    while keys:
        yield keys
        keys = _page(database, query.where(sa.tuple_(*columns) > sa.tuple_(*keys[-1])))


def _page(database: Database, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
    return database.read(lambda connection: [tuple(row) for row in connection.execute(query)])
