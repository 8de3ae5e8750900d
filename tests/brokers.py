"""The brokers that tests run against, Apache Kafka and the embedded one, and what each can do.

conftest.py imports the fixtures. `broker` is one process for the whole session: topics and groups keep tests
apart. A test may stop, kill and pause it: afterwards it runs again.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path

import pytest
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic

from furrow.adapters.kafka import let_go
from furrow.local import broker as embedded
from furrow.local import ports
from tests import kafka_server

_quiet = logging.getLogger("tests.brokers")
_START_SECONDS, _STOP_SECONDS = 60, 30
_LARGEST = 50_000_000
_EACH = ("apache-kafka", "embedded")


@dataclass(frozen=True)
class Abilities:
    """What a broker can do; a test that needs one says so with `broker.must("…")`."""

    transactions: bool = True
    """Commit and abort of records and of a group's position, and fencing by `transactional.id`."""
    ends_timed_out_transactions: bool = True
    """What a killed producer left open is aborted after `transaction.timeout.ms`."""
    fences_old_generations: bool = True
    """A position that a member of an earlier generation sends into its transaction is refused."""
    static_members: bool = True
    """Whoever comes with the `group.instance.id` of a member gets its partitions at once."""
    shares_cooperatively: bool = True
    """A newcomer gets its part under `cooperative-sticky`; eager strategies work everywhere."""
    evicts_dead_members: bool = True
    """A member that is silent for its session is put out of the group."""
    commit_metadata: bool = True
    """The text beside a committed offset is kept."""
    delete_records: bool = True
    large_messages: bool = True
    """10 MB."""
    outlives_a_restart: bool = True
    """After SIGTERM and a start, records and positions are there."""
    remembers_open_transactions: bool = True
    """After SIGTERM and a start, a transaction that was open can be committed, its position included."""
    outlives_a_kill: bool = True
    """After SIGKILL and a start, all that was confirmed is there."""
    positions_outlive_topics: bool = True
    """A topic that was made anew finds the positions of the one before."""


ABILITIES = {
    "apache-kafka": Abilities(positions_outlive_topics=False),
    "embedded": Abilities(
        ends_timed_out_transactions=False,
        fences_old_generations=False,
        shares_cooperatively=False,
        evicts_dead_members=False,
        remembers_open_transactions=False,
        outlives_a_kill=False,
    ),
}


@dataclass(frozen=True)
class Outgoing:
    """A message to produce. partition: None leaves it to the key."""

    value: bytes | None
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes]] = ()
    partition: int | None = None


