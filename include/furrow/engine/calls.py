"""Answers of language models, each paid for once: ledger first, then the model, then the ledger again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from furrow.config.models import CatalogueModel
from furrow.engine.batching import Batcher
from furrow.engine.call_key import call_key
from furrow.engine.ports import Answer, LanguageModel, Ledger, ModelRequest, Purchase
from furrow.errors import (
    FurrowError,
    ProviderUnavailable,
    RequestRefused,
    RequestRejected,
    RunError,
    TransientError,
)

log = logging.getLogger(__name__)
_LONGEST_WAIT = 60.0
"""Seconds; a provider that asks for more is left to the task's retry."""
_BACKOFF = wait_random_exponential(multiplier=0.5, max=20)


@dataclass(frozen=True, slots=True)
class Stamp:
    """On whose behalf calls are bought."""

    use_case: str
    release: str
    run_id: str


@dataclass(frozen=True, slots=True)
class Paid:
    """An answer, its ledger key, and whether it had to be bought for this."""

    answer: Answer
    key: str
    bought: bool


class Calls:
    """Asks models on behalf of one run. An answer is in the ledger before anybody sees it."""

    def __init__(
        self,
        open_model: Callable[[str], LanguageModel],
        catalogue: Mapping[str, CatalogueModel],
        ledger: Ledger,
        stamp: Stamp,
    ):
        self._open, self._catalogue = open_model, catalogue
        self._lines: dict[str, _Line] = {}
        self._ledger, self._stamp = ledger, stamp
        self._finds: Batcher[str, Answer | None] = Batcher(self._find)
        self._records: Batcher[Purchase, None] = Batcher(self._record)
        self._under_way: dict[str, asyncio.Task[Paid]] = {}

    async def answer(self, step: str, request: ModelRequest) -> Paid:
        """The answer, bought only when the ledger does not have it and nobody here is buying it.

        Raises TransientError after the catalogue's number of attempts, RunError at once.
        """
        key = call_key(request)
        if key in self._under_way:
            return replace(await asyncio.shield(self._under_way[key]), bought=False)
        task = asyncio.create_task(self._obtain(step, key, request))
        self._under_way[key] = task
        task.add_done_callback(lambda done: self._ended(key, done))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Start nothing more, let what is being paid for come home into the ledger, close every model."""
        for line in self._lines.values():
            line.stop()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        for line in self._lines.values():
            await line.model.close()

    def _ended(self, key: str, task: asyncio.Task[Paid]) -> None:
        self._under_way.pop(key, None)
        if not task.cancelled():
            task.exception()  # seen, so that asyncio does not report one whose caller has gone

    async def _obtain(self, step: str, key: str, request: ModelRequest) -> Paid:
        known = await self._finds.submit(key)
        if known is not None:
            return Paid(known, key, bought=False)
        answer = await self._line(request.alias).ask(request)
        stamp = self._stamp
        await self._records.submit(
            Purchase(key, answer, request.alias, stamp.use_case, step, stamp.release, stamp.run_id)
        )
        return Paid(answer, key, bought=True)

    def _line(self, alias: str) -> _Line:
        """The line to a model, opened at its first call: what the ledger has needs no model."""
        if alias not in self._lines:
            self._lines[alias] = _Line(self._open(alias), self._catalogue[alias])
        return self._lines[alias]

    def _find(self, keys: Sequence[str]) -> list[Answer | None]:
        found = self._ledger.find(keys)
        return [found.get(key) for key in keys]

    def _record(self, purchases: Sequence[Purchase]) -> list[None]:
        try:
            self._ledger.record(purchases)
        except FurrowError:
            spent = [(purchase.key, purchase.answer.cost_usd) for purchase in purchases]
            log.error("paid for, but not in the ledger (call, US dollars): %s", spent)
            raise
        return [None] * len(purchases)


class _Line:
    """The way to one model: its places, its retries, and its end when it is out of order.

    A run error closes a line at once, an outage when nothing has been answered for the catalogue's
    `outage_seconds`. A closed line fails every further call without making it, so that the task ends
    soon and says why.
    """

    def __init__(self, model: LanguageModel, entry: CatalogueModel):
        self.model, self._limits = model, entry.limits
        self._places = asyncio.Semaphore(entry.limits.concurrency)
        self._answers, self._misses = 0, 0
        self._silent_since: float | None = None
        self._closed: FurrowError | None = None
        self._stopped = asyncio.Event()
        self._attempts = AsyncRetrying(
            stop=stop_after_attempt(entry.limits.attempts),
            wait=_wait,
            retry=retry_if_exception(self._worth_another_try),
            sleep=self._pause,
            reraise=True,
        )

    async def ask(self, request: ModelRequest) -> Answer:
        """The model's answer, after the retries that the catalogue allows."""
        try:
            return await self._attempts.copy()(self._ask_once, request)
        except RequestRejected as error:
            if self._answers:  # others pass, so it is this record's request that is wrong
                raise RequestRefused(str(error)) from None
            self._closed = error
            raise
        except RunError as error:
            self._closed = error
            raise

    def stop(self) -> None:
        """Make no further call, and end every pause before one."""
        self._closed = self._closed or ProviderUnavailable("the run was stopped")
        self._stopped.set()

    async def _ask_once(self, request: ModelRequest) -> Answer:
        async with self._places:
            if self._closed is not None:
                raise type(self._closed)(str(self._closed))
            try:
                answer = await self.model.ask(request)
            except ProviderUnavailable as error:
                self._miss(error)
                raise
            self._answers, self._misses, self._silent_since = self._answers + 1, 0, None
            return answer

    def _miss(self, error: ProviderUnavailable) -> None:
        self._misses += 1
        now = time.monotonic()
        self._silent_since = self._silent_since or now
        silent = now - self._silent_since
        many = 2 * self._limits.attempts + self._limits.concurrency
        if self._misses >= many and silent >= self._limits.outage_seconds:
            self._closed = ProviderUnavailable(
                f"{error} (no answer to {self._misses} calls in {silent:.0f} s)"
            )

    def _worth_another_try(self, error: BaseException) -> bool:
        if not isinstance(error, TransientError) or self._closed is not None:
            return False
        return (error.retry_after or 0.0) <= _LONGEST_WAIT

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, TransientError) else None
    return max(asked or 0.0, _BACKOFF(state))
