"""A deployment of its own for one trial, and everything that can be read from it afterwards.

What came out is read from the files and tables themselves, not through the code under test.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.folders import FolderOfPrompts, record

Json = dict[str, Any]
PASSING = {"seconds", "bought", "spent_usd"}
"""What a step's trace says about this one time, and not about the record."""


def good_records(count: int) -> list[Json]:
    """Listings that pass; every seventh goes to the large model, some come as several events of one key."""
    records = [record(number) for number in range(count)]
    for number in range(0, count, 7):
        records[number]["body"] = f"{records[number]['body']} " + "상자째 그대로입니다 " * 12
    return records


def poison() -> list[bytes]:
    """Records that will never pass, each for another reason."""
    spoilt = [
        b'{"id": "p0", "at": "2026-11-24T09:00:00+09:00", "body": "no end',
        b'\xff\xfe{"id": "p1"}',
        b'{"at": "2026-11-24T09:00:00+09:00", "body": "no key"}',
        b'{"id": "p3", "at": "yesterday", "body": "no time"}',
        b'{"id": "p4", "at": "2026-11-24T09:00:00+09:00"}',
        b'["not", "an", "object"]',
    ]
    answers = [record(900 + n, body=f"[[fault: {kind}]]") for n, kind in enumerate(("truncated", "filtered"))]
    return [*spoilt, *map(line_of, answers)]


def late_and_early() -> list[Json]:
    """Events of keys that good_records has too: one a day older that comes late, one an hour newer."""
    return [
        record(1, at="2026-11-23T09:00:00+09:00", body="어제 올린 글"),
        record(2, at="2026-11-24T10:00:00+09:00", body="고쳐 쓴 글"),
    ]


def line_of(value: Json) -> bytes:
    """A record as the source delivers it."""
    return json.dumps(value, ensure_ascii=False).encode()


def mixed_lines(good: int) -> list[bytes]:
    """Good records with poison and repeats among them."""
    lines = [line_of(value) for value in (*good_records(good), *late_and_early())]
    for place, spoilt in enumerate(poison()):
        lines.insert(min(len(lines), 3 * place), spoilt)
    return [*lines, line_of(record(3))]


@dataclass(frozen=True)
class Snapshot:
    """What a run left behind, without times of day.

    results: a line for each record; online: features by (key, field); history: every row of the history;
    letters: what is among the dead letters, by record id.
    """

    results: list[Json] = field(default_factory=list)
    online: dict[tuple[bytes, str], tuple[bytes, str]] = field(default_factory=dict)
    history: list[Json] = field(default_factory=list)
    letters: list[Json] = field(default_factory=list)

    @property
    def record_ids(self) -> Counter[str]:
        """How often each record has an end."""
        return Counter(result["id"] for result in self.results)


@dataclass
class Damage:
    """What is wrong with a run next to an undisturbed one, in numbers of records or rows."""

    lost: int = 0
    doubled: int = 0
    stale: int = 0
    unnamed: int = 0

    def __bool__(self) -> bool:
        return any((self.lost, self.doubled, self.stale, self.unnamed))

    def __add__(self, other: Damage) -> Damage:
        return Damage(
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.stale + other.stale,
            self.unnamed + other.unnamed,
        )


def damage(found: Snapshot, undisturbed: Snapshot, lines: Iterable[bytes]) -> Damage:
    """Compare with the undisturbed run, and the ends of the records with the records that came in."""
    wanted = Counter(record_id(line) for line in lines)
    ends, total = found.record_ids, Damage()
    total.lost += (wanted - ends).total()
    total.doubled += (ends - wanted).total()
    total.unnamed += sum(result["outcome"] is None for result in found.results)
    total.stale += sum(a != b for a, b in zip(found.results, undisturbed.results, strict=False))
    total += _compared(list(found.online.items()), list(undisturbed.online.items()))
    total += _compared(found.history, undisturbed.history)
    total += _compared(found.letters, undisturbed.letters)
    return total


def _compared(found: list[Any], wanted: list[Any]) -> Damage:
    """A row that is missing is lost when there are too few, else the row in its place is stale."""
    have, want = Counter(map(repr, found)), Counter(map(repr, wanted))
    missing, extra = (want - have).total(), (have - want).total()
    stale = min(missing, extra)
    return Damage(lost=missing - stale, doubled=extra - stale, stale=stale)


def record_id(line: bytes) -> str:
    """The identity that the source of files gives a record."""
    return f"sha256:{hashlib.sha256(line).hexdigest()}"


