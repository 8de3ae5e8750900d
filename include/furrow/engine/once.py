"""What many records wait for and one makes: an index, a classifier."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Made = TypeVar("Made")


class Once(Generic[Made]):
    """Makes it at the first call, or at the next one after it failed. A caller that leaves stops nothing."""

    def __init__(self, make: Callable[[], Awaitable[Made]]):
        self._make = make
        self._making: asyncio.Future[Made] | None = None

    async def get(self) -> Made:
        """What was made. Raises what making it raises."""
        if self._making is None or _failed(self._making):
            self._making = asyncio.ensure_future(self._make())
        return await asyncio.shield(self._making)


def _failed(making: asyncio.Future[Made]) -> bool:
    return making.done() and (making.cancelled() or making.exception() is not None)
