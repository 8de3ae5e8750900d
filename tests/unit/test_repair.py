"""One malformed answer at a time: what it means, or that it may mean something else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from furrow.config.fields import Fields
from furrow.config.models import FieldSpec
from furrow.engine.loose_json import LONGEST
from furrow.engine.repair import read_answer, repair
from furrow.testing.malformed import korean_number

Json = dict[str, Any]

FIELDS = Fields({"title": FieldSpec(type="string"), "price": FieldSpec(type="integer", nullable=True)})
ONE = {"title": "새 책", "price": 35000}


def titled(title: str) -> Json:
    return {"title": title, "price": 35000}


MENDED: dict[str, tuple[str, Json]] = {
    "fence without an end": ('```json\n{"title": "새 책", "price": 35000}', ONE),
    "fence in prose": ('결과:\n```\n{"title": "새 책", "price": 35000}\n```\n끝.', ONE),
    "thoughts before": ('<think>35,000원, so...</think>\n\n{"title": "새 책", "price": 35000}', ONE),
    "end of turn behind": ('{"title": "새 책", "price": 35000}<|im_end|>', ONE),
    "everything at once": ("\ufeff```\n{ title: '새 책', // name\n 'price': '３５，０００원', }\n```", ONE),
    "apostrophe inside double quotes": (
        '{"title": "it\'s", "price": 35000,}',
        titled("it's"),
    ),
    "needless escape of an apostrophe": (r'{"title": "it\'s", "price": 35000}', titled("it's")),
    "quotes inside single quotes": ("""{'title': '27" 모니터', 'price': 35000}""", titled('27" 모니터')),
    "braces in a text": ("{'title': 'a } b { c', 'price': 35000}", titled("a } b { c")),
    "comment marks in a text": (
        '{"title": "http://a.kr/#b /* c */", "price": 35000,}',
        titled("http://a.kr/#b /* c */"),
    ),
    "an answer inside a text": (
        """{'title': '{"title": "x", "price": 1}', 'price': 35000}""",
        titled('{"title": "x", "price": 1}'),
    ),
    "line break inside a text": ('{"title": "새\n책", "price": 35000}', titled("새\n책")),
    "a wide escape of Python": (r'{"title": "\U0001f600", "price": 35000}', titled("😀")),
    "a pair of surrogates": (r"{'title': '\ud83d\ude00', 'price': 35000}", titled("😀")),
    "backslashes": (r"{'title': 'C:\\new', 'price': 35000}", titled("C:\\new")),
    "comma missing at a line's end": ('{"title": "새 책"\n"price": 35000}', ONE),
    "comma missing in a line": ('{"title": "새 책" "price": 35000}', ONE),
    "single quotes of print": ("{‘title’: ‘새 책’, ‘price’: 35000}", ONE),
    "wide quotes": ("｛＂title＂：＂새 책＂，＂price＂：35000｝", ONE),
    "bare thousands": ('{"price": 35,000, "title": "새 책"}', ONE),
    "won without quotes": ('{"price": 3만 5천 원, "title": "새 책"}', ONE),
    "exponent": ('{"title": "새 책", "price": 3.5e4}', ONE),
    "None": ('{"title": "새 책", "price": None}', {"title": "새 책", "price": None}),
    "text that says null": ("{'title': 'null', 'price': null}", {"title": "null", "price": None}),
    "text that looks like a number": ("{'title': '007', 'price': 35000}", titled("007")),
    "alone in a list": ('[\n {"title": "새 책", "price": 35000,}\n]', ONE),
    "as a JSON string": (json.dumps(json.dumps(ONE)), ONE),
    "comments of every kind": ('{// a\n"title": "새 책", # b\n"price": /* c */ 35000}', ONE),
    "other space": ('{\u00a0"title":\u3000"새 책",\u200b"price": 35000,}', ONE),
}

NOT_MENDED: dict[str, str] = {
    "nothing": "",
    "prose": "I cannot help with that.",
    "other object": '{"this": "is not it"}',
    "brace missing at the end": '{"title": "새 책", "price": 35000',
    "brace missing, then a fence": '```json\n{"title": "새 책", "price": 35000\n```',
    "ends inside a number": '{"title": "새 책", "price": 350',
    "ends inside a text": '{"price": 35000, "title": "새',
    "ends inside a text with a brace": '{"price": 35000, "title": "새 {책}',
    "list that was cut off": '[{"title": "새 책", "price": 35000}, ',
    "list that was cut off at the comma": '[{"title": "새 책", "price": 35000}',
    "list with something else": '[{"title": "새 책", "price": 35000}, "other"]',
    "list that says something first": '["price is a guess", {"title": "새 책", "price": 35000}]',
    "same object twice": '{"title": "새 책", "price": 35000}\n{"title": "새 책", "price": 35000}',
    "draft and answer": '{"title": "책", "price": 1} -> {"title": "새 책", "price": 35000}',
    "second object begun": '{"title": "새 책", "price": 35000}, {"title": "헌',
    "inside another": '{"answer": {"title": "새 책", "price": 35000}}',
    "name twice": '{"title": "새 책", "price": 35000, "price": 30000}',
    "name twice, the same value": '{"title": "새 책", "price": 35000, "price": 35000}',
    "name twice, in other quotes": '{"title": "새 책", \'price\': 35000, price: 30000}',
    "name twice through an escape": r'{"title": "새 책", "price": 35000, "pr\u0069ce": 30000}',
    "name in other case": '{"Title": "새 책", "price": 35000}',
    "a field too many": "{'title': '새 책', 'price': 35000, 'note': 'x'}",
    "a field is missing": "{'title': '새 책'}",
    "NaN": '{"title": "새 책", "price": NaN}',
    "Infinity": '{"title": "새 책", "price": Infinity}',
    "null for a required field": "{'title': null, 'price': 35000}",
    "null as a word for a number": '{"title": "새 책", "price": "null"}',
    "empty text for a number": '{"title": "새 책", "price": ""}',
    "fraction": '{"title": "새 책", "price": "35000.5"}',
    "text without quotes": '{"title": 새 책, "price": 35000}',
    "number for a text": "{'title': 35000, 'price': 35000}",
    "list for a text": "{'title': ['새 책'], 'price': 35000}",
    "list for a number": "{'title': '새 책', 'price': [35000]}",
    "boolean for a number": "{'title': '새 책', 'price': True}",
    "quotes inside a text": '{"title": "새 "책" A급", "price": 35000}',
    "inches": '{"title": "TV 55" OLED", "price": 35000}',
    "inches, then what looks like a comment": '{"title": "TV 55" #1 choice",\n"price": 35000}',
    "inches, then what looks like the end of a comment": '{"title": "TV 55" // new",\n"price": 35000}',
    "comment instead of a comma": '{"title": "TV 55" // new\n"price": 35000}',
    "apostrophe inside single quotes": "{'title': 'it's new', 'price': 35000}",
    "two texts side by side": '{"title": "새" "책", "price": 35000}',
    "texts added up": '{"title": "새 " + "책", "price": 35000}',
    "expression": '{"title": "새 책", "price": 7 * 5000}',
    "range": '{"title": "새 책", "price": "30000~35000"}',
    "about": '{"title": "새 책", "price": "약 35000"}',
    "two prices": '{"title": "새 책", "price": "4만원에서 3만5천원"}',
    "short for thousands": '{"title": "새 책", "price": "3만5"}',
    "short for ten millions": '{"title": "새 책", "price": "1억2천"}',
    "decimal that may count 10,000": '{"title": "새 책", "price": "3,5"}',
    "dots for thousands": '{"title": "새 책", "price": "35.000원"}',
    "leading zero": '{"title": "새 책", "price": "035000"}',
    "another currency": '{"title": "새 책", "price": "$35000"}',
    "percent": '{"title": "새 책", "price": "35%"}',
    "words for a number": '{"title": "새 책", "price": "나눔"}',
    "unknown escape": r'{"title": "새\책", "price": 35000,}',
    "half an emoji": r"{'title': '\ud83d', 'price': 35000}",
    "comment without an end": '{"title": "새 책", /* "price": 1, "price": 35000}',
    "value in a comment": '{"title": "새 책", "price": // 35000\n}',
    "empty place": '{"title": "새 책",, "price": 35000}',
    "comma and space missing": '{"title": "새 책""price": 35000}',
    "a quote missing here and one there": '{"title": "새 책, "price: "35000"}',
    "equals for a colon": '{"title" = "새 책", "price" = 35000}',
    "brackets around braces": '{"title": "새 책", "price": {"krw": 35000}}',
    "very deep": '{"title": ' + "[" * 50_000 + "]" * 50_000 + ', "price": 35000}',
    "too long": '{"title": "' + "가" * LONGEST + '", "price": 35000,}',
}


@pytest.mark.parametrize(("text", "meant"), MENDED.values(), ids=MENDED)
def test_an_answer_whose_form_alone_is_wrong_is_repaired(text: str, meant: Json) -> None:
    with pytest.raises(ValueError):
        read_answer(text, FIELDS)
    assert repair(text, FIELDS) == meant


@pytest.mark.parametrize("text", NOT_MENDED.values(), ids=NOT_MENDED)
def test_an_answer_that_lacks_something_or_has_two_readings_is_not_repaired(text: str) -> None:
    with pytest.raises(ValueError):
        read_answer(text, FIELDS)
    assert repair(text, FIELDS) is None


def test_a_field_that_stands_twice_is_no_valid_answer_although_json_parsers_take_the_last() -> None:
    with pytest.raises(ValueError, match="more than once"):
        read_answer('{"title": "a", "title": "b", "price": null}', FIELDS)


@pytest.mark.parametrize(
    ("spec", "written", "meant"),
    [
        pytest.param({"type": "integer"}, '"35,000"', 35000, id="thousands"),
        pytest.param({"type": "integer"}, '" -7 "', -7, id="space around"),
        pytest.param({"type": "integer"}, "35000.0", 35000, id="whole number with a point"),
        pytest.param({"type": "integer"}, '"1.2억"', 120_000_000, id="eok"),
        pytest.param({"type": "integer"}, '"₩1,200만"', 12_000_000, id="won sign"),
        pytest.param({"type": "integer"}, '"9223372036854775807"', 2**63 - 1, id="all of 64 bits"),
        pytest.param({"type": "integer"}, '"9223372036854775808"', None, id="over 64 bits"),
        pytest.param({"type": "integer"}, '"1e999"', None, id="far over 64 bits"),
        pytest.param({"type": "integer", "min": 0}, '"-1"', None, id="below the minimum"),
        pytest.param({"type": "integer", "description": "만원 단위"}, '"30만원"', None, id="unit of 10,000"),
        pytest.param({"type": "integer", "description": "in USD"}, '"30만원"', None, id="other currency"),
        pytest.param({"type": "integer"}, '"٣"', None, id="digits of another script"),
        pytest.param({"type": "integer"}, '"' + "1" * 50_000 + '"', None, id="endless number"),
        pytest.param({"type": "number"}, '"0.1"', 0.1, id="decimal"),
        pytest.param({"type": "number"}, "－０．５", -0.5, id="wide decimal"),
        pytest.param({"type": "number"}, '"9007199254740993"', None, id="more digits than a number holds"),
        pytest.param({"type": "number"}, '"1e999"', None, id="over every number"),
        pytest.param({"type": "boolean"}, '"TRUE"', True, id="boolean word"),
        pytest.param({"type": "boolean"}, "False", False, id="boolean of Python"),
        pytest.param({"type": "boolean"}, "1", None, id="number for a boolean"),
        pytest.param({"type": "boolean"}, '"yes"', None, id="other word for a boolean"),
        pytest.param({"type": "enum", "values": ["new", "used"]}, '"Used"', "used", id="enum in other case"),
        pytest.param({"type": "enum", "values": ["new", "used"]}, "used", "used", id="enum without quotes"),
        pytest.param({"type": "enum", "values": ["A", "a"]}, '"a"', "a", id="enum with both cases"),
        pytest.param({"type": "enum", "values": ["AA", "aa"]}, '"Aa"', None, id="enum in doubtful case"),
        pytest.param({"type": "enum", "values": ["like_new"]}, '"like new"', None, id="enum spelt otherwise"),
        pytest.param({"type": "string", "max_length": 2}, "'세글자'", None, id="text too long"),
        pytest.param({"type": "date"}, "'2026-11-24'", "2026-11-24", id="date"),
        pytest.param({"type": "date"}, "'24.11.2026'", None, id="date in another form"),
        pytest.param({"type": "date"}, "20261124", None, id="number for a date"),
        pytest.param({"type": "list"}, "['a', 'b',]", ["a", "b"], id="list"),
        pytest.param({"type": "list"}, "['a' 'b']", None, id="list without a comma"),
        pytest.param({"type": "list"}, "'a'", None, id="text for a list"),
        pytest.param({"type": "list"}, "[['a']]", None, id="list in a list"),
        pytest.param({"type": "list"}, "['a', // 'b'\n]", None, id="list with an item in a comment"),
        pytest.param({"type": "list"}, "['a,\nb']", None, id="list whose inner quotes may be missing"),
        pytest.param({"type": "list"}, "[/* 1 */ 'a']", None, id="list with a comment"),
        pytest.param({"type": "list", "items": "integer"}, '["1,000", 2.0]', [1000, 2], id="list of numbers"),
        pytest.param({"type": "list", "items": "integer"}, "[35,000]", None, id="comma in a list of numbers"),
        pytest.param({"type": "list", "items": "enum", "values": ["x"]}, "[X]", ["x"], id="list of an enum"),
    ],
)
def test_a_value_is_read_as_its_type_exactly_or_not_at_all(spec: Json, written: str, meant: Any) -> None:
    fields = Fields({"field": FieldSpec(**spec)})
    repaired = repair(f"{{'field': {written}}}", fields)
    assert repaired == (None if meant is None else {"field": meant})
    assert repaired is None or type(repaired["field"]) is type(meant)


@given(st.integers(0, 10**12))
def test_an_amount_in_korean_units_is_that_amount_or_refused(number: int) -> None:
    for written in (korean_number(number), f"{korean_number(number)}원", f"{number:,}원"):
        repaired = repair(f"{{'title': '', 'price': '{written}'}}", FIELDS)
        assert repaired in ({"title": "", "price": number}, None)
    assert repair(f"{{'title': '', 'price': '{number:,}원'}}", FIELDS) is not None


@given(st.text() | st.text("{}[]\"'\\,: \n#/*“”titleprc1만원Nnul\ud800", max_size=60))
def test_no_text_at_all_makes_a_repair_raise(text: str) -> None:
    repaired = repair(text, FIELDS)
    assert repaired is None or FIELDS.validate(repaired) == repaired


PARTS = ["{", "}", "[", "]", '"', "'", ",", ":", " ", "\n", "//", "#", "/*", "*/", "“", "”", "title", "price"]


@given(
    st.lists(
        st.sampled_from([*PARTS, '"title":', '"price":', "책", "35000", "null", ",000", "만"]), max_size=30
    )
)
def test_a_repaired_value_stands_in_the_text(parts: list[str]) -> None:
    text = "{" + "".join(parts) + "}"
    repaired = repair(text, FIELDS)
    if repaired is not None:
        assert repaired["title"] in text
        assert text.count("price") >= 1 and text.count("title") >= 1
        assert repaired["price"] is None or str(repaired["price"]) in text.replace(",", "") or "만" in text


@given(st.text(st.characters(exclude_categories=["Cs"])), st.none() | st.integers(-(2**63), 2**63 - 1))
def test_what_is_valid_as_it_is_means_the_same_to_the_repair(title: str, price: int | None) -> None:
    text = json.dumps({"title": title, "price": price})
    assert repair(text, FIELDS) == read_answer(text, FIELDS)


@pytest.mark.parametrize(
    "part", ["{", "[", '"', "'", "/*", "#", "\\", '"a" ', "a ", "1,000", "{'a':", "\n", "“", "*/", "35만 "]
)
def test_garbage_of_a_megabyte_and_of_the_longest_length_is_given_up(part: str) -> None:
    for length in (1_000_000, LONGEST):
        for start in ("", "{", "{'title': ", "{'title': '"):
            garbage = (start + part * (length // len(part)))[:length]
            assert repair(garbage, FIELDS) is None


def test_an_invalid_answer_that_is_json_keeps_its_errors() -> None:
    with pytest.raises(ValidationError, match="price"):
        read_answer('{"title": "a"}', FIELDS)
