"""Which process runs a replica of a stream. The one that came last does, or whose turn is later; the one
before it ends.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from furrow.errors import ReplicaReplaced
from furrow.store.database import Database
from furrow.store.holds import holding
from furrow.store.tables import replicas

Json = dict[str, Any]

_ALIVE = timedelta(seconds=10)
"""A process that was seen so lately runs; it tells how it stands every second."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """A replica as it was last seen. process: begins with the turn in which it came, if any: `TURN/…`."""

    replica: str
    process: str
    since: datetime
    seen_at: datetime
    standing: Json


class Seat:
    """The place of one replica, `0`, `1`, … or the name of a sink, and this process's claim to it.

    turn: when its turn began, as `turn_of` writes it; a later turn that is alive is not pushed aside by an
    earlier one, only by who has none. Every method also raises StoreUnavailable (retry helps).
    """

    def __init__(self, database: Database, use_case: str, replica: str, turn: str = ""):
        self._database, self._use_case, self.replica, self._turn = database, use_case, replica, turn
        process = f"{socket.gethostname()[:20]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self.process = f"{turn}/{process}" if turn else process

    def is_passed_over(self) -> bool:
        """Whether a process of a later turn has the place and is alive."""
        query = sa.select(replicas.c.process).where(self._mine, self._later(datetime.now(UTC)))
        return self._database.read(lambda connection: connection.scalar(query)) is not None

    def take(self) -> None:
        """Take it, from whoever has it. Raises ReplicaReplaced when a process of a later turn has it.

        One statement asks and takes: of two runs that begin at once, each could get one of two places.
        """
        now = datetime.now(UTC)
        ours: Json = {"process": self.process, "since": now, "seen_at": now, "standing": {}}
        insert = self._database.insert(replicas).values(use_case=self._use_case, replica=self.replica, **ours)
        upsert = insert.on_conflict_do_update(
            index_elements=["use_case", "replica"], set_=ours, where=~self._later(now)
        )
        taken = upsert.returning(replicas.c.process)
        if self._database.write(lambda connection: connection.scalar(taken)) is None:
            raise ReplicaReplaced(f"a later run has the place of `{self.replica}`; this one ends")

    @property
    def _mine(self) -> sa.ColumnElement[bool]:
        return (replicas.c.use_case == self._use_case) & (replicas.c.replica == self.replica)

    def _later(self, now: datetime) -> sa.ColumnElement[bool]:
        """Whether the process of a row is alive and its turn later than ours."""
        with_turn = replicas.c.process.contains("/")
        later = sa.func.substr(replicas.c.process, 1, len(self._turn)) > self._turn
        return with_turn & later & (replicas.c.seen_at > now - _ALIVE)

    def tell(self, standing: Json) -> bool:
        """Write down how the replica stands; False when another process has taken the place."""
        update = replicas.update().where(self._mine, replicas.c.process == self.process)
        update = update.values(standing=standing, seen_at=datetime.now(UTC))

        def write(connection: Connection) -> int:
            return connection.execute(update).rowcount

        return self._database.write(write) > 0

    def held_up_by(self) -> list[str]:
        """The batch runs that are about to store the position; ask once `tell` said that we are there."""
        return holding(self._database, self._use_case)

    def is_given_up(self) -> bool:
        """Whether nobody has the place, for the stream has it no longer. See `give_up_others`."""
        return all(found.replica != self.replica for found in sittings(self._database, self._use_case))


def alive(database: Database, use_case: str) -> dict[str, Sitting]:
    """The replicas whose process was seen just now, by name. Raises StoreUnavailable."""
    since = datetime.now(UTC) - _ALIVE
    return {found.replica: found for found in sittings(database, use_case) if found.seen_at > since}


def turn_of(began: datetime) -> str:
    """A turn that began then; later ones sort after it."""
    return began.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def give_up_others(database: Database, use_case: str, kept: Collection[str]) -> None:
    """Take away the places that a stream no longer has: their processes end. Raises StoreUnavailable."""
    gone = replicas.delete().where(replicas.c.use_case == use_case, replicas.c.replica.not_in(list(kept)))
    database.write(lambda connection: connection.execute(gone))


def sittings(database: Database, use_case: str) -> list[Sitting]:
    """The replicas of a use case as they were last seen. Raises StoreUnavailable."""
    columns = [replicas.c[name] for name in Sitting.__dataclass_fields__]
    query = sa.select(*columns).where(replicas.c.use_case == use_case).order_by(replicas.c.replica)
    return database.read(lambda connection: [Sitting(*row) for row in connection.execute(query)])
