"""A real HTTP server that answers like a language model provider: fixed latency, made-up answers, a meter."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
from aiohttp import web

from furrow.engine.ports import Connection, Finish
from furrow.testing.answers import fitting_answer
from furrow.testing.faults import Fault, FaultKind, Faults
from furrow.testing.protocols import Asked, ChatCompletions, ModelProtocol, Said

Json = dict[str, Any]
Script = Callable[[Asked], str | Json | None]
"""What to answer; None leaves it to `fitting_answer`."""

_ONE_HOUR = 3600.0
_BYTES_PER_TOKEN = 4
_HEADER = {"Content-Type": "application/json"}
_STATUSES = {
    FaultKind.RATE_LIMIT: 429,
    FaultKind.SERVER_ERROR: 500,
    FaultKind.UNAUTHORIZED: 401,
    FaultKind.BAD_REQUEST: 400,
}
_BROKEN_PAGE = "<html><body>502 Bad Gateway</body></html>"


@dataclass(frozen=True, slots=True)
class Bill:
    """One billed call, a line of the meter. prompt: hash of the messages; request: hash of the whole body."""

    time: float
    model: str
    prompt: str
    request: str
    input_tokens: int
    output_tokens: int


class ModelServer:
    """Serves on 127.0.0.1, as a context manager in a thread of its own, or with `run` in the calling thread.

    latency: seconds from request to answer; meter: file that gets one JSON line for every billed call;
    script: what to answer; port: 0 takes a free one; keep: remember requests and bills;
    longest_prompt: characters, a longer one is refused as over the model's context.
    The answer to a prompt is always the same. What makes requests fail: `[[fault: rate_limit]]` in a
    prompt, `order`, or a POST of `[{"kind": "rate_limit"}]` to /control/faults.
    """

    def __init__(
        self,
        latency: float = 0.0,
        meter: Path | None = None,
        script: Script | None = None,
        port: int = 0,
        keep: bool = True,
        longest_prompt: int | None = None,
        protocols: Sequence[ModelProtocol] = (ChatCompletions(),),
    ):
        self.latency, self.port = latency, port
        self._meter = _Meter(meter, keep)
        self._script, self._protocols, self._faults = script, protocols, Faults()
        self._answers = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self._keep, self._longest_prompt = keep, longest_prompt
        self.asked: list[Asked] = []
        """The requests understood so far."""

    # --- for callers ---------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The base URL of an OpenAI-compatible client. Only valid while it runs."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def bills(self) -> list[Bill]:
        """What was billed since the start."""
        return self._meter.bills

    def connection(self, connection_id: str = "models", key: str = "no-key") -> Connection:
        """An Airflow connection that leads here."""
        return Connection(id=connection_id, type="pydanticai", host=self.url, password=key)

    def order(self, *faults: Fault | FaultKind | str) -> None:
        """Let the next requests fail, one for each fault."""
        self._faults.order(f if isinstance(f, Fault) else Fault(FaultKind(f)) for f in faults)

    def __enter__(self) -> Self:
        started = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(started.set),), daemon=True)
        self._thread.start()
        if not started.wait(30) or self.port == 0:
            raise RuntimeError(f"the model server did not start on port {self.port}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._loop is not None and self._stopped is not None and self._thread is not None
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(30)

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until cancelled; `ready` is called when the port is open and `port` is known."""
        await self._serve(ready)

    # --- serving -------------------------------------------------------------------------------

    async def _serve(self, ready: Callable[[], None]) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        runner = web.AppRunner(self._app(), access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", self.port, backlog=1024).start()
            self.port = runner.addresses[0][1]
            ready()
            await self._stopped.wait()
        finally:
            await runner.cleanup()
            self._meter.close()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        for protocol in self._protocols:
            app.router.add_post(protocol.path, self._endpoint(protocol))
        app.router.add_get("/health", _healthy)
        app.router.add_post("/control/faults", self._take_orders)
        return app

    async def _take_orders(self, request: web.Request) -> web.Response:
        self.order(*(Fault(**{**fault, "kind": FaultKind(fault["kind"])}) for fault in await request.json()))
        return web.Response(status=204)

    def _endpoint(self, protocol: ModelProtocol) -> Callable[[web.Request], Any]:
        async def answer(request: web.Request) -> web.StreamResponse:
            arrived = time.perf_counter()
            raw = await request.read()
            try:
                asked = protocol.read(orjson.loads(raw), request.match_info, request.headers)
            except (KeyError, TypeError, ValueError) as error:
                return _json(protocol.error(400, f"not a request of this protocol: {error!r}"), 400)
            if self._keep:
                self.asked.append(asked)
            fault = self._faults.next(asked.prompt)
            response = self._response(protocol, asked, raw, fault)
            hangs = fault is not None and fault.kind is FaultKind.HANG
            await asyncio.sleep(_ONE_HOUR if hangs else arrived + self.latency - time.perf_counter())
            return _cut(request) if response is None else response

        return answer

    def _response(
        self, protocol: ModelProtocol, asked: Asked, raw: bytes, fault: Fault | None
    ) -> web.Response | None:
        """What to send when the latency is over; None cuts the connection."""
        kind = fault.kind if fault else None
        if fault is not None and kind in _STATUSES:
            return _error(fault, protocol, asked)
        if self._longest_prompt and len(asked.prompt) > self._longest_prompt:
            return _json(protocol.error(400, "the prompt exceeds the context size"), 400)
        if kind is FaultKind.NOT_JSON:
            return web.Response(text=_BROKEN_PAGE, content_type="text/html")
        if kind in (FaultKind.RESET, FaultKind.HANG):
            return None
        body = orjson.dumps(self._answer(protocol, asked, raw, kind))
        if kind is FaultKind.LOST:
            return None
        return web.Response(
            body=body[: len(body) // 2] if kind is FaultKind.HALF_BODY else body, headers=_HEADER
        )

    def _answer(self, protocol: ModelProtocol, asked: Asked, raw: bytes, kind: FaultKind | None) -> Json:
        """The answer's body. It is billed from here on: a provider does the work for a client that left."""
        said = _spoiled(self._said(asked), kind)
        self._answers += 1
        self._meter.add(asked, said, raw)
        return protocol.answer(asked, said, self._answers)

    def _said(self, asked: Asked) -> Said:
        scripted = self._script(asked) if self._script else None
        if isinstance(scripted, dict):
            scripted = orjson.dumps(scripted).decode()
        text = fitting_answer(asked.schema, asked.prompt) if scripted is None else scripted
        return Said(text, Finish.STOP, _tokens(asked.prompt), _tokens(text))


class _Meter:
    """The append-only list of what was billed, in memory and in a file."""

    def __init__(self, path: Path | None, keep: bool):
        self._keep = keep
        self.bills: list[Bill] = []
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644) if path else None

    def add(self, asked: Asked, said: Said, raw: bytes) -> None:
        prompt = hashlib.sha256(asked.prompt.encode("utf-8", "surrogatepass")).hexdigest()
        request = hashlib.sha256(raw).hexdigest()
        bill = Bill(time.time(), asked.model, prompt, request, said.input_tokens, said.output_tokens)
        if self._keep:
            self.bills.append(bill)
        if self._file is not None:
            # One write of one line on O_APPEND: lines of several servers never mix.
            os.write(self._file, orjson.dumps(asdict(bill)) + b"\n")

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def read_meter(path: Path) -> Iterator[Bill]:
    """The bills in a meter file."""
    with path.open("rb") as lines:
        for line in lines:
            yield Bill(**orjson.loads(line))


def _error(fault: Fault, protocol: ModelProtocol, asked: Asked) -> web.Response:
    status = fault.status if fault.kind is FaultKind.SERVER_ERROR else _STATUSES[fault.kind]
    words = f"incorrect key provided: {asked.key}" if status == 401 else f"error {status} to order"
    header = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
    return _json(protocol.error(status, words), status, header)


def _spoiled(said: Said, kind: FaultKind | None) -> Said:
    text = said.text or ""
    match kind:
        case FaultKind.TRUNCATED:
            return Said(text[: len(text) // 2], Finish.LENGTH, said.input_tokens, said.output_tokens)
        case FaultKind.MALFORMED:
            return Said(f"Sure! Here it is: {text[:-1]}", said.finish, said.input_tokens, said.output_tokens)
        case FaultKind.EMPTY:
            return Said("", said.finish, said.input_tokens, 0)
        case FaultKind.FILTERED:
            return Said("", Finish.REFUSED, said.input_tokens, 0)
        case FaultKind.NO_CHOICES:
            return Said(None, said.finish, said.input_tokens, 0)
        case _:
            return said


def _tokens(text: str) -> int:
    """About one token for four bytes of UTF-8, at least one."""
    return max(1, len(text.encode("utf-8", "surrogatepass")) // _BYTES_PER_TOKEN)


def _json(body: Any, status: int = 200, header: dict[str, str] | None = None) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, headers={**_HEADER, **(header or {})})


def _cut(request: web.Request) -> web.StreamResponse:
    """Close the socket without a response."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _healthy(_: web.Request) -> web.Response:
    return web.Response(text="ok")
