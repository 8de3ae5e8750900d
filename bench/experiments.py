"""A thousand experiments on made-up units, each looked at on 28 days: how often is a difference claimed?

Units come day by day and are drawn into two arms, by dice with a fixed seed; what they do comes at once, or
late, or again and again. What decides is the product's own code. The last part draws 100,000 keys with the
product's own salted hash.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "include")]

import numpy as np  # noqa: E402

from furrow.engine.arms import CANDIDATE, LIVE, Arm, Arms  # noqa: E402
from furrow.evaluation.experiment import MISMATCH, Analysis, analyse, mismatch  # noqa: E402
from furrow.store.exposures import ArmValues  # noqa: E402

Json = dict[str, Any]
Floats = np.ndarray[Any, np.dtype[np.float64]]
SEED, DAYS, KEYS = 20261125, 28, 100_000


@dataclass(frozen=True)
class Scenario:
    """rate: share of live units that do something; lift: of the candidate, relative.

    a_day: new units. comes: when outcomes do, `at once` on the unit's first day, `late` (after 5 days on
    average), `daily` (on each day anew, units with rates of their own), `one cohort` (all units on the first
    day, outcomes over the 28). spend: skewed amounts instead of clicks.
    """

    name: str
    rate: float
    lift: float = 0.0
    a_day: int = 500
    share: float = 0.5
    comes: Literal["at once", "late", "daily", "one cohort"] = "at once"
    spend: bool = False


EQUAL = (
    Scenario("clicks, 5 %", 0.05),
    Scenario("clicks, 30 %", 0.3),
    Scenario("clicks, 5 %, 50 units a day", 0.05, a_day=50),
    Scenario("clicks, 5 %, 4,000 units a day", 0.05, a_day=4000),
    Scenario("clicks, 5 %, candidate has a tenth", 0.05, share=0.1),
    Scenario("spend, one in ten, skewed", 0.1, spend=True),
    Scenario("spend, one in ten, 50 units a day", 0.1, a_day=50, spend=True),
    Scenario("spend, candidate has a tenth", 0.1, share=0.1, spend=True),
    Scenario("spend, candidate has a fiftieth", 0.1, share=0.02, spend=True),
    Scenario("clicks, 5 %, late", 0.05, comes="late"),
    Scenario("clicks, 5 % on each day, 200 units a day", 0.05, a_day=200, comes="daily"),
    Scenario("clicks, 30 %, one cohort", 0.3, comes="one cohort"),
)
BETTER = (
    Scenario("clicks, 30 % and 33 %", 0.3, lift=0.1),
    Scenario("clicks, 5 % and 5.5 %, 4,000 units a day", 0.05, lift=0.1, a_day=4000),
    Scenario("clicks, 30 % and 36 %", 0.3, lift=0.2),
    Scenario("clicks, 30 % and 36 %, candidate has a tenth", 0.3, lift=0.2, share=0.1),
)


def main(as_json: bool = False, experiments: int = 1000) -> int:
    """Simulate and print. Takes about a minute."""
    found = {
        "experiments": experiments,
        "looks": DAYS,
        "equal": [{"name": each.name, **_equal(each, experiments)} for each in EQUAL],
        "better": [{"name": each.name, **_better(each, experiments)} for each in BETTER],
        "mismatch": [_mismatch(lost, experiments) for lost in (0.0, 0.05, 0.1)],
        "assignment": [_assignment(share) for share in (0.01, 0.1, 0.5)],
    }
    print(json.dumps(found, indent=2)) if as_json else show(found)
    return 0


# --- one experiment --------------------------------------------------------------------------------


def looks(scenario: Scenario, dice: np.random.Generator) -> list[Analysis]:
    """What the product says on each day."""
    days = zip(*(_arm(scenario, arm, dice) for arm in (LIVE, CANDIDATE)), strict=True)
    return [analyse(live, candidate, scenario.share) for live, candidate in days]


def _arm(scenario: Scenario, arm: str, dice: np.random.Generator) -> Iterator[ArmValues]:
    """The values of an arm's units, to date, day by day."""
    share = scenario.share if arm == CANDIDATE else 1 - scenario.share
    rate = scenario.rate * (1 + scenario.lift * (arm == CANDIDATE))
    # Splitting a Poisson number of units by dice gives two independent Poisson numbers.
    came = dice.poisson(scenario.a_day * share, DAYS)
    if scenario.comes == "one cohort":
        came = np.array([came.sum()] + [0] * (DAYS - 1))
    sums = _again_and_again if scenario.comes == "daily" else _once
    for units, total, squares, active in zip(came.cumsum(), *sums(scenario, came, rate, dice), strict=True):
        mean = float(total / units) if units else 0.0
        variance = float(squares - units * mean**2) / (units - 1) if units > 1 else 0.0
        yield ArmValues(int(units), mean, variance, int(active))


