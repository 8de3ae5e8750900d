"""May this version be released? A gate is a list of checks; each passes, fails, or cannot tell yet.

The thresholds of pipeline.yaml are checks; a comparison with the live version is to be one more, joined
by `decide`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from furrow.config.models import Gate
from furrow.evaluation.confidence import cases_needed
from furrow.evaluation.scoring import EvalReport

Json = dict[str, Any]
_FEW = 5


class Decision(StrEnum):
    """The gate's answer."""

    PASS = "pass"  # noqa: S105 - not a password
    FAIL = "fail"
    NOT_ENOUGH_EVIDENCE = "not_enough_evidence"


@dataclass(frozen=True, slots=True)
class Check:
    """One question of the gate, its answer, and the reason in words."""

    name: str
    decision: Decision
    reason: str


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """The answer over all checks: one failed check fails it, else one that cannot tell leaves it open."""

    decision: Decision
    checks: tuple[Check, ...]

    @property
    def reasons(self) -> list[str]:
        """Why it is not a pass; why it is, when it is."""
        return [check.reason for check in self.checks if check.decision is self.decision]

    def to_json(self) -> Json:
        """Plain values with stable keys."""
        checks = [
            {"name": check.name, "decision": str(check.decision), "reason": check.reason}
            for check in self.checks
        ]
        return {"decision": str(self.decision), "checks": checks}


def judge(report: EvalReport, gate: Gate) -> GateVerdict:
    """Hold the report against the thresholds.

    A share passes when the whole 95 % interval is at or above its threshold, fails when the whole of it is
    below, and is open between. So a threshold of 1 can fail but never pass. An incomplete report is open, and
    so is one that does not speak for the release; a leak fails it, whatever else there is.
    """
    checks = list(_leak_check(report))
    if not report.complete:
        checks += [Check("complete", Decision.NOT_ENOUGH_EVIDENCE, note) for note in report.notes]
        return decide(checks)
    checks += _thresholds(report, gate)
    checks += [Check("scope", Decision.NOT_ENOUGH_EVIDENCE, reason) for reason in report.scope.reservations()]
    return decide(checks)


def decide(checks: Sequence[Check]) -> GateVerdict:
    """Join checks to one answer. No check at all passes: the author asked for nothing."""
    answers = {check.decision for check in checks}
    for decision in (Decision.FAIL, Decision.NOT_ENOUGH_EVIDENCE):
        if decision in answers:
            return GateVerdict(decision, tuple(checks))
    nothing = Check("thresholds", Decision.PASS, "evaluate.gate of pipeline.yaml sets no threshold")
    return GateVerdict(Decision.PASS, tuple(checks) or (nothing,))


def _leak_check(report: EvalReport) -> Iterator[Check]:
    if report.leaks:
        ids = ", ".join(leak.id for leak in report.leaked[:_FEW])
        said = f"leaks: forbidden text came out in {report.leaks} of {report.guarded} guarded cases ({ids}"
        yield Check("leaks", Decision.FAIL, said + (", …)" if report.leaks > _FEW else ")"))
    elif report.guarded:
        said = f"leaks: forbidden text came out in none of {report.guarded} guarded cases"
        yield Check("leaks", Decision.PASS, said)


def _thresholds(report: EvalReport, gate: Gate) -> Iterator[Check]:
    if gate.valid_rate is not None:
        yield _share_check(
            "valid_rate", report.valid_rate, report.valid_interval, report.records, gate.valid_rate
        )
    for field, threshold in gate.field_accuracy.items():
        yield _field_check(report, field, threshold)
    if gate.max_cost_usd_per_1k is not None:
        yield _cost_check(report.cost_usd_per_1k, gate.max_cost_usd_per_1k)


def _field_check(report: EvalReport, field: str, threshold: float) -> Check:
    name, found = f"field_accuracy.{field}", report.fields.get(field)
    if found is None:
        return Check(name, Decision.FAIL, f"{field}: {report.release} has no such result field")
    return _share_check(name, found.accuracy, found.interval, found.n, threshold)


def _share_check(
    name: str, rate: float | None, bounds: tuple[float, float], n: int, threshold: float
) -> Check:
    subject = name.rpartition(".")[2]
    if rate is None:
        return Check(name, Decision.NOT_ENOUGH_EVIDENCE, f"{subject}: no case of the test set labels it")
    low, high = bounds
    said = f"{subject}: {rate:.3f} of {n} cases, 95 % interval {low:.3f} to {high:.3f}, wanted {threshold:g}"
    if low >= threshold:
        return Check(name, Decision.PASS, said)
    if high < threshold:
        return Check(name, Decision.FAIL, said)
    return Check(name, Decision.NOT_ENOUGH_EVIDENCE, said + _what_it_takes(n, threshold))


def _what_it_takes(n: int, threshold: float) -> str:
    needed = cases_needed(threshold)
    if needed is None:
        return "; no number of cases can show that all will be right, choose a threshold below 1"
    return f"; it takes {needed} cases or more to show that" if needed > n else ""


def _cost_check(cost: float | None, most: float) -> Check:
    name = "max_cost_usd_per_1k"
    if cost is None:
        reason = "cost: the price of an answer is unknown, give its model a `price` in models.yaml"
        return Check(name, Decision.NOT_ENOUGH_EVIDENCE, reason)
    reason = f"cost: {cost:.4f} US dollars per 1,000 records, at most {most:g} wanted"
    return Check(name, Decision.PASS if cost <= most else Decision.FAIL, reason)
