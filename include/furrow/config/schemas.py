"""JSON Schemas of the files that authors write, for completion and checks in an editor.

Generated from the config models and kept under `prompts/`; never edited by hand.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import Field, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from furrow.config.models import FieldSpec, ModelsFile, PipelineFile, StepsFile

Json = dict[str, Any]

OutputFile = Annotated[
    dict[Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")], FieldSpec],
    Field(
        min_length=1,
        description="`vN/<step>/output.yaml`: the fields of a step's answer, in the order of the answer.",
    ),
]
SCHEMAS: dict[str, tuple[str, TypeAdapter[Any]]] = {
    "models.schema.json": ("models.yaml", TypeAdapter(ModelsFile)),
    "output.schema.json": ("output.yaml", TypeAdapter(OutputFile)),
    "pipeline.schema.json": ("pipeline.yaml", TypeAdapter(PipelineFile)),
    "steps.schema.json": ("steps.yaml", TypeAdapter(StepsFile)),
}
"""File name -> what it describes, and the model that it is made from."""


def write_schemas(prompts: Path) -> list[Path]:
    """Write every schema into the prompts folder; returns their paths. Equal models give equal bytes."""
    paths = [prompts / name for name in SCHEMAS]
    for path in paths:
        path.write_text(schema_text(path.name), encoding="utf-8")
    return paths


def stale_schemas(prompts: Path) -> list[str]:
    """Names of schema files that are missing or differ from the models; `write_schemas` mends them.

    A folder without any of them does not use them, and has nothing stale.
    """
    if not any((prompts / name).exists() for name in SCHEMAS):
        return []
    return [name for name in SCHEMAS if _written(prompts / name) != schema_text(name)]


def schema_text(name: str) -> str:
    """The schema file of that name, as it should be written."""
    title, adapter = SCHEMAS[name]
    schema = adapter.json_schema(schema_generator=_EditorSchema)
    ordered = {"$schema": GenerateJsonSchema.schema_dialect, **schema, "title": title}
    return json.dumps(_closed(ordered), ensure_ascii=False, indent=2) + "\n"


def _written(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


class _EditorSchema(GenerateJsonSchema):
    """Without titles such as `Ttl Days`: an editor would show them above each description."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _closed(schema: Any) -> Any:
    """Mappings whose keys have a pattern refuse every other key, as the models do."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(part) for key, part in schema.items()}
    if "patternProperties" in closed:
        closed.setdefault("additionalProperties", False)
    return cast(Json, closed)
