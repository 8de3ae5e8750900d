"""What is told to OpenTelemetry: a span for each model call, and the counts that docs/telemetry.md lists.

Where it goes is decided by whoever sets the providers of a process; where nobody did, nothing happens. No
name, attribute or status holds text of a record: a prompt and its answer are put on a span only while the
variable CAPTURE says so.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from furrow.engine.instruments import Attributes, add, measure, show, span
from furrow.engine.ports import EMBED, Answer, Finish, Message, ModelRequest, Purse
from furrow.engine.record import Outcome, Rung, Work

if TYPE_CHECKING:
    from opentelemetry.trace import Span

CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
"""`true` (or `span_only`, `span_and_event`) puts the text of prompts and answers on spans."""
_CAPTURING = {"true", "span_only", "span_and_event"}
_RUNG: ContextVar[Rung] = ContextVar("rung", default=Rung.STRICT)
_PROVIDERS = {
    "openai-chat": "openai",
    "openai-responses": "openai",
    "azure": "azure.ai.openai",
    "google": "gcp.gemini",
    "google-gla": "gcp.gemini",
    "google-cloud": "gcp.vertex_ai",
    "google-vertex": "gcp.vertex_ai",
    "bedrock": "aws.bedrock",
    "mistral": "mistral_ai",
    "xai": "x_ai",
}
"""pydantic-ai's name of a provider -> that of the conventions, where they differ."""
_FINISH = {Finish.STOP: "stop", Finish.LENGTH: "length", Finish.REFUSED: "content_filter"}
_PARAMS = ("temperature", "top_p", "max_tokens", "seed")


