"""Workers killed at a hundred random moments and at every crash point, alone and in pairs; 10,000 records."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.kill.conftest import Reference
from tests.kill.places import PLACES
from tests.kill.site import Damage, Site, good_records, line_of
from tests.kill.trials import (
    CONCURRENCY,
    MODELS,
    Moment,
    Runner,
    Trial,
    any_moments,
    moment_in_a_stage,
)

pytestmark = [pytest.mark.torture, pytest.mark.timeout(4 * 3600)]
TRIALS = 100
PAIRS = 20
MANY = 10_000
LLM_STEPS = 2
Report = dict[str, Any]
MOMENTS: dict[str, Callable[[random.Random, Reference], list[Moment]]] = {
    "any_moment": lambda dice, reference: any_moments(dice, reference.seconds),
    "any_stage": lambda dice, reference: [moment_in_a_stage(dice, reference.task_seconds)],
}


@dataclass
class Count:
    """The sum over many trials."""

    trials: list[Trial] = field(default_factory=list)
    damage: Damage = field(default_factory=Damage)

    def add(self, trial: Trial, damage: Damage) -> None:
        self.trials.append(trial)
        self.damage += damage

    def to_json(self, expected: int) -> Report:
        """expected: calls of one undisturbed run."""
        kills = [kill for trial in self.trials for kill in trial.kills]
        return {
            "trials": len(self.trials),
            "kills": len(kills),
            "kills_by_stage": dict(Counter(kill.stage for kill in kills)),
            "expected": expected * len(self.trials),
            "bought": sum(trial.bought for trial in self.trials),
            "bought_again": sum(trial.again for trial in self.trials),
            "in_flight": sum(trial.in_flight for trial in self.trials),
            "unanswered": sum(kill.unanswered for kill in kills),
            "most_in_flight_at_a_kill": max((kill.open_calls for kill in kills), default=0),
            **asdict(self.damage),
            "seconds": round(sum(trial.seconds for trial in self.trials)),
        }


def sites(reference: Reference, folder: Path) -> Iterator[Site]:
    """One deployment after the other, each gone before the next."""
    while True:
        yield reference.site.copy(folder / "site")
        shutil.rmtree(folder / "site")


def sound(counted: Report) -> bool:
    extra: int = counted["bought"] - counted["expected"]
    unharmed = not any(counted[name] for name in ("lost", "doubled", "stale", "unnamed"))
    few = counted["most_in_flight_at_a_kill"] <= CONCURRENCY * MODELS
    return unharmed and few and extra <= int(counted["in_flight"])


@pytest.mark.parametrize("name", ["any_moment", "any_stage"])
def test_a_hundred_runs_that_were_killed(
    runner: Runner, reference: Reference, report: Report, tmp_path: Path, name: str
) -> None:
    dice, count, places = random.Random(20261124), Count(), sites(reference, tmp_path)
    while len(count.trials) < TRIALS:
        site, moments = next(places), MOMENTS[name](dice, reference)
        trial = runner.run(site, "r1", moments, resume=dice.random() < 0.5, version="v2")
        if trial.kills:  # else it had ended before it was to be killed
            count.add(trial, reference.damage(site))
    report[f"killed_at_{name}"] = counted = count.to_json(reference.calls)
    assert sound(counted), counted


@pytest.mark.parametrize("resume", [True, False], ids=["the task is retried", "the run is cleared"])
def test_every_crash_point(
    runner: Runner, reference: Reference, report: Report, tmp_path: Path, resume: bool
) -> None:
    count = Count()
    for place, site in zip(PLACES.values(), sites(reference, tmp_path), strict=False):
        trial = runner.run(site, "r1", crash=place, resume=resume, version="v2")
        assert len(trial.kills) == 1, f"the worker never came to: {place}"
        count.add(trial, reference.damage(site))
    name = "crash_points_then_retry" if resume else "crash_points_then_clear"
    report[name] = counted = count.to_json(reference.calls)
    assert sound(counted), counted


def test_pairs_on_the_same_records_of_which_one_is_killed(
    runner: Runner, plain: Site, report: Report, tmp_path: Path
) -> None:
    dice, bought, again, expected = random.Random(7), 0, 0, 0
    for number in range(PAIRS):
        site = plain.copy(tmp_path / f"pair-{number}")
        trial = runner.together(site, ("r1", "r2"), kill_first_after=dice.uniform(0.0, 1.0))
        bought, again, expected = bought + trial.bought, again + trial.again, expected + LLM_STEPS * 20
        assert trial.again <= trial.in_flight, trial
        assert all(result["outcome"] == "accepted" for result in site.snapshot("r2").results)
        assert len(site.snapshot("r2").results) == 20
    report["pairs"] = {"trials": PAIRS, "expected": expected, "bought": bought, "bought_again": again}
    assert bought == expected + again


def test_one_changed_record_of_ten_thousand(runner: Runner, plain: Site, report: Report) -> None:
    records = good_records(MANY)
    plain.prompts.change("goods/pipeline.yaml", "partition_records: 10", "partition_records: 500")
    plain.feed(_lines(records))
    first = runner.run(plain, "r1")
    records[MANY // 2]["body"] = "맥북 120만"
    plain.feed(_lines(records))
    second = runner.run(plain, "r2")
    report["changed_record"] = {
        "records": MANY,
        "first_run": {"expected": LLM_STEPS * MANY, "bought": first.bought, "seconds": round(first.seconds)},
        "second_run": {"expected": LLM_STEPS, "bought": second.bought, "seconds": round(second.seconds)},
    }
    assert (first.bought, second.bought) == (LLM_STEPS * MANY, LLM_STEPS)


def _lines(records: Sequence[dict[str, Any]]) -> list[bytes]:
    return [line_of(value) for value in records]
