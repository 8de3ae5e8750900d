"""A Kafka topic as a source: bounded reads of explicitly assigned partitions, committed by hand.

No group membership: the group only holds the position, so a crashed reader blocks nobody.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, TypeVar

from confluent_kafka import OFFSET_INVALID, Consumer, KafkaError, KafkaException, Producer, TopicPartition

from furrow.config import models
from furrow.engine.ports import Arrival, Connection, Json, Moved
from furrow.errors import ConnectionMissing, CredentialsRefused, FurrowError, RunError, SourceUnavailable

Got = TypeVar("Got")
_quiet = logging.getLogger("furrow.adapters.kafka")

RECEIVE_BYTES = 1_000_000_000
PRODUCE_BYTES = 100_000_000
"""The broker decides what is too large, not the client."""
_END_SECONDS = 45.0
"""Longer than what a member commits while its partitions are taken."""
_OURS = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
    "auto.offset.reset": "error",
    "isolation.level": "read_committed",
    "allow.auto.create.topics": False,
}
_NOT_FOR_A_READER = {
    "auto.commit.interval.ms",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "group.remote.assignor",
    "partition.assignment.strategy",
    "error_cb",
    "on_commit",
}
_FOR_EVERY_CLIENT = (
    "security.",
    "sasl.",
    "ssl.",
    "enable.ssl.",
    "socket.",
    "client.",
    "compression.",
    "acks",
)
_REFUSED = {
    KafkaError._AUTHENTICATION,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.UNSUPPORTED_SASL_MECHANISM,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
}
_ABSENT = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION}
_IN_USE = {KafkaError.UNKNOWN_MEMBER_ID, KafkaError.REBALANCE_IN_PROGRESS, KafkaError.ILLEGAL_GENERATION}


@dataclass(frozen=True, slots=True)
class _Span:
    """What one read takes from a partition: from the offset `start` up to, not including, `end`."""

    start: int
    end: int


class KafkaSource:
    """The records of one topic that were committed to it and not yet to the group's position.

    tombstones: messages without a value that reads skipped; a deletion is no record.
    timeout: seconds without any answer after which the broker counts as unavailable.
    setting: where the topic is written in pipeline.yaml, for messages.
    """

    def __init__(
        self,
        config: models.KafkaSource,
        connection: Connection,
        use_case: str,
        timeout: float = 30.0,
        setting: str = "source.kafka",
    ):
        self.topic = config.topic
        self.group = config.group or f"furrow.{use_case}"
        self._setting = setting
        self.tombstones = 0
        self._connection = connection
        self._timeout = timeout
        self._began: dict[int, int] = {}
        self._read_to: dict[int, int] = {}
        self._last_error: KafkaError | None = None

    def read(self, limit: int | None = None) -> Iterator[Arrival]:
        """Every record between the committed position and the ends that the partitions have now.

        Within a partition in order, between partitions as they come. Starts over at each call.
        Raises SourceUnavailable (retry helps), CredentialsRefused, or RunError when records between
        the committed position and the topic's first one are gone.
        """
        self._read_to = {}
        spans = {number: span for number, span in self._spans().items() if span.start < span.end}
        self._began = {number: span.start for number, span in spans.items()}
        starts = [TopicPartition(self.topic, number, offset) for number, offset in self._began.items()]
        self._consumer.assign(starts)
        try:
            while spans and limit != 0:
                arrival = self._take(spans)
                if arrival is not None:
                    limit = None if limit is None else limit - 1
                    yield arrival
        finally:
            self._consumer.resume(starts)
            self._consumer.unassign()

    def position(self) -> Json:
        """`{"kafka": {"topic": …, "offsets": {"0": 42}, "began": {"0": 40}}}`.

        The offsets behind what was read, and the first ones of it.
        """
        offsets = {str(number): self._read_to[number] for number in sorted(self._read_to)}
        began = {number: self._began[int(number)] for number in offsets}
        return {"kafka": {"topic": self.topic, "offsets": offsets, "began": began}}

    def moved(self, position: Json) -> Moved:
        """Whether the group's position moved in any partition that was read. Raises like `commit`."""
        told, ends = position["kafka"], _offsets(position["kafka"]["offsets"])
        began = _offsets(told.get("began", {}))  # a run that an earlier release pinned has none
        now = self._committed(told["topic"], list(ends)) if ends else {}
        found = {_moved(at, began.get(number, ends[number] - 1), ends[number]) for number, at in now.items()}
        return next((moved for moved in (Moved.INTO, Moved.PAST) if moved in found), Moved.NOT)

    def commit(self, position: Json) -> None:
        """Store the position in the group; partitions that are further already stay where they are.

        Raises SourceUnavailable (retry helps) or CredentialsRefused.
        """
        topic, wanted = position["kafka"]["topic"], _offsets(position["kafka"]["offsets"])
        if not wanted:
            return
        now = self._committed(topic, list(wanted))
        ahead = {number: offset for number, offset in wanted.items() if offset > now.get(number, -1)}
        forward = [TopicPartition(topic, number, offset) for number, offset in ahead.items()]
        if forward:
            self._check(self._stored(forward))

    def close(self) -> None:
        """Give the sockets back; the source opens them again when it is used again."""
        if "_consumer" in self.__dict__:
            let_go(f"topic `{self.topic}`", self.__dict__.pop("_consumer").close)

    def _stored(self, offsets: list[TopicPartition]) -> list[TopicPartition]:
        """The broker's answer. The client itself waits minutes for it while the coordinator is away."""
        store = partial(self._consumer.commit, offsets=offsets, asynchronous=False)
        try:
            return _in_time(store, "position stored", self._timeout) or []
        except KafkaException as error:
            raise self._failure(error.args[0], "its position could not be stored") from error
        except TimeoutError:  # the client is still busy with it, so it is not asked why
            late = f"its position was not stored in {self._timeout:g} s"
            raise failure(
                self._last_error, late, self.topic, self.group, self._connection, self._setting
            ) from None

    # --- one read ------------------------------------------------------------------------------

    def _take(self, spans: dict[int, _Span]) -> Arrival | None:
        """The next record, or None after an event that is none. Partitions at their end leave `spans`."""
        message = self._consumer.poll(self._timeout)
        if message is None:
            raise self._failure(self._last_error, f"no answer for {self._timeout:g} s")
        number, offset, error = message.partition(), message.offset(), message.error()
        if error is not None and error.code() != KafkaError._PARTITION_EOF:
            raise self._failure(error, "reading stopped")
        if number not in spans:
            return None
        if error is not None or offset >= spans[number].end:
            # A transaction's marker takes an offset but never comes as a message: ends need not be records.
            self._pass(spans, number, min(offset, spans[number].end), last=True)
            return None
        self._pass(spans, number, offset + 1, last=offset + 1 == spans[number].end)
        if message.value() is None:
            self.tombstones += 1
            return None
        return Arrival(f"kafka:{self.topic}/{number}/{offset}", message.value())

    def _pass(self, spans: dict[int, _Span], number: int, offset: int, last: bool) -> None:
        """Every record of the partition before `offset` was given."""
        self._read_to[number] = offset
        if last:
            del spans[number]
            self._consumer.pause([TopicPartition(self.topic, number)])

    def _spans(self) -> dict[int, _Span]:
        numbers = self._partitions()
        committed = self._committed(self.topic, numbers)
        return {number: self._span(number, committed.get(number)) for number in numbers}

    def _span(self, number: int, committed: int | None) -> _Span:
        try:
            first, end = self._consumer.get_watermark_offsets(
                TopicPartition(self.topic, number), timeout=self._timeout, cached=False
            )
        except KafkaException as error:
            raise self._failure(error.args[0], f"the ends of partition {number} are unknown") from error
        if committed is not None and not first <= committed <= end:
            raise self._out_of_range(number, committed, first, end)
        return _Span(first if committed is None else committed, end)

    def _out_of_range(self, number: int, committed: int, first: int, end: int) -> RunError:
        lost = f"{first - committed} records were deleted unread"
        return RunError(
            f"the position of group `{self.group}` in {self.topic}/{number} is {committed}, but the partition"
            f" holds {first} to {end}: {lost if committed < first else 'the topic was made anew'}."
            " To go on without what is gone, set the position:"
            f" kafka-consumer-groups.sh --bootstrap-server {self._address} --group {self.group}"
            f" --topic {self.topic}:{number} --reset-offsets --to-earliest --execute"
        )

    # --- what the broker knows -------------------------------------------------------------------

    def _partitions(self) -> list[int]:
        try:
            topic = self._consumer.list_topics(self.topic, timeout=self._timeout).topics[self.topic]
        except KafkaException as error:
            raise self._failure(error.args[0], "the broker did not answer") from error
        if topic.error is not None or not topic.partitions:
            raise self._failure(topic.error, "its partitions are unknown")
        return sorted(topic.partitions)

    def _committed(self, topic: str, numbers: list[int]) -> dict[int, int]:
        asked = [TopicPartition(topic, number) for number in numbers]
        try:
            answered = self._consumer.committed(asked, timeout=self._timeout)
        except KafkaException as error:
            raise self._failure(error.args[0], "the committed position is unknown") from error
        self._check(answered)
        return {part.partition: part.offset for part in answered if part.offset != OFFSET_INVALID}

    def _check(self, parts: list[TopicPartition]) -> None:
        for part in parts:
            if part.error is not None:
                raise self._failure(part.error, f"partition {part.partition}")

    # --- the client ------------------------------------------------------------------------------

    @cached_property
    def _consumer(self) -> Consumer:
        config = consumer_config(self._connection, self.group)
        try:
            return Consumer({**config, "error_cb": self._remember}, logger=_quiet)
        except (KafkaException, TypeError, ValueError) as error:
            problem = f"connection `{self._connection.id}` is not a Kafka client's config: {error}"
        raise RunError(f"{problem}; mend its extra")

    def _remember(self, error: KafkaError) -> None:
        if self._last_error is None or self._last_error.code() not in _REFUSED:
            self._last_error = error

    @property
    def _address(self) -> str:
        return _bootstrap(self._connection)

    def _failure(self, error: KafkaError | None, doing: str) -> FurrowError:
        if "_consumer" in self.__dict__:
            self._consumer.poll(0)  # lets the client say why: a refused login is only told to its callback
        refused = self._last_error is not None and self._last_error.code() in _REFUSED
        told = self._last_error if refused else error
        return failure(told, doing, self.topic, self.group, self._connection, self._setting)


