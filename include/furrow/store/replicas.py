"""Which process runs a replica of a stream. The one that came last does; the one before it ends."""

from __future__ import annotations

import os
import socket
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from furrow.store.database import Database
from furrow.store.tables import replicas

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sitting:
    """A replica as it was last seen."""

    replica: str
    process: str
    since: datetime
    seen_at: datetime
    standing: Json


class Seat:
    """The place of one replica, `0`, `1`, … or the name of a sink, and this process's claim to it.

    Every method raises StoreUnavailable (retry helps).
    """

    def __init__(self, database: Database, use_case: str, replica: str):
        self._database, self._use_case, self.replica = database, use_case, replica
        self.process = f"{socket.gethostname()[:30]}-{os.getpid()}-{uuid.uuid4().hex[:12]}"

    def take(self) -> None:
        """Take it, from whoever has it."""
        now = datetime.now(UTC)
        insert = self._database.insert(replicas).values(
            use_case=self._use_case,
            replica=self.replica,
            process=self.process,
            since=now,
            seen_at=now,
            standing={},
        )
        ours = {name: insert.excluded[name] for name in ("process", "since", "seen_at", "standing")}
        upsert = insert.on_conflict_do_update(index_elements=["use_case", "replica"], set_=ours)
        self._database.write(lambda connection: connection.execute(upsert))

    def tell(self, standing: Json) -> bool:
        """Write down how the replica stands; False when another process has taken the place."""
        mine = (replicas.c.use_case == self._use_case) & (replicas.c.replica == self.replica)
        update = replicas.update().where(mine, replicas.c.process == self.process)
        update = update.values(standing=standing, seen_at=datetime.now(UTC))

        def write(connection: Connection) -> int:
            return connection.execute(update).rowcount

        return self._database.write(write) > 0


def sittings(database: Database, use_case: str) -> list[Sitting]:
    """The replicas of a use case as they were last seen. Raises StoreUnavailable."""
    columns = [replicas.c[name] for name in Sitting.__dataclass_fields__]
    query = sa.select(*columns).where(replicas.c.use_case == use_case).order_by(replicas.c.replica)
    return database.read(lambda connection: [Sitting(*row) for row in connection.execute(query)])
