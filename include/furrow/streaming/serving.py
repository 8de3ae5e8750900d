"""Who serves while that may change: new records get the new release, those on their way keep theirs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass

from furrow.config.use_case import Version
from furrow.engine.arms import LIVE, Arm, Arms
from furrow.engine.pipeline import Pipeline
from furrow.errors import ConfigError, FurrowError, OptionUnknown, ReleaseChanged, StoreUnavailable
from furrow.streaming.complaint import Complaint

log = logging.getLogger(__name__)
_LOOK_SECONDS = 0.5
"""For a pipeline to close, unless a call of it is under way."""
_CHANGES_NOTHING = (ConfigError, OptionUnknown, ReleaseChanged, StoreUnavailable, OSError)
"""OSError: a file that is being replaced."""


@dataclass(frozen=True)
class Lineup:
    """Who serves now. versions: those of the arms, by the arm's name."""

    arms: Arms
    versions: Mapping[str, Version]

    @classmethod
    def alone(cls, version: Version) -> Lineup:
        """One version for every record."""
        return cls(Arms(Arm(LIVE, version.name, version.release)), {LIVE: version})


@dataclass(slots=True)
class _Open:
    pipeline: Pipeline
    context: AbstractAsyncContextManager[Pipeline]
    users: int = 0


class Serving:
    """Opens the pipelines of the releases that serve, and closes that of an earlier one when nobody uses it.

    lineup: who serves now; raises ConfigError when the folder does not load.
    """

    def __init__(
        self,
        lineup: Callable[[], Lineup],
        open_pipeline: Callable[[Version], AbstractAsyncContextManager[Pipeline]],
    ):
        self._ask, self._open_pipeline = lineup, open_pipeline
        self._lineup: Lineup | None = None
        self._opened: dict[str, _Open] = {}
        self._known: dict[str, Version] = {}
        self._complaint = Complaint(log)
        self._closing: set[asyncio.Future[bool | None]] = set()

    def version(self, release: str) -> Version:
        """One that serves or served here. Raises KeyError."""
        return self._known[release]

    @property
    def arms(self) -> Arms:
        """Of the records that start now."""
        return self._now.arms

    @property
    def release(self) -> str:
        """The live one."""
        return self.arms.live.release

    @contextmanager
    def use(self, arm: Arm | None = None) -> Iterator[Pipeline]:
        """The pipeline of an arm (default: the live one) for one record; it stays open meanwhile."""
        opened = self._opened[(arm or self.arms.live).release]
        opened.users += 1
        try:
            yield opened.pipeline
        finally:
            opened.users -= 1

    async def start(self) -> None:
        """Open those that serve. Raises ConfigError, RunError, StoreUnavailable; nothing is open then."""
        try:
            await self._serve(await asyncio.to_thread(self._ask))
        except BaseException:
            await self.close()
            raise

    async def refresh(self) -> None:
        """Serve others when others are live now.

        What does not load, cannot be asked or cannot be opened changes nothing, and is tried again next time.
        """
        try:
            lineup = await asyncio.to_thread(self._ask)
        except _CHANGES_NOTHING as error:
            self._complaint.say(
                f"{self.release} goes on serving, for what is live could not be loaded", error
            )
            return
        if lineup.arms == self.arms or await self._takes_over(lineup):
            self._complaint.settled()
        await self._close_unused()

    async def close(self, within: float | None = None) -> None:
        """Let what is being paid for come home, and close every pipeline.

        within: seconds, after which what no model has answered is given up; None: never.
        """
        for release in list(self._opened):
            self._start_closing(release)
        self._lineup = None
        await self._await_closing(None if within is None else max(within, _LOOK_SECONDS))
        for task in self._closing:
            log.warning("a model did not answer in time: what it was asked may be paid, and is asked again")
            task.cancel()
        await self._await_closing(None)

    async def _takes_over(self, lineup: Lineup) -> bool:
        """Whether it could be opened. What was opened of it before that failed is unused."""
        told = f"{_told(lineup.arms)} instead of {_told(self.arms)}"
        try:
            await self._serve(lineup)
        except Exception as error:
            words = f"{self.release} goes on serving, for what is live now could not be opened ({told})"
            self._complaint.say(words, error, fault=not isinstance(error, (FurrowError, OSError)))
            return False
        log.warning("%s", told)
        return True

    async def _serve(self, lineup: Lineup) -> None:
        for version in lineup.versions.values():
            self._known[version.release] = version
            if version.release not in self._opened:
                context = self._open_pipeline(version)
                self._opened[version.release] = _Open(await context.__aenter__(), context)
        self._lineup = lineup

    async def _close_unused(self) -> None:
        serving = {version.release for version in self._now.versions.values()}
        for release, opened in list(self._opened.items()):
            if release not in serving and opened.users == 0:
                self._start_closing(release)
        await self._await_closing(_LOOK_SECONDS)

    def _start_closing(self, release: str) -> None:
        context = self._opened.pop(release).context
        self._closing.add(asyncio.ensure_future(context.__aexit__(None, None, None)))

    async def _await_closing(self, seconds: float | None) -> None:
        """Those that take longer go on: a call may take minutes, and the stream is not to wait for it."""
        if not self._closing:
            return
        done, self._closing = await asyncio.wait(self._closing, timeout=seconds)
        for task in done:
            if not task.cancelled() and (error := task.exception()) is not None:
                log.error("a pipeline did not close well: %s", error, exc_info=error)

    @property
    def _now(self) -> Lineup:
        assert self._lineup is not None, "start() first"
        return self._lineup


def _told(arms: Arms) -> str:
    """`v1@3f2a9c1d serves, v2@11aa22bb beside it (5 %)`."""
    beside = arms.candidate
    if beside is None:
        return f"{arms.live.release} serves alone"
    how = "beside it" if beside.published else "in its shadow"
    return f"{arms.live.release} serves, {beside.release} {how} ({arms.share:.3g} of the units)"
