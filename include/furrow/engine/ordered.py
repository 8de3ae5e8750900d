"""Many at a time, results in the order of the input, a bounded number on the way."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

Item = TypeVar("Item")
Done = TypeVar("Done")


async def ordered(
    items: Iterable[Item], do: Callable[[Item], Awaitable[Done]], look_ahead: int
) -> AsyncGenerator[Done, None]:
    """Run `do` on at most `look_ahead` items at a time and yield the results in the order of `items`.

    When one raises, nothing new is started and the others are cancelled. A caller that may stop early
    closes the iterator (`contextlib.aclosing`). What is being paid for is not cancelled: see `Calls`.
    """
    window: deque[asyncio.Task[Done]] = deque()
    try:
        for item in items:
            window.append(asyncio.ensure_future(do(item)))
            if len(window) >= look_ahead:
                yield await window.popleft()
        while window:
            yield await window.popleft()
    finally:
        for task in window:
            task.cancel()
        await asyncio.gather(*window, return_exceptions=True)


async def all_of(asked: Iterable[Coroutine[Any, Any, Done]]) -> list[Done]:
    """What all of them give, in their order. When some fail, the others are waited for: they are paid for."""
    replies = await asyncio.gather(*asked, return_exceptions=True)
    for reply in replies:
        if isinstance(reply, BaseException):
            raise reply
    return [reply for reply in replies if not isinstance(reply, BaseException)]
