"""Where a command outside Airflow sends its telemetry: wherever the standard `OTEL_*` variables say.

Inside Airflow this is Airflow's business: its settings set the providers of a task's process.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource

log = logging.getLogger(__name__)


def export_telemetry(part: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Set the providers of this process; whether any variable asks for one. Both flush when it exits.

    part: tells this process from others, such as `hashtags/0`; the same after a new start.
    """
    spans, metrics = exporter_name("traces", environ), exporter_name("metrics", environ)
    try:
        if spans is not None:
            _export_spans(_loaded("traces", spans), _resource(part, environ))
        if metrics is not None:
            _export_metrics(_loaded("metrics", metrics), _resource(part, environ))
    except (ImportError, LookupError) as error:
        log.warning("there will be no telemetry: %s", error)
        return False
    return spans is not None or metrics is not None


def exporter_name(signal: str, environ: Mapping[str, str]) -> str | None:
    """The entry point of the exporter for `traces` or `metrics`; None when no variable asks for one."""
    upper = signal.upper()
    name = environ.get(f"OTEL_{upper}_EXPORTER", "").strip()
    names = (f"OTEL_EXPORTER_OTLP_{upper}_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or name == "none":
        return None
    if not name and not any(environ.get(variable) for variable in names):
        return None
    if name not in ("", "otlp"):
        return name
    protocols = (f"OTEL_EXPORTER_OTLP_{upper}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
    protocol = next((environ[variable] for variable in protocols if environ.get(variable)), "http/protobuf")
    return "otlp_proto_grpc" if protocol == "grpc" else "otlp_proto_http"


def _loaded(signal: str, name: str) -> Any:
    for found in entry_points(group=f"opentelemetry_{signal}_exporter", name=name):
        return found.load()()
    raise LookupError(f"no exporter `{name}` for OTEL_{signal.upper()}_EXPORTER is installed")


def _resource(part: str, environ: Mapping[str, str]) -> Resource:
    from opentelemetry.sdk.resources import Resource

    named = {"service.instance.id": f"{socket.gethostname()}/{part}"}
    written = environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    if not environ.get("OTEL_SERVICE_NAME") and "service.name=" not in written:
        named["service.name"] = "furrow"
    return Resource.create(named)


def _export_spans(exporter: Any, resource: Resource) -> None:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


def _export_metrics(exporter: Any, resource: Resource) -> None:
    from opentelemetry import metrics
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader

    pulled = isinstance(exporter, MetricReader)  # Prometheus, which fetches
    reader = exporter if pulled else PeriodicExportingMetricReader(exporter)
    metrics.set_meter_provider(MeterProvider([reader], resource))
