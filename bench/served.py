"""A server of the embedded default, on its own, for as long as a measurement takes."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from furrow.local import model_server

SECONDS = 60


@contextmanager
def served(
    command: Sequence[str], address: str, alias: str, environment: Mapping[str, str]
) -> Iterator[None]:
    """The command runs and answers for `alias` at the address (host:port), or SystemExit is raised."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
        try:
            _wait(process, address, alias)
            yield
        finally:
            process.terminate()
            process.wait(10)


def _wait(process: subprocess.Popen[bytes], address: str, alias: str) -> None:
    until = time.monotonic() + SECONDS
    while not model_server.answers(address, alias):
        if process.poll() is not None:
            raise SystemExit(f"the server of {alias} did not start")
        if time.monotonic() > until:
            raise SystemExit(f"the server of {alias} does not answer")
        time.sleep(0.1)
