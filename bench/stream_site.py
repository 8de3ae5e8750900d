"""What the stream is measured on: a broker, a use case with one call for each event, replicas, both ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from confluent_kafka import Consumer, Producer

from bench.engine import environment, listing, write_use_case
from furrow.local import broker as embedded
from furrow.local import ports
from tests import kafka_server
from tests.brokers import Broker

Json = dict[str, Any]
USE_CASE, EVENTS, RESULTS = "bench", "bench.events", "bench.results"
CONCURRENCY = 1024
_END_SECONDS = 60


@contextmanager
def broker_of(name: str, folder: Path) -> Iterator[Broker]:
    """A broker of its own. Raises NotInstallable."""
    port = ports.choose(0, taken={0})
    of = kafka_server.command if name == "apache-kafka" else embedded.command
    broker = Broker(name, of(folder, port), port, folder.with_suffix(".log"), session=6)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@dataclass
class Site:
    """A project folder and topics that no other measurement uses."""

    home: Path
    broker: Broker
    url: str
    events: str
    results: str

    @classmethod
    def make(cls, folder: Path, broker: Broker, url: str, partitions: int, stream: Mapping[str, Any]) -> Site:
        """stream: what differs from the defaults in pipeline.yaml."""
        name = uuid.uuid4().hex[:8]
        site = cls(folder / name, broker, url, f"{EVENTS}.{name}", f"{RESULTS}.{name}")
        write_use_case(site.home / "prompts", CONCURRENCY)
        pipeline = {
            "description": "measured",
            "source": {"kafka": {"topic": site.events, "group": f"bench.{name}"}},
            "record": {"key": "id", "time": "at"},
            "publish": {"kafka": {"topic": site.results}},
            "stream": dict(stream),
        }
        (site.home / "prompts" / USE_CASE / "pipeline.yaml").write_text(json.dumps(pipeline))
        for topic in (site.events, site.results):
            broker.create_topic(topic, partitions)
        return site

    @contextmanager
    def replicas(self, count: int) -> Iterator[list[ReplicaProcess]]:
        """So many `furrow stream` processes; the last words of one that ends by itself are raised."""
        with ExitStack() as stack:
            yield [stack.enter_context(ReplicaProcess(self, number)) for number in range(count)]

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """Reads results that are committed."""
        consumer = self.broker.consumer(f"bench.{uuid.uuid4().hex}", **{"isolation.level": "read_committed"})
        consumer.subscribe([self.results])
        try:
            yield Reader(consumer)
        finally:
            consumer.close()

    @contextmanager
    def writer(self) -> Iterator[Writer]:
        """Writes events."""
        yield Writer(self.broker.producer(**{"linger.ms": 0}), self.events)

    def environment(self) -> dict[str, str]:
        """For the replicas."""
        kafka = {"conn_type": "kafka", "extra": {"bootstrap.servers": self.broker.address}}
        models = {"conn_type": "pydanticai", "host": self.url, "password": "no-key"}
        return {
            **environment(),
            "FURROW_HOME": str(self.home),
            "AIRFLOW_CONN_KAFKA_DEFAULT": json.dumps(kafka),
            "AIRFLOW_CONN_MODELS": json.dumps(models),
        }


class ReplicaProcess:
    """`furrow stream bench --replica N`, with what it tells every second."""

    def __init__(self, site: Site, number: int):
        self._site, self._number = site, number
        self._log = site.home / f"replica-{number}.log"
        self._standing: Json = {}
        self._over = False

    def __enter__(self) -> ReplicaProcess:
        command = [*PYTHON, "-m", "furrow.cli", "stream", USE_CASE, "--replica", str(self._number)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--every", "1", "--json"],
                env=self._site.environment(),
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        self._measured = psutil.Process(self._process.pid)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._over:
            return
        running = self._process.poll() is None
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(_END_SECONDS)
        self._thread.join()
        if kind is None and (not running or code):
            raise SystemExit(f"replica {self._number} ended ({code}):\n{self._log.read_text()[-3000:]}")

    def end_of_turn(self) -> None:
        """Wait until it ends by itself and well, for another process has taken its place."""
        code = self._process.wait(_END_SECONDS)
        self._thread.join()
        self._over = True
        if code:
            raise SystemExit(f"replica {self._number} ended ({code}):\n{self._log.read_text()[-3000:]}")

    def standing(self) -> Json:
        """What it told last."""
        return self._standing

    def cpu_seconds(self) -> float:
        """Of all its threads, since its start."""
        times = self._measured.cpu_times()
        return float(times.user + times.system)

    def resident_mb(self) -> float:
        return float(self._measured.memory_info().rss / 1024 / 1024)

    def _listen(self) -> None:
        """One JSON document after the other, over one line or several."""
        assert self._process.stdout is not None
        said, decoder = "", json.JSONDecoder()
        for line in self._process.stdout:
            said += line.decode()
            try:
                self._standing, end = decoder.raw_decode(said)
            except ValueError:
                continue
            said = said[end:].lstrip()


PYTHON = [sys.executable]


@dataclass
class Writer:
    """Writes events, and remembers when it began to."""

    producer: Producer
    topic: str
    sent: dict[str, float] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.sent)

    def write(self, count: int) -> None:
        """So many, at once."""
        for _ in range(count):
            self._write_one()

    def write_at(self, rate: float, seconds: float, most: int | None = None) -> None:
        """At an even pace, whatever becomes of them."""
        began = time.monotonic()
        for number in range(round(rate * seconds) if most is None else most):
            time.sleep(max(began + number / rate - time.monotonic(), 0))
            self._write_one()
        time.sleep(max(began + seconds - time.monotonic(), 0))

    def since(self, first: int) -> dict[str, float]:
        """Moments of the events from number `first` on."""
        return {key: at for key, at in self.sent.items() if int(key) >= first}

    def _write_one(self) -> None:
        number = self.count
        record = {"id": str(number), "at": "2026-11-25T09:00:00+09:00", "body": listing(number)}
        value = json.dumps(record, ensure_ascii=False).encode()
        self.sent[str(number)] = time.time()
        self.producer.produce(self.topic, value, str(number).encode())
        self.producer.poll(0)


@dataclass
class Reader:
    """Reads results, and remembers when it first saw each."""

    consumer: Consumer
    seen: dict[str, float] = field(default_factory=dict)
    twice: int = 0

    def read_until(self, stopped: Callable[[], bool]) -> None:
        """In a thread of its own."""
        while not stopped():
            message = self.consumer.poll(0.1)
            if message is None or message.error() is not None:
                continue
            key = message.key().decode()
            self.twice += key in self.seen
            self.seen.setdefault(key, time.time())

    def wait(self, count: int, seconds: float) -> None:
        """Until so many results were seen, in another thread."""
        deadline = time.monotonic() + seconds
        while len(self.seen) < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"{len(self.seen)} of {count} results came within {seconds:g} s")
            time.sleep(0.005)
