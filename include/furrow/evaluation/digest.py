"""What some days came to, use case by use case, and what of it somebody should look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal, Self

from pydantic import Field, ValidationError

from furrow.errors import StoreDamaged
from furrow.evaluation.confidence import interval
from furrow.evaluation.counts import Json, Reported

COST_ROSE = 1.5
"""So many times the dollars of the days before are worth a look."""


class Spent(Reported):
    """What was bought. unpriced: calls whose price nobody knows; they are not in cost_usd."""

    calls: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0


class Worked(Reported):
    """The records of runs and streams; those of replays are not among them."""

    records: int = 0
    accepted: int = 0
    rejected: int = 0

    @property
    def valid_rate(self) -> float | None:
        """The share that was accepted."""
        return self.accepted / self.records if self.records else None

    def fell(self, before: Worked) -> bool:
        """Whether fewer are valid than before, by more than chance: the 95 % intervals do not meet."""
        both = self.records and before.records
        return bool(both) and apart(
            interval(self.accepted, self.records), interval(before.accepted, before.records)
        )


class Accuracy(Reported):
    """One field on the test set. before: in the evaluation before; fell: by more than chance."""

    n: int
    accuracy: float
    before: float | None = None
    fell: bool = False


class Quality(Reported):
    """The last evaluation of what is live, next to the one before it.

    new: it ran in these days. same_cases: both were asked the same; else nothing is said to have fallen.
    """

    evaluation: str
    release: str
    at: datetime
    decision: str
    new: bool
    leaks: int
    before_release: str | None = None
    before_at: datetime | None = None
    same_cases: bool = False
    fields: dict[str, Accuracy]

    @property
    def mean(self) -> float | None:
        """Of the fields' accuracies."""
        return _mean(found.accuracy for found in self.fields.values())

    @property
    def mean_before(self) -> float | None:
        """The same of the evaluation before."""
        return _mean(found.before for found in self.fields.values() if found.before is not None)


class DriftAlarm(Reported):
    """One thing that moved. times: runs, and hourly looks, that said so; said, at: the newest."""

    what: str
    times: int
    said: str
    at: datetime


class ReleaseEvent(Reported):
    """A line of the log of releases. guard: a tripped guard did it, nobody else."""

    at: datetime
    action: str
    release: str
    from_release: str | None
    who: str
    why: str
    guard: bool


class Reason(Reported):
    """Dead letters that are open for one reason at one step. new: since these days began."""

    step: str
    reason: str
    number: int
    new: int


class UseCaseDigest(Reported):
    """One use case. error: why it does not load, or cannot be looked at; red: what to look at, in words.

    runs_failed: none of their records passed; runs_open: they began a day ago or earlier and have not ended.
    """

    name: str
    release: str | None = None
    error: str | None = None
    spent: Spent = Spent()
    spent_before: Spent = Spent()
    worked: Worked = Worked()
    worked_before: Worked = Worked()
    runs: int = 0
    runs_failed: int = 0
    runs_open: int = 0
    quality: Quality | None = None
    drift: list[DriftAlarm] = Field(default_factory=list)
    releases: list[ReleaseEvent] = Field(default_factory=list)
    reasons: list[Reason] = Field(default_factory=list)
    red: list[str] = Field(default_factory=list)

    @property
    def letters_open(self) -> int:
        """Dead letters that nobody has got through yet."""
        return sum(reason.number for reason in self.reasons)

    @property
    def letters_new(self) -> int:
        """Those of them that came in these days."""
        return sum(reason.new for reason in self.reasons)

    def judged(self) -> Self:
        """The same, with what is red."""
        return self.model_copy(update={"red": list(_red(self))})


class Digest(Reported):
    """Everything, the use cases with something red first. since, until: from, and up to, that moment."""

    format: Literal[1] = 1
    since: datetime
    until: datetime
    days: int
    use_cases: list[UseCaseDigest]

    @classmethod
    def of(cls, found: Iterable[UseCaseDigest], since: datetime, until: datetime, days: int) -> Self:
        """Judge each and put them in order: by what is red, then by what they cost."""
        judged = [each.judged() for each in found]
        judged.sort(key=lambda each: (-len(each.red), -each.spent.cost_usd, each.name))
        return cls(since=since, until=until, days=days, use_cases=judged)

    @property
    def red(self) -> int:
        """Use cases with something to look at."""
        return sum(bool(each.red) for each in self.use_cases)

    @property
    def spent(self) -> Spent:
        """By all of them."""
        return _sum(each.spent for each in self.use_cases)

    @property
    def spent_before(self) -> Spent:
        """By all of them, in the days before."""
        return _sum(each.spent_before for each in self.use_cases)

    @classmethod
    def from_json(cls, stored: Json) -> Self:
        """The inverse of `to_json`. Raises StoreDamaged."""
        try:
            return cls.model_validate(stored)
        except ValidationError as error:
            raise StoreDamaged(f"not a digest: {error.errors()[0]['msg']}") from None


def _red(found: UseCaseDigest) -> Iterator[str]:
    if found.error is not None:
        yield found.error
    for event in found.releases:
        if event.guard or event.action == "rollback":
            who = "a guard" if event.guard else event.who
            yield f"{who} took {event.from_release or 'a release'} back: {event.why}"
    yield from _red_runs(found)
    if found.quality is not None and found.quality.new:
        yield from _red_quality(found.quality)
    for alarm in found.drift:
        yield f"drift: {alarm.said}" + (f", {alarm.times} times" if alarm.times > 1 else "")
    yield from _red_figures(found)


def _red_runs(found: UseCaseDigest) -> Iterator[str]:
    if found.runs_failed:
        yield f"{found.runs_failed} of {found.runs} runs failed: none of their records passed"
    if found.runs_open:
        yield f"{found.runs_open} of {found.runs} runs began and have not ended: look at their failed tasks"


def _red_quality(quality: Quality) -> Iterator[str]:
    if quality.leaks:
        yield f"forbidden text came out in {quality.leaks} cases of the test set"
    if quality.decision == "fail":
        yield f"{quality.release}, which is live, fails its gate"
    for name, found in quality.fields.items():
        if found.fell and found.before is not None:
            yield f"accuracy of {name} fell from {found.before:.3f} to {found.accuracy:.3f}"


def _red_figures(found: UseCaseDigest) -> Iterator[str]:
    worked, before = found.worked, found.worked_before
    if worked.fell(before):
        yield f"valid rate fell from {before.valid_rate:.3f} to {worked.valid_rate:.3f}"
    if before.records and not worked.records:
        yield f"no records, {before.records:,} in the days before"
    spent, earlier = found.spent.cost_usd, found.spent_before.cost_usd
    if earlier and spent > COST_ROSE * earlier:
        yield f"cost rose to {spent / earlier:.1f} times that of the days before"
    if found.spent.unpriced:
        yield f"calls without a known price: {found.spent.unpriced:,}"


def apart(low: tuple[float, float], high: tuple[float, float]) -> bool:
    """Whether the first interval lies wholly below the second."""
    return low[1] < high[0]


def _sum(all_spent: Iterable[Spent]) -> Spent:
    found = list(all_spent)
    return Spent(
        calls=sum(each.calls for each in found),
        cost_usd=sum(each.cost_usd for each in found),
        unpriced=sum(each.unpriced for each in found),
    )


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return sum(found) / len(found) if found else None
