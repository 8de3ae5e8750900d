"""A check for drift every hour, for months: false alarms when nothing changes, hours until a change is found.

Made-up traffic with dice of a fixed seed: few records at night and many by day, another mix of topics by the
time of day and at the weekend, and hours that differ beyond that (Dirichlet-multinomial). What decides is the
product's own code on the histograms; beside it two rules that are often used.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "include")]

import numpy as np  # noqa: E402
from scipy.special import chdtrc  # noqa: E402

from furrow.batch.drift_check import FEW, HOURS, RECORDS  # noqa: E402
from furrow.evaluation.drift import COST, Drifted, compared, cost_compared, decided, psi  # noqa: E402

Json = dict[str, Any]
SEED = 20261125
MONTH = 720
WAIT = 24
"""Hours after a change in which it has to be found."""
ALIKE = 300.0
"""Concentration of the Dirichlet draws: records of an hour have a correlation of 1 / 301."""
MIXES = {
    "category": np.array([0.2, 0.16, 0.13, 0.1, 0.09, 0.08, 0.07, 0.06, 0.05, 0.03, 0.02, 0.01]),
    "condition": np.array([0.1, 0.25, 0.5, 0.05, 0.1]),
    "price: deciles": np.full(10, 0.1),
    "length: deciles": np.full(10, 0.1),
    "brand: null": np.array([0.02, 0.98]),
    "price: null": np.array([0.3, 0.7]),
    "outcome": np.array([0.97, 0.03]),
    "rungs": np.array([0.95, 0.04, 0.01]),
}


@dataclass(frozen=True)
class Change:
    """From its hour on the mix of what is watched is another one; cost: times what it was."""

    name: str
    watched: str
    mix: tuple[float, ...] = ()
    cost: float = 1.0


def longer(factor: float) -> tuple[float, ...]:
    """Deciles of a log-normal length (sigma 0.6) after all texts became longer by a factor."""
    from scipy.stats import norm

    edges = norm.ppf(np.linspace(0, 1, 11)) - np.log(factor) / 0.6
    return tuple(np.diff(norm.cdf(edges)))


CATEGORY = MIXES["category"]
CHANGES = (
    Change("a category from 20 to 35 %", "category", (0.35, *(CATEGORY[1:] * 0.65 / 0.8))),
    Change("nulls from 2 to 10 %", "brand: null", (0.1, 0.9)),
    Change("rungs from 95/4/1 to 80/16/4", "rungs", (0.8, 0.16, 0.04)),
    Change("length 1.5 times", "length: deciles", longer(1.5)),
    Change("rejected from 3 to 10 %", "outcome", (0.9, 0.1)),
    Change("cost 1.5 times", COST, cost=1.5),
)


class Traffic:
    """One use case, hour by hour."""

    def __init__(self, dice: np.random.Generator, by_day: float):
        self.dice, self.by_day = dice, by_day
        self.swing = {name: dice.normal(0, 0.2, len(mix)) for name, mix in MIXES.items()}
        self.weekend = {name: dice.normal(0, 0.1, len(mix)) for name, mix in MIXES.items()}

    def hour(self, number: int, change: Change | None = None) -> tuple[dict[str, Any], float]:
        """The histograms of an hour, and the mean cost of a record."""
        sun = np.sin(2 * np.pi * (number % 24 - 8) / 24)
        weekend = number // 24 % 7 >= 5
        mean = self.by_day * (0.05 + 0.95 * (1 + sun) / 2) * (0.7 if weekend else 1)
        n = max(1, round(mean * self.dice.lognormal(0, 0.25)))
        found = {}
        for name, mix in MIXES.items():
            base = np.asarray(change.mix) if change and change.watched == name else mix
            logits = np.log(base) + self.swing[name] * sun + self.weekend[name] * weekend
            shares = np.exp(logits) / np.exp(logits).sum()
            found[name] = self.dice.multinomial(n, self.dice.dirichlet(shares * ALIKE)).astype(float)
        factor = change.cost if change else 1.0
        return found, factor * 1e-4 * self.dice.lognormal(0, 0.05) * (1 + 0.1 * sun)


class Baseline:
    """The first week of a use case, as the product keeps it."""

    def __init__(self, traffic: Traffic):
        hours = [traffic.hour(number) for number in range(HOURS)]
        kept = list(self._chunks([(self._some(traffic, found), cost) for found, cost in hours]))
        self.rows = {name: np.asarray([found[name] for found, _ in kept]) for name in MIXES}
        self.costs = [cost for _, cost in kept]
        self.n = int(self.rows["outcome"].sum())

    @staticmethod
    def _chunks(hours: list[Any]) -> Iterator[Any]:
        """Hours with few records together with those after them, as the product does it."""
        total: dict[str, Any] = {}
        for found, cost in hours:
            total = {name: row + total.get(name, 0) for name, row in found.items()}
            if total["outcome"].sum() >= FEW:
                yield total, cost
                total = {}

    @staticmethod
    def _some(traffic: Traffic, found: dict[str, Any]) -> dict[str, Any]:
        step = max(1, int(found["outcome"].sum()) // RECORDS)
        return {
            name: traffic.dice.binomial(row.astype(int), 1 / step).astype(float)
            for name, row in found.items()
        }

    def alarms(self, hours: list[tuple[dict[str, Any], float]]) -> Counter[str]:
        """Who alarms: the product, and the two rules."""
        (now, cost), used = enough(hours)
        checked, earlier = self._checked(now, cost), self._checked(*enough(hours[:-used])[0])
        found = Counter(furrow=int(any(each.alarm for each in decided(checked, earlier).values())))
        found["psi above 0.2"] = int(any(self._psi(name, row) > 0.2 for name, row in now.items()))
        found["chi-square at 0.01"] = int(min(self._chi(name, row) for name, row in now.items()) < 0.01)
        return found

    def _checked(self, now: dict[str, Any], cost: float) -> dict[str, Drifted]:
        found = {name: compared(self.rows[name], row) for name, row in now.items()}
        return found | {COST: cost_compared(self.costs, cost, self.n, int(now["outcome"].sum()))}

    def _psi(self, name: str, row: Any) -> float:
        return psi(self.rows[name].sum(axis=0), row, 0.5 / row.sum())

    def _chi(self, name: str, row: Any) -> float:
        shares = self.rows[name].sum(axis=0) + 0.5
        expected = shares / shares.sum() * row.sum()
        return float(chdtrc(len(row) - 1, ((row - expected) ** 2 / expected).sum()))


def enough(hours: list[tuple[dict[str, Any], float]]) -> tuple[tuple[dict[str, Any], float], int]:
    """The last hour, or as many before it as make FEW records; and how many hours that is."""
    total: dict[str, Any] = {}
    used = 0
    for found, _ in reversed(hours[-24:]):
        used += 1
        total = {name: row + total.get(name, 0) for name, row in found.items()}
        if total["outcome"].sum() >= FEW:
            break
    return (total, hours[-1][1]), used


def main(as_json: bool = False, months: int = 9, seed: int = SEED) -> int:
    """Simulate and print. Some minutes."""
    gc.freeze()  # the correction of many p-values collects garbage each time
    dice = np.random.default_rng(seed)
    result: Json = {"seed": seed, "months": months, "checks": 0, "false_alarms_a_month": {}, "found": {}}
    alarms: Counter[str] = Counter()
    found: dict[str, list[int]] = {change.name: [] for change in CHANGES}
    for month in range(months):
        traffic = Traffic(dice, by_day=(60.0, 300.0, 2000.0)[month % 3])
        baseline, hours = Baseline(traffic), [traffic.hour(n) for n in range(HOURS - 48, HOURS)]
        for number in range(HOURS, HOURS + MONTH):
            hours.append(traffic.hour(number))
            alarms.update(baseline.alarms(hours[-48:]))
            result["checks"] += 1
        for change in CHANGES:
            found[change.name].append(first_alarm(traffic, baseline, hours, change, dice))
        print(f"  month {month + 1}: {dict(alarms)}", end="\r", file=sys.stderr)
    result["false_alarms_a_month"] = {name: round(count / months, 3) for name, count in alarms.items()}
    for name, waited in found.items():
        seen = [hours for hours in waited if hours <= WAIT]
        shown = {"share": round(len(seen) / len(waited), 3)}
        result["found"][name] = {**shown, "median_hours": float(np.median(seen)) if seen else None}
    print(json.dumps(result, indent=2) if as_json else said(result))
    return 0


def first_alarm(
    traffic: Traffic, baseline: Baseline, hours: list[Any], change: Change, dice: np.random.Generator
) -> int:
    """Hours from a change, at any time of the day, to the product's alarm; one more than WAIT for never."""
    start, seen = int(dice.integers(24)), list(hours[-48:])
    for waited in range(1, WAIT + 1):
        seen.append(traffic.hour(HOURS + MONTH + start + waited, change))
        if baseline.alarms(seen[-48:])["furrow"]:
            return waited
    return WAIT + 1


def said(result: Json) -> str:
    """For people."""
    lines = [f"{result['months']} months of a use case, {result['checks']} checks; false alarms a month:"]
    lines += [f"  {name}: {rate:g}" for name, rate in result["false_alarms_a_month"].items()]
    lines.append(f"found within {WAIT} hours, and after how many in the median:")
    for name, each in result["found"].items():
        lines.append(f"  {name}: {each['share']:.1%}, {each['median_hours']} h")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--months", type=int, default=9)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    sys.exit(main(options.json, options.months, options.seed))
