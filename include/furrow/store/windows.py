"""What each release did, run by run and window by window."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from furrow.store.database import Database
from furrow.store.tables import window_sums, windows

Json = dict[str, Any]
T = TypeVar("T")
_KEYS_AT_ONCE = 100
WINDOW_KEYS = ["use_case", "release", "run_id", "started_at"]


@dataclass(frozen=True)
class WindowRow:
    """One window as it was noted. report: that of a run, as JSON."""

    use_case: str
    release: str
    run_id: str
    started_at: datetime
    finished_at: datetime
    records: int
    report: Json


def _sums_upsert(database: Database, window: WindowRow, published: bool) -> sa.Insert:
    """The window's figures for `window_sums`; a figure that its report lacks counts as nothing."""
    values = sums_of(window, published)
    insert = database.insert(window_sums).values(values)
    again = {name: insert.excluded[name] for name in values if name not in WINDOW_KEYS}
    return insert.on_conflict_do_update(index_elements=WINDOW_KEYS, set_=again)


def sums_of(window: WindowRow, published: bool = True) -> Json:
    """A row of `window_sums`."""
    report = window.report
    outcomes, rungs, seconds = (report.get(name) or {} for name in ("outcomes", "rungs", "seconds"))
    steps = (report.get("steps") or {}).values()
    return {
        **{name: getattr(window, name) for name in WINDOW_KEYS},
        "day": window.started_at.astimezone(UTC).date(),
        "published": published,
        "records": window.records,
        **{name: outcomes.get(name, 0) for name in ("accepted", "rejected")},
        **{name: sum(step.get(name, 0) for step in steps) for name in ("calls", "bought")},
        **{name: report.get(name, 0) for name in ("input_tokens", "output_tokens")},
        "cost_usd": report.get("cost_usd"),
        "saved_usd": _saved(list(steps)),
        **{name: rungs.get(name, 0) for name in ("strict", "repaired", "reasked", "escalated")},
        **{f"seconds_{name}": seconds.get(name) for name in ("p50", "p95")},
    }


def _saved(steps: list[Json]) -> float | None:
    """US dollars of the answers that were not bought for the window, at the mean price of their step."""
    known = [step for step in steps if step.get("calls")]
    if any(step.get("cost_usd") is None for step in known):
        return None
    return math.fsum(step["cost_usd"] * (1 - step.get("bought", 0) / step["calls"]) for step in known)


@dataclass(frozen=True, slots=True)
class Totals:
    """Records of many windows, and how they ended."""

    records: int = 0
    accepted: int = 0
    rejected: int = 0


def hour_of(moment: datetime) -> datetime:
    """The hour (UTC) that it is in."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _evenly(found: list[Any], records: int) -> list[tuple[datetime, str]]:
    """Every first, second, third … of an hour's windows, whichever still holds so many records."""
    step = max(1, sum(row.records for row in found) // max(1, records))
    return [(row.started_at, row.run_id) for row in found[::step]]


def _outcome(name: str) -> sa.ColumnElement[int]:
    """How many records of a window ended so: the database reads it off the report."""
    found: sa.ColumnElement[int] = windows.c.report["outcomes", name].as_integer()
    return found


def _batched(keys: list[T]) -> list[list[T]]:
    return [keys[first : first + _KEYS_AT_ONCE] for first in range(0, len(keys), _KEYS_AT_ONCE)]


class Windows:
    """Raises StoreUnavailable (retry helps)."""

    def __init__(self, database: Database):
        self._database = database

    def note(
        self,
        use_case: str,
        release: str,
        run_id: str,
        started_at: datetime,
        finished_at: datetime,
        records: int,
        report: Json,
        published: bool = True,
    ) -> None:
        """Note a window; again after a rerun, in its place. published: False for a shadow's."""
        window = WindowRow(use_case, release, run_id, started_at, finished_at, records, report)
        insert = self._database.insert(windows).values(asdict(window))
        names = ("finished_at", "records", "report")
        again = {name: insert.excluded[name] for name in names}
        upsert = insert.on_conflict_do_update(index_elements=WINDOW_KEYS, set_=again)
        sums = _sums_upsert(self._database, window, published)

        def write(connection: Connection) -> None:
            connection.execute(upsert)
            connection.execute(sums)

        self._database.write(write)

    def of_release(self, use_case: str, release: str, most: int) -> list[WindowRow]:
        """The newest windows of a release, the oldest of them first."""
        newest = self._of(use_case, release).order_by(windows.c.started_at.desc()).limit(most)
        return self._rows(newest)[::-1]

    def baseline(
        self, use_case: str, release: str, before: datetime, hours: int, records: int
    ) -> list[WindowRow]:
        """The earliest windows of a release that began before a moment: of so many hours, and of each hour as
        many as hold so many records, because a stream has many small ones.
        """
        columns = windows.c.started_at, windows.c.run_id, windows.c.records
        mine = sa.select(*columns).where(windows.c.use_case == use_case, windows.c.release == release)
        mine = mine.where(windows.c.started_at < before).order_by(windows.c.started_at)
        by_hour: dict[datetime, list[Any]] = {}
        for row in self._database.read(lambda connection: connection.execute(mine).all()):
            by_hour.setdefault(hour_of(row.started_at), []).append(row)
        chosen = [key for found in list(by_hour.values())[:hours] for key in _evenly(found, records)]
        return [row for part in _batched(chosen) for row in self._at(use_case, release, part)]

    def _at(self, use_case: str, release: str, keys: Sequence[tuple[datetime, str]]) -> list[WindowRow]:
        wanted = sa.tuple_(windows.c.started_at, windows.c.run_id).in_(keys)
        return self._rows(self._of(use_case, release).where(wanted).order_by(windows.c.started_at))

    def since(self, use_case: str, release: str, moment: datetime) -> list[WindowRow]:
        """The windows of a release that began then or later, the oldest first."""
        query = self._of(use_case, release).where(windows.c.started_at >= moment)
        return self._rows(query.order_by(windows.c.started_at))

    def totals(self, use_case: str, since: datetime, until: datetime) -> Totals:
        """Of every window that ended from `since` on and before `until`, whatever its release."""
        ends = (_outcome("accepted"), _outcome("rejected"))
        query = sa.select(*(sa.func.coalesce(sa.func.sum(each), 0) for each in (windows.c.records, *ends)))
        ended = (windows.c.finished_at >= since) & (windows.c.finished_at < until)
        query = query.where(windows.c.use_case == use_case, ended)
        return Totals(*map(int, self._database.read(lambda connection: connection.execute(query).one())))

    def _of(self, use_case: str, release: str) -> sa.Select[Any]:
        return windows.select().where(windows.c.use_case == use_case, windows.c.release == release)

    def _rows(self, query: sa.Select[Any]) -> list[WindowRow]:
        rows = self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [WindowRow(**row) for row in rows]
