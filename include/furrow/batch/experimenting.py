"""One look at an experiment: what came in, what it shows, and what to do next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from furrow.batch.outcomes import OutcomesRead
from furrow.config.quality import Experiment, Outcomes
from furrow.config.use_case import UseCase
from furrow.engine.arms import CANDIDATE, LIVE, Arm, Arms
from furrow.errors import OptionUnknown
from furrow.evaluation.experiment import (
    FEWEST_ACTIVE,
    FEWEST_UNITS,
    MISMATCH,
    Analysis,
    Verdict,
    analyse,
)
from furrow.store.exposures import NOBODY, Exposures

Json = dict[str, Any]


@dataclass(frozen=True)
class Look:
    """What an experiment shows now. read: what this look read; None when it was told not to."""

    use_case: str
    experiment: str
    live: Arm
    candidate: Arm
    analysis: Analysis
    read: OutcomesRead | None

    @property
    def alarm(self) -> bool:
        """Whether the arms have not the units that were drawn for them."""
        return self.analysis.verdict is Verdict.MISMATCH

    @property
    def sentence(self) -> str:
        """The verdict, for a person."""
        return _SENTENCES[self.analysis.verdict](self)

    @property
    def next_step(self) -> str:
        """What to do about it."""
        version = self.candidate.version
        if self.analysis.verdict is Verdict.BETTER:
            return f'furrow release promote {self.use_case} {version} --why "…", and end the experiment'
        if self.analysis.verdict is Verdict.WORSE:
            return "take `experiment` out of pipeline.yaml, and the live version has all units again"
        if self.alarm:
            return (
                "find out why before anything else: did the share change under the same salt (write a new"
                " `salt`), does one arm reject more records, are outcomes or records of one arm lost?"
            )
        return "let it run; you may look every day and stop at the first answer"

    def to_json(self) -> Json:
        """For the run store, for XCom and for machines."""
        return {
            "use_case": self.use_case,
            "experiment": self.experiment,
            "releases": {LIVE: self.live.release, CANDIDATE: self.candidate.release},
            "analysis": self.analysis.to_json(),
            "outcomes": self.read.to_json() if self.read is not None else None,
            "sentence": self.sentence,
            "next": self.next_step,
        }


@dataclass(frozen=True)
class Experimenting:
    """The experiment of one use case. arms: who answers now; read: reads what came of outcomes since."""

    use_case: UseCase
    arms: Callable[[], Arms]
    exposures: Exposures
    read: Callable[[Callable[[], None]], OutcomesRead]

    def resting(self) -> str | None:
        """Why it does not run although pipeline.yaml has it: a canary, or the candidate is live. Or None."""
        arms, experiment = self.arms(), self.use_case.pipeline.experiment
        if experiment is None or arms.experiment is not None:
            return None
        why = "a canary runs" if arms.candidate is not None else f"{experiment.candidate} is live already"
        return f"{self.use_case.name}: the experiment does not run, for {why}"

    def look(self, read: bool = True, seen: Callable[[], None] = lambda: None) -> Look:
        """Read new outcomes, and say what all of them show. `seen` is called for each line that is read.

        Raises OptionUnknown when there is no experiment to look at, and what reading raises.
        """
        name, (experiment, outcomes), arms = self.use_case.name, measured(self.use_case), self.arms()
        if why := self.resting():
            raise OptionUnknown(why)
        assert arms.candidate is not None and arms.experiment is not None
        found = self.read(seen) if read else None
        values = self.exposures.values(name, arms.experiment, once=outcomes.per_unit == "any")
        analysis = analyse(
            values.get(LIVE, NOBODY),
            values.get(CANDIDATE, NOBODY),
            experiment.share,
            lower_is_better=outcomes.better == "lower",
        )
        return Look(name, arms.experiment, arms.live, arms.candidate, analysis, found)


def measured(use_case: UseCase) -> tuple[Experiment, Outcomes]:
    """The experiment and its outcomes. Raises OptionUnknown, which says why there is nothing to measure."""
    name, experiment = use_case.name, use_case.pipeline.experiment
    if experiment is None:
        raise OptionUnknown(f"{name} has no `experiment` in its pipeline.yaml")
    if experiment.shadow:
        raise OptionUnknown(
            f"{name}: {experiment.candidate} answers in the shadow, and people see the live version only:"
            " what they do says nothing about it. Without `shadow` in pipeline.yaml it is compared"
        )
    if experiment.outcomes is None:
        raise OptionUnknown(f"{name}: `experiment` in pipeline.yaml names no `outcomes` to compare by")
    return experiment, experiment.outcomes


# --- words -----------------------------------------------------------------------------------------


def _shown(look: Look) -> str:
    effect = look.analysis.effect
    assert effect is not None
    low, high = effect.always
    interval = f"95 %, valid on any day: {low:+.4g} to {high:+.4g}"
    return f"candidate minus live is {effect.difference:+.4g} per unit ({interval})"


def _better(look: Look) -> str:
    return f"better: {look.candidate.release} does better than {look.live.release}; {_shown(look)}"


def _worse(look: Look) -> str:
    return f"worse: {look.candidate.release} does worse than {look.live.release}; {_shown(look)}"


def _open(look: Look) -> str:
    analysis = look.analysis
    if analysis.effect is not None:
        half = (analysis.effect.always[1] - analysis.effect.always[0]) / 2
        return f"{Verdict.OPEN}: {_shown(look)}; {half:.4g} or more either way would show by now"
    units = min(analysis.live.units, analysis.candidate.units)
    active = analysis.live.active + analysis.candidate.active
    return (
        f"{Verdict.OPEN}: too early; {units} units in the smaller arm ({FEWEST_UNITS} are needed) and"
        f" {active} with a value that is not 0 ({FEWEST_ACTIVE} are needed)"
    )


def _mismatched(look: Look) -> str:
    analysis = look.analysis
    live, candidate = analysis.live.units, analysis.candidate.units
    return (
        f"{Verdict.MISMATCH}; {candidate} of {live + candidate} units have the candidate, which is"
        f" {candidate / (live + candidate):.2%} where {analysis.share:.2%} were drawn"
        f" (p = {analysis.mismatch_p:.2g}, alarm below {MISMATCH:g})"
    )


_SENTENCES: dict[Verdict, Callable[[Look], str]] = {
    Verdict.BETTER: _better,
    Verdict.WORSE: _worse,
    Verdict.OPEN: _open,
    Verdict.MISMATCH: _mismatched,
}
