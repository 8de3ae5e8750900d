"""Fixtures that every kind of test may use."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from tests.airflow_server import AirflowServer, airflow_server, model_server, story_provider
from tests.bigquery_server import _bigquery_server, bigquery_server
from tests.broker import kafka_broker, topic_name
from tests.brokers import apache_kafka, broker, embedded_broker, topic
from tests.features import _applied_home, home
from tests.folders import FolderOfPrompts

__all__ = [
    "_applied_home",
    "_bigquery_server",
    "airflow_server",
    "apache_kafka",
    "bigquery_server",
    "broker",
    "embedded_broker",
    "home",
    "kafka_broker",
    "model_server",
    "story_provider",
    "topic",
    "topic_name",
]

settings.register_profile("anywhere", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("anywhere"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "anywhere")
"""How fast a machine is, is no failure; in CI one is about the change, and not about the dice."""

ROOT = Path(__file__).resolve().parents[1]


class AirflowInOneProcess(LoadFileScheduling):  # type: ignore[misc]
    """Gives a worker a file at a time, and all files with a marker `airflow` to one: they share a server."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "airflow" if _needs_airflow(file) else file


@cache
def _needs_airflow(file: str) -> bool:
    return "mark.airflow" in (ROOT / file).read_text(encoding="utf-8")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> AirflowInOneProcess | None:
    """With `--dist loadfile`, in the order of `pytest_collection_modifyitems`."""
    if config.getvalue("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return AirflowInOneProcess(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Airflow's tests begin: they take longest, and others can do the rest beside them."""
    items.sort(key=lambda item: item.get_closest_marker("airflow") is None)


@pytest.fixture(scope="module")
def first_day() -> date:
    """In which the tests of a module began (UTC)."""
    return datetime.now(UTC).date()


@pytest.fixture
def today(first_day: date) -> date:
    """Skips what asks what today cost when a day has ended since something was bought."""
    if datetime.now(UTC).date() != first_day:
        pytest.skip("a day has ended meanwhile")
    return first_day


@pytest.fixture
def root() -> Path:
    """The project folder."""
    return ROOT


@pytest.fixture
def prompts(tmp_path: Path) -> FolderOfPrompts:
    """A prompts folder with one small, valid use case `goods`, to be changed by a test."""
    return FolderOfPrompts.write(tmp_path / "prompts")


@pytest.fixture(scope="session", autouse=True)
def frozen_heap() -> None:
    """Pipelines and statsmodels collect garbage again and again, else over all that a suite has imported."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    """What Airflow and its newest tasks wrote stands in the report of a test that failed on it."""
    report = yield
    server = getattr(item, "funcargs", {}).get("airflow_server")
    if report.failed and isinstance(server, AirflowServer):
        report.sections += server.last_words()
    return report
