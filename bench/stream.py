"""How fast a stream is: what it adds to a model's own latency, highest rate and memory, and the stock way.

(a) From an event's append to its result before a reader of committed messages, minus the model server's own
latency, with 50 events a second; on Apache Kafka and on the embedded broker, with and without transactions.
(b) The highest rate at which nothing piles up, with one replica and with two. (c) Memory of a replica over
many events. (d) With `--stock`: an AssetWatcher on a Kafka trigger that starts a DAG run, on a real Airflow.
With `--handover` only that: the longest time without a result while processes take each other's place.

Replicas, brokers, model server and Airflow are processes of their own, as in production.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "include")]

from bench.engine import model_server  # noqa: E402
from bench.stream_handover import hand_over  # noqa: E402
from bench.stream_site import Reader, ReplicaProcess, Site, Writer, broker_of  # noqa: E402
from tests.brokers import Broker  # noqa: E402
from tests.kafka_server import NotInstallable  # noqa: E402

Json = dict[str, Any]
BROKERS = ("apache-kafka", "embedded")
HOW = ("transactions", "at_least_once")
LATENCY, RATE, PARTITIONS = 0.2, 50.0, 3
WARM_UP = 100
FIRST_RATE, STEP, STEP_SECONDS = 60.0, 1.25, 8.0
ABREAST = 0.05
"""Of a step's events, so much may pile up."""
ON_THEIR_WAY = 2000
MEMORY_POINTS = 10


def main(as_json: bool = False, seconds: float = 20, memory: int = 100_000, stock: int = 0) -> int:
    """Measure and print. Takes some minutes, most of them for the memory; some more with `stock` events."""
    result: Json = {
        "latency": {"model_ms": LATENCY * 1000, "rate": RATE, "partitions": PARTITIONS, "seconds": seconds},
        "highest_rate": {"model_ms": LATENCY * 1000, "step_seconds": STEP_SECONDS},
        "machine": {"cores": os.cpu_count(), "load_1m_before": round(os.getloadavg()[0], 1)},
    }
    with tempfile.TemporaryDirectory(prefix="furrow-bench-") as folder:
        for name in BROKERS:
            try:
                with broker_of(name, Path(folder) / name) as broker:
                    _on(broker, Path(folder), result, seconds, memory, stock)
            except NotInstallable as why:
                result["latency"][name] = {"skipped": str(why)}
    if as_json:
        print(json.dumps(result, indent=2))
    else:
        show(result)
    return 0


def _on(broker: Broker, folder: Path, result: Json, seconds: float, memory: int, stock: int) -> None:
    """What is measured on this broker. The stock way needs a group that evicts dead members."""
    with model_server(LATENCY) as url:
        result["latency"][broker.name] = {
            how: _told(f"{broker.name}, {how}", added_latency(broker, folder, url, how == HOW[0], seconds))
            for how in HOW
        }
        result["highest_rate"][broker.name] = {
            str(replicas): _told(
                f"{broker.name}, {replicas} replica(s)", highest_rate(broker, folder, url, replicas)
            )
            for replicas in (1, 2)
        }
        if stock and "stock" not in result and broker.can.evicts_dead_members:
            from bench.stream_stock import stock_latency

            ours = result["latency"][broker.name]["transactions"]["p50_ms"]
            found = stock_latency(broker, folder, url, LATENCY, stock)
            result["stock"] = {**found, "furrow_to_stock": round(ours / found["p50_ms"], 5)}
    if memory and "memory" not in result:
        with model_server(0) as url:
            result["memory"] = {"broker": broker.name, **memory_over(broker, folder, url, memory)}


def _told(what: str, found: Json) -> Json:
    """What was found, said at once: the whole takes minutes."""
    print(f"  {what}: {found}", file=sys.stderr)
    return found


# --- the measurements -------------------------------------------------------------------------------


