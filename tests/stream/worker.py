"""Runs `furrow` commands in processes that may be killed; imports everything once and forks one for each.

Orders come as JSON lines on stdin, answers go as JSON lines to stdout: `{"start": Order}` -> `{"pid": …}`;
`{"wait": pid}` -> `{"status": …}`, `{"look": pid}` -> the same, null while it runs. Ends with stdin.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.kill.worker import FEATURES, import_all, replace_in, shorten_leases

LONGEST_RUN = 3600
"""Seconds; a process that hangs ends itself."""
IMPORTS = (
    *FEATURES,
    "alembic.command",
    "furrow.adapters.bigquery_sink",
    "furrow.adapters.chat_completions",
    "furrow.adapters.kafka_feed",
    "furrow.adapters.kafka_topics",
    "furrow.adapters.language_model",
    "furrow.cli",
    "furrow.stream_assembly",
    "google.cloud.bigquery",
    "httpx_aiohttp",
    "openai.resources.chat",
    "pydantic_ai.models.openai",
    "pydantic_ai.providers.openai",
)


@dataclass(frozen=True)
class Order:
    """One command. log: file that gets what it says; lease_seconds: instead of the ledger's own.

    table_seconds: between two publications to BigQuery, session_seconds: for which a consumer group keeps the
    partitions of a member that is not heard of, both instead of the product's.
    """

    command: list[str]
    environ: dict[str, str]
    log: str
    lease_seconds: float | None = None
    table_seconds: float | None = None
    session_seconds: int | None = None


@dataclass
class Nursery:
    """The processes that were forked here and not waited for."""

    running: set[int] = field(default_factory=set)

    def start(self, order: Order) -> int:
        pid = os.fork()
        if pid == 0:
            _become(order)
        self.running.add(pid)
        return pid

    def wait(self, pid: int, options: int = 0) -> int | None:
        """How it ended; None when it runs, with `os.WNOHANG`."""
        found, status = os.waitpid(pid, options)
        if found == 0:
            return None
        self.running.discard(pid)
        return os.waitstatus_to_exitcode(status)

    def end(self) -> None:
        """Kill what is left."""
        for pid in self.running:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _become(order: Order) -> None:
    """Run the command in this process, and end it."""
    code = 1
    try:
        os.setsid()
        signal.alarm(LONGEST_RUN)
        faulthandler.register(signal.SIGUSR1)
        os.environ.update(order.environ)
        log = os.open(order.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(log, 1)
        os.dup2(log, 2)
        if order.lease_seconds is not None:
            shorten_leases(order.lease_seconds)
        if order.table_seconds is not None:
            replace_in("furrow.stream_assembly", "_BIGQUERY_SECONDS", order.table_seconds)
        if order.session_seconds is not None:
            replace_in("furrow.adapters.kafka_feed", "_SESSION_SECONDS", order.session_seconds)
        code = _run(order.command)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _run(command: list[str]) -> int:
    from furrow.cli import main

    sys.argv = ["furrow", *command]
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _answer(nursery: Nursery, asked: dict[str, Any]) -> dict[str, Any]:
    if "start" in asked:
        return {"pid": nursery.start(Order(**asked["start"]))}
    if "look" in asked:
        return {"status": nursery.wait(asked["look"], os.WNOHANG)}
    return {"status": nursery.wait(asked["wait"])}


def main() -> None:
    """Import, say so, then serve orders until stdin ends."""
    import_all(IMPORTS)
    nursery = Nursery()
    print(json.dumps({"pid": os.getpid()}), flush=True)
    try:
        for line in sys.stdin:
            print(json.dumps(_answer(nursery, json.loads(line))), flush=True)
    finally:
        nursery.end()


if __name__ == "__main__":
    main()
