"""Answers are paid for once: budgets, fallbacks, and who may buy what at the same time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence

import pytest

from furrow.adapters.model_price import CataloguePrices
from furrow.config.models import CatalogueModel, Limits, Price
from furrow.engine.call_key import call_key
from furrow.engine.calls import Calls, Paid, Stamp
from furrow.engine.ports import Answer, Finish, Message, ModelRequest, Purchase, Wish
from furrow.errors import BudgetSpent, CredentialsRefused, PriceUnknown, ProviderUnavailable, RateLimited
from furrow.testing import MemoryLedger, ScriptedModel

Line = Answer | Exception
PRICE = Price(input_usd_per_million=0, output_usd_per_million=1_000_000)


def entry(alias: str, price: Price | None = PRICE, **more: object) -> CatalogueModel:
    limits = Limits(concurrency=8, attempts=1, outage_seconds=0)
    made = {"model": f"openai-chat:{alias}", "connection": "models", "price": price, "limits": limits, **more}
    return CatalogueModel.model_validate(made)


def request(number: int, alias: str = "small", max_tokens: int = 2) -> ModelRequest:
    messages = (Message("user", f"글 {number}"),)
    return ModelRequest(alias, f"openai-chat:{alias}", messages, params={"max_tokens": max_tokens})


def answer(cost: float = 1.0) -> Answer:
    return Answer("좋아요", Finish.STOP, "small", 3, 1, cost, 0.1)


class Shop:
    """Models behind aliases, a ledger in memory, and callers with a budget."""

    def __init__(
        self,
        catalogue: Mapping[str, CatalogueModel] | None = None,
        cap_usd: float | None = None,
        **scripts: Callable[[ModelRequest], Line],
    ):
        self.catalogue = catalogue or {"small": entry("small")}
        self.cap_usd, self.ledger = cap_usd, MemoryLedger()
        self.models = {
            alias: ScriptedModel(scripts.get(alias, lambda _: answer()), latency=0.005)
            for alias in self.catalogue
        }

    def calls(self) -> Calls:
        stamp = Stamp("goods", "v1@12345678", "run", self.cap_usd)
        prices = CataloguePrices(self.catalogue)
        return Calls(self.models.__getitem__, self.catalogue, self.ledger, stamp, prices)

    async def ask(self, *requests: ModelRequest) -> list[Paid | BaseException]:
        calls = self.calls()
        try:
            asked = (calls.answer("extract", one) for one in requests)
            return await asyncio.gather(*asked, return_exceptions=True)
        finally:
            await calls.close()


async def test_a_close_that_is_cut_short_gives_up_what_hangs_and_keeps_what_was_answered() -> None:
    shop, never, writing = Shop(), asyncio.Event(), threading.Event()
    plain, entered = shop.models["small"].ask, asyncio.Event()
    loop, record = asyncio.get_running_loop(), shop.ledger.record

    async def ask(asked: ModelRequest) -> Answer:
        if asked == request(0):
            await never.wait()
        return await plain(asked)

    def slowly(purchases: Sequence[Purchase], buyer: str = "") -> None:
        loop.call_soon_threadsafe(entered.set)
        writing.wait(10)
        record(purchases, buyer)

    shop.models["small"].ask = ask  # type: ignore[method-assign]
    shop.ledger.record = slowly  # type: ignore[method-assign]
    calls = shop.calls()
    asked = [asyncio.create_task(calls.answer("extract", request(number))) for number in (0, 1)]
    await entered.wait()
    closing = asyncio.create_task(calls.close())
    await asyncio.sleep(0.05)
    closing.cancel()
    await asyncio.sleep(0.05)
    writing.set()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert list(shop.ledger.purchases) == [call_key(request(1))]
    assert list(shop.ledger.leases) == [call_key(request(0))]  # until it ends, as after a kill
    assert shop.models["small"].closed
    ended = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in ended] == [asyncio.CancelledError, Paid]


def failing(error: Exception) -> Callable[[ModelRequest], Line]:
    return lambda _: error


async def test_a_provider_that_wants_a_longer_silence_than_a_minute_is_asked_no_further() -> None:
    shop = Shop(small=failing(RateLimited("quota", 90.0)))
    found = await shop.ask(*(request(number) for number in range(40)))
    assert {type(one) for one in found} == {RateLimited}
    assert shop.models["small"].calls <= 8  # those that had a place


# --- budgets -----------------------------------------------------------------------------------------


async def test_what_is_spent_never_passes_the_cap_and_the_run_says_how_to_go_on() -> None:
    shop = Shop(cap_usd=10.0)
    found = await shop.ask(*(request(number) for number in range(64)))
    refused = [one for one in found if isinstance(one, BaseException)]
    assert shop.models["small"].calls == len(shop.ledger.purchases) == 9  # the tenth could cost two
    assert {type(one) for one in refused} == {BudgetSpent}
    assert "furrow budget raise goods" in str(refused[0])
    assert shop.ledger.leases == {}


async def test_after_the_cap_is_raised_it_goes_on_and_buys_nothing_again() -> None:
    shop = Shop(cap_usd=10.0)
    requests = [request(number) for number in range(20)]
    await shop.ask(*requests)
    before = shop.models["small"].calls
    shop.ledger.raise_budget("goods", 12.0)
    found = await shop.ask(*requests)
    assert all(isinstance(one, Paid) for one in found)
    assert shop.models["small"].calls == 20 and before == 9


async def test_a_budget_is_shared_by_everyone_who_buys_at_the_same_time() -> None:
    shop = Shop(cap_usd=10.0)
    await asyncio.gather(*(shop.ask(*(request(8 * k + n) for n in range(8))) for k in range(4)))
    assert sum(bought.answer.cost_usd or 0 for bought in shop.ledger.purchases.values()) == 9


async def test_a_call_that_came_to_nothing_gives_its_money_back() -> None:
    shop = Shop(cap_usd=10.0, small=failing(RateLimited("later")))
    await shop.ask(*(request(number) for number in range(4)))
    day = shop.ledger.days["goods"]
    assert (day.spent, day.presumed, day.reserved) == (0, 0, 0)


async def test_a_call_that_may_have_been_billed_counts_as_spent() -> None:
    shop = Shop(cap_usd=10.0, small=failing(ProviderUnavailable("no answer within 5 s", maybe_paid=True)))
    await shop.ask(request(1))
    day = shop.ledger.days["goods"]
    assert (day.spent, day.presumed, day.reserved) == (0, 2, 0)


async def test_a_budget_cannot_be_kept_with_a_price_that_nobody_knows() -> None:
    shop = Shop({"small": entry("small", price=None)}, cap_usd=10.0)
    (found,) = await shop.ask(request(1))
    assert isinstance(found, PriceUnknown) and shop.models["small"].calls == 0


# --- fallbacks ---------------------------------------------------------------------------------------


def with_fallback(**scripts: Callable[[ModelRequest], Line]) -> Shop:
    catalogue = {"small": entry("small", fallback=["other"]), "other": entry("other")}
    return Shop(catalogue, **scripts)


async def test_while_a_model_is_down_its_fallback_answers_and_the_ledger_says_so() -> None:
    shop = with_fallback(small=failing(ProviderUnavailable("down")))
    (found,) = await shop.ask(request(1))
    assert isinstance(found, Paid) and found.alias == "other"
    assert [bought.alias for bought in shop.ledger.purchases.values()] == ["other"]


async def test_an_answer_of_the_fallback_is_not_bought_again_from_the_model_when_it_is_back() -> None:
    shop = with_fallback(small=failing(ProviderUnavailable("down")))
    await shop.ask(request(1))
    shop.models["small"] = ScriptedModel(lambda _: answer())
    (found,) = await shop.ask(request(1))
    assert isinstance(found, Paid) and (found.bought, found.alias) == (False, "other")
    assert shop.models["small"].calls == 0


async def test_wrong_credentials_are_for_a_person_to_mend_not_for_the_fallback() -> None:
    shop = with_fallback(small=failing(CredentialsRefused("401")))
    (found,) = await shop.ask(request(1))
    assert isinstance(found, CredentialsRefused) and shop.models["other"].calls == 0


async def test_when_all_are_down_the_last_one_says_so() -> None:
    shop = with_fallback(
        small=failing(ProviderUnavailable("down")), other=failing(ProviderUnavailable("down too"))
    )
    (found,) = await shop.ask(request(1))
    assert isinstance(found, ProviderUnavailable) and "down too" in str(found)


async def test_a_request_to_the_fallback_and_one_meant_for_it_are_bought_once() -> None:
    shop = with_fallback(small=failing(ProviderUnavailable("down")))
    await shop.ask(request(1), request(1, alias="other"))
    assert shop.models["other"].calls == 1


# --- several buyers ----------------------------------------------------------------------------------


async def test_what_another_run_is_buying_is_waited_for_and_not_bought_again() -> None:
    shop = Shop()
    requests = [request(number) for number in range(30)]
    first, second = await asyncio.gather(shop.ask(*requests), shop.ask(*requests))
    assert shop.models["small"].calls == 30
    bought = [sum(one.bought for one in side if isinstance(one, Paid)) for side in (first, second)]
    assert sum(bought) == 30


async def test_what_another_run_gave_up_is_bought_by_the_one_that_waits() -> None:
    shop = Shop()
    shop.ledger.claim("somebody", [Wish(call_key(request(1)), "goods")])
    waiting = asyncio.create_task(shop.ask(request(1)))
    await asyncio.sleep(0.1)
    assert shop.models["small"].calls == 0
    shop.ledger.leave("somebody")
    (found,) = await waiting
    assert isinstance(found, Paid) and found.bought


async def test_nothing_is_held_once_a_run_is_closed() -> None:
    shop = Shop()
    await shop.ask(*(request(number) for number in range(5)))
    assert shop.ledger.leases == {}


@pytest.mark.parametrize("attempts", [1, 3])
async def test_every_attempt_of_a_call_is_set_aside_anew(attempts: int) -> None:
    limits = Limits(concurrency=8, attempts=attempts, outage_seconds=60)
    lost = ProviderUnavailable("lost", maybe_paid=True)
    shop = Shop({"small": entry("small", limits=limits)}, cap_usd=100.0, small=failing(lost))
    await shop.ask(request(1))
    assert shop.ledger.days["goods"].presumed == 2 * attempts