def added_latency(broker: Broker, folder: Path, url: str, transactions: bool, seconds: float) -> Json:
    """Milliseconds from before the event is written to after its result is read, without the model's own."""
    site = Site.make(folder, broker, url, PARTITIONS, {"transactions": transactions})
    with site.replicas(1) as (replica,), site.reader() as reader, site.writer() as writer:
        warm_up(reader, writer, [replica])
        cpu, before = replica.cpu_seconds(), replica.standing()
        with reading(reader):
            writer.write_at(RATE, seconds)
            reader.wait(writer.count, 30)
        cpu, after = replica.cpu_seconds() - cpu, replica.standing()
    added = sorted(1000 * (reader.seen[key] - at - LATENCY) for key, at in writer.since(WARM_UP).items())
    commits = max(after["commits"] - before["commits"], 1)
    return {
        "events": len(added),
        "p50_ms": round(statistics.median(added), 1),
        "p99_ms": round(added[int(0.99 * len(added))], 1),
        "worst_ms": round(added[-1], 1),
        "commit_ms": round(1000 * (after["commit_seconds"] - before["commit_seconds"]) / commits, 1),
        "commit_interval_ms": round(1000 * (after["seconds"] - before["seconds"]) / commits, 1),
        "cpu_ms_per_event": round(1000 * cpu / len(added), 2),
        "twice": reader.twice,
    }


def highest_rate(broker: Broker, folder: Path, url: str, replicas: int) -> Json:
    """The last rate of the ramp at which what was under way did not grow."""
    site = Site.make(folder, broker, url, 6, {"look_ahead": 256})
    steps: list[Json] = []
    with site.replicas(replicas) as running, site.reader() as reader, site.writer() as writer:
        warm_up(reader, writer, running)
        rate = FIRST_RATE
        with reading(reader):
            while not steps or steps[-1]["abreast"]:
                cpu = sum(each.cpu_seconds() for each in running)
                steps.append(_step(writer, reader, rate))
                used = sum(each.cpu_seconds() for each in running) - cpu
                steps[-1]["cpu_ms_per_event"] = round(1000 * used / steps[-1]["events"], 2)
                rate *= STEP
            reader.wait(writer.count, 120)
    sound = [step["rate"] for step in steps if step["abreast"]]
    return {"events_per_second": max(sound, default=0.0), "steps": steps, "twice": reader.twice}


def _step(writer: Writer, reader: Reader, rate: float) -> Json:
    """The first third lets what is under way settle; over the rest it must not grow."""
    writer.write_at(rate, STEP_SECONDS / 3)
    first, began = writer.count, time.monotonic()
    under_way = writer.count - len(reader.seen)
    writer.write_at(rate, 2 * STEP_SECONDS / 3)
    events, took = writer.count - first, time.monotonic() - began
    grown = writer.count - len(reader.seen) - under_way
    abreast = grown <= max(ABREAST * events, 5) and events / took > 0.97 * rate
    return {"rate": round(rate, 1), "events": events, "piled_up": grown, "abreast": abreast}


