"""Airflow's own settings decide where telemetry goes: what its task processes set up is what Furrow uses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.collector import Collector, collecting

TASK = """
import asyncio
from airflow.sdk.configuration import conf
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils
from opentelemetry import trace

import airflow.settings
from furrow.engine.ports import Answer, Finish, Message, ModelRequest
from furrow.engine.telemetry import CallTelemetry

answer = Answer("x", Finish.STOP, "m", 3, 2, 0.5, 0.1)
request = ModelRequest("small", "openai-chat:small", (Message("user", "x"),))

async def ask():
    return answer

stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=False)
with trace.get_tracer("task").start_as_current_span("worker.extract"):
    stats.incr("ti.start")
    asyncio.run(CallTelemetry("goods", "v1@12345678", "run").told("extract", request, ask))
    stats.gauge("furrow.stream.late", 1, tags={"use_case": "goods", "replica": "0"})
"""
"""What a task's process does, in Airflow's order, around one call of ours."""


def run(folder: Path, collector: Collector, **switched: str) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    environ |= {
        "AIRFLOW_HOME": str(folder),
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
        "OTEL_TRACES_EXPORTER": "otlp_proto_http",
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta",
        **switched,
    }
    subprocess.run([sys.executable, "-c", TASK], env=environ, check=True, capture_output=True, timeout=120)


def test_with_both_switched_on_calls_are_spans_below_the_task_and_counts_beside_airflows(
    tmp_path: Path,
) -> None:
    with collecting() as collector:
        run(tmp_path, collector, AIRFLOW__TRACES__OTEL_ON="true", AIRFLOW__METRICS__OTEL_ON="true")
    call, task = sorted(collector.spans, key=lambda span: str(span.name))
    assert (call.name, call.parent_span_id) == ("chat small", task.span_id)
    assert {"airflow.ti.start", "airflow.furrow.stream.late", "furrow.calls"} <= set(collector.metrics)
    (counted,) = collector.metrics["furrow.cost_usd"]
    assert counted.sum.aggregation_temporality == 1  # delta, so that many short processes add up
    assert counted.sum.data_points[0].as_double == 0.5


def test_with_neither_switched_on_nothing_is_sent(tmp_path: Path) -> None:
    with collecting() as collector:
        run(tmp_path, collector)
    assert not collector.spans and not collector.metrics
