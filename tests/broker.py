"""A local Kafka broker for tests, ended with the test session. conftest.py imports the fixtures."""

from __future__ import annotations

import logging
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from furrow.local import broker, ports


class LocalBroker:
    """A broker process that can be stopped and started again on the same address and files."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.port = ports.choose(0, taken={0})
        self.address = ports.address(self.port)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        log = (self.folder.parent / "broker.log").open("ab")
        self._process = subprocess.Popen(
            broker.command(self.folder, self.port), stdout=log, stderr=log, start_new_session=True
        )
        for _ in range(600):
            if broker.answers(self.address):
                return
            time.sleep(0.05)
        raise AssertionError(f"the broker did not start: {(self.folder.parent / 'broker.log').read_text()}")

    def topic(self, name: str, partitions: int = 1, **config: str) -> None:
        """Make a topic whose messages stay."""
        new = NewTopic(name, partitions, 1, config={"retention.ms": "-1", **config})
        admin = self.admin()
        admin.create_topics([new])[name].result(timeout=15)

    def admin(self) -> AdminClient:
        """A client for what the product never does itself."""
        return AdminClient({"bootstrap.servers": self.address}, logger=logging.getLogger("tests.broker"))

    def stop(self) -> None:
        """End it, files kept."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBroker]:
    """One broker for the whole session; topics keep tests apart."""
    running = LocalBroker(tmp_path_factory.mktemp("broker") / "files")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def topic_name() -> str:
    """A topic name that no other test uses."""
    return f"articles-{uuid.uuid4().hex[:8]}"
