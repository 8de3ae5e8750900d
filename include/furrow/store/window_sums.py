"""What releases came to, added up over their runs and windows: for a page, for one day, for all use cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from furrow.store.database import Database
from furrow.store.tables import window_sums as sums

RUNGS = ("strict", "repaired", "reasked", "escalated")
_PUBLISHED = ("records", "accepted", "rejected", *RUNGS)
_ALL = ("calls", "bought", "input_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class Sums:
    """Some windows together. Records, rungs and seconds are of what was published; calls, tokens and cost of
    a shadow too, and of all answers used, bought now or before.

    cost_usd: US dollars, None while the price of one is unknown; saved_usd: of the answers that were in the
    ledger; seconds_p50, seconds_p95: the mean of the
    windows' own, by their records.
    """

    records: int
    accepted: int
    rejected: int
    strict: int
    repaired: int
    reasked: int
    escalated: int
    calls: int
    bought: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    saved_usd: float | None
    seconds_p50: float | None
    seconds_p95: float | None

    @property
    def valid_rate(self) -> float | None:
        """The share of the records that were accepted; None without a record."""
        return self.accepted / self.records if self.records else None

    @property
    def rungs(self) -> dict[str, int]:
        """Records by the rung on which a step's answer became valid."""
        return {name: getattr(self, name) for name in RUNGS}


@dataclass(frozen=True, slots=True)
class WindowFigures:
    """One window: a run, or a span of time of a stream's replica, of one release."""

    run_id: str
    release: str
    started_at: datetime
    published: bool
    sums: Sums


@dataclass(frozen=True, slots=True)
class WindowFilter:
    """Which windows: all that fit every part that is given. first, last: days (UTC), both included; rung:
    with a record on it.
    """

    use_case: str
    release: str | None = None
    first: date | None = None
    last: date | None = None
    rung: str | None = None


class WindowSums:
    """Every method raises StoreUnavailable (retry helps) or StoreDamaged."""

    def __init__(self, database: Database):
        self._database = database

    def lately(self, since: datetime) -> dict[str, Sums]:
        """Each use case with what its windows since then came to."""
        query = sa.select(sums.c.use_case, *_columns()).where(sums.c.started_at >= since)
        return self._by_use_case(query.group_by(sums.c.use_case))

    def by_use_case(self, since: date, last: date | None = None) -> dict[str, Sums]:
        """The same from a day (UTC) on, up to a last one."""
        query = sa.select(sums.c.use_case, *_columns()).where(sums.c.day >= since)
        if last is not None:
            query = query.where(sums.c.day <= last)
        return self._by_use_case(query.group_by(sums.c.use_case))

    def by_day(self, use_case: str, since: date) -> dict[tuple[date, str], Sums]:
        """(day in UTC, release) -> what it came to, in their order."""
        query = sa.select(sums.c.day, sums.c.release, *_columns())
        query = query.where(sums.c.use_case == use_case, sums.c.day >= since)
        query = query.group_by(sums.c.day, sums.c.release).order_by(sums.c.day, sums.c.release)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return {(day, release): Sums(*figures) for day, release, *figures in rows}

    def list_windows(
        self, wanted: WindowFilter, offset: int, limit: int, oldest_first: bool = False
    ) -> list[WindowFigures]:
        """Windows one by one, the newest first unless the oldest are asked for."""
        order = [sums.c.day, sums.c.started_at, sums.c.run_id, sums.c.release]
        query = sums.select().where(*_wanted(wanted))
        query = query.order_by(*(order if oldest_first else (column.desc() for column in order)))
        query = query.limit(limit).offset(offset)
        rows = self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_figures(dict(row)) for row in rows]

    def _by_use_case(self, query: sa.Select[Any]) -> dict[str, Sums]:
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return {name: Sums(*figures) for name, *figures in rows}


def _wanted(wanted: WindowFilter) -> Iterator[sa.ColumnElement[bool]]:
    yield sums.c.use_case == wanted.use_case
    if wanted.release is not None:
        yield sums.c.release == wanted.release
    if wanted.first is not None:
        yield sums.c.day >= wanted.first
    if wanted.last is not None:
        yield sums.c.day <= wanted.last
    if wanted.rung in RUNGS:
        yield sums.c[wanted.rung] > 0


def _figures(row: dict[str, Any]) -> WindowFigures:
    figures = {name: row[name] for name in Sums.__dataclass_fields__}
    if not row["published"]:
        figures |= dict.fromkeys(_PUBLISHED, 0) | {"seconds_p50": None, "seconds_p95": None}
    named = {name: row[name] for name in ("run_id", "release", "started_at", "published")}
    return WindowFigures(**named, sums=Sums(**figures))


def _columns() -> list[sa.ColumnElement[Any]]:
    published = [_whole(sa.case((sums.c.published, sums.c[name]), else_=0)) for name in _PUBLISHED]
    whole = [*published, *(_whole(sums.c[name]) for name in _ALL)]
    dollars = [_known(sums.c.cost_usd), _known(sums.c.saved_usd)]
    return [*whole, *dollars, _weighted(sums.c.seconds_p50), _weighted(sums.c.seconds_p95)]


def _whole(column: sa.ColumnElement[int]) -> sa.ColumnElement[Any]:
    return sa.cast(sa.func.sum(column), sa.BigInteger)


def _known(column: sa.ColumnElement[float]) -> sa.ColumnElement[Any]:
    """The sum, unknown as soon as a part of it is."""
    return sa.case((sa.func.count(column) == sa.func.count(), sa.func.sum(column)), else_=None)


def _weighted(column: sa.ColumnElement[float]) -> sa.ColumnElement[Any]:
    """The mean by records of the windows that have it."""
    counts = sums.c.published & column.is_not(None)
    weight = sa.func.sum(sa.case((counts, sums.c.records), else_=0))
    return sa.func.sum(sa.case((counts, column * sums.c.records), else_=0.0)) / sa.func.nullif(weight, 0)
