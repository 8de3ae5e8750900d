"""What is wrong and lasts, said once."""

from __future__ import annotations

import logging


class Complaint:
    """Logs an error, and again only when it is another one, or came back after `settled`."""

    def __init__(self, log: logging.Logger):
        self._log, self._said = log, ""

    def say(self, words: str, error: BaseException, fault: bool = False) -> None:
        """fault: with its traceback, for what is no error of Furrow's tree."""
        if (what := f"{words}: {error}") != self._said:
            self._said = what
            self._log.error("%s", what, exc_info=error if fault else None)

    def settled(self) -> None:
        """Nothing is wrong any more."""
        self._said = ""
