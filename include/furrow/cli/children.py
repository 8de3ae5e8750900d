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
_FAILED = {1, 2}
"""Exit codes of an error of ours: a person has to act."""
_FURROW = (sys.executable, "-m", "furrow.cli")

Command = Sequence[str]


class Children:
    """`furrow` commands, each in a process.

    together: when one of these fails for good (exit code 1 or 2), all end. alone: one of these that does is
    started again after `again_seconds`, for as long as one of `together` runs. program: what they are
    commands of.
    """

    def __init__(
        self,
        together: Sequence[Command],
        alone: Sequence[Command] = (),
        again_seconds: float = 30.0,
        program: Command = _FURROW,
    ):
        self._together, self._alone = together, alone
        self._again_seconds, self._program = again_seconds, program
        self._stopping = threading.Event()
        self._codes: list[int] = []

    def run(self) -> int:
        """Until SIGTERM or SIGINT, which each of them gets, or one fails for good; the exit code.

        It is that of the worst of them as they ended, also of one that waited for its next start.
        """
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self._stopping.set())
        together = [threading.Thread(target=self._keep, args=(each,)) for each in self._together]
        alone = [threading.Thread(target=self._keep_alone, args=(each, together)) for each in self._alone]
        for thread in [*together, *alone]:
            thread.start()
        for thread in [*together, *alone]:
            thread.join()
        return max(self._codes, default=0)

    def _keep(self, command: Command) -> None:
        code = self._outcome(command)
        if code in _FAILED:
            log.error("%s ended with exit code %d; a person has to act", " ".join(command), code)
            self._stopping.set()
        self._codes.append(code)

    def _keep_alone(self, command: Command, others: Sequence[threading.Thread]) -> None:
        while (code := self._outcome(command)) in _FAILED and not self._stopping.is_set():
            told = "%s ended with exit code %d; a person has to act; the others go on, it comes again in %g s"
            log.error(told, " ".join(command), code, self._again_seconds)
            self._stopping.wait(self._again_seconds)
            if self._stopping.is_set() or not any(thread.is_alive() for thread in others):
                break
        self._codes.append(code)

    def _outcome(self, command: Command) -> int:
        """The exit code with which it ended; 0 when it died of what may pass and we were told to end."""
        pause, code = 0.5, 0
        while not self._stopping.is_set():
            started = time.monotonic()
            process = subprocess.Popen([*self._program, *command], start_new_session=True)  # noqa: S603 -- our own
            code = self._wait(process)
            if code == 0 or code in _FAILED:
                break
            pause = 0.5 if time.monotonic() - started > _SOUND_AFTER else min(2 * pause, _LONGEST_PAUSE)
            log.warning("%s died (%d); again in %.1f s", " ".join(command), code, pause)
            self._stopping.wait(pause)
            code = 0
        return code

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
