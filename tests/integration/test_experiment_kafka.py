"""Outcomes on a real broker: each once, from where the last read ended, to the ends of now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition

from furrow.adapters.outcome_source import outcome_topic
from furrow.assembly import Deployment
from furrow.batch.outcomes import OutcomesRead
from furrow.config.quality import OutcomeTopic
from furrow.config.settings import Settings
from furrow.config.use_case import UseCase
from furrow.engine.ports import Connection
from furrow.errors import SourceUnavailable
from tests.brokers import Broker
from tests.folders import FolderOfPrompts

pytestmark = pytest.mark.broker


class OneBroker:
    """The connections of a deployment that has one broker."""

    def __init__(self, broker: Broker):
        self._broker = broker

    def get(self, id: str) -> Connection:
        return Connection(id, "kafka", extra={"bootstrap.servers": self._broker.address})


class Shop:
    """`goods` with an experiment whose outcomes are on a topic."""

    def __init__(self, prompts: FolderOfPrompts, folder: Path, broker: Broker, topic: str):
        self.broker, self.topic = broker, topic
        prompts.version("v2", "Digest of version 2.")
        written = f"live: v1\nexperiment: {{candidate: v2, outcomes: {{kafka: {{topic: {topic}}}}}}}\n"
        prompts.change("goods/pipeline.yaml", "live: v1\n", written)
        environment = {"FURROW_HOME": str(folder), "FURROW_PROMPTS": str(prompts.path)}
        self.settings = Settings.from_environment(environment)

    def deployment(self) -> Deployment:
        """As a new process opens it."""
        return Deployment(self.settings, OneBroker(self.broker))

    def read(self) -> OutcomesRead:
        deployment = self.deployment()
        use_case: UseCase = deployment.use_case("goods")
        return deployment.read_outcomes(use_case)

    def click(self, *units: str) -> None:
        at = "2026-11-25T21:00:00+09:00"
        self.broker.produce(
            self.topic, [json.dumps({"key": unit, "value": 1, "time": at}).encode() for unit in units]
        )


@pytest.fixture
def shop(prompts: FolderOfPrompts, tmp_path: Path, broker: Broker, topic: str) -> Shop:
    return Shop(prompts, tmp_path, broker, topic)


def test_each_read_goes_on_where_the_last_one_ended(shop: Shop) -> None:
    assert shop.read().to_json() == {"read": 0, "new": 0, "unread": 0, "unread_places": []}
    shop.click("a", "b")
    assert (shop.read().new, shop.read().new) == (2, 0)
    shop.click("a", "c", "d")
    found = shop.read()
    assert (found.read, found.new) == (3, 3)
    assert shop.broker.positions("furrow.goods.outcomes", shop.topic) == {0: 5}


def test_what_cannot_be_read_is_named_by_its_place_and_keeps_nobody_waiting(shop: Shop) -> None:
    shop.click("a")
    shop.broker.produce(shop.topic, [b"{oops", None, b'{"key": "b", "value": "much"}'])
    shop.click("b")
    found = shop.read()
    assert (found.read, found.new, found.unread) == (2, 2, 2)
    places = [place for place, _ in found.named]
    assert places == [f"kafka:{shop.topic}/0/1", f"kafka:{shop.topic}/0/3"]
    assert shop.read().unread == 0


def test_a_read_whose_position_was_lost_counts_nothing_twice(shop: Shop) -> None:
    shop.click("a", "b", "c")
    shop.read()
    consumer = shop.broker.consumer("furrow.goods.outcomes")
    consumer.commit(offsets=[TopicPartition(shop.topic, 0, 0)], asynchronous=False)
    consumer.close()
    again = shop.read()
    assert (again.read, again.new) == (3, 0)


def test_a_topic_that_is_not_there_is_an_error_that_names_the_setting(broker: Broker) -> None:
    connection = OneBroker(broker).get("kafka_default")
    source = outcome_topic(OutcomeTopic(topic="nobody-made-this"), "goods", connection)
    try:
        with pytest.raises(SourceUnavailable, match=r"experiment\.outcomes\.kafka\.topic"):
            list(source.read())
    finally:
        source.close()
