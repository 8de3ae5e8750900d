"""The addresses under /control: a model server is told what to do wrong, and tells what it did."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import orjson
from aiohttp import web

from furrow.testing.endpoint import Behaviour
from furrow.testing.faults import Fault, FaultRate

_Route = Callable[[web.Request], Awaitable[web.StreamResponse]]


def control_routes(behaviour: Behaviour) -> list[web.RouteDef]:
    """GET /control/stats; POST to /control/faults and rates (lists), and to limit and latency (objects).

    A body that does not say what it should is answered with 400 and the reason.
    """
    control = _Control(behaviour)
    return [
        web.get("/control/stats", control.stats),
        web.post("/control/faults", _taking(control.faults)),
        web.post("/control/rates", _taking(control.rates)),
        web.post("/control/limit", _taking(control.limit)),
        web.post("/control/latency", _taking(control.latency)),
    ]


class _Control:
    def __init__(self, behaviour: Behaviour):
        self._behaviour = behaviour

    async def stats(self, _: web.Request) -> web.Response:
        body = orjson.dumps(self._behaviour.stats.to_json())
        return web.Response(body=body, content_type="application/json")

    def faults(self, wanted: Any) -> None:
        self._behaviour.faults.order([Fault.of(fault) for fault in wanted])

    def rates(self, wanted: Any) -> None:
        self._behaviour.faults.rates = tuple(FaultRate.from_json(rate) for rate in wanted)

    def limit(self, wanted: Any) -> None:
        """Fields that are not named stay as they are."""
        allowance = self._behaviour.allowance
        allowance.limit = replace(allowance.limit, **wanted)

    def latency(self, wanted: Any) -> None:
        self._behaviour.latency = float(wanted["seconds"])
        self._behaviour.jitter = float(wanted.get("jitter", 0.0))


def _taking(do: Callable[[Any], None]) -> _Route:
    async def take(request: web.Request) -> web.Response:
        try:
            do(orjson.loads(await request.read()))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return web.Response(status=400, text=f"{type(error).__name__}: {error}")
        return web.Response(status=204)

    return take
