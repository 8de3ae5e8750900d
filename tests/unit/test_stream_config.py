"""What `furrow check` refuses in a folder that streams: topics that would feed each other."""

from __future__ import annotations

import pytest

from furrow.config.models import KafkaSource, Stream
from furrow.errors import ConfigError
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
