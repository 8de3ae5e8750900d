"""`python -m furrow.testing`: the model server in a process of its own, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from furrow.testing.model_server import ModelServer


def main(
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 0,
    latency: Annotated[float, typer.Option(help="Seconds from request to answer.")] = 0.0,
    meter: Annotated[Path | None, typer.Option(help="File that gets one line for every billed call.")] = None,
) -> None:
    """Serve made-up answers on 127.0.0.1. The first line on stdout is the base URL for clients."""
    asyncio.run(_serve(ModelServer(latency=latency, meter=meter, port=port, keep=False)))


async def _serve(server: ModelServer) -> None:
    task = asyncio.ensure_future(server.run(lambda: typer.echo(server.url)))
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, task.cancel)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


if __name__ == "__main__":
    typer.run(main)
