"""output.yaml -> validation and JSON Schema."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from furrow.config.fields import Fields
from furrow.config.models import FieldSpec

FIELDS = Fields(
    {
        "item": FieldSpec(type="string", max_length=5, description="What is sold"),
        "brand": FieldSpec(type="string", nullable=True),
        "condition": FieldSpec(type="enum", values=["new", "used"]),
        "price": FieldSpec(type="integer", nullable=True, min=0),
        "score": FieldSpec(type="number", max=1),
        "sold": FieldSpec(type="boolean"),
        "day": FieldSpec(type="date", nullable=True),
        "tags": FieldSpec(type="list", items="string", max_items=2, max_length=3),
        "kinds": FieldSpec(type="list", items="enum", values=["a", "b"]),
    }
)
GOOD = {
    "item": "자전거",
    "brand": None,
    "condition": "used",
    "price": 35000,
    "score": 0.5,
    "sold": False,
    "day": "2026-11-24",
    "tags": ["새것"],
    "kinds": ["a"],
}


def test_a_valid_answer_comes_back_as_plain_values() -> None:
    assert FIELDS.validate_json(json.dumps(GOOD)) == GOOD


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"price": "35000"}, id="number as text"),
        pytest.param({"price": 35000.5}, id="fraction for a whole number"),
        pytest.param({"price": True}, id="boolean for a number"),
        pytest.param({"price": -1}, id="below the minimum"),
        pytest.param({"price": 2**63}, id="more than 64 bits"),
        pytest.param({"score": 1.5}, id="above the maximum"),
        pytest.param({"condition": "USED"}, id="other case in an enum"),
        pytest.param({"condition": None}, id="null for a required field"),
        pytest.param({"item": "자전거자전거"}, id="text too long"),
        pytest.param({"tags": ["a", "b", "c"]}, id="too many items"),
        pytest.param({"tags": ["abcd"]}, id="item too long"),
        pytest.param({"kinds": ["c"]}, id="item not in the list of values"),
        pytest.param({"day": "24.11.2026"}, id="not a date"),
        pytest.param({"sold": 0}, id="number for a boolean"),
        pytest.param({"more": 1}, id="a field too many"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_not_converted(changed: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FIELDS.validate({**GOOD, **changed})


@pytest.mark.parametrize("left_out", list(GOOD))
def test_every_field_is_required(left_out: str) -> None:
    with pytest.raises(ValidationError):
        FIELDS.validate({name: value for name, value in GOOD.items() if name != left_out})


def test_the_schema_keeps_the_order_requires_all_and_allows_nothing_else() -> None:
    schema = FIELDS.json_schema
    assert list(schema["properties"]) == list(GOOD) == schema["required"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["item"] == {"type": "string", "maxLength": 5, "description": "What is sold"}
    assert "title" not in json.dumps(schema)


def test_a_field_called_title_stays_in_the_schema() -> None:
    schema = Fields({"title": FieldSpec(type="string")}).json_schema
    assert schema["properties"] == {"title": {"type": "string"}}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        pytest.param({"type": "enum"}, "needs `values`", id="enum without values"),
        pytest.param({"type": "string", "values": ["a"]}, "needs `values`", id="values for a string"),
        pytest.param({"type": "string", "min": 1}, "`min` is only for", id="minimum of a string"),
        pytest.param({"type": "integer", "min": 5, "max": 1}, "above", id="minimum above the maximum"),
        pytest.param({"type": "integer", "max_items": 1}, "`max_items` is only for", id="items of a number"),
    ],
)
def test_an_option_that_means_nothing_for_its_type_is_refused(spec: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        FieldSpec.model_validate(spec)
