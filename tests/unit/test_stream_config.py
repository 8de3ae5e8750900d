"""What `furrow check` refuses in a folder that streams: topics that would feed each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.adapters.kafka_feed import KafkaFeed
from furrow.assembly import Deployment
from furrow.config.models import KafkaSource, Stream
from furrow.config.settings import Settings
from furrow.errors import ConfigError
from furrow.stream_assembly import StreamAssembly
from tests.folders import FolderOfPrompts

PIPELINE = """\
description: listings to attributes
owner: tests
source:
  kafka: {{topic: goods}}
record: {{key: id, time: at}}
publish:
  kafka: {{{results}}}
stream: {{{options}}}
"""


def put(prompts: FolderOfPrompts, results: str, options: str = "") -> None:
    prompts.put("goods/pipeline.yaml", PIPELINE.format(results=results, options=options))


@pytest.mark.parametrize(
    ("results", "options", "said"),
    [
        pytest.param("topic: goods", "", "feed its results into `source.kafka`", id="results to the source"),
        pytest.param(
            "topic: found",
            "dead_letters: goods",
            "feed rejected events into `source.kafka`",
            id="letters to the source",
        ),
        pytest.param(
            "topic: found", "dead_letters: found", "a topic each", id="letters to the results, as written"
        ),
        pytest.param(
            "topic: goods.dead-letters", "", "a topic each", id="letters to the results, by default"
        ),
        pytest.param(
            "topic: found, connection: other", "", "one transaction needs one broker", id="two brokers"
        ),
    ],
)
def test_topics_that_would_feed_each_other_are_refused_with_their_line(
    prompts: FolderOfPrompts, results: str, options: str, said: str
) -> None:
    put(prompts, results, options)
    with pytest.raises(ConfigError) as caught:
        prompts.load()
    assert "goods/pipeline.yaml:8" in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("results", "options"),
    [
        pytest.param("topic: found", "", id="by default"),
        pytest.param(
            "topic: goods.dead-letters", "dead_letters: goods.rejected", id="another name for letters"
        ),
        pytest.param("topic: found, connection: other", "transactions: false", id="two brokers"),
    ],
)
def test_a_topic_for_each_is_taken(prompts: FolderOfPrompts, results: str, options: str) -> None:
    put(prompts, results, options)
    pipeline = prompts.load().pipeline
    assert pipeline.stream and pipeline.source.kafka and pipeline.publish.kafka
    letters = pipeline.stream.letters_of(pipeline.source.kafka)
    assert letters not in {pipeline.publish.kafka.topic, "goods"}


def test_dead_letters_have_a_topic_by_default() -> None:
    assert Stream().letters_of(KafkaSource(topic="goods")) == "goods.dead-letters"
    assert Stream(dead_letters="bad").letters_of(KafkaSource(topic="goods")) == "bad"


def test_with_two_brokers_results_are_written_where_their_sinks_read_them(
    prompts: FolderOfPrompts, tmp_path: Path
) -> None:
    put(prompts, "topic: found, connection: other}\n  features: {entity: article", "transactions: false")
    settings = {"FURROW_HOME": str(tmp_path), "FURROW_PROMPTS": str(prompts.path)}
    at = {name: f'{{"conn_type": "kafka", "host": "{name}"}}' for name in ("kafka_default", "other")}
    connections = EnvironmentConnections({f"AIRFLOW_CONN_{name.upper()}": uri for name, uri in at.items()})
    deployment = Deployment(Settings.from_environment(settings), connections)
    assembled = StreamAssembly(deployment, deployment.use_case("goods"))
    events, results = assembled.replica(0, print)._feed, assembled.follower("features", print)._feed
    assert isinstance(events, KafkaFeed) and isinstance(results, KafkaFeed)
    assert (events._connection.id, events._writer.id) == ("kafka_default", "other")
    assert results._connection.id == "other"


@pytest.mark.parametrize(
    ("sink", "at_once", "seconds"), [("features", 1_000, 1.0), ("bigquery", 10_000, 10.0)]
)
def test_bigquery_gets_many_results_at_a_time_for_each_publication_takes_seconds(
    prompts: FolderOfPrompts, tmp_path: Path, sink: str, at_once: int, seconds: float
) -> None:
    both = "topic: found}\n  features: {entity: article}\n  bigquery: {table: d.goods"
    put(prompts, both)
    settings = {"FURROW_HOME": str(tmp_path), "FURROW_PROMPTS": str(prompts.path)}
    google = '{"conn_type": "google_cloud_platform", "extra": {"project": "p", "is_anonymous": true}}'
    connections = EnvironmentConnections(
        {
            "AIRFLOW_CONN_KAFKA_DEFAULT": '{"conn_type": "kafka", "host": "k"}',
            "AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT": google,
        }
    )
    deployment = Deployment(Settings.from_environment(settings), connections)
    follower = StreamAssembly(deployment, deployment.use_case("goods")).follower(sink, print)
    assert (follower._at_once, follower._options.publish_seconds) == (at_once, seconds)
