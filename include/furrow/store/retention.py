"""How long answers and the texts of dead letters are kept, and what a running run still needs of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from furrow.store.call_days import CallDays
from furrow.store.clock import Clock, utc_now
from furrow.store.database import Database
from furrow.store.runs import RUNNING
from furrow.store.tables import calls, letters, runs

ROWS_AT_ONCE = 500
"""Rows in one transaction: others that want to write wait milliseconds, not minutes."""
_PIN_MARGIN = timedelta(days=1)
"""The use of an answer is noted to the day."""
PINNED_FOR = timedelta(days=30)
"""A run that began before was killed and never cleared; it pins nothing any more."""


@dataclass(frozen=True, slots=True)
class Pruning:
    """What a pruning takes away, or would. before: it was last used before that moment.

    pinned_by: the running run that keeps more than was asked for; it started first.
    """

    before: datetime
    calls: int
    letters: int
    pinned_by: str | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """How large the ledger is. text_bytes: of the answers alone; oldest: when the first was bought."""

    calls: int
    text_bytes: int
    oldest: datetime | None


class Retention:
    """Removes what was not used for long. Every method raises StoreUnavailable (retry helps) or StoreDamaged.

    May run at any time and be stopped at any time: what is left is removed by the next.
    """

    def __init__(self, database: Database, now: Clock = utc_now):
        self._database, self._now = database, now

    def prune(self, older_than: timedelta, *, dry_run: bool = False) -> Pruning:
        """Delete calls that were not used for so long; of dead letters as old, blank the texts.

        What a running run used is kept, for up to PINNED_FOR. dry_run: only count. Also raises ValueError
        for less than nothing.
        """
        if older_than < timedelta(0):
            raise ValueError(f"cannot prune what is older than {older_than}")
        before, pinned_by = self._limit(older_than)
        if dry_run:
            return Pruning(
                before, self._count(_old_calls(before)), self._count(_old_letters(before)), pinned_by
            )
        CallDays(self._database, self._now).add_up(before)  # what they cost stays known
        return Pruning(before, self._delete_calls(before), self._blank_letters(before), pinned_by)

    def size(self) -> Size:
        """Reads every row."""
        query = sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(sa.func.length(calls.c.text)), 0),
            sa.func.min(calls.c.created_at),
        )
        return Size(*self._database.read(lambda connection: connection.execute(query).one()))

    def _limit(self, older_than: timedelta) -> tuple[datetime, str | None]:
        before = self._now() - older_than
        running = (runs.c.state == RUNNING) & (runs.c.started_at > self._now() - PINNED_FOR)
        query = runs.select().where(running).order_by(runs.c.started_at).limit(1)
        first = self._database.read(lambda connection: connection.execute(query).one_or_none())
        if first is None or first.started_at - _PIN_MARGIN >= before:
            return before, None
        return first.started_at - _PIN_MARGIN, f"{first.use_case} {first.run_id}"

    def _count(self, where: sa.ColumnElement[bool]) -> int:
        return self._database.read(
            lambda connection: connection.scalar(sa.select(sa.func.count()).where(where)) or 0
        )

    def _delete_calls(self, before: datetime) -> int:
        where = _old_calls(before)
        return sum(
            self._change(calls.delete().where(where & calls.c.key.in_([key for (key,) in keys])))
            for keys in self._keys(calls, where)
        )

    def _blank_letters(self, before: datetime) -> int:
        where, primary = _old_letters(before), sa.tuple_(*letters.primary_key)
        blank = letters.update().values(record=None, raw=None, message=None)
        return sum(
            self._change(blank.where(where & primary.in_(keys))) for keys in self._keys(letters, where)
        )

    def _keys(self, table: sa.Table, where: sa.ColumnElement[bool]) -> Iterator[list[tuple[Any, ...]]]:
        """The primary keys of such rows, in their order, a few at a time; blocks nobody."""
        columns = list(table.primary_key)
        query = sa.select(*columns).where(where).order_by(*columns).limit(ROWS_AT_ONCE)
        keys: list[tuple[Any, ...]] = self._page(query)
        while keys:
            yield keys
            keys = self._page(query.where(sa.tuple_(*columns) > sa.tuple_(*keys[-1])))

    def _page(self, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
        return self._database.read(lambda connection: [tuple(row) for row in connection.execute(query)])

    def _change(self, statement: sa.Delete | sa.Update) -> int:
        return self._database.write(lambda connection: connection.execute(statement).rowcount)


def _old_calls(before: datetime) -> sa.ColumnElement[bool]:
    return sa.func.coalesce(calls.c.used_at, calls.c.created_at) < before


def _old_letters(before: datetime) -> sa.ColumnElement[bool]:
    written = (letters.c.record, letters.c.raw, letters.c.message)
    return (letters.c.at < before) & sa.or_(*(column.is_not(None) for column in written))
