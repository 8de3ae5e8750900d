"""What doing it again costs: calls bought next to calls expected, read from a model server's own meter.

Real workers in processes of their own, a real ledger, and a model server in a third process that bills
every request it answers. (a) a finished run is cleared, and cleared with its files gone; (b) the worker is
killed several times on the way; (c) one record of many is changed; (d) the last step's prompt is edited;
(e) a record comes twice in one run.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "include")]

from tests.kill.site import Site, good_records, line_of  # noqa: E402
from tests.kill.trials import Moment, Runner, Workers, metered_server  # noqa: E402

Json = dict[str, Any]
LLM_STEPS = 2
KILLED_IN = ("step/digest/0", "step/extract/1", "step/digest/3")


def main(as_json: bool = False, records: int = 200) -> int:
    """Measure and print; 1 when more was bought than expected. Takes about half a minute."""
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), records)
    print(json.dumps(result, indent=2)) if as_json else show(result)
    return 0 if all(sound(row) for row in result.values()) else 1


def measure(folder: Path, records: int) -> Json:
    """Every case at a deployment of its own."""
    with metered_server(folder) as tally, Workers(features=False) as workers:
        runner = Runner(workers, tally, lease_seconds=2.0)

        def site(name: str) -> Site:
            new = Site.make(folder / name, tally.url, features=False)
            new.prompts.change("goods/pipeline.yaml", "partition_records: 10", "partition_records: 50")
            new.feed([line_of(value) for value in good_records(records)])
            return new

        return {name: case(runner, site(name), records) for name, case in CASES.items()}


def cleared(runner: Runner, site: Site, records: int) -> Json:
    """(a) The same run once more."""
    runner.run(site, "r1")
    return row("a finished run is cleared", 0, runner.run(site, "r1").bought)


def cleared_without_files(runner: Runner, site: Site, records: int) -> Json:
    """(a) The same run once more, its files gone."""
    runner.run(site, "r1")
    site.delete_files("r1")
    return row("and its files are gone", 0, runner.run(site, "r1").bought)


def killed(runner: Runner, site: Site, records: int) -> Json:
    """(b) Calls that were in flight at a kill may be bought again."""
    dice = random.Random(20261124)
    moments = [Moment(dice.uniform(0.03, 0.15), task) for task in KILLED_IN]
    trial = runner.run(site, "r1", moments)
    what = f"the worker is killed {len(trial.kills)} times"
    return row(what, LLM_STEPS * records, trial.bought, trial.in_flight)


def changed_record(runner: Runner, site: Site, records: int) -> Json:
    """(c) Another run, one of its records changed."""
    runner.run(site, "r1")
    values = good_records(records)
    values[records // 2]["body"] = "맥북 120만"
    site.feed([line_of(value) for value in values])
    return row(f"one of {records} records is changed", LLM_STEPS, runner.run(site, "r2").bought)


def edited_prompt(runner: Runner, site: Site, records: int) -> Json:
    """(d) Another run of a version whose last prompt is another."""
    runner.run(site, "r1")
    site.copy_version("v2", extract="Copy numbers as they are written.\n")
    return row("the last step's prompt is edited", records, runner.run(site, "r2", version="v2").bought)


def repeated_record(runner: Runner, site: Site, records: int) -> Json:
    """(e) One run with each record twice."""
    site.feed([line for line in site.lines for _ in range(2)])
    return row("every record comes twice", LLM_STEPS * records, runner.run(site, "r1").bought)


CASES: dict[str, Callable[[Runner, Site, int], Json]] = {
    "a": cleared,
    "a_without_files": cleared_without_files,
    "b": killed,
    "c": changed_record,
    "d": edited_prompt,
    "e": repeated_record,
}


def row(what: str, expected: int, bought: int, in_flight: int = 0) -> Json:
    """One line of the result. in_flight: calls that a kill cut off, which may be bought on top."""
    return {"what": what, "expected": expected, "bought": bought, "in_flight": in_flight}


def sound(row: Json) -> bool:
    """Whether nothing was bought that had been bought before."""
    return bool(row["expected"] <= row["bought"] <= row["expected"] + row["in_flight"])


def show(result: Json) -> None:
    """For people."""
    print("\n".join(lines(result)))


def lines(result: Json) -> Iterator[str]:
    yield f"{'':36}{'expected':>10}{'bought':>10}{'in flight at a kill':>22}"
    for row in result.values():
        yield f"{row['what']:36}{row['expected']:>10,}{row['bought']:>10,}{row['in_flight'] or '':>22}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--records", type=int, default=200)
    arguments = parser.parse_args()
    raise SystemExit(main(arguments.json, arguments.records))
