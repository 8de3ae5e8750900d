"""A Kafka topic as a feed: a consumer group's member, and a producer whose transactions carry the position.

Each replica is a static member (`group.instance.id`) and has a `transactional.id` of its own, so that a
process that takes its place gets its partitions at once, and the broker ends what the one before left open.

The client lets one thread at a time into a consumer, and a thread in `poll` stays there, also while it waits
in a callback for a commit. So whatever needs the consumer is done by the thread that polls: it keeps what a
commit needs at hand, and stores positions for others.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from confluent_kafka import (
    OFFSET_INVALID,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)

from furrow.adapters.kafka import consumer_config, failure, let_go, producer_config, refused, send_position
from furrow.engine.events import Event, Holder, Outgoing
from furrow.engine.ports import Connection
from furrow.errors import FurrowError, RequestRejected, RunError, SinkUnavailable, SourceUnavailable

log = logging.getLogger(__name__)
_quiet = logging.getLogger("furrow.adapters.kafka")

_TRANSACTION_SECONDS = 15
"""Longest transaction; one that a killed process left open is hidden from readers so long if nobody takes its
place.
"""
_FIRST_BACKOFF_MS = 2
"""A transaction that begins while the broker still ends the one before has to come again: soon will do."""
_SESSION_SECONDS = 10
_HEARTBEAT_SECONDS = 1
"""A heartbeat is what tells a member that partitions move: so long they wait."""
_STRATEGY = "range"
"""Members are static, so only a change of their number moves partitions. The embedded broker gets stuck with
`cooperative-sticky`.
"""
_UNANSWERED_SECONDS = 40.0
"""A group answers who joins within a session, or once every member has ended its last commit. The embedded
broker forgets one that waits when another is killed as it joins: to ask again, all of them, helps.
"""
_SEND_SECONDS = 8.0
_LAG_SECONDS = 0.5
_END_AGAIN_SECONDS, _END_TIMEOUT, _END_REST_SECONDS = 3.0, 1.0, 15.0
"""Of a held partition the broker is asked how long it is: so often, so patiently; and for so long not again
when it gave no answer, for polling stands still meanwhile.
"""
_GROUP_END_SECONDS = 1.0
"""Far longer than a closing client takes to end its part in a group that gave it nothing."""
_LEAVE_SECONDS = 1.0
"""Far longer than a client takes to send that it leaves, once it has nothing to give back."""
_SAYS_LITTLE = {"log_level": 2}
"""While a broker is away the client logs each try to connect, twenty a second; what matters is raised."""
_PASSING = {
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._TRANSPORT,
    KafkaError._RESOLVE,
    KafkaError._TIMED_OUT,
    KafkaError._PARTITION_EOF,
}
_OUT_OF_RANGE = {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}

_Turn = Callable[[Consumer, Holder, list[TopicPartition]], None]
"""What is done when the partitions of that client come, or go."""


class KafkaFeed:
    """The events of `topic` for one member of `group`.

    member: names it in the group; the same name again takes its place. transactions: results and position in
    one; False for a broker that has none, and for a reader that writes nothing. timeout: seconds for one
    thing that is asked of the broker. writer: of another broker that messages go to, without transactions.
    """

    def __init__(
        self,
        topic: str,
        group: str,
        member: str,
        connection: Connection,
        transactions: bool = True,
        timeout: float = 15.0,
        writer: Connection | None = None,
    ):
        self.topic, self.group, self.member = topic, group, f"{group}.{member}"
        self._writer = writer or connection
        self._connection, self._transactions, self._timeout = connection, transactions, timeout
        self._consumer: Consumer | None = None
        self._producer: Producer | None = None
        self._position: dict[int, int] = {}
        self._broken: FurrowError | None = None
        self._refusal: tuple[KafkaError, Connection] | None = None
        self._polling, self._writing = threading.Lock(), threading.Lock()
        self._wishes: queue.SimpleQueue[_Wish] = queue.SimpleQueue()
        self._member: Any = None
        self._lag, self._next_lag = 0, 0.0
        self._held: set[int] = set()
        self._ends: dict[int, int] = {}
        self._next_end: dict[int, float] = {}
        self._undelivered: list[KafkaError] = []
        self._closing = self._joined = False
        self._last_called = 0.0
        self._joining_since: float | None = None

    def open(self, holder: Holder) -> None:
        """Join the group, once the transactions of an earlier process of this member have ended.

        Raises SourceUnavailable, CredentialsRefused, or RunError for a connection that is no client's config.
        """
        self._broken, self._refusal, self._closing = None, None, False
        self._position, self._lag, self._member = {}, 0, None
        self._held, self._ends, self._next_end = set(), {}, {}
        self._joining_since = None
        asked = self._writer
        try:
            self._producer, asked = self._open_producer(), self._connection
            self._consumer = Consumer(
                {**self._consumer_config(), "error_cb": partial(self._remember, asked)}, logger=_quiet
            )
            self._consumer.subscribe(
                [self.topic],
                on_assign=partial(self._called, self._given, holder),
                on_revoke=partial(self._called, self._taken, holder),
                on_lost=partial(self._called, self._lost, holder),
            )
            self._joining_since = time.monotonic()
        except KafkaException as error:
            self.close()
            raise self._failure(error.args[0], "the stream could not be opened", asked) from error
        except (TypeError, ValueError) as error:
            self.close()
            raise RunError(
                f"connection `{asked.id}` is not a Kafka client's config: {error}; mend its extra"
            ) from None

    def poll(self, most: int, seconds: float) -> list[Event]:
        """Up to `most` events as soon as there are any; rebalances happen in here. See Feed."""
        with self._polling:
            self._grant()
            consumer = self._opened
            first = consumer.poll(seconds)
            rest = consumer.consume(most - 1, 0) if first is not None and most > 1 else []
            self._look(consumer)
            self._see_joined(consumer)
            self._grant()
        if self._broken is not None:
            raise self._broken
        messages = [message for message in [first, *rest] if message is not None]
        for message in messages:
            self._check(message.error())
        return [_event(message) for message in messages if message.error() is None]

    def hold(self, partitions: Sequence[int]) -> None:
        """Deliver nothing of these until `go_on`."""
        self._opened.pause([TopicPartition(self.topic, number) for number in partitions])
        self._held |= set(partitions)

    def go_on(self, partitions: Sequence[int]) -> None:
        """Deliver them again."""
        consumer, parts = self._opened, [TopicPartition(self.topic, number) for number in partitions]
        _wake(consumer, parts)
        consumer.resume(parts)
        self._held -= set(partitions)

    def commit(self, messages: Sequence[Outgoing], position: Mapping[int, int]) -> None:
        """Write the messages and move the position, in one transaction where there are any. See Feed."""
        offsets = [TopicPartition(self.topic, number, offset) for number, offset in position.items()]
        with self._writing:
            if self._broken is not None:
                raise self._broken
            if self._transactions:
                self._in_transaction(messages, offsets)
            else:
                self._one_after_the_other(messages, offsets)
            self._position.update(position)

    def lag(self) -> int:
        """Messages after the committed position, as far as the last fetches told half a second ago.

        Of held partitions as the broker said, some seconds ago.
        """
        return self._lag

    def joined(self) -> bool:
        """Whether the group has us, with partitions or, for now, without; no more when they are lost."""
        return self._joined

    def close(self, leaving: bool = False) -> None:
        """leaving: tell the broker, and the other members get the partitions with their next heartbeat.

        Else it is not told: the partitions wait for who takes this place, `_SESSION_SECONDS` long; on the
        embedded broker, which puts nobody out, for ever.
        """
        with self._polling:  # not `_writing`: closing tells the holder, who may still commit
            if self._consumer is not None:
                self._closing = True
                let_go(self.member, partial(self._end_consumer, self._consumer, leaving))
            clients = [self._consumer, self._producer]
            self._consumer, self._joined = None, False
        with self._writing:
            self._producer = None
            let_go(self.member, clients.clear)

    def _end_consumer(self, consumer: Consumer, leaving: bool) -> None:
        """Partitions that wait to be taken up are declined while it still answers. See `_decline`."""
        try:
            consumer.poll(0)
            if leaving:
                self._leave(consumer)
        finally:
            consumer.close()

    def _leave(self, consumer: Consumer) -> None:
        """A static member that closes says nothing to its group, one that ends its subscription does.

        It does so once it has given its partitions back, in a callback, however long the holder takes for it.
        """
        consumer.unsubscribe()
        began = time.monotonic()
        while time.monotonic() < max(began, self._last_called) + _LEAVE_SECONDS:
            consumer.poll(_LEAVE_SECONDS / 10)

    # --- what the thread that polls does for others ------------------------------------------------

    def _look(self, consumer: Consumer) -> None:
        """Keep at hand which member of which generation we are, and how far we are behind."""
        self._member = consumer.consumer_group_metadata()
        if time.monotonic() >= self._next_lag:
            self._next_lag = time.monotonic() + _LAG_SECONDS
            self._ask_one_end(consumer)
            self._lag = sum(self._behind(number, offset) for number, offset in list(self._position.items()))

    def _see_joined(self, consumer: Consumer) -> None:
        """Ask anew to join when a group whose broker is there has given no answer to it."""
        now = time.monotonic()
        if self._joining_since is None or now < self._joining_since + _UNANSWERED_SECONDS:
            return
        self._joining_since = now
        with contextlib.suppress(KafkaException):  # it is away: the client goes on by itself when it is back
            consumer.list_topics(self.topic, timeout=_END_TIMEOUT)  # its group answers nothing meanwhile
            self._anew(f"its group has not said for {_UNANSWERED_SECONDS:g} s who has which partitions")

    def _ask_one_end(self, consumer: Consumer) -> None:
        """Nothing is fetched of a held partition that would tell. Without an answer the last one holds."""
        now = time.monotonic()
        held = [number for number in list(self._position) if number in self._held]
        number = min(held, key=lambda each: self._next_end.get(each, 0.0), default=None)
        if number is None or now < self._next_end.get(number, 0.0):
            return
        self._next_end[number] = now + _END_AGAIN_SECONDS
        part = TopicPartition(self.topic, number)
        try:
            _, end = consumer.get_watermark_offsets(part, timeout=_END_TIMEOUT, cached=False)
        except KafkaException:
            self._next_end |= dict.fromkeys(held, now + _END_REST_SECONDS)
        else:
            self._ends[number] = int(end)

    def _grant(self) -> None:
        """Store the positions that others wait for."""
        while not self._wishes.empty():
            wish = self._wishes.get()
            try:
                wish.done.set_result(self._opened.commit(offsets=wish.offsets, asynchronous=False) or [])
            except (KafkaException, FurrowError) as error:
                wish.done.set_exception(error)

    def _stored(self, offsets: list[TopicPartition]) -> list[TopicPartition]:
        """The answer of the broker to these positions, whoever asks it."""
        wish = _Wish(offsets)
        self._wishes.put(wish)
        while not wish.done.done():
            if self._polling.acquire(timeout=0.01):
                try:
                    self._grant()
                finally:
                    self._polling.release()
        return wish.done.result()

    def _taken_by(self, consumer: Consumer, holder: Holder, numbers: Sequence[int]) -> None:
        """Let the holder commit once more. It does so in other threads, which may need this one."""
        told: Future[None] = Future()

        def tell() -> None:
            try:
                holder.taken(numbers)
                told.set_result(None)
            except BaseException as error:
                told.set_exception(error)

        threading.Thread(target=tell, name="partitions taken").start()
        while not told.done():
            if consumer is self._consumer:
                self._grant()
            with contextlib.suppress(TimeoutError):
                told.exception(0.005)
        told.result()

    # --- partitions that come and go; inside `poll` and `close` ------------------------------------

    def _called(self, do: _Turn, holder: Holder, consumer: Consumer, parts: list[TopicPartition]) -> None:
        """The client swallows what its callbacks raise: `poll` raises it.

        One that was left behind, see `let_go`, may call when another is open: that one's session goes on.
        """
        if consumer is not self._consumer:
            return _decline(consumer)
        broken = self._broken_by(consumer, partial(do, consumer, holder, parts))
        if consumer is self._consumer:
            self._broken, self._last_called = broken or self._broken, time.monotonic()

    def _broken_by(self, consumer: Consumer, do: Callable[[], None]) -> FurrowError | None:
        try:
            if not self._closing:
                self._member = consumer.consumer_group_metadata()
            do()
        except KafkaException as error:
            return self._failure(error.args[0], "the partitions could not be taken up")
        except FurrowError as error:
            return error
        except Exception as error:
            log.exception("while partitions came or went")
            return SourceUnavailable(f"{self.topic}: {error!r} while partitions came or went")
        return None

    def _given(self, consumer: Consumer, holder: Holder, parts: list[TopicPartition]) -> None:
        if self._closing:
            return _decline(consumer)
        committed = consumer.committed(parts, timeout=self._timeout)
        starts = {part.partition: self._start(consumer, part) for part in committed}
        consumer.assign([TopicPartition(self.topic, *start) for start in starts.items()])
        consumer.resume(parts)  # the client still holds one that was held when it was taken
        self._position.update(starts)
        self._held -= starts.keys()
        self._joined, self._joining_since = True, None
        holder.given(starts)

    def _taken(self, consumer: Consumer, holder: Holder, parts: list[TopicPartition]) -> None:
        numbers = [part.partition for part in parts]
        self._taken_by(consumer, holder, numbers)
        if consumer is self._consumer:
            for number in numbers:
                self._position.pop(number, None)
            self._joining_since = time.monotonic()
        with contextlib.suppress(KafkaException):  # of a lost assignment nothing is left to give back
            consumer.unassign()

    def _lost(self, consumer: Consumer, holder: Holder, parts: list[TopicPartition]) -> None:
        """The group counts us out: its broker was not reached, or another process has our place."""
        if consumer is self._consumer:
            self._joined = False
        self._taken(consumer, holder, parts)

    def _start(self, consumer: Consumer, part: TopicPartition) -> int:
        """The committed offset, or the first one of a partition that nobody has read."""
        if part.error is not None:
            raise KafkaException(part.error)
        first, end = consumer.get_watermark_offsets(part, timeout=self._timeout, cached=False)
        if part.offset == OFFSET_INVALID:
            return int(first)
        if first <= part.offset <= end:
            return int(part.offset)
        raise RunError(
            f"the position of group `{self.group}` in {self.topic}/{part.partition} is {part.offset}, but it"
            f" holds {first} to {end}: events were deleted unread, or the topic was made anew. To go on"
            " without them, stop the stream and set the position: kafka-consumer-groups.sh"
            f" --group {self.group} --topic {self.topic}:{part.partition} --reset-offsets --to-earliest"
            " --execute"
        )

    # --- writing -------------------------------------------------------------------------------------

    def _in_transaction(self, messages: Sequence[Outgoing], offsets: list[TopicPartition]) -> None:
        producer = self._open_writer
        try:
            producer.begin_transaction()
            self._send(producer, messages)
            send_position(producer, offsets, self._member, min(self._timeout, _SEND_SECONDS))
        except (KafkaException, BufferError) as error:
            self._abort(producer, error)
        self._end(producer)

    def _end(self, producer: Producer) -> None:
        """Until the broker has said yes or no: an end that timed out may have happened."""
        deadline = time.monotonic() + 2 * self._timeout
        while True:
            try:
                producer.commit_transaction(self._timeout)
                return
            except KafkaException as error:
                told = error.args[0]
                if told.txn_requires_abort():
                    self._abort(producer, error)
                if not told.retriable() or time.monotonic() > deadline:
                    raise self._anew(f"the end of a transaction is unknown: {told.str()}") from error

    def _abort(self, producer: Producer, error: Exception) -> None:
        """Undo it and raise SinkUnavailable; SourceUnavailable when that is not possible.

        Raises RequestRejected for a message that its topic will never take.
        """
        try:
            producer.abort_transaction(self._timeout)
        except KafkaException as second:
            raise self._anew(f"{error}; the transaction could not be aborted: {second}") from error
        producer.poll(0)  # tells what became of each message
        raise self._not_written(error) from error

    def _one_after_the_other(self, messages: Sequence[Outgoing], offsets: list[TopicPartition]) -> None:
        if messages:
            self._write(messages)
        try:
            done = self._stored(offsets)
        except KafkaException as error:
            raise SinkUnavailable(f"the position in {self.topic} could not be stored: {error}") from error
        if refusals := [part.error for part in done if part.error is not None]:
            raise SinkUnavailable(f"the position in {self.topic} could not be stored: {refusals[0].str()}")

    def _write(self, messages: Sequence[Outgoing]) -> None:
        """All of them are confirmed, or it raises as `_not_written` says."""
        producer = self._open_writer
        try:
            self._send(producer, messages)
            left = producer.flush(self._timeout)
        except (KafkaException, BufferError) as error:
            producer.purge()
            raise self._not_written(error) from error
        if self._undelivered or left:
            producer.purge()
            why = f"{left} were not confirmed in {self._timeout:g} s"
            raise self._not_written(self._undelivered[0].str() if self._undelivered else why)

    def _send(self, producer: Producer, messages: Sequence[Outgoing]) -> None:
        """`_undelivered` gets what the broker refuses of these; of earlier ones it hears no more."""
        undelivered = self._undelivered = []
        for message in messages:
            _produce(producer, message, lambda error, _: undelivered.append(error) if error else None)

    def _not_written(self, why: object) -> FurrowError:
        """RequestRejected for a message that its topic will never take, else SinkUnavailable.

        The error of a transaction itself does not say what was wrong.
        """
        told = [*self._undelivered, *(why.args[:1] if isinstance(why, KafkaException) else ())]
        if any(error.code() == KafkaError.MSG_SIZE_TOO_LARGE for error in told):
            return RequestRejected(
                f"a result of {self.topic} is larger than its topic takes: raise its max.message.bytes,"
                " or bound the fields of output.yaml (max_length, max_items)"
            )
        return SinkUnavailable(f"results of {self.topic} could not be written now: {why}")

    # --- the clients ---------------------------------------------------------------------------------

    def _consumer_config(self) -> dict[str, Any]:
        return {
            "session.timeout.ms": _SESSION_SECONDS * 1000,
            "heartbeat.interval.ms": _HEARTBEAT_SECONDS * 1000,
            **consumer_config(self._connection, self.group),
            **_SAYS_LITTLE,
            "group.instance.id": self.member,
            "partition.assignment.strategy": _STRATEGY,
            "enable.partition.eof": False,
        }

    def _open_producer(self) -> Producer:
        config = {**producer_config(self._writer), **_SAYS_LITTLE}
        config["error_cb"] = partial(self._remember, self._writer)
        if not self._transactions:
            return Producer(config, logger=_quiet)
        ours = {
            "transactional.id": self.member,
            "transaction.timeout.ms": _TRANSACTION_SECONDS * 1000,
            "retry.backoff.ms": _FIRST_BACKOFF_MS,
        }
        producer = Producer({**config, **ours}, logger=_quiet)
        producer.init_transactions(self._timeout)
        return producer

    @property
    def _opened(self) -> Consumer:
        if self._consumer is None:
            raise self._anew("it is closed")
        return self._consumer

    @property
    def _open_writer(self) -> Producer:
        if self._producer is None:
            raise self._anew("it is closed")
        return self._producer

    def _behind(self, number: int, position: int) -> int:
        try:
            _, end = self._opened.get_watermark_offsets(TopicPartition(self.topic, number), cached=True)
        except KafkaException:
            end = position
        return max(int(end), self._ends.get(number, 0), position) - position

    # --- errors --------------------------------------------------------------------------------------

    def _check(self, error: KafkaError | None) -> None:
        """Raise what ends this stay; what passes by itself is left to the client."""
        if error is None:
            return
        if error.code() in _OUT_OF_RANGE:
            raise RunError(
                f"{self.topic}: events after the position of group `{self.group}` were deleted unread"
                f" ({error.str()})"
            )
        if error.code() in _PASSING and self._refusal is None:
            log.debug("%s: %s", self.topic, error.str())
            return
        raise self._failure(error, "reading stopped")

    def _remember(self, connection: Connection, error: KafkaError) -> None:
        if refused(error):
            self._refusal = error, connection

    def _failure(self, error: KafkaError, doing: str, asked: Connection | None = None) -> FurrowError:
        """asked: the connection that it is about, if it is not that of the events."""
        told, connection = self._refusal or (error, asked or self._connection)
        return failure(told, doing, self.topic, self.group, connection)

    def _anew(self, why: str) -> SourceUnavailable:
        """From now on nothing is committed until it is opened anew."""
        error = SourceUnavailable(f"the stream of {self.topic} has to be opened anew: {why}")
        self._broken = self._broken or error
        return error


@dataclass(frozen=True)
class _Wish:
    """Positions that somebody wants to have stored."""

    offsets: list[TopicPartition]
    done: Future[list[TopicPartition]] = field(default_factory=Future)


def _decline(consumer: Consumer) -> None:
    """Give back partitions that came too late.

    What a client is asked at the moment its group ends is never answered, and it waits with the interpreter's
    lock held: ask only once it has ended.
    """
    time.sleep(_GROUP_END_SECONDS)
    with contextlib.suppress(KafkaException):
        consumer.unassign()


def _produce(producer: Producer, message: Outgoing, told: Callable[[Any, Any], None]) -> None:
    producer.produce(
        message.topic, message.value, message.key, headers=list(message.headers), on_delivery=told
    )


def _event(message: Message) -> Event:
    headers = tuple((name, value or b"") for name, value in message.headers() or ())
    time_ = message.timestamp()[1] / 1000
    return Event(
        message.topic(), message.partition(), message.offset(), message.key(), message.value(), time_, headers
    )


def _wake(consumer: Consumer, parts: list[TopicPartition]) -> None:
    """Let the client look at these at once: one whose partitions are all held does so once a second.

    A seek to where it stands makes it look. It comes while they are held: nothing is delivered in between.
    """
    with contextlib.suppress(KafkaException):  # one of them was just taken: then it looks later
        for part in consumer.position(parts):
            if part.offset >= 0:
                consumer.seek(part)
