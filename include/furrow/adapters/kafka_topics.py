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


def make_topics(
    connection: Connection, like: str, topics: list[str], there: Connection | None = None
) -> list[str]:
    """Make those that are missing, with as many partitions as the topic `like`; which were made.

    there: the connection of `topics`, where they are at another broker than `like`. Raises SourceUnavailable
    when a broker does not answer or has no topic `like`, CredentialsRefused, or SinkUnavailable when the
    broker does not let us make one.
    """
    source = _partitions(_admin(connection), connection, like)
    if like not in source:
        absent = KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)
        raise failure(absent, "there is nothing to read", like, "", connection)
    admin = _admin(there or connection)
    known = source if there is None else _partitions(admin, there, topics[0], "publish.kafka")
    missing = [topic for topic in topics if topic not in known]
    return [topic for topic in missing if _make(admin, topic, source[like])]


def _partitions(
    admin: AdminClient, connection: Connection, topic: str, setting: str = "source.kafka"
) -> dict[str, int]:
    """How many each topic has. topic, setting: for messages."""
    try:
        found = admin.list_topics(timeout=_SECONDS).topics
    except KafkaException as error:
        doing = "the broker did not answer"
        raise failure(error.args[0], doing, topic, "", connection, setting) from error
    return {name: len(each.partitions) for name, each in found.items()}


def _make(admin: AdminClient, topic: str, partitions: int) -> bool:
    """Whether it was not there: what a broker lists may be a moment behind what it has."""
    made = admin.create_topics([NewTopic(topic, partitions, -1)], operation_timeout=_SECONDS)[topic]
    try:
        made.result(timeout=_SECONDS)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise SinkUnavailable(
            f"topic `{topic}` is missing and could not be made ({error.args[0].str()}); make it, with"
            f" {partitions} partitions"
        ) from error
    return True


def _admin(connection: Connection) -> AdminClient:
    ours = ("enable.idempotence", "message.max.bytes", "linger.ms", "acks", "compression.")
    config = producer_config(connection)
    return AdminClient(
        {name: config[name] for name in config if not name.startswith(ours)},
        logger=_quiet,
    )
