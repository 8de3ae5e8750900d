"""How far the allowance of each model is given away, inside a transaction of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy.engine import Connection

from furrow.store.claims import Turns
from furrow.store.database import Database
from furrow.store.leases import Lease
from furrow.store.tables import paces


def turns_of(connection: Connection, names: Iterable[str]) -> dict[str, Turns]:
    """The turns of each pace; one that was never used is left out."""
    asked = list(names)
    if not asked:
        return {}
    rows = connection.execute(paces.select().where(paces.c.name.in_(asked)))
    return {name: Turns(requests, tokens) for name, requests, tokens in rows}


def keep_turns(database: Database, connection: Connection, turns: Mapping[str, Turns]) -> None:
    """Write the turns of each pace down."""
    for name, turn in turns.items():
        until = {"requests_until": turn.requests_until, "tokens_until": turn.tokens_until}
        insert = database.insert(paces).values(name=name, **until)
        connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=until))


def settle_tokens(connection: Connection, taken: Mapping[str, Lease], tokens: Mapping[str, int]) -> None:
    """Move paces by what calls really took: `tokens` by key, next to what their leases expected."""
    seconds: dict[str, float] = {}
    for key, lease in taken.items():
        if lease.pace is not None and lease.tokens_per_minute:
            off = 60 * (tokens[key] - lease.tokens) / lease.tokens_per_minute
            seconds[lease.pace] = seconds.get(lease.pace, 0.0) + off
    for name, more in seconds.items():
        moved = {"tokens_until": paces.c.tokens_until + more}
        connection.execute(paces.update().where(paces.c.name == name).values(moved))
