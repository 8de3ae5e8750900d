"""How all use cases stand, one query for each kind of fact however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from furrow.engine.record import Outcome
from furrow.store.clock import Clock, utc_day, utc_now
from furrow.store.database import Database
from furrow.store.dead_letters import newest_of_letter
from furrow.store.evaluations import accuracy_of
from furrow.store.releases import Action, Entry, Standing, standing_of
from furrow.store.tables import budgets, drifts, evaluations, letters, releases, replicas

Json = dict[str, Any]
_ALIVE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Money:
    """A use case's day (UTC). US dollars; raised: on top of its cap, for today."""

    spent: float = 0.0
    raised: float = 0.0


@dataclass(frozen=True, slots=True)
class NewestEvaluation:
    """The newest evaluation of a release. accuracy: of each labelled field."""

    release: str
    evaluation: str
    version: str
    decision: str
    at: datetime
    accuracy: Mapping[str, float]

    @property
    def mean(self) -> float | None:
        """The mean of the fields' accuracies; None when nothing is labelled."""
        return sum(self.accuracy.values()) / len(self.accuracy) if self.accuracy else None


@dataclass(frozen=True, slots=True)
class DriftLook:
    """The newest look at a use case's drift. enough: whether there was a baseline to compare with."""

    release: str
    at: datetime
    enough: bool
    alarms: list[str]


@dataclass(frozen=True, slots=True)
class StreamState:
    """The replicas of a stream. alive: of them seen in the last half minute; lag_seconds: of the worst of
    those, None when none is alive.
    """

    replicas: int
    alive: int
    lag_seconds: float | None


class Glance:
    """Each method gives what it has by use case. Raises StoreUnavailable (retry helps) or StoreDamaged."""

    def __init__(self, database: Database, now: Clock = utc_now):
        self._database, self._now = database, now

    def standings(self) -> dict[str, Standing]:
        """What serves, of those whose log has begun."""
        entries: dict[str, list[Entry]] = defaultdict(list)
        for row in self._rows(releases.select().order_by(releases.c.use_case, releases.c.number)):
            entries[row["use_case"]].append(Entry(**{**row, "action": Action(row["action"])}))
        found = {name: standing_of(log) for name, log in entries.items()}
        return {name: standing for name, standing in found.items() if standing is not None}

    def money(self) -> dict[str, Money]:
        """What today's budgets are used for."""
        query = budgets.select().where(budgets.c.day == utc_day(self._now()))
        return {
            row["use_case"]: Money(row["spent_usd"] + row["presumed_usd"], row["raised_usd"])
            for row in self._rows(query)
        }

    def evaluations(self) -> dict[tuple[str, str], NewestEvaluation]:
        """(use case, release) -> the newest evaluation of it over its whole test set."""
        names = (evaluations.c.use_case, evaluations.c.release)
        slices = evaluations.c.report[("scope", "slices")].as_string()
        whole = sa.or_(slices.is_(None), slices == "[]")
        newest = sa.select(*names, sa.func.max(evaluations.c.at).label("at")).where(whole)
        newest = newest.group_by(*names)
        last = newest.subquery()
        same = (evaluations.c[name] == last.c[name] for name in ("use_case", "release", "at"))
        columns = [
            evaluations.c[name] for name in ("use_case", "release", "evaluation", "version", "decision", "at")
        ]
        fields = evaluations.c.report["fields"].label("fields")
        query = sa.select(*columns, fields).join(last, sa.and_(*same))
        return {(row["use_case"], row["release"]): _evaluation(row) for row in self._rows(query)}

    def drifts(self) -> dict[str, DriftLook]:
        """The newest look at each."""
        return {
            row["use_case"]: DriftLook(row["release"], row["at"], row["enough"], row["alarms"])
            for row in self._rows(_newest_looks())
        }

    def streams(self) -> dict[str, StreamState]:
        """Those that ever had a replica."""
        found: dict[str, list[Json]] = defaultdict(list)
        for row in self._rows(replicas.select()):
            if row["replica"].isdigit():
                found[row["use_case"]].append(row)
        return {name: self._stream(rows) for name, rows in found.items()}

    def dead_letters(self) -> dict[str, int]:
        """Open letters."""
        query = sa.select(letters.c.use_case, sa.func.count().label("open")).group_by(letters.c.use_case)
        query = query.where(letters.c.outcome == Outcome.REJECTED.value, newest_of_letter())
        return {row["use_case"]: row["open"] for row in self._rows(query)}

    def _stream(self, rows: list[Json]) -> StreamState:
        seen_since = self._now().astimezone(UTC) - _ALIVE
        alive = [row["standing"] for row in rows if row["seen_at"] > seen_since]
        lags = [standing.get("lag_seconds") or 0.0 for standing in alive]
        return StreamState(len(rows), len(alive), max(lags, default=None))

    def _rows(self, query: sa.Select[Any]) -> list[Json]:
        rows = self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [dict(row) for row in rows]


def _newest_looks() -> sa.Select[Any]:
    newest = sa.select(drifts.c.use_case, sa.func.max(drifts.c.at).label("at")).group_by(drifts.c.use_case)
    last = newest.subquery()
    return sa.select(drifts).join(last, (drifts.c.use_case == last.c.use_case) & (drifts.c.at == last.c.at))


def _evaluation(row: Json) -> NewestEvaluation:
    named = {name: row[name] for name in ("release", "evaluation", "version", "decision", "at")}
    return NewestEvaluation(**named, accuracy=accuracy_of(row["fields"]))
