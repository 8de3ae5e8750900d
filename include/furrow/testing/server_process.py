"""A model server in a process of its own: stopped, killed, started again, as a provider goes down and up."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

import furrow
from furrow.engine.ports import Connection
from furrow.testing.faults import Fault, FaultKind, FaultRate
from furrow.testing.meter import Bill, read_meter
from furrow.testing.model_server import connection_to
from furrow.testing.rate_limit import RateLimit
from furrow.testing.stats import Stats

_CONTROL_SECONDS = 60.0
_STOP_SECONDS = 10.0


class ServerProcess:
    """`python -m furrow.testing` as a context manager. The meter file outlives it, and is added to.

    The options are those of `ModelServer`. What was changed with `fail`, `allow` and `slow` is still so after
    a new start; orders, stats and how often a prompt was asked begin anew. When this process ends, however it
    ends, the server does too.
    """

    def __init__(
        self,
        meter: Path,
        latency: float = 0.0,
        jitter: float = 0.0,
        rates: Sequence[FaultRate] = (),
        limit: RateLimit = RateLimit(),  # noqa: B008 - frozen
        port: int = 0,
        longest_prompt: int | None = None,
    ):
        self.meter, self.port = meter, port
        self._latency, self._jitter = latency, jitter
        self._rates, self._limit, self._longest_prompt = tuple(rates), limit, longest_prompt
        self._process: subprocess.Popen[str] | None = None

    # --- where it is ---------------------------------------------------------------------------

    @property
    def address(self) -> str:
        """Where the server is. Known after the first start, the same after every other."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The base URL of an OpenAI-compatible client."""
        return f"{self.address}/v1"

    @property
    def pid(self) -> int | None:
        """Of the running process; None when there is none."""
        return self._process.pid if self._process is not None else None

    def connection(
        self, connection_id: str = "models", key: str = "no-key", protocol: str = "openai-chat"
    ) -> Connection:
        """An Airflow connection that leads here. protocol: what stands before the colon in models.yaml."""
        return connection_to(self.address, connection_id, key, protocol)

    # --- its life ------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, on the port that it had. Returns when it answers. Raises RuntimeError."""
        if self._process is not None:
            raise RuntimeError("the model server is running already")
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and options
            [sys.executable, "-m", "furrow.testing", *self._options()],
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline().strip()
        if not said:
            self.kill()
            raise RuntimeError(f"the model server did not start on port {self.port}")
        self.port = int(said.removesuffix("/v1").rpartition(":")[2])

    def stop(self) -> None:
        """End it in good order; no more than that when it is down."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._buried(self._process)

    def kill(self) -> None:
        """kill -9; no more than that when it is down."""
        if self._process is None:
            return
        self._process.kill()
        self._buried(self._process)

    # --- what it does --------------------------------------------------------------------------

    def order(self, *faults: Fault | FaultKind | str) -> None:
        """Let the next requests fail, one for each fault. Raises ValueError, or OSError when it is down."""
        self._tell("faults", [Fault.of(fault) for fault in faults])

    def fail(self, *rates: FaultRate) -> None:
        """Let shares of the requests fail from now on, instead of those that did. Raises OSError."""
        self._rates = rates
        self._tell("rates", rates)

    def allow(self, limit: RateLimit) -> None:
        """Serve at most so much from now on. Raises OSError."""
        self._limit = limit
        self._tell("limit", limit)

    def slow(self, latency: float, jitter: float = 0.0) -> None:
        """Answer after so many seconds from now on, and up to `jitter` more. Raises OSError."""
        self._latency, self._jitter = latency, jitter
        self._tell("latency", {"seconds": latency, "jitter": jitter})

    def stats(self) -> Stats:
        """What it did since its last start. Raises OSError when it is down."""
        return Stats.from_json(orjson.loads(self._request("GET", "stats")))

    @property
    def bills(self) -> list[Bill]:
        """All that was bought, over all of its lives."""
        return list(read_meter(self.meter)) if self.meter.exists() else []

    # -------------------------------------------------------------------------------------------

    def _options(self) -> list[str]:
        limit = self._limit
        wanted = {
            "port": self.port,
            "latency": self._latency,
            "jitter": self._jitter,
            "meter": self.meter,
            "requests-per-minute": limit.requests_per_minute,
            "tokens-per-minute": limit.tokens_per_minute,
            "window-seconds": limit.window_seconds,
            "at-once": limit.at_once,
            "longest-prompt": self._longest_prompt,
        }
        options = [f"--{name}={value}" for name, value in wanted.items() if value is not None]
        rates = [f"--rate={orjson.dumps(rate).decode()}" for rate in self._rates]
        return [*options, *rates, "--end-with-stdin"]

    def _tell(self, what: str, body: Any) -> None:
        self._request("POST", what, orjson.dumps(body))

    def _request(self, method: str, what: str, body: bytes | None = None) -> bytes:
        # Not over a library that would go through the proxy of the environment.
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_CONTROL_SECONDS)
        try:
            connection.request(method, f"/control/{what}", body)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if response.status >= 400:
            raise ValueError(content.decode(errors="replace"))
        return content

    def _buried(self, process: subprocess.Popen[str]) -> None:
        process.wait(_STOP_SECONDS)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        self._process = None


def _environment() -> dict[str, str]:
    """Where this process finds the package, the other one does too."""
    own = str(Path(furrow.__file__).resolve().parents[1])
    found = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": own if not found else os.pathsep.join((own, found))}
