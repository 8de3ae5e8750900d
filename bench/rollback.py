"""How long a release still answers after it was rolled back: in a stream, and in a run that is on its way.

A stream of 50 events a second on a broker of its own, v2 live; the code of `furrow release rollback` takes it
back; from that moment to the last result of v2 on the topic, by the broker's time. Then a batch run that has
just begun: to its end, and whether the next one is the old release's alone.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "include")]

from bench.engine import listing, model_server  # noqa: E402
from bench.stream_site import USE_CASE, Site, broker_of  # noqa: E402
from furrow.adapters.environment_connections import EnvironmentConnections  # noqa: E402
from furrow.assembly import Deployment, open_run  # noqa: E402
from furrow.batch.run import BatchRun  # noqa: E402
from furrow.config.settings import Settings  # noqa: E402
from furrow.streaming.messages import header  # noqa: E402
from tests.brokers import Broker  # noqa: E402
from tests.kafka_server import NotInstallable  # noqa: E402

Json = dict[str, Any]
LATENCY, RATE, RECORDS = 0.2, 50.0, 1000
BEFORE, AFTER = 5.0, 8.0
"""Seconds of events before the rollback and after it."""


def main(as_json: bool = False, trials: int = 5) -> int:
    """Measure and print. About two minutes."""
    with tempfile.TemporaryDirectory(prefix="furrow-bench-") as folder, model_server(LATENCY) as url:
        for name in ("apache-kafka", "embedded"):
            try:
                with broker_of(name, Path(folder) / name) as broker:
                    result = measure(broker, Path(folder), url, trials)
                break
            except NotInstallable as why:
                print(f"  {name}: {why}", file=sys.stderr)
    print(json.dumps(result, indent=2) if as_json else said(result))
    return 0


def measure(broker: Broker, folder: Path, url: str, trials: int) -> Json:
    """On one broker."""
    site = Site.make(folder, broker, url, 3, {})
    versions = site.home / "prompts" / USE_CASE
    shutil.copytree(versions / "v1", versions / "v2")
    system = versions / "v2" / "extract" / "system.md"
    system.write_text(system.read_text() + "\nThe second version.\n")
    environ = {**site.environment()}
    deployment = Deployment(Settings.from_environment(environ), EnvironmentConnections(environ))
    found = stream(site, deployment, trials)
    seconds = [each["seconds"] for each in found]
    return {
        "broker": broker.name,
        "model_ms": LATENCY * 1000,
        "stream": {
            "rate": RATE,
            "trials": found,
            "median_seconds": statistics.median(seconds),
            "worst_seconds": max(seconds),
        },
        "batch": batch(site, deployment),
        "machine": {"cores": os.cpu_count(), "load_1m": round(os.getloadavg()[0], 1)},
    }


def stream(site: Site, deployment: Deployment, trials: int) -> list[Json]:
    """Seconds from the rollback to the last result of what was taken back, trial by trial."""
    found = []
    done = threading.Event()
    results: list[tuple[float, str]] = []
    with site.replicas(1), site.reader() as reader, site.writer() as writer:
        thread = threading.Thread(target=read, args=(reader.consumer, results, done))
        thread.start()
        try:
            for trial in range(trials):
                deployment.anew().promotions(USE_CASE).promote("v2", "bench", f"trial {trial}")
                writer.write_at(RATE, BEFORE)
                back = deployment.anew().promotions(USE_CASE).rollback("bench", f"trial {trial}")
                writer.write_at(RATE, AFTER)
                at = back.at.timestamp()
                mine = [(when, version) for when, version in results if when > at - BEFORE]
                last = max(when for when, version in mine if version == "v2")
                counted = Counter(version for when, version in mine if when > at)
                found.append({"seconds": round(last - at, 3), "results_after": dict(counted)})
                print(f"  stream: {found[-1]}", file=sys.stderr)
        finally:
            done.set()
            thread.join()
    return found


def read(consumer: Any, results: list[tuple[float, str]], done: threading.Event) -> None:
    """The broker's time of each result, and its version."""
    while not done.is_set():
        message = consumer.poll(0.1)
        if message is not None and message.error() is None:
            release = header(message.headers(), "release")
            results.append((message.timestamp()[1] / 1000, str(release).partition("@")[0]))


def batch(site: Site, deployment: Deployment) -> Json:
    """Seconds from the rollback to the end of the run that was on its way; what the next one publishes."""
    folder = site.home / "prompts" / USE_CASE
    pipeline = json.loads((folder / "pipeline.yaml").read_text())
    pipeline |= {"source": {"files": {"path": "in.jsonl"}}, "partition_records": 250}
    del pipeline["stream"]
    (folder / "pipeline.yaml").write_text(json.dumps(pipeline))
    arrive(folder, 10_000)
    deployment.anew().promotions(USE_CASE).promote("v2", "bench", "for a run")
    began = time.time()
    with opened(site, "run-1") as run:
        partitions = run.fetch()
        back = deployment.anew().promotions(USE_CASE).rollback("bench", "in the middle")
        first = through(run, partitions)
    ended = time.time()
    arrive(folder, 20_000)
    with opened(site, "run-2") as run:
        second = through(run, run.fetch())
    return {
        "records": RECORDS,
        "run_seconds": round(ended - began, 2),
        "seconds_to_the_end_of_the_run": round(ended - back.at.timestamp(), 2),
        "run_on_its_way": first,
        "next_run": second,
    }


def opened(site: Site, run_id: str) -> Any:
    """As a task opens it."""
    environ = site.environment()
    return open_run(USE_CASE, run_id, EnvironmentConnections(environ), Settings.from_environment(environ))


def through(run: BatchRun, partitions: list[Json]) -> Json:
    """The rest of a run; how many records each version published."""
    for partition in partitions:
        run.validate(run.run_step("extract", partition))
    run.publish("kafka")
    report = run.evaluate()
    return {report["release"].partition("@")[0]: report["counts"].get("accepted", 0)}


def arrive(folder: Path, first: int) -> None:
    """So many new listings."""
    lines = (
        {"id": str(number), "at": "2026-11-25T09:00:00+09:00", "body": listing(number)}
        for number in range(first, first + RECORDS)
    )
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / "in.jsonl").write_text(text, encoding="utf-8")


def said(result: Json) -> str:
    """For people."""
    stream, batch = result["stream"], result["batch"]
    return (
        f"stream on {result['broker']}, {stream['rate']:g} events/s, model {result['model_ms']:g} ms:\n"
        f"  from rollback to the last result of what was taken back: median {stream['median_seconds']:.2f} s,"
        f" worst {stream['worst_seconds']:.2f} s of {len(stream['trials'])}\n"
        f"batch run of {batch['records']} records that had begun: it ended"
        f" {batch['seconds_to_the_end_of_the_run']:.2f} s later with {batch['run_on_its_way']};"
        f" the next run published {batch['next_run']}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--trials", type=int, default=5)
    options = parser.parse_args()
    sys.exit(main(options.json, options.trials))
