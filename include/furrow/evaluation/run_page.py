"""A run's report as one HTML page that needs nothing else; see `markup` for what keeps it harmless.

It says a little more than report.json: which model did what, and some of the records that were rejected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from furrow.engine.arms import Arm, Arms
from furrow.engine.record import Work
from furrow.evaluation.counts import StepCounts, StepTally
from furrow.evaluation.drift import Drift
from furrow.evaluation.markup import fill
from furrow.evaluation.run_report import RunReport
from furrow.evaluation.sample import place_of

TEMPLATE = "run.html"
EXAMPLES = 3
"""Rejected records that are shown for each step and reason."""
MOST_TEXT = 400
"""Characters of a key or a message that are shown."""


@dataclass
class Rejected:
    """Records that were rejected at one step for one reason. examples: key and message of the first ones."""

    step: str
    reason: str
    count: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class ModelLine:
    """What one model did at one step: of the records that it answered last. model: empty when none was."""

    step: str
    model: str
    counts: StepCounts


class Details:
    """What the page says beyond the report. Counted one by one; memory stays flat."""

    def __init__(self) -> None:
        self._models: dict[tuple[str, str], StepTally] = {}
        self._rejected: dict[tuple[str, str], Rejected] = {}

    def counting(self, works: Iterable[Work]) -> Iterator[Work]:
        """Pass the works on, and count each."""
        for work in works:
            self.add(work)
            yield work

    def add(self, work: Work) -> None:
        """Count one work."""
        for step, trace in work.traces.items():
            tally = self._models.setdefault((step, trace.model or ""), StepTally())
            tally.add(trace, place_of(work.record.id))
        if (why := work.rejection) is not None:
            found = self._rejected.setdefault((why.step, why.reason), Rejected(why.step, why.reason))
            found.count += 1
            if len(found.examples) < EXAMPLES:
                found.examples.append((_cut(work.record.key), _cut(why.message)))

    @property
    def models(self) -> list[ModelLine]:
        """By step in the order in which they came, then by model."""
        steps = list(dict.fromkeys(step for step, _ in self._models))
        in_order = sorted(self._models, key=lambda key: (steps.index(key[0]), key[1]))
        return [ModelLine(*key, self._models[key].counts()) for key in in_order]

    @property
    def rejected(self) -> list[Rejected]:
        """What was rejected most, first."""
        return sorted(self._rejected.values(), key=lambda each: (-each.count, each.step, each.reason))


@dataclass(frozen=True)
class ArmSection:
    """What one arm of the run came to."""

    arm: Arm
    report: RunReport
    details: Details


def as_run_page(
    use_case: str, run_id: str, arms: Arms, sections: Sequence[ArmSection], drift: Drift | None = None
) -> str:
    """The page of a run. sections: one for each arm, the live one first; drift: of the live one."""
    return fill(
        TEMPLATE,
        use_case=use_case,
        run_id=run_id,
        arms=arms,
        live=sections[0].report,
        sections=sections,
        drift=drift,
    )


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "…"
