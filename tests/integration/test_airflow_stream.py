"""A real Airflow runs the DAG of a stream: events in, results out, hand-over, a pause, a changed release."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from math import inf
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.adapters.feature_repository import apply, write_repository
from furrow.assembly import Deployment
from furrow.config.loader import load_all
from furrow.config.use_case import UseCase
from furrow.local import broker
from furrow.local.airflow_api import AirflowApi
from furrow.store.replicas import sittings
from tests.airflow_server import AirflowServer
from tests.broker import LocalBroker
from tests.folders import FolderOfPrompts, record

pytestmark = [pytest.mark.airflow, pytest.mark.broker, pytest.mark.timeout(900)]
DAG, EVENTS, RESULTS = "streamed.stream", "streamed.events", "streamed.results"
PIPELINE = f"""\
description: listings to attributes, in real time
owner: tests
source:
  kafka: {{topic: {EVENTS}}}
record: {{key: id, time: at}}
publish:
  kafka: {{topic: {RESULTS}}}
  features: {{entity: article, ttl_days: 3650}}
stream: {{replicas: 1, run_minutes: 60, look_ahead: 16}}
"""


class Stream:
    """Both ends of the stream, as a test sees them."""

    def __init__(self, address: str, api: AirflowApi, deployment: Deployment):
        self.api, self.deployment = api, deployment
        self._producer = Producer({"bootstrap.servers": address, "linger.ms": 0})
        self.sent: list[str] = []
        self.seen: list[tuple[float, dict[str, Any]]] = []
        self._consumer = Consumer(
            {
                "bootstrap.servers": address,
                "group.id": "streamed.test",
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "receive.message.max.bytes": broker.RECEIVE_BYTES,
                "topic.metadata.refresh.interval.ms": 1000,
            }
        )
        self._consumer.subscribe([RESULTS])

    def send(self, count: int = 1) -> None:
        """Events, each with a key of its own."""
        for number in range(len(self.sent), len(self.sent) + count):
            value = record(number)
            self._producer.produce(EVENTS, json.dumps(value).encode(), str(value["id"]))
            self.sent.append(str(value["id"]))
        assert self._producer.flush(30) == 0

    def read(self, seconds: float = 0.02) -> None:
        """What has come out meanwhile, with the moment."""
        message = self._consumer.poll(seconds)
        while message is not None:
            if message.error() is None:
                self.seen.append((time.monotonic(), json.loads(message.value())))
            message = self._consumer.poll(0)

    def until(self, true: Callable[[], bool], what: str, sending: bool = False) -> None:
        """Read, and send an event each 50 ms if wanted."""
        deadline = time.monotonic() + 240
        while not true():
            assert time.monotonic() < deadline, f"never: {what}; {self.instances()}"
            if sending:
                self.send()
            self.read(0.05)

    def all_out(self) -> None:
        """Every event has its result, and only one."""
        self.until(lambda: len(self.seen) >= len(self.sent), f"{len(self.seen)} of {len(self.sent)}")
        assert [result["key"] for _, result in self.seen] == self.sent

    def instances(self) -> list[Any]:
        """The task instances of all runs, the oldest first."""
        runs = self.api._send("GET", f"/api/v2/dags/{DAG}/dagRuns?order_by=run_after")["dag_runs"]
        return [
            (run["dag_run_id"], one.task_id, one.map_index, one.state, one.try_number)
            for run in runs
            for one in self.api.task_instances(DAG, run["dag_run_id"])
        ]

    def read_at(self) -> datetime:
        return datetime.fromisoformat(self.api.dag(DAG)["last_parsed_time"])

    def states(self) -> list[str | None]:
        return [state for *_, state, _ in self.instances()]

    def newest_are(self, state: str, runs: int | None = None) -> bool:
        """Whether both tasks of the newest run are in the state, and those of all runs before it ended well.

        runs: how many there are in all. How many there are at the start is Airflow's: one, or two within a
        second when it parses the DAG anew at the moment of its first run.
        """
        states = self.states()
        before, newest = states[:-2], states[-2:]
        return newest == [state] * 2 and {*before} <= {"success"} and runs in (None, len(states) // 2)

    def process(self) -> str:
        return next(
            found.process for found in sittings(self.deployment.database, "streamed") if found.replica == "0"
        )

    def features(self) -> set[str]:
        use_case = self.deployment.use_case("streamed")
        return set(self.deployment.features(use_case, use_case.version()).read(self.sent))

    def longest_gap(self, since: float, until: float = inf) -> float:
        """Seconds between two results, while events came every 50 ms."""
        moments = [moment for moment, _ in self.seen if since <= moment < until]
        return max(after - before for before, after in pairwise(moments))


@pytest.fixture(scope="module")
def stream(airflow_server: AirflowServer, kafka_broker: LocalBroker) -> Iterator[Stream]:
    """The folder `streamed`, put beside the others; its DAG is off when the test begins and ends."""
    prompts = FolderOfPrompts(airflow_server.settings.prompts)
    for file in (prompts.path / "goods" / "v1").rglob("*"):
        if file.is_file():
            prompts.put(f"streamed/v1/{file.relative_to(prompts.path / 'goods' / 'v1')}", file.read_bytes())
    prompts.put("streamed/pipeline.yaml", PIPELINE)
    read_until = airflow_server.look_again()
    broker.create_topic(kafka_broker.address, EVENTS)
    broker.create_topic(kafka_broker.address, RESULTS)
    deployment = Deployment(airflow_server.settings, EnvironmentConnections(airflow_server.connections))
    loaded = [one for one in load_all(prompts.path) if isinstance(one, UseCase)]  # `broken` has none
    write_repository(loaded, airflow_server.settings.features)
    apply(airflow_server.settings.features)
    with airflow_server.api() as api:
        api.wait_for_dag(DAG)
        found = Stream(kafka_broker.address, api, deployment)
        found.until(lambda: found.read_at() >= read_until, "the DAG file has been read")
        yield found
        api.pause(DAG)
        found.until(lambda: "running" not in found.states(), "the stream ends")


def test_a_stream_goes_on_through_a_hand_over_a_pause_and_a_new_release(
    stream: Stream, airflow_server: AirflowServer
) -> None:
    # Switched on, it starts by itself, and answers each event as it comes.
    stream.send(20)
    stream.api.unpause(DAG)
    stream.all_out()
    stream.until(lambda: stream.newest_are("running"), "replica and sink run")

    # The next run takes over; the one before ends well. Nothing is lost, doubled or out of order.
    calm = time.monotonic()
    stream.until(lambda: time.monotonic() > calm + 5, "five calm seconds", sending=True)
    first, runs, since = stream.process(), len(stream.states()) // 2, time.monotonic()
    stream.api.trigger(DAG)
    stream.until(lambda: stream.process() != first, "another process has the place", sending=True)
    taken = time.monotonic()
    stream.until(lambda: time.monotonic() > taken + 5, "it works for five seconds", sending=True)
    stream.all_out()
    usual, gap = stream.longest_gap(calm, since), stream.longest_gap(since)
    print(f"longest time between two results: {gap:.2f} s in the hand-over, {usual:.2f} s before it")
    stream.until(lambda: stream.newest_are("running", runs + 1), "the first run has ended")

    # A changed release is taken up between two records, by the same process.
    before, second = {result["release"] for _, result in stream.seen}, stream.process()
    prompts = FolderOfPrompts(airflow_server.settings.prompts)
    prompts.put("streamed/v1/digest/system.md", "Write a very short digest.\n")
    stream.until(lambda: stream.seen[-1][1]["release"] not in before, "the release changes", sending=True)
    stream.all_out()
    assert stream.process() == second
    releases = [result["release"] for _, result in stream.seen]
    assert len(set(releases)) == 2 and sorted(releases, key=releases.index) == releases

    # Paused, it ends what is on its way and waits; what comes meanwhile waits too.
    stream.api.pause(DAG)
    stream.until(lambda: stream.newest_are("up_for_reschedule", runs + 1), "it is put back")
    stream.send(5)
    stream.read(3)
    assert len(stream.seen) == len(stream.sent) - 5

    # Switched on again, the same run goes on at once.
    stream.api.unpause(DAG)
    stream.all_out()
    assert len(stream.states()) == 2 * (runs + 1)

    # A task that is cleared in the middle of it is started again; nothing is lost or doubled.
    third, run = stream.process(), stream.instances()[-1][0]
    stream.api.clear(DAG, run, [("replica", 0)], downstream=False)
    stream.until(lambda: stream.process() != third, "it is started again", sending=True)
    stream.all_out()
    stream.until(lambda: stream.features() == set(stream.sent), "the sink has every result")
