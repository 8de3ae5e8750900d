"""What calls usually take, from those that were bought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from furrow.engine.plan import Usual
from furrow.store.database import Database
from furrow.store.tables import calls

_NEWEST = 2_000


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was bought, without its text. cost_usd: US dollars, None when the price is unknown."""

    key: str
    step: str
    alias: str
    model: str
    release: str
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    seconds: float
    finish: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RunCalls:
    """A page of a run's calls, the newest first. total, cost_usd: of all that it bought, of known price."""

    rows: list[Call]
    total: int
    cost_usd: float


def calls_of_run(
    database: Database, use_case: str, run_id: str, step: str | None, page: int, size: int
) -> RunCalls:
    """What a run, or one step of it, bought. Raises StoreUnavailable."""
    where = [calls.c.use_case == use_case, calls.c.run_id == run_id]
    if step is not None:
        where.append(calls.c.step == step)
    columns = [calls.c[name] for name in Call.__dataclass_fields__]
    query = sa.select(*columns).where(*where).order_by(calls.c.created_at.desc(), calls.c.key)
    rows = query.limit(size).offset((page - 1) * size)
    whole = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(calls.c.cost_usd), 0.0)).where(*where)

    def read(connection: Connection) -> RunCalls:
        total, cost = connection.execute(whole).one()
        return RunCalls([Call(*row) for row in connection.execute(rows)], total, cost)

    return database.read(read)


def steps_of_run(database: Database, use_case: str, run_id: str) -> list[str]:
    """The steps for which a run bought something. Raises StoreUnavailable."""
    mine = (calls.c.use_case == use_case) & (calls.c.run_id == run_id)
    query = sa.select(calls.c.step).distinct().where(mine).order_by(calls.c.step)
    return database.read(lambda connection: list(connection.scalars(query)))


def usual_calls(database: Database, use_case: str) -> dict[tuple[str, str], Usual]:
    """(step, model alias) -> mean tokens of a use case's newest calls. Raises StoreUnavailable."""
    columns = (calls.c.step, calls.c.alias, calls.c.input_tokens, calls.c.output_tokens)
    newest = (
        sa.select(*columns)
        .where(calls.c.use_case == use_case)
        .order_by(calls.c.created_at.desc())
        .limit(_NEWEST)
        .subquery()
    )
    means = sa.func.avg(newest.c.input_tokens), sa.func.avg(newest.c.output_tokens)
    query = sa.select(newest.c.step, newest.c.alias, *means).group_by(newest.c.step, newest.c.alias)
    rows = database.read(lambda connection: connection.execute(query).all())
    return {(step, alias): Usual(float(read), float(written)) for step, alias, read, written in rows}