def _once(scenario: Scenario, came: Floats, rate: float, dice: np.random.Generator) -> tuple[Floats, ...]:
    """By day: the sum of the values, of their squares, and the active units, each at most once."""
    entered = np.repeat(np.arange(DAYS), dice.binomial(came, rate))
    when = entered + _delays(scenario, len(entered), dice)
    value = dice.lognormal(3.0, 1.25, len(entered)) if scenario.spend else np.ones(len(entered))
    there = when < DAYS
    return tuple(
        np.bincount(when[there], weights, DAYS).cumsum()
        for weights in (value[there], value[there] ** 2, np.ones(there.sum()))
    )


def _delays(scenario: Scenario, events: int, dice: np.random.Generator) -> Floats:
    """Whole days from a unit's first day to its outcome."""
    if scenario.comes == "late":
        return dice.exponential(5, events).astype(int)
    return dice.integers(0, DAYS if scenario.comes == "one cohort" else 1, events)


def _again_and_again(
    scenario: Scenario, came: Floats, rate: float, dice: np.random.Generator
) -> tuple[Floats, ...]:
    """As `_once`, of units that do something on each day, each at a rate of its own."""
    entered = np.repeat(np.arange(DAYS), came)
    own = dice.gamma(0.5, 2 * rate, (len(entered), 1))
    values = np.cumsum(dice.poisson(own * (np.arange(DAYS) >= entered[:, None])), axis=1)
    return values.sum(axis=0), (values * values).sum(axis=0), np.count_nonzero(values, axis=0)


# --- many of them ----------------------------------------------------------------------------------


def _equal(scenario: Scenario, experiments: int) -> Json:
    """Shares of experiments in which a difference is claimed that is not there."""
    dice = np.random.default_rng(SEED)
    always = naive = last = 0
    for _ in range(experiments):
        seen = looks(scenario, dice)
        always += any(_claimed(look, "always") for look in seen)
        naive += any(_claimed(look, "fixed") for look in seen)
        last += _claimed(seen[-1], "fixed")
    return {
        "always_valid": always / experiments,
        "naive_daily": naive / experiments,
        "fixed_once": last / experiments,
    }


def _better(scenario: Scenario, experiments: int) -> Json:
    """How often and how soon a difference is found that is there."""
    dice = np.random.default_rng(SEED)
    first, fixed, missed = [], np.zeros(DAYS), 0
    true = scenario.rate * scenario.lift
    for _ in range(experiments):
        seen = looks(scenario, dice)
        hits = [day for day, look in enumerate(seen, 1) if _claimed(look, "always")]
        first.append(hits[0] if hits else np.inf)
        fixed += [_claimed(look, "fixed") for look in seen]
        missed += any(
            look.effect and not look.effect.always[0] <= true <= look.effect.always[1] for look in seen
        )
    enough = np.flatnonzero(fixed / experiments >= 0.8)
    return {
        "power_always_valid": float(np.isfinite(first).mean()),
        "power_fixed_once": float(fixed[-1] / experiments),
        "median_day_always_valid": float(np.median(first)),
        "days_of_fixed_for_power_80": int(enough[0]) + 1 if len(enough) else None,
        "true_effect_ever_outside": missed / experiments,
    }


