"""The meter: the append-only truth of what was bought of a model server."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from furrow.testing.protocols import Asked, Said


@dataclass(frozen=True, slots=True)
class Bill:
    """One billed call, a line of the meter. prompt: hash of the messages; request: hash of the whole body.

    time: seconds since 1970; fault: what was wrong with the answer, or nothing.
    """

    time: float
    model: str
    prompt: str
    request: str
    input_tokens: int
    output_tokens: int
    protocol: str = ""
    fault: str = ""


class Meter:
    """The list of bills, in memory (when `keep`) and in a file, which outlives the server."""

    def __init__(self, path: Path | None, keep: bool):
        self._keep = keep
        self.bills: list[Bill] = []
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644) if path else None

    def add(self, asked: Asked, said: Said, raw: bytes, fault: str = "") -> None:
        """Bill one call; `raw` is the body of the request. Written when it returns."""
        bill = Bill(
            time=time.time(),
            model=asked.model,
            prompt=hashlib.sha256(asked.prompt.encode("utf-8", "surrogatepass")).hexdigest(),
            request=hashlib.sha256(raw).hexdigest(),
            input_tokens=said.input_tokens,
            output_tokens=said.output_tokens,
            protocol=asked.protocol,
            fault=fault,
        )
        if self._keep:
            self.bills.append(bill)
        if self._file is not None:
            # One write of one line on O_APPEND: lines of several servers never mix.
            os.write(self._file, orjson.dumps(bill, option=orjson.OPT_APPEND_NEWLINE))

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def read_meter(path: Path) -> Iterator[Bill]:
    """The bills in a meter file."""
    with path.open("rb") as lines:
        for line in lines:
            yield Bill(**orjson.loads(line))
