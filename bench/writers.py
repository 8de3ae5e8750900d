"""How long a buyer waits for the ledger when many want to write (SQLite), next to SQLite's own waiting.

Threads of several processes claim the same calls, record what they are granted and ask again for what
others hold, until all calls are bought. The usual way is the same ledger on the same database, where a writer
waits by SQLite's busy timeout alone. A lease ends after 20 s without a word from its buyer.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import sys
import tempfile
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "include"))

import sqlalchemy as sa
from sqlalchemy import event

from furrow.engine.ports import LEASE_SECONDS, Answer, Finish, Purchase, Verdict, Wish
from furrow.store.database import PATIENCE_SECONDS, Database, open_database
from furrow.store.ledger import SqlLedger

CROWDS = ((4, 64), (16, 3))
"""Processes, and buyers of each."""
KEYS, AT_ONCE, ROUNDS = [f"k{number}" for number in range(200)], 50, 10
SPAWN = multiprocessing.get_context("spawn")
ANSWER = Answer("{}", Finish.STOP, "small", 120, 30, 0.25, 0.75)


class BusyTimeout(Database):
    """A database whose writers wait as SQLite has it."""

    _engine: sa.Engine | None = None

    @property
    def engine(self) -> sa.Engine:
        if self._engine is None:
            self._engine = sa.create_engine(
                self._url, pool_size=4, max_overflow=28, connect_args={"timeout": PATIENCE_SECONDS}
            )
            event.listen(self._engine, "connect", _in_wal)
            event.listen(self._engine, "begin", _begin)
        return self._engine

    def _turn(self, options: dict[str, bool]) -> AbstractContextManager[None]:
        return nullcontext()


def _in_wal(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")


def _begin(connection: sa.Connection) -> None:
    durable = connection.get_execution_options().get("furrow_durable", True)
    connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


SIDES = {"busy timeout": BusyTimeout, "furrow": Database}


def main(as_json: bool = False, rounds: int = ROUNDS) -> int:
    """Measure and print. Takes about five minutes."""
    result: dict[str, Any] = {"rounds": rounds, "lease_seconds": LEASE_SECONDS}
    for processes, buyers in CROWDS:
        found: dict[str, Any] = {name: measured(name, processes, buyers, rounds) for name in SIDES}
        longest = [found[name]["longest_seconds"] for name in SIDES]
        result[f"{processes} x {buyers}"] = found | {"ratio": round(longest[0] / longest[1], 1)}
    print(json.dumps(result, indent=2)) if as_json else show(result)
    return 0


def measured(side: str, processes: int, buyers: int, rounds: int) -> dict[str, float]:
    """Seconds that the calls of the ledger took in all rounds, and that a round took."""
    waits, seconds = list[float](), list[float]()
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            for found, took in _crowd(side, f"sqlite:///{folder}/furrow.db", processes, buyers):
                waits += found
                seconds.append(took)
    waits.sort()
    return {
        "calls": len(waits),
        "round_seconds": round(max(seconds), 2),
        "median_seconds": round(waits[len(waits) // 2], 3),
        "p99_seconds": round(waits[len(waits) * 99 // 100], 3),
        "longest_seconds": round(waits[-1], 3),
    }


def _crowd(side: str, url: str, processes: int, buyers: int) -> list[tuple[list[float], float]]:
    """The waits of each process and how long it took; they start together."""
    open_database(url).close()
    start, results = SPAWN.Barrier(processes), SPAWN.Queue()
    running = [
        SPAWN.Process(target=_process, args=(side, url, number, buyers, start, results))
        for number in range(processes)
    ]
    for each in running:
        each.start()
    found = [results.get(timeout=600) for _ in running]
    for each in running:
        each.join()
    return found


def _process(side: str, url: str, number: int, buyers: int, start: Any, results: Any) -> None:
    ledger, waits = SqlLedger(SIDES[side](url)), list[float]()
    start.wait()
    began = time.perf_counter()
    running = [
        threading.Thread(target=_buy, args=(ledger, f"{number}-{buyer}", waits)) for buyer in range(buyers)
    ]
    for each in running:
        each.start()
    for each in running:
        each.join()
    results.put((waits, time.perf_counter() - began))


def _buy(ledger: SqlLedger, buyer: str, waits: list[float]) -> None:
    """Until every call is bought, by this buyer or another."""
    missing = list(KEYS)
    while missing:
        random.shuffle(missing)
        asked = time.perf_counter()
        part = missing[:AT_ONCE]
        claims = ledger.claim(buyer, [Wish(key, "goods", None, None) for key in part])
        waits.append(time.perf_counter() - asked)
        words = {key: claim.verdict for key, claim in zip(part, claims, strict=True)}
        mine = [key for key, word in words.items() if word is Verdict.GRANTED]
        if mine:
            asked = time.perf_counter()
            ledger.record(
                [Purchase(k, ANSWER, "small", "goods", "extract", "v1@1", "r1") for k in mine], buyer
            )
            waits.append(time.perf_counter() - asked)
        missing = [key for key in missing if words.get(key, Verdict.HELD) is Verdict.HELD]


def show(result: dict[str, Any]) -> None:
    """One line for each crowd and side."""
    for crowd, found in result.items():
        if not isinstance(found, dict):
            continue
        for name in SIDES:
            side = found[name]
            print(
                f"{crowd:>7}  {name:<12} {side['calls']:>6} calls of the ledger:"
                f" {side['median_seconds']:.3f} s (median), {side['p99_seconds']:.3f} s (99 %),"
                f" {side['longest_seconds']:.2f} s (longest); a round {side['round_seconds']:.1f} s at most"
            )
        print(f"{crowd:>7}  longest wait, busy timeout / furrow: {found['ratio']}")


if __name__ == "__main__":
    raise SystemExit(main("--json" in sys.argv))
