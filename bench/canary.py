"""The guard `guards.drift` on 1,000 canaries: false trips when both releases answer alike, shifts caught.

Made-up traffic with dice of a fixed seed, as in the bench `drift`: few records at night and many by day,
other mixes by the time of day; both releases have the same hours. The guard looks every fifteen minutes
for 24 hours, over all since the canary began. What decides is the product's own code on the histograms.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "include")]

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from scipy.special import chdtrc  # noqa: E402

from bench.drift import CATEGORY, MIXES, longer  # noqa: E402
from furrow.config.models import FieldSpec  # noqa: E402
from furrow.engine.record import Outcome, Rung  # noqa: E402
from furrow.evaluation.confidence import interval  # noqa: E402
from furrow.evaluation.distribution import FieldTally  # noqa: E402
from furrow.evaluation.drift import DIFFERS, differing, differs  # noqa: E402
from furrow.evaluation.histogram import Chunk  # noqa: E402
from furrow.evaluation.run_report import RunReport  # noqa: E402

Json = dict[str, Any]
Numbers = NDArray[np.float64]
SEED = 20261126
THRESHOLDS = (0.05, 0.1, 0.15, 0.25)
LOOKS = 4
"""An hour."""
HOURS = 24
WATCHED = MIXES | {
    "district": np.arange(1, 41) ** -1.1 / (np.arange(1, 41) ** -1.1).sum(),
    "tags: items": np.append(0.6 ** np.arange(15) * 0.4, 0.6**15),
}
"""Further: an enum of forty values with a long tail, and how many items a list has."""


def moved(points: float) -> tuple[float, ...]:
    """The first category gains so much of 1, the others lose in proportion."""
    return (CATEGORY[0] + points, *(CATEGORY[1:] * (1 - points / CATEGORY[1:].sum())))


@dataclass(frozen=True)
class Scenario:
    """rate: records an hour at the height of the day; share: of them, the canary's; widened: its share after
    24 hours; again: how often a key comes, with the same answer; swing: of the mixes over the day, in logits;
    least: `min_records`; watched, mix: where the canary answers otherwise, and how.
    """

    name: str
    rate: float = 300.0
    share: float = 0.1
    widened: float | None = None
    again: int = 1
    swing: float = 0.2
    least: int = 100
    watched: str = ""
    mix: tuple[float, ...] = ()

    @property
    def shares(self) -> Numbers:
        """Of the canary, look by look."""
        first = np.full(HOURS * LOOKS, self.share)
        return first if self.widened is None else np.append(first, np.full(HOURS * LOOKS, self.widened))


ALIKE = (
    Scenario("60 an hour, half", rate=60, share=0.5),
    Scenario("300 an hour, a twentieth", share=0.05),
    Scenario("300 an hour, a tenth"),
    Scenario("300 an hour, half", share=0.5),
    Scenario("2,000 an hour, a twentieth", rate=2000, share=0.05),
    Scenario("2,000 an hour, half", rate=2000, share=0.5),
    Scenario("300 an hour, 5 %, then 25 %", share=0.05, widened=0.25),
    Scenario("the same, mixes swing 2.5 times as much", share=0.05, widened=0.25, swing=0.5),
    Scenario("2,000 an hour, a tenth, min_records 500", rate=2000, least=500),
    Scenario(
        "2,000 an hour, 5 %, then 25 %, min_records 500", rate=2000, share=0.05, widened=0.25, least=500
    ),
    Scenario("each key 3 times, 2,000 an hour, a tenth", again=3, rate=2000),
    Scenario("the same, min_records 500", again=3, least=500, rate=2000),
    Scenario("the same, min_records 2,000", again=3, least=2000, rate=2000),
)
SHIFTS = tuple(
    Scenario(f"{name}, {rate:,.0f} an hour, min_records {least}", rate, least=least, watched=watched, mix=mix)
    for name, watched, mix in (
        ("a category from 20 to 30 %", "category", moved(0.1)),
        ("a category from 20 to 40 %", "category", moved(0.2)),
        ("length 1.5 times", "length: deciles", longer(1.5)),
    )
    for rate, least in ((300.0, 100), (2000.0, 500))
)
"""Each with a canary of a tenth."""


def trips(dice: np.random.Generator, scenario: Scenario) -> list[float | None]:
    """Hours from the start to the guard's first trip, for each threshold; None: never."""
    look = np.arange(len(scenario.shares)) / LOOKS + dice.integers(24)
    sun = np.sin(2 * np.pi * (look - 8) / 24)
    keys = dice.poisson(scenario.rate * (0.05 + 0.95 * (1 + sun) / 2) / LOOKS / scenario.again)
    canary = dice.binomial(keys, scenario.shares)
    shown = {
        name: (
            drawn(dice, keys - canary, mixes(dice, name, scenario, sun, False), scenario.again),
            drawn(dice, canary, mixes(dice, name, scenario, sun, True), scenario.again),
        )
        for name in WATCHED
    }
    return [first_trip(shown, scenario.least, threshold) for threshold in THRESHOLDS]


