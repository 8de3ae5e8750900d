"""The test set as an author writes it, and what is said about a wrong line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.use_case import UseCase
from furrow.engine.record import Record
from furrow.errors import ConfigError, OptionUnknown
from furrow.evaluation.cases import Case, are_synthetic, load_cases, sampled
from tests.folders import FolderOfPrompts
from tests.listings import RESULT, case_line, write_cases, write_listings


def problems(prompts: FolderOfPrompts) -> str:
    use_case = prompts.load("listings")
    with pytest.raises(ConfigError) as caught:
        load_cases(use_case, use_case.version())
    return str(caught.value)


def test_cases_come_in_the_order_of_the_file_with_their_records(prompts: FolderOfPrompts) -> None:
    lines = [case_line(2, {"brand": "삼성"}), {**case_line(1), "slices": ["short"]}]
    use_case = write_listings(prompts, lines)
    second, first = load_cases(use_case, use_case.version())
    assert (second.id, second.record.id, second.record.key) == ("c2", "testset:c2", "a2")
    assert second.expected == {"brand": "삼성"}
    assert (first.expected, first.slices) == (RESULT, ("short",))
    assert first.record.time.isoformat() == "2026-11-24T09:00:00+09:00"


def test_every_work_of_a_case_is_a_new_one(prompts: FolderOfPrompts) -> None:
    use_case = write_listings(prompts, [case_line(1)])
    (case,) = load_cases(use_case, use_case.version())
    case.work().outputs["copy"] = {}
    assert case.work().outputs == {}


def _without(number: int, field: str) -> dict[str, Any]:
    line = case_line(number)
    del line["input"][field]
    return line


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param(
            case_line(1, {"brnd": "애플"}),
            "listings/testset.jsonl:2: v1 has no result field `brnd`; did you mean `brand`?",
            id="unknown expected field",
        ),
        pytest.param(
            case_line(1, {"condition": "mint"}),
            "listings/testset.jsonl:2: `expected.condition`: it should be 'new', 'used' or 'broken'; "
            "see the field in output.yaml",
            id="not a value of the enum",
        ),
        pytest.param(
            case_line(1, {"price_krw": "33만"}),
            "listings/testset.jsonl:2: `expected.price_krw`: it should be a valid integer",
            id="text where a number is due",
        ),
        pytest.param(
            case_line(1, {"price_krw": True}),
            "listings/testset.jsonl:2: `expected.price_krw`: it should be a valid integer",
            id="yes where a number is due",
        ),
        pytest.param(
            case_line(1, {"boxed": None}),
            "listings/testset.jsonl:2: `expected.boxed`: it should be a valid boolean",
            id="null where it may not be",
        ),
        pytest.param(
            case_line(1, {"bought_on": "2023-02-29"}),
            "listings/testset.jsonl:2: `expected.bought_on`: ",
            id="a day that was not",
        ),
        pytest.param(
            case_line(1, {"tags": ["a", 1]}),
            "listings/testset.jsonl:2: `expected.tags.1`: it should be a valid string",
            id="item of another type",
        ),
        pytest.param(
            _without(1, "id"),
            "listings/testset.jsonl:2: `input`: the key field `id` is missing",
            id="input without its key",
        ),
        pytest.param(
            _without(1, "at"),
            "listings/testset.jsonl:2: `input`: the event time field `at` is missing",
            id="input without its time",
        ),
        pytest.param(
            {**case_line(1), "expect": {}},
            "listings/testset.jsonl:2: unknown key `expect`; did you mean `expected`?",
            id="unknown key",
        ),
        pytest.param(
            {"id": "c1", "input": {}},
            "listings/testset.jsonl:2: the key `expected` is missing",
            id="missing key",
        ),
        pytest.param(
            {**case_line(1), "id": 7},
            "listings/testset.jsonl:2: `id`: it should be a valid string",
            id="id",
        ),
        pytest.param(
            {**case_line(1), "slice": "short"},
            "listings/testset.jsonl:2: unknown key `slice`; did you mean `slices`?",
            id="one slice",
        ),
        pytest.param(
            {**case_line(1), "split": "train"},
            "listings/testset.jsonl:2: `split`: it should be 'dev' or 'test'",
            id="split",
        ),
        pytest.param(
            {**case_line(1), "slices": ["short", ""]},
            "listings/testset.jsonl:2: `slices.1`: String should have at least 1 character",
            id="slice without a name",
        ),
        pytest.param(
            {**case_line(1), "forbidden": ["아 이 폰"]},
            "listings/testset.jsonl:2: `forbidden`: `아 이 폰` stands in `expected`; "
            "a text cannot be both wanted and forbidden",
            id="wanted and forbidden",
        ),
        pytest.param(
            {**case_line(1), "id": "c0"},
            "listings/testset.jsonl:2: the id `c0` stands on line 1 already; give each case its own",
            id="duplicate id",
        ),
    ],
)
def test_a_wrong_line_is_named_with_what_to_do(
    prompts: FolderOfPrompts, line: dict[str, Any], said: str
) -> None:
    write_listings(prompts, [case_line(0), line])
    assert problems(prompts).startswith(said)


def test_a_line_that_is_not_json_is_named(prompts: FolderOfPrompts) -> None:
    write_listings(prompts)
    prompts.put("listings/testset.jsonl", '{"id": "c1",\n')
    assert problems(prompts).startswith("listings/testset.jsonl:1: not JSON: EOF")


def test_all_problems_are_told_at_once(prompts: FolderOfPrompts) -> None:
    write_listings(prompts, [case_line(1, {"brnd": "x"}), case_line(2), _without(3, "id"), case_line(2)])
    lines = [text.split(":")[1] for text in problems(prompts).splitlines()]
    assert lines == ["1", "3", "4"]


def test_a_test_set_that_is_not_there_is_asked_for(prompts: FolderOfPrompts) -> None:
    write_listings(prompts)
    (prompts.path / "listings/testset.jsonl").unlink()
    assert problems(prompts) == "listings/testset.jsonl: the file is missing; create it"


def test_a_test_set_without_a_case_is_no_test_set(prompts: FolderOfPrompts) -> None:
    write_listings(prompts)
    prompts.put("listings/testset.jsonl", "\n \n")
    assert problems(prompts) == "listings/testset.jsonl: there is no case; write one JSON object a line"


@pytest.mark.parametrize("mark", ["\u2028", "\u0085", "\u2029"], ids=["line", "next line", "paragraph"])
def test_only_a_newline_ends_a_line(prompts: FolderOfPrompts, mark: str) -> None:
    write_listings(prompts)
    write_cases(prompts, [case_line(1, {"brand": f"애{mark}플"}), case_line(2)])
    use_case = prompts.load("listings")
    cases = load_cases(use_case, use_case.version())
    assert [case.expected["brand"] for case in cases] == [f"애{mark}플", "애플"]


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(prompts: FolderOfPrompts) -> None:
    write_listings(prompts)
    text = "\ufeff" + "\r\n".join(json.dumps(case_line(n), ensure_ascii=False) for n in (1, 2)) + "\r\n"
    prompts.put("listings/testset.jsonl", text)
    use_case = prompts.load("listings")
    assert [case.id for case in load_cases(use_case, use_case.version())] == ["c1", "c2"]


def put(prompts: FolderOfPrompts, name: str, *lines: dict[str, Any]) -> None:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    prompts.put(f"listings/{name}", text)


def ids(use_case: UseCase, **asked: Any) -> list[str]:
    return [case.id for case in load_cases(use_case, use_case.version(), **asked)]


def test_every_file_of_the_test_set_is_read_and_the_main_one_first(prompts: FolderOfPrompts) -> None:
    use_case = write_listings(prompts, [case_line(5)])
    put(prompts, "testset.hard.jsonl", case_line(3), case_line(1))
    put(prompts, "testset.attacks.jsonl", {**case_line(2), "forbidden": ["카나리아"]})
    put(prompts, "sample.jsonl", case_line(9))
    assert ids(use_case) == ["c5", "c2", "c3", "c1"]
    (guarded,) = (case for case in load_cases(use_case, use_case.version()) if case.forbidden)
    assert guarded.forbidden == ("카나리아",)


def test_a_test_set_may_do_without_its_main_file(prompts: FolderOfPrompts) -> None:
    use_case = write_listings(prompts)
    (prompts.path / "listings/testset.jsonl").unlink()
    put(prompts, "testset.hard.jsonl", case_line(3))
    assert ids(use_case) == ["c3"]


def test_an_id_is_given_once_over_all_files(prompts: FolderOfPrompts) -> None:
    write_listings(prompts, [case_line(5), case_line(1)])
    put(prompts, "testset.hard.jsonl", case_line(3), case_line(1))
    assert problems(prompts) == (
        "listings/testset.hard.jsonl:2: the id `c1` stands on line 2 of listings/testset.jsonl already; "
        "give each case its own"
    )


def test_a_family_in_both_splits_is_a_mistake(prompts: FolderOfPrompts) -> None:
    dev, test = ({"family": "plain", "split": split} for split in ("dev", "test"))
    write_listings(prompts, [{**case_line(1), **dev}, {**case_line(2), **dev}, {**case_line(3), **test}])
    assert problems(prompts).startswith(
        "listings/testset.jsonl:3: the family `plain` is in the split dev already, not in test"
    )


def test_a_split_and_slices_choose_cases(prompts: FolderOfPrompts) -> None:
    use_case = write_listings(
        prompts,
        [
            {**case_line(1), "split": "dev", "slices": ["short", "typos"]},
            {**case_line(2), "split": "test", "slices": ["typos"]},
            {**case_line(3), "split": "test", "slices": ["long"]},
            case_line(4),
        ],
    )
    assert ids(use_case, split="test") == ["c2", "c3"]
    assert ids(use_case, slices=["typos"]) == ["c1", "c2"]
    assert ids(use_case, slices=["short", "long"]) == ["c1", "c3"]
    assert ids(use_case, split="test", slices=["typos"]) == ["c2"]


def test_a_slice_or_a_split_that_no_case_has_is_named(prompts: FolderOfPrompts) -> None:
    use_case = write_listings(prompts, [{**case_line(1), "slices": ["short"]}])
    with pytest.raises(OptionUnknown, match="slice `shrot`; did you mean `short`"):
        ids(use_case, slices=["shrot"])
    with pytest.raises(OptionUnknown, match='has `split: dev`; write `"split": "dev"` into its lines'):
        ids(use_case, split="dev")


@pytest.mark.parametrize(
    ("text", "synthetic"), [("These cases are Synthetic.", True), ("posts of people", False), (None, False)]
)
def test_cases_are_synthetic_when_the_labelling_guide_says_so(
    prompts: FolderOfPrompts, text: str | None, synthetic: bool
) -> None:
    use_case = write_listings(prompts, [case_line(1)])
    if text is not None:
        prompts.put("listings/LABELLING.md", text)
    assert are_synthetic(use_case) is synthetic


def bare_case(name: str) -> Case:
    return Case(name, Record(f"testset:{name}", name, datetime(2026, 11, 24, tzinfo=UTC), {}), {})


@given(st.sets(st.text(min_size=1, max_size=5), max_size=30), st.integers(1, 30), st.randoms())
def test_a_sample_does_not_depend_on_order_and_grows_by_what_it_lacks(
    names: set[str], most: int, random: Any
) -> None:
    cases = [bare_case(name) for name in sorted(names)]
    small, large = sampled(cases, most), sampled(cases, most + 3)
    assert len(small) == min(most, len(cases))
    assert small == [case for case in cases if case in small]
    assert {case.id for case in small} <= {case.id for case in large}
    random.shuffle(cases)
    assert {case.id for case in sampled(cases, most)} == {case.id for case in small}
