"""The demo's second act on a real broker: `furrow stream` as a process answers events one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import Deployment
from furrow.config.settings import Settings
from furrow.errors import LocalFailed
from furrow.local import broker as local_broker
from furrow.local import live
from furrow.local.progress import Silent
from furrow.testing import ModelServer
from tests.broker import LocalBroker
from tests.folders import FolderOfPrompts, record


class Lines(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def report(self, name: str, text: str, done: int | None = None, total: int | None = None) -> None:
        self.told.append(text)


def site(home: Path, kafka: LocalBroker, topic: str, url: str) -> tuple[Deployment, Mapping[str, str]]:
    """A use case that streams, and how a process finds it and its connections."""
    prompts = FolderOfPrompts.write(home / "prompts")
    prompts.change("goods/pipeline.yaml", "files: {path: sample.jsonl}", f"kafka: {{topic: {topic}}}")
    prompts.change(
        "goods/pipeline.yaml",
        "publish:\n  features: {entity: article, ttl_days: 3650}\n",
        f"publish:\n  kafka: {{topic: {topic}.results}}\nstream: {{}}\n",
    )
    kafka.topic(topic)
    extra = {"bootstrap.servers": kafka.address}
    environment = {
        "FURROW_HOME": str(home),
        "AIRFLOW_CONN_MODELS": json.dumps({"conn_type": "pydanticai", "host": url, "password": "no-key"}),
        "AIRFLOW_CONN_KAFKA_DEFAULT": json.dumps({"conn_type": "kafka", "extra": extra}),
    }
    return Deployment(
        Settings.from_environment(environment), EnvironmentConnections(environment)
    ), environment


def messages(count: int) -> list[local_broker.Message]:
    return [local_broker.Message(f"a{number}", record(number)) for number in range(count)]


def test_each_event_gets_its_result_or_its_reason_and_no_process_is_left(
    tmp_path: Path, kafka_broker: LocalBroker, topic_name: str
) -> None:
    with ModelServer() as server:
        deployment, environment = site(tmp_path, kafka_broker, topic_name, server.url)
        goods = deployment.use_case("goods")
        wrong = local_broker.Message("broken", {"id": "broken"})
        lines = Lines()
        answered = live.play(deployment, goods, [*messages(2), wrong], environment, lines, table=False)
    assert [one.key for one in answered] == ["a0", "a1", "broken"]
    assert all(one.done for one in answered)
    assert all(set(one.result or {}) == {"brand", "price_krw"} for one in answered[:2])
    assert answered[2].rejected is not None
    assert [text for text in lines.told if "->" in text] == [live.line_of(one) for one in answered]
    assert not _streams(tmp_path)


def test_ctrl_c_ends_the_act_with_what_was_written_and_ends_the_stream(
    tmp_path: Path, kafka_broker: LocalBroker, topic_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_APART_SECONDS", 60.0)  # no second event before the first is answered

    class Interrupting(Lines):
        def report(self, name: str, text: str, done: int | None = None, total: int | None = None) -> None:
            super().report(name, text, done, total)
            if "->" in text:
                raise KeyboardInterrupt

    with ModelServer() as server:
        deployment, environment = site(tmp_path, kafka_broker, topic_name, server.url)
        goods = deployment.use_case("goods")
        answered = live.play(deployment, goods, messages(3), environment, Interrupting(), table=False)
    assert [(one.key, one.done) for one in answered] == [("a0", True)]
    assert not _streams(tmp_path)


def test_a_stream_that_does_not_start_is_said(
    tmp_path: Path, kafka_broker: LocalBroker, topic_name: str
) -> None:
    deployment, environment = site(tmp_path, kafka_broker, topic_name, "http://127.0.0.1:9/v1")
    goods = deployment.use_case("goods")
    (tmp_path / "prompts" / "models.yaml").write_text("models: 1\n")
    with pytest.raises(LocalFailed, match="furrow stream goods"):
        live.play(deployment, goods, messages(1), environment, Silent(), table=False)


def _streams(home: Path) -> list[int]:
    """Processes of `furrow stream` over this folder that still run."""
    found = []
    for process in psutil.process_iter():
        try:
            if "stream" in process.cmdline() and process.environ().get("FURROW_HOME") == str(home):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found
