"""The stock way from an event to a result: an AssetWatcher on a Kafka trigger, and a DAG run for the event.

Airflow with its four processes in a folder of its own, as the local default starts it, with the Kafka
provider's trigger as its documentation shows it. The DAG's task asks the same model server and writes the
result to a topic.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.engine import environment
from bench.stream_site import Reader, Site, Writer
from furrow.config.settings import Settings
from furrow.errors import CredentialsRefused, LocalFailed
from furrow.local import airflow, ports
from furrow.local.airflow_api import AirflowApi
from tests.brokers import Broker

Json = dict[str, Any]
DAG_ID = "stock"
EVERY_SECONDS = 5.0
_PATIENCE_SECONDS = 240

DAG = """\
import json
import os

from airflow.providers.apache.kafka.triggers.await_message import AwaitMessageTrigger
from airflow.sdk import Asset, AssetWatcher, dag, task

trigger = AwaitMessageTrigger(
    topics=[os.environ["BENCH_EVENTS"]], kafka_config_id="kafka_default", poll_timeout=0.1, poll_interval=0.1
)
events = Asset("bench_events", watchers=[AssetWatcher(name="bench_watcher", trigger=trigger)])


@dag(dag_id="stock", schedule=[events], max_active_runs=8, catchup=False)
def stock():
    @task
    def answer(triggering_asset_events=None):
        import httpx
        from confluent_kafka import Producer

        producer = Producer({"bootstrap.servers": os.environ["BENCH_BROKER"], "linger.ms": 0})
        for event in triggering_asset_events[events]:
            record = json.loads(event.extra["payload"])
            body = {"model": "bench", "messages": [{"role": "user", "content": record["body"]}]}
            url = f"{os.environ['BENCH_MODEL']}/chat/completions"
            told = httpx.post(url, json=body, headers={"Authorization": "Bearer no-key"}, trust_env=False)
            producer.produce(os.environ["BENCH_RESULTS"], told.raise_for_status().content, record["id"])
        producer.flush(30)

    answer()


stock()
"""


def stock_latency(broker: Broker, folder: Path, url: str, model_seconds: float, events: int) -> Json:
    """Milliseconds from before the event is written to after its result is read, without the model's own."""
    from bench.stream import reading

    site = Site.make(folder, broker, url, 1, {})
    home = site.home / "stock"
    with running(home, site) as api, site.reader() as reader, site.writer() as writer, reading(reader):
        api.wait_for_dag(DAG_ID)
        api.unpause(DAG_ID)
        _first(reader, writer)
        for _ in range(events):
            writer.write(1)
            time.sleep(EVERY_SECONDS)
        _wait(reader, writer.count)
        seen = dict(reader.seen)
    sent = {key: at for key, at in writer.sent.items() if int(key) >= writer.count - events}
    added = sorted(1000 * (seen[key] - at - model_seconds) for key, at in sent.items() if key in seen)
    if not added:
        raise SystemExit("no event of the stock way was answered")
    return {
        "events": events,
        "answered": len(added),
        "every_seconds": EVERY_SECONDS,
        "p50_ms": round(statistics.median(added)),
        "p99_ms": round(added[int(0.99 * len(added))]),
        "fastest_ms": round(added[0]),
        "airflow": airflow.version(),
    }


def _first(reader: Reader, writer: Writer) -> None:
    """Events until one comes through: the trigger begins with what is new when it joins."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not reader.seen:
        if time.monotonic() > deadline:
            raise SystemExit(f"no event of the stock way was answered in {_PATIENCE_SECONDS} s")
        writer.write(1)
        time.sleep(EVERY_SECONDS)


def _wait(reader: Reader, count: int) -> None:
    """For the last ones, as long as any still comes."""
    known, since = len(reader.seen), time.monotonic()
    while len(reader.seen) < count and time.monotonic() < since + 60:
        if len(reader.seen) > known:
            known, since = len(reader.seen), time.monotonic()
        time.sleep(0.1)


@contextmanager
def running(home: Path, site: Site) -> Iterator[AirflowApi]:
    """Airflow over a project folder with the one DAG; its API once all four processes beat."""
    (home / "dags").mkdir(parents=True)
    (home / "dags" / "stock.py").write_text(DAG)
    settings, port = Settings.from_environment({"FURROW_HOME": str(home)}), ports.choose(0, taken={0})
    _, password = airflow.login(settings)
    told = _environment(settings, port, site)
    subprocess.run(airflow.migrate(), env=told, check=True, capture_output=True)
    began, started = datetime.now(UTC), []
    for name, command in airflow.processes(settings).items():
        with (home / f"{name}.log").open("wb") as log:
            started.append(
                subprocess.Popen(command, env=told, stdout=log, stderr=log, start_new_session=True)
            )
    try:
        yield _signed_in(port, began, password)
    finally:
        _end(started)


def _environment(settings: Settings, port: int, site: Site) -> dict[str, str]:
    """The pace is that of the local default, with more room for runs side by side."""
    kafka = {"bootstrap.servers": site.broker.address, "group.id": f"{site.events}.stock"}
    kafka |= {"auto.offset.reset": "earliest", "enable.auto.commit": "false"}
    connection = site.environment()["AIRFLOW_CONN_KAFKA_DEFAULT"]
    connection = connection.replace('"extra": {', '"extra": {' + _fields(kafka) + ", ", 1)
    return {
        **environment(),
        **airflow.environment(settings, port, {"AIRFLOW_CONN_KAFKA_DEFAULT": connection}),
        "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "8",
        "AIRFLOW__CORE__PARALLELISM": "8",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
        "BENCH_EVENTS": site.events,
        "BENCH_RESULTS": site.results,
        "BENCH_BROKER": site.broker.address,
        "BENCH_MODEL": site.url,
    }


def _fields(values: dict[str, str]) -> str:
    return ", ".join(f'"{name}": "{value}"' for name, value in values.items())


def _signed_in(port: int, began: datetime, password: str) -> AirflowApi:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with suppress(LocalFailed, CredentialsRefused):
            if airflow.healthy(port, began):
                return AirflowApi(f"http://{ports.address(port)}", airflow.USER, password)
        time.sleep(1)
    raise SystemExit(f"Airflow did not start in {_PATIENCE_SECONDS} s")


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for sign, patience in ((signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0)):
        for process in processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, sign)
        deadline = time.monotonic() + patience
        while any(process.poll() is None for process in processes) and time.monotonic() < deadline:
            time.sleep(0.1)
