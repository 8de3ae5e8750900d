"""The live release while it may change: new records get the new one, those on their way keep theirs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass

from furrow.config.use_case import Version
from furrow.engine.pipeline import Pipeline
from furrow.errors import ConfigError, OptionUnknown

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Open:
    pipeline: Pipeline
    context: AbstractAsyncContextManager[Pipeline]
    users: int = 0


class Serving:
    """Opens the pipeline of the live release, and closes that of an earlier one when nobody uses it.

    live: the version that serves now; raises ConfigError when the folder does not load.
    """

    def __init__(
        self,
        live: Callable[[], Version],
        open_pipeline: Callable[[Version], AbstractAsyncContextManager[Pipeline]],
    ):
        self._live, self._open_pipeline = live, open_pipeline
        self._current: _Open | None = None
        self._earlier: list[_Open] = []

    @property
    def release(self) -> str:
        """Of the records that start now."""
        return self._now.pipeline.version.release

    @contextmanager
    def use(self) -> Iterator[Pipeline]:
        """The pipeline for one record; it stays open meanwhile."""
        opened = self._now
        opened.users += 1
        try:
            yield opened.pipeline
        finally:
            opened.users -= 1

    async def start(self) -> None:
        """Open the live one. Raises ConfigError, OptionUnknown."""
        await self._serve(await asyncio.to_thread(self._live))

    async def refresh(self) -> None:
        """Serve another release when it is live now. A folder that does not load changes nothing."""
        try:
            version = await asyncio.to_thread(self._live)
        except (ConfigError, OptionUnknown, OSError) as error:  # OSError: a file that is being replaced
            log.error("%s goes on serving, for the folder does not load: %s", self.release, error)
            return
        if version.release != self.release:
            log.warning("%s is live instead of %s", version.release, self.release)
            await self._serve(version)
        for opened in [opened for opened in self._earlier if opened.users == 0]:
            self._earlier.remove(opened)
            await opened.context.__aexit__(None, None, None)

    async def close(self) -> None:
        """Let what is being paid for come home, and close every pipeline."""
        for opened in [*self._earlier, *([self._current] if self._current else [])]:
            await opened.context.__aexit__(None, None, None)
        self._earlier, self._current = [], None

    async def _serve(self, version: Version) -> None:
        context = self._open_pipeline(version)
        opened = _Open(await context.__aenter__(), context)
        if self._current is not None:
            self._earlier.append(self._current)
        self._current = opened

    @property
    def _now(self) -> _Open:
        assert self._current is not None, "start() first"
        return self._current