def _claimed(look: Analysis, kind: Literal["always", "fixed"]) -> bool:
    if look.effect is None:
        return False
    low, high = getattr(look.effect, kind)
    return not low <= 0 <= high


def _mismatch(lost: float, experiments: int) -> Json:
    """Alarms when a share of the candidate's units is lost on the way; 500 units a day, half each."""
    dice = np.random.default_rng(SEED)
    live = dice.poisson(250, (experiments, DAYS)).cumsum(axis=1)
    candidate = dice.poisson(250 * (1 - lost), (experiments, DAYS)).cumsum(axis=1)
    alarms = np.vectorize(mismatch)(live, candidate, 0.5) < MISMATCH
    return {
        "lost": lost,
        "last_day": float(alarms[:, -1].mean()),
        "any_day": float(alarms.any(axis=1).mean()),
    }


def _assignment(share: float, salts: int = 100) -> Json:
    """The product's own draw of 100,000 numbered keys, under 100 salts."""
    live, other = Arm(LIVE, "v1", "v1@0"), Arm(CANDIDATE, "v2", "v2@0")
    shares = []
    for salt in range(salts):
        place = Arms(live, other, share, salt=f"bench {salt}")._place
        shares.append(sum(place(f"user-{number}") < share for number in range(KEYS)) / KEYS)
    drawn = np.array(shares)
    alarms = sum(mismatch(KEYS - round(each * KEYS), round(each * KEYS), share) < MISMATCH for each in shares)
    return {
        "share": share,
        "keys": KEYS,
        "salts": salts,
        "lowest": float(drawn.min()),
        "highest": float(drawn.max()),
        "spread_in_standard_errors": float(drawn.std(ddof=1) / np.sqrt(share * (1 - share) / KEYS)),
        "alarms": alarms,
    }


def show(found: Json) -> None:
    """One line for each scenario."""
    print(f"{found['experiments']} experiments a line, {DAYS} daily looks; percent that claim a difference\n")
    print(f"{'no difference':44}{'always valid':>14}{'naive daily':>14}{'fixed, once':>14}")
    for each in found["equal"]:
        rates = (each[name] for name in ("always_valid", "naive_daily", "fixed_once"))
        print(f"{each['name']:44}" + "".join(f"{100 * rate:14.1f}" for rate in rates))
    print(
        f"\n{'a difference':44}{'always valid':>14}{'median day':>14}{'fixed, once':>14}{'days for 80 %':>14}"
    )
    for each in found["better"]:
        power, day = 100 * each["power_always_valid"], each["median_day_always_valid"]
        fixed, days = 100 * each["power_fixed_once"], each["days_of_fixed_for_power_80"]
        print(f"{each['name']:44}{power:14.1f}{day:14.0f}{fixed:14.1f}{days or '–':>14}")
    print(f"\n{'sample ratio mismatch, units lost':44}{'last day':>14}{'any day':>14}")
    for each in found["mismatch"]:
        print(f"{each['lost']:<44.0%}{100 * each['last_day']:14.1f}{100 * each['any_day']:14.1f}")
    print(
        f"\n{f'{KEYS:,} keys, 100 salts: share':44}"
        f"{'lowest':>14}{'highest':>14}{'spread / s.e.':>14}{'alarms':>14}"
    )
    for each in found["assignment"]:
        lowest, highest, spread = each["lowest"], each["highest"], each["spread_in_standard_errors"]
        print(f"{each['share']:<44.0%}{lowest:14.4f}{highest:14.4f}{spread:14.2f}{each['alarms']:14}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--experiments", type=int, default=1000)
    options = parser.parse_args()
    sys.exit(main(options.json, options.experiments))
