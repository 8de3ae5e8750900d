"""A deployment with a stream, and everything that can be read from it afterwards.

What came out is read from the topics and tables themselves, not through the code under test.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

from tests.bigquery_server import PROJECT, VARIABLE, BigQueryServer
from tests.brokers import Broker, Outgoing
from tests.folders import FolderOfPrompts, record
from tests.stream.processes import Nursery, Part, until
from tests.stream.worker import Order

Json = dict[str, Any]
CONCURRENCY = 64
"""Calls in flight of each model in one replica."""
LARGEST = 12 * 1024 * 1024
FIRST = datetime.fromisoformat("2026-11-24T09:00:00+09:00")
PIPELINE = """\
description: listings to attributes
owner: tests
source:
  kafka: {{topic: {topic}, group: {group}}}
record: {{key: id, time: at, max_bytes: 100000}}
live: v1
publish:
  kafka: {{topic: {topic}.results}}
{sinks}stream: {{{options}}}
"""
_OF_ONE_RUN = {"run_id", "record_id"}
FEATURES = "  features: {entity: article, ttl_days: 3650}\n"
TABLE = "  bigquery: {table: %s}\n"
TABLE_SECONDS = 1.0
"""Between two publications to BigQuery, instead of ten: a trial has more of them to disturb."""


def events(count: int, keys: int, first: int = 0, poison_every: int = 100) -> list[Outgoing]:
    """Listings, several of each key, each a second newer; every so often one that never passes."""
    numbers = range(first, first + count)
    return [_poison(n) if n % poison_every == poison_every // 2 else event(n, keys) for n in numbers]


def event(number: int, keys: int, **changed: object) -> Outgoing:
    """One listing; where it comes to lie is decided by its key."""
    key = f"a{number % keys}"
    at = (FIRST + timedelta(seconds=number)).isoformat()
    return outgoing(key, json.dumps(record(number, id=key, at=at, **changed), ensure_ascii=False).encode())


def outgoing(key: str, value: bytes | None) -> Outgoing:
    """A message with a header of its producer."""
    return Outgoing(value, key.encode(), [("trace", key.encode())])


def _poison(number: int) -> Outgoing:
    body = f"[[fault: truncated]] {number}"
    kinds = [
        f'{{"id": "p{number}", "at": "2026-11-24T09:00:00+09:00", "body": "no end'.encode(),
        b"\xff\xfe" + str(number).encode(),
        f'{{"at": "2026-11-24T09:00:00+09:00", "body": "no key {number}"}}'.encode(),
        json.dumps({**record(number), "id": f"p{number}", "body": body}).encode(),
    ]
    return outgoing(f"p{number}", kinds[number // 100 % len(kinds)])


@dataclass(frozen=True)
class Result:
    """A message of the result topic. source: partition and offset of its event."""

    source: tuple[int, int]
    key: str
    release: str
    value: Json


@dataclass
class Outcome:
    """What a stream left behind.

    letters: how often each event (partition, offset) is in the dead-letter topic, with its reason; noted: in
    the state database; online: what the online store holds, by key and feature; table: how often each row is
    in BigQuery's table, with the place of its event; newest: what its view shows of each key.
    """

    results: list[Result] = field(default_factory=list)
    letters: Counter[tuple[tuple[int, int], str]] = field(default_factory=Counter)
    noted: set[tuple[tuple[int, int], str]] = field(default_factory=set)
    online: dict[tuple[bytes, str], tuple[bytes, str]] = field(default_factory=dict)
    table: Counter[tuple[tuple[int, int], str]] = field(default_factory=Counter)
    newest: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass
class Damage:
    """What is wrong next to an undisturbed run, in numbers of events."""

    lost: int = 0
    doubled: int = 0
    stale: int = 0
    disordered: int = 0
    letters: int = 0
    noted: int = 0
    online: int = 0
    table_lost: int = 0
    table_doubled: int = 0
    table_newest: int = 0

    def __bool__(self) -> bool:
        return any(vars(self).values())


def damage(found: Outcome, undisturbed: Outcome) -> Damage:
    """Compare with a run that nobody disturbed."""
    wanted = {result.source: result for result in undisturbed.results}
    have = Counter(result.source for result in found.results)
    return Damage(
        lost=len(wanted.keys() - have.keys()),
        doubled=have.total() - len(have) + len(have.keys() - wanted.keys()),
        stale=sum(result != wanted.get(result.source, result) for result in found.results),
        disordered=disordered(found.results),
        letters=(found.letters - undisturbed.letters).total() + (undisturbed.letters - found.letters).total(),
        noted=len(found.noted ^ undisturbed.noted),
        online=len(found.online.items() ^ undisturbed.online.items()),
        table_lost=(undisturbed.table - found.table).total(),
        table_doubled=(found.table - undisturbed.table).total(),
        table_newest=len(found.newest.items() ^ undisturbed.newest.items()),
    )


def disordered(results: Iterable[Result]) -> int:
    """Results that come before one of an earlier event of their key."""
    last: defaultdict[str, int] = defaultdict(lambda: -1)
    count = 0
    for result in results:
        count += result.source[1] < last[result.key]
        last[result.key] = max(last[result.key], result.source[1])
    return count


class StreamSite:
    """One deployment: its folder, its topics, its processes. options: of `stream:` in pipeline.yaml.

    bigquery: has a dataset made for a table of its results.
    """

    def __init__(
        self,
        home: Path,
        server: str,
        broker: Broker,
        topic: str,
        options: str = "",
        features: bool = False,
        partitions: int = 6,
        lease_seconds: float | None = 5.0,
        bigquery: BigQueryServer | None = None,
        session_seconds: int | None = None,
    ):
        self.home, self.server, self.broker, self.topic = home, server, broker, topic
        self.group, self.results, self.letters = f"g.{topic}", f"{topic}.results", f"{topic}.dead-letters"
        self.partitions, self._lease, self._session = partitions, lease_seconds, session_seconds
        self.bigquery, self.table = bigquery, f"{bigquery.dataset()}.goods" if bigquery else ""
        self.prompts = FolderOfPrompts.write(home / "prompts")
        self.prompts.change("models.yaml", "concurrency: 8", f"concurrency: {CONCURRENCY}")
        self.prompts.change("models.yaml", "attempts: 2", "attempts: 4")
        self.prompts.change("models.yaml", "outage_seconds: 0", "outage_seconds: 1")
        sinks = (FEATURES if features else "") + (TABLE % self.table if bigquery else "")
        text = PIPELINE.format(topic=topic, group=self.group, options=options, sinks=sinks)
        self.prompts.put("goods/pipeline.yaml", text)
        (home / "var").mkdir()
        broker.create_topic(topic, partitions, **{"max.message.bytes": str(LARGEST)})

    def apply_features(self, nursery: Nursery) -> None:
        """Make the feature views."""
        part = self.run(nursery, "features", "apply")
        assert part.ended() == 0, part.said()

    @property
    def environ(self) -> dict[str, str]:
        """How a process finds this deployment, its model server and its broker."""
        models = {"conn_type": "pydanticai", "host": self.server, "password": "no-key"}
        kafka = {"conn_type": "kafka", "extra": {"bootstrap.servers": self.broker.address}}
        return {
            "FURROW_HOME": str(self.home),
            "FURROW_PROMPTS": str(self.prompts.path),
            "FURROW_DB": f"sqlite:///{self.database}",
            "FURROW_STORE": str(self.home / "var" / "store"),
            "FURROW_FEATURES": str(self.home / "include" / "feature_repo"),
            "AIRFLOW_CONN_MODELS": json.dumps(models),
            "AIRFLOW_CONN_KAFKA_DEFAULT": json.dumps(kafka),
            **self._bigquery_environ,
        }

    @property
    def _bigquery_environ(self) -> dict[str, str]:
        if self.bigquery is None:
            return {}
        return {VARIABLE: self.bigquery.url, "AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT": self.bigquery.variable}

    @property
    def database(self) -> Path:
        """The state database."""
        return self.home / "var" / "furrow.db"

    # --- what happens ----------------------------------------------------------------------------

    def run(self, nursery: Nursery, *command: str) -> Part:
        """A `furrow` command in a process."""
        log = self.home / "var" / f"{'-'.join(command).replace('/', '_')[:80]}.log"
        order = Order(list(command), self.environ, str(log), self._lease, TABLE_SECONDS, self._session)
        return nursery.start(order)

    def replica(self, nursery: Nursery, number: int) -> Part:
        """A process that runs this replica."""
        return self.run(nursery, "stream", "goods", "--replica", str(number), "--every", "1")

    def follower(self, nursery: Nursery, sink: str) -> Part:
        """A process that publishes results to this sink."""
        return self.run(nursery, "stream", "goods", "--sink", sink, "--every", "1")

    def produce(self, messages: Sequence[Outgoing], **config: object) -> None:
        """Events, each in the partition that its key decides."""
        placed = [
            Outgoing(each.value, each.key, each.headers, crc32(each.key or b"") % self.partitions)
            for each in messages
        ]
        self.broker.produce(self.topic, placed, **config)

    def wait_until_done(self, *parts: Part, seconds: float = 240) -> None:
        """Until the position is behind every event."""
        self._wait_for(self.group, self.topic, parts, seconds)

    def wait_until_published(self, sink: str, *parts: Part, seconds: float = 240) -> None:
        """Until a sink has every result that is there now."""
        self._wait_for(f"{self.group}.{sink}", self.results, parts, seconds)

    def _wait_for(self, group: str, topic: str, parts: Sequence[Part], seconds: float) -> None:
        """Markers of transactions at the end of a partition are passed by no position."""
        last = {m.partition(): m.offset() + 1 for m in self.broker.consume(topic)}

        def there() -> bool:
            positions = self.broker.positions(group, topic)
            return all(positions.get(number, 0) >= end for number, end in last.items())

        def said() -> str:
            told = "\n".join(part.stacks() for part in parts)
            return f"{group} is at {self.broker.positions(group, topic)} of {last}\n{told}"

        until(there, f"{group} has come to {last}", said, seconds)

    # --- what is there -----------------------------------------------------------------------------

    def outcome(self) -> Outcome:
        """What readers of committed messages find, and what the state database says."""
        return Outcome(
            self.read_results(),
            self._read_letters(),
            self._noted(),
            self._online(),
            Counter((_place(row["record_id"]), _lasting(row)) for row in self._rows_of(self.table)),
            Counter((row["key"], _lasting(row)) for row in self._rows_of(f"{self.table}_newest")),
        )

    def read_results(self) -> list[Result]:
        """What readers of committed messages find in the result topic, in order within a partition."""
        return [_result(json.loads(message.value())) for message in self.broker.consume(self.results)]

    def _read_letters(self) -> Counter[tuple[tuple[int, int], str]]:
        found = [dict(message.headers()) for message in self.broker.consume(self.letters)]
        return Counter((_place(h["record_id"].decode()), h["furrow_reason"].decode()) for h in found)

    def _noted(self) -> set[tuple[tuple[int, int], str]]:
        rows = self.query("SELECT record_id, reason FROM furrow_dead_letters WHERE outcome = 'rejected'")
        return {(_place(record_id), reason) for record_id, reason in rows}

    def _online(self) -> dict[tuple[bytes, str], tuple[bytes, str]]:
        found = {}
        for database in self.home.rglob("online*.db"):
            for (table,) in _rows(database, "SELECT name FROM sqlite_master WHERE type = 'table'"):
                rows = _rows(database, f'SELECT entity_key, feature_name, value, event_ts FROM "{table}"')
                found.update({(key, name): (value, str(at)) for key, name, value, at in rows})
        return {place: value for place, value in found.items() if place[1] not in _OF_ONE_RUN}

    def _rows_of(self, table: str) -> list[Json]:
        return self.bigquery.rows(f"SELECT * FROM `{PROJECT}.{table}`") if self.bigquery else []

    def staged(self) -> bool:
        """Whether a publication to BigQuery has begun and not ended."""
        if self.bigquery is None:
            return False
        return any("furrow_staging" in name for name in self.bigquery.tables(self.table.partition(".")[0]))

    def under_way(self, pid: int) -> int:
        """Calls that a process was granted and has not written down as paid."""
        return len(self.query(f"SELECT 1 FROM furrow_leases WHERE buyer LIKE '%-{pid}-%'"))

    def query(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the state database; none before there is one."""
        return _rows(self.database, query) if self.database.exists() else []


def _rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        return connection.execute(query).fetchall()


def _lasting(row: Json) -> str:
    """What is the same in every run."""
    kept = {name: value for name, value in row.items() if name not in _OF_ONE_RUN | {"published_at"}}
    return json.dumps(kept, sort_keys=True, ensure_ascii=False, default=str)


def _result(value: Json) -> Result:
    lasting = {name: value[name] for name in ("event_time", "result")}
    return Result(_place(value["record_id"]), value["key"], value["release"], lasting)


def _place(record_id: str) -> tuple[int, int]:
    _, partition, offset = record_id.rsplit("/", 2)
    return int(partition), int(offset)
