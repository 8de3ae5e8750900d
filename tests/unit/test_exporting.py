"""Where a command outside Airflow sends its telemetry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from furrow.cli.exporting import export_telemetry, exporter_name
from furrow.testing import ModelServer
from tests.collector import collecting
from tests.folders import FolderOfPrompts

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}


@pytest.mark.parametrize(
    ("environ", "traces", "metrics"),
    [
        ({}, None, None),
        (ENDPOINT, "otlp_proto_http", "otlp_proto_http"),
        ({**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "otlp_proto_grpc", "otlp_proto_grpc"),
        (
            {**ENDPOINT, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"},
            "otlp_proto_grpc",
            "otlp_proto_http",
        ),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://c:4318/v1/metrics"}, None, "otlp_proto_http"),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, None, "otlp_proto_http"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console", None),
        ({"OTEL_METRICS_EXPORTER": "otlp"}, None, "otlp_proto_http"),
        ({**ENDPOINT, "OTEL_SDK_DISABLED": "true"}, None, None),
    ],
)
def test_the_standard_variables_say_what_goes_where(
    environ: dict[str, str], traces: str | None, metrics: str | None
) -> None:
    assert (exporter_name("traces", environ), exporter_name("metrics", environ)) == (traces, metrics)


def test_without_a_variable_nothing_is_set() -> None:
    assert export_telemetry("goods/0", {}) is False


def test_an_exporter_that_is_not_installed_is_a_warning_and_no_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert export_telemetry("goods/0", {"OTEL_TRACES_EXPORTER": "jaeger"}) is False
    assert "jaeger" in caplog.text


def test_a_run_outside_airflow_sends_its_spans_and_counts_before_it_ends(
    prompts: FolderOfPrompts, tmp_path: Path
) -> None:
    with ModelServer() as server, collecting() as collector:
        connection = json.dumps({"conn_type": "pydanticai", "host": server.url, "password": "x"})
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("OTEL_")},
            "FURROW_HOME": str(tmp_path),
            "FURROW_PROMPTS": str(prompts.path),
            "AIRFLOW_CONN_MODELS": connection,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
        }
        files = [
            "--input",
            str(prompts.path / "goods" / "sample.jsonl"),
            "--output",
            str(tmp_path / "out.jsonl"),
        ]
        command = [sys.executable, "-m", "furrow.cli", "run", "goods", *files]
        subprocess.run(command, env=environ, check=True, capture_output=True, timeout=120)
    assert [span.name for span in collector.spans] == ["chat small"] * 6
    assert {"furrow.calls", "furrow.records", "gen_ai.client.token.usage"} <= set(collector.metrics)
    for resource in collector.resources:
        assert resource["service.name"] == "furrow"
        assert resource["service.instance.id"].endswith("/goods/run")
