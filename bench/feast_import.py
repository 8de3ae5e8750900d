"""CPU seconds of a new process that publishes features: with Feast as it is, and as Furrow imports it."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
USE_CASE, ROWS = "hashtags", 40
SIDES = {"as it is": "feast_module._import_unchecked = lambda: None", "furrow": ""}
CODE = """
import os, sys, time
from datetime import UTC, datetime
from furrow.adapters import feast_module
from furrow.adapters.feature_repository import apply, write_repository
from furrow.adapters.feature_store import FeatureStore
from furrow.config.loader import load_models, load_use_case
from furrow.config.settings import Settings
from furrow.engine.ports import Row
use_case, rows, side = sys.argv[1:]
exec(side)
settings = Settings.from_environment(os.environ)
loaded = load_use_case(settings.prompts / use_case, load_models(settings.prompts))
if not settings.features.exists():
    write_repository([loaded], settings.features)
    apply(settings.features)
else:
    moment = datetime.now(UTC)
    some = [Row(f"k{n}", moment, {}, "v1@00000000", "bench", f"bench/{n}") for n in range(int(rows))]
    assert FeatureStore(settings, loaded).publish(some) == int(rows)
print(time.process_time())
"""
ROUNDS = 5


def main(as_json: bool = False, rounds: int = ROUNDS) -> int:
    """Measure in turns, and print. Takes two or three minutes."""
    seconds: dict[str, list[float]] = {name: [] for name in SIDES}
    for _ in range(rounds):
        for name in SIDES:
            with TemporaryDirectory() as folder:
                seconds[name].append(_publishes(Path(folder), name))
    median = {name: round(statistics.median(each), 2) for name, each in seconds.items()}
    result: dict[str, Any] = {"rounds": rounds, "rows": ROWS, "median_cpu_seconds": median}
    result["ratio"] = round(median["as it is"] / median["furrow"], 1)
    print(json.dumps(result, indent=2)) if as_json else show(result)
    return 0


def _publishes(home: Path, side: str) -> float:
    """CPU seconds of the second process; the first one makes the feature view."""
    shutil.copytree(ROOT / "prompts" / USE_CASE, home / "prompts" / USE_CASE)
    shutil.copy(ROOT / "prompts" / "models.yaml", home / "prompts")
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "include"), "FURROW_HOME": str(home)}
    environ["FURROW_FEATURES"] = str(home / "features")
    command = [sys.executable, "-c", CODE, USE_CASE, str(ROWS), SIDES[side]]
    done = [subprocess.run(command, env=environ, stdout=subprocess.PIPE, check=True) for _ in range(2)]
    return float(done[1].stdout.split()[-1])


def show(result: dict[str, Any]) -> None:
    """For people."""
    for name, seconds in result["median_cpu_seconds"].items():
        print(f"  {name:<9} {seconds:.2f} s of CPU for {result['rows']} rows (median of {result['rounds']})")
    print(f"  ratio     {result['ratio']}")


if __name__ == "__main__":
    raise SystemExit(main("--json" in sys.argv))
