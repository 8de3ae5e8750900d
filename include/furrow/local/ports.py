"""Which TCP port of 127.0.0.1 a part listens on: its usual one, or a free one when that is taken."""

from __future__ import annotations

import socket
import time
from collections.abc import Collection

HOST = "127.0.0.1"
USUAL = {"airflow": 8080, "broker": 9092, "local-small": 8091, "local-large": 8092, "local-embed": 8093}


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now, on 127.0.0.1 and on every address."""
    for host in (HOST, ""):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True


def becomes_free(port: int, patience: float = 3.0) -> bool:
    """Whether the port is free, now or soon: a killed process lets go of it a moment after it is dead."""
    deadline = time.monotonic() + patience
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def choose(wanted: int, taken: Collection[int] = ()) -> int:
    """`wanted` if it is free and not in `taken`, else a free port that the system picks (also for 0)."""
    if wanted and wanted not in taken and is_free(wanted):
        return wanted
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((HOST, 0))
            port: int = probe.getsockname()[1]
        if port not in taken:
            return port


def address(port: int) -> str:
    return f"{HOST}:{port}"
