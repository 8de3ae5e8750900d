"""When a value counts as right."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.models import FieldSpec
from furrow.evaluation.evaluators import NUMBER_TOLERANCE, evaluate, folded

TEXT = FieldSpec(type="string", nullable=True)
WHOLE = FieldSpec(type="integer", nullable=True)
NUMBER = FieldSpec(type="number", nullable=True)
YES_NO = FieldSpec(type="boolean", nullable=True)
DAY = FieldSpec(type="date", nullable=True)
STATE = FieldSpec(type="enum", values=["new", "used"], nullable=True)
WORDS = FieldSpec(type="list", items="string", nullable=True)
SIZES = FieldSpec(type="list", items="number", nullable=True)
ALL = [TEXT, WHOLE, NUMBER, YES_NO, DAY, STATE, WORDS]


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
        pytest.param(NUMBER, 59.9, 59.9 * (1 + NUMBER_TOLERANCE / 2), True, id="number within tolerance"),
        pytest.param(NUMBER, 59.9, 59.9 * (1 + NUMBER_TOLERANCE * 2), False, id="number beyond tolerance"),
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
    assert verdict == evaluate(WORDS, other, one)
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
