"""The Kafka source against a broker: transactions, deletions, lost records, and a broker that goes away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import Producer, TopicPartition

from furrow.adapters.kafka import KafkaSource
from furrow.config import models
from furrow.engine.ports import Arrival, Connection
from furrow.errors import ConnectionMissing, RunError, SourceUnavailable
from tests.brokers import Broker

pytestmark = pytest.mark.broker
Open = Callable[..., KafkaSource]


def connection(address: str, **extra: object) -> Connection:
    return Connection("kafka_default", "kafka", extra={"bootstrap.servers": address, **extra})


def transaction(broker: Broker, topic: str, *values: bytes, name: str) -> Producer:
    """Values written in a transaction that is still open."""
    producer = broker.producer(**{"transactional.id": name})
    producer.init_transactions(15)
    producer.begin_transaction()
    for value in values:
        producer.produce(topic, value, partition=0)
    producer.flush(15)
    return producer


@pytest.fixture
def open_source(broker: Broker, topic: str) -> Iterator[Open]:
    opened: list[KafkaSource] = []

    def open_(use_case: str = "used_goods", timeout: float = 30.0, **config: str) -> KafkaSource:
        written = models.KafkaSource.model_validate({"topic": topic, **config})
        opened.append(KafkaSource(written, connection(broker.address), use_case, timeout))
        return opened[-1]

    yield open_
    for source in opened:
        source.close()


def read(source: KafkaSource, limit: int | None = None) -> list[bytes]:
    return [arrival.value for arrival in source.read(limit)]


def test_an_id_is_the_place_in_the_topic(broker: Broker, topic: str, open_source: Open) -> None:
    broker.produce(topic, [b"a", b"\xff not json"])
    assert list(open_source().read()) == [
        Arrival(f"kafka:{topic}/0/0", b"a"),
        Arrival(f"kafka:{topic}/0/1", b"\xff not json"),
    ]


def test_a_message_without_value_is_no_record_and_is_counted(
    broker: Broker, topic: str, open_source: Open
) -> None:
    broker.produce(topic, [None, b"a", None, b"", None])
    source = open_source()
    assert read(source) == [b"a", b""]
    assert source.tombstones == 3
    assert source.position() == {"kafka": {"topic": topic, "offsets": {"0": 5}, "began": {"0": 0}}}


def test_an_empty_topic_is_read_to_its_end_at_once(open_source: Open) -> None:
    source = open_source()
    assert read(source) == []
    assert source.position()["kafka"]["offsets"] == {}


def test_a_read_ends_where_the_topic_ended_when_it_began(
    broker: Broker, topic: str, open_source: Open
) -> None:
    broker.produce(topic, [b"before"] * 3)
    source = open_source()
    got = []
    for arrival in source.read():
        got.append(arrival.value)
        broker.produce(topic, [b"after"])
    assert got == [b"before"] * 3
    source.commit(source.position())
    assert read(open_source()) == [b"after"] * 3


def test_aborted_records_are_not_read_and_markers_do_not_hold_the_read(
    broker: Broker, topic: str, open_source: Open
) -> None:
    transaction(broker, topic, b"aborted", name=f"{topic}-1").abort_transaction(15)
    transaction(broker, topic, b"kept", name=f"{topic}-2").commit_transaction(15)
    source = open_source()
    assert read(source) == [b"kept"]
    source.commit(source.position())
    assert read(open_source()) == []


def test_a_topic_that_ends_in_aborted_records_is_read_to_its_end(
    broker: Broker, topic: str, open_source: Open
) -> None:
    broker.produce(topic, [b"a"])
    transaction(broker, topic, b"x", b"y", name=f"{topic}-1").abort_transaction(15)
    assert read(open_source()) == [b"a"]


def test_an_open_transaction_ends_the_read_before_it_and_loses_nothing(
    broker: Broker, topic: str, open_source: Open
) -> None:
    broker.produce(topic, [b"a"])
    writing = transaction(broker, topic, b"b", name=f"{topic}-1")
    broker.produce(topic, [b"c"])
    source = open_source()
    first = read(source)
    source.commit(source.position())
    writing.commit_transaction(15)
    assert first == [b"a"]
    assert read(open_source()) == [b"b", b"c"]


def test_each_use_case_has_its_own_position(broker: Broker, topic: str, open_source: Open) -> None:
    broker.produce(topic, [b"a"])
    source = open_source("used_goods")
    read(source)
    source.commit(source.position())
    assert source.group == "furrow.used_goods"
    assert read(open_source("jobs")) == [b"a"]
    assert read(open_source("jobs", group="furrow.used_goods")) == []


def test_records_deleted_before_they_were_read_are_an_error_that_says_how_many(
    broker: Broker, topic: str, open_source: Open
) -> None:
    broker.must("delete_records")
    broker.produce(topic, [b"a"] * 10)
    source = open_source()
    read(source, 3)
    source.commit(source.position())
    admin = broker.admin()
    for done in admin.delete_records([TopicPartition(topic, 0, 8)], request_timeout=10).values():
        done.result(15)
    with pytest.raises(RunError, match=r"is 3.*holds 8 to 10: 5 records were deleted unread.*--to-earliest"):
        read(open_source())


def test_a_topic_that_was_made_anew_is_an_error(broker: Broker, topic: str, open_source: Open) -> None:
    broker.must("positions_outlive_topics")
    broker.produce(topic, [b"a"] * 10)
    source = open_source()
    read(source)
    source.commit(source.position())
    admin = broker.admin()
    admin.delete_topics([topic])[topic].result(15)
    _make_again(broker, topic)
    assert broker.positions("furrow.used_goods", topic) == {0: 10}
    with pytest.raises(RunError, match="made anew"):
        read(open_source())


def _make_again(broker: Broker, topic: str) -> None:
    for _ in range(50):
        try:
            return broker.create_topic(topic)
        except Exception:
            time.sleep(0.1)
    raise AssertionError("the topic could not be made again")


def test_a_topic_that_does_not_exist_is_not_made_by_reading_it(broker: Broker, topic_name: str) -> None:
    source = KafkaSource(models.KafkaSource(topic=topic_name), connection(broker.address), "used_goods")
    with pytest.raises(SourceUnavailable, match=f"{topic_name}.*{broker.address}.*no such topic"):
        read(source)
    source.close()
    assert topic_name not in broker.admin().list_topics(timeout=10).topics


def test_a_broker_that_is_down_is_an_error_with_its_address() -> None:
    source = KafkaSource(models.KafkaSource(topic="t"), connection("127.0.0.1:9"), "used_goods", timeout=1)
    with pytest.raises(SourceUnavailable, match=r"127\.0\.0\.1:9 .*kafka_default.*check that"):
        read(source)
    with pytest.raises(SourceUnavailable, match=r"127\.0\.0\.1:9"):
        source.commit({"kafka": {"topic": "t", "offsets": {"0": 1}}})
    source.close()


def test_a_broker_that_goes_away_ends_the_read_and_loses_nothing(broker: Broker, topic: str) -> None:
    class Interrupted(KafkaSource):
        def _spans(self) -> Any:
            spans = super()._spans()
            self._timeout = 2  # not before: a client that opens may take longer
            broker.stop()
            return spans

    broker.produce(topic, [b"a", b"b"])
    config, where = models.KafkaSource(topic=topic), connection(broker.address)
    broken = Interrupted(config, where, "used_goods")
    with pytest.raises(SourceUnavailable, match=rf"{broker.address}.*no answer for 2 s"):
        read(broken)
    broker.start()
    broken.commit(broken.position())
    broken.close()
    again = KafkaSource(config, where, "used_goods")
    assert read(again) == [b"a", b"b"]
    again.close()


def test_a_record_of_five_megabytes_is_read(broker: Broker, topic_name: str) -> None:
    broker.create_topic(topic_name, **{"max.message.bytes": "10000000"})
    broker.produce(topic_name, [b"x" * 5_000_000])
    source = KafkaSource(models.KafkaSource(topic=topic_name), connection(broker.address), "used_goods")
    assert [len(value) for value in read(source)] == [5_000_000]
    source.close()


def test_what_decides_delivery_is_not_taken_from_the_connection(broker: Broker, topic: str) -> None:
    hostile = {
        "group.id": "another",
        "auto.offset.reset": "latest",
        "enable.auto.commit": True,
        "group.instance.id": "x",
        "isolation.level": "read_uncommitted",
        "enable.partition.eof": False,
        "error_cb": "os.system",
        "client.id": "kept",
    }
    broker.produce(topic, [b"a"])
    for _ in range(2):
        where = connection(broker.address, **hostile)
        source = KafkaSource(models.KafkaSource(topic=topic), where, "used_goods")
        assert read(source) == [b"a"]
        source.close()


def test_a_client_option_that_does_not_exist_names_the_connection_and_shows_no_secret() -> None:
    where = connection("127.0.0.1:9", **{"no.such.option": 1, "sasl.password": "hunter2"})
    source = KafkaSource(models.KafkaSource(topic="t"), where, "used_goods")
    with pytest.raises(RunError, match=r"kafka_default.*no\.such\.option") as caught:
        read(source)
    assert "hunter2" not in str(caught.value)


def test_a_connection_without_a_broker_says_what_to_write() -> None:
    source = KafkaSource(models.KafkaSource(topic="t"), Connection("kafka_default", "kafka"), "used_goods")
    with pytest.raises(ConnectionMissing, match=r"kafka_default.*bootstrap\.servers"):
        read(source)
