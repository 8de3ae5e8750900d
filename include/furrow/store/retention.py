"""How long answers and the texts of dead letters are kept, and what a running run still needs of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from furrow.store.call_days import CallDays
from furrow.store.clock import Clock, utc_now
from furrow.store.database import Database
from furrow.store.pruning import change, count, delete, limit
from furrow.store.tables import calls, letters


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
        database = self._database
        before, pinned_by = limit(database, self._now(), older_than)
        answers, texts = _old_calls(before), _old_letters(before)
        if dry_run:
            return Pruning(
                before, count(database, calls, answers), count(database, letters, texts), pinned_by
            )
        CallDays(database, self._now).add_up(before)  # what they cost stays known
        blank = letters.update().values(record=None, raw=None, message=None)
        deleted = delete(database, calls, answers)
        return Pruning(before, deleted, change(database, letters, blank, texts), pinned_by)

    def size(self) -> Size:
        """Reads every row."""
        query = sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(sa.func.length(calls.c.text)), 0),
            sa.func.min(calls.c.created_at),
        )
        return Size(*self._database.read(lambda connection: connection.execute(query).one()))


def _old_calls(before: datetime) -> sa.ColumnElement[bool]:
    return sa.func.coalesce(calls.c.used_at, calls.c.created_at) < before


def _old_letters(before: datetime) -> sa.ColumnElement[bool]:
    written = (letters.c.record, letters.c.raw, letters.c.message)
    return (letters.c.at < before) & sa.or_(*(column.is_not(None) for column in written))