class Site:
    """One deployment: its folder, what it reads, what it wrote."""

    def __init__(self, home: Path, server: str):
        self.home, self.server = home, server
        self.prompts = FolderOfPrompts(home / "prompts")
        self.lines: list[bytes] = []

    @classmethod
    def make(cls, home: Path, server: str, *, features: bool) -> Site:
        """A new one with the small use case."""
        site = cls(home, server)
        FolderOfPrompts.write(home / "prompts")
        if not features:
            publish = "publish:\n  features: {entity: article, ttl_days: 3650}\n"
            site.prompts.change("goods/pipeline.yaml", publish, "")
        (home / "var").mkdir()
        return site

    def copy(self, home: Path) -> Site:
        """Another one that is as this is now."""
        shutil.copytree(self.home, home)
        site = Site(home, self.server)
        site.lines = list(self.lines)
        return site

    def copy_version(self, name: str, **prompts: str) -> None:
        """Another version like v1 but for the system prompts of these steps."""
        goods = self.prompts.path / "goods"
        shutil.copytree(goods / "v1", goods / name)
        for step, text in prompts.items():
            self.prompts.put(f"goods/{name}/{step}/system.md", text)

    def feed(self, lines: list[bytes]) -> None:
        """What the source delivers from now on."""
        self.lines = lines
        self.prompts.put("goods/sample.jsonl", b"".join(line + b"\n" for line in lines))

    @property
    def environ(self) -> dict[str, str]:
        """How a worker finds this deployment and its model server."""
        connection = {"conn_type": "pydanticai", "host": self.server, "password": "no-key"}
        return {
            "FURROW_HOME": str(self.home),
            "FURROW_PROMPTS": str(self.prompts.path),
            "FURROW_DB": f"sqlite:///{self._database}",
            "FURROW_STORE": str(self.home / "var" / "store"),
            "FURROW_FEATURES": str(self.home / "include" / "feature_repo"),
            "AIRFLOW_CONN_MODELS": json.dumps(connection),
        }

    def journal(self, run_id: str) -> Path:
        """Where the tasks of a run are noted."""
        return self.home / "var" / f"{run_id}.journal"

    def log(self, run_id: str) -> Path:
        """What the workers of a run said."""
        return self.home / "var" / f"{run_id}.log"

    def run_folder(self, run_id: str) -> Path:
        """The files of a run."""
        return self.home / "var" / "store" / "goods" / quote(run_id, safe="")

    def delete_files(self, run_id: str) -> None:
        """Take the files of a run away; the state database stays."""
        shutil.rmtree(self.run_folder(run_id))

    # --- what is there now ---------------------------------------------------------------------

    def calls_in_ledger(self) -> int:
        """How many calls are written down as paid."""
        rows = self._query(self._database, "SELECT count(*) FROM furrow_calls")
        return int(rows[0][0]) if rows else 0

    def snapshot(self, run_id: str) -> Snapshot:
        """What there is of a run, and of the features."""
        return Snapshot(self._results(run_id), self._online(), self._history(), self._letters(run_id))

    @property
    def _database(self) -> Path:
        return self.home / "var" / "furrow.db"

    def _results(self, run_id: str) -> list[Json]:
        files = sorted(self.run_folder(run_id).glob("results/*.jsonl"))
        return [_lasting(json.loads(line)) for file in files for line in file.read_bytes().splitlines()]

    def _online(self) -> dict[tuple[bytes, str], tuple[bytes, str]]:
        found = {}
        for database in self.home.rglob("online*.db"):
            for table in self._tables(database):
                query = f'SELECT entity_key, feature_name, value, event_ts FROM "{table}"'
                rows = self._query(database, query)
                found.update({(key, name): (value, str(at)) for key, name, value, at in rows})
        return dict(sorted(found.items()))

    def _history(self) -> list[Json]:
        files = sorted(self.home.glob("var/features/history/goods/*.parquet"))
        if not files:
            return []
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.concat_tables([pq.read_table(file) for file in files], promote_options="default")
        rows: list[Json] = table.drop_columns(["created_timestamp"]).to_pylist()
        return sorted(rows, key=repr)

    def _letters(self, run_id: str) -> list[Json]:
        query = (
            "SELECT record_id, key, outcome, reason, step, attempts FROM furrow_dead_letters "
            f"WHERE run_id = '{run_id}' ORDER BY record_id"
        )
        names = ("record_id", "key", "outcome", "reason", "step", "attempts")
        return [dict(zip(names, row, strict=True)) for row in self._query(self._database, query)]

    def _tables(self, database: Path) -> list[str]:
        return [
            name for (name,) in self._query(database, "SELECT name FROM sqlite_master WHERE type='table'")
        ]

    @staticmethod
    def _query(database: Path, query: str) -> list[tuple[Any, ...]]:
        if not database.exists():
            return []
        with closing(sqlite3.connect(database, timeout=30)) as connection:
            return connection.execute(query).fetchall()


def _lasting(line: Json) -> Json:
    """A line of results without what differs from one time to the next, and with its outcome by name."""
    rejected, accepted = line["rejection"] is not None, line["result"] is not None
    traces = {
        step: {name: value for name, value in trace.items() if name not in PASSING}
        for step, trace in line["traces"].items()
    }
    outcome = "rejected" if rejected else "accepted" if accepted else None
    return {**line, "traces": traces, "outcome": outcome}
