"""A real HTTP server that answers like language model providers, bills what it answers, fails to order."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from furrow.engine.ports import Connection
from furrow.testing.control import control_routes
from furrow.testing.endpoint import Behaviour, Endpoint, Script
from furrow.testing.faults import Fault, FaultKind, FaultRate, Faults
from furrow.testing.meter import Bill, Meter
from furrow.testing.protocols import PROTOCOLS, Asked, ModelProtocol, protocol_named
from furrow.testing.rate_limit import Allowance, RateLimit
from furrow.testing.stats import Stats


class ModelServer:
    """Serves on 127.0.0.1, as a context manager in a thread of its own, or with `run` in the calling thread.

    latency: seconds from request to answer, and up to `jitter` more; meter: file that gets one JSON line for
    every billed call; script: what to answer; port: 0 takes a free one; keep: remember requests and bills;
    longest_prompt: characters, a longer one is refused as over the model's context; rates: shares of the
    requests that fail; limit: what it serves at most.
    The answer to a prompt is always the same. What makes single requests fail: `[[fault: rate_limit]]` in a
    prompt, `order`, or a POST of `["rate_limit=3"]` to /control/faults.
    """

    def __init__(
        self,
        latency: float = 0.0,
        meter: Path | None = None,
        script: Script | None = None,
        port: int = 0,
        keep: bool = True,
        longest_prompt: int | None = None,
        protocols: Sequence[ModelProtocol] = PROTOCOLS,
        jitter: float = 0.0,
        rates: Sequence[FaultRate] = (),
        limit: RateLimit = RateLimit(),  # noqa: B008 - frozen
    ):
        self.port, self._protocols = port, protocols
        self._behaviour = Behaviour(
            meter=Meter(meter, keep),
            allowance=Allowance(limit),
            faults=Faults(rates),
            latency=latency,
            jitter=jitter,
            script=script,
            longest_prompt=longest_prompt,
            keep=keep,
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    # --- for callers ---------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The base URL of an OpenAI-compatible client. Only valid while it runs."""
        return f"{self.address}/v1"

    @property
    def address(self) -> str:
        """Where the server is. Only valid while it runs."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def asked(self) -> list[Asked]:
        """The requests understood so far."""
        return self._behaviour.asked

    @property
    def bills(self) -> list[Bill]:
        """What was billed since the start."""
        return self._behaviour.meter.bills

    @property
    def stats(self) -> Stats:
        """What it did since the start."""
        return self._behaviour.stats

    def connection(
        self, connection_id: str = "models", key: str = "no-key", protocol: str = "openai-chat"
    ) -> Connection:
        """An Airflow connection that leads here. protocol: what stands before the colon in models.yaml."""
        return connection_to(self.address, connection_id, key, protocol)

    def order(self, *faults: Fault | FaultKind | str) -> None:
        """Let the next requests fail, one for each fault. Raises ValueError."""
        self._behaviour.faults.order([Fault.of(fault) for fault in faults])

    def fail(self, *rates: FaultRate) -> None:
        """Let shares of the requests fail from now on, instead of those that did; without any, none."""
        self._behaviour.faults.rates = rates

    def allow(self, limit: RateLimit) -> None:
        """Serve at most so much from now on."""
        self._behaviour.allowance.limit = limit

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
        self.stats.started_at = time.time()
        runner = web.AppRunner(self._app(), access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", self.port, backlog=1024).start()
            self.port = runner.addresses[0][1]
            ready()
            await self._stopped.wait()
        finally:
            await runner.cleanup()
            self._behaviour.meter.close()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        for protocol in self._protocols:
            app.router.add_post(protocol.path, Endpoint(protocol, self._behaviour).answer)
        app.router.add_get("/health", _healthy)
        app.router.add_routes(control_routes(self._behaviour))
        return app


def connection_to(
    address: str, connection_id: str = "models", key: str = "no-key", protocol: str = "openai-chat"
) -> Connection:
    """An Airflow connection to a model server at that address."""
    host = address + protocol_named(protocol).base
    return Connection(id=connection_id, type="pydanticai", host=host, password=key)


async def _healthy(_: web.Request) -> web.Response:
    return web.Response(text="ok")
