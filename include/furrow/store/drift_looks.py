"""How looks at the drift of use cases ended: of runs, and of each hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from furrow.errors import StoreDamaged
from furrow.store.clock import Clock, utc_now
from furrow.store.database import Database
from furrow.store.tables import drifts

KEPT = timedelta(days=400)
"""A digest goes back a year at most."""


class DriftLooks:
    """What alarmed is kept; of the looks that found nothing, the newest of each use case.

    Raises StoreUnavailable (retry helps) or StoreDamaged.
    """

    def __init__(self, database: Database, now: Clock = utc_now):
        self._database, self._now = database, now

    def note(
        self, use_case: str, release: str, alarms: list[str], enough: bool, run_id: str | None = None
    ) -> None:
        """Note how a look ended: of that run, or of this hour; again after a retry, in its place.

        enough: whether there was a baseline to compare with.
        """
        at = self._now()
        look = run_id or f"{at.astimezone(UTC):%Y-%m-%dT%H}"
        row = {"release": release, "at": at, "enough": enough, "alarms": alarms}
        insert = self._database.insert(drifts).values(use_case=use_case, look=look, **row)
        again = {name: insert.excluded[name] for name in row}
        upsert = insert.on_conflict_do_update(index_elements=["use_case", "look"], set_=again)
        old = _old(use_case, at)

        def write(connection: Connection) -> None:
            connection.execute(upsert)
            connection.execute(old)

        self._database.write(write)

    def alarms(self, use_case: str, since: datetime, until: datetime) -> list[tuple[datetime, str]]:
        """What alarmed from `since` on and before `until`, the oldest first."""
        mine = (drifts.c.use_case == use_case) & (drifts.c.at >= since) & (drifts.c.at < until)
        query = sa.select(drifts.c.at, drifts.c.alarms).where(mine).order_by(drifts.c.at, drifts.c.look)
        try:
            rows = self._database.read(lambda connection: connection.execute(query).all())
        except ValueError as error:
            raise StoreDamaged(f"a look at the drift of {use_case} is no JSON: {error}") from error
        return [(at, alarm) for at, alarms in rows for alarm in alarms]


def _old(use_case: str, at: datetime) -> sa.Delete:
    """Takes away what a look at that moment makes old. One that somebody notes anew just now is not: to wait
    for it, with one's own look in hand, is how two of them would wait for each other.
    """
    older = (drifts.c.use_case == use_case) & (drifts.c.at < at)
    unneeded = sa.or_(sa.func.json_array_length(drifts.c.alarms) == 0, drifts.c.at < at - KEPT)
    looks = sa.select(drifts.c.look).where(older, unneeded).with_for_update(skip_locked=True)
    return drifts.delete().where(drifts.c.use_case == use_case, drifts.c.look.in_(looks))
