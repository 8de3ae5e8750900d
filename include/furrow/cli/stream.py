"""`furrow stream`: a use case in real time, outside Airflow. The same replicas as its stream DAG."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from furrow.cli.common import UseCaseName, open_deployment
from furrow.cli.exporting import export_telemetry
from furrow.errors import FurrowError, ReplicaReplaced, TransientError
from furrow.terminal import print_json

if TYPE_CHECKING:
    from furrow.stream_assembly import StreamAssembly
    from furrow.streaming.standing import Standing

log = logging.getLogger("furrow.stream")


def stream(
    use_case: UseCaseName,
    replicas: Annotated[
        int | None, typer.Option(min=1, help="Processes that share the partitions. Default: pipeline.yaml.")
    ] = None,
    replica: Annotated[
        int | None,
        typer.Option(
            min=0, help="Run only this replica, in this process; the same number again takes its place."
        ),
    ] = None,
    sink: Annotated[
        str | None,
        typer.Option(help="Only publish the results to this sink, such as features, in this process."),
    ] = None,
    every: Annotated[
        float, typer.Option(min=0.1, help="Seconds between two lines about how it stands.")
    ] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="These lines as JSON.")] = False,
    alive: Annotated[
        bool,
        typer.Option("--alive", help="Start nothing; fail when a replica or sink was not seen just now."),
    ] = False,
) -> None:
    """Answer each event of the use case's topic as it comes, until SIGTERM or Ctrl-C.

    Without [bold]--replica[/] or [bold]--sink[/] it starts a process for each replica and each further sink,
    and starts one that dies again. A replica that a person has to mend ends them all; a sink does not: it is
    started again every 30 seconds, and the exit code tells at the end. What is on its way when it is stopped
    is finished first.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    from furrow.stream_assembly import StreamAssembly

    deployment = open_deployment()
    assembled = StreamAssembly(deployment, deployment.use_case(use_case))
    tell = print_json if as_json else None
    if replica is not None or sink is not None:
        export_telemetry(f"{use_case}/{sink if replica is None else replica}")
    if alive:
        _require_alive(assembled, replicas or assembled.options.replicas)
    elif replica is not None:
        with _may_pass():
            _run_replica(assembled, replica, _teller(assembled, f"replica {replica}", every, tell), every)
    elif sink is not None:
        with _may_pass():
            _run_follower(assembled, sink, _teller(assembled, sink, every, tell), every)
    else:
        _run_all(assembled, use_case, replicas or assembled.options.replicas, every, as_json)


@contextmanager
def _may_pass() -> Iterator[None]:
    """An exit code of its own (75, 70 for a fault of ours) for what a new start may mend."""
    try:
        yield
    except TransientError as error:
        log.error("%s", error)
        raise typer.Exit(os.EX_TEMPFAIL) from None
    except (FurrowError, typer.Exit):
        raise
    except Exception:
        log.exception("a fault in Furrow; started again by whoever keeps it running")
        raise typer.Exit(os.EX_SOFTWARE) from None


def _require_alive(assembled: StreamAssembly, replicas: int) -> None:
    if missing := assembled.missing(replicas):
        log.error("not seen in the last ten seconds: %s", ", ".join(missing))
        raise typer.Exit(1)


def _teller(
    assembled: StreamAssembly, name: str, every: float, tell: Callable[[object], None] | None
) -> Callable[[Standing], None]:
    """Tells how it stands, to a person and to the telemetry."""
    from furrow.engine.telemetry import stands

    before, part = 0, name.removeprefix("replica ")

    def told(standing: Standing) -> None:
        nonlocal before
        if tell is None:
            log.info("%s: %s", name, standing.line(before, every))
        else:
            tell({"part": name, **standing.to_json()})
        before, limit = standing.events, assembled.options.max_lag_seconds
        if alarm := standing.alarm(limit):
            log.error("%s: %s", name, alarm)
        stands(assembled.name, part, standing.gauges(limit))

    return told


def _run_replica(
    assembled: StreamAssembly, number: int, told: Callable[[Standing], None], every: float
) -> None:
    async def run() -> Standing:
        replica = assembled.replica(number, told, every)
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, replica.stop)
        return await replica.run()

    made = assembled.make_topics()
    log.info("replica %d: %s%s", number, assembled.guarantee, f"; made {', '.join(made)}" if made else "")
    try:
        told(asyncio.run(run()))
    except ReplicaReplaced as error:
        log.info("%s", error)


def _run_follower(
    assembled: StreamAssembly, sink: str, told: Callable[[Standing], None], every: float
) -> None:
    assembled.make_topics()
    follower = assembled.follower(sink, told, every)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: follower.stop())
    try:
        told(follower.run())
    except ReplicaReplaced as error:
        log.info("%s", error)


def _run_all(assembled: StreamAssembly, use_case: str, replicas: int, every: float, as_json: bool) -> None:
    from furrow.cli.children import Children

    common = [use_case, "--every", str(every), *(["--json"] if as_json else [])]
    replica_parts = [["--replica", str(number)] for number in range(replicas)]
    sink_parts = [["--sink", sink] for sink in assembled.sinks]
    together, alone = (
        [["stream", *common, *part] for part in parts] for parts in (replica_parts, sink_parts)
    )
    raise typer.Exit(Children(together, alone).run())
