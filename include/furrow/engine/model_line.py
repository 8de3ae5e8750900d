"""The way to one model: its places, its retries, and its end when it is out of order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception
from tenacity.stop import stop_base
from tenacity.wait import wait_random_exponential

from furrow.config.models import CatalogueModel
from furrow.engine.limiter import AdaptiveLimit
from furrow.engine.ports import Answer, LanguageModel, ModelRequest, Pace
from furrow.errors import (
    FurrowError,
    ProviderUnavailable,
    RateLimited,
    RequestRefused,
    RequestRejected,
    RunError,
    TransientError,
)

Got = TypeVar("Got")

_LONGEST_WAIT = 60.0
"""Seconds; a provider that asks for more is left to the task's retry."""
_HEADROOM = 0.985
"""Of an allowance: a request that the network brings a little early must not be one too many."""
_BACKOFF = wait_random_exponential(multiplier=0.5, max=20)


class ModelLine:
    """Calls of one model on behalf of one run.

    A run error closes a line at once, and so does a provider that asks for a longer wait than a minute; an
    outage when nothing has been answered for the catalogue's `outage_seconds`. A closed line fails every
    further call without making it, so that the task ends soon and says why.
    """

    def __init__(self, alias: str, model: LanguageModel, entry: CatalogueModel):
        self.alias, self.model, self._limits = alias, model, entry.limits
        self.pace = _pace(entry)
        self._places = AdaptiveLimit(entry.limits.concurrency)
        self._answers, self._misses = 0, 0
        self._silent_since: float | None = None
        self._closed: FurrowError | None = None
        self._closed_at = 0.0
        self._stopped = asyncio.Event()
        self._attempts = AsyncRetrying(
            wait=_wait,
            retry=retry_if_exception(self._worth_another_try),
            sleep=self.pause,
            reraise=True,
        )

    @asynccontextmanager
    async def place(self) -> AsyncIterator[float]:
        """A place among the calls in flight, once the server wants to hear from us again."""
        async with self._places.place() as since:
            yield since

    async def attempts(self, attempt: Callable[[], Awaitable[Got]]) -> Got:
        """What the attempt gives, after the retries of the catalogue; raises what the last one raised."""
        return await self._attempts.copy(stop=_Patience(self._limits.attempts))(attempt)

    async def ask(self, request: ModelRequest, since: float) -> Answer:
        """One call, no retry, from a place taken at `since`.

        Raises what the model raises; RequestRefused when only this request is wrong.
        """
        self.check()
        try:
            answer = await self.model.ask(request)
        except TransientError as error:
            self._miss(error, since)
            raise
        except RunError as error:
            if isinstance(error, RequestRejected) and self._answers:  # others pass, so it is this record's
                raise RequestRefused(str(error)) from None
            self._close(error)
            raise
        self._places.passed()
        self._answers, self._misses, self._silent_since = self._answers + 1, 0, None
        return answer

    def check(self) -> None:
        """Raises what closed the line, if it is closed."""
        if self._closed is not None:
            raise type(self._closed)(str(self._closed))

    def out_of_order_for(self) -> float:
        """Seconds since an outage closed the line; 0 while it is open, or closed for good."""
        if self._stopped.is_set() or not isinstance(self._closed, TransientError):
            return 0.0
        return time.monotonic() - self._closed_at

    def stop(self) -> None:
        """Make no further call, and end every pause before one."""
        self._close(self._closed or ProviderUnavailable("the run was stopped"))
        self._stopped.set()

    async def pause(self, seconds: float) -> None:
        """Wait, but not longer than the run lasts."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)

    def _miss(self, error: TransientError, since: float) -> None:
        asked = error.retry_after or 0.0
        if isinstance(error, RateLimited):
            self._places.refused(since, min(asked, _LONGEST_WAIT))
        self._misses += 1
        now = time.monotonic()
        self._silent_since = self._silent_since or now
        silent = now - self._silent_since
        many = 2 * self._limits.attempts + self._limits.concurrency
        if self._misses >= many and silent >= self._limits.outage_seconds + 2 * asked:
            words = f"{error} (no answer to {self._misses} calls in {silent:.0f} s)"
            self._close(type(error)(words, retry_after=error.retry_after))
        elif asked > _LONGEST_WAIT:
            self._close(error)

    def _close(self, error: FurrowError) -> None:
        """Fail every further call, at once also those that wait for a place."""
        self._closed, self._closed_at = error, time.monotonic()
        self._places.open()

    def _worth_another_try(self, error: BaseException) -> bool:
        if not isinstance(error, TransientError) or self._closed is not None:
            return False
        return (error.retry_after or 0.0) <= _LONGEST_WAIT


def _pace(entry: CatalogueModel) -> Pace | None:
    """The model's share of its connection's allowance, None when the catalogue names no limit."""
    requests, tokens = entry.limits.requests_per_minute, entry.limits.tokens_per_minute
    if requests is None and tokens is None:
        return None
    name = f"{entry.connection}/{entry.model}"
    return Pace(name, requests and _HEADROOM * requests, tokens and _HEADROOM * tokens)


class _Patience(stop_base):
    """Of one call: so many attempts; one that was only told to wait its turn counts a quarter."""

    def __init__(self, attempts: float):
        self._left = attempts

    def __call__(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        self._left -= 0.25 if isinstance(error, RateLimited) else 1
        return self._left <= 0


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, TransientError) else None
    return (asked or 0.0) + _BACKOFF(state)
