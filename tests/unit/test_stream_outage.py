"""A model that was out of order is asked again by a stream, and never again by a run."""

from __future__ import annotations

import asyncio

import pytest

from furrow.config.loader import load_models
from furrow.engine.calls import Calls, Stamp
from furrow.engine.ports import Message, ModelRequest
from furrow.errors import ProviderUnavailable
from furrow.testing import MemoryLedger, ScriptedModel
from tests.folders import FolderOfPrompts

MANY = 30
"""Failures in a row that close the line to a model with the small folder's limits."""


class Provider:
    """A model that is down until it is mended."""

    def __init__(self, prompts: FolderOfPrompts, again_after: float | None):
        self.down, self.model = True, ScriptedModel(self._answer)
        catalogue = load_models(prompts.path).models
        stamp = Stamp("goods", "v1@1", "r1")
        self.calls = Calls(lambda _: self.model, catalogue, MemoryLedger(), stamp, again_after=again_after)

    def _answer(self, request: ModelRequest) -> str | Exception:
        return ProviderUnavailable("down") if self.down else "fine"

    async def ask(self, number: int) -> str:
        request = ModelRequest("small", "openai-chat:small", (Message("user", str(number)),))
        return (await self.calls.answer("digest", request)).answer.text

    async def fail_until_closed(self) -> None:
        await asyncio.gather(*(self.ask(number) for number in range(MANY)), return_exceptions=True)
        before = self.model.calls
        with pytest.raises(ProviderUnavailable, match="no answer to"):
            await self.ask(MANY)
        assert self.model.calls == before


async def test_a_run_asks_a_model_that_was_out_of_order_no_more(prompts: FolderOfPrompts) -> None:
    provider = Provider(prompts, again_after=None)
    await provider.fail_until_closed()
    provider.down = False
    with pytest.raises(ProviderUnavailable):
        await provider.ask(0)
    await provider.calls.close()


async def test_a_stream_asks_it_again_after_a_while(prompts: FolderOfPrompts) -> None:
    provider = Provider(prompts, again_after=60.0)
    await provider.fail_until_closed()
    provider.calls._again_after = 0.3
    provider.down = False
    await asyncio.sleep(0.4)
    assert await provider.ask(0) == "fine"
    await provider.calls.close()


async def test_after_the_end_it_is_asked_no_more(prompts: FolderOfPrompts) -> None:
    provider = Provider(prompts, again_after=60.0)
    await provider.fail_until_closed()
    provider.calls._again_after = 0.3
    provider.down = False
    await asyncio.sleep(0.4)
    assert await provider.ask(0) == "fine"
    await provider.calls.close()
    await asyncio.sleep(0.4)
    with pytest.raises(ProviderUnavailable, match="the run was stopped"):
        await provider.ask(1)
