"""A release that a person asked for: measured first, approved or not, and written down once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from furrow.config.loader import EVAL
from furrow.config.use_case import UseCase, Version
from furrow.errors import ReleaseRefused
from furrow.evaluation.gate import Decision
from furrow.store.evaluations import Evaluated, Evaluations
from furrow.store.promotion import Promotions
from furrow.store.releases import Action, Entry


@dataclass(frozen=True)
class Wanted:
    """What is asked for. version: None is the newest, or for a rollback the one before; share: None is that
    of pipeline.yaml; run: the Airflow run that asks, which asks once, however often its task runs.
    """

    action: Literal["promote", "rollback"]
    version: str | None
    why: str
    share: float | None
    who: str
    approved: bool
    anyway: bool
    run: str


def measured(evaluations: Evaluations, use_case: UseCase, version: Version, anyway: bool) -> Evaluated | None:
    """The evaluation that lets a version be released. anyway: also one that did not pass, or none.

    Raises ReleaseRefused.
    """
    found = evaluations.latest_whole(use_case.name, version.release)
    if anyway or (found is not None and found.decision == Decision.PASS):
        return found
    what = "was not evaluated" if found is None else f"has the answer `{found.decision}` of its gate"
    raise ReleaseRefused(
        f"{version.release} of {use_case.name} {what}: trigger the DAG {use_case.name}{EVAL} first, or say"
        " `anyway` to take it on you"
    )


def promote(
    promotions: Promotions,
    evaluations: Evaluations,
    version: str,
    who: str,
    why: str,
    share: float,
    anyway: bool = False,
) -> Entry:
    """Make a version live, or a canary of it; the log says so when it did not pass its evaluation.

    Raises ReleaseRefused, ReleaseConflict, ReleaseChanged, OptionUnknown, StoreUnavailable (retry helps).
    """
    use_case = promotions.use_case
    found = measured(evaluations, use_case, use_case.version(version), anyway)
    if found is None or found.decision != Decision.PASS:
        why = f"{why} (without a passed evaluation)"
    return promotions.promote(version, who, why, share, found.evaluation if found is not None else None)


def apply(promotions: Promotions, evaluations: Evaluations, wanted: Wanted) -> Entry:
    """Write it into the log. Raises like `promote`."""
    done = _done(promotions, wanted)
    if done is not None:
        return done
    why, use_case = f"{wanted.why} [{wanted.run}]", promotions.use_case
    if wanted.action == "rollback":
        return promotions.rollback(wanted.who, why, wanted.version)
    version = wanted.version or use_case.newest
    if not wanted.approved:
        found = measured(evaluations, use_case, use_case.version(version), wanted.anyway)
        return promotions.decline(version, wanted.who, why, found.evaluation if found is not None else None)
    share = wanted.share if wanted.share is not None else use_case.pipeline.release.first_share
    return promote(promotions, evaluations, version, wanted.who, why, share, wanted.anyway)


def _done(promotions: Promotions, wanted: Wanted) -> Entry | None:
    """What an earlier try of the same run wrote, unless it is answered differently now."""
    for entry in reversed(promotions.log.history(promotions.use_case.name)):
        if f"[{wanted.run}]" in entry.why and (entry.action is Action.DECLINED) != wanted.approved:
            return entry
    return None
