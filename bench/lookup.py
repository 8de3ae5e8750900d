"""Look-ups a second in a table of 100,000 places, next to a scan: filter the region's rows, compare each.

Both use rapidfuzz, both see the same names: as they are, without spaces, with a wrong vowel, in no row. Names
and regions are made up by dice. CPU time.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "include")]

from rapidfuzz import fuzz, process  # noqa: E402

from furrow.config.models import LookupStep  # noqa: E402
from furrow.engine.lookup import Index, scope_of  # noqa: E402
from testsets.place_mentions import misspelt  # noqa: E402

Json = dict[str, Any]
Row = dict[str, Any]
Asked = tuple[str, str, str | None]
"""A name as written, its region, and the id that it stands for."""
REGIONS, SYLLABLES, KINDS = (
    250,
    "가나다라마바사아자하고노도로모보소오조호구누두루무부수우주후",
    ("식당", "커피", "치과", "제과", "미용실"),
)
STEP = {
    "kind": "lookup",
    "name": "place",
    "table": "places.csv",
    "each": "mentions.names",
    "match": {"field": "name", "within": {"region": "data.region"}},
}


def main(as_json: bool = False, places: int = 100_000, lookups: int = 5_000) -> int:
    """Measure and print. Takes about half a minute."""
    rng = random.Random(1)
    rows = table(places, rng)
    asked = questions(rows, lookups, rng)
    result = measure(rows, asked)
    print(json.dumps(result, indent=2)) if as_json else show(result)
    return 0


def table(places: int, rng: random.Random) -> list[Row]:
    """Names of three to five syllables and a kind, spread over the regions."""
    return [
        {"id": f"p{number}", "name": _name(rng), "region": f"시 {number % REGIONS}구"}
        for number in range(places)
    ]


def _name(rng: random.Random) -> str:
    head = "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(3, 5)))
    return f"{head} {rng.choice(KINDS)}"


def questions(rows: Sequence[Row], lookups: int, rng: random.Random) -> list[Asked]:
    """What people write: four ways, as often each."""
    ways: tuple[Callable[[str], str], ...] = (
        str,
        lambda name: name.replace(" ", ""),
        lambda name: misspelt(rng, name),
    )
    asked: list[Asked] = []
    for number in range(lookups):
        row, way = rng.choice(rows), number % 4
        known = way < len(ways)
        name = ways[way](row["name"]) if known else "바깥" + _name(rng)
        asked.append((name, row["region"], row["id"] if known else None))
    return asked


def measure(rows: list[Row], asked: Sequence[Asked]) -> Json:
    """Both ways; the scan on fewer names, because it is slow."""
    start = time.process_time()
    index = Index(rows, LookupStep.model_validate(STEP))
    built = time.process_time() - start
    for region in {row["region"] for row in rows}:
        index.find("처음", scope_of([region]))
    ready = time.process_time() - start

    def find(name: str, region: str) -> str | None:
        row = index.find(name, scope_of([region])).row
        return row["id"] if row else None

    def scan(name: str, region: str) -> str | None:
        names = {row["id"]: row["name"] for row in rows if row["region"] == region}
        found = process.extractOne(name, names, scorer=fuzz.ratio, score_cutoff=85)
        return found[2] if found else None

    ours, few = rate(find, asked), rate(scan, asked[:400])
    return {
        "places": len(rows),
        "index_seconds": round(built, 2),
        "all_scopes_ready_seconds": round(ready, 2),
        "lookup": ours,
        "scan": few,
        "ratio": round(ours["per_second"] / few["per_second"], 1),
    }


def rate(find: Callable[[str, str], str | None], asked: Sequence[Asked]) -> Json:
    """Look-ups a second of CPU, and the share that gave the right row or rightly none."""
    start = time.process_time()
    found = [find(name, region) for name, region, _ in asked]
    seconds = time.process_time() - start
    right = sum(got == id for got, (_, _, id) in zip(found, asked, strict=True))
    return {
        "lookups": len(asked),
        "per_second": round(len(asked) / seconds),
        "right": round(right / len(asked), 4),
    }


def show(result: Json) -> None:
    """For people."""
    print(f"{result['places']:,} places; index in {result['index_seconds']} s,", end=" ")
    print(f"with every region used once {result['all_scopes_ready_seconds']} s")
    for name in ("lookup", "scan"):
        row = result[name]
        print(f"  {name:7} {row['per_second']:>8,} a second, {row['right']:.1%} right of {row['lookups']:,}")
    print(f"  ratio   {result['ratio']}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--places", type=int, default=100_000)
    given = parser.parse_args()
    raise SystemExit(main(given.json, given.places))
