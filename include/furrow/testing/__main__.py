"""`python -m furrow.testing`: the model server in a process of its own, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from furrow.testing.faults import FaultRate
from furrow.testing.model_server import ModelServer
from furrow.testing.rate_limit import RateLimit

_MINUTE = 60.0


def main(
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 0,
    latency: Annotated[float, typer.Option(help="Seconds from request to answer.")] = 0.0,
    jitter: Annotated[float, typer.Option(help="Up to so many seconds more.")] = 0.0,
    meter: Annotated[Path | None, typer.Option(help="File that gets one line for every billed call.")] = None,
    rate: Annotated[
        list[str] | None,
        typer.Option(
            help="Share of requests that fails: `malformed=any:0.2`, or FaultRate as JSON; repeatable."
        ),
    ] = None,
    requests_per_minute: Annotated[float | None, typer.Option(help="For each model; more get a 429.")] = None,
    tokens_per_minute: Annotated[float | None, typer.Option(help="For each model; more get a 429.")] = None,
    window_seconds: Annotated[float, typer.Option(help="The allowance is kept over so long.")] = _MINUTE,
    at_once: Annotated[int | None, typer.Option(help="Requests in flight; more get a 429.")] = None,
    longest_prompt: Annotated[int | None, typer.Option(help="Characters; longer is refused.")] = None,
    end_with_stdin: Annotated[bool, typer.Option(help="Stop when standard input ends.")] = False,
) -> None:
    """Serve made-up answers on 127.0.0.1. The first line on stdout is the base URL for clients."""
    server = ModelServer(
        latency=latency,
        jitter=jitter,
        meter=meter,
        port=port,
        keep=False,
        longest_prompt=longest_prompt,
        rates=[_rate(text) for text in rate or []],
        limit=RateLimit(requests_per_minute, tokens_per_minute, window_seconds, at_once),
    )
    asyncio.run(_serve(server, end_with_stdin))


def _rate(text: str) -> FaultRate:
    try:
        if text.startswith("{"):
            return FaultRate.from_json(orjson.loads(text))
        fault, _, share = text.rpartition(":")
        return FaultRate.of(fault, float(share))
    except (KeyError, TypeError, ValueError) as error:
        raise typer.BadParameter(f"{text}: {error}") from None


async def _serve(server: ModelServer, end_with_stdin: bool) -> None:
    task: asyncio.Task[Any] = asyncio.ensure_future(server.run(lambda: typer.echo(server.url)))
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, task.cancel)
    if end_with_stdin:
        loop.add_reader(sys.stdin.fileno(), _cancel_at_end, task)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


def _cancel_at_end(task: asyncio.Task[Any]) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        task.cancel()


if __name__ == "__main__":
    typer.run(main)
