"""How many calls of one model may be in flight: what is configured, fewer when the server refuses."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_BACK = 0.5
"""What is left of the limit after the server refused (multiplicative decrease)."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0
"""Seconds of silence after a refusal that names none; each in a row twice as long."""


class AdaptiveLimit:
    """Places for calls in flight. Additive increase, multiplicative decrease, as in TCP's congestion control.

    most: the configured limit, where it starts. Within one event loop.
    """

    def __init__(self, most: int):
        self._most, self._limit = most, float(most)
        self._taken = 0
        self._lowered_at = 0.0
        self._closed_until = 0.0
        self._pause = _FIRST_PAUSE
        self._reopening: asyncio.TimerHandle | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> int:
        """Places there are now."""
        return max(1, int(self._limit))

    @property
    def closed_for(self) -> float:
        """Seconds for which the server wants to hear nothing."""
        return max(0.0, self._closed_until - time.monotonic())

    @asynccontextmanager
    async def place(self) -> AsyncIterator[float]:
        """A place, first come, first served, once the server wants to hear from us again.

        Gives the moment at which it was taken.
        """
        await self._enter()
        try:
            yield time.monotonic()
        finally:
            self._taken -= 1
            self._admit()

    def passed(self) -> None:
        """The server answered: room for one more after as many answers as there are places."""
        self._limit = min(self._most, self._limit + 1 / self._limit)
        self._pause = _FIRST_PAUSE
        self._admit()

    def open(self) -> None:
        """Keep nobody waiting for the server."""
        self._closed_until = 0.0
        self._admit()

    def refused(self, since: float, retry_after: float | None) -> None:
        """The server said too many to a call that began at `since`; calls of before count once."""
        now = time.monotonic()
        if since >= self._lowered_at:
            self._lowered_at = now
            self._limit = max(1.0, self._limit * _BACK)
            self._closed_until = max(self._closed_until, now + self._pause)
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        self._closed_until = max(self._closed_until, now + (retry_after or 0.0))

    async def _enter(self) -> None:
        if self._taken < self.limit and not self._waiting and not self.closed_for:
            self._taken += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._taken -= 1
                self._admit()
            raise

    def _admit(self) -> None:
        if self._waiting and self.closed_for:
            self._admit_later()
            return
        while self._waiting and self._taken < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self._taken += 1
                turn.set_result(None)

    def _admit_later(self) -> None:
        if self._reopening is not None:
            self._reopening.cancel()
        self._reopening = asyncio.get_running_loop().call_later(self.closed_for, self._admit)
