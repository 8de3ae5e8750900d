"""How long each page takes with 1,000,000 calls and 200 use cases: SQLite, and with --postgresql that too.

The calls are of the last 30 days, a quarter of them of one use case; each use case has an hourly window with
a whole report, dead letters, evaluations and releases. Each page is asked by its route, without the browser,
in a process that has shown it before: the first time is reported on its own. One page is asked as a page
without sums would have to: by reading every call.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "include"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import sqlalchemy as sa

from bench.ledger import key, own_postgresql, sqlite
from furrow.store import tables
from furrow.store.call_days import CallDays
from furrow.store.database import Database, open_database

PROJECT = Path(__file__).resolve().parents[1]
ROWS, USE_CASES, DAYS, ROUNDS = 1_000_000, 200, 30, 7
TEMPLATE = "used_goods"
TEXT = '{"brand": "삼성", "condition": "used", "price_krw": 350000, "tags": ["휴대폰", "직거래"]}'.ljust(160)
AT_ONCE = 2_000
TARGET_MS = {"sqlite": 1_000, "postgresql": 300}
PAGES = {
    "overview": "/",
    "use case": "/use-case?use_case={name}",
    "price": "/price",
    "price of one": "/price?use_case={name}",
    "releases": "/releases?use_case={name}",
    "drift": "/drift?use_case={name}",
    "dead letters": "/records?use_case={name}",
    "calls of a run": "/calls?use_case={name}&run_id=r0",
    "calls of 30 days": "/calls?use_case={name}",
    "calls of a step": "/calls?use_case={name}&step=extract&model=local-large&page=3",
    "large: a run": "/calls?use_case={large}&run_id=r0",
    "large: 30 days": "/calls?use_case={large}",
    "large: a day": "/calls?use_case={large}&day={yesterday}",
    "large: a step": "/calls?use_case={large}&step=extract&model=local-large&page=3",
    "price of a day": "/price?day={yesterday}",
    "runs": "/runs?use_case={name}",
}


def main(as_json: bool, rows: int, use_cases: int, postgresql: bool) -> int:
    """Measure and print. Building takes some minutes."""
    result: dict[str, Any] = {"rows": rows, "use_cases": use_cases, "days": DAYS, "target_ms": TARGET_MS}
    with tempfile.TemporaryDirectory() as home:
        names = write_use_cases(Path(home) / "prompts", use_cases)
        for kind, database in (("sqlite", sqlite), *([("postgresql", own_postgresql)] if postgresql else [])):
            with database() as url:
                os.environ.update(FURROW_HOME=home, FURROW_PROMPTS=f"{home}/prompts", FURROW_DB=url)
                result[kind] = measured(open_database(url), names, rows)
    if as_json:
        print(json.dumps(result, indent=2))
    else:
        show(result)
    slow = [
        page
        for kind in TARGET_MS
        for page, ms in result.get(kind, {}).get("pages", {}).items()
        if ms["median_ms"] > TARGET_MS[kind]
    ]
    return 1 if slow else 0


def write_use_cases(prompts: Path, count: int) -> list[str]:
    """Copies of one folder, under names of their own."""
    prompts.mkdir()
    shutil.copy(PROJECT / "prompts" / "models.yaml", prompts)
    names = [f"case_{number:03d}" for number in range(count)]
    for name in names:
        ignored = shutil.ignore_patterns("testset*", "sample*")
        shutil.copytree(PROJECT / "prompts" / TEMPLATE, prompts / name, ignore=ignored)
    return names


# --- what is in the database -------------------------------------------------------------------------


def build(database: Database, names: list[str], rows: int) -> None:
    """The calls of 30 days, and for each use case what its runs came to, its letters and its releases."""
    now = datetime.now(UTC)
    start = now - timedelta(days=DAYS)
    step = timedelta(days=DAYS) / rows
    insert(database, tables.calls, (call(number, names, start + number * step) for number in range(rows)))
    report = window_report()
    hours = [now - timedelta(hours=hour) for hour in range(DAYS * 24)]
    windows = ({**window(name, hour, report)} for name in names for hour in hours[:48])
    insert(database, tables.windows, windows)
    sums = (window_sums(name, hour, report) for name in names for hour in hours)
    insert(database, tables.window_sums, sums)
    insert(database, tables.letters, (letter(name, each, now) for name in names for each in range(50)))
    insert(
        database, tables.evaluations, (evaluation(name, each, now) for name in names for each in range(20))
    )
    insert(database, tables.releases, (release(name, each, now) for name in names for each in range(1, 9)))


def insert(database: Database, table: sa.Table, lines: Iterator[dict[str, Any]]) -> None:
    """In transactions of a few thousand rows."""
    batch: list[dict[str, Any]] = []
    for line in lines:
        batch.append(line)
        if len(batch) == AT_ONCE:
            _write(database, table, batch)
            batch = []
    if batch:
        _write(database, table, batch)


def _write(database: Database, table: sa.Table, batch: list[dict[str, Any]]) -> None:
    database.write(lambda connection: connection.execute(table.insert(), batch), durable=False)


def call(number: int, names: list[str], at: datetime) -> dict[str, Any]:
    """One paid call; the steps and the models take turns."""
    alias = ("local-small", "local-large")[number % 7 == 0]
    return {
        "key": key(number),
        "text": TEXT,
        "finish": "stop",
        "model": f"{alias}-2026-11",
        "input_tokens": 900,
        "output_tokens": 60,
        "cost_usd": 0.0002,
        "seconds": 0.8,
        "alias": alias,
        "use_case": buyer(number, names),
        "step": ("summarize", "extract")[number // len(names) % 2],
        "release": "v1@3f2a9c1d",
        "run_id": f"r{number // 40_000}",
        "created_at": at,
    }


def buyer(number: int, names: list[str]) -> str:
    """The first has a quarter of all calls, the others as many as each other."""
    first, *rest = names
    return first if number % 4 == 0 or not rest else rest[number % len(rest)]


def window_report() -> dict[str, Any]:
    """As a run of 100 records of a use case with a dozen fields leaves it, about 8 kB."""
    field = {
        "type": "enum",
        "measure": "value",
        "n": 98,
        "nulls": 3,
        "null_rate": 0.03,
        "percentiles": None,
        "counts": {f"value_{number}": number for number in range(1, 14)},
    }
    number = {**field, "type": "integer", "counts": None, "percentiles": list(range(101))}
    step = {
        "records": 100,
        "models": {"m": 100},
        "calls": 100,
        "bought": 90,
        "input_tokens": 90_000,
        "output_tokens": 6_000,
        "cost_usd": 0.02,
        "rungs": {"strict": 97, "repaired": 1, "reasked": 2, "escalated": 0},
        "seconds": {"p50": 0.8, "p95": 1.9},
    }
    return {
        "format": 1, "started": None, "finished": None, "records": 100,
        "outcomes": {"accepted": 98, "rejected": 2, "failed": 0, "unfinished": 0},
        "rejections": {"rule_broken": 2}, "failures": {}, "rungs": step["rungs"],
        "input_tokens": 180_000, "output_tokens": 12_000, "cost_usd": 0.04, "seconds": step["seconds"],
        "steps": {"summarize": step, "extract": step},
        "fields": {f"field_{place}": number if place % 3 == 0 else field for place in range(12)},
    }  # fmt: skip


def window(name: str, hour: datetime, report: dict[str, Any]) -> dict[str, Any]:
    """The run of an hour."""
    return {
        "use_case": name,
        "release": _release(name),
        "run_id": f"r-{hour:%d%H}",
        "started_at": hour,
        "finished_at": hour + timedelta(minutes=5),
        "records": 100,
        "report": report,
    }


def window_sums(name: str, hour: datetime, report: dict[str, Any]) -> dict[str, Any]:
    """Its sums, as `Windows.note` writes them."""
    from furrow.store.windows import WindowRow, sums_of

    return sums_of(WindowRow(**window(name, hour, report)))


def letter(name: str, number: int, now: datetime) -> dict[str, Any]:
    """An open dead letter."""
    return {
        "use_case": name, "record_id": f"sha256:{number}", "run_id": "r-1", "key": f"a{number}",
        "release": _release(name), "at": now - timedelta(minutes=number), "outcome": "rejected",
        "reason": "rule_broken", "step": "validate", "message": "price_positive", "attempts": 2,
        "record": TEXT, "raw": None,
    }  # fmt: skip


def evaluation(name: str, number: int, now: datetime) -> dict[str, Any]:
    """A report with a dozen fields and the worst cases, about 20 kB."""
    fields = {f"field_{each}": {"n": 300, "accuracy": 0.9, "low": 0.86, "high": 0.93} for each in range(12)}
    worst = [{"id": f"c{each}", "field": "field_1", "expected": TEXT, "got": TEXT} for each in range(40)]
    return {
        "use_case": name, "evaluation": f"e{number}", "release": _release(name), "version": "v1",
        "content_hash": "h", "test_set": "t", "against": None, "decision": "pass",
        "at": now - timedelta(days=number), "report": {"valid_rate": 0.98, "cost_usd_per_1k": 0.4,
        "fields": fields, "worst": worst}, "report_uri": None,
    }  # fmt: skip


def release(name: str, number: int, now: datetime) -> dict[str, Any]:
    """A line of the log; the last one is what serves."""
    return {
        "use_case": name, "number": number, "at": now - timedelta(days=10 - number), "action": "promote",
        "version": "v1", "release": _release(name), "content_hash": _HASHES[name], "from_release": None,
        "share": 1.0, "who": "bench", "why": "measured", "evaluation": None,
    }  # fmt: skip


_HASHES: dict[str, str] = {}


def _release(name: str) -> str:
    return f"v1@{_HASHES[name][:8]}"


# --- measuring -------------------------------------------------------------------------------------


def measured(database: Database, names: list[str], rows: int) -> dict[str, Any]:
    """Milliseconds of each page, the first time and after that."""
    from furrow.config.loader import load_all
    from furrow.config.settings import Settings

    for found in load_all(Settings.from_environment().prompts):
        _HASHES[found.name] = found.versions["v1"].content_hash  # type: ignore[union-attr]
    start = time.perf_counter()
    build(database, names, rows)
    built = time.perf_counter() - start
    start = time.perf_counter()
    CallDays(database).add_up()
    added = time.perf_counter() - start
    client, yesterday = signed_in(set(names)), datetime.now(UTC).date() - timedelta(days=1)
    asked = {"name": names[7], "large": names[0], "yesterday": yesterday}
    pages = {page: timed(client, path.format(**asked)) for page, path in PAGES.items()}
    return {
        "build_seconds": round(built, 1),
        "add_up_seconds": round(added, 1),
        "pages": pages,
        "price by reading every call": {"median_ms": round(every_call(database), 1)},
    }


def signed_in(readable: set[str]) -> Any:
    """A client of the pages' app; who is signed in is Airflow's part and not measured."""
    from fastapi.testclient import TestClient

    from furrow.orchestration import pages

    app = pages.create_app()
    [guard] = [dependency.dependency for dependency in app.router.dependencies]
    app.dependency_overrides = {
        guard: lambda: None,
        pages.readable_dags: lambda: readable,
        pages.newest_runs: lambda: {},
        pages.may_see_personal_data: lambda: False,
    }
    return TestClient(app)


def timed(client: Any, path: str) -> dict[str, float]:
    """Milliseconds of one page."""
    taken = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        answer = client.get(path)
        taken.append(1000 * (time.perf_counter() - start))
        assert answer.status_code == 200, answer.text[:500]
    first, *rest = taken
    return {
        "first_ms": round(first, 1),
        "median_ms": round(statistics.median(rest), 1),
        "most_ms": round(max(rest), 1),
        "kilobytes": round(len(answer.content) / 1000),
    }


def every_call(database: Database) -> float:
    """Milliseconds to sum the calls by use case, step and model from the ledger itself."""
    calls = tables.calls
    names = [calls.c[name] for name in ("use_case", "step", "alias", "model")]
    query = sa.select(*names, sa.func.count(), sa.func.sum(calls.c.cost_usd)).group_by(*names)
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        database.read(lambda connection: connection.execute(query).all())
        taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken)


def show(result: dict[str, Any]) -> None:
    """For a person."""
    print(f"{result['rows']:,} calls, {result['use_cases']} use cases, {result['days']} days")
    for kind in TARGET_MS:
        if kind not in result:
            continue
        found = result[kind]
        print(f"\n{kind}: target {TARGET_MS[kind]} ms; adding up all calls once: {found['add_up_seconds']} s")
        for page, ms in found["pages"].items():
            beside = f"(first {ms['first_ms']:.0f}, most {ms['most_ms']:.0f})"
            print(f"  {page:16} {ms['median_ms']:8.1f} ms {beside}")
        without = found["price by reading every call"]["median_ms"]
        ratio = without / found["pages"]["price"]["median_ms"]
        print(f"  price by reading every call: {without:.0f} ms, {ratio:.1f} times the page with sums")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--use-cases", type=int, default=USE_CASES)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    sys.exit(main(asked.json, asked.rows, asked.use_cases, asked.postgresql))
