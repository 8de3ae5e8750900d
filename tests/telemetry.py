"""Providers of telemetry in memory, for one test, and what came to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

Point = tuple[dict[str, Any], float]


class Told:
    """What was told so far."""

    def __init__(self) -> None:
        self._spans, self._reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracers, self.meters = TracerProvider(), MeterProvider([self._reader])
        self.tracers.add_span_processor(SimpleSpanProcessor(self._spans))

    @property
    def spans(self) -> list[ReadableSpan]:
        """Those that ended, in that order."""
        return list(self._spans.get_finished_spans())

    def points(self) -> dict[str, list[Point]]:
        """By metric: attributes, and the value; of a histogram the sum."""
        found = self._reader.get_metrics_data()
        if found is None:
            return {}
        measured = [
            metric
            for resource in found.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        ]
        return {
            metric.name: [(dict(point.attributes or {}), _value(point)) for point in metric.data.data_points]
            for metric in measured
        }

    def everything(self) -> str:
        """All that would leave this process, as one text."""
        spans = "".join(span.to_json() for span in self.spans)
        found = self._reader.get_metrics_data()
        return spans + ("" if found is None else found.to_json())


def total(points: list[Point], **wanted: str) -> float:
    """The sum of the points with these attributes; `use_case` stands for `furrow.use_case`."""
    named = {f"furrow.{name}": value for name, value in wanted.items()}
    return sum(value for attributes, value in points if named.items() <= attributes.items())


def _value(point: Any) -> float:
    return float(point.value if hasattr(point, "value") else point.sum)


@contextmanager
def telling() -> Iterator[Told]:
    """The providers of the whole process, as Airflow sets them; those before come back."""
    told = Told()
    before = trace._TRACER_PROVIDER, metrics._internal._METER_PROVIDER
    trace._TRACER_PROVIDER, metrics._internal._METER_PROVIDER = told.tracers, told.meters
    try:
        yield told
    finally:
        trace._TRACER_PROVIDER, metrics._internal._METER_PROVIDER = before