def _offsets(written: Json) -> dict[int, int]:
    """As numbers: the keys of JSON are texts."""
    return {int(number): int(offset) for number, offset in written.items()}


def _moved(at: int, began: int, end: int) -> Moved:
    """Where a partition's position is, next to what a read took of it."""
    if at <= began:
        return Moved.NOT
    return Moved.INTO if at < end else Moved.PAST


def failure(
    error: KafkaError | None,
    doing: str,
    topic: str,
    group: str,
    connection: Connection,
    setting: str = "source.kafka",
) -> FurrowError:
    """The error of our tree for one of the client's, with the address and what to do."""
    why = f": {error.str()} ({error.name()})" if error is not None else ""
    place = f"topic `{topic}` at {_bootstrap(connection)} (connection `{connection.id}`)"
    code = error.code() if error is not None else None
    if code in _REFUSED:
        what, todo = doing, "check the connection's login and what the topic grants it"
        return CredentialsRefused(f"{place}: {what}{why}; {todo}")
    if code in _ABSENT:
        what, todo = "there is no such topic", f"create it or mend {setting}.topic"
    elif code in _IN_USE:
        what = f"{doing}, for another consumer is a member of group `{group}`"
        todo = "stop that one or set source.kafka.group"
    else:
        what, todo = doing, "check that the broker runs and answers there"
    return SourceUnavailable(f"{place}: {what}{why}; {todo}")


