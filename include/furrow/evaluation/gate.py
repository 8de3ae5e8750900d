"""May this version be released? A gate is a list of checks; each passes, fails, or cannot tell yet.

A version passes when every check passes, so that many checks make a wrong promotion no likelier than one
(R. Berger, Multiparameter hypothesis testing and acceptance sampling, Technometrics 24, 1982). Many chances
to fail do add up: what fails a comparison is corrected for them (Holm).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from furrow.config.models import Gate
from furrow.evaluation.agreement import KAPPA_FLOOR, measured
from furrow.evaluation.comparison import Compared, Comparison
from furrow.evaluation.confidence import cases_needed
from furrow.evaluation.consistency import Consistency
from furrow.evaluation.paired import ALPHA
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


def judge(
    report: EvalReport,
    gate: Gate,
    comparison: Comparison | None = None,
    consistency: Consistency | None = None,
    *,
    first: bool = False,
) -> GateVerdict:
    """Hold the report against the thresholds, and against the live version.

    comparison: with the live version, by the margins of `gate.not_worse`; without one these stay open.
    consistency: over the repeats; None: there was one. first: there is no other version to compare with, so
    that `not_worse` asks nothing.

    A share passes when the whole 95 % interval is at or above its threshold, fails when the whole of it is
    below, and is open between. So a threshold of 1 can fail but never pass. An incomplete report is open, and
    so is one that does not speak for the release; a leak fails it, whatever else there is.
    """
    checks = list(_leak_check(report))
    if not report.complete:
        checks += [Check("complete", Decision.NOT_ENOUGH_EVIDENCE, note) for note in report.notes]
        return decide(checks)
    checks += _thresholds(report, gate)
    if gate.consistency is not None:
        checks.append(_consistency_check(consistency, gate.consistency))
    if not first:
        checks += _comparison_checks(gate, comparison)
    checks += _judge_checks(report, gate)
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
    if gate.max_seconds_p95 is not None:
        yield _seconds_check(report.seconds.p95, gate.max_seconds_p95)


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


def _comparison_checks(gate: Gate, comparison: Comparison | None) -> Iterator[Check]:
    for name in gate.not_worse:
        if comparison is None:
            reason = f"{name}: not compared with the live version"
            yield Check(f"not_worse.{name}", Decision.NOT_ENOUGH_EVIDENCE, reason)
        else:
            yield not_worse(name, comparison.fields.get(name))


def _judge_checks(report: EvalReport, gate: Gate) -> Iterator[Check]:
    """Each judge step that decides a gated field has to agree with the labels."""
    gated = {*gate.field_accuracy, *gate.not_worse}
    for judge_step in sorted({step for field in gated for step in report.judges.get(field, [])}):
        kappa = measured(judge_step, report.judges, report.fields)
        yield _judge_check(judge_step, kappa)


def _judge_check(judge_step: str, kappa: float | None) -> Check:
    name = f"judge.{judge_step}"
    if kappa is None:
        reason = (
            f"{judge_step}: a judge decides a gated field, and its agreement with labels is not measured:"
            " map its verdict to a boolean of the result and label that in some cases"
        )
        return Check(name, Decision.NOT_ENOUGH_EVIDENCE, reason)
    reason = f"{judge_step}: the judge agrees with the labels, kappa {kappa:.2f}, wanted {KAPPA_FLOOR:g}"
    if kappa >= KAPPA_FLOOR:
        return Check(name, Decision.PASS, reason)
    reason = reason.replace("agrees", "does not agree enough")
    return Check(name, Decision.NOT_ENOUGH_EVIDENCE, reason)


def not_worse(name: str, found: Compared | None) -> Check:
    """Passes when it is shown to be no worse than the margin, fails when it is shown to be worse."""
    check = f"not_worse.{name}"
    if found is None or not found.n:
        return Check(check, Decision.NOT_ENOUGH_EVIDENCE, f"{name}: no case was judged in both versions")
    low, high = found.interval
    said = (
        f"{name}: {100 * found.difference:+.1f} points against live on {found.n} cases"
        f" ({found.better} better, {found.worse} worse; 95 % interval {100 * low:+.1f} to {100 * high:+.1f}),"
        f" at most {100 * found.margin:g} worse wanted"
    )
    if found.p_no_worse < ALPHA:
        return Check(check, Decision.PASS, said)
    if found.asked > 1:
        said += f"; corrected for {found.asked} fields (Holm)"
    if found.p_worse_corrected < ALPHA:
        return Check(check, Decision.FAIL, said)
    said += f"; {found.n} cases detect {100 * found.detectable:.1f} points or more"
    return Check(check, Decision.NOT_ENOUGH_EVIDENCE, said)


def _consistency_check(found: Consistency | None, threshold: float) -> Check:
    if found is None:
        reason = "consistency: each case was run once, set evaluate.repeats"
        return Check("consistency", Decision.NOT_ENOUGH_EVIDENCE, reason)
    return _share_check("consistency", found.rate, found.interval, found.n, threshold)


def _seconds_check(seconds: float | None, most: float) -> Check:
    name = "max_seconds_p95"
    if seconds is None:
        return Check(name, Decision.PASS, "seconds: no model was asked")
    reason = f"seconds: 95 in 100 records waited {seconds:.2f} or less, at most {most:g} wanted"
    return Check(name, Decision.PASS if seconds <= most else Decision.FAIL, reason)


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
