"""CPU seconds of a new process that opens the feature store: Feast as it is, and as Furrow imports it."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

INCLUDE = Path(__file__).resolve().parents[1] / "include"
FURTHER = "import feast.repo_operations, feast.infra.offline_stores.dask, feast.infra.online_stores.sqlite"
SIDES = {
    "as it is": f"import feast; {FURTHER}",
    "furrow": f"from furrow.adapters.feast_module import feast; feast(); {FURTHER}",
}
ROUNDS = 5


def main(as_json: bool = False, rounds: int = ROUNDS) -> int:
    """Measure in turns, and print. Takes about a minute."""
    seconds: dict[str, list[float]] = {name: [] for name in SIDES}
    for _ in range(rounds):
        for name, code in SIDES.items():
            seconds[name].append(_cpu_seconds(code))
    median = {name: round(statistics.median(each), 2) for name, each in seconds.items()}
    result: dict[str, Any] = {"rounds": rounds, "median_cpu_seconds": median}
    result["ratio"] = round(median["as it is"] / median["furrow"], 1)
    print(json.dumps(result, indent=2)) if as_json else show(result)
    return 0


def _cpu_seconds(code: str) -> float:
    said = f"import time; {code}; print(time.process_time())"
    environ = {**os.environ, "PYTHONPATH": str(INCLUDE)}
    return float(
        subprocess.run([sys.executable, "-c", said], env=environ, capture_output=True, check=True).stdout
    )


def show(result: dict[str, Any]) -> None:
    """For people."""
    for name, seconds in result["median_cpu_seconds"].items():
        print(f"  {name:<9} {seconds:.2f} s of CPU (median of {result['rounds']})")
    print(f"  ratio     {result['ratio']}")


if __name__ == "__main__":
    raise SystemExit(main("--json" in sys.argv))
