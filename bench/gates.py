"""A thousand gates on made-up test results: how often a version is promoted or stopped that should not be.

The two versions are right on a share of the cases and differ on some of them, by dice with a fixed seed. What
decides is the product's own code: the paired tests, Holm's correction, the gate's checks.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "include")]

import numpy as np  # noqa: E402

from furrow.evaluation.comparison import compared, corrected  # noqa: E402
from furrow.evaluation.gate import decide, not_worse  # noqa: E402
from furrow.evaluation.paired import of_scores, of_verdicts  # noqa: E402

Json = dict[str, Any]
SEED = 20261125
HALF_RIGHT = np.array([0.0, 1 / 3, 1 / 2])
"""Scores of lists that are not right, the same in both versions: a flip moves a score by less than 1."""


@dataclass(frozen=True)
class Scenario:
    """drop: by how much the candidate is worse in its first field; margin: allowed in each; differ: share of
    cases on which two equal versions differ; scores: lists with a score instead of right or wrong.
    """

    name: str
    drop: float = 0.0
    margin: float = 0.0
    fields: int = 1
    cases: int = 300
    accuracy: float = 0.85
    differ: float = 0.1
    scores: bool = False


SCENARIOS = (
    Scenario("equal, no margin, 1 field"),
    Scenario("equal, no margin, 5 fields", fields=5),
    Scenario("equal, no margin, lists", scores=True),
    Scenario("worse by the margin of 2 points", drop=0.02, margin=0.02),
    Scenario("worse by the margin of 2 points, 1,000 cases", drop=0.02, margin=0.02, cases=1000),
    Scenario("worse by the margin of 2 points, lists", drop=0.02, margin=0.02, scores=True),
    Scenario("equal, margin of 5 points", margin=0.05),
    Scenario("equal, margin of 5 points, 5 fields", margin=0.05, fields=5),
    Scenario("5 points worse, no margin", drop=0.05),
    Scenario("5 points worse, margin of 1 point", drop=0.05, margin=0.01),
    Scenario("5 points worse in 1 of 5 fields, no margin", drop=0.05, fields=5),
    Scenario("5 points worse, no margin, lists", drop=0.05, scores=True),
)


def main(as_json: bool = False, gates: int = 1000) -> int:
    """Simulate and print. Takes about half a minute."""
    import statsmodels.stats.multitest  # type: ignore[import-untyped]  # noqa: F401

    gc.freeze()  # statsmodels collects garbage at each correction: 0.08 seconds over all that is imported
    found = [{**asdict(scenario), **simulate(scenario, gates)} for scenario in SCENARIOS]
    print(json.dumps({"gates": gates, "scenarios": found}, indent=2)) if as_json else show(found)
    return 0


def simulate(scenario: Scenario, gates: int) -> Json:
    """How often each answer came."""
    dice = np.random.default_rng(SEED)
    answers = Counter(str(gate(scenario, dice)) for _ in range(gates))
    return {name: answers[name] / gates for name in ("pass", "fail", "not_enough_evidence")}


def gate(scenario: Scenario, dice: np.random.Generator) -> str:
    """One gate over all fields."""
    measure = of_scores if scenario.scores else of_verdicts
    found = {}
    for number in range(scenario.fields):
        live, candidate = pair(scenario, scenario.drop if number == 0 else 0.0, dice)
        name = f"field {number}"
        found[name] = compared(measure(live, candidate, scenario.margin), live, candidate, scenario.margin)
    found = corrected(found, list(found))
    return decide([not_worse(name, each) for name, each in found.items()]).decision


def pair(scenario: Scenario, drop: float, dice: np.random.Generator) -> tuple[list[Any], list[Any]]:
    """What both got on the same cases: right or wrong, or scores around it."""
    flips = drop / (1 - HALF_RIGHT.mean()) if scenario.scores else drop
    loses = (scenario.differ + flips) / 2 / scenario.accuracy
    wins = (scenario.differ - flips) / 2 / (1 - scenario.accuracy)
    live = dice.random(scenario.cases) < scenario.accuracy
    candidate = np.where(live, dice.random(scenario.cases) >= loses, dice.random(scenario.cases) < wins)
    if not scenario.scores:
        return live.tolist(), candidate.tolist()
    noise = dice.choice(HALF_RIGHT, scenario.cases)
    return np.maximum(live, noise).tolist(), np.maximum(candidate, noise).tolist()


def show(found: list[Json]) -> None:
    """One line for each scenario."""
    print(f"{'':48}{'pass':>8}{'fail':>8}{'open':>8}")
    for each in found:
        rates = (each[name] for name in ("pass", "fail", "not_enough_evidence"))
        print(f"{each['name']:48}" + "".join(f"{100 * rate:7.1f} %"[:8].rjust(8) for rate in rates))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--gates", type=int, default=1000)
    options = parser.parse_args()
    sys.exit(main(options.json, options.gates))
