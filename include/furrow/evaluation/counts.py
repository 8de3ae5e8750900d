"""What many works came to, counted one by one in bounded memory. The ground of every report."""

from __future__ import annotations

from collections import Counter
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from furrow.engine.record import Outcome, Rung, Trace, Work
from furrow.evaluation.sample import Sample, place_of

Json = dict[str, Any]
UNFINISHED = "unfinished"
"""Counted beside the outcomes: a work that has none."""

_PICO = 10**12


class Reported(BaseModel):
    """Part of a report. Unknown keys of a stored one are passed over, so that a report may carry more."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    def to_json(self) -> Json:
        """Plain values; the keys and their order are the same each time."""
        return self.model_dump(mode="json")


class Seconds(Reported):
    """Time that records spent waiting for models. An answer from the ledger counts what it once took."""

    p50: float | None
    p95: float | None

    @classmethod
    def of(cls, sample: Sample) -> Self:
        """The median and the slow end of a sample."""
        p50, p95 = sample.quantiles((0.5, 0.95)) or (None, None)
        return cls(p50=p50, p95=p95)


class StepCounts(Reported):
    """What one step did. models: records by the model that answered last.

    calls: answers used; bought: those not found in the ledger; cost_usd: the price of all answers used,
    bought now or before, None when the price of one is unknown.
    """

    records: int
    models: dict[str, int]
    calls: int
    bought: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    rungs: dict[str, int]
    seconds: Seconds


class Counts(Reported):
    """What many works came to. Tokens and cost are of the answers used, bought now or before."""

    records: int
    outcomes: dict[str, int]
    rejections: dict[str, int]
    failures: dict[str, int]
    rungs: dict[str, int]
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    seconds: Seconds
    steps: dict[str, StepCounts]


class Tally:
    """Counts works as they pass; the sum does not depend on their order."""

    def __init__(self) -> None:
        self._outcomes: Counter[str] = Counter()
        self._rejections: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._seconds = Sample()
        self._steps: dict[str, StepTally] = {}

    def add(self, work: Work) -> None:
        """Count one work."""
        self._outcomes[work.outcome or UNFINISHED] += 1
        if work.rejection is not None:
            self._rejections[work.rejection.reason] += 1
        if work.failure is not None:
            self._failures[work.failure.reason] += 1
        self._add_traces(work.traces, place_of(work.record.id))

    def skip(self) -> None:
        """Count one work that never came."""
        self._outcomes[UNFINISHED] += 1

    def counts(self) -> Counts:
        """What was counted so far."""
        steps = {name: step.counts() for name, step in self._steps.items()}
        costs = [step.cost_pico for step in self._steps.values()]
        return Counts(
            records=self._outcomes.total(),
            outcomes={name: self._outcomes[name] for name in (*Outcome, UNFINISHED)},
            rejections=dict(sorted(self._rejections.items())),
            failures=dict(sorted(self._failures.items())),
            rungs={rung: sum(step.rungs[rung] for step in steps.values()) for rung in Rung},
            input_tokens=sum(step.input_tokens for step in steps.values()),
            output_tokens=sum(step.output_tokens for step in steps.values()),
            cost_usd=_dollars(costs),
            seconds=Seconds.of(self._seconds),
            steps=steps,
        )

    def _add_traces(self, traces: dict[str, Trace], place: int) -> None:
        for name, trace in traces.items():
            self._steps.setdefault(name, StepTally()).add(trace, place)
        if any(trace.calls for trace in traces.values()):
            self._seconds.add(place, sum(trace.seconds for trace in traces.values()))


class StepTally:
    """What one step did, trace by trace.

    cost_pico: in trillionths of a dollar, because whole numbers add up to the same in any order.
    """

    def __init__(self) -> None:
        self._totals: Counter[str] = Counter()
        self._models: Counter[str] = Counter()
        self._rungs: Counter[str] = Counter()
        self._seconds = Sample()
        self.cost_pico: int | None = 0

    def add(self, trace: Trace, place: int) -> None:
        """Count what it took for the record with that place."""
        self._totals["records"] += 1
        for name in ("calls", "bought", "input_tokens", "output_tokens"):
            self._totals[name] += getattr(trace, name)
        unknown = self.cost_pico is None or trace.cost_usd is None
        self.cost_pico = None if unknown else (self.cost_pico or 0) + round((trace.cost_usd or 0) * _PICO)
        if trace.model is not None:
            self._models[trace.model] += 1
        if trace.rung is not None:
            self._rungs[trace.rung] += 1
        if trace.calls:
            self._seconds.add(place, trace.seconds)

    def counts(self) -> StepCounts:
        """What was counted so far."""
        return StepCounts(
            records=self._totals["records"],
            models=dict(sorted(self._models.items())),
            calls=self._totals["calls"],
            bought=self._totals["bought"],
            input_tokens=self._totals["input_tokens"],
            output_tokens=self._totals["output_tokens"],
            cost_usd=_dollars([self.cost_pico]),
            rungs={rung: self._rungs[rung] for rung in Rung},
            seconds=Seconds.of(self._seconds),
        )


def _dollars(pico: list[int | None]) -> float | None:
    known = [cost for cost in pico if cost is not None]
    return sum(known) / _PICO if len(known) == len(pico) else None
