"""What each release did, run by run and window by window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from furrow.store.database import Database
from furrow.store.tables import windows

Json = dict[str, Any]


@dataclass(frozen=True)
class WindowRow:
    """One window as it was noted. report: that of a run, as JSON."""

    use_case: str
    release: str
    run_id: str
    started_at: datetime
    finished_at: datetime
    records: int
    report: Json


class Windows:
    """Raises StoreUnavailable (retry helps)."""

    def __init__(self, database: Database):
        self._database = database

    def note(
        self,
        use_case: str,
        release: str,
        run_id: str,
        started_at: datetime,
        finished_at: datetime,
        records: int,
        report: Json,
    ) -> None:
        """Note a window; again after a rerun, in its place."""
        row = {
            "use_case": use_case,
            "release": release,
            "run_id": run_id,
            "started_at": started_at,
            "finished_at": finished_at,
            "records": records,
            "report": report,
        }
        insert = self._database.insert(windows).values(row)
        names = ("finished_at", "records", "report")
        again = {name: insert.excluded[name] for name in names}
        keys = ["use_case", "release", "run_id", "started_at"]
        upsert = insert.on_conflict_do_update(index_elements=keys, set_=again)
        self._database.write(lambda connection: connection.execute(upsert))

    def of_release(self, use_case: str, release: str, most: int) -> list[WindowRow]:
        """The newest windows of a release, the oldest of them first."""
        newest = self._of(use_case, release).order_by(windows.c.started_at.desc()).limit(most)
        return self._rows(newest)[::-1]

    def since(self, use_case: str, release: str, moment: datetime) -> list[WindowRow]:
        """The windows of a release that began then or later, the oldest first."""
        query = self._of(use_case, release).where(windows.c.started_at >= moment)
        return self._rows(query.order_by(windows.c.started_at))

    def _of(self, use_case: str, release: str) -> sa.Select[Any]:
        return windows.select().where(windows.c.use_case == use_case, windows.c.release == release)

    def _rows(self, query: sa.Select[Any]) -> list[WindowRow]:
        rows = self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [WindowRow(**row) for row in rows]
