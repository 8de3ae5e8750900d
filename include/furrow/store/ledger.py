"""The ledger: the durable table of paid calls, addressed by everything that decides an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from furrow.engine.ports import Answer, Finish, Purchase
from furrow.errors import StoreDamaged
from furrow.store.database import Database
from furrow.store.tables import calls

Clock = Callable[[], datetime]

KEYS_IN_ONE_QUERY = 1_000
"""SQLite takes 32,766 values in one statement, older builds 999 of them."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What was bought. cost_usd: US dollars of the calls with a known price; unpriced: calls without one."""

    calls: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0


class SqlLedger:
    """The ledger in the state database. Blocking; may be shared between threads, processes and forks."""

    def __init__(self, database: Database, now: Clock = lambda: datetime.now(UTC)):
        self._database = database
        self._now = now

    def find(self, keys: Sequence[str]) -> dict[str, Answer]:
        """Those of `keys` that were paid for, any number of them.

        Raises StoreUnavailable (retry helps) or StoreDamaged; a ledger that cannot be read is never empty.
        """
        wanted = list(dict.fromkeys(keys))
        return self._database.read(lambda connection: dict(_answers(connection, wanted)))

    def record(self, purchases: Sequence[Purchase]) -> None:
        """Write paid calls down, in one transaction; on the disk when this returns.

        A key that is there already keeps its first answer. Raises StoreUnavailable (retry helps) or
        StoreDamaged; then none of `purchases` is written.
        """
        if not purchases:
            return
        created_at = self._now()
        # In the order of the keys, so that two processes never wait for each other's rows in a circle.
        rows = sorted((_row(purchase, created_at) for purchase in purchases), key=lambda row: str(row["key"]))
        insert = self._database.insert(calls).on_conflict_do_nothing()
        self._database.write(lambda connection: connection.execute(insert, rows))

    def spent_since(self, use_case: str, since: datetime) -> Spending:
        """What a use case bought from `since` on. Raises like `find`."""
        where = (calls.c.use_case == use_case) & (calls.c.created_at >= since)
        return self._sum(calls.c.use_case, where).get(use_case, Spending())

    def spent_in_run(self, use_case: str, run_id: str) -> dict[str, Spending]:
        """What a run bought, by step; what it found in the ledger is not in it. Raises like `find`."""
        return self._sum(calls.c.step, (calls.c.use_case == use_case) & (calls.c.run_id == run_id))

    def spent_on(self, day: date) -> dict[str, Spending]:
        """What was bought on a day (UTC), by use case. Raises like `find`."""
        start = datetime.combine(day, time.min, UTC)
        where = (calls.c.created_at >= start) & (calls.c.created_at < start + timedelta(days=1))
        return self._sum(calls.c.use_case, where)

    def cost_by_use_case(self, day: date) -> dict[str, float]:
        """US dollars on a day (UTC) by use case, of the calls with a known price. Raises like `find`."""
        return {name: spending.cost_usd for name, spending in self.spent_on(day).items()}

    def _sum(self, by: sa.Column[Any], where: sa.ColumnElement[bool]) -> dict[str, Spending]:
        cost = calls.c.cost_usd
        total, priced = sa.func.count(), sa.func.count(cost)
        query = sa.select(by, total, sa.func.coalesce(sa.func.sum(cost), 0.0), total - priced)
        rows = self._database.read(
            lambda connection: connection.execute(query.where(where).group_by(by)).all()
        )
        return {name: Spending(number, paid, unpriced) for name, number, paid, unpriced in rows}


_look_up = sa.select(
    calls.c.key,
    calls.c.text,
    calls.c.finish,
    calls.c.model,
    calls.c.input_tokens,
    calls.c.output_tokens,
    calls.c.cost_usd,
    calls.c.seconds,
).where(calls.c.key.in_(sa.bindparam("keys", expanding=True)))


def _answers(connection: Connection, keys: list[str]) -> Iterable[tuple[str, Answer]]:
    for start in range(0, len(keys), KEYS_IN_ONE_QUERY):
        chunk = keys[start : start + KEYS_IN_ONE_QUERY]
        for key, text, finish, *rest in connection.execute(_look_up, {"keys": chunk}):
            try:
                yield key, Answer(text, Finish(finish), *rest)
            except ValueError as error:
                raise StoreDamaged(f"call {key} in the ledger: {error}") from error


def _row(purchase: Purchase, created_at: datetime) -> dict[str, Any]:
    answer = purchase.answer
    return {
        "key": purchase.key,
        "text": answer.text,
        "finish": answer.finish.value,
        "model": answer.model,
        "input_tokens": answer.input_tokens,
        "output_tokens": answer.output_tokens,
        "cost_usd": answer.cost_usd,
        "seconds": answer.seconds,
        "alias": purchase.alias,
        "use_case": purchase.use_case,
        "step": purchase.step,
        "release": purchase.release,
        "run_id": purchase.run_id,
        "created_at": created_at,
    }
