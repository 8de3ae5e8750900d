"""What a run, or a window of a stream, came to: the page that `evaluate` writes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import ValidationError

from furrow.config.fields import Fields
from furrow.engine.record import Outcome, Work
from furrow.errors import StoreDamaged
from furrow.evaluation.counts import Counts, Json, Tally
from furrow.evaluation.distribution import Distribution, FieldTally
from furrow.evaluation.sample import place_of


class RunReport(Counts):
    """One run: counts, what each step took, and how each result field's values are spread.

    started, finished: as given by the caller. It holds no text of a record, only counts and measures.
    """

    format: Literal[1] = 1
    started: datetime | None
    finished: datetime | None
    fields: dict[str, Distribution]

    @classmethod
    def collect(
        cls,
        works: Iterable[Work],
        fields: Fields,
        started: datetime | None = None,
        finished: datetime | None = None,
    ) -> Self:
        """Count the works one by one; memory stays flat, and their order changes nothing.

        fields: the version's result. Beyond 10,000 records, quantiles are those of a sample of that size.
        """
        tally = ReportTally(fields)
        for work in works:
            tally.add(work)
        return cls(**tally.figures(), started=started, finished=finished)

    @classmethod
    def from_json(cls, stored: Json) -> Self:
        """The inverse of `to_json`; further keys are passed over. Raises StoreDamaged."""
        try:
            return cls.model_validate(stored)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise StoreDamaged(f"not a run's report: `{place}`: {first['msg']}") from None


class ReportTally:
    """A report in the making: works are counted one by one, memory stays flat. fields: of the result."""

    def __init__(self, fields: Fields):
        self._tally = Tally()
        self._spreads = {name: FieldTally(spec) for name, spec in fields.specs.items()}

    def add(self, work: Work) -> None:
        """Count one work."""
        self._tally.add(work)
        if work.outcome is Outcome.ACCEPTED:
            place = place_of(work.record.id)
            for name, spread in self._spreads.items():
                spread.add(place, (work.result or {}).get(name))

    def figures(self) -> dict[str, Any]:
        """What a RunReport holds of it."""
        fields = {name: spread.distribution() for name, spread in self._spreads.items()}
        return {**dict(self._tally.counts()), "fields": fields}
