"""Up to which moment each use case has read a source that is asked for spans of time."""

from __future__ import annotations

from datetime import datetime

from furrow.store.database import Database
from furrow.store.tables import intervals


class ReadIntervals:
    """The ends of what was read, one for each use case. Raises StoreUnavailable (retry helps)."""

    def __init__(self, database: Database):
        self._database = database

    def read_until(self, use_case: str) -> datetime | None:
        """Everything before this moment was read; None: nothing yet."""
        query = intervals.select().where(intervals.c.use_case == use_case)
        found = self._database.read(lambda connection: connection.execute(query).mappings().first())
        moment: datetime | None = found["read_until"] if found else None
        return moment

    def advance(self, use_case: str, moment: datetime) -> None:
        """Everything before `moment` was read as well. Never goes back."""
        insert = self._database.insert(intervals).values(use_case=use_case, read_until=moment)
        later = insert.on_conflict_do_update(
            index_elements=["use_case"],
            set_={"read_until": insert.excluded.read_until},
            where=intervals.c.read_until < insert.excluded.read_until,
        )
        self._database.write(lambda connection: connection.execute(later))
