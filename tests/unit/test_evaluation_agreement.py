"""Which result fields a judge decides, and whose agreement with the labels is measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from furrow.config.loader import load_models, load_use_case
from furrow.evaluation.agreement import judges_of, measured
from furrow.evaluation.judgement import FieldScore

PROMPTS = Path(__file__).resolve().parents[2] / "prompts"


def field(kappa: float | None) -> FieldScore:
    return FieldScore(
        type="boolean", n=9, correct=8, accuracy=8 / 9, interval=(0.5, 1), mean_score=None, kappa=kappa
    )


def test_a_field_is_traced_to_its_judge_through_a_map() -> None:
    version = load_use_case(PROMPTS / "ad_copy", load_models(PROMPTS)).version()
    assert judges_of(version) == {
        "text": ["judge"],
        "score": ["judge"],
        "texts": ["judge"],
        "draft_ok": ["draft_judge"],
    }


def test_a_version_without_a_judge_has_no_such_field() -> None:
    version = load_use_case(PROMPTS / "used_goods", load_models(PROMPTS)).version()
    assert judges_of(version) == {}


@pytest.mark.parametrize(
    ("judges", "kappas", "found"),
    [
        ({"ok": ["judge"]}, {"ok": 0.7}, 0.7),
        ({"ok": ["judge"], "good": ["judge"]}, {"ok": 0.7, "good": 0.3}, 0.3),
        ({"ok": ["judge"], "text": ["judge"]}, {"ok": 0.7, "text": None}, 0.7),
        ({"ok": ["judge", "other"]}, {"ok": 0.7}, None),
        ({"ok": ["other"]}, {"ok": 0.7}, None),
    ],
    ids=["its own", "the lowest", "one without labels", "two decide together", "another judge's"],
)
def test_a_judge_is_measured_by_the_labelled_fields_that_it_alone_decides(
    judges: dict[str, list[str]], kappas: dict[str, float | None], found: float | None
) -> None:
    fields = {name: field(kappa) for name, kappa in kappas.items()}
    assert measured("judge", judges, fields) == found
