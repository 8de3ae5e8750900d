"""Calls that were bought, one by one, and what calls usually take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from furrow.engine.plan import Usual
from furrow.store.call_days import Bought, bought_in_run
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
    run_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls: all that fit every part that is given. first, last: days (UTC), both included;
    unpriced: those whose price nobody knows.
    """

    use_case: str
    run_id: str | None = None
    step: str | None = None
    alias: str | None = None
    release: str | None = None
    first: date | None = None
    last: date | None = None
    unpriced: bool = False


def newest_calls(database: Database, wanted: Wanted, page: int, size: int) -> list[Call]:
    """A page of calls, the newest first. Raises StoreUnavailable."""
    rows = in_order(wanted).limit(size).offset((page - 1) * size)
    return database.read(lambda connection: [Call(*row) for row in connection.execute(rows)])


def in_order(wanted: Wanted) -> sa.Select[Any]:
    """The query of all that fit, in the order of an index backwards: key by key, too."""
    columns = [calls.c[name] for name in Call.__dataclass_fields__]
    newest = calls.c.created_at.desc(), calls.c.key.desc()
    return sa.select(*columns).where(*_where(wanted)).order_by(*newest)


def sums_of_run(database: Database, use_case: str, run_id: str) -> list[Bought]:
    """What a run bought by step, model and release; the day is that of its first call.

    Raises StoreUnavailable.
    """
    return database.read(lambda connection: bought_in_run(connection, use_case, run_id))


def _where(wanted: Wanted) -> Iterator[sa.ColumnElement[bool]]:
    for name in ("use_case", "run_id", "step", "alias", "release"):
        if (value := getattr(wanted, name)) is not None:
            yield calls.c[name] == value
    if wanted.unpriced:
        yield calls.c.cost_usd.is_(None)
    if wanted.first is not None:
        yield calls.c.created_at >= datetime.combine(wanted.first, time(), UTC)
    if wanted.last is not None:
        yield calls.c.created_at < datetime.combine(wanted.last + timedelta(days=1), time(), UTC)


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
