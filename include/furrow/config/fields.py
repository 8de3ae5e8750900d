"""output.yaml compiled: a pydantic-core validator, and the JSON Schema that a model must answer in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import CoreSchema, SchemaValidator, to_jsonable_python
from pydantic_core import core_schema as core

from furrow.config.models import FieldSpec

Json = dict[str, Any]


class Fields:
    """The typed fields of a step's output or of a result, in the author's order.

    Every field is required, unknown ones are refused, and nothing is converted. Built of pydantic-core's
    schemas: a model class for each folder would take most of the time in which Airflow reads the DAGs.
    """

    def __init__(self, specs: Mapping[str, FieldSpec], name: str = "answer"):
        self.specs = dict(specs)
        self.name = name

    @cached_property
    def json_schema(self) -> Json:
        """The JSON Schema of the answer, properties in the author's order."""
        schema = cast(Json, _without_titles(GenerateJsonSchema().generate(self._core)))
        for name, spec in self.specs.items():
            if spec.description:
                schema["properties"][name]["description"] = spec.description
        return schema

    def validate_json(self, text: str | bytes) -> Json:
        """The text as plain values. Raises pydantic.ValidationError."""
        values = self._validator.validate_json(text)
        return cast(Json, to_jsonable_python(values) if self._has_dates else values)

    def validate(self, value: Json) -> Json:
        """Plain values checked as if they had come as JSON. Raises pydantic.ValidationError or TypeError."""
        return self.validate_json(json.dumps(value, ensure_ascii=False, allow_nan=False))

    @cached_property
    def _core(self) -> CoreSchema:
        fields = {name: core.typed_dict_field(_schema(spec)) for name, spec in self.specs.items()}
        return core.typed_dict_schema(fields, extra_behavior="forbid", strict=True, total=True)

    @cached_property
    def _validator(self) -> SchemaValidator:
        return SchemaValidator(self._core)

    @cached_property
    def _has_dates(self) -> bool:
        return any(spec.type == "date" for spec in self.specs.values())


def _schema(spec: FieldSpec) -> CoreSchema:
    base = _list(spec) if spec.type == "list" else _scalar(spec.type, spec)
    return core.nullable_schema(base) if spec.nullable else base


def _list(spec: FieldSpec) -> CoreSchema:
    return core.list_schema(_scalar(spec.items, spec), max_length=spec.max_items, strict=True)


def _scalar(kind: str, spec: FieldSpec) -> CoreSchema:
    match kind:
        case "enum":
            return core.literal_schema(list(spec.values))
        case "string":
            return core.str_schema(max_length=spec.max_length, pattern=spec.pattern, strict=True)
        case "integer":
            whole = core.int_schema(ge=_whole(spec.min), le=_whole(spec.max), strict=True)
            return core.no_info_after_validator_function(_fits_64_bits, whole)
        case "number":
            return core.float_schema(ge=spec.min, le=spec.max, allow_inf_nan=False, strict=True)
        case "boolean":
            return core.bool_schema(strict=True)
        case _:
            return core.date_schema(strict=True)


def _whole(bound: float | None) -> int | None:
    return None if bound is None else int(bound)


def _fits_64_bits(value: int) -> int:
    """Feature stores and warehouses hold 64 bits; said here, not in the schema that the model sees."""
    if not -(2**63) <= value < 2**63:
        raise ValueError("the number does not fit into 64 bits")
    return value


def _without_titles(schema: Any) -> Any:
    """Titles repeat the names: tokens without news. A field that is called `title` stays."""
    if isinstance(schema, list):
        return [_without_titles(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: part for key, part in schema.items() if key != "title" or isinstance(part, dict)}
    return {key: _without_titles(part) for key, part in kept.items()}
