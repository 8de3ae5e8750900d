"""What `furrow eval` says about a version."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from furrow.config.use_case import UseCase
from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import LanguageModel
from furrow.engine.record import Rung, Work
from furrow.evaluation.cases import Case, load_cases
from furrow.evaluation.confidence import cases_needed, interval
from furrow.evaluation.gate import judge
from furrow.evaluation.report import WORST_LINES, EvalReport, render, score
from furrow.evaluation.scoring import WORST_CASES
from furrow.store.database import open_database
from furrow.store.ledger import SqlLedger
from tests.folders import FolderOfPrompts
from tests.listings import RESULT, accepted, case_line, failed, rejected, trace, write_listings

Listings = tuple[UseCase, list[Case]]


@pytest.fixture
def listings(prompts: FolderOfPrompts) -> Listings:
    """Four cases of the use case `listings`; the last one labels the brand only."""
    lines = [
        *(case_line(number) for number in range(3)),
        {**case_line(3, {"brand": None}), "slices": ["short"]},
    ]
    use_case = write_listings(prompts, lines)
    return use_case, load_cases(use_case, use_case.version())


def scored(listings: Listings, works: Sequence[Work]) -> EvalReport:
    use_case, cases = listings
    return score(cases, works, use_case, use_case.version())


def shown(report: EvalReport) -> str:
    """What stands on the terminal."""
    out = io.StringIO()
    render(report, Console(file=out, width=150, force_terminal=False))
    return out.getvalue()


def test_a_narrow_terminal_shows_the_whole_name_of_a_step_and_a_model(listings: Listings) -> None:
    works = [accepted(case) for case in listings[1]]
    for work in works:
        work.traces["copy"] = trace(model="a-model-with-a-long-name")
    out = io.StringIO()
    report = scored(listings, works)
    report = report.model_copy(update={"steps": {"a_step_with_a_long_name": report.steps["copy"]}})
    render(report, Console(file=out, width=80, force_terminal=False))
    table = out.getvalue().partition("Steps")[2].partition("valid rate")[0]
    rows = [line.split("│")[1:3] for line in table.splitlines() if line.startswith("│")]
    step, model = ("".join(cells).replace(" ", "") for cells in zip(*rows, strict=True))
    assert (step, model) == ("a_step_with_a_long_name", "a-model-with-a-long-name4")


def test_a_perfect_version_is_right_in_every_field(listings: Listings) -> None:
    *labelled, last = listings[1]
    report = scored(listings, [*map(accepted, labelled), accepted(last, brand=None)])
    assert report.complete
    assert (report.valid_rate, report.worst) == (1.0, [])
    assert {name: (found.n, found.accuracy, found.mean_score) for name, found in report.fields.items()} == {
        "brand": (4, 1.0, 1.0),
        **{name: (3, 1.0, 1.0) for name in RESULT if name != "brand"},
    }


def test_a_field_counts_only_the_cases_that_label_it(listings: Listings) -> None:
    *labelled, last = listings[1]
    report = scored(listings, [*map(accepted, labelled), accepted(last, brand="사과", condition="broken")])
    assert (report.fields["brand"].n, report.fields["brand"].correct) == (4, 3)
    assert (report.fields["condition"].n, report.fields["condition"].correct) == (3, 3)


def test_a_list_that_is_partly_right_lifts_the_mean_score_but_not_the_accuracy(listings: Listings) -> None:
    first, second, third, last = listings[1]
    works = [accepted(first, tags=["아이폰"]), accepted(second), accepted(third), accepted(last, brand=None)]
    tags = scored(listings, works).fields["tags"]
    assert (tags.n, tags.correct) == (3, 2)
    assert tags.mean_score == pytest.approx((2 / 3 + 2) / 3)


def test_a_rejected_record_is_wrong_in_every_labelled_field(listings: Listings) -> None:
    first, second, third, last = listings[1]
    report = scored(listings, [rejected(first), accepted(second), accepted(third), rejected(last)])
    assert (report.fields["brand"].n, report.fields["brand"].correct) == (4, 2)
    assert (report.fields["tags"].n, report.fields["tags"].correct) == (3, 2)
    assert report.valid_rate == 0.5
    assert report.complete
    assert report.rejections == {"answer_invalid": 2}
    assert [(miss.id, miss.field) for miss in report.worst] == [("c0", None), ("c3", None)]
    assert report.worst[0].why == "answer_invalid at copy: brand: too long"


def test_a_failed_record_makes_the_report_incomplete_and_judges_nothing(listings: Listings) -> None:
    first, *others = listings[1]
    report = scored(listings, [failed(first), *map(accepted, others)])
    assert not report.complete
    assert report.fields["tags"].n == 2
    assert report.notes[0].startswith(
        "1 of 4 cases failed for now (provider_unavailable 1) and are not judged"
    )
    assert "Incomplete: 1 of 4 cases failed for now" in shown(report)


def test_a_case_that_never_came_makes_the_report_incomplete(listings: Listings) -> None:
    report = scored(listings, [accepted(case) for case in listings[1][1:]])
    assert report.notes == ["1 of 4 cases did not come to an end and are not judged"]
    assert report.outcomes == {"accepted": 3, "rejected": 0, "failed": 0, "unfinished": 1}


def test_a_work_without_a_case_and_a_second_one_for_a_case_are_refused(listings: Listings) -> None:
    use_case, (first, *others) = listings
    with pytest.raises(ValueError, match="testset:c0"):
        score(others, [accepted(first)], use_case, use_case.version())
    with pytest.raises(ValueError, match="testset:c0"):
        scored(listings, [accepted(first), accepted(first)])


def test_what_it_took_is_counted_by_step(listings: Listings) -> None:
    works = [accepted(case) for case in listings[1]]
    for work in works:
        work.traces["copy"] = trace(seconds=0.5)
    works[0].traces["copy"] = trace(
        model="large", rung=Rung.REASKED, calls=2, bought=0, seconds=9.0, cost_usd=0.01
    )
    report = scored(listings, works)
    copied = report.steps["copy"]
    assert copied.models == {"large": 1, "small": 3}
    assert (copied.calls, copied.bought, copied.input_tokens, copied.output_tokens) == (5, 3, 400, 80)
    assert report.rungs == {"strict": 3, "repaired": 0, "reasked": 1, "escalated": 0}
    assert (report.seconds.p50, report.seconds.p95) == (0.5, 9.0)
    assert (report.cost_usd, report.cost_usd_per_1k) == (0.013, pytest.approx(3.25))


def test_one_unknown_price_makes_the_cost_unknown(listings: Listings) -> None:
    works = [accepted(case) for case in listings[1]]
    works[0].traces["copy"], works[1].traces["copy"] = trace(cost_usd=None), trace()
    report = scored(listings, works)
    assert (report.cost_usd, report.cost_usd_per_1k, report.steps["copy"].cost_usd) == (None, None, None)
    assert "unknown" in shown(report)


def test_the_worst_cases_come_first_and_no_more_than_fit_a_screen(prompts: FolderOfPrompts) -> None:
    use_case = write_listings(prompts, [case_line(number) for number in range(30)])
    cases = load_cases(use_case, use_case.version())
    works = [accepted(case, brand="사과") for case in cases]
    works[17].result = {**RESULT, "brand": "사과", "boxed": False}
    report = score(cases, works, use_case, use_case.version())
    assert [(miss.id, miss.field) for miss in report.worst[:3]] == [
        ("c17", "brand"),
        ("c17", "boxed"),
        ("c0", "brand"),
    ]
    assert (report.worst[0].expected, report.worst[0].got) == ("애플", "사과")
    assert len({miss.id for miss in report.worst}) == WORST_CASES
    assert len(report.worst) == WORST_CASES + 1
    assert shown(report).count('"사과"') == WORST_LINES - 1


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Listings:
    """The same four cases for every example of a property."""
    prompts = FolderOfPrompts.write(tmp_path_factory.mktemp("loaded"))
    use_case = write_listings(prompts, [case_line(number) for number in range(4)])
    return use_case, load_cases(use_case, use_case.version())


@given(random=st.randoms(use_true_random=False), costs=st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_the_order_of_the_works_changes_nothing(loaded: Listings, random: Any, costs: list[float]) -> None:
    first, second, third, fourth = loaded[1]
    works = [accepted(first, tags=["아이폰"]), accepted(second, tags=[]), rejected(third), failed(fourth)]
    for work, cost in zip(works, costs, strict=True):
        work.traces["copy"] = trace(cost_usd=cost, seconds=cost)
    before = scored(loaded, works).to_json()
    random.shuffle(works)
    assert scored(loaded, works).to_json() == before


def test_the_json_has_the_same_keys_whatever_happened(listings: Listings) -> None:
    good = scored(listings, [accepted(case) for case in listings[1]]).to_json()
    bad = scored(listings, [failed(case) for case in listings[1]]).to_json()
    assert list(good) == list(bad)
    assert list(good["fields"]) == list(bad["fields"]) == list(RESULT)
    assert list(good["fields"]["brand"]) == list(bad["fields"]["brand"])
    assert json.loads(json.dumps(good)) == good
    assert "judgements" not in good


def test_a_value_can_neither_colour_nor_steer_the_terminal(listings: Listings) -> None:
    nasty = "[bold red]X[/]\x1b[2J\x9b31m\u202e\u200b"
    report = scored(listings, [accepted(case, brand=nasty) for case in listings[1]])
    text = shown(report)
    assert "[bold red]X[/]" in text
    assert not {"\x1b", "\x9b", "\u202e", "\u200b"} & set(text)


def test_the_table_shows_accuracy_interval_and_the_gate(listings: Listings) -> None:
    use_case, cases = listings
    report = scored(listings, [rejected(cases[0]), *map(accepted, cases[1:])])
    out = io.StringIO()
    render(report, Console(file=out, width=150), judge(report, use_case.pipeline.evaluate.gate))
    brand = next(line for line in out.getvalue().splitlines() if "brand" in line)
    assert [cell.strip() for cell in brand.split("│")[1:-1]] == [
        *("brand", "string", "4", "2", "0.500", "0.150 - 0.850", "0.500", "", ""),
    ]
    tags = next(line for line in out.getvalue().splitlines() if "tags" in line)
    assert [cell.strip() for cell in tags.split("│")[-3:-1]] == ["1.000", "0.667"]
    assert "Gate: pass" in out.getvalue()


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        pytest.param(10, 10, 0.7225, 1.0, id="all of ten"),
        pytest.param(0, 10, 0.0, 0.2775, id="none of ten"),
        pytest.param(50, 100, 0.4038, 0.5962, id="half of a hundred"),
        pytest.param(0, 0, 0.0, 1.0, id="nothing is known"),
    ],
)
def test_the_interval_is_wilsons(hits: int, n: int, low: float, high: float) -> None:
    assert interval(hits, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(st.floats(0.01, 0.999))
def test_the_cases_needed_are_just_enough(threshold: float) -> None:
    needed = cases_needed(threshold)
    assert needed is not None
    assert interval(needed, needed)[0] >= threshold - 1e-9
    assert needed == 1 or interval(needed - 1, needed - 1)[0] < threshold + 1e-9


def no_model(alias: str) -> LanguageModel:
    raise AssertionError(f"no step here asks a model, but {alias} was opened")


async def test_cases_run_through_the_pipeline_and_are_scored(
    prompts: FolderOfPrompts, tmp_path: Path
) -> None:
    lines = [
        case_line(0),
        case_line(1, brand="삼성"),
        case_line(2, price_krw=2_000_000_000),
        case_line(3, tags="no list"),
    ]
    use_case = write_listings(prompts, lines)
    version = use_case.version()
    cases = load_cases(use_case, version)
    ledger = SqlLedger(open_database(f"sqlite:///{tmp_path}/furrow.db"))
    pipeline = Pipeline(version, Calls(no_model, {}, ledger, Stamp(use_case.name, version.release, "test")))
    works = [work async for work in pipeline.run([case.work() for case in cases])]
    report = score(cases, works, use_case, version)
    assert report.outcomes == {"accepted": 2, "rejected": 2, "failed": 0, "unfinished": 0}
    assert report.rejections == {"answer_invalid": 1, "rule_broken": 1}
    assert (report.fields["brand"].correct, report.fields["tags"].correct) == (1, 2)
    assert (report.use_case, report.release) == ("listings", version.release)
