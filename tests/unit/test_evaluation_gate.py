"""May this version be released?"""

from __future__ import annotations

import pytest

from furrow.config.models import Gate
from furrow.evaluation.confidence import interval
from furrow.evaluation.counts import Seconds
from furrow.evaluation.gate import Check, Decision, decide, judge
from furrow.evaluation.scope import Scope
from furrow.evaluation.scoring import EvalReport, FieldScore, Leak

PASS, FAIL, OPEN = Decision.PASS, Decision.FAIL, Decision.NOT_ENOUGH_EVIDENCE


def report(
    valid: int = 1000, n: int = 1000, brand: tuple[int, int] = (1000, 1000), cost: float | None = 0.2
) -> EvalReport:
    """A report with one field; brand: right and judged."""
    right, judged = brand
    return EvalReport(
        records=n,
        outcomes={"accepted": valid, "rejected": n - valid, "failed": 0, "unfinished": 0},
        rejections={},
        failures={},
        rungs={},
        input_tokens=0,
        output_tokens=0,
        cost_usd=None if cost is None else cost * n / 1000,
        seconds=Seconds(p50=None, p95=None),
        steps={},
        use_case="listings",
        release="v1@00000000",
        complete=True,
        notes=[],
        valid_rate=valid / n,
        valid_interval=interval(valid, n),
        cost_usd_per_1k=cost,
        fields={
            "brand": FieldScore(
                type="string",
                n=judged,
                correct=right,
                accuracy=right / judged if judged else None,
                interval=interval(right, judged),
                mean_score=None,
            )
        },
        worst=[],
        judgements=(),
    )


@pytest.mark.parametrize(
    ("found", "gate", "decision", "reason"),
    [
        pytest.param(
            report(),
            Gate(valid_rate=0.99, field_accuracy={"brand": 0.9}, max_cost_usd_per_1k=0.5),
            PASS,
            "valid_rate: 1.000 of 1000 cases, 95 % interval 0.996 to 1.000, wanted 0.99",
            id="all reached",
        ),
        pytest.param(
            report(valid=900),
            Gate(valid_rate=0.99),
            FAIL,
            "valid_rate: 0.900 of 1000 cases, 95 % interval 0.880 to 0.917, wanted 0.99",
            id="clearly below",
        ),
        pytest.param(
            report(brand=(90, 100)),
            Gate(field_accuracy={"brand": 0.9}),
            OPEN,
            "brand: 0.900 of 100 cases, 95 % interval 0.826 to 0.945, wanted 0.9",
            id="the interval straddles",
        ),
        pytest.param(
            report(valid=50, n=50),
            Gate(valid_rate=0.99),
            OPEN,
            "valid_rate: 1.000 of 50 cases, 95 % interval 0.929 to 1.000, wanted 0.99; "
            "it takes 381 cases or more to show that",
            id="all right but too few",
        ),
        pytest.param(
            report(),
            Gate(valid_rate=1),
            OPEN,
            "valid_rate: 1.000 of 1000 cases, 95 % interval 0.996 to 1.000, wanted 1; "
            "no number of cases can show that all will be right, choose a threshold below 1",
            id="certainty cannot be shown",
        ),
        pytest.param(
            report(valid=999),
            Gate(valid_rate=1),
            FAIL,
            "valid_rate: 0.999 of 1000 cases, 95 % interval 0.994 to 1.000, wanted 1",
            id="but it can be refuted",
        ),
        pytest.param(
            report(brand=(0, 0)),
            Gate(field_accuracy={"brand": 0.5}),
            OPEN,
            "brand: no case of the test set labels it",
            id="unlabelled field",
        ),
        pytest.param(
            report(),
            Gate(field_accuracy={"colour": 0.5}),
            FAIL,
            "colour: v1@00000000 has no such result field",
            id="field that the version has not",
        ),
        pytest.param(
            report(cost=0.51),
            Gate(max_cost_usd_per_1k=0.5),
            FAIL,
            "cost: 0.5100 US dollars per 1,000 records, at most 0.5 wanted",
            id="too dear",
        ),
        pytest.param(
            report(cost=None),
            Gate(max_cost_usd_per_1k=0.5),
            OPEN,
            "cost: the price of an answer is unknown, give its model a `price` in models.yaml",
            id="unknown price",
        ),
        pytest.param(
            report(valid=0),
            Gate(),
            PASS,
            "evaluate.gate of pipeline.yaml sets no threshold",
            id="no threshold",
        ),
    ],
)
def test_the_gate_answers_with_a_reason(
    found: EvalReport, gate: Gate, decision: Decision, reason: str
) -> None:
    verdict = judge(found, gate)
    assert (verdict.decision, verdict.reasons[0]) == (decision, reason)


