"""Which buyer may make which call, inside a transaction of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from furrow.engine.ports import Wish
from furrow.store.database import Database
from furrow.store.tables import buyers, leases

KEYS_IN_ONE_QUERY = 1_000
"""SQLite takes 32,766 values in one statement, older builds 999 of them."""


@dataclass(frozen=True, slots=True)
class Lease:
    """What was granted to a buyer: US dollars set aside, and what it took of a pace."""

    key: str
    use_case: str
    reserved_usd: float
    pace: str | None
    tokens_per_minute: float | None
    tokens: int


# Built once: a stream runs them for every event, and building costs as much as running.
_keys: sa.BindParameter[str] = sa.bindparam("keys", expanding=True)
_silent = sa.select(buyers.c.buyer).where(
    buyers.c.alive_until <= sa.bindparam("now", type_=buyers.c.alive_until.type)
)
_held = sa.select(leases.c.key, leases.c.buyer).where(leases.c.key.in_(_keys))
_own = leases.c.key.in_(_keys) & (leases.c.buyer == sa.bindparam("owner"))
_owned = sa.select(*(leases.c[name] for name in Lease.__dataclass_fields__)).where(_own)
_end_owned = leases.delete().where(_own)


def batches(keys: Sequence[str], most: int = KEYS_IN_ONE_QUERY) -> Iterator[Sequence[str]]:
    """The keys, so many at a time that a statement takes them."""
    for start in range(0, len(keys), most):
        yield keys[start : start + most]


def sign_of_life(database: Database, connection: Connection, buyer: str, until: datetime) -> None:
    """What the buyer was granted is its own until then."""
    connection.execute(_alive(database), {"buyer": buyer, "alive_until": until})


@lru_cache(8)
def _alive(database: Database) -> sa.Executable:
    insert = database.insert(buyers)
    again = {"alive_until": insert.excluded.alive_until}
    return insert.on_conflict_do_update(index_elements=["buyer"], set_=again)


def bury(connection: Connection, now: datetime) -> None:
    """What was granted to buyers that show no sign of life any more is free."""
    dead = connection.scalars(_silent, {"now": now}).all()
    for buyer in dead:
        leave(connection, buyer)


def leave(connection: Connection, buyer: str) -> None:
    """All that was granted to a buyer is free."""
    connection.execute(leases.delete().where(leases.c.buyer == buyer))
    connection.execute(buyers.delete().where(buyers.c.buyer == buyer))


def holders(connection: Connection, keys: Sequence[str]) -> dict[str, str]:
    """The buyer of each key that is leased."""
    found: dict[str, str] = {}
    for batch in batches(keys):
        found.update((key, buyer) for key, buyer in connection.execute(_held, {"keys": batch}))
    return found


def grant(connection: Connection, buyer: str, wishes: Iterable[Wish]) -> None:
    """Write new leases down."""
    rows = [
        {
            "key": wish.key,
            "buyer": buyer,
            "use_case": wish.use_case,
            "reserved_usd": wish.most_usd or 0.0,
            "pace": wish.pace.name if wish.pace else None,
            "tokens_per_minute": wish.pace.tokens if wish.pace else None,
            "tokens": wish.tokens,
        }
        for wish in wishes
    ]
    if rows:
        connection.execute(leases.insert(), rows)


def end(connection: Connection, buyer: str, keys: Sequence[str]) -> dict[str, Lease]:
    """End those leases of a buyer that are still its own, and say which they were."""
    ended: dict[str, Lease] = {}
    for batch in batches(keys):
        asked = {"keys": batch, "owner": buyer}
        found = {row.key: Lease(*row) for row in connection.execute(_owned, asked)}
        if found:
            connection.execute(_end_owned, asked)
        ended.update(found)
    return ended
