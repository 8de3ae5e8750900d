"""Answers of language models, each paid for once: ledger first, then the model, then the ledger again."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from furrow.config.models import CatalogueModel
from furrow.engine.batching import Batcher
from furrow.engine.call_key import call_key
from furrow.engine.model_line import ModelLine
from furrow.engine.ports import (
    LEASE_SECONDS,
    Answer,
    Claim,
    GivenUp,
    LanguageModel,
    Ledger,
    ModelRequest,
    Prices,
    Purchase,
    Verdict,
    Wish,
)
from furrow.engine.telemetry import CallTelemetry
from furrow.errors import BudgetSpent, FurrowError, PriceUnknown, StoreUnavailable, TransientError

log = logging.getLogger(__name__)
_FIRST_LOOK, _LONGEST_LOOK = 0.05, 2.0
"""Seconds between looks at a call that another buyer holds, or at a budget that others have set aside."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """On whose behalf calls are bought. cap_usd: what the use case may spend a day (UTC)."""

    use_case: str
    release: str
    run_id: str
    cap_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Paid:
    """An answer, its ledger key, whether it had to be bought for this, and the model that gave it."""

    answer: Answer
    key: str
    bought: bool
    alias: str


Ask = Callable[[float], Awaitable[Answer]]
"""Makes the call from a place that was taken at this time."""


class Answers(Protocol):
    """Where a step gets its answers from."""

    async def answer(self, step: str, request: ModelRequest) -> Paid:
        """The answer to a request. Raises RecordError, TransientError or RunError."""
        ...


def options_of(request: ModelRequest, catalogue: Mapping[str, CatalogueModel]) -> list[ModelRequest]:
    """The request as it goes to its model, and to each of that model's fallbacks."""

    def redirected(alias: str) -> ModelRequest:
        entry = catalogue[alias]
        schema = request.schema if entry.capabilities.json_schema else None
        return replace(request, alias=alias, model=entry.model, schema=schema)

    return [request, *map(redirected, catalogue[request.alias].fallback)]


