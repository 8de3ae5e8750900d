"""All steps over a source in one process, without Airflow: what `furrow run` and the test set use."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from furrow.engine.record import Trace, Work, add_dollars

Json = dict[str, Any]


@dataclass
class StepTakings:
    """What one step did over all records: as in a `Trace`, summed."""

    models: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    bought: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
    spent_usd: float | None = 0.0

    def add(self, trace: Trace) -> None:
        """Count one record's trace."""
        if trace.model:
            self.models[trace.model] += 1
        self.calls += trace.calls
        self.bought += trace.bought
        self.input_tokens += trace.input_tokens
        self.output_tokens += trace.output_tokens
        self.cost_usd = add_dollars(self.cost_usd, trace.cost_usd)
        self.spent_usd = add_dollars(self.spent_usd, trace.spent_usd)


@dataclass
class Summary:
    """Counts over a run: outcomes, rungs, reasons of rejection, and what each step took."""

    release: str
    outcomes: Counter[str] = field(default_factory=Counter)
    rungs: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    steps: dict[str, StepTakings] = field(default_factory=dict)
    first_failure: str | None = None

    def add(self, work: Work) -> None:
        """Count one finished record."""
        self.outcomes[str(work.outcome)] += 1
        if work.rejection is not None:
            self.reasons[work.rejection.reason] += 1
        if work.failure is not None:
            self.first_failure = self.first_failure or work.failure.message
        for name, trace in work.traces.items():
            self.steps.setdefault(name, StepTakings()).add(trace)
            if trace.rung is not None:
                self.rungs[str(trace.rung)] += 1

    def to_json(self) -> Json:
        """For `--json`."""
        steps = {
            name: {**vars(takings), "models": dict(takings.models)} for name, takings in self.steps.items()
        }
        spent: float | None = 0.0
        for takings in self.steps.values():
            spent = add_dollars(spent, takings.spent_usd)
        return {
            "release": self.release,
            "records": self.outcomes.total(),
            **{outcome: self.outcomes[outcome] for outcome in ("accepted", "rejected", "failed")},
            "reasons": dict(self.reasons),
            "rungs": dict(self.rungs),
            "spent_usd": spent,
            "steps": steps,
            "first_failure": self.first_failure,
        }


def as_line(work: Work, release: str) -> Json:
    """One line of an output file: what became of the record, and why."""
    ended = work.rejection or work.failure
    raw = work.rejection.raw if work.rejection else None
    line: Json = {"key": work.record.key, "id": work.record.id, "time": work.record.time.isoformat()}
    line |= {"release": release, "outcome": str(work.outcome), "result": work.result}
    line["rungs"] = {name: trace.rung and str(trace.rung) for name, trace in work.traces.items()}
    if ended is not None:
        line |= {"reason": ended.reason, "step": ended.step, "message": ended.message, "raw": raw}
    return line
