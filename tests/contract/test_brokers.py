"""What streaming needs of a broker, on Apache Kafka and on the embedded one."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from tests.brokers import Broker, Outgoing

pytestmark = pytest.mark.broker
SECONDS = 40
"""Patience for what a group agrees on; nothing is measured."""
LONG_SESSION = 60_000
_MEMBER = """
import json, sys, confluent_kafka
topic, config = sys.argv[1], json.loads(sys.argv[2])
consumer = confluent_kafka.Consumer(config)
consumer.subscribe([topic])
while True:
    consumer.poll(0.1)
    print(len(consumer.assignment()), flush=True)
"""


def opened(broker: Broker, name: str, **config: object) -> Producer:
    """A producer whose transaction has begun."""
    producer = broker.producer(**{"transactional.id": name, **config})
    producer.init_transactions(SECONDS)
    producer.begin_transaction()
    return producer


def values(messages: list[Message]) -> list[bytes]:
    return [message.value() for message in messages]


def put(producer: Producer, topic: str, value: bytes) -> None:
    producer.produce(topic, value, partition=0)
    assert producer.flush(SECONDS) == 0


def until(met: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not met():
        assert time.monotonic() < deadline, f"not within {SECONDS} s: {what}"


def holds(consumer: Consumer, partitions: int) -> Callable[[], bool]:
    """Polls, and tells whether so many partitions are assigned."""

    def met() -> bool:
        consumer.poll(0.1)
        return len(consumer.assignment()) == partitions

    return met


def following(consumer: Consumer) -> bytes:
    """The value of the next message."""
    got: list[bytes] = []

    def met() -> bool:
        message = consumer.poll(0.5)
        if message is not None and message.error() is None:
            got.append(message.value())
        return bool(got)

    until(met, "a message comes")
    return got[0]


def killed_member(broker: Broker, topic: str, config: dict[str, object]) -> None:
    """A process joins the group of the topic and is killed once it has the partition."""
    client = {
        "bootstrap.servers": broker.address,
        "group.id": f"group.{topic}",
        "session.timeout.ms": round(broker.session * 1000),
        "log_level": 0,
        **config,
    }
    command = [sys.executable, "-c", _MEMBER, topic, json.dumps(client)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any(line.strip() == "1" for line in process.stdout)
        process.kill()


def test_a_committed_transaction_is_read_and_an_aborted_one_is_not(broker: Broker, topic: str) -> None:
    broker.must("transactions")
    aborted = opened(broker, f"{topic}.a")
    put(aborted, topic, b"aborted")
    aborted.abort_transaction(SECONDS)
    committed = opened(broker, f"{topic}.b")
    put(committed, topic, b"committed")
    committed.commit_transaction(SECONDS)
    assert values(broker.consume(topic)) == [b"committed"]
    assert values(broker.consume(topic, read_committed=False)) == [b"aborted", b"committed"]


def test_an_open_transaction_is_hidden_with_all_that_follows(broker: Broker, topic: str) -> None:
    broker.must("transactions")
    producer = opened(broker, topic)
    put(producer, topic, b"open")
    broker.produce(topic, [b"after"])
    hidden = broker.consume(topic)
    producer.commit_transaction(SECONDS)
    assert hidden == []
    assert values(broker.consume(topic)) == [b"open", b"after"]


def test_an_open_transaction_ends_by_itself_after_its_time(broker: Broker, topic: str) -> None:
    broker.must("transactions", "ends_timed_out_transactions")
    producer = opened(broker, topic, **{"transaction.timeout.ms": 1000})
    put(producer, topic, b"left open")
    broker.produce(topic, [b"after"])
    until(lambda: values(broker.consume(topic)) == [b"after"], "what follows is read")


@pytest.mark.parametrize("committed", [True, False])
def test_a_position_in_a_transaction_moves_when_it_commits(
    broker: Broker, topic: str, committed: bool
) -> None:
    broker.must("transactions")
    broker.produce(topic, [b"x"] * 5)
    group = f"group.{topic}"
    consumer = broker.consumer(group)
    consumer.commit(offsets=[TopicPartition(topic, 0, 2)], asynchronous=False)
    producer = opened(broker, topic)
    put(producer, topic, b"result")
    metadata = consumer.consumer_group_metadata()
    producer.send_offsets_to_transaction([TopicPartition(topic, 0, 5)], metadata, SECONDS)
    (producer.commit_transaction if committed else producer.abort_transaction)(SECONDS)
    assert broker.positions(group, topic) == {0: 5 if committed else 2}
    assert values(broker.consume(topic)).count(b"result") == committed
    consumer.close()


def test_a_producer_whose_place_was_taken_can_commit_nothing(broker: Broker, topic: str) -> None:
    broker.must("transactions")
    zombie = opened(broker, topic)
    put(zombie, topic, b"zombie")
    heir = opened(broker, topic)
    put(heir, topic, b"heir")
    with pytest.raises(KafkaException) as caught:
        zombie.commit_transaction(SECONDS)
    heir.commit_transaction(SECONDS)
    assert caught.value.args[0].fatal()
    assert caught.value.args[0].code() == KafkaError._FENCED
    assert values(broker.consume(topic)) == [b"heir"]


def test_a_position_of_an_earlier_generation_is_refused(broker: Broker, topic: str) -> None:
    broker.must("transactions", "fences_old_generations")
    group = f"group.{topic}"
    first, second = broker.consumer(group), broker.consumer(group)
    first.subscribe([topic])
    until(holds(first, 1), "the first has the partition")
    before = first.consumer_group_metadata()
    first.close()
    second.subscribe([topic])
    until(holds(second, 1), "the second has the partition")
    producer = opened(broker, topic)
    with pytest.raises(KafkaException) as caught:
        producer.send_offsets_to_transaction([TopicPartition(topic, 0, 1)], before, SECONDS)
    assert caught.value.args[0].txn_requires_abort()
    producer.abort_transaction(SECONDS)
    assert broker.positions(group, topic) == {}
    second.close()


@pytest.mark.parametrize("strategy", ["range", "cooperative-sticky"])
def test_members_share_the_partitions_and_take_over_from_one_that_leaves(
    broker: Broker, topic_name: str, strategy: str
) -> None:
    if strategy == "cooperative-sticky":
        broker.must("shares_cooperatively")
    broker.create_topic(topic_name, 4)
    config = {"partition.assignment.strategy": strategy}
    first, second = (broker.consumer(f"group.{topic_name}", **config) for _ in range(2))
    first.subscribe([topic_name])
    until(holds(first, 4), "the first has all")
    second.subscribe([topic_name])
    one, other = holds(first, 2), holds(second, 2)
    until(lambda: one() & other(), "each has two")
    second.close()
    until(holds(first, 4), "the first has all again")
    first.close()


def test_who_comes_with_the_name_of_a_killed_member_has_its_partitions_within_its_session(
    broker: Broker, topic: str
) -> None:
    broker.must("static_members")
    config = {"group.instance.id": "replica-1", "session.timeout.ms": LONG_SESSION}
    killed_member(broker, topic, config)
    consumer = broker.consumer(f"group.{topic}", **config)
    consumer.subscribe([topic])
    until(holds(consumer, 1), "the next one has the partition")
    consumer.close()


def test_a_member_that_was_killed_is_put_out_after_its_session(broker: Broker, topic: str) -> None:
    broker.must("evicts_dead_members")
    killed_member(broker, topic, {})
    consumer = broker.consumer(f"group.{topic}")
    consumer.subscribe([topic])
    until(holds(consumer, 1), "the next one has the partition")
    consumer.close()


def test_a_member_whose_name_was_taken_is_told_that_it_is_fenced(broker: Broker, topic: str) -> None:
    broker.must("static_members")
    config = {"group.instance.id": "replica-1", "session.timeout.ms": LONG_SESSION}
    first = broker.consumer(f"group.{topic}", **config)
    first.subscribe([topic])
    until(holds(first, 1), "the first has the partition")
    second = broker.consumer(f"group.{topic}", **config)
    second.subscribe([topic])
    told: list[KafkaError] = []

    def fenced() -> bool:
        second.poll(0.05)
        message = first.poll(0.05)
        if message is not None and message.error() is not None:
            told.append(message.error())
        return bool(told)

    until(fenced, "the first is told")
    assert told[0].code() == KafkaError._FATAL
    assert "fenced" in told[0].str()
    with pytest.raises(KafkaException):
        first.commit(offsets=[TopicPartition(topic, 0, 1)], asynchronous=False)
    until(holds(second, 1), "the second has the partition")
    second.close()
    first.close()


def test_the_text_beside_a_position_is_kept(broker: Broker, topic: str) -> None:
    broker.must("commit_metadata")
    group = f"group.{topic}"
    consumer = broker.consumer(group)
    consumer.commit(offsets=[TopicPartition(topic, 0, 1, "release 2026-11-24")], asynchronous=False)
    consumer.close()
    assert [part.metadata for part in broker.committed(group, topic)] == ["release 2026-11-24"]


def test_a_message_of_ten_megabytes_goes_in_and_out(broker: Broker, topic_name: str) -> None:
    broker.must("large_messages")
    broker.create_topic(topic_name, **{"max.message.bytes": "12582912"})
    broker.produce(topic_name, [b"x" * 10_000_000, b"after"])
    assert [len(value) for value in values(broker.consume(topic_name))] == [10_000_000, 5]


def test_keys_headers_and_partitions_arrive_as_they_were_sent(broker: Broker, topic_name: str) -> None:
    broker.create_topic(topic_name, 3)
    sent = [Outgoing(b"v", f"k{n}".encode(), [("release", b"r1")], n) for n in range(3)]
    broker.produce(topic_name, sent)
    got = [
        Outgoing(message.value(), message.key(), message.headers(), message.partition())
        for message in broker.consume(topic_name)
    ]
    assert sorted(got, key=lambda message: message.key) == sent


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_records_and_positions_outlive_the_broker_and_clients_go_on(
    broker: Broker, topic: str, end: str
) -> None:
    broker.must("outlives_a_restart" if end == "stop" else "outlives_a_kill")
    group = f"group.{topic}"
    broker.produce(topic, [b"before"])
    consumer, producer = broker.consumer(group), broker.producer()
    consumer.subscribe([topic])
    assert following(consumer) == b"before"
    consumer.commit(offsets=[TopicPartition(topic, 0, 1)], asynchronous=False)
    getattr(broker, end)()
    broker.start()
    assert broker.positions(group, topic) == {0: 1}
    put(producer, topic, b"after")
    assert following(consumer) == b"after"
    assert values(broker.consume(topic)) == [b"before", b"after"]
    consumer.close()


def test_a_transaction_that_was_open_at_a_restart_is_committed_whole(broker: Broker, topic: str) -> None:
    broker.must("transactions", "remembers_open_transactions")
    group = f"group.{topic}"
    broker.produce(topic, [b"before"])
    consumer = broker.consumer(group, **{"session.timeout.ms": 60_000, "group.instance.id": "one"})
    consumer.subscribe([topic])
    assert following(consumer) == b"before"
    producer = opened(broker, topic, **{"transaction.timeout.ms": 300_000})
    put(producer, topic, b"within")
    broker.restart()
    put(producer, topic, b"within, after the restart")
    position = [TopicPartition(topic, 0, 1)]
    producer.send_offsets_to_transaction(position, consumer.consumer_group_metadata(), SECONDS)
    producer.commit_transaction(SECONDS)
    assert values(broker.consume(topic)) == [b"before", b"within", b"within, after the restart"]
    assert broker.positions(group, topic) == {0: 1}
    consumer.close()


def test_what_a_broker_that_hangs_did_not_take_is_taken_afterwards(broker: Broker, topic: str) -> None:
    producer = broker.producer()
    put(producer, topic, b"before")
    broker.pause()
    try:
        producer.produce(topic, b"meanwhile", partition=0)
        assert producer.flush(0.5) == 1
    finally:
        broker.resume()
    assert producer.flush(SECONDS) == 0
    assert values(broker.consume(topic)) == [b"before", b"meanwhile"]