def memory_over(broker: Broker, folder: Path, url: str, events: int) -> Json:
    """Resident megabytes of one replica after each tenth of the events; the model answers at once."""
    site = Site.make(folder, broker, url, PARTITIONS, {})
    points: list[float] = []
    with site.replicas(1) as (replica,), site.reader() as reader, site.writer() as writer:
        warm_up(reader, writer, [replica])
        began = time.monotonic()
        with reading(reader):
            for point in range(1, MEMORY_POINTS + 1):
                _follow(writer, reader, WARM_UP + events * point // MEMORY_POINTS)
                points.append(round(replica.resident_mb(), 1))
        took = time.monotonic() - began
    return {
        "events": events,
        "resident_mb": points,
        "grown_mb_after_the_first_tenth": round(points[-1] - points[0], 1),
        "events_per_second": round(events / took, 1),
        "twice": reader.twice,
    }


def _follow(writer: Writer, reader: Reader, until: int) -> None:
    """Write as fast as it is answered, some way ahead."""
    while writer.count < until:
        room = ON_THEIR_WAY - (writer.count - len(reader.seen))
        writer.write(min(max(room, 0), until - writer.count))
        time.sleep(0.02)
    reader.wait(until, 120)


def warm_up(reader: Reader, writer: Writer, replicas: Sequence[ReplicaProcess]) -> None:
    """Until every replica has its partitions and the first events are through."""
    with reading(reader):
        deadline = time.monotonic() + 120
        while not all(each.standing().get("partitions") for each in replicas):
            if time.monotonic() > deadline:
                raise SystemExit("the replicas did not get their partitions in 120 s")
            time.sleep(0.2)
        writer.write_at(RATE, WARM_UP / RATE, WARM_UP)
        reader.wait(WARM_UP, 60)
    time.sleep(1.2)  # each has told how it stands


@contextmanager
def reading(reader: Reader) -> Iterator[None]:
    """Results are read in a thread of their own meanwhile."""
    stop = threading.Event()
    thread = threading.Thread(target=reader.read_until, args=(stop.is_set,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def hand_overs(as_json: bool, turns: int) -> int:
    """Measure and print the hand-over on each broker, instead of all else. A minute or two."""
    result: Json = {"cores": os.cpu_count(), "load_1m_before": round(os.getloadavg()[0], 1)}
    with tempfile.TemporaryDirectory(prefix="furrow-bench-") as folder, model_server(LATENCY) as url:
        for name in BROKERS:
            try:
                with broker_of(name, Path(folder) / name) as broker:
                    result[name] = _told(name, hand_over(broker, Path(folder), url, turns))
            except NotInstallable as why:
                result[name] = {"skipped": str(why)}
    result["load_1m_after"] = round(os.getloadavg()[0], 1)
    print(json.dumps(result, indent=2) if as_json else "\n".join(_turns(result)))
    return 0


# --- the answer -------------------------------------------------------------------------------------


def show(result: Json) -> None:
    """For people."""
    print("\n".join(_lines(result)))


def _lines(result: Json) -> Iterator[str]:
    asked = result["latency"]
    yield f"Added to a model's {asked['model_ms']:g} ms, {asked['rate']:g} events/s, one replica:"
    for name in BROKERS:
        found = asked.get(name, {"skipped": "not measured"})
        if "skipped" in found:
            yield f"  {name:<14}left out: {found['skipped']}"
            continue
        for how, one in found.items():
            yield (
                f"  {name:<14}{how:<14} p50 {one['p50_ms']:6.1f} ms  p99 {one['p99_ms']:6.1f} ms"
                f"  a commit every {one['commit_interval_ms']:.0f} ms takes {one['commit_ms']:.1f} ms"
                f"  CPU {one['cpu_ms_per_event']:.1f} ms an event"
            )
    yield from _rates(result["highest_rate"])
    if "memory" in result:
        grown = result["memory"]
        yield (
            f"Memory of a replica over {grown['events']:,} events: {grown['resident_mb']} MB,"
            f" {grown['grown_mb_after_the_first_tenth']:+.1f} MB after the first tenth"
            f" ({grown['events_per_second']:.0f} events/s)"
        )
    if "stock" in result:
        stock = result["stock"]
        yield (
            f"Stock: AssetWatcher, Kafka trigger, a DAG run for an event ({stock['events']} events, one every"
            f" {stock['every_seconds']:g} s): p50 {stock['p50_ms']:,.0f} ms, p99 {stock['p99_ms']:,.0f} ms,"
            f" answered {stock['answered']}; furrow / stock: {stock['furrow_to_stock']:.5f}"
        )


def _rates(found: Json) -> Iterator[str]:
    yield "Highest rate at which nothing piles up:"
    for name in BROKERS:
        for replicas, one in found.get(name, {}).items():
            yield f"  {name:<14}{replicas} replica(s) {one['events_per_second']:7.1f} events/s"


def _turns(result: Json) -> Iterator[str]:
    yield f"{RATE:g} events/s; load {result['load_1m_before']:g} before, {result['load_1m_after']:g} after:"
    for name in BROKERS:
        found = result[name]
        if "skipped" in found:
            yield f"  {name:<14}left out: {found['skipped']}"
            continue
        yield (
            f"  {name:<14}{found['turns']} turns, {found['events']} events: longest gap"
            f" {found['longest_gap_seconds']:.2f} s (each turn: {found['gaps_of_the_turns']}, the change:"
            f" {found['gap_of_the_change']:.2f}, before: {found['usual_gap_seconds']:.2f});"
            f" lost {found['lost']}, doubled {found['doubled']},"
            f" without a release {found['without_release']}; {found['releases']}"
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=20, help="of each latency measurement")
    parser.add_argument("--events", type=int, default=100_000, help="of the memory measurement, or 0")
    parser.add_argument(
        "--stock", type=int, nargs="?", const=30, default=0, help="compare with so many events on Airflow"
    )
    parser.add_argument(
        "--handover", type=int, nargs="?", const=6, default=0, help="only that: so many turns on each broker"
    )
    return parser.parse_args()


if __name__ == "__main__":
    asked = _arguments()
    if asked.handover:
        raise SystemExit(hand_overs(asked.json, asked.handover))
    raise SystemExit(main(asked.json, asked.seconds, asked.events, asked.stock))
