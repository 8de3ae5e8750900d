"""What was bought on each day, added up from the ledger, so that a page need not read every call."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from furrow.store.clock import Clock, utc_now
from furrow.store.database import Database
from furrow.store.tables import call_days, calls, marks

_NAME = "call_days"
SETTLED = timedelta(minutes=10)
"""A call may be written down as much later than it is stamped; younger ones are not added up yet."""
_SPAN = timedelta(hours=4)
_NAMES = ("use_case", "release", "step", "alias", "model")
_SUMS = ("calls", "unpriced", "input_tokens", "output_tokens", "cost_usd", "seconds")


@dataclass(frozen=True, slots=True)
class Bought:
    """Calls of one day (UTC), use case, release, step and model. cost_usd: US dollars of those with a known
    price; unpriced: calls without one; seconds: that the models took, in all.
    """

    day: date
    use_case: str
    release: str
    step: str
    alias: str
    model: str
    calls: int
    unpriced: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    seconds: float


class CallDays:
    """Every method raises StoreUnavailable (retry helps) or StoreDamaged."""

    def __init__(self, database: Database, now: Clock = utc_now):
        self._database, self._now = database, now

    def add_up(self, until: datetime | None = None, most_spans: int = 10_000) -> datetime | None:
        """Add up the calls of before `until` that are not in yet; the moment that is reached.

        until: by default what is settled now. None while the ledger is empty. Any number of processes may do
        it at once; each call is counted once. Each span of some hours is a transaction of its own.
        """
        until = until or self._now() - SETTLED
        reached = self._mark()
        for _ in range(most_spans):
            begin = self._first_call(reached)
            if begin is None or begin >= until:
                break
            reached = self._database.write(partial(self._add, begin=begin, until=until))
        return reached

    def since(
        self,
        day: date,
        use_case: str | None = None,
        by: Collection[str] = ("day", *_NAMES),
        last: date | None = None,
    ) -> list[Bought]:
        """What was bought on that day (UTC) and later, until now, in the order of the names.

        by: what is told apart; the others are added up, and are empty (the day: that day) in what is given.
        last: the last day that counts.
        """
        last = last or date.max
        return self._database.read(lambda connection: self._since(connection, day, last, use_case, by))

    # --- adding up ---------------------------------------------------------------------------------

    def _mark(self) -> datetime | None:
        query = sa.select(marks.c.until).where(marks.c.name == _NAME)
        return self._database.read(lambda connection: connection.scalar(query))

    def _first_call(self, after: datetime | None) -> datetime | None:
        query = sa.select(sa.func.min(calls.c.created_at))
        if after is not None:
            query = query.where(calls.c.created_at >= after)
        found: datetime | None = self._database.read(lambda connection: connection.scalar(query))
        return found

    def _add(self, connection: Connection, begin: datetime, until: datetime) -> datetime:
        """The span that begins there, unless somebody was faster; the moment that is reached then."""
        first = self._database.insert(marks).values(
            name=_NAME, until=datetime.min.replace(tzinfo=UTC, year=1970)
        )
        connection.execute(first.on_conflict_do_nothing())
        locked = sa.select(marks.c.until).where(marks.c.name == _NAME).with_for_update()
        reached: datetime = connection.execute(locked).scalar_one()
        if reached > begin:
            return reached
        end = min(begin + _SPAN, until, _midnight_after(begin))
        if rows := _summed(connection, begin, end):
            connection.execute(self._increase(), [asdict(row) for row in rows])
        connection.execute(marks.update().where(marks.c.name == _NAME).values(until=end))
        return end

    def _increase(self) -> sa.Insert:
        insert = self._database.insert(call_days)
        more = {name: call_days.c[name] + insert.excluded[name] for name in _SUMS}
        return insert.on_conflict_do_update(index_elements=["day", *_NAMES], set_=more)

    # --- reading -----------------------------------------------------------------------------------

    def _since(
        self, connection: Connection, day: date, last: date, use_case: str | None, by: Collection[str]
    ) -> list[Bought]:
        names = [call_days.c[name] for name in ("day", *_NAMES) if name in by]
        sums = [sa.func.sum(call_days.c[name]).label(name) for name in _SUMS]
        query = sa.select(*names, *sums).where(call_days.c.day.between(day, last)).group_by(*names)
        if use_case is not None:
            query = query.where(call_days.c.use_case == use_case)
        blank: dict[str, Any] = {"day": day, **dict.fromkeys(_NAMES, "")}
        until = sa.select(marks.c.until).where(marks.c.name == _NAME)
        mark, moved = connection.scalar(until), True
        while moved:  # else a span that somebody adds meanwhile would be in neither part, or in both
            rows = [_whole({**blank, **row}) for row in connection.execute(query).mappings()]
            mark, moved = (now := connection.scalar(until)), now != mark
        start = datetime.combine(day, time(), UTC)
        recent = _by_day(connection, max(start, mark) if mark else start, last, use_case)
        without = {name: value for name, value in blank.items() if name not in by}
        return _merged([*rows, *(replace(row, **without) for row in recent)])


def _whole(row: dict[str, Any]) -> Bought:
    """PostgreSQL sums whole numbers as decimals."""
    return Bought(**{**row, **{name: int(row[name]) for name in _SUMS[:4]}})


def _midnight_after(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(UTC).date() + timedelta(days=1), time(), UTC)


def _by_day(connection: Connection, start: datetime, last: date, use_case: str | None) -> list[Bought]:
    """The calls since then, day by day, up to the last day."""
    newest = connection.scalar(sa.select(sa.func.max(calls.c.created_at)))
    found: list[Bought] = []
    while newest is not None and start <= newest and start.date() <= last:
        end = _midnight_after(start)
        found += _summed(connection, start, end, use_case)
        start = end
    return found


def _summed(
    connection: Connection, begin: datetime, end: datetime, use_case: str | None = None
) -> list[Bought]:
    """The calls of a span within one day."""
    query = _sums().where(calls.c.created_at >= begin, calls.c.created_at < end)
    if use_case is not None:
        query = query.where(calls.c.use_case == use_case)
    day = begin.astimezone(UTC).date()
    return [_bought(day, row) for row in connection.execute(query)]


def bought_in_run(connection: Connection, use_case: str, run_id: str) -> list[Bought]:
    """The calls of a run, whatever their day: that of the first stands for all."""
    mine = (calls.c.use_case == use_case) & (calls.c.run_id == run_id)
    first = sa.func.min(calls.c.created_at)
    rows = connection.execute(_sums().add_columns(first).where(mine))
    return [_bought(row[-1].date(), row[:-1]) for row in rows]


def _sums() -> sa.Select[Any]:
    names = [calls.c[name] for name in _NAMES]
    known = sa.func.count(calls.c.cost_usd)
    sums = [
        sa.func.count(),
        sa.func.count() - known,
        sa.func.sum(calls.c.input_tokens),
        sa.func.sum(calls.c.output_tokens),
        sa.func.coalesce(sa.func.sum(calls.c.cost_usd), 0.0),
        sa.func.sum(calls.c.seconds),
    ]
    return sa.select(*names, *sums).group_by(*names)


def _bought(day: date, row: Sequence[Any]) -> Bought:
    use_case, release, step, alias, model, n, unpriced, read, written, cost, seconds = row
    return Bought(
        day, use_case, release, step, alias, model, n, unpriced, int(read), int(written), cost, seconds
    )


def _merged(rows: list[Bought]) -> list[Bought]:
    """One row for each name and day."""
    found: dict[tuple[Any, ...], Bought] = {}
    for row in rows:
        key = (row.day, *(getattr(row, name) for name in _NAMES))
        before = found.get(key)
        found[key] = row if before is None else _sum(before, row)
    return [found[key] for key in sorted(found)]


def _sum(one: Bought, other: Bought) -> Bought:
    names = (getattr(one, name) for name in ("day", *_NAMES))
    return Bought(*names, *(getattr(one, name) + getattr(other, name) for name in _SUMS))
