"""How long the units and outcomes of experiments that are over are kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from furrow.store.clock import Clock, utc_now
from furrow.store.database import Database
from furrow.store.pruning import count, delete, limit
from furrow.store.tables import exposures, outcomes


@dataclass(frozen=True, slots=True)
class Over:
    """An experiment that is over and goes. last: when its last new unit was published to."""

    use_case: str
    experiment: str
    units: int
    last: datetime


@dataclass(frozen=True, slots=True)
class ExperimentPruning:
    """What a pruning takes away, or would. before: nothing from that moment on goes.

    pinned_by: the running run that keeps more than was asked for; it may still note units.
    """

    before: datetime
    experiments: list[Over]
    outcomes: int
    pinned_by: str | None = None


class ExperimentRetention:
    """Every method raises StoreUnavailable (retry helps). May run, and be stopped, at any time."""

    def __init__(self, database: Database, now: Clock = utc_now):
        self._database, self._now = database, now

    def use_cases(self) -> list[str]:
        """Those of which there are units or outcomes."""
        queries = [sa.select(table.c.use_case).distinct() for table in (exposures, outcomes)]
        found = self._database.read(lambda connection: connection.scalars(sa.union(*queries)).all())
        return sorted(found)

    def prune(
        self, going_on: Mapping[str, str | None], older_than: timedelta, *, dry_run: bool = False
    ) -> ExperimentPruning:
        """Delete experiments that are over and had no new unit for so long, and outcomes as old.

        going_on: the use cases to prune, each with its experiment that goes on, None without one. An
        experiment goes as a whole or not at all: a part of its units would be another experiment. An
        outcome that counts for a unit of one that stays is kept, however old. dry_run: only count. Also
        raises ValueError for less than nothing.
        """
        before, pinned_by = limit(self._database, self._now(), older_than)
        every = self._experiments(going_on)
        over = [each for each in every if each.last < before and each.experiment != going_on[each.use_case]]
        told = 0
        for name in going_on:
            gone = {each.experiment for each in over if each.use_case == name}
            stay = [
                each.experiment for each in every if each.use_case == name and each.experiment not in gone
            ]
            told += self._prune_one(name, gone, stay, before, dry_run)
        return ExperimentPruning(before, over, told, pinned_by)

    def _experiments(self, use_cases: Collection[str]) -> list[Over]:
        key = (exposures.c.use_case, exposures.c.experiment)
        query = sa.select(*key, sa.func.count(), sa.func.max(exposures.c.at)).group_by(*key).order_by(*key)
        mine = query.where(exposures.c.use_case.in_(use_cases))
        return [Over(*row) for row in self._database.read(lambda connection: connection.execute(mine).all())]

    def _prune_one(
        self, use_case: str, gone: Collection[str], stay: Collection[str], before: datetime, dry_run: bool
    ) -> int:
        """How many outcomes went. The units go first: what is stopped in between is finished by the next."""
        useless = _useless_outcomes(use_case, stay, before)
        if dry_run:
            return count(self._database, outcomes, useless)
        theirs = (exposures.c.use_case == use_case) & exposures.c.experiment.in_(gone)
        if gone:
            delete(self._database, exposures, theirs & (exposures.c.at < before))
        return delete(self._database, outcomes, useless)


def _useless_outcomes(use_case: str, stay: Collection[str], before: datetime) -> sa.ColumnElement[bool]:
    """So old, and of no unit of an experiment that stays, from its exposure on."""
    counts = sa.exists().where(
        exposures.c.use_case == use_case,
        exposures.c.experiment.in_(stay),
        exposures.c.unit == outcomes.c.unit,
        exposures.c.at <= outcomes.c.at,
    )
    return (outcomes.c.use_case == use_case) & (outcomes.c.at < before) & ~counts