def refused(error: KafkaError) -> bool:
    """Whether the broker does not accept who we are, or what we may do."""
    return error.code() in _REFUSED


def consumer_config(connection: Connection, group: str) -> dict[str, Any]:
    """The client's config: the connection's extra, with what decides delivery set by us.

    Raises ConnectionMissing when the connection names no broker.
    """
    given = {name: value for name, value in connection.extra.items() if name not in _NOT_FOR_A_READER}
    defaults: Mapping[str, Any] = {"receive.message.max.bytes": RECEIVE_BYTES, "log_level": 3}
    return {**defaults, **given, **_OURS, "bootstrap.servers": _address(connection), "group.id": group}


def producer_config(connection: Connection) -> dict[str, Any]:
    """As `consumer_config`, without what only a consumer knows; no retry writes anything twice."""
    given = {name: connection.extra[name] for name in connection.extra if name.startswith(_FOR_EVERY_CLIENT)}
    return {
        "log_level": 3,
        "linger.ms": 0,
        **given,
        "enable.idempotence": True,
        "message.max.bytes": PRODUCE_BYTES,
        "bootstrap.servers": _address(connection),
    }


def send_position(producer: Producer, offsets: Sequence[TopicPartition], member: Any, seconds: float) -> None:
    """Put a group's position into the open transaction, or raise KafkaException when the time is over.

    The client's own call can hang far beyond its timeout while the group's coordinator is away (librdkafka
    issue 5456). Then the producer is of no use any more: open another one.
    """
    send = partial(producer.send_offsets_to_transaction, list(offsets), member, seconds)
    try:
        _in_time(send, "position sent", seconds + 1)
    except TimeoutError:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "the group's coordinator is away")) from None


def let_go(what: str, end: Callable[[], object], seconds: float = _END_SECONDS) -> None:
    """End a client by `end`: close it, or drop the last reference to it.

    Ending one can hang for ever when a partition's leader goes away at that moment (librdkafka issues 4514
    and 5476). Such a client is left behind with its thread, and a warning says so: nothing waits for it, and
    nothing fails for it.
    """
    try:
        _in_time(end, "client ended", seconds)
    except TimeoutError:
        _quiet.warning("the Kafka client of %s did not end within %g s and is left behind", what, seconds)
    except Exception as error:
        _quiet.warning("the Kafka client of %s did not end well: %s", what, error)


def _in_time(do: Callable[[], Got], name: str, seconds: float) -> Got:
    """`do` in a thread of its own. Raises TimeoutError when it takes longer, and leaves the thread behind."""
    done: Future[Got] = Future()

    def run() -> None:
        try:
            done.set_result(do())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return done.result(seconds)


def _address(connection: Connection) -> str:
    if not _bootstrap(connection):
        raise ConnectionMissing(
            f"connection `{connection.id}` names no broker: write"
            ' {"bootstrap.servers": "host:9092"} into its extra (the "Config Dict")'
        )
    return _bootstrap(connection)


def _bootstrap(connection: Connection) -> str:
    """The provider's connection form keeps the address in the extra; a URI keeps it in host and port."""
    written = connection.extra.get("bootstrap.servers")
    if written:
        return str(written)
    return f"{connection.host}:{connection.port or 9092}" if connection.host else ""
