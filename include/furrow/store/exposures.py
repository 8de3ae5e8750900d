"""Which unit of an experiment had which arm, from when on, and what people did after that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from furrow.store.database import Database
from furrow.store.tables import exposures, outcomes


@dataclass(frozen=True, slots=True)
class ArmValues:
    """The units of one arm and their values. variance: of the units' values; 0 for fewer than two units.

    active: units whose value is not 0.
    """

    units: int
    mean: float
    variance: float
    active: int


NOBODY = ArmValues(0, 0.0, 0.0, 0)


class Exposures:
    """Raises StoreUnavailable (retry helps)."""

    def __init__(self, database: Database):
        self._database = database

    def note(self, use_case: str, experiment: str, units: Sequence[tuple[str, str]], at: datetime) -> None:
        """These units (unit, arm) were published to; the first time of each counts."""
        rows = [
            {"use_case": use_case, "experiment": experiment, "unit": unit, "arm": arm, "at": at}
            for unit, arm in dict(units).items()
        ]
        if rows:
            insert = self._database.insert(exposures).values(rows).on_conflict_do_nothing()
            self._database.write(lambda connection: connection.execute(insert))

    def values(self, use_case: str, experiment: str, once: bool = False) -> dict[str, ArmValues]:
        """What the units of each arm came to: the sum of a unit's outcomes from its exposure on.

        An exposed unit without an outcome counts 0, whether or not it saw the result (intention to treat).
        once: 1 for a unit with any outcome that is not 0, instead of the sum.
        """
        query = _arms(_units(use_case, experiment, once))
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return {arm: _values(*rest) for arm, *rest in rows}


def _units(use_case: str, experiment: str, once: bool) -> sa.Subquery:
    """One row for each exposed unit: its arm and its value."""
    mine = (exposures.c.use_case == use_case) & (exposures.c.experiment == experiment)
    its = (
        (outcomes.c.use_case == exposures.c.use_case)
        & (outcomes.c.unit == exposures.c.unit)
        & (outcomes.c.at >= exposures.c.at)
    )
    told: sa.ColumnElement[float] = sa.func.sum(outcomes.c.value)
    if once:
        told = sa.func.max(sa.case((outcomes.c.value != 0, 1.0), else_=0.0))
    value = sa.func.coalesce(told, 0.0).label("value")
    joined = exposures.outerjoin(outcomes, its)
    query = sa.select(exposures.c.arm, exposures.c.unit, value).select_from(joined).where(mine)
    return query.group_by(exposures.c.arm, exposures.c.unit).subquery("units")


def _arms(units: sa.Subquery) -> sa.Select[Any]:
    """One row for each arm. Deviations from the mean are squared, not values: those could cancel out."""
    mean = sa.func.avg(units.c.value).over(partition_by=units.c.arm).label("mean")
    each = sa.select(units.c.arm, units.c.value, mean).subquery("each")
    deviation, active = each.c.value - each.c.mean, sa.case((each.c.value != 0, 1), else_=0)
    squares = sa.func.sum(deviation * deviation)
    count, mean_of = sa.func.count(), sa.func.min(each.c.mean)
    return sa.select(each.c.arm, count, mean_of, squares, sa.func.sum(active)).group_by(each.c.arm)


def _values(units: int, mean: float, squares: float, active: int) -> ArmValues:
    return ArmValues(units, float(mean), float(squares) / (units - 1) if units > 1 else 0.0, int(active))
