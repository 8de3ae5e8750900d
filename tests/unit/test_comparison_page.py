"""Versions and models next to each other as a page: complete, self-contained, deaf to what records say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from furrow.config.use_case import UseCase
from furrow.engine.record import Work
from furrow.evaluation import comparison_page
from furrow.evaluation.cases import Case, load_cases
from furrow.evaluation.choices import choices
from furrow.evaluation.comparison import compare
from furrow.evaluation.comparison_page import MOST_RECORDS, as_comparison_page, as_logged_page
from furrow.evaluation.scope import Scope
from furrow.evaluation.scoring import EvalReport, score
from furrow.evaluation.side_by_side import Difference, SideBySide, side_by_side
from tests.folders import FolderOfPrompts
from tests.html_page import HOSTILE, HtmlPage
from tests.listings import accepted, case_line, failed, rejected, trace, write_listings

Listings = tuple[UseCase, list[Case]]


def listings_of(prompts: FolderOfPrompts, *lines: dict[str, Any]) -> Listings:
    use_case = write_listings(prompts, lines)
    return use_case, load_cases(use_case, use_case.version())


@pytest.fixture
def listings(prompts: FolderOfPrompts) -> Listings:
    """Twelve cases, the first two of them with typos."""
    typos = [{**case_line(number), "slices": ["typos"]} for number in range(2)]
    return listings_of(prompts, *typos, *(case_line(number) for number in range(2, 12)))


def scored(listings: Listings, works: Sequence[Work], model: str | None = None, **said: Any) -> EvalReport:
    use_case, cases = listings
    return score(cases, works, use_case, use_case.version(), Scope(model=model, **said))


def written(*reports: EvalReport, by_slice: bool = False) -> str:
    comparisons = [compare(reports[0], report) for report in reports[1:]]
    return as_comparison_page(reports, choices(reports), comparisons, by_slice)


def two(listings: Listings, **said: Any) -> tuple[EvalReport, EvalReport]:
    """The small model is wrong about one brand, the large one about half of the tags of another case."""
    first, second, *others = listings[1]
    small = [accepted(first, brand="사과"), accepted(second), *map(accepted, others)]
    large = [accepted(first), accepted(second, tags=["아이폰"]), *map(accepted, others)]
    for work, cost in [*((each, 0.001) for each in small), *((each, 0.004) for each in large)]:
        work.traces["copy"] = trace(cost_usd=cost)
    return scored(listings, small, "small", **said), scored(listings, large, "large", **said)


def test_each_field_of_each_version_has_its_accuracy_interval_and_number(listings: Listings) -> None:
    page = HtmlPage(written(*two(listings)))
    release = listings[0].version().release
    assert page.tables["fields"][0] == ["field", f"{release} with small", f"{release} with large"]
    assert page.row("fields", "brand")[1:] == ["0.917 0.646 - 0.985 · n 12", "1.000 0.758 - 1.000 · n 12"]
    assert page.row("fields", "tags")[2] == "0.917 (mean score 0.972) 0.646 - 0.985 · n 12"


def test_the_differences_stand_with_their_intervals_and_chances(listings: Listings) -> None:
    page = HtmlPage(written(*two(listings)))
    cells = dict(zip(page.tables["next-1"][0], page.row("next-1", "brand"), strict=True))
    assert (cells["n"], cells["better"], cells["worse"], cells["difference"]) == ("12", "1", "0", "+8.3")
    assert cells["p no worse"] == "0.5" and cells["p worse"] == "1"
    assert cells["95 % interval"].startswith("-") and " to +" in cells["95 % interval"]


def test_the_prices_stand_beside_the_quality_and_a_star_marks_the_front(listings: Listings) -> None:
    page = HtmlPage(written(*two(listings)))
    small, large = page.tables["price"][1:3]
    assert small[4] == "1.0000" and large[4] == "4.0000"
    assert [row[-1] for row in (small, large)] == ["★", "★"]
    assert page.row("choice", "brand")[1].endswith("with small")


def test_a_case_that_changed_is_shown_with_its_record(listings: Listings) -> None:
    page = HtmlPage(written(*two(listings)))
    assert page.row("next-1", "brand") and ["brand", '"애플"', '"사과"', '"애플"'] in page.tables["next-1"]
    worse, better = page.text.split("Got worse")[1].split("Got better")
    assert "c1" in worse and "id: a1" in worse and "c0" in better and "id: a0" in better


def test_slices_have_their_own_table_when_one_asks(listings: Listings) -> None:
    assert "slices" not in HtmlPage(written(*two(listings))).tables
    page = HtmlPage(written(*two(listings), by_slice=True))
    assert page.row("slices", "brand · typos")[1:] == [
        "0.500 0.095 - 0.905 · n 2",
        "1.000 0.342 - 1.000 · n 2",
    ]


def test_the_hashes_of_the_prompts_of_each_are_named(listings: Listings) -> None:
    small, large = two(listings)
    other = large.model_copy(update={"prompts": {"copy": "0123456789abcdef"}})
    page = HtmlPage(written(small, other))
    assert page.row("prompts", "copy")[1:] == [small.prompts["copy"], "0123456789abcdef"]


def test_what_a_reader_has_to_know_stands_first(listings: Listings) -> None:
    small, large = two(listings, synthetic=True, sampled_from=40)
    failing = scored(listings, [failed(listings[1][0]), *map(accepted, listings[1][1:])], "down")
    before = HtmlPage(written(small, large, failing)).text.partition("Fields")[0]
    assert "The cases are synthetic" in before and "A sample: 12 of 40 cases." in before
    assert "with down: 1 of 12 cases failed for now" in before


def test_one_alone_is_a_page_too(listings: Listings) -> None:
    page = HtmlPage(written(two(listings)[0]))
    assert page.row("fields", "brand") and "next-1" not in page.tables


def test_the_mean_accuracy_takes_a_list_with_its_mean_score(listings: Listings) -> None:
    _, large = two(listings)
    assert choices([large]).rows[0].accuracy["tags"] == pytest.approx(35 / 36)


def test_the_page_loads_and_runs_nothing(listings: Listings) -> None:
    page = HtmlPage(written(*two(listings), by_slice=True))
    assert not page.names & {"script", "link", "img", "iframe", "a", "form", "object", "embed", "base"}
    policy = next(attributes for tag, attributes in page.tags if attributes.get("http-equiv"))
    assert str(policy["content"]).startswith("default-src 'none'")


def dressed(prompts: FolderOfPrompts, text: str) -> str:
    """The page of a case with that text wherever an author, a record or a model may have one."""
    line = case_line(0, {"brand": "애플", "tags": []}, brand="x", note=text)
    listings = listings_of(prompts, {**line, "id": f"c {text}", "slices": [f"s {text}"]})
    [case] = listings[1]
    refused = rejected(case)
    assert refused.rejection is not None
    refused.rejection = type(refused.rejection)("answer_invalid", "copy", text, raw="{}")
    works = [accepted(case, brand="애플", tags=[]), accepted(case, brand=text, tags=[text]), refused]
    return written(*(scored(listings, [work], f"m{n}") for n, work in enumerate(works)), by_slice=True)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_never_obeyed(prompts: FolderOfPrompts, text: str) -> None:
    plain, page = HtmlPage(dressed(prompts, "harmless")), HtmlPage(dressed(prompts, text))
    assert page.tags == plain.tags
    assert page.text.count(text) >= 8


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_what_a_run_fetched_is_shown_and_never_obeyed(listings: Listings, text: str) -> None:
    def page(said: str) -> HtmlPage:
        works = [accepted(case) for case in listings[1]]
        others = [accepted(case, brand=said) for case in listings[1]]
        results = (listings[0].version().result,) * 2
        found = side_by_side((f"v1 {said}", f"v2 {said}"), results, works, others)
        records = {work.record.key: {"body": said} for work in works}
        return HtmlPage(as_logged_page("listings", f"run {said}", [found], records, ()))

    assert page(text).tags == page("harmless").tags
    assert page(text).text.count(text) >= 2 * len(listings[1])


def differing(listings: Listings, *differences: dict[str, Any]) -> SideBySide:
    found = side_by_side(("a", "b"), (listings[0].version().result,) * 2, [], [])
    return found.model_copy(update={"differences": [Difference.model_validate(each) for each in differences]})


def test_of_very_many_records_that_differ_the_first_are_shown_and_all_are_counted(
    listings: Listings, monkeypatch: pytest.MonkeyPatch
) -> None:
    written_out: list[Any] = []

    def shown(record: Any) -> str:
        written_out.append(record)
        return ""

    monkeypatch.setattr(comparison_page, "shown", shown)
    many = ({"key": f"k{n}", "field": "brand", "before": 1, "after": 2} for n in range(MOST_RECORDS + 1))
    page = HtmlPage(as_logged_page("listings", "r", [differing(listings, *many)], {}, ()))
    assert page.names.issuperset({"details"}) and f"k{MOST_RECORDS - 1}" in page.text
    assert f"k{MOST_RECORDS}" not in page.text and f"{MOST_RECORDS + 1} values" in page.text
    assert f"of {MOST_RECORDS + 1} records, the first {MOST_RECORDS} records are shown" in page.text
    assert len(written_out) == MOST_RECORDS, "no text is made of what is not shown"


def test_a_record_of_a_run_its_key_and_its_values_are_covered(listings: Listings) -> None:
    keys = "010-1234-5678", "010-8765-4321"
    found = differing(
        listings,
        {
            "key": keys[0],
            "field": "note",
            "before": f"전화 {keys[0]}",
            "after": {"call": [keys[1], "a@b.kr"]},
        },
        {"key": keys[1], "field": "note", "before": 1, "after": None},
    )
    records = {key: {"body": f"전화 {key}", "price": 3} for key in keys}
    page = HtmlPage(as_logged_page("listings", "r", [found], records, ("phone",)))
    assert not any(key in page.text for key in keys)
    assert page.row("next-1", "note") == ["note", '"전화 ●●●"', '{"call": ["●●●", "a@b.kr"]}']
    assert page.text.count("body: 전화 ●●●\nprice: 3") == 2, (
        "two keys that look alike covered stay two records"
    )
    assert keys[0] in HtmlPage(as_logged_page("listings", "r", [found], records, ())).text