class Calls:
    """Asks models on behalf of one run. An answer is in the ledger before anybody sees it.

    prices: needed to keep a budget, and to share out an allowance of tokens. again_after: seconds after which
    a model that was out of order is asked again; None: never, for a run that is tried again as a whole.
    """

    def __init__(
        self,
        open_model: Callable[[str], LanguageModel],
        catalogue: Mapping[str, CatalogueModel],
        ledger: Ledger,
        stamp: Stamp,
        prices: Prices | None = None,
        again_after: float | None = None,
    ):
        self._again_after = again_after
        self._open, self._catalogue, self._prices = open_model, catalogue, prices
        self._lines: dict[str, ModelLine] = {}
        self._ledger, self._stamp = ledger, stamp
        self._telemetry = CallTelemetry(stamp.use_case, stamp.release, stamp.run_id)
        self._buyer = f"{socket.gethostname()[:30]}-{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self._finds: Batcher[str, Answer | None] = Batcher(self._find)
        self._claims: Batcher[Wish, Claim] = Batcher(self._claim)
        self._records: Batcher[Purchase, None] = Batcher(self._record)
        self._returns: Batcher[GivenUp, None] = Batcher(self._give_up)
        self._under_way: dict[str, asyncio.Task[Paid]] = {}
        self._answered: set[str] = set()
        self._alive: asyncio.Task[None] | None = None

    async def answer(self, step: str, request: ModelRequest) -> Paid:
        """The answer, bought only when the ledger does not have it and nobody is buying it.

        While the model is down, those that its `fallback` names are asked in their order.
        Raises TransientError after the catalogue's number of attempts, RunError at once.
        """
        paid = await self._found_or_bought(step, request)
        if not paid.bought:
            self._telemetry.hit(step, paid.alias)
        return paid

    async def _found_or_bought(self, step: str, request: ModelRequest) -> Paid:
        options = [(call_key(option), option) for option in options_of(request, self._catalogue)]
        found = await asyncio.gather(*(self._finds.submit(key) for key, _ in options))
        for (key, option), answer in zip(options, found, strict=True):
            if answer is not None:
                return Paid(answer, key, bought=False, alias=option.alias)
        for key, option in options[:-1]:
            try:
                return await self._shared(step, key, option)
            except StoreUnavailable:
                raise
            except TransientError as error:
                log.warning("%s: asking the next model instead: %s", option.alias, error)
        return await self._shared(step, *options[-1])

    async def close(self) -> None:
        """Start nothing more, let what is being paid for come home into the ledger, close every model.

        Cancelled, it gives up what no model has answered yet. Nobody knows whether that was paid, so the
        leases are left as by a process that is killed.
        """
        for line in self._lines.values():
            line.stop()
        try:
            if self._under_way:
                await asyncio.wait(self._under_way.values())
        except asyncio.CancelledError:
            await self._abandon()
            raise
        finally:
            for line in self._lines.values():
                await line.model.close()
        await self._leave()

    async def _abandon(self) -> None:
        if self._alive is not None:
            self._alive.cancel()
        for key, task in self._under_way.items():
            if key not in self._answered:
                task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    # --- buying --------------------------------------------------------------------------------

    async def _shared(self, step: str, key: str, request: ModelRequest) -> Paid:
        """One purchase for all in this process who want the same; it goes on when they stop waiting."""
        if key in self._under_way:
            return replace(await asyncio.shield(self._under_way[key]), bought=False)
        task = asyncio.create_task(self._buy(step, key, request))
        self._under_way[key] = task
        task.add_done_callback(lambda done: self._ended(key, done))
        return await asyncio.shield(task)

    def _ended(self, key: str, task: asyncio.Task[Paid]) -> None:
        self._under_way.pop(key, None)
        self._answered.discard(key)
        if not task.cancelled():
            task.exception()  # seen, so that asyncio does not report one whose caller has gone

    async def _buy(self, step: str, key: str, request: ModelRequest) -> Paid:
        line = self._line(request.alias)
        wish = self._wish(key, request, line)
        ask = partial(self._ask, step, request, line)
        known, answer = await line.attempts(lambda: self._attempt(wish, ask, line))
        self._answered.add(key)
        if not known:
            stamp = self._stamp
            await self._records.submit(
                Purchase(key, answer, request.alias, stamp.use_case, step, stamp.release, stamp.run_id)
            )
        return Paid(answer, key, bought=not known, alias=request.alias)

    async def _attempt(self, wish: Wish, ask: Ask, line: ModelLine) -> tuple[bool, Answer]:
        """The answer, and whether somebody had bought it before."""
        if line.pace is not None:  # a turn is only worth taking when there is a place to use it
            async with line.place() as since:
                return await self._claimed_and_asked(wish, ask, line, since)
        line.check()
        claim = await self._granted(wish, line)
        if claim.answer is not None:
            return True, claim.answer
        async with self._or_given_up(wish.key), line.place() as since:
            return False, await ask(since)

    async def _claimed_and_asked(
        self, wish: Wish, ask: Ask, line: ModelLine, since: float
    ) -> tuple[bool, Answer]:
        line.check()
        claim = await self._granted(wish, line)
        if claim.answer is not None:
            return True, claim.answer
        async with self._or_given_up(wish.key):
            if claim.wait > 0:
                await line.pause(claim.wait)
            return False, await ask(since)

    async def _ask(self, step: str, request: ModelRequest, line: ModelLine, since: float) -> Answer:
        """One call, told to the telemetry; one that a closed line fails is none."""
        line.check()
        return await self._telemetry.told(step, request, lambda: line.ask(request, since))

    @asynccontextmanager
    async def _or_given_up(self, key: str) -> AsyncIterator[None]:
        """A granted call: when it comes to nothing, others may have it, and the money set aside for it."""
        try:
            yield
        except FurrowError as error:
            maybe_paid = isinstance(error, TransientError) and error.maybe_paid
            with suppress(StoreUnavailable):  # then it ends with the lease
                await self._returns.submit(GivenUp(key, maybe_paid))
            raise

    async def _granted(self, wish: Wish, line: ModelLine) -> Claim:
        """The claim once nobody else holds the call and the budget has room. Raises BudgetSpent."""
        self._alive = self._alive or asyncio.create_task(self._show_life())
        look = _FIRST_LOOK
        while True:
            claim = await self._claims.submit(wish)
            self._telemetry.budget(claim.purse)
            match claim.verdict:
                case Verdict.KNOWN | Verdict.GRANTED:
                    return claim
                case Verdict.SPENT:
                    raise BudgetSpent(
                        f"the budget of {wish.use_case} has no room today for another call: "
                        f"${wish.cap_usd:,.4g} a day (UTC) in pipeline.yaml. What was paid for is kept; "
                        f"`furrow budget raise {wish.use_case} USD` raises it for today, then clear the task "
                        "(a stream goes on by itself)"
                    )
            await line.pause(look)
            line.check()
            look = min(2 * look, _LONGEST_LOOK)

    def _wish(self, key: str, request: ModelRequest, line: ModelLine) -> Wish:
        cap, pace = self._stamp.cap_usd, line.pace
        most = None if cap is None else self._most_usd(request)
        tokens = 0
        if pace is not None and pace.tokens is not None and self._prices is not None:
            tokens = sum(self._prices.tokens(request))
        return Wish(key, self._stamp.use_case, most, cap, pace, tokens)

    def _most_usd(self, request: ModelRequest) -> float:
        most = self._prices.most_usd(request) if self._prices else None
        if most is None:
            raise PriceUnknown(
                f"{self._stamp.use_case} has a budget, but nobody knows the price of `{request.alias}` "
                f"({request.model}); give it a `price` in models.yaml"
            )
        return most

    async def _show_life(self) -> None:
        """Keep what this run was granted, however long its calls and waits take."""
        while True:
            await asyncio.sleep(LEASE_SECONDS / 4)
            try:
                await asyncio.to_thread(self._ledger.renew, self._buyer)
            except FurrowError as error:
                log.warning("the ledger takes no sign of life now: %s", error)

    async def _leave(self) -> None:
        if self._alive is None:
            return
        self._alive.cancel()
        try:
            await asyncio.to_thread(self._ledger.leave, self._buyer)
        except FurrowError as error:
            log.warning("what this run still held is free in %.0f s: %s", LEASE_SECONDS, error)

    def _line(self, alias: str) -> ModelLine:
        """The line to a model, opened at its first call: what the ledger has needs no model."""
        line = self._lines.get(alias)
        if line is None:
            line = self._lines[alias] = ModelLine(alias, self._open(alias), self._catalogue[alias])
        elif self._again_after is not None and line.out_of_order_for() > self._again_after:
            line = self._lines[alias] = ModelLine(alias, line.model, self._catalogue[alias])
        return line

    # --- the ledger, in bulk and in a thread ---------------------------------------------------

    def _find(self, keys: Sequence[str]) -> list[Answer | None]:
        found = self._ledger.find(keys)
        return [found.get(key) for key in keys]

    def _claim(self, wishes: Sequence[Wish]) -> list[Claim]:
        return self._ledger.claim(self._buyer, wishes)

    def _record(self, purchases: Sequence[Purchase]) -> list[None]:
        try:
            self._ledger.record(purchases, self._buyer)
        except FurrowError:
            spent = [(purchase.key, purchase.answer.cost_usd) for purchase in purchases]
            log.error("paid for, but not in the ledger (call, US dollars): %s", spent)
            raise
        return [None] * len(purchases)

    def _give_up(self, calls: Sequence[GivenUp]) -> list[None]:
        self._ledger.give_up(self._buyer, calls)
        return [None] * len(calls)