def mixes(dice: np.random.Generator, name: str, scenario: Scenario, sun: Numbers, canary: bool) -> Numbers:
    """The shares at each look (looks x bins): both releases have the same traffic."""
    base = np.asarray(scenario.mix) if canary and name == scenario.watched else WATCHED[name]
    swing = np.random.default_rng(len(name)).normal(0, scenario.swing, len(base))
    found = np.exp(np.log(base) + swing * sun[:, None])
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def drawn(dice: np.random.Generator, keys: Any, shares: Numbers, again: int) -> Numbers:
    """So many keys at each look, each with one answer as often as it comes; added up over the looks."""
    return np.cumsum(dice.multinomial(keys, shares), axis=0) * float(again)


def first_trip(shown: dict[str, tuple[Numbers, Numbers]], least: int, threshold: float) -> float | None:
    """Hours to the first look at which the product trips."""
    sizes = [side.sum(axis=1) for side in shown["outcome"]]
    enough = np.minimum(*sizes) >= least
    suspect = np.zeros(len(enough), dtype=bool)
    for live, canary in shown.values():
        suspect |= suspected(live, canary, threshold, len(shown))
    for at in np.flatnonzero(enough & suspect):
        now = {name: (live[at], canary[at]) for name, (live, canary) in shown.items()}
        if differing(now, threshold):
            return float((at + 1) / LOOKS)
    return None


def suspected(live: Numbers, canary: Numbers, threshold: float, watched: int) -> Any:
    """The looks at which the product may trip, all at once; it decides about these."""
    with np.errstate(all="ignore"):
        n, m = live.sum(axis=1, keepdims=True), canary.sum(axis=1, keepdims=True)
        least = 0.5 / np.minimum(n, m)
        p, q = np.maximum(live / n, least), np.maximum(canary / m, least)
        index = ((q - p) * np.log(q / p)).sum(axis=1)
        if live.shape[1] > 2:
            live, canary = rare_together(live, canary, np.minimum(n, m))
        both = (live + canary) / (n + m)
        terms = np.where(
            both > 0, (live - n * both) ** 2 / (n * both) + (canary - m * both) ** 2 / (m * both), 0
        )
        free = (both > 0).sum(axis=1) - 1
        return (index > 0.99 * threshold) & (chdtrc(free, terms.sum(axis=1)) * watched < 2 * DIFFERS)


def rare_together(live: Numbers, canary: Numbers, smaller: Numbers) -> tuple[Numbers, Numbers]:
    """The bins of each look by size, those under five expected records taken together: as in the product."""
    order = np.argsort(live + canary, axis=1)
    live, canary = np.take_along_axis(live, order, 1), np.take_along_axis(canary, order, 1)
    both = live + canary
    expected = both * smaller / both.sum(axis=1, keepdims=True)
    rare = (expected < 5).sum(axis=1, keepdims=True)
    rare += (rare > 0) & ((expected * (expected < 5)).sum(axis=1, keepdims=True) < 5)
    put = np.arange(both.shape[1]) < rare
    sides = (np.column_stack([(side * put).sum(axis=1), side * ~put]) for side in (live, canary))
    return next(sides), next(sides)


# --- the same with the product's reports ------------------------------------------------------------

FIELDS = {
    "category": FieldSpec(type="enum", values=[f"c{n}" for n in range(len(CATEGORY))]),
    "boxed": FieldSpec(type="boolean"),
    "price": FieldSpec(type="integer", nullable=True),
    "title": FieldSpec(type="string"),
    "tags": FieldSpec(type="list", items="string"),
}


