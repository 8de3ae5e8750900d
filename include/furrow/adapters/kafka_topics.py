"""Topics that a stream writes to, made when they are missing."""

from __future__ import annotations

import logging

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from furrow.adapters.kafka import failure, producer_config
from furrow.engine.ports import Connection
from furrow.errors import SinkUnavailable

_quiet = logging.getLogger("furrow.adapters.kafka")
_SECONDS = 20.0


def make_topics(connection: Connection, like: str, topics: list[str]) -> list[str]:
    """Make those that are missing, with as many partitions as the topic `like`; which they were.

    Raises SourceUnavailable when the broker does not answer or has no topic `like`, CredentialsRefused, or
    SinkUnavailable when the broker does not let us make one.
    """
    admin = AdminClient(_config(connection), logger=_quiet)
    try:
        there = admin.list_topics(timeout=_SECONDS).topics
    except KafkaException as error:
        raise failure(error.args[0], "the broker did not answer", like, "", connection) from error
    if like not in there:
        absent = KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)
        raise failure(absent, "there is nothing to read", like, "", connection)
    missing = [topic for topic in topics if topic not in there]
    for topic in missing:
        _make(admin, topic, len(there[like].partitions))
    return missing


def _make(admin: AdminClient, topic: str, partitions: int) -> None:
    made = admin.create_topics([NewTopic(topic, partitions, -1)], operation_timeout=_SECONDS)[topic]
    try:
        made.result(timeout=_SECONDS)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise SinkUnavailable(
                f"topic `{topic}` is missing and could not be made ({error.args[0].str()}); make it, with"
                f" {partitions} partitions"
            ) from error


def _config(connection: Connection) -> dict[str, object]:
    ours = ("enable.idempotence", "message.max.bytes", "linger.ms", "acks", "compression.")
    return {name: value for name, value in producer_config(connection).items() if not name.startswith(ours)}
