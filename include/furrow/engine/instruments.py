"""The metrics that there are, and the way to OpenTelemetry's API, which is imported at its first use.

In a process without a provider, or without the package, nothing comes of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.trace import Span, SpanKind

Attributes = Mapping[str, str | int | float | bool | Sequence[str]]

SCOPE = "furrow"
"""The instrumentation scope of every span and instrument."""


class Kind(StrEnum):
    """What an instrument does with numbers."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Instrument:
    """What is measured. unit: UCUM; buckets: upper bounds, unless the provider has a view of its own."""

    kind: Kind
    unit: str
    description: str
    buckets: tuple[float, ...] | None = None


INSTRUMENTS: Mapping[str, Instrument] = {
    "gen_ai.client.token.usage": Instrument(
        Kind.HISTOGRAM, "{token}", "Tokens read and written by a call.", tuple(4.0**n for n in range(14))
    ),
    "gen_ai.client.operation.duration": Instrument(
        Kind.HISTOGRAM, "s", "From request to whole answer.", tuple(0.01 * 2**n for n in range(14))
    ),
    "furrow.calls": Instrument(Kind.COUNTER, "{call}", "Requests to a model, failed ones included."),
    "furrow.calls.unpriced": Instrument(Kind.COUNTER, "{call}", "Answers whose price nobody knows."),
    "furrow.cost_usd": Instrument(Kind.COUNTER, "{USD}", "What answers cost, where the price is known."),
    "furrow.ledger.hits": Instrument(Kind.COUNTER, "{answer}", "Answers that did not have to be bought."),
    "furrow.records": Instrument(Kind.COUNTER, "{record}", "What became of records."),
    "furrow.rungs": Instrument(Kind.COUNTER, "{answer}", "How the answers of records came to be valid."),
    "furrow.budget.left_usd": Instrument(Kind.GAUGE, "{USD}", "Not spent yet of today's budget (UTC)."),
    "furrow.budget.limit_usd": Instrument(Kind.GAUGE, "{USD}", "Today's budget, with what was put on top."),
    "furrow.runs": Instrument(Kind.COUNTER, "{run}", "Batch runs that came to their report."),
    "furrow.run.finished_at": Instrument(Kind.GAUGE, "s", "When one last did, in seconds since 1970."),
    "furrow.stream.lag_records": Instrument(Kind.GAUGE, "", "Messages after the committed position."),
    "furrow.stream.lag_seconds": Instrument(Kind.GAUGE, "", "Age of the oldest event not committed."),
    "furrow.stream.on_their_way": Instrument(Kind.GAUGE, "", "Events taken and not committed."),
    "furrow.stream.events": Instrument(Kind.GAUGE, "", "Committed since the process began."),
    "furrow.stream.accepted": Instrument(Kind.GAUGE, "", "Of those, published."),
    "furrow.stream.rejected": Instrument(Kind.GAUGE, "", "Of those, to the dead letters."),
    "furrow.stream.failures": Instrument(Kind.GAUGE, "", "Failed tries since the process began."),
    "furrow.stream.connected": Instrument(Kind.GAUGE, "", "1 while it has its place at the broker."),
    "furrow.stream.late": Instrument(Kind.GAUGE, "", "1 while an event waits longer than max_lag_seconds."),
}
"""Every metric there is. Inside Airflow those of `furrow.stream` go through its own metrics instead."""


def add(name: str, amount: float, attributes: Attributes) -> None:
    """Count, with a counter of the table."""
    if (instrument := _instrument(name)) is not None:
        instrument.add(amount, attributes)


def measure(name: str, value: float, attributes: Attributes) -> None:
    """Add a value to a histogram of the table."""
    if (instrument := _instrument(name)) is not None:
        instrument.record(value, attributes)


def show(name: str, value: float, attributes: Attributes) -> None:
    """Put a gauge of the table at a value."""
    if (instrument := _instrument(name)) is not None:
        instrument.set(value, attributes)


@contextmanager
def span(name: str, kind: str, attributes: Attributes, alone: bool = False) -> Iterator[Span | None]:
    """The current span inside; None where nothing records it. kind: `client` or `consumer`.

    alone: begin a trace, linked to the span around it. An exception passes and leaves no words on the span.
    """
    tracer = _tracer()
    if tracer is None:
        yield None
        return
    from opentelemetry import trace

    around, links = None, []
    if alone:
        around = trace.set_span_in_context(trace.INVALID_SPAN)
        links = [trace.Link(trace.get_current_span().get_span_context())]
    made = tracer.start_span(name, around, _kind(kind), attributes, links)
    with trace.use_span(made, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        yield made if made.is_recording() else None


# --- made once for each provider: a process that is forked, or a test, may get another -------------------


def _tracer() -> Any:
    if not _is_there():
        return None
    from opentelemetry import trace

    return _tracer_of(trace.get_tracer_provider())


def _instrument(name: str) -> Any:
    if not _is_there():
        return None
    from opentelemetry import metrics

    return _instrument_of(metrics.get_meter_provider(), name)


@lru_cache(1)
def _is_there() -> bool:
    try:
        import opentelemetry.trace  # noqa: F401
    except ImportError:
        return False
    return True


@lru_cache(2)
def _tracer_of(provider: Any) -> Any:
    return provider.get_tracer(SCOPE)


@lru_cache(4 * len(INSTRUMENTS))
def _instrument_of(provider: Any, name: str) -> Any:
    return _make(provider.get_meter(SCOPE), name, INSTRUMENTS[name])


def _kind(name: str) -> SpanKind:
    from opentelemetry.trace import SpanKind

    return SpanKind[name.upper()]


def _make(meter: Any, name: str, instrument: Instrument) -> Any:
    words = {"name": name, "unit": instrument.unit, "description": instrument.description}
    match instrument.kind:
        case Kind.COUNTER:
            return meter.create_counter(**words)
        case Kind.GAUGE:
            return meter.create_gauge(**words)
        case Kind.HISTOGRAM:
            return meter.create_histogram(**words, explicit_bucket_boundaries_advisory=instrument.buckets)
