"""The live release while it may change: which records get which, and when the earlier one is closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from furrow.config.use_case import Version
from furrow.engine.arms import CANDIDATE, LIVE, Arm, Arms
from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.errors import ConfigError, ConnectionMissing, OptionUnknown, Problem
from furrow.streaming.serving import Lineup, Serving
from furrow.testing import MemoryLedger, ScriptedModel
from tests.folders import FolderOfPrompts


class Stage:
    """A folder whose live version may change, and which pipelines are open."""

    def __init__(self, prompts: FolderOfPrompts):
        self.prompts, self.open = prompts, list[str]()
        self.broken: Exception | None = None
        self.shut: dict[str, Exception] = {}
        self.beside: Lineup | None = None
        self.slow: dict[str, asyncio.Event] = {}
        self.serving = Serving(self._live, self._pipeline)

    def publish(self, text: str) -> str:
        """Another release is live: its name."""
        self.prompts.put("goods/v1/digest/system.md", text)
        return self._live().arms.live.release

    def put_another_beside_it(self) -> None:
        """A candidate, which cannot be opened."""
        self.prompts.version("v2", "Digest of version 2.")
        use_case = self.prompts.load()
        live, beside = use_case.version("v1"), use_case.version("v2")
        self.shut[beside.release] = ConnectionMissing("connection `elsewhere` is not defined")
        arms = Arms(Arm(LIVE, live.name, live.release), Arm(CANDIDATE, beside.name, beside.release), 0.5)
        self.beside = Lineup(arms, {LIVE: live, CANDIDATE: beside})

    def _live(self) -> Lineup:
        if self.broken is not None:
            raise self.broken
        if self.beside is not None:
            return self.beside
        return Lineup.alone(self.prompts.load().version())

    @asynccontextmanager
    async def _pipeline(self, version: Version) -> AsyncIterator[Pipeline]:
        if version.release in self.shut:
            raise self.shut[version.release]
        self.open.append(version.release)
        calls = Calls(
            lambda _: ScriptedModel(), version.catalogue, MemoryLedger(), Stamp("goods", version.release, "r")
        )
        try:
            yield Pipeline(version, calls)
            if version.release in self.slow:
                await self.slow[version.release].wait()
        finally:
            self.open.remove(version.release)


@pytest.fixture
def stage(prompts: FolderOfPrompts) -> Stage:
    return Stage(prompts)


async def test_a_record_that_began_keeps_its_release_and_new_ones_get_the_new_one(stage: Stage) -> None:
    await stage.serving.start()
    first = stage.serving.release
    with stage.serving.use() as earlier:
        second = stage.publish("Another one.\n")
        await stage.serving.refresh()
        with stage.serving.use() as later:
            assert (earlier.version.release, later.version.release) == (first, second)
            assert stage.open == [first, second]
    await stage.serving.refresh()
    assert stage.open == [second]
    await stage.serving.close()
    assert stage.open == []


async def test_an_earlier_release_stays_open_while_somebody_uses_it(stage: Stage) -> None:
    await stage.serving.start()
    first = stage.serving.release
    with stage.serving.use():
        stage.publish("Second.\n")
        await stage.serving.refresh()
        third = stage.publish("Third.\n")
        await stage.serving.refresh()
        assert stage.open == [first, third]
    await stage.serving.close()
    assert stage.open == []


async def test_nothing_happens_while_the_release_is_the_same(stage: Stage) -> None:
    await stage.serving.start()
    with stage.serving.use() as before:
        pass
    await stage.serving.refresh()
    with stage.serving.use() as after:
        assert after is before


@pytest.mark.parametrize(
    "error",
    [
        ConfigError(Problem("goods/pipeline.yaml", 3, "no such thing")),
        OptionUnknown("no v9"),
        OSError("gone"),
    ],
    ids=["does not load", "names an unknown version", "is being written"],
)
async def test_a_folder_that_does_not_load_changes_nothing_until_it_does(
    stage: Stage, error: Exception, caplog: Any
) -> None:
    await stage.serving.start()
    first = stage.serving.release
    stage.broken = error
    for _ in range(3):
        await stage.serving.refresh()
    assert (stage.serving.release, stage.open) == (first, [first])
    (said,) = caplog.messages
    assert first in said
    stage.broken = None
    second = stage.publish("Mended.\n")
    await stage.serving.refresh()
    assert stage.serving.release == second


async def test_a_folder_that_does_not_load_at_the_start_is_an_error(stage: Stage) -> None:
    stage.broken = OptionUnknown("no v9")
    with pytest.raises(OptionUnknown):
        await stage.serving.start()
    await stage.serving.close()


async def test_using_it_ends_with_an_error_too(stage: Stage) -> None:
    await stage.serving.start()
    with pytest.raises(ValueError, match="of the work"), stage.serving.use():
        raise ValueError("of the work")
    stage.publish("Another one.\n")
    await stage.serving.refresh()
    assert len(stage.open) == 1


async def test_a_release_that_cannot_be_opened_changes_nothing_until_it_can(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    await stage.serving.start()
    first = stage.serving.release
    second = stage.publish("Another one.\n")
    stage.shut[second] = ConnectionMissing("connection `elsewhere` is not defined")
    for _ in range(3):
        await stage.serving.refresh()
    with stage.serving.use() as pipeline:
        assert pipeline.version.release == first
    assert (stage.serving.release, stage.open) == (first, [first])
    assert caplog.text.count("connection `elsewhere` is not defined") == 1
    del stage.shut[second]
    await stage.serving.refresh()
    assert (stage.serving.release, stage.open) == (second, [second])


async def test_of_two_releases_of_which_one_cannot_be_opened_none_stays_open(stage: Stage) -> None:
    await stage.serving.start()
    first = stage.serving.release
    stage.publish("Another one.\n")
    stage.put_another_beside_it()
    await stage.serving.refresh()
    assert (stage.serving.release, stage.open) == (first, [first])


async def test_a_start_that_fails_leaves_nothing_open(stage: Stage) -> None:
    stage.put_another_beside_it()
    with pytest.raises(ConnectionMissing):
        await stage.serving.start()
    assert stage.open == []


async def test_an_earlier_release_that_takes_long_to_close_holds_up_no_look_and_ends_with_the_stream(
    stage: Stage,
) -> None:
    await stage.serving.start()
    first = stage.serving.release
    stage.slow[first] = asyncio.Event()
    second = stage.publish("Second.\n")
    await stage.serving.refresh()
    third = stage.publish("Third.\n")
    await stage.serving.refresh()
    assert (stage.serving.release, stage.open) == (third, [first, third])
    assert second not in stage.open
    stage.slow[third] = asyncio.Event()
    await stage.serving.close(within=0.1)
    assert stage.open == []


async def test_what_is_closed_in_time_is_closed_as_it_wants(stage: Stage) -> None:
    await stage.serving.start()
    last = stage.slow[stage.serving.release] = asyncio.Event()
    closing = asyncio.create_task(stage.serving.close(within=20))
    await asyncio.sleep(0.1)
    assert not closing.done()
    last.set()
    await closing
    assert stage.open == []
