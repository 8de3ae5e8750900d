"""Processes beside each other: which one's end is the end of all, and which one comes again."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_RUN = """
import json, logging, sys
from furrow.cli.children import Children
logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
together, alone, script, pause = json.loads(sys.argv[1])
sys.exit(Children(together, alone, pause, [sys.executable, "-c", script]).run())
"""
_COMMAND = """
import pathlib, signal, sys, time
folder, name, *codes = sys.argv[1:]
starts = pathlib.Path(folder, name)
starts.write_text((starts.read_text() if starts.exists() else "") + "x")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
number = len(starts.read_text())
if number <= len(codes):
    sys.exit(int(codes[number - 1]))
while True:
    time.sleep(0.05)
"""


class Family:
    """Commands that note each start, end with one exit code after the other, then run until SIGTERM."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.process: subprocess.Popen[str] | None = None

    def start(self, together: dict[str, str], alone: dict[str, str], pause: float = 0.2) -> None:
        """name -> its exit codes. pause: before one that failed alone comes again."""
        commands = [
            [[str(self.folder), name, *codes.split()] for name, codes in part.items()]
            for part in (together, alone)
        ]
        order = json.dumps([*commands, _COMMAND, pause])
        self.process = subprocess.Popen(
            [sys.executable, "-c", _RUN, order], stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def starts(self, name: str) -> int:
        noted = self.folder / name
        return len(noted.read_text()) if noted.exists() else 0

    def until_started(self, **wanted: int) -> None:
        deadline = time.monotonic() + 30
        while any(self.starts(name) < count for name, count in wanted.items()):
            assert time.monotonic() < deadline, {name: self.starts(name) for name in wanted}
            time.sleep(0.02)

    def ended(self, tell: bool = False) -> tuple[int, str]:
        """The exit code and the log; tell: it is told to end."""
        assert self.process is not None
        if tell:
            self.process.terminate()
        _, log = self.process.communicate(timeout=30)
        return self.process.returncode, log


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    found = Family(tmp_path)
    yield found
    if found.process is not None and found.process.poll() is None:
        found.process.terminate()
        found.process.wait(30)


@pytest.mark.parametrize("code", ["1", "2"])
def test_one_that_fails_alone_comes_again_and_the_others_go_on(family: Family, code: str) -> None:
    family.start({"replica": ""}, {"broken": f"{code} {code} {code}", "sound": ""})
    family.until_started(broken=4, replica=1, sound=1)
    status, log = family.ended(tell=True)
    assert (status, family.starts("replica"), family.starts("sound")) == (0, 1, 1)
    assert log.count("ERROR") == 3
    assert f"ended with exit code {code}; a person has to act; the others go on" in log


def test_the_exit_code_tells_of_one_that_still_failed_at_the_end(family: Family) -> None:
    family.start({"replica": ""}, {"broken": "1 " * 400, "sound": ""}, pause=5.0)
    family.until_started(broken=1, replica=1, sound=1)
    time.sleep(1)  # it ends in this second, and is not started again in the next four
    assert family.ended(tell=True)[0] == 1


@pytest.mark.parametrize("code", ["1", "2"])
def test_one_of_those_that_belong_together_ends_them_all(family: Family, code: str) -> None:
    family.start({"good": "", "bad": code}, {"sink": ""})
    status, log = family.ended()
    assert (status, family.starts("bad")) == (int(code), 1)
    assert "ERROR" in log


def test_one_that_dies_of_what_may_pass_comes_again_and_is_no_failure(family: Family) -> None:
    family.start({"replica": "75"}, {"sink": "70"})
    family.until_started(replica=2, sink=2)
    status, log = family.ended(tell=True)
    assert (status, log.count("ERROR")) == (0, 0)


def test_one_that_failed_alone_does_not_come_again_when_the_others_were_replaced(family: Family) -> None:
    family.start({"replica": "0"}, {"broken": "1 " * 400}, pause=1.0)
    assert family.ended()[0] == 1
