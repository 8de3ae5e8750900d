"""Making a version live, taking it back, and what a use case serves after that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from furrow.config.models import Experiment
from furrow.config.use_case import Served, UseCase, Version
from furrow.engine.arms import CANDIDATE, LIVE, Arm, Arms
from furrow.errors import ReleaseRefused
from furrow.store.releases import (
    Action,
    Entry,
    ReleaseLog,
    Standing,
    released,
    require_unchanged,
    standing_of,
    what_changed,
)

FURROW = "furrow"
_FIRST_WHY = "was live by pipeline.yaml when the first promotion was recorded"


def as_served(use_case: UseCase, standing: Standing | None) -> UseCase:
    """The use case with the version that the log says is live."""
    if standing is None:
        return use_case
    live, there = standing.live, use_case.versions.get(standing.live.version)
    changed = there is not None and there.content_hash != live.content_hash
    complaint = what_changed(live, there.content_hash) if there is not None and changed else ""
    return replace(use_case, served=Served(live.version, complaint))


def arms_of(use_case: UseCase, standing: Standing | None) -> Arms:
    """Who answers which record now: the live version, and the canary or the experiment's candidate.

    A canary goes before an experiment. Raises ReleaseChanged, OptionUnknown.
    """
    alone = live_alone(use_case)
    if standing is not None and standing.canary is not None:
        return _canary_arms(use_case, alone.live, standing.canary)
    experiment = use_case.pipeline.experiment
    if experiment is None or experiment.candidate == alone.live.version:
        return alone
    return _experiment_arms(use_case, alone.live, experiment)


def experiment_of(use_case: UseCase) -> str | None:
    """What the units of the experiment in pipeline.yaml are noted under, also while a canary goes before it.

    None without one, or when its candidate is live: then it is decided. Raises ReleaseChanged, OptionUnknown.
    """
    live, experiment = live_alone(use_case).live, use_case.pipeline.experiment
    if experiment is None or experiment.candidate == live.version:
        return None
    return _experiment_arms(use_case, live, experiment).experiment


def live_alone(use_case: UseCase) -> Arms:
    """The live version for every record. Raises ReleaseChanged, OptionUnknown."""
    version = use_case.version()
    return Arms(Arm(LIVE, version.name, version.release))


def _canary_arms(use_case: UseCase, live: Arm, entry: Entry) -> Arms:
    version = use_case.version(entry.version)
    require_unchanged(entry, version.content_hash)
    candidate = Arm(CANDIDATE, version.name, version.release)
    return Arms(live, candidate, entry.share, salt=f"canary {use_case.name} {entry.content_hash}")


def _experiment_arms(use_case: UseCase, live: Arm, experiment: Experiment) -> Arms:
    version = use_case.version(experiment.candidate)
    candidate = Arm(CANDIDATE, version.name, version.release, published=not experiment.shadow)
    return Arms(
        live,
        candidate,
        experiment.share,
        salt=f"experiment {use_case.name} {experiment.candidate} {experiment.salt}",
        unit=experiment.unit,
        experiment=f"{live.release}/{candidate.release}/{experiment.salt}",
    )


def changed_since(use_case: UseCase, history: Iterable[Entry]) -> list[str]:
    """What is wrong with each version that ever served and is not what it was, with what to do."""
    found = []
    for name, entry in released(history).items():
        version = use_case.versions.get(name)
        if version is not None and version.content_hash != entry.content_hash:
            found.append(what_changed(entry, version.content_hash))
    return found


@dataclass(frozen=True)
class Promotions:
    """What may be done with the releases of one use case, as its folder and its log are now.

    Every method raises ReleaseRefused with the reason, ReleaseConflict when somebody else was faster,
    StoreUnavailable (retry helps).
    """

    log: ReleaseLog
    use_case: UseCase

    def promote(
        self, version: str, who: str, why: str, share: float = 1.0, evaluation: str | None = None
    ) -> Entry:
        """Make a version live, or let it answer a share of the keys first. Raises also OptionUnknown.

        A canary that is promoted at a smaller or larger share goes on with that one.
        """
        history, chosen = self.log.history(self.use_case.name), self.use_case.version(version)
        standing = self._standing(history)
        self._refuse_if_senseless(standing, chosen, share)
        for entry in history:
            if entry.version == version and entry.action is not Action.DECLINED:
                require_unchanged(entry, chosen.content_hash)
        action = Action.PROMOTE if share == 1.0 else Action.CANARY
        entry = self._entry(action, chosen, who, why, standing.live.release, share, evaluation)
        return self._append(standing, entry)

    def decline(self, version: str, who: str, why: str, evaluation: str | None = None) -> Entry:
        """Note that a version was not promoted, and why."""
        standing = self._standing(self.log.history(self.use_case.name))
        chosen = self.use_case.version(version)
        entry = self._entry(Action.DECLINED, chosen, who, why, standing.live.release, 0.0, evaluation)
        return self._append(standing, entry)

    def rollback(self, who: str, why: str, to: str | None = None) -> Entry:
        """Take the canary back; or without one, make the version live that was before (or `to`).

        Its folder must be there and unchanged.
        """
        history = self.log.history(self.use_case.name)
        standing = self._standing(history)
        target = self._target(history, standing, to)
        version = self.use_case.versions.get(target.version)
        if version is None:
            raise ReleaseRefused(f"{self.use_case.name} has no folder {target.version} any more: restore it")
        require_unchanged(target, version.content_hash)
        left = standing.canary if standing.canary is not None else standing.live
        entry = self._entry(Action.ROLLBACK, version, who, why, left.release, 1.0, None)
        return self._append(standing, entry)

    def widen(self, who: str = FURROW, now: datetime | None = None) -> Entry | None:
        """Give the canary its next share when its hours are over; None when there is nothing to do."""
        history = self.log.history(self.use_case.name)
        standing, plan = self._standing(history), self.use_case.pipeline.release.canary
        entry = standing.canary
        if entry is None or plan is None:
            return None
        if (now or datetime.now(UTC)) < entry.at + timedelta(hours=plan.hours):
            return None
        share = next((share for share in plan.widen if share > entry.share), 1.0)
        why = f"{plan.hours:g} hours at {entry.share:g} without a guard that tripped"
        return self.promote(entry.version, who, why, share, entry.evaluation)

    def _standing(self, history: list[Entry]) -> Standing:
        """What serves; before the first entry, what pipeline.yaml says, as the entry it will become."""
        found = standing_of(history)
        if found is not None:
            return found
        version = self.use_case.version(self.use_case.pipeline.live)
        first = self._entry(Action.INITIAL, version, FURROW, _FIRST_WHY, None, 1.0, None)
        return Standing(first, None, history[-1].number if history else 0)

    def _append(self, standing: Standing, entry: Entry) -> Entry:
        first = [standing.live] if standing.number == 0 else []
        return self.log.append(*first, entry, after=standing.number)[-1]

    def _refuse_if_senseless(self, standing: Standing, chosen: Version, share: float) -> None:
        name = self.use_case.name
        if not 0 < share <= 1:
            raise ReleaseRefused(f"a share is above 0 and at most 1, not {share:g}")
        if chosen.name == standing.live.version:
            raise ReleaseRefused(f"{chosen.release} of {name} is live already")
        canary = standing.canary
        if canary is not None and canary.version != chosen.name:
            raise ReleaseRefused(
                f"{canary.release} of {name} is a canary at {canary.share:g}: promote it, or take it back"
                f" with `furrow release rollback {name}`, before {chosen.release}"
            )
        if canary is not None and canary.share == share:
            raise ReleaseRefused(f"{chosen.release} of {name} has the share {share:g} already")
        if share < 1 and self.use_case.pipeline.experiment is not None:
            raise ReleaseRefused(f"{name} has an experiment: end it in pipeline.yaml before a canary")

    def _target(self, history: list[Entry], standing: Standing, to: str | None) -> Entry:
        if to is not None and to != standing.live.version:
            served = released(history)
            if to not in served:
                known = ", ".join(served) or "none"
                raise ReleaseRefused(f"{to} of {self.use_case.name} never served; there is {known}")
            return served[to]
        if standing.canary is not None:
            return standing.live
        if to is not None:
            raise ReleaseRefused(f"{to} of {self.use_case.name} is live already")
        before = _before(history)
        if before is None:
            raise ReleaseRefused(f"{self.use_case.name} has no release before the one that is live")
        return before

    def _entry(
        self,
        action: Action,
        version: Version,
        who: str,
        why: str,
        from_release: str | None,
        share: float,
        evaluation: str | None,
    ) -> Entry:
        return Entry(
            use_case=self.use_case.name,
            action=action,
            version=version.name,
            release=version.release,
            content_hash=version.content_hash,
            who=who,
            why=why,
            from_release=from_release,
            share=share,
            evaluation=evaluation,
        )


def _before(history: list[Entry]) -> Entry | None:
    """The release that was live before the live one: a rollback takes away the newest of those that stand.

    After v1, v2, v3 and a rollback, v2 is live and v1 is before it.
    """
    stack: list[Entry] = []
    for entry in history:
        if entry.action is Action.ROLLBACK and any(entry.version == each.version for each in stack):
            while stack[-1].version != entry.version:
                stack.pop()
        elif entry.action in (Action.INITIAL, Action.PROMOTE, Action.ROLLBACK):
            stack.append(entry)
    return stack[-2] if len(stack) > 1 else None
