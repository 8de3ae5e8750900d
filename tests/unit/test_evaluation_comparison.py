"""A candidate next to the live version, the gate's answer to it, and how both are shown."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from furrow.config.models import Gate
from furrow.config.use_case import UseCase
from furrow.engine.record import Work
from furrow.evaluation.cases import Case, load_cases
from furrow.evaluation.comparison import Compared, Comparison, compare, compared, corrected
from furrow.evaluation.consistency import consistency
from furrow.evaluation.counts import Seconds
from furrow.evaluation.gate import Check, Decision, judge, not_worse
from furrow.evaluation.page import as_page
from furrow.evaluation.paired import of_verdicts
from furrow.evaluation.report import render, render_comparison
from furrow.evaluation.scoring import EvalReport, FieldScore, score
from tests.folders import FolderOfPrompts
from tests.listings import accepted, case_line, failed, rejected, write_listings

PASS, FAIL, OPEN = Decision.PASS, Decision.FAIL, Decision.NOT_ENOUGH_EVIDENCE
Listings = tuple[UseCase, list[Case]]


@pytest.fixture
def listings(prompts: FolderOfPrompts) -> Listings:
    """Forty cases."""
    use_case = write_listings(prompts, [case_line(number) for number in range(40)])
    return use_case, load_cases(use_case, use_case.version())


def scored(listings: Listings, works: Sequence[Work]) -> EvalReport:
    use_case, cases = listings
    return score(cases, works, use_case, use_case.version())


def with_brands(listings: Listings, wrong: int) -> EvalReport:
    """The first so many brands are wrong."""
    cases = listings[1]
    works = [accepted(case, brand="사과" if at < wrong else "애플") for at, case in enumerate(cases)]
    return scored(listings, works)


def answer(report: EvalReport, gate: Gate, comparison: Comparison | None) -> dict[str, Check]:
    return {check.name: check for check in judge(report, gate, comparison).checks}


def test_what_got_better_and_worse_is_listed_case_by_case(listings: Listings) -> None:
    first, second, *others = listings[1]
    live = scored(listings, [accepted(first, brand="사과"), accepted(second), *map(accepted, others)])
    works = [accepted(first), accepted(second, tags=["아이폰"]), *map(accepted, others)]
    found = compare(live, scored(listings, works))
    (better,), (worse,) = found.better, found.worse
    assert (better.id, better.field, better.before, better.after) == ("c0", "brand", "사과", "애플")
    assert (worse.id, worse.field, worse.expected, worse.after) == (
        "c1",
        "tags",
        ["아이폰", "128GB"],
        ["아이폰"],
    )
    assert (found.fields["brand"].better, found.fields["tags"].worse) == (1, 1)


def test_a_rejected_record_says_why_it_got_worse_and_counts_in_the_valid_rate(listings: Listings) -> None:
    first, *others = listings[1]
    live = with_brands(listings, 0)
    found = compare(live, scored(listings, [rejected(first), *map(accepted, others)]))
    assert found.fields["valid_rate"].worse == 1
    assert {change.after for change in found.worse} == {"(rejected: answer_invalid at copy: brand: too long)"}


def test_only_cases_that_both_have_judged_are_compared(listings: Listings) -> None:
    first, *others = listings[1]
    live = scored(listings, [failed(first), *map(accepted, others)])
    found = compare(live, with_brands(listings, 1))
    assert (found.fields["valid_rate"].n, found.fields["brand"].n, found.changes) == (39, 39, [])


def test_a_comparison_survives_its_json(listings: Listings) -> None:
    found = compare(with_brands(listings, 3), with_brands(listings, 0), {"brand": 0.1})
    assert Comparison.model_validate(found.to_json()) == found


def test_clearly_worse_fails_and_the_reason_has_the_counts(listings: Listings) -> None:
    gate = Gate(not_worse={"brand": 0.02})
    candidate = with_brands(listings, 20)
    check = answer(candidate, gate, compare(with_brands(listings, 0), candidate, gate.not_worse))[
        "not_worse.brand"
    ]
    assert check.decision is FAIL
    assert "brand: -50.0 points against live on 40 cases (0 better, 20 worse" in check.reason


def test_clearly_better_passes(listings: Listings) -> None:
    gate, candidate = Gate(not_worse={"brand": 0.0}), with_brands(listings, 0)
    comparison = compare(with_brands(listings, 20), candidate, gate.not_worse)
    assert answer(candidate, gate, comparison)["not_worse.brand"].decision is PASS


def test_too_few_cases_are_not_enough_and_the_reason_says_what_they_detect(listings: Listings) -> None:
    gate, candidate = Gate(not_worse={"brand": 0.02, "valid_rate": 0.02}), with_brands(listings, 4)
    comparison = compare(with_brands(listings, 2), candidate, gate.not_worse)
    check = answer(candidate, gate, comparison)["not_worse.brand"]
    assert check.decision is OPEN
    assert check.reason.endswith("corrected for 2 fields (Holm); 40 cases detect 8.6 points or more")


def test_without_a_comparison_not_worse_stays_open_except_for_a_first_version(listings: Listings) -> None:
    report, gate = with_brands(listings, 0), Gate(not_worse={"brand": 0.02})
    assert judge(report, gate).reasons == ["brand: not compared with the live version"]
    assert judge(report, gate, first=True).decision is PASS


def test_a_field_that_one_version_lacks_is_not_enough(listings: Listings) -> None:
    assert not_worse("colour", None).decision is OPEN


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=30, max_size=30), max_size=6),
    st.sampled_from([0.0, 0.05]),
)
def test_holm_never_fails_more_fields_than_no_correction(
    fields: list[list[tuple[bool, bool]]], margin: float
) -> None:
    found: dict[str, Compared] = {}
    for at, pairs in enumerate(fields):
        live, candidate = [old for old, _ in pairs], [new for _, new in pairs]
        found[str(at)] = compared(of_verdicts(live, candidate, margin), live, candidate, margin)
    before = {name for name, each in found.items() if not_worse(name, each).decision is FAIL}
    after = corrected(dict(found), list(found))
    assert {name for name, each in after.items() if not_worse(name, each).decision is FAIL} <= before


@pytest.mark.parametrize(("wrong", "margin"), [(0, 0.0), (0, 0.05), (20, 0.0), (40, 0.3)])
def test_a_version_next_to_itself_never_fails(listings: Listings, wrong: int, margin: float) -> None:
    report, gate = with_brands(listings, wrong), Gate(not_worse={"brand": margin, "tags": margin})
    comparison = compare(report, report, gate.not_worse)
    assert comparison.changes == []
    assert FAIL not in {check.decision for check in answer(report, gate, comparison).values()}


def test_consistency_is_the_share_that_is_right_every_time(listings: Listings) -> None:
    found = consistency([with_brands(listings, 4), with_brands(listings, 10), with_brands(listings, 0)])
    assert found is not None
    assert (found.k, found.n, found.right, found.rate, found.same) == (3, 40, 30, 0.75, 0.75)


def test_one_run_says_nothing_about_consistency(listings: Listings) -> None:
    report = with_brands(listings, 0)
    assert consistency([report]) is None
    verdict = judge(report, Gate(consistency=0.9))
    assert verdict.reasons == ["consistency: each case was run once, set evaluate.repeats"]


def test_an_inconsistent_version_fails(listings: Listings) -> None:
    repeats = [with_brands(listings, 0), with_brands(listings, 30)]
    verdict = judge(repeats[0], Gate(consistency=0.9), consistency=consistency(repeats))
    assert verdict.decision is FAIL


@pytest.mark.parametrize(("seconds", "decision"), [(1.9, PASS), (2.1, FAIL), (None, PASS)])
def test_a_version_that_is_too_slow_fails(
    listings: Listings, seconds: float | None, decision: Decision
) -> None:
    report = with_brands(listings, 0).model_copy(update={"seconds": Seconds(p50=1.0, p95=seconds)})
    assert judge(report, Gate(max_seconds_p95=2)).decision is decision


def with_judge(listings: Listings, kappa: float | None) -> EvalReport:
    """A version whose field `boxed` is what the judge step `check` says."""
    report = with_brands(listings, 0)
    boxed = FieldScore.model_validate({**report.fields["boxed"].to_json(), "kappa": kappa})
    return report.model_copy(
        update={"judges": {"boxed": ["check"]}, "fields": {**report.fields, "boxed": boxed}}
    )


@pytest.mark.parametrize(("kappa", "decision"), [(None, OPEN), (0.59, OPEN), (0.6, PASS), (0.9, PASS)])
def test_a_judge_gates_only_when_it_agrees_with_the_labels(
    listings: Listings, kappa: float | None, decision: Decision
) -> None:
    report = with_judge(listings, kappa)
    assert answer(report, Gate(field_accuracy={"boxed": 0.8}), None)["judge.check"].decision is decision


def test_a_judge_that_decides_no_gated_field_is_not_asked_about(listings: Listings) -> None:
    assert "judge.check" not in answer(with_judge(listings, None), Gate(field_accuracy={"brand": 0.8}), None)


@pytest.mark.parametrize(
    ("kappa", "said"), [(None, "not measured"), (0.514, "kappa 0.51 of 0.6 wanted")], ids=["none", "low"]
)
def test_the_terminal_says_how_well_a_judge_agrees_with_the_labels(
    listings: Listings, kappa: float | None, said: str
) -> None:
    out = io.StringIO()
    render(with_judge(listings, kappa), Console(file=out, width=150, force_terminal=False))
    assert f"check: agreement with the labels {said}" in out.getvalue()


def test_the_terminal_and_the_page_show_both_versions_and_what_changed(listings: Listings) -> None:
    candidate = with_brands(listings, 1)
    comparison = compare(with_brands(listings, 0), candidate)
    out = io.StringIO()
    render_comparison(comparison, Console(file=out, width=150, force_terminal=False))
    page = as_page(candidate, None, comparison)
    for shown in (out.getvalue(), page):
        assert "Got worse" in shown
        assert "Got better" not in shown
        assert "-2.5" in shown
        assert "사과" in shown
