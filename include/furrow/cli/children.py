"""Processes that run beside each other, each started again when it dies of something that may pass."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 30.0
_SOUND_AFTER = 60.0
"""A process that ran so long (seconds) is started again at once."""


class Children:
    """`furrow` commands. One that ends by itself with an error of ours (exit code 1) ends them all."""

    def __init__(self, commands: Sequence[Sequence[str]]):
        self._commands = [[sys.executable, "-m", "furrow.cli", *command] for command in commands]
        self._stopping = threading.Event()

    def run(self) -> int:
        """Until SIGTERM or SIGINT, which each of them gets, or one fails for good; the exit code."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self._stopping.set())
        threads = [threading.Thread(target=self._keep, args=(command,)) for command in self._commands]
        self._codes: list[int] = []
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return max(self._codes, default=0)

    def _keep(self, command: list[str]) -> None:
        pause = 0.5
        while not self._stopping.is_set():
            started = time.monotonic()
            code = self._wait(subprocess.Popen(command, start_new_session=True))  # noqa: S603 -- our own command
            if code in (0, 1, 2):
                if code:
                    log.error("%s ended with exit code %d; a person has to act", " ".join(command[3:]), code)
                    self._stopping.set()
                self._codes.append(code)
                return
            pause = 0.5 if time.monotonic() - started > _SOUND_AFTER else min(2 * pause, _LONGEST_PAUSE)
            log.warning("%s died (%d); again in %.1f s", " ".join(command[3:]), code, pause)
            self._stopping.wait(pause)

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        """Its exit code. It is told to end when we are."""
        told = False
        while True:
            try:
                return process.wait(0.2)
            except subprocess.TimeoutExpired:
                if self._stopping.is_set() and not told:
                    process.terminate()
                    told = True
