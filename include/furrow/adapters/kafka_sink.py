"""A Kafka topic as the sink of a batch run: each row of a run once for those who read committed.

A topic cannot be asked whether it has a row, so each transaction also stores how many rows of the run are
in: as the position of a group named after the run. A rerun passes over those. Rows have to come in the same
order again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import cached_property

from confluent_kafka import OFFSET_INVALID, Consumer, KafkaException, Producer, TopicPartition

from furrow.adapters.kafka import consumer_config, failure, let_go, producer_config, send_position
from furrow.engine.events import Outgoing
from furrow.engine.ports import Connection, Row
from furrow.errors import SinkUnavailable

_quiet = logging.getLogger("furrow.adapters.kafka")


class KafkaSink:
    """One topic, for one run. message: a row as it is written. timeout: seconds for one thing asked of the
    broker.
    """

    def __init__(
        self,
        topic: str,
        connection: Connection,
        run: str,
        message: Callable[[str, Row], Outgoing],
        timeout: float = 30.0,
    ):
        self.topic, self._connection, self._timeout = topic, connection, timeout
        self._group, self._message = f"furrow.published.{run}", message
        self._seen = 0

    def publish(self, rows: Sequence[Row]) -> int:
        """Write the rows that are not in the topic yet. Returns how many of them are there now: all.

        Raises SinkUnavailable (retry helps) or CredentialsRefused.
        """
        new = rows[max(self._written - self._seen, 0) :]
        self._seen += len(rows)
        if new:
            try:
                self._write(new, self._seen)
            except (KafkaException, BufferError) as error:
                self._seen -= len(rows)
                self._forget()
                raise SinkUnavailable(f"topic `{self.topic}` could not be written: {error}") from error
        return len(rows)

    def _write(self, rows: Sequence[Row], written: int) -> None:
        self._producer.begin_transaction()
        for row in rows:
            out = self._message(self.topic, row)
            self._producer.produce(out.topic, out.value, out.key, headers=list(out.headers))
            self._producer.poll(0)
        mark = TopicPartition(self.topic, 0, written)
        send_position(self._producer, [mark], self._reader.consumer_group_metadata(), self._timeout)
        self._producer.commit_transaction(2 * self._timeout)
        self._written = written

    @cached_property
    def _written(self) -> int:
        """Rows of this run that are in the topic."""
        self._producer  # noqa: B018 - ends what a killed run left open, so that the mark is final
        mark = TopicPartition(self.topic, 0)
        try:
            found = self._reader.committed([mark], timeout=self._timeout)[0]
        except KafkaException as error:
            raise failure(
                error.args[0], "could not be asked", self.topic, self._group, self._connection
            ) from error
        return 0 if found.offset == OFFSET_INVALID else int(found.offset)

    @cached_property
    def _producer(self) -> Producer:
        producer = Producer(
            {**producer_config(self._connection), "transactional.id": self._group, "linger.ms": 20},
            logger=_quiet,
        )
        try:
            producer.init_transactions(self._timeout)
        except KafkaException as error:
            raise failure(
                error.args[0], "could not be opened", self.topic, self._group, self._connection
            ) from error
        return producer

    @cached_property
    def _reader(self) -> Consumer:
        return Consumer(consumer_config(self._connection, self._group), logger=_quiet)

    def _forget(self) -> None:
        """Begin anew: nobody knows what of it is written, and the broker tells."""
        clients = [self.__dict__.pop(name, None) for name in ("_producer", "_written", "_reader")]
        let_go(f"topic `{self.topic}`", clients.clear)
