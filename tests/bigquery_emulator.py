"""Runs the emulator with what BigQuery does and it does not; bigquery_server.py starts it.

Usage: python bigquery_emulator.py PORT GRPC_PORT, in the emulator's own environment. Three things are mended:
uploads are taken as the official client sends them; a job id that was used answers 409; and columns that are
added to a table's schema are added to the table.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from bqemulator import server  # type: ignore[import-not-found]
from bqemulator.api.routes import tables, upload  # type: ignore[import-not-found]
from bqemulator.cli import main  # type: ignore[import-not-found]

_JOB_ID = re.compile(rb'"jobId"\s*:\s*"([^"]+)"')
_USED = (
    b'{"error": {"code": 409, "message": "Already Exists: Job", "status": "ALREADY_EXISTS",'
    b' "errors": [{"reason": "duplicate", "message": "Already Exists: Job"}]}}'
)
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class JobIdsOnce:
    """Answers 409 to a job whose id there was before."""

    def __init__(self, app: Any):
        self.app = app
        self.used: set[bytes] = set()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].endswith("/jobs"):
            await self.app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        named = _JOB_ID.search(body[:4000])
        if named and named.group(1) in self.used:
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 409, "headers": headers})
            await send({"type": "http.response.body", "body": _USED})
            return
        self.used.update(named.groups() if named else ())
        given = False

        async def replay() -> dict[str, Any]:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, replay, send)


def adds_columns(context: Any) -> None:
    """Let an update of a table's schema reach the table itself."""
    catalog, update = context.catalog, context.catalog.update_table

    def update_table(meta: Any) -> Any:
        known = catalog.get_table(meta.project_id, meta.dataset_id, meta.table_id)
        had = {field.name for field in known.schema_.fields} if known else set()
        new = [tables._field_to_rest(field) for field in meta.schema_.fields if field.name not in had]
        if had and meta.table_type == "TABLE":
            place = tables.quoted_table_ref(meta.project_id, meta.dataset_id, meta.table_id)
            for name, kind in tables.bq_schema_to_duckdb_columns(new):
                context.engine.execute(f'ALTER TABLE {place} ADD COLUMN IF NOT EXISTS "{name}" {kind}')
        return update(meta)

    catalog.update_table = update_table


def end_with_the_tests() -> None:
    """A test session that is killed leaves no emulator behind."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


def run(port: str, grpc_port: str) -> None:
    """Serve until the process is ended; nothing is kept."""
    threading.Thread(target=end_with_the_tests, daemon=True).start()
    upload._PERMITTED_MEDIA_CONTENT_TYPES += ("*/*",)
    create = server.create_app

    def mended(context: Any) -> JobIdsOnce:
        adds_columns(context)
        return JobIdsOnce(create(context))

    server.create_app = mended
    hosts = ["--rest-host", "127.0.0.1", "--grpc-host", "127.0.0.1"]
    main(["start", *hosts, "--rest-port", port, "--grpc-port", grpc_port, "--ephemeral"])


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2])
