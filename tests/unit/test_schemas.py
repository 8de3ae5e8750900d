"""The JSON Schemas that editors complete from: what they accept, and when they are stale."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from furrow.config.schemas import SCHEMAS, schema_text, stale_schemas, write_schemas

PROMPTS = Path(__file__).resolve().parents[2] / "prompts"
FILES = {
    "models.schema.json": "models.yaml",
    "output.schema.json": "*/v*/*/output.yaml",
    "pipeline.schema.json": "*/pipeline.yaml",
    "steps.schema.json": "*/v*/steps.yaml",
}
PIPELINE = {
    "description": "d",
    "source": {"files": {"path": "sample.jsonl"}},
    "record": {"key": "id", "time": "at"},
}
STEPS = {"steps": [{"name": "ask", "kind": "llm", "model": "local-large"}], "result": {"topic": "ask.topic"}}


def validator(name: str) -> Draft202012Validator:
    schema = json.loads(schema_text(name))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def written(pattern: str) -> list[Path]:
    return sorted(PROMPTS.glob(pattern))


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_file_of_the_project_fits_its_schema(name: str) -> None:
    paths = written(FILES[name])
    assert paths
    for path in paths:
        errors = [
            error.message for error in validator(name).iter_errors(yaml.safe_load(path.read_text("utf-8")))
        ]
        assert (path, errors) == (path, [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("pipeline.schema.json", {**PIPELINE, "sorce": {}}, id="unknown key"),
        pytest.param("pipeline.schema.json", {**PIPELINE, "live": "latest"}, id="version that is none"),
        pytest.param("pipeline.schema.json", {"description": "d"}, id="required key missing"),
        pytest.param(
            "pipeline.schema.json", {**PIPELINE, "partition_records": "200"}, id="text for a number"
        ),
        pytest.param("steps.schema.json", {**STEPS, "steps": []}, id="no steps"),
        pytest.param(
            "steps.schema.json", {**STEPS, "steps": [{"name": "ask", "kind": "lm"}]}, id="unknown kind"
        ),
        pytest.param(
            "steps.schema.json", {**STEPS, "result": {"Topic": "ask.topic"}}, id="capital in a name"
        ),
        pytest.param(
            "models.schema.json", {"models": {"a": {"model": "gemini"}}}, id="model without provider"
        ),
        pytest.param("output.schema.json", {"price": {"type": "money"}}, id="unknown type"),
        pytest.param("output.schema.json", {"price krw": {"type": "integer"}}, id="field name with a space"),
        pytest.param("output.schema.json", {}, id="no fields"),
    ],
)
def test_an_editor_marks_what_furrow_would_refuse(name: str, value: Any) -> None:
    assert not validator(name).is_valid(value)


@pytest.mark.parametrize(
    ("name", "value"), [("pipeline.schema.json", PIPELINE), ("steps.schema.json", STEPS)]
)
def test_the_smallest_file_fits(name: str, value: Any) -> None:
    assert [error.message for error in validator(name).iter_errors(value)] == []


def test_a_schema_is_named_after_its_file_and_no_property_has_a_made_up_title() -> None:
    for name, (title, _) in SCHEMAS.items():
        schema = json.loads(schema_text(name))
        assert schema["title"] == title
        assert schema["description"]
        properties = [part for found in _all(schema, "properties") for part in found.values()]
        assert [part["title"] for part in properties if "title" in part] == []


def _all(value: Any, key: str) -> list[Any]:
    """Every value under `key`, at any depth."""
    if isinstance(value, list):
        return [found for part in value for found in _all(part, key)]
    if not isinstance(value, dict):
        return []
    here = [value[key]] if key in value and isinstance(value[key], dict) else []
    return here + [found for part in value.values() for found in _all(part, key)]


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from furrow.config.schemas import write_schemas; "
    program += "write_schemas(Path(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()} == {
        name: schema_text(name) for name in SCHEMAS
    }


def test_the_schemas_of_the_project_are_up_to_date() -> None:
    assert sorted(path.name for path in PROMPTS.glob("*.schema.json")) == sorted(SCHEMAS)
    assert stale_schemas(PROMPTS) == []


def test_a_changed_or_missing_schema_is_stale_until_it_is_written_again(tmp_path: Path) -> None:
    assert [path.name for path in write_schemas(tmp_path)] == list(SCHEMAS)
    (tmp_path / "steps.schema.json").write_text("{}", encoding="utf-8")
    (tmp_path / "models.schema.json").unlink()
    assert stale_schemas(tmp_path) == ["models.schema.json", "steps.schema.json"]
    write_schemas(tmp_path)
    assert stale_schemas(tmp_path) == []


def test_a_folder_that_uses_no_schemas_has_none_that_are_stale(tmp_path: Path) -> None:
    assert stale_schemas(tmp_path) == []
