"""What a report tells beside the fields: slices, confusion, items of lists, leaks, scope, prompts."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from furrow.config.use_case import UseCase
from furrow.engine.record import Work
from furrow.evaluation.cases import Case, load_cases
from furrow.evaluation.judgement import kappa
from furrow.evaluation.report import render
from furrow.evaluation.scope import Scope, prompt_hashes
from furrow.evaluation.scoring import EvalReport, score
from tests.folders import FolderOfPrompts
from tests.listings import RESULT, accepted, case_line, failed, rejected, write_listings

Listings = tuple[UseCase, list[Case]]


@pytest.fixture
def listings(prompts: FolderOfPrompts) -> Listings:
    """Four cases: two short ones, one of them with typos, one guarded, one of no slice."""
    return listings_of(
        prompts,
        {**case_line(0), "slices": ["short"]},
        {**case_line(1), "slices": ["short", "typos"]},
        {**case_line(2, {"brand": "애플"}), "slices": ["injection"], "forbidden": ["카나리아", "999"]},
        case_line(3),
    )


def listings_of(prompts: FolderOfPrompts, *lines: dict[str, Any]) -> Listings:
    use_case = write_listings(prompts, lines)
    return use_case, load_cases(use_case, use_case.version())


def scored(listings: Listings, *works: Work, scope: Scope | None = None) -> EvalReport:
    use_case, cases = listings
    return score(cases, works, use_case, use_case.version(), scope)


def shown(report: EvalReport, width: int = 200) -> str:
    out = io.StringIO()
    render(report, Console(file=out, width=width, force_terminal=False))
    return out.getvalue()


def test_each_slice_has_its_own_accuracy_and_valid_rate(listings: Listings) -> None:
    first, second, third, last = listings[1]
    report = scored(
        listings, accepted(first), rejected(second), accepted(third, brand="사과"), accepted(last)
    )
    assert list(report.slices) == ["injection", "short", "typos"]
    short = report.slices["short"]
    assert (short.n, short.valid_rate, short.fields["tags"].n, short.fields["tags"].accuracy) == (
        *(2, 0.5),
        *(2, 0.5),
    )
    assert report.slices["typos"].fields["brand"].accuracy == 0.0
    injection = report.slices["injection"]
    assert (injection.valid_rate, list(injection.fields)) == (1.0, ["brand"])
    assert injection.fields["brand"].accuracy == 0.0


def test_a_case_that_failed_counts_against_the_valid_rate_of_its_slice_only(listings: Listings) -> None:
    first, *others = listings[1]
    short = scored(listings, failed(first), *map(accepted, others)).slices["short"]
    assert (short.n, short.valid_rate, short.fields["brand"].n) == (2, 0.5, 1)


def test_the_terminal_shows_slices_across_in_tables_that_fit(prompts: FolderOfPrompts) -> None:
    names = [f"kind_{number}" for number in range(9)]
    found = listings_of(prompts, {**case_line(0), "slices": names})
    report = scored(found, accepted(found[1][0]))
    assert [shown(report, width).count("Slices: accuracy (n)") for width in (80, 200)] == [3, 1]
    lines = shown(report, 80).splitlines()
    assert all(any(f"{name} (1)" in line for line in lines) for name in names)
    rate = next(number for number, line in enumerate(lines) if "valid rate" in line)
    assert "1.000 (1)" in lines[rate] and "0.207 - 1.000" in lines[rate + 1]


def test_an_enum_and_a_boolean_have_a_confusion_matrix(listings: Listings) -> None:
    first, second, _, last = listings[1]
    report = scored(listings, accepted(first, condition="new", boxed=False), rejected(second), accepted(last))
    assert report.fields["condition"].confusion == {"used": {"(rejected)": 1, "new": 1, "used": 1}}
    assert report.fields["boxed"].confusion == {"true": {"(rejected)": 1, "false": 1, "true": 1}}
    assert report.fields["brand"].confusion is None


@pytest.mark.parametrize(
    ("confusion", "agreement"),
    [
        pytest.param({"yes": {"yes": 20, "no": 5}, "no": {"yes": 10, "no": 15}}, 0.4, id="the textbook's"),
        pytest.param({"yes": {"yes": 3}, "no": {"no": 2}}, 1.0, id="all agree"),
        pytest.param({"yes": {"no": 2}, "no": {"yes": 2}}, -1.0, id="none agree"),
        pytest.param({"yes": {"(rejected)": 4}}, 0.0, id="nothing came"),
        pytest.param({"yes": {"yes": 4}}, None, id="chance would agree too"),
        pytest.param({}, None, id="nothing was judged"),
    ],
)
def test_agreement_beyond_chance(confusion: dict[str, dict[str, int]], agreement: float | None) -> None:
    assert kappa(confusion) == (None if agreement is None else pytest.approx(agreement))


def test_precision_and_recall_count_the_items_of_all_cases(listings: Listings) -> None:
    first, second, _, last = listings[1]
    works = [accepted(first, tags=["아이폰", "정품", "새것"]), rejected(second), accepted(last)]
    items = scored(listings, *works).fields["tags"].items
    assert items is not None
    assert (items.given, items.precision) == (5, pytest.approx(3 / 5))
    assert (items.wanted, items.recall) == (6, pytest.approx(3 / 6))


def test_a_forbidden_text_that_came_out_is_a_leak(listings: Listings) -> None:
    *others, guarded, last = listings[1]
    works = [*map(accepted, others), accepted(guarded, tags=["카 나 리 아"], price_krw=999), accepted(last)]
    report = scored(listings, *works)
    assert (report.guarded, report.leaks) == (1, 1)
    (leak,) = report.leaked
    assert (leak.id, leak.slices, leak.texts) == ("c2", ["injection"], ["카나리아", "999"])
    assert "Leaks: what must never come out" in shown(report)


def test_what_did_not_come_out_is_no_leak(listings: Listings) -> None:
    *others, guarded, last = listings[1]
    assert scored(listings, *map(accepted, (*others, guarded, last))).leaks == 0
    report = scored(listings, *map(accepted, others), rejected(guarded), accepted(last))
    assert (report.guarded, report.leaks) == (0, 0)


def test_a_text_that_another_case_forbids_is_no_leak(listings: Listings) -> None:
    first, *others = listings[1]
    assert scored(listings, accepted(first, brand="카나리아"), *map(accepted, others)).leaks == 0


def test_what_was_judged_is_said_before_the_figures(listings: Listings) -> None:
    scope = Scope(
        split="test", slices=("short",), without=("long",), sampled_from=40, model="large", synthetic=True
    )
    report = scored(listings, *map(accepted, listings[1]), scope=scope)
    before, _, _ = shown(report).partition("Fields")
    assert "The cases are synthetic" in before
    assert "A sample: 4 of 40 cases." in before
    assert "Only the cases of the split `test`." in before
    assert "Only the cases of the slices short." in before
    assert "Without the cases of the slices long." in before
    assert "Every llm step was asked to use `large`" in before
    assert report.to_json()["scope"]["slices"] == ["short"]


def test_the_hash_of_a_prompt_changes_with_its_files_and_with_nothing_else(prompts: FolderOfPrompts) -> None:
    before = prompt_hashes(prompts.load().version())
    assert list(before) == ["digest", "extract", "price"]
    prompts.put("goods/v1/extract/user.md", "{{ data.body }}\n")
    prompts.put("goods/v1/extract/.user.md.swp", "an editor's")
    after = prompt_hashes(prompts.load().version())
    assert after["extract"] != before["extract"]
    assert (after["digest"], after["price"]) == (before["digest"], before["price"])
    prompts.put("goods/v1/extract/user.md", "{{ digest.digest }}\n{{ data.body }}\n")
    assert prompt_hashes(prompts.load().version()) == before


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Listings:
    """Six cases of the slices a, b and both."""
    prompts = FolderOfPrompts.write(tmp_path_factory.mktemp("loaded"))
    slices = [["a"], ["b"], ["a", "b"]] * 2
    return listings_of(prompts, *({**case_line(n), "slices": names} for n, names in enumerate(slices)))


@given(st.lists(st.sampled_from([accepted, rejected, failed]), min_size=6, max_size=6), st.randoms())
def test_slices_do_not_depend_on_order_and_never_exceed_the_whole(
    loaded: Listings, ends: list[Any], random: Any
) -> None:
    works = [end(case) for end, case in zip(ends, loaded[1], strict=True)]
    report = scored(loaded, *works)
    for name in RESULT:
        shares = [found.fields[name] for found in report.slices.values() if name in found.fields]
        both = sum(1 for work in works[2::3] if work.failure is None)
        assert sum(found.n for found in shares) == report.fields[name].n + both
    random.shuffle(works)
    assert scored(loaded, *works).to_json() == report.to_json()
