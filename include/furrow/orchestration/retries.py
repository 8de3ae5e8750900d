"""Which failed task is tried again, and when: read off the place of its error in the error tree."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import RetryDecision, RetryPolicy

from furrow.errors import ConfigError, RecordError, RunError, TransientError

RETRIES = 5
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(minutes=15)


class ByErrorTree(RetryPolicy):  # type: ignore[misc]
    """What a person has to mend fails at once; what may pass waits, twice as long each time or as told.

    Anything else (a killed worker, a bug) takes the task's own retries.
    """

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Any = None
    ) -> RetryDecision:
        """try_number counts from 1; max_tries is the last one that Airflow allows."""
        if isinstance(exception, ConfigError | RunError | RecordError):
            return RetryDecision.fail(reason=f"a retry does not help: {_first_line(exception)}")
        if isinstance(exception, TransientError):
            wait = delay(attempt(try_number, max_tries), exception.retry_after)
            return RetryDecision.retry(
                wait, reason=f"waits {wait.total_seconds():.0f} s: {_first_line(exception)}"
            )
        return RetryDecision.default()


def attempt(try_number: int, max_tries: int) -> int:
    """Which attempt this is since the task was last cleared, from 1: clearing raises both counts."""
    return max(1, try_number - max(0, max_tries - RETRIES))


def delay(attempt: int, retry_after: float | None) -> timedelta:
    """Exponential from FIRST_DELAY up to LONGEST_DELAY, and never less than the other side asked for."""
    backoff = min(LONGEST_DELAY, FIRST_DELAY * (1 << min(attempt - 1, 10)))
    return max(backoff, timedelta(seconds=retry_after or 0))


def _first_line(exception: BaseException) -> str:
    text = str(exception).strip() or type(exception).__name__
    return f"{type(exception).__name__}: {text.splitlines()[0]}"