class Broker:
    """A broker process on 127.0.0.1 that can be stopped and started again on the same port and files.

    command: its command line. log: the file of all that it prints. session: shortest session of a group's
    member that it accepts, in seconds.
    """

    def __init__(self, name: str, command: Sequence[str], port: int, log: Path, session: float):
        self.name, self.port, self.address = name, port, ports.address(port)
        self.can, self.session = ABILITIES[name], session
        self._command, self._log = command, log
        self._process: subprocess.Popen[bytes] | None = None

    def must(self, *abilities: str) -> None:
        """Skip the test when this broker lacks one of these."""
        unknown = set(abilities) - {field.name for field in fields(Abilities)}
        assert not unknown, f"no such ability: {unknown}"
        for ability in abilities:
            if not getattr(self.can, ability):
                pytest.skip(f"the {self.name} broker is without: {ability}")

    # --- the process -----------------------------------------------------------------------------

    def start(self) -> None:
        """Start and wait until it answers, for groups too: those take a moment longer."""
        assert ports.becomes_free(self.port, 10), f"port {self.port} is taken"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if embedded.answers(self.address) and self._has_groups():
                return
            time.sleep(0.05)
        self.kill()
        raise AssertionError(f"{self.name} did not start: {self._log.read_text()[-3000:]}")

    def stop(self) -> None:
        """End it in order (SIGTERM); its files stay. Killed when it takes too long."""
        if self._process is not None:
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGTERM)
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def restart(self) -> None:
        """`stop` and `start`."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """End it at once (SIGKILL); its files stay."""
        if self._process is not None:
            self._signal(signal.SIGKILL)
            self._process.wait(_STOP_SECONDS)
            self._process = None

    def pause(self) -> None:
        """Let it hang (SIGSTOP): its connections stay and nothing is answered."""
        self._signal(signal.SIGSTOP)
        assert self._process is not None
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOWAIT)

    def resume(self) -> None:
        """End a `pause`."""
        self._signal(signal.SIGCONT)

    def go_on(self) -> None:
        """Run, whatever was done to it."""
        if self._process is None or self._process.poll() is not None:
            self.start()
        self.resume()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, f"{self.name} does not run"
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    # --- topics, messages and positions ------------------------------------------------------------

    def admin(self) -> AdminClient:
        """A client for what the product never does itself."""
        return AdminClient({"bootstrap.servers": self.address, "log_level": 0}, logger=_quiet)

    def create_topic(self, name: str, partitions: int = 1, **config: str) -> None:
        """Make a topic whose messages stay."""
        new = NewTopic(name, partitions, 1, config={"retention.ms": "-1", **config})
        admin = self.admin()
        admin.create_topics([new])[name].result(timeout=15)
        deadline = time.monotonic() + 60
        while not self._leads(name, partitions):
            assert time.monotonic() < deadline, f"{self.name} made {name} and lists it not"
            time.sleep(0.02)

    def _leads(self, name: str, partitions: int) -> bool:
        """Whether all its partitions may be used: a moment after it was made."""
        topic = self.admin().list_topics(timeout=15).topics.get(name)
        leaders = [part.leader for part in topic.partitions.values()] if topic is not None else []
        return len(leaders) == partitions and min(leaders) >= 0

    def producer(self, **config: object) -> Producer:
        """A client that tells what it was given in `config` (`transactional.id`: name)."""
        return Producer({**self._client(), "message.max.bytes": _LARGEST, **config}, logger=_quiet)

    def consumer(self, group: str, **config: object) -> Consumer:
        """A client that starts at the beginning, commits nothing by itself and creates no topics."""
        ours = {
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "allow.auto.create.topics": False,
            "session.timeout.ms": round(self.session * 1000),
            "heartbeat.interval.ms": round(self.session * 250),
        }
        return Consumer({**self._client(), **ours, **config}, logger=_quiet)

    def produce(self, topic: str, messages: Iterable[Outgoing | bytes | None], **config: object) -> None:
        """Write messages, or values to partition 0, and wait until the broker has all of them."""
        producer, failures = self.producer(**config), []
        for message in messages:
            write(producer, topic, message, lambda error, _: failures.append(error) if error else None)
            producer.poll(0)
        assert producer.flush(60) == 0, f"{self.name} did not take everything in time"
        assert not failures, f"{self.name} refused {len(failures)} messages: {failures[0]}"

    def consume(self, topic: str, read_committed: bool = True, seconds: float = 60) -> list[Message]:
        """All messages from the beginning to what is the end now, in order within each partition."""
        level = "read_committed" if read_committed else "read_uncommitted"
        consumer = self.consumer("tests.reader", **{"isolation.level": level, "enable.partition.eof": True})
        try:
            left = set(consumer.list_topics(topic, 15).topics[topic].partitions)
            consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in left])
            return list(_to_the_end(consumer, left, time.monotonic() + seconds))
        finally:
            let_go(f"a test at {self.name}", consumer.close)

    def positions(self, group: str, topic: str) -> dict[int, int]:
        """The committed offsets of the group by partition; partitions without one are left out."""
        return {part.partition: part.offset for part in self.committed(group, topic) if part.offset >= 0}

    def committed(self, group: str, topic: str) -> list[TopicPartition]:
        """What the group has committed in each partition, metadata included."""
        consumer = self.consumer(group)
        try:
            numbers = consumer.list_topics(topic, 15).topics[topic].partitions
            parts: list[TopicPartition] = consumer.committed([TopicPartition(topic, n) for n in numbers], 15)
            return parts
        finally:
            let_go(f"a test at {self.name}", consumer.close)

    def _has_groups(self) -> bool:
        consumer = self.consumer("tests.start")
        try:
            return bool(consumer.committed([TopicPartition("tests.start", 0)], 2))
        except KafkaException:
            return False
        finally:
            let_go(f"a test at {self.name}", consumer.close)

    def _client(self) -> dict[str, object]:
        return {
            "bootstrap.servers": self.address,
            "receive.message.max.bytes": embedded.RECEIVE_BYTES,
            "log_level": 0,
        }


def write(
    producer: Producer,
    topic: str,
    message: Outgoing | bytes | None,
    told: Callable[[KafkaError | None, Message], object] | None = None,
) -> None:
    """Hand one message to a producer; a bare value goes to partition 0."""
    sent = message if isinstance(message, Outgoing) else Outgoing(message, partition=0)
    where = {} if sent.partition is None else {"partition": sent.partition}
    headers = list(sent.headers)
    producer.produce(topic, sent.value, sent.key, headers=headers, on_delivery=told, **where)


def _to_the_end(consumer: Consumer, left: set[int], deadline: float) -> Iterator[Message]:
    while left:
        assert time.monotonic() < deadline, f"partitions {sorted(left)} were not read to their end in time"
        message = consumer.poll(1)
        error = message.error() if message is not None else None
        if error is not None and error.code() == KafkaError._PARTITION_EOF:
            left.discard(message.partition())
        elif error is not None and not error.retriable():
            raise AssertionError(str(error))
        elif message is not None and error is None:
            yield message


# --- fixtures ------------------------------------------------------------------------------------


def made(name: str, folder: Path) -> Broker:
    """A broker that is not started yet, its files below `folder`. Skips when it cannot be had."""
    port, log = ports.choose(0, taken={0}), folder / f"{name}.log"
    if name == "embedded":
        return Broker(name, embedded.command(folder / "files", port), port, log, session=6)
    try:
        command = kafka_server.command(folder / "files", port)
    except kafka_server.NotInstallable as why:
        pytest.skip(f"Apache Kafka is left out: {why}")
    return Broker(name, command, port, log, session=2)


def running(name: str, folder: Path) -> Iterator[Broker]:
    """`made`, started, and ended with the test or the session."""
    broker = made(name, folder)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@pytest.fixture(scope="session")
def apache_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Apache Kafka for the whole session."""
    yield from running("apache-kafka", tmp_path_factory.mktemp("apache-kafka"))


@pytest.fixture(scope="session")
def embedded_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """The embedded broker for the whole session."""
    yield from running("embedded", tmp_path_factory.mktemp("embedded"))


@pytest.fixture(params=_EACH)
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """Each broker in turn; one process of each for the whole session, which the test may stop."""
    name = "apache_kafka" if request.param == "apache-kafka" else "embedded_broker"
    found: Broker = request.getfixturevalue(name)
    yield found
    found.go_on()


@pytest.fixture
def topic(broker: Broker, topic_name: str) -> str:
    """A topic of one partition that no other test uses."""
    broker.create_topic(topic_name)
    return topic_name
