"""What each release did, run by run and window by window."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from furrow.store.database import Database
from furrow.store.tables import windows

Json = dict[str, Any]


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
