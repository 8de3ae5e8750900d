"""A batch run that is about to store its position; no replica of a stream takes up the source meanwhile.

Both write first and look then, each in a transaction of its own: the run its hold, and then whether a replica
is there; the replica that it is there, and then whether a run holds the source. So of two that come at once
at least one sees the other, on every database. The run gives way, the replica waits.
"""

from __future__ import annotations

import logging
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from furrow.errors import SourceUnavailable, StoreUnavailable
from furrow.store.clock import Clock, utc_now
from furrow.store.database import Database
from furrow.store.tables import holds

log = logging.getLogger(__name__)

HOLD_SECONDS = 90.0
"""Longer than a source takes to look at its position and to store it, thirty seconds each at most. So long a
stream waits for a run that was killed at this moment.
"""
_LEASE = timedelta(seconds=HOLD_SECONDS)


class Hold:
    """A run's hold on the source of its use case; a retry of its task takes it over.

    Every method raises StoreUnavailable (retry helps), except `let_go`.
    """

    def __init__(self, database: Database, use_case: str, run_id: str, clock: Clock = utc_now):
        self._database, self._use_case, self._run_id, self._clock = database, use_case, run_id, clock
        self._mine = (holds.c.use_case == use_case) & (holds.c.run_id == run_id)

    def take(self) -> None:
        """From now on no replica comes in."""
        now = self._clock()
        lapsed = holds.delete().where(holds.c.use_case == self._use_case, holds.c.until <= now)
        insert = self._database.insert(holds).values(
            use_case=self._use_case, run_id=self._run_id, until=now + _LEASE
        )
        longer = {"until": insert.excluded.until}
        upsert = insert.on_conflict_do_update(index_elements=["use_case", "run_id"], set_=longer)

        def write(connection: Connection) -> None:
            connection.execute(lapsed)
            connection.execute(upsert)

        self._database.write(write)

    def renew(self) -> None:
        """All of its time anew. Raises SourceUnavailable when it had lapsed: a replica may have come in."""
        now = self._clock()
        update = holds.update().where(self._mine, holds.c.until > now).values(until=now + _LEASE)

        def write(connection: Connection) -> int:
            return connection.execute(update).rowcount

        if self._database.write(write) == 0:
            raise SourceUnavailable(
                f"{self._use_case} took longer than {HOLD_SECONDS:g} s to see whether a stream runs"
            )

    def let_go(self) -> None:
        """Replicas may come in. When that cannot be written they wait until the hold lapses."""
        mine = holds.delete().where(self._mine)
        try:
            self._database.write(lambda connection: connection.execute(mine))
        except StoreUnavailable as error:
            log.warning("a stream of %s may have to wait %g s: %s", self._use_case, HOLD_SECONDS, error)


class NoHold:
    """Of a run whose source no stream reads."""

    def take(self) -> None:
        """Nothing is held."""

    def renew(self) -> None:
        """Nothing is held."""

    def let_go(self) -> None:
        """Nothing is held."""


def holding(database: Database, use_case: str, clock: Clock = utc_now) -> list[str]:
    """The runs that hold the source now. Raises StoreUnavailable."""
    query = sa.select(holds.c.run_id).where(holds.c.use_case == use_case, holds.c.until > clock())
    return database.read(lambda connection: list(connection.scalars(query.order_by(holds.c.run_id))))
