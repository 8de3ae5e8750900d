"""Many small awaits, few large blocking calls: whatever comes in while a call runs goes into the next."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Reply = TypeVar("Reply")

SPACING_SECONDS = 0.01
"""A call of a language model takes tens of times as long."""


class Batcher(Generic[Item, Reply]):
    """Coalesces single submissions into bulk calls of a blocking function, run in a thread, one at a time.

    spacing: seconds from the start of one bulk call to the start of the next, at least. The first submission
    after a lull goes out at once; in a crowd, few large calls cost less than many small ones.
    """

    def __init__(
        self,
        call: Callable[[Sequence[Item]], Sequence[Reply]],
        largest: int = 1000,
        spacing: float = SPACING_SECONDS,
    ):
        self._call, self._largest, self._spacing = call, largest, spacing
        self._started = -math.inf
        self._waiting: list[tuple[Item, asyncio.Future[Reply]]] = []
        self._running: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Reply:
        """The reply for this item. Raises what the bulk call raised."""
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._started + self._spacing - time.monotonic())
            self._started = time.monotonic()
            batch, self._waiting = self._waiting[: self._largest], self._waiting[self._largest :]
            await self._reply(batch)

    async def _reply(self, batch: list[tuple[Item, asyncio.Future[Reply]]]) -> None:
        try:
            replies = await asyncio.to_thread(self._call, [item for item, _ in batch])
        except Exception as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), reply in zip(batch, replies, strict=True):
            if not future.done():
                future.set_result(reply)
