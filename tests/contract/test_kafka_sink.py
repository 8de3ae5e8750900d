"""A topic as the sink of a batch run: each row once for readers of committed messages, killed or not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from furrow.adapters.kafka_sink import KafkaSink
from furrow.engine.ports import Connection, Row
from furrow.errors import SinkUnavailable
from furrow.streaming.messages import result_message
from tests.brokers import Broker

TIME = datetime(2026, 11, 24, tzinfo=UTC)
Open = Callable[[str], KafkaSink]
PROJECT = Path(__file__).resolve().parents[2]
_KILLED = """
import os, signal, sys
from furrow.adapters import kafka_sink
from tests.contract.test_kafka_sink import rows, sink
address, topic, when = sys.argv[1:]
found = sink(address, topic, "r1")
found.publish(rows(0, 5))
class Killed(kafka_sink.Producer):
    def commit_transaction(self, *timeout):
        if when == "after": super().commit_transaction(*timeout)
        os.kill(os.getpid(), signal.SIGKILL)
kafka_sink.Producer = Killed
found._forget()
found.publish(rows(5, 10))
"""


def rows(start: int, end: int, run: str = "r1") -> list[Row]:
    return [
        Row(f"a{number}", TIME, {"n": number}, "v1@1", run, f"sha256:{number}")
        for number in range(start, end)
    ]


def sink(address: str, topic: str, run: str) -> KafkaSink:
    connection = Connection("k", "kafka", extra={"bootstrap.servers": address})
    return KafkaSink(topic, connection, f"{topic}.{run}", result_message)


def written(broker: Broker, topic: str) -> list[int]:
    return [json.loads(message.value())["result"]["n"] for message in broker.consume(topic)]


@pytest.fixture
def open_sink(broker: Broker, topic: str) -> Open:
    """A sink as a new task opens it."""
    return lambda run: sink(broker.address, topic, run)


def test_rows_come_in_their_order_under_their_key(broker: Broker, topic: str, open_sink: Open) -> None:
    found = open_sink("r1")
    assert [found.publish(rows(0, 3)), found.publish(rows(3, 5))] == [3, 2]
    messages = broker.consume(topic)
    assert written(broker, topic) == [0, 1, 2, 3, 4]
    assert [message.key() for message in messages[:2]] == [b"a0", b"a1"]
    assert dict(messages[0].headers())["record_id"] == b"sha256:0"


def test_the_same_run_again_writes_nothing_twice(broker: Broker, topic: str, open_sink: Open) -> None:
    open_sink("r1").publish(rows(0, 5))
    assert open_sink("r1").publish(rows(0, 5)) == 5
    assert written(broker, topic) == [0, 1, 2, 3, 4]


def test_a_run_that_goes_on_in_bulks_of_another_size_writes_each_row_once(
    broker: Broker, topic: str, open_sink: Open
) -> None:
    first = open_sink("r1")
    first.publish(rows(0, 3))
    second = open_sink("r1")
    for start, end in ((0, 2), (2, 4), (4, 6)):
        second.publish(rows(start, end))
    assert written(broker, topic) == [0, 1, 2, 3, 4, 5]


def test_two_runs_each_write_their_rows(broker: Broker, topic: str, open_sink: Open) -> None:
    open_sink("r1").publish(rows(0, 2, "r1"))
    open_sink("r2").publish(rows(0, 2, "r2"))
    open_sink("r1").publish(rows(0, 2, "r1"))
    assert written(broker, topic) == [0, 1, 0, 1]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_was_killed_at_its_commit_writes_each_row_once_when_it_runs_again(
    broker: Broker, topic: str, open_sink: Open, when: str
) -> None:
    path = os.pathsep.join([str(PROJECT / "include"), str(PROJECT)])
    command = [sys.executable, "-c", _KILLED, broker.address, topic, when]
    killed = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, cwd=PROJECT, check=False)
    assert killed.returncode == -signal.SIGKILL
    again = open_sink("r1")
    again.publish(rows(0, 5))
    again.publish(rows(5, 10))
    assert written(broker, topic) == list(range(10))


def test_a_broker_that_is_away_is_told_and_the_rows_are_written_once_it_is_back(
    broker: Broker, topic: str
) -> None:
    connection = Connection("k", "kafka", extra={"bootstrap.servers": broker.address})
    found = KafkaSink(topic, connection, f"{topic}.r1", result_message)
    found.publish(rows(0, 2))
    found._timeout = 1.0
    broker.pause()
    try:
        with pytest.raises(SinkUnavailable):
            found.publish(rows(2, 4))
    finally:
        broker.resume()
    again = sink(broker.address, topic, "r1")
    again.publish(rows(0, 2))
    again.publish(rows(2, 4))
    assert written(broker, topic) == [0, 1, 2, 3]
