"""The report as a page: complete, self-contained, and deaf to what records say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from furrow.config.use_case import UseCase
from furrow.engine.record import Work
from furrow.evaluation.cases import Case, load_cases
from furrow.evaluation.gate import judge
from furrow.evaluation.page import MOST_TEXT, as_page
from furrow.evaluation.scope import Scope
from furrow.evaluation.scoring import score
from tests.folders import FolderOfPrompts
from tests.html_page import HOSTILE, HtmlPage
from tests.listings import accepted, case_line, failed, rejected, trace, write_listings

Listings = tuple[UseCase, list[Case]]


def listings_of(prompts: FolderOfPrompts, *lines: dict[str, Any]) -> Listings:
    use_case = write_listings(prompts, lines)
    return use_case, load_cases(use_case, use_case.version())


@pytest.fixture
def listings(prompts: FolderOfPrompts) -> Listings:
    """Four cases: a short one, one of two slices, a guarded one, one without a slice."""
    return listings_of(
        prompts,
        {**case_line(0), "slices": ["short"]},
        {**case_line(1), "slices": ["short", "typos"]},
        {**case_line(2, {"brand": "애플"}), "slices": ["injection"], "forbidden": ["카나리아"]},
        case_line(3),
    )


def written(listings: Listings, *works: Work, scope: Scope | None = None) -> str:
    use_case, cases = listings
    report = score(cases, works, use_case, use_case.version(), scope)
    return as_page(report, judge(report, use_case.pipeline.evaluate.gate))


def page_of(listings: Listings, *works: Work, scope: Scope | None = None) -> HtmlPage:
    return HtmlPage(written(listings, *works, scope=scope))


def test_the_fields_stand_in_a_table_with_their_intervals(listings: Listings) -> None:
    first, second, third, last = listings[1]
    page = page_of(
        listings, rejected(first), accepted(second, tags=["아이폰"]), accepted(third), accepted(last)
    )
    cells = page.row("fields", "brand")
    assert cells[:7] == ["brand", "string", "words", "4", "3", "0.750", "0.301 - 0.954"]
    assert page.row("fields", "tags")[-2:] == ["1.000 0.439 - 1.000", "0.500 0.188 - 0.812"]


def test_every_slice_has_a_row_with_the_accuracy_of_each_field(listings: Listings) -> None:
    first, second, third, last = listings[1]
    page = page_of(listings, accepted(first), accepted(second, brand="삼성"), accepted(third), accepted(last))
    heads = page.tables["slices"][0]
    short = dict(zip(heads, page.row("slices", "short"), strict=True))
    assert (short["cases"], short["valid rate"], short["brand"]) == ("2", "1.000", "0.500 (2)")
    injection = dict(zip(heads, page.row("slices", "injection"), strict=True))
    assert (injection["brand"], injection["tags"]) == ("1.000 (1)", "-")


def test_a_confusion_matrix_counts_what_came_for_what_was_expected(listings: Listings) -> None:
    first, second, third, last = listings[1]
    page = page_of(
        listings, accepted(first, condition="new"), rejected(second), accepted(third), accepted(last)
    )
    heads = next(row for row in page.tables["confusion"] if "new" in row)
    assert heads == ["expected ╲ came", "used", "(rejected)", "new", "n"]
    assert page.row("confusion", "used") == ["used", "1", "1", "1", "3"]


def test_the_worst_cases_come_with_their_record_and_what_was_wrong(listings: Listings) -> None:
    first, second, third, last = listings[1]
    page = page_of(listings, accepted(first), rejected(second), accepted(third, brand="사과"), accepted(last))
    assert page.tables["worst"][1][0] == "all (rejected)"
    assert "answer_invalid at copy: brand: too long" in page.tables["worst"][1][2]
    assert page.row("worst", "brand")[1:3] == ['"애플"', '"사과"']
    assert "brand: 애플" in page.text


def test_release_prompt_hashes_and_gate_are_named(listings: Listings) -> None:
    works = [accepted(case) for case in listings[1]]
    works[0].traces["copy"] = trace()
    version = listings[0].version()
    page = page_of(listings, *works)
    assert f"listings {version.release}" in page.text
    report = score(listings[1], works, listings[0], version)
    assert page.row("steps", "copy")[1] == report.prompts["copy"]
    assert "Gate: pass" in page.text


def test_synthetic_cases_and_the_scope_are_said_first(listings: Listings) -> None:
    scope = Scope(synthetic=True, sampled_from=40, model="large")
    page = page_of(listings, *map(accepted, listings[1]), scope=scope)
    before, _, _ = page.text.partition("Fields")
    assert "The cases are synthetic" in before
    assert "A sample: 4 of 40 cases." in before
    assert "`large`" in before
    assert "synthetic" not in page_of(listings, *map(accepted, listings[1])).text


def test_leaks_are_listed_and_their_absence_is_said(listings: Listings) -> None:
    first, second, guarded, last = listings[1]
    others = [accepted(first), accepted(second), accepted(last)]
    page = page_of(listings, accepted(guarded, brand="카나리아"), *others)
    assert page.row("leaks", "c2")[1:3] == ["injection", '["카나리아"]']
    assert "Gate: fail" in page.text
    assert "none of 1 guarded cases" in page_of(listings, accepted(guarded), *others).text


def test_a_report_of_nothing_but_failures_is_a_page_too(listings: Listings) -> None:
    page = page_of(listings, *map(failed, listings[1]))
    assert "Incomplete: 4 of 4 cases failed for now" in page.text
    assert "Labelled by no case: brand" in page.text


def test_the_page_loads_and_runs_nothing(listings: Listings) -> None:
    page = page_of(listings, *map(rejected, listings[1]))
    assert not page.names & {"script", "link", "img", "iframe", "a", "form", "object", "embed", "base"}
    policy = next(attributes for tag, attributes in page.tags if attributes.get("http-equiv"))
    assert str(policy["content"]).startswith("default-src 'none'")


def dressed(text: str) -> dict[str, Any]:
    """A guarded case with that text wherever an author or a record may have one."""
    line = case_line(0, {"brand": "애플", "tags": []}, brand="x", note=text)
    return {**line, "id": f"c {text}", "slices": [f"s {text}"], "forbidden": [text]}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_never_obeyed(prompts: FolderOfPrompts, text: str) -> None:
    harmless = listings_of(prompts, dressed("harmless"))
    plain = page_of(harmless, accepted(harmless[1][0], brand="harmless", tags=["harmless"]))
    hostile = listings_of(prompts, dressed(text))
    page = page_of(hostile, accepted(hostile[1][0], brand=text, tags=[text]))
    assert page.tags == plain.tags
    assert page.text.count(text) >= 4


def test_the_reason_of_a_rejection_is_escaped_too(listings: Listings) -> None:
    case, *others = listings[1]
    work = rejected(case)
    assert work.rejection is not None
    work.rejection = type(work.rejection)("answer_invalid", "copy", HOSTILE[0], raw="{}")
    page = page_of(listings, work, *map(accepted, others))
    assert "script" not in page.names
    assert HOSTILE[0] in page.text


@given(text=st.text(min_size=1, max_size=40))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_came_out_the_page_keeps_its_tags(listings: Listings, text: str) -> None:
    cases = listings[1]
    tags = page_of(listings, *(accepted(case, brand="x") for case in cases)).tags
    source = written(listings, *(accepted(case, brand=f"x{text}") for case in cases))
    page = HtmlPage(source)
    assert page.tags == tags
    assert all(char.isprintable() or char == "\n" for char in source)


def test_a_direction_mark_is_written_as_its_code(listings: Listings) -> None:
    source = written(listings, *(accepted(case, brand="a\u202eb\u200b") for case in listings[1]))
    assert "\u202e" not in source and "\\u202eb\\u200b" in source


def test_a_long_record_is_cut(prompts: FolderOfPrompts) -> None:
    found = listings_of(prompts, case_line(0, note="가" * (MOST_TEXT + 500)))
    page = page_of(found, rejected(found[1][0]))
    assert page.text.count("가") < MOST_TEXT and "가…" in page.text
