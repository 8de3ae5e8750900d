"""When a value counts as right."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from furrow.config.models import EVALUATORS, FieldSpec
from furrow.evaluation.evaluators import evaluate, folded, missed
from furrow.evaluation.precision import Items

TEXT = FieldSpec(type="string", nullable=True)
WHOLE = FieldSpec(type="integer", nullable=True)
NUMBER = FieldSpec(type="number", nullable=True)
TOLERANCE = NUMBER.tolerance
YES_NO = FieldSpec(type="boolean", nullable=True)
DAY = FieldSpec(type="date", nullable=True)
STATE = FieldSpec(type="enum", values=["new", "used"], nullable=True)
WORDS = FieldSpec(type="list", items="string", nullable=True)
SIZES = FieldSpec(type="list", items="number", nullable=True)
ALL = [TEXT, WHOLE, NUMBER, YES_NO, DAY, STATE, WORDS]
ABOUT = FieldSpec(type="integer", evaluate="close", tolerance=0.05)
SAME_TEXT = FieldSpec(type="string", evaluate="exact")
ORDER = FieldSpec(type="list", evaluate="exact")
COVER = FieldSpec(type="list", evaluate="top1")
QUOTE = FieldSpec(type="string", nullable=True, evaluate="evidence")
QUOTES = FieldSpec(type="list", evaluate="evidence")
POST = {"title": "전세 3억", "body": "관리비 월 15만원,\n 59㎡ 15층", "photos": [{"text": "방 셋"}], "n": 7}


@pytest.mark.parametrize(
    ("spec", "expected", "got", "right"),
    [
        pytest.param(TEXT, "아이폰 13 미니", "아이폰13미니", True, id="spaces"),
        pytest.param(TEXT, "Galaxy S-24", "galaxy s24", True, id="case and punctuation"),
        pytest.param(TEXT, "ＬＧ전자", "LG전자", True, id="width"),
        pytest.param(TEXT, "각", "각", True, id="jamo"),
        pytest.param(TEXT, "STRASSE", "straße", True, id="casefold"),
        pytest.param(TEXT, "애\u200b플", "애플", True, id="zero width"),
        pytest.param(TEXT, "애플", "사과", False, id="another word"),
        pytest.param(TEXT, "1.5kg", "15kg", False, id="decimal point"),
        pytest.param(TEXT, "3,500원", "3500원", True, id="thousands"),
        pytest.param(TEXT, "!!!", "???", False, id="punctuation only"),
        pytest.param(TEXT, "", "!", False, id="empty is not punctuation"),
        pytest.param(STATE, "used", "used", True, id="enum"),
        pytest.param(STATE, "used", "new", False, id="another enum"),
        pytest.param(WHOLE, 330000, 330000, True, id="integer"),
        pytest.param(WHOLE, 330000, 330001, False, id="integer off by one"),
        pytest.param(YES_NO, False, False, True, id="boolean"),
        pytest.param(YES_NO, False, True, False, id="another boolean"),
        pytest.param(NUMBER, 59.9, 59.9 * (1 + TOLERANCE / 2), True, id="number within tolerance"),
        pytest.param(NUMBER, 59.9, 59.9 * (1 + TOLERANCE * 2), False, id="number beyond tolerance"),
        pytest.param(NUMBER, 0.0, 0.0001, False, id="nothing is close to zero"),
        pytest.param(DAY, "2024-02-29", "2024-02-29", True, id="date"),
        pytest.param(DAY, "2024-02-29", "2024-03-01", False, id="another date"),
    ],
)
def test_a_value_is_right_or_wrong(spec: FieldSpec, expected: Any, got: Any, right: bool) -> None:
    verdict = evaluate(spec, expected, got)
    assert (verdict.correct, verdict.score) == (right, float(right))


@pytest.mark.parametrize(
    ("spec", "expected", "got", "score"),
    [
        pytest.param(WORDS, ["a", "b"], ["b", "a"], 1.0, id="order"),
        pytest.param(WORDS, ["a", "b"], ["A", "a.", "b"], 1.0, id="repeats and case"),
        pytest.param(WORDS, ["a", "b", "c"], ["a", "b"], 0.8, id="one forgotten"),
        pytest.param(WORDS, ["a"], ["a", "b"], 2 / 3, id="one invented"),
        pytest.param(WORDS, ["a"], ["b"], 0.0, id="nothing in common"),
        pytest.param(WORDS, [], [], 1.0, id="both empty"),
        pytest.param(WORDS, [], ["a"], 0.0, id="something for nothing"),
        pytest.param(WORDS, ["a"], [], 0.0, id="nothing for something"),
        pytest.param(SIZES, [1.0, 59.9], [59.9001, 1.0], 1.0, id="numbers within tolerance"),
    ],
)
def test_a_list_scores_the_f1_of_its_set(spec: FieldSpec, expected: Any, got: Any, score: float) -> None:
    verdict = evaluate(spec, expected, got)
    assert verdict.score == pytest.approx(score)
    assert verdict.correct == (score == 1.0)


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.type)
def test_null_equals_null_and_nothing_else(spec: FieldSpec) -> None:
    something = {"list": [], "string": "", "integer": 0, "number": 0.0, "boolean": False}.get(
        spec.type, "new"
    )
    assert evaluate(spec, None, None).correct
    assert not evaluate(spec, None, something).correct
    assert not evaluate(spec, something, None).correct


@pytest.mark.parametrize(
    ("spec", "expected", "got", "right"),
    [
        pytest.param(ABOUT, 100, 104, True, id="close enough"),
        pytest.param(ABOUT, 100, 106, False, id="too far"),
        pytest.param(SAME_TEXT, "A-1", "A-1", True, id="the same text"),
        pytest.param(SAME_TEXT, "A-1", "a1", False, id="the same words only"),
        pytest.param(ORDER, ["a", "b"], ["a", "b"], True, id="the same order"),
        pytest.param(ORDER, ["a", "b"], ["b", "a"], False, id="another order"),
        pytest.param(COVER, ["1.jpg"], ["1.JPG", "3.jpg", "2.jpg"], True, id="the same cover"),
        pytest.param(COVER, ["1.jpg", "2.jpg"], ["2.jpg", "1.jpg"], False, id="another cover"),
        pytest.param(COVER, ["1.jpg"], [], False, id="no cover"),
        pytest.param(COVER, [], [], True, id="none wanted"),
        pytest.param(COVER, [], ["1.jpg"], False, id="a cover where none is good"),
    ],
)
def test_an_author_may_choose_another_evaluator(
    spec: FieldSpec, expected: Any, got: Any, right: bool
) -> None:
    verdict = evaluate(spec, expected, got)
    assert (verdict.correct, verdict.score) == (right, float(right))


@pytest.mark.parametrize(
    ("spec", "expected", "got", "score"),
    [
        pytest.param(QUOTE, "월 15만원", "관리비 월 15만원", 1.0, id="other words that stand there"),
        pytest.param(QUOTE, "15층", "59㎡  15 층", 1.0, id="spaces"),
        pytest.param(QUOTE, "15층", "5층", 0.0, id="half of a number"),
        pytest.param(QUOTE, "15층", "20층", 0.0, id="not there"),
        pytest.param(QUOTE, "15층", "3억 관리비", 0.0, id="across two texts"),
        pytest.param(QUOTE, None, "15층", 0.0, id="a quote where none was wanted"),
        pytest.param(QUOTE, None, None, 1.0, id="rightly none"),
        pytest.param(QUOTES, ["방 셋"], ["방 셋", "방 넷"], 0.5, id="one of two stands there"),
        pytest.param(QUOTES, ["방 셋"], [], 0.0, id="no quote"),
        pytest.param(QUOTES, [], ["방 셋"], 0.0, id="quotes where none were wanted"),
        pytest.param(QUOTES, [], [], 1.0, id="rightly no quotes"),
    ],
)
def test_evidence_has_to_stand_in_the_record(spec: FieldSpec, expected: Any, got: Any, score: float) -> None:
    verdict = evaluate(spec, expected, got, POST)
    assert (verdict.score, verdict.correct) == (score, score == 1.0)


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"type": "string", "evaluate": "set"}, id="set of a text"),
        pytest.param({"type": "boolean", "evaluate": "close"}, id="close to yes"),
        pytest.param({"type": "list", "items": "integer", "evaluate": "evidence"}, id="numbers as quotes"),
        pytest.param({"type": "integer", "tolerance": 0.1}, id="tolerance without close"),
        pytest.param({"type": "list", "tolerance": 0.1}, id="tolerance of texts"),
        pytest.param({"type": "number", "tolerance": 1.0}, id="tolerance of everything"),
    ],
)
def test_an_evaluator_that_does_not_fit_the_type_is_refused(spec: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"evaluate|tolerance"):
        FieldSpec(**spec)


@pytest.mark.parametrize(
    ("expected", "got", "items"),
    [
        pytest.param(["a", "b", "c"], ["B", "c", "d"], Items(3, 3, 2, 2), id="both ways"),
        pytest.param(["a"], None, Items(wanted=1), id="null came"),
        pytest.param(None, ["a", "b"], Items(given=2), id="null was wanted"),
        pytest.param(["a", "A"], ["a"], Items(1, 1, 1, 1), id="repeats"),
    ],
)
def test_the_items_of_a_list_are_counted(expected: Any, got: Any, items: Items) -> None:
    assert evaluate(WORDS, expected, got).items == items


def test_a_list_that_never_came_is_wrong_and_its_items_are_missed() -> None:
    assert missed(WORDS, ["a", "b"]).items == Items(wanted=2)
    assert not missed(WORDS, None).correct
    assert missed(TEXT, "a").items is None


def test_an_evaluator_is_registered_for_every_name_that_an_author_may_write() -> None:
    values: dict[str, Any] = {"list": [], "string": "a"}
    for kind, names in EVALUATORS.items():
        for name in names:
            values_of_enum = ["a"] if kind == "enum" else []
            spec = FieldSpec(type=kind, evaluate=name, values=values_of_enum)  # type: ignore[arg-type]
            assert evaluate(spec, values.get(kind, 1), values.get(kind, 1), {"text": "a"}).correct


def test_every_type_of_field_has_an_evaluator() -> None:
    assert {spec.type for spec in ALL} == set(get_args(FieldSpec.model_fields["type"].annotation))
    for spec in ALL:
        value: Any = ["a"] if spec.type == "list" else "a" if spec.type == "string" else 1
        assert evaluate(spec, value, value).correct


few_words = st.lists(st.sampled_from(["가", "나", "다", "A", "a", "1.5"]), max_size=6)


@given(few_words, few_words)
def test_the_score_of_a_list_is_a_share_and_the_same_both_ways(one: list[str], other: list[str]) -> None:
    verdict = evaluate(WORDS, one, other)
    assert 0.0 <= verdict.score <= 1.0
    back = evaluate(WORDS, other, one)
    assert (verdict.score, verdict.correct) == (back.score, back.correct)
    assert verdict.correct == (verdict.score == 1.0)


@given(few_words, few_words, st.randoms())
def test_the_order_of_a_list_changes_nothing(one: list[str], other: list[str], random: Any) -> None:
    before = evaluate(WORDS, one, other)
    random.shuffle(other)
    assert evaluate(WORDS, one, other + other) == before


letters = st.text(st.characters(categories=["L", "N"]), min_size=1)
signs = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1)


@given(letters, st.sampled_from([" ", "-", "\t", "\u200b", "·"]), st.integers(0, 20))
def test_space_and_punctuation_around_a_text_change_nothing(text: str, mark: str, at: int) -> None:
    assert evaluate(TEXT, text, mark * at + text + mark).correct


@given(signs)
def test_no_text_folds_to_nothing(text: str) -> None:
    assert folded(text)
    assert evaluate(TEXT, text, text).correct


@given(few_words, few_words)
def test_precision_and_recall_change_places_with_the_lists(one: list[str], other: list[str]) -> None:
    there, back = evaluate(WORDS, one, other).items, evaluate(WORDS, other, one).items
    assert there is not None and back is not None
    assert (there.precision, there.recall, there.f1) == (back.recall, back.precision, back.f1)


@given(st.lists(st.tuples(few_words, few_words), max_size=5))
def test_items_of_many_lists_add_up(pairs: list[tuple[list[str], list[str]]]) -> None:
    parts = [evaluate(WORDS, one, other).items or Items() for one, other in pairs]
    total = Items.total(parts)
    assert total == Items.total([Items.total(parts[:2]), Items.total(parts[2:])])
    assert total.right == total.found <= min(total.wanted, total.given)
    assert min(total.precision, total.recall) - 1e-9 <= total.f1 <= max(total.precision, total.recall) + 1e-9