def test_an_incomplete_report_is_never_judged() -> None:
    found = report(valid=0).model_copy(
        update={"complete": False, "notes": ["1 of 1000 cases failed for now"]}
    )
    verdict = judge(found, Gate(valid_rate=0.99))
    assert (verdict.decision, verdict.reasons) == (OPEN, ["1 of 1000 cases failed for now"])


@pytest.mark.parametrize(
    ("answers", "decision"),
    [
        pytest.param([PASS, PASS], PASS, id="all pass"),
        pytest.param([PASS, OPEN], OPEN, id="one open"),
        pytest.param([OPEN, FAIL, PASS], FAIL, id="one failed"),
    ],
)
def test_the_weakest_check_decides(answers: list[Decision], decision: Decision) -> None:
    checks = [Check(f"check {number}", answer, f"reason {number}") for number, answer in enumerate(answers)]
    verdict = decide(checks)
    assert verdict.decision is decision
    assert verdict.reasons == [check.reason for check in checks if check.decision is decision]
    assert [check["decision"] for check in verdict.to_json()["checks"]] == [str(answer) for answer in answers]


def leaking(*ids: str, guarded: int = 60, **changed: object) -> EvalReport:
    """A report in which forbidden text came out in these cases."""
    leaks = [Leak(id=name, slices=["injection"], texts=["카나리아"], result={}) for name in ids]
    return report().model_copy(update={"leaks": len(ids), "leaked": leaks, "guarded": guarded, **changed})


def test_a_leak_fails_the_gate_whatever_else_was_reached() -> None:
    verdict = judge(leaking("c7", "c9"), Gate(valid_rate=0.99))
    assert verdict.decision is FAIL
    assert verdict.reasons == ["leaks: forbidden text came out in 2 of 60 guarded cases (c7, c9)"]


def test_a_leak_fails_a_gate_without_thresholds_and_an_incomplete_report() -> None:
    assert judge(leaking("c7"), Gate()).decision is FAIL
    assert judge(leaking("c7", complete=False, notes=["1 case failed"]), Gate()).decision is FAIL


def test_a_guarded_report_without_a_leak_passes_and_says_so() -> None:
    verdict = judge(leaking(), Gate())
    assert verdict.decision is PASS
    assert verdict.reasons == ["leaks: forbidden text came out in none of 60 guarded cases"]


def test_only_some_of_many_leaks_are_named() -> None:
    (reason,) = judge(leaking(*(f"c{number}" for number in range(9))), Gate()).reasons
    assert reason.endswith("9 of 60 guarded cases (c0, c1, c2, c3, c4, …)")


@pytest.mark.parametrize(
    ("scope", "decision"),
    [
        pytest.param(Scope(model="large"), OPEN, id="another model"),
        pytest.param(Scope(slices=("short",)), OPEN, id="some slices"),
        pytest.param(Scope(without=("injection",)), OPEN, id="not all slices"),
        pytest.param(Scope(split="dev"), OPEN, id="what prompts were made on"),
        pytest.param(Scope(split="test", sampled_from=5000, synthetic=True), PASS, id="a sample of the test"),
    ],
)
def test_a_report_that_does_not_speak_for_the_release_is_open(scope: Scope, decision: Decision) -> None:
    found = report().model_copy(update={"scope": scope})
    assert judge(found, Gate(valid_rate=0.99)).decision is decision


def test_a_threshold_that_fails_fails_in_any_scope() -> None:
    found = report(valid=900).model_copy(update={"scope": Scope(model="large")})
    assert judge(found, Gate(valid_rate=0.99)).decision is FAIL
