"""Which unit of an experiment had which arm, from when on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from furrow.store.database import Database
from furrow.store.tables import exposures


class Exposures:
    """Raises StoreUnavailable (retry helps)."""

    def __init__(self, database: Database):
        self._database = database

    def note(self, use_case: str, experiment: str, units: Sequence[tuple[str, str]], at: datetime) -> None:
        """These units (unit, arm) were published to; the first time of each counts."""
        rows = [
            {"use_case": use_case, "experiment": experiment, "unit": unit, "arm": arm, "at": at}
            for unit, arm in dict(units).items()
        ]
        if rows:
            insert = self._database.insert(exposures).values(rows).on_conflict_do_nothing()
            self._database.write(lambda connection: connection.execute(insert))
