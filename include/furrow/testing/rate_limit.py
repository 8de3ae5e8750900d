"""How much a model server serves: requests and tokens a minute, and how many requests at once."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What each model of the server allows; None: as much as one likes.

    The allowance of a minute is kept over the last `window_seconds`, in proportion. Tokens are those read and
    written. at_once: requests in flight, over all models.
    """

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    window_seconds: float = _MINUTE
    at_once: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Its fields."""
        return asdict(self)

    def in_window(self, per_minute: float) -> float:
        """How much of the allowance of a minute one window holds; never less than one."""
        return max(1.0, per_minute * self.window_seconds / _MINUTE)


class SlidingWindow:
    """What one model has served lately. clock: seconds."""

    def __init__(self, limit: RateLimit, clock: Callable[[], float] = time.monotonic):
        self._limit, self._clock = limit, clock
        self._served: deque[tuple[float, int]] = deque()
        self._tokens = 0

    def wait(self, tokens: int) -> float:
        """Seconds until a prompt of so many tokens is served; 0 for now."""
        now, limit = self._clock(), self._limit
        self._forget(now)
        room_at = -math.inf
        if limit.requests_per_minute is not None:
            most = int(limit.in_window(limit.requests_per_minute))
            room_at = self._served[-most][0] if len(self._served) >= most else room_at
        if limit.tokens_per_minute is not None:
            room_at = max(room_at, self._tokens_fit_at(limit.in_window(limit.tokens_per_minute) - tokens))
        return max(0.0, room_at + limit.window_seconds - now)

    def serve(self, tokens: int) -> None:
        """Count one request, with its tokens read and written."""
        self._served.append((self._clock(), tokens))
        self._tokens += tokens

    def _tokens_fit_at(self, room: float) -> float:
        """When the last request was served that has to leave the window first; -inf when none has to."""
        used, leaves = self._tokens, -math.inf
        for served, tokens in self._served:
            if used <= room:
                break
            used, leaves = used - tokens, served
        return leaves

    def _forget(self, now: float) -> None:
        while self._served and self._served[0][0] <= now - self._limit.window_seconds:
            self._tokens -= self._served.popleft()[1]


class Allowance:
    """The sliding windows of all models of a server."""

    def __init__(self, limit: RateLimit):
        self._windows: dict[str, SlidingWindow] = {}
        self.limit = limit

    @property
    def limit(self) -> RateLimit:
        """What is allowed now. A new one begins with empty windows."""
        return self._limit

    @limit.setter
    def limit(self, limit: RateLimit) -> None:
        self._limit = limit
        self._windows.clear()
        self._metered = limit.requests_per_minute is not None or limit.tokens_per_minute is not None

    def wait(self, model: str, tokens: int, in_flight: int) -> str | None:
        """`Retry-After` in whole seconds for a request that is one too many, None when it is served.

        in_flight: requests that are being served, this one too.
        """
        if self._limit.at_once is not None and in_flight > self._limit.at_once:
            return "1"
        if not self._metered:
            return None
        seconds = self._window(model).wait(tokens)
        return None if seconds <= 0 else str(math.ceil(seconds))

    def serve(self, model: str, tokens: int) -> None:
        """Count one request, with its tokens read and written."""
        if self._metered:
            self._window(model).serve(tokens)

    def _window(self, model: str) -> SlidingWindow:
        if model not in self._windows:
            self._windows[model] = SlidingWindow(self._limit)
        return self._windows[model]
