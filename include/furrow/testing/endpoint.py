"""One protocol's address of a model server: what happens to a request from its arrival to its answer."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from furrow.engine.ports import Finish
from furrow.testing.answers import fitting_answer
from furrow.testing.faults import Fault, FaultKind, Faults
from furrow.testing.meter import Meter
from furrow.testing.protocols import Asked, ModelProtocol, Said
from furrow.testing.rate_limit import Allowance
from furrow.testing.spoiling import spoiled
from furrow.testing.stats import Stats

Json = dict[str, Any]
Script = Callable[[Asked], str | Json | None]
"""What to answer; None leaves it to `fitting_answer`."""

_ONE_HOUR = 3600.0
_BYTES_PER_TOKEN = 4
_IMAGE_TOKENS = 258
"""What Gemini counts for a small one."""
_HEADER = {"Content-Type": "application/json"}
_BROKEN_PAGE = "<html><body>502 Bad Gateway</body></html>"


@dataclass
class Behaviour:
    """All that decides how a server answers, and what it did; shared by its endpoints."""

    meter: Meter
    allowance: Allowance
    faults: Faults
    latency: float = 0.0
    jitter: float = 0.0
    script: Script | None = None
    longest_prompt: int | None = None
    keep: bool = True
    stats: Stats = field(default_factory=Stats)
    asked: list[Asked] = field(default_factory=list)
    dice: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311

    def delay(self) -> float:
        """Seconds that the next answer takes."""
        return self.latency + (self.dice.uniform(0.0, self.jitter) if self.jitter else 0.0)


@dataclass(frozen=True)
class Reply:
    """What to send when the latency is over. cut: close the connection instead."""

    body: bytes = b""
    status: int = 200
    header: Json = field(default_factory=lambda: _HEADER)
    cut: bool = False


class Endpoint:
    """Answers the requests of one protocol."""

    def __init__(self, protocol: ModelProtocol, behaviour: Behaviour):
        self._protocol, self._behaviour = protocol, behaviour

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The body of the route. A client that leaves does not undo its bill."""
        stats = self._behaviour.stats
        arrived = time.perf_counter()
        stats.arrive()
        try:
            return await self._answer(request, arrived)
        finally:
            stats.in_flight -= 1

    async def _answer(self, request: web.Request, arrived: float) -> web.StreamResponse:
        raw = await request.read()
        try:
            asked = self._protocol.read(orjson.loads(raw), request.match_info, request.headers)
        except (KeyError, TypeError, ValueError) as error:
            return _sent(self._error(400, f"not a request of this protocol: {error!r}"))
        if self._behaviour.keep:
            self._behaviour.asked.append(asked)
        tokens = _tokens(asked.prompt) + _IMAGE_TOKENS * len(asked.images)
        refused = self._refused(asked, tokens)
        if refused is not None:
            return _sent(refused)
        try:
            fault = self._behaviour.faults.next(asked.model, asked.prompt)
        except ValueError as error:
            return _sent(self._error(400, str(error)))
        reply = self._reply(asked, tokens, raw, fault)
        hangs = fault is not None and fault.kind is FaultKind.HANG
        await asyncio.sleep(_ONE_HOUR if hangs else arrived + self._behaviour.delay() - time.perf_counter())
        if fault is not None and fault.kind is FaultKind.DRIP:
            return await _dripped(request, reply, fault.seconds)
        return _cut(request) if reply.cut else _sent(reply)

    def _refused(self, asked: Asked, tokens: int) -> Reply | None:
        """A request that is one too many is turned away at once."""
        behaviour = self._behaviour
        wait = behaviour.allowance.wait(asked.model, tokens, behaviour.stats.in_flight)
        if wait is None:
            return None
        behaviour.stats.refused_at.append(time.time())
        return self._error(429, "the rate limit of this model is reached", wait)

    def _reply(self, asked: Asked, tokens: int, raw: bytes, fault: Fault | None) -> Reply:
        kind = None if fault is None else fault.kind
        if kind is not None:
            self._behaviour.stats.faults[kind.value] += 1
        longest = self._behaviour.longest_prompt
        failed = None if fault is None else self._failed(asked, fault)
        if failed is None and longest is not None and len(asked.prompt) > longest:
            failed = self._error(400, self._protocol.too_long.format(tokens=tokens))
        if failed is not None:
            self._behaviour.allowance.serve(asked.model, 0)
            return failed
        body = self._bought(asked, tokens, raw, fault)
        return Reply(
            body[: len(body) // 2] if kind is FaultKind.HALF_BODY else body, cut=kind is FaultKind.LOST
        )

    def _failed(self, asked: Asked, fault: Fault) -> Reply | None:
        """The reply of a fault for which no work is done; None for the others."""
        match fault.kind:
            case FaultKind.RATE_LIMIT:
                return self._error(429, "error 429 to order", fault.retry_after)
            case FaultKind.SERVER_ERROR:
                return self._error(fault.status, f"error {fault.status} to order", fault.retry_after)
            case FaultKind.BAD_REQUEST:
                return self._error(400, "error 400 to order")
            case FaultKind.UNAUTHORIZED:
                status, words = self._protocol.bad_key
                return self._error(status, words.format(key=asked.key))
            case FaultKind.NOT_JSON:
                return Reply(_BROKEN_PAGE.encode(), header={"Content-Type": "text/html"})
            case FaultKind.RESET | FaultKind.HANG:
                return Reply(cut=True)
            case _:
                return None

    def _bought(self, asked: Asked, tokens: int, raw: bytes, fault: Fault | None) -> bytes:
        """The answer's body. It is billed here: a provider does the work for a client that left."""
        said = spoiled(self._said(asked, tokens), fault, asked.prompt)
        behaviour = self._behaviour
        behaviour.stats.answered += 1
        behaviour.allowance.serve(asked.model, said.input_tokens + said.output_tokens)
        behaviour.meter.add(asked, said, raw, "" if fault is None else fault.kind.value)
        return orjson.dumps(self._protocol.answer(said, behaviour.stats.answered))

    def _said(self, asked: Asked, tokens: int) -> Said:
        scripted = self._behaviour.script(asked) if self._behaviour.script else None
        if isinstance(scripted, dict):
            scripted = orjson.dumps(scripted).decode()
        if asked.embeds:
            return Said(scripted or asked.messages[-1][1], Finish.STOP, tokens, 0, asked.model)
        text = fitting_answer(asked.schema, asked.prompt) if scripted is None else scripted
        return Said(text, Finish.STOP, tokens, _tokens(text), asked.model)

    def _error(self, status: int, words: str, retry_after: str | None = None) -> Reply:
        header = _HEADER if retry_after is None else {**_HEADER, "Retry-After": retry_after}
        return Reply(orjson.dumps(self._protocol.error(status, words, retry_after)), status, header)


def _sent(reply: Reply) -> web.Response:
    return web.Response(body=reply.body, status=reply.status, headers=reply.header)


def _cut(request: web.Request) -> web.Response:
    """Close the socket without a response."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _dripped(request: web.Request, reply: Reply, seconds: float) -> web.StreamResponse:
    """Send the body byte by byte, evenly over so many seconds."""
    response = web.StreamResponse(headers={**reply.header, "Content-Length": str(len(reply.body))})
    await response.prepare(request)
    for position in range(len(reply.body)):
        await response.write(reply.body[position : position + 1])
        await asyncio.sleep(seconds / len(reply.body))
    return response


def _tokens(text: str) -> int:
    """About one token for four bytes of UTF-8, at least one."""
    return max(1, len(text.encode("utf-8", "surrogatepass")) // _BYTES_PER_TOKEN)