def window(dice: np.random.Generator, records: int) -> RunReport:
    """What a release did in an hour: a report such as a run or a stream writes."""
    accepted = int(dice.binomial(records, 0.97))
    values = {
        "category": [f"c{n}" for n in dice.choice(len(CATEGORY), accepted, p=CATEGORY / CATEGORY.sum())],
        "boxed": list(dice.random(accepted) < 0.3),
        "price": [None if n < 1 else int(n * 100) for n in dice.lognormal(4, 1.2, accepted) - 8],
        "title": ["x" * int(n) for n in np.minimum(dice.lognormal(3, 0.6, accepted), 200)],
        "tags": [["t"] * int(n) for n in dice.geometric(0.4, accepted) - 1],
    }
    tallies = {name: FieldTally(spec) for name, spec in FIELDS.items()}
    for name, tally in tallies.items():
        for place, value in enumerate(values[name]):
            tally.add(place, value)
    rungs = dict(zip(Rung, (*dice.multinomial(records, [0.95, 0.04, 0.01]), 0), strict=False))
    return RunReport.model_construct(
        records=records,
        outcomes={Outcome.ACCEPTED: accepted, Outcome.REJECTED: records - accepted},
        rungs={str(rung): int(count) for rung, count in rungs.items()},
        cost_usd=None,
        fields={name: tally.distribution() for name, tally in tallies.items()},
    )


def whole_way(dice: np.random.Generator, rate: float = 120, share: float = 0.2) -> list[float | None]:
    """The same as `trips` with a report and a look each hour, and bins as the product draws them."""
    release, other = (), ()  # type: tuple[RunReport, ...], tuple[RunReport, ...]
    found: list[float | None] = [None] * len(THRESHOLDS)
    for hour in range(1, HOURS + 1):
        canary = int(dice.binomial(rate, share))
        release, other = (*release, window(dice, canary)), (*other, window(dice, int(rate) - canary))
        chunks = Chunk(release), Chunk(other)
        if chunks[0].records < 100 or not differs(*chunks, THRESHOLDS[0]):
            continue
        for place, threshold in enumerate(THRESHOLDS):
            if found[place] is None and differs(*chunks, threshold):
                found[place] = float(hour)
    return found


# --- the whole bench ---------------------------------------------------------------------------------


def counted(found: list[list[float | None]]) -> Json:
    """By threshold: how many of the canaries tripped, with the interval, and after how many hours."""
    result = {}
    for threshold, hours in zip(THRESHOLDS, zip(*found, strict=True), strict=True):
        known = [each for each in hours if each is not None]
        ends = [round(100 * end, 2) for end in interval(len(known), len(hours))]
        median = float(np.median(known)) if known else None
        percent = round(100 * len(known) / len(hours), 2)
        result[f"{threshold:g}"] = {"percent": percent, "interval": ends, "median_hours": median}
    return result


def main(as_json: bool = False, canaries: int = 1000, seed: int = SEED) -> int:
    """Simulate and print. Some two minutes of a core."""
    gc.freeze()
    few = max(1, canaries // 4)
    result: Json = {"seed": seed, "canaries": canaries, "few": few, "alike": {}, "shifts": {}}
    dice = map(np.random.default_rng, ((seed, line) for line in count()))  # no line changes another's
    for kind, scenarios, number in (("alike", ALIKE, canaries), ("shifts", SHIFTS, few)):
        for scenario, mine in zip(scenarios, dice, strict=False):
            result[kind][scenario.name] = counted([trips(mine, scenario) for _ in range(number)])
            print(f"  {scenario.name}", file=sys.stderr)
    mine = next(dice)
    name = "120 an hour, a fifth, with reports, a look each hour"
    result["alike"][name] = counted([whole_way(mine) for _ in range(few)])
    print(json.dumps(result, indent=2) if as_json else said(result))
    return 0


def said(result: Json) -> str:
    """For people."""
    lines = [
        f"{result['canaries']} canaries a line, {result['few']} of shifts and reports;",
        "percent that trip at a PSI above " + ", ".join(f"{each:g}" for each in THRESHOLDS),
    ]
    for kind, title in (
        ("alike", "both answer alike: false trips"),
        ("shifts", "the canary answers otherwise"),
    ):
        lines.append(title)
        for name, found in result[kind].items():
            cells = " ".join(f"{each['percent']:7.2f}" for each in found.values())
            hours = " ".join(f"{each['median_hours'] or math.nan:5.1f}" for each in found.values())
            lines.append(f"  {name:55} {cells}   hours {hours}")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--canaries", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    sys.exit(main(options.json, options.canaries, options.seed))
