"""What follows from an evaluation: a version is declined, promoted, or put before a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from furrow.batch.evaluation_plan import GATE, number
from furrow.evaluation.gate import Decision
from furrow.store.evaluations import Evaluated
from furrow.store.promotion import Promotions
from furrow.store.releases import Action, Entry

Json = dict[str, Any]


def conclude(promotions: Promotions, found: Sequence[Evaluated]) -> Json:
    """Decline what failed, and release the newest version that passed as `release.policy` says.

    `promoted`: its release when the policy is auto; `proposed`: the version when a person has to approve it,
    with the `evaluation`; both are None when nothing passed. Called again it does nothing twice.
    Raises ReleaseConflict, ReleaseRefused, ReleaseChanged, StoreUnavailable (retry helps).
    """
    candidates = [each for each in found if each.against is not None]
    declined = [each.release for each in candidates if each.decision == Decision.FAIL]
    for each in candidates:
        if each.decision == Decision.FAIL:
            _decline(promotions, each)
    passed = [each for each in candidates if each.decision == Decision.PASS]
    best = max(passed, key=lambda each: number(each.version), default=None)
    said: Json = {"declined": declined, "promoted": None, "proposed": None, "evaluation": None}
    if best is None:
        return said
    said["evaluation"] = best.evaluation
    if promotions.use_case.pipeline.release.policy == "manual":
        return said | {"proposed": best.version}
    return said | {"promoted": promote_measured(promotions, best, GATE, "passed its gate").release}


def promote_measured(promotions: Promotions, found: Evaluated, who: str, why: str) -> Entry:
    """Make a version live that passed, or begin its canary where pipeline.yaml has one.

    When that was done already, because the task that did it runs again, it is that entry.
    """
    done = _entry_of(promotions, found, {Action.PROMOTE, Action.CANARY})
    if done is not None:
        return done
    share = promotions.use_case.pipeline.release.first_share
    return promotions.promote(found.version, who, why, share, found.evaluation)


def _decline(promotions: Promotions, found: Evaluated) -> None:
    checks = found.report["gate"]["checks"]
    reasons = [check["reason"] for check in checks if check["decision"] == Decision.FAIL]
    if _entry_of(promotions, found, {Action.DECLINED}) is None:
        promotions.decline(found.version, GATE, "; ".join(reasons), found.evaluation)


def _entry_of(promotions: Promotions, found: Evaluated, actions: set[Action]) -> Entry | None:
    for entry in promotions.log.history(found.use_case):
        if entry.action in actions and (entry.evaluation, entry.release) == (found.evaluation, found.release):
            return entry
    return None