class CallTelemetry:
    """Tells about the calls that are made on behalf of one run."""

    def __init__(self, use_case: str, release: str, run_id: str):
        self._use_case = {"furrow.use_case": use_case}
        self._whose = {**self._use_case, "furrow.release": release}
        self._run = {"furrow.run_id": run_id}

    async def told(self, step: str, request: ModelRequest, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """What one request gives, with a span around it. Raises what it raises."""
        ours = {**self._whose, "furrow.step": step, "furrow.model": request.alias}
        rung = {"furrow.rung": str(_RUNG.get())}
        name, convention = _operation(request)
        known = {**convention, **_asked(request), **ours, **rung, **self._run}
        started = time.perf_counter()
        with span(name, "client", known) as own:
            try:
                answer = await ask()
            except BaseException as error:
                _failed(error, own, {**ours, **rung}, {**convention, **ours}, time.perf_counter() - started)
                raise
            seconds = time.perf_counter() - started
            if own is not None:
                own.set_attributes(_answered(request, answer))
        add("furrow.calls", 1, {**ours, **rung})
        _count_cost(answer.cost_usd, ours)
        _measure(answer, seconds, {**convention, **ours, "gen_ai.response.model": answer.model})
        return answer

    def hit(self, step: str, alias: str) -> None:
        """An answer was used that was paid for before, or that somebody else is paying for."""
        add("furrow.ledger.hits", 1, {**self._whose, "furrow.step": step, "furrow.model": alias})

    def budget(self, purse: Purse | None) -> None:
        """How the budget of the day stands; None: there is none."""
        if purse is not None:
            show("furrow.budget.left_usd", purse.left_usd, self._use_case)
            show("furrow.budget.limit_usd", purse.limit_usd, self._use_case)


@contextmanager
def asking(rung: Rung) -> Iterator[None]:
    """Calls that begin inside are made on this rung of the ladder: strict, reasked or escalated."""
    token = _RUNG.set(rung)
    try:
        yield
    finally:
        _RUNG.reset(token)


def event(use_case: str) -> AbstractContextManager[object]:
    """A trace of its own for one event of a stream: the span of the task around it goes on for hours."""
    return span("furrow.event", "consumer", {"furrow.use_case": use_case}, alone=True)


def ended(use_case: str, release: str, work: Work) -> None:
    """What became of a record, and on which rungs its answers are valid. A failed one counts at each try."""
    whose = {"furrow.use_case": use_case, "furrow.release": release}
    add("furrow.records", 1, {**whose, "furrow.outcome": str(work.outcome)})
    if work.outcome is Outcome.FAILED:
        return
    for step, trace in work.traces.items():
        if trace.rung is not None:
            add("furrow.rungs", 1, {**whose, "furrow.step": step, "furrow.rung": str(trace.rung)})


def run_ended(use_case: str, release: str, state: str) -> None:
    """A batch run came to its report. state: success or failed, as in the table of runs."""
    whose = {"furrow.use_case": use_case, "furrow.state": state}
    add("furrow.runs", 1, {**whose, "furrow.release": release})
    show("furrow.run.finished_at", time.time(), whose)


def stands(use_case: str, replica: str, gauges: Mapping[str, float]) -> None:
    """How a part of a stream stands, outside Airflow. gauges: by their names after `furrow.stream.`"""
    for name, value in gauges.items():
        show(f"furrow.stream.{name}", value, {"use_case": use_case, "replica": replica})


# --- one call ----------------------------------------------------------------------------------------


def _operation(request: ModelRequest) -> tuple[str, dict[str, str]]:
    """The span's name, and what names the operation in the conventions for generative AI."""
    embeds = any(message.role == EMBED for message in request.messages)
    operation = "embeddings" if embeds else "chat"
    provider, _, model = request.model.partition(":")
    return f"{operation} {model}", {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": _PROVIDERS.get(provider, provider),
        "gen_ai.request.model": model,
    }


def _asked(request: ModelRequest) -> Attributes:
    params = request.params
    found = {f"gen_ai.request.{name}": params[name] for name in _PARAMS if params.get(name) is not None}
    return {**found, "gen_ai.output.type": "text" if request.schema is None else "json"}


def _answered(request: ModelRequest, answer: Answer) -> Attributes:
    return {
        "gen_ai.response.model": answer.model,
        "gen_ai.response.finish_reasons": (_FINISH[answer.finish],),
        "gen_ai.usage.input_tokens": answer.input_tokens,
        "gen_ai.usage.output_tokens": answer.output_tokens,
        **({} if answer.cost_usd is None else {"furrow.cost_usd": answer.cost_usd}),
        **(_texts(request, answer) if _captures() else {}),
    }


def _failed(
    error: BaseException, own: Span | None, ours: Attributes, convention: Attributes, seconds: float
) -> None:
    """A call that came to nothing, by the class of its error: the message may quote the record."""
    named = {"error.type": type(error).__name__}
    if own is not None:
        from opentelemetry.trace import StatusCode

        own.set_attributes(named)
        own.set_status(StatusCode.ERROR)
    add("furrow.calls", 1, {**ours, **named})
    measure("gen_ai.client.operation.duration", seconds, {**convention, **named})


def _count_cost(usd: float | None, ours: Attributes) -> None:
    if usd is None:
        add("furrow.calls.unpriced", 1, ours)
    else:
        add("furrow.cost_usd", usd, ours)


def _measure(answer: Answer, seconds: float, named: Attributes) -> None:
    measure("gen_ai.client.operation.duration", seconds, named)
    for kind, tokens in (("input", answer.input_tokens), ("output", answer.output_tokens)):
        measure("gen_ai.client.token.usage", tokens, {**named, "gen_ai.token.type": kind})


# --- text, only when it is asked for -------------------------------------------------------------------


def _captures() -> bool:
    return os.environ.get(CAPTURE, "").strip().lower() in _CAPTURING


def _texts(request: ModelRequest, answer: Answer) -> Attributes:
    """The text as the model saw and gave it: what `mask` hides is hidden here too. Images are only named."""
    system = [message for message in request.messages if message.role == "system"]
    turns = [message for message in request.messages if message.role != "system"]
    said = {**_turn(Message("assistant", answer.text)), "finish_reason": _FINISH[answer.finish]}
    return {
        "gen_ai.system_instructions": _written([part for message in system for part in _parts(message)]),
        "gen_ai.input.messages": _written([_turn(message) for message in turns]),
        "gen_ai.output.messages": _written([said]),
    }


def _turn(message: Message) -> dict[str, object]:
    return {"role": message.role, "parts": _parts(message)}


def _parts(message: Message) -> list[dict[str, object]]:
    images = [
        {"type": "image", "mime_type": image.media_type, "bytes": len(image.content)}
        for image in message.images
    ]
    return [*images, {"type": "text", "content": message.text}]


def _written(parts: object) -> str:
    return json.dumps(parts, ensure_ascii=False)
