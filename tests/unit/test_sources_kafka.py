"""Which of our errors each of the Kafka client's becomes, and what the client is configured with."""

import threading
from typing import Any

import pytest
from confluent_kafka import KafkaError

from furrow.adapters.kafka import KafkaSource, consumer_config, failure, let_go
from furrow.config import models
from furrow.engine.ports import Connection, Moved
from furrow.errors import CredentialsRefused, SourceUnavailable

CONNECTION = Connection("kafka_default", "kafka", extra={"bootstrap.servers": "broker:9092"})

MAPPED = {
    "login refused": (KafkaError._AUTHENTICATION, CredentialsRefused, "login"),
    "no grant for the topic": (KafkaError.TOPIC_AUTHORIZATION_FAILED, CredentialsRefused, "grants"),
    "no grant for the group": (KafkaError.GROUP_AUTHORIZATION_FAILED, CredentialsRefused, "grants"),
    "no topic": (KafkaError.UNKNOWN_TOPIC_OR_PART, SourceUnavailable, "no such topic"),
    "no answer": (KafkaError._TRANSPORT, SourceUnavailable, "check that the broker runs"),
    "all brokers down": (KafkaError._ALL_BROKERS_DOWN, SourceUnavailable, "check that the broker runs"),
    "records gone while reading": (KafkaError._AUTO_OFFSET_RESET, SourceUnavailable, "reading stopped"),
    "group has members": (KafkaError.UNKNOWN_MEMBER_ID, SourceUnavailable, r"source\.kafka\.group"),
    "anything else": (KafkaError.UNKNOWN, SourceUnavailable, "reading stopped"),
}


@pytest.mark.parametrize(("code", "kind", "words"), MAPPED.values(), ids=MAPPED.keys())
def test_an_error_of_the_client_becomes_one_of_ours(code: int, kind: type[Exception], words: str) -> None:
    error = failure(KafkaError(code), "reading stopped", "t", "g", CONNECTION)
    assert type(error) is kind
    assert words.replace("\\", "") in str(error)
    assert "broker:9092" in str(error)
    assert "kafka_default" in str(error)


def test_a_silent_broker_is_unavailable() -> None:
    error = failure(None, "no answer for 30 s", "t", "g", CONNECTION)
    assert isinstance(error, SourceUnavailable)


def test_the_connections_own_options_reach_the_client() -> None:
    extra = {"bootstrap.servers": "a:1", "sasl.username": "me", "receive.message.max.bytes": 5}
    config = consumer_config(Connection("c", "kafka", extra=extra), "furrow.x")
    assert config["sasl.username"] == "me"
    assert config["receive.message.max.bytes"] == 5
    assert config["group.id"] == "furrow.x"


def test_an_address_written_as_host_and_port_is_used() -> None:
    config = consumer_config(Connection("c", "kafka", host="broker", port=9093), "g")
    assert config["bootstrap.servers"] == "broker:9093"


def test_a_client_that_never_ends_is_left_behind_and_said(caplog: pytest.LogCaptureFixture) -> None:
    never = threading.Event()
    let_go("topic `t`", never.wait, seconds=0.05)
    never.set()
    assert "topic `t` did not end within 0.05 s" in caplog.text


def test_what_goes_wrong_while_a_client_ends_is_said_and_hides_no_other_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse() -> None:
        raise RuntimeError("closed already")

    let_go("topic `t`", refuse)
    assert "topic `t` did not end well: closed already" in caplog.text


READ = {"kafka": {"topic": "t", "offsets": {"0": 10, "1": 7, "2": 4}, "began": {"0": 5, "1": 5, "2": 4}}}
OF_AN_EARLIER_RELEASE = {"kafka": {"topic": "t", "offsets": {"0": 10}}}

WHERE_IT_IS = {
    "nowhere yet": (READ, {}, Moved.NOT),
    "where the read began": (READ, {0: 5, 1: 5, 2: 4}, Moved.NOT),
    "set back by a person": (READ, {0: 0, 1: 5, 2: 4}, Moved.NOT),
    "inside of one partition": (READ, {0: 6, 1: 5, 2: 4}, Moved.INTO),
    "inside of one and behind another": (READ, {0: 9, 1: 7, 2: 4}, Moved.INTO),
    "behind one": (READ, {0: 5, 1: 7, 2: 4}, Moved.PAST),
    "where the read ended": (READ, {0: 10, 1: 7, 2: 4}, Moved.PAST),
    "further": (READ, {0: 12, 1: 9, 2: 6}, Moved.PAST),
    "pinned without a beginning, before": (OF_AN_EARLIER_RELEASE, {0: 6}, Moved.NOT),
    "pinned without a beginning, behind": (OF_AN_EARLIER_RELEASE, {0: 10}, Moved.PAST),
}


@pytest.fixture
def source() -> KafkaSource:
    return KafkaSource(models.KafkaSource(topic="t"), CONNECTION, "goods", timeout=0.05)


@pytest.mark.parametrize(("position", "now", "moved"), WHERE_IT_IS.values(), ids=WHERE_IT_IS.keys())
def test_where_the_position_is_now_says_whether_somebody_moved_it(
    source: KafkaSource, monkeypatch: pytest.MonkeyPatch, position: Any, now: dict[int, int], moved: Moved
) -> None:
    monkeypatch.setattr(source, "_committed", lambda topic, numbers: now)
    assert source.moved(position) is moved


def test_where_nothing_was_read_nobody_is_asked_whether_the_position_moved(source: KafkaSource) -> None:
    assert source.moved(source.position()) is Moved.NOT


def test_a_position_that_the_broker_takes_too_long_to_store_is_unavailable(
    source: KafkaSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()

    class Silent:
        """A client whose coordinator is away."""

        def commit(self, **_: object) -> None:
            goes_on.wait(10)

    source.__dict__["_consumer"] = Silent()
    monkeypatch.setattr(source, "_committed", lambda topic, numbers: {0: 5, 1: 5, 2: 4})
    with pytest.raises(SourceUnavailable, match=r"its position was not stored in 0\.05 s"):
        source.commit(READ)
    goes_on.set()
