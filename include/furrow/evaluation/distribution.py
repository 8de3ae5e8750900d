"""How the values of one result field are spread, without keeping what people wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field

from furrow.config.models import FieldSpec
from furrow.evaluation.counts import Reported
from furrow.evaluation.sample import Sample

POINTS = 101
"""A spread is kept as this many quantiles: the smallest value, every hundredth part, the largest."""
MOST_ITEMS = 50
"""Longer lists are counted together."""

_SHARES = [place / (POINTS - 1) for place in range(POINTS)]
_LARGEST = 10**18
_OTHER = "(other)"

Quantile = int | float | str


class Distribution(Reported):
    """The values of one field over the accepted records.

    measure: what was looked at; a text is only measured, never kept.
    counts: by value (enum, boolean) or by number of items (list); percentiles: p0 to p100 of the others,
    dates in ISO form. One of the two is set, percentiles only where there is a value.
    """

    type: str
    measure: Literal["value", "characters", "items"]
    n: int
    nulls: int
    null_rate: float | None
    counts: dict[str, int] | None
    percentiles: Annotated[list[Quantile], Field(min_length=POINTS, max_length=POINTS)] | None

    @property
    def filled(self) -> int:
        """How many values are not null."""
        return self.n - self.nulls


class Spread(Protocol):
    """Takes in the values of one field that are not null, in bounded memory."""

    def add(self, place: int, value: Any) -> None:
        """One more value, of the record with that place."""
        ...

    def shown(self) -> dict[str, Any]:
        """The `measure`, and the `counts` or `percentiles`."""
        ...


_SPREADS: dict[str, Callable[[FieldSpec], Spread]] = {}


def spread_of(*types: str) -> Callable[[type[Spread]], type[Spread]]:
    """Register how fields of these types are spread."""

    def register(spread: type[Spread]) -> type[Spread]:
        _SPREADS.update(dict.fromkeys(types, spread))
        return spread

    return register


class FieldTally:
    """Takes in one field's values, null among them."""

    def __init__(self, spec: FieldSpec):
        self._type = spec.type
        self._n = self._nulls = 0
        self._spread = _SPREADS[spec.type](spec)

    def add(self, place: int, value: Any) -> None:
        """One more value, of the record with that place."""
        self._n += 1
        if value is None:
            self._nulls += 1
        else:
            self._spread.add(place, value)

    def distribution(self) -> Distribution:
        """The spread so far."""
        rate = self._nulls / self._n if self._n else None
        shown = {"counts": None, "percentiles": None, **self._spread.shown()}
        return Distribution(type=self._type, n=self._n, nulls=self._nulls, null_rate=rate, **shown)


@spread_of("enum")
class _Values:
    """Counts by the values that output.yaml allows, so that no other text can get into a report."""

    def __init__(self, spec: FieldSpec):
        self._counts = Counter(dict.fromkeys(spec.values, 0))

    def add(self, place: int, value: Any) -> None:
        self._counts[value if value in self._counts else _OTHER] += 1

    def shown(self) -> dict[str, Any]:
        return {"measure": "value", "counts": dict(self._counts)}


@spread_of("boolean")
class _YesNo:
    def __init__(self, spec: FieldSpec):
        self._counts = {"false": 0, "true": 0}

    def add(self, place: int, value: Any) -> None:
        self._counts["true" if value else "false"] += 1

    def shown(self) -> dict[str, Any]:
        return {"measure": "value", "counts": dict(self._counts)}


@spread_of("list")
class _Lengths:
    def __init__(self, spec: FieldSpec):
        self._counts: Counter[int] = Counter()

    def add(self, place: int, value: Any) -> None:
        self._counts[min(len(value), MOST_ITEMS)] += 1

    def shown(self) -> dict[str, Any]:
        return {"measure": "items", "counts": {str(n): count for n, count in sorted(self._counts.items())}}


@spread_of("integer", "number")
class _Numbers:
    """Numbers beyond 10^18 count as that."""

    def __init__(self, spec: FieldSpec):
        self._sample = Sample()

    def add(self, place: int, value: Any) -> None:
        self._sample.add(place, max(-_LARGEST, min(_LARGEST, value)))

    def shown(self) -> dict[str, Any]:
        return {"measure": "value", "percentiles": self._sample.quantiles(_SHARES) or None}


@spread_of("string")
class _TextLengths:
    def __init__(self, spec: FieldSpec):
        self._sample = Sample()

    def add(self, place: int, value: Any) -> None:
        self._sample.add(place, len(value))

    def shown(self) -> dict[str, Any]:
        return {"measure": "characters", "percentiles": self._sample.quantiles(_SHARES) or None}


@spread_of("date")
class _Days:
    def __init__(self, spec: FieldSpec):
        self._sample = Sample()

    def add(self, place: int, value: Any) -> None:
        self._sample.add(place, date.fromisoformat(value).toordinal())

    def shown(self) -> dict[str, Any]:
        days = [date.fromordinal(day).isoformat() for day in self._sample.quantiles(_SHARES)]
        return {"measure": "value", "percentiles": days or None}
