"""The local Kafka-compatible broker: the binary that the noida-db wheel carries. It is not Apache Kafka.

It keeps transactions and offsets, but never evicts a crashed group member: consumers set
`group.instance.id`. It ignores fetch limits, so clients set `receive.message.max.bytes` high.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from furrow.errors import LocalFailed, SinkUnavailable

RECEIVE_BYTES = 1_000_000_000
_quiet = logging.getLogger("furrow.local.broker")


@dataclass(frozen=True)
class Message:
    """One JSON message for a topic; `time` is its event time, or None for now."""

    key: str
    value: Mapping[str, Any]
    time: datetime | None = None


def command(folder: Path, port: int) -> list[str]:
    """The command line of the broker on 127.0.0.1, keeping its files in `folder`."""
    return [str(binary()), "start", "--data-dir", str(folder), "--only", "kafka", "--kafka-port", str(port)]


def binary() -> Path:
    """The broker's binary. Raises LocalFailed when its wheel is not installed for this machine."""
    import importlib.util

    found = importlib.util.find_spec("noida_db")
    path = Path(found.origin or "").with_name("noida-db") if found else None
    if path is None or not path.is_file():
        raise LocalFailed("the local broker is not installed: install noida-db (see requirements.txt)")
    if not path.stat().st_mode & 0o100:
        path.chmod(0o755)
    return path


def answers(address: str) -> bool:
    """Whether a Kafka broker answers a metadata request at `address` (host:port)."""
    from confluent_kafka import KafkaException

    try:
        return bool(_admin(address).list_topics(timeout=2).brokers)
    except KafkaException:
        return False


def create_topic(address: str, topic: str, partitions: int = 1) -> bool:
    """Create a topic that keeps its messages for ever; returns False when it was there already.

    Raises SinkUnavailable when the broker does not answer (a retry may help).
    """
    from confluent_kafka import KafkaError, KafkaException
    from confluent_kafka.admin import NewTopic

    wanted = NewTopic(topic, partitions, 1, config={"retention.ms": "-1"})
    admin = _admin(address)  # must live until the answer: its end cancels the request
    try:
        admin.create_topics([wanted], operation_timeout=10)[topic].result(timeout=15)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise SinkUnavailable(f"the topic {topic} could not be created at {address}: {error}") from error
    return True


def produce(address: str, topic: str, messages: Iterable[Message]) -> int:
    """Write messages as JSON (UTF-8) and wait until the broker holds them all; returns how many.

    Raises SinkUnavailable when one was not taken; others may have been, and a retry writes them again.
    """
    from confluent_kafka import Producer

    producer = Producer({**_client(address), "enable.idempotence": True}, logger=_quiet)
    failures: list[str] = []
    sent = 0
    for message in messages:
        moment = {"timestamp": int(message.time.timestamp() * 1000)} if message.time else {}
        value = json.dumps(dict(message.value), ensure_ascii=False).encode()
        producer.produce(
            topic,
            value,
            message.key.encode(),
            on_delivery=lambda error, _: failures.append(str(error)) if error else None,
            **moment,
        )
        producer.poll(0)
        sent += 1
    left = producer.flush(30)
    if failures or left:
        why = failures[0] if failures else f"{left} were not confirmed within 30 s"
        raise SinkUnavailable(f"the topic {topic} at {address} did not take every message: {why}")
    return sent


def _admin(address: str) -> Any:
    from confluent_kafka.admin import AdminClient

    return AdminClient(_client(address), logger=_quiet)


def _client(address: str) -> dict[str, Any]:
    return {
        "bootstrap.servers": address,
        "receive.message.max.bytes": RECEIVE_BYTES,
        "log_level": 0,
        "socket.timeout.ms": 10_000,
    }
