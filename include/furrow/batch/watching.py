"""Looking after a new release: a guard that trips takes it back, time widens a canary."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from furrow.config.quality import Guards
from furrow.errors import ReleaseConflict
from furrow.evaluation.drift import differs
from furrow.evaluation.guards import Performance, tripped
from furrow.evaluation.histogram import Chunk
from furrow.evaluation.run_report import RunReport
from furrow.store.promotion import Promotions
from furrow.store.releases import Action, Entry, Standing, standing_of
from furrow.store.windows import Windows

log = logging.getLogger(__name__)
WHO = "furrow (guard)"
_EARLIER = 50
"""Windows of the release before, to compare a promoted one with."""


@dataclass(frozen=True)
class Watched:
    """The release that is looked after, since when it serves, and the one to compare it with."""

    entry: Entry
    since: datetime
    other: str


@dataclass(frozen=True)
class ReleaseWatch:
    """Of one use case. promotions: as its folder and its log are now; windows: what releases did."""

    promotions: Callable[[], Promotions]
    windows: Windows

    def look(self, now: datetime | None = None) -> Entry | None:
        """Take back what trips a guard, else widen a canary that is due; what was done, None when nothing.

        May be called by many at once: one of them does it. Raises StoreUnavailable (retry helps),
        ConfigError, ReleaseChanged.
        """
        promotions = self.promotions()
        history = promotions.log.history(promotions.use_case.name)
        watched = watched_of(history, promotions.use_case.pipeline.release.guards, now or datetime.now(UTC))
        if watched is None:
            return None
        try:
            if reasons := self.reasons(promotions, watched):
                return self._take_back(promotions, watched, reasons)
            return promotions.widen(now=now)
        except ReleaseConflict as error:
            log.info("somebody else was faster: %s", error)
            return None

    def reasons(self, promotions: Promotions, watched: Watched) -> list[str]:
        """Why the release has to go; none while it may stay."""
        name, guards = promotions.use_case.name, promotions.use_case.pipeline.release.guards
        mine = self._reports(name, watched.entry.release, watched.since)
        beside = watched.entry.action is Action.CANARY
        theirs = self._reports(name, watched.other, watched.since if beside else None)
        found = tripped(guards, Performance.of(mine), Performance.of(theirs))
        release, other = Chunk(tuple(mine)), Chunk(tuple(theirs))
        if not beside or guards.drift is None or min(release.records, other.records) < guards.min_records:
            return found
        return [*found, *differs(release, other, guards.drift)]

    def _reports(self, use_case: str, release: str, since: datetime | None) -> list[RunReport]:
        found = (
            self.windows.of_release(use_case, release, _EARLIER)
            if since is None
            else self.windows.since(use_case, release, since)
        )
        return [RunReport.from_json(window.report) for window in found]

    def _take_back(self, promotions: Promotions, watched: Watched, reasons: list[str]) -> Entry:
        why = f"{watched.entry.release}: " + "; ".join(reasons)
        entry = promotions.rollback(WHO, why)
        log.error("ALARM: %s was taken back. %s", watched.entry.release, why)
        return entry


def watched_of(history: list[Entry], guards: Guards, now: datetime) -> Watched | None:
    """The canary, or what was promoted to all keys less than `guards.hours` ago."""
    standing = standing_of(history)
    if standing is None:
        return None
    if standing.canary is not None:
        began = _began(history, standing)
        return Watched(standing.canary, began, standing.live.release)
    live = standing.live
    young = now < live.at + timedelta(hours=guards.hours)
    if live.action is Action.PROMOTE and young and live.from_release is not None:
        return Watched(live, live.at, live.from_release)
    return None


def _began(history: list[Entry], standing: Standing) -> datetime:
    """When the canary that serves now got its first share."""
    assert standing.canary is not None
    at = standing.canary.at
    for entry in reversed([each for each in history if each.action is not Action.DECLINED]):
        if entry.action is not Action.CANARY or entry.version != standing.canary.version:
            break
        at = entry.at
    return at
