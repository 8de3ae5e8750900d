"""`furrow new`: what it writes loads without a problem, and it never writes over anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from furrow.config.check import check_record_fields
from furrow.config.loader import load_models, load_use_case
from furrow.config.scaffold import new_use_case
from furrow.config.schemas import schema_text
from furrow.config.use_case import UseCase
from furrow.errors import ConfigError
from furrow.evaluation.authored import check_records
from furrow.evaluation.cases import are_synthetic, load_cases

MODELS = """
models:
  {alias}: {{model: "openai-chat:x", connection: furrow_local_large}}
"""


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    (tmp_path / "models.yaml").write_text(MODELS.format(alias="local-large"), encoding="utf-8")
    return tmp_path


def loaded(prompts: Path, name: str) -> UseCase:
    return load_use_case(prompts / name, load_models(prompts))


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_new_use_case_loads_without_a_problem(prompts: Path) -> None:
    paths = new_use_case(prompts, "local_posts")
    use_case = loaded(prompts, "local_posts")
    assert check_record_fields(use_case) == []
    assert check_records(use_case) == []
    assert list(use_case.version().result.specs) == ["topic", "place", "urgent"]
    assert len(use_case.version().prompts["read"].examples) == 2
    assert {str(path.relative_to(prompts / "local_posts")) for path in paths} == {
        "LABELLING.md",
        "README.md",
        "pipeline.yaml",
        "sample.jsonl",
        "testset.jsonl",
        "v1/steps.yaml",
        "v1/read/examples.jsonl",
        "v1/read/output.yaml",
        "v1/read/system.md",
        "v1/read/user.md",
    }


def test_its_source_is_its_own_sample_and_every_record_renders(prompts: Path) -> None:
    new_use_case(prompts, "local_posts")
    use_case = loaded(prompts, "local_posts")
    assert use_case.pipeline.source.files is not None
    records = lines(use_case.folder / use_case.pipeline.source.files.path)
    assert len(records) == 3
    for record in records:
        assert {use_case.pipeline.record.key, use_case.pipeline.record.time} < set(record)
        assert str(record["text"]) in use_case.version().prompts["read"].user.render({"data": record})


def test_its_test_cases_load_and_pass_its_own_rules(prompts: Path) -> None:
    new_use_case(prompts, "local_posts")
    use_case = loaded(prompts, "local_posts")
    cases = load_cases(use_case, use_case.version())
    assert [case.split for case in cases] == ["dev", "dev", "test"]
    assert are_synthetic(use_case)
    for case in cases:
        values = {"result": case.expected, "data": case.record.data}
        assert all(rule.check.evaluate(values) for rule in use_case.version().rules)


def test_the_commented_source_and_sink_load_too(prompts: Path) -> None:
    new_use_case(prompts, "local_posts")
    path = prompts / "local_posts" / "pipeline.yaml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("  files: {path: sample.jsonl}", "  # files").replace("  # kafka:", "  kafka:")
    text = text.replace("# publish:", "publish:").replace("#   features:", "  features:")
    path.write_text(text, encoding="utf-8")
    pipeline = loaded(prompts, "local_posts").pipeline
    assert pipeline.source.kafka is not None
    assert pipeline.source.kafka.topic == "local_posts"
    assert pipeline.publish.features is not None


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("pipeline.schema.json", "pipeline.yaml"),
        ("steps.schema.json", "v1/steps.yaml"),
        ("output.schema.json", "v1/read/output.yaml"),
    ],
)
def test_an_editor_finds_the_schema_and_marks_nothing(prompts: Path, schema: str, file: str) -> None:
    new_use_case(prompts, "local_posts")
    path = prompts / "local_posts" / file
    text = path.read_text(encoding="utf-8")
    named = text.splitlines()[0].partition("$schema=")[2]
    assert (path.parent / named).resolve() == prompts / schema
    errors = Draft202012Validator(json.loads(schema_text(schema))).iter_errors(yaml.safe_load(text))
    assert [error.message for error in errors] == []


def test_no_placeholder_is_left_and_the_name_is_filled_in(prompts: Path) -> None:
    paths = new_use_case(prompts, "local_posts")
    texts = {path.name: path.read_text(encoding="utf-8") for path in paths}
    assert [name for name, text in texts.items() if "${" in text] == []
    assert "# local_posts" in texts["README.md"]


def test_where_the_embedded_model_is_not_listed_the_first_model_is_named(prompts: Path) -> None:
    (prompts / "models.yaml").write_text(MODELS.format(alias="gemini-flash"), encoding="utf-8")
    new_use_case(prompts, "local_posts")
    assert loaded(prompts, "local_posts").version().file.steps[0].aliases == ["gemini-flash"]


def test_a_folder_that_is_there_is_left_as_it_is(prompts: Path) -> None:
    (prompts / "mine").mkdir()
    (prompts / "mine" / "note.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(ConfigError, match="is there already; choose another name"):
        new_use_case(prompts, "mine")
    assert [path.name for path in (prompts / "mine").iterdir()] == ["note.txt"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("Used-Goods", "try `used_goods`", id="capitals and dash"),
        pytest.param("동네", "", id="no latin letter"),
        pytest.param("../outside", "try `outside`", id="path"),
        pytest.param("2nd_hand", "try `nd_hand`", id="digit first"),
        pytest.param("", "", id="empty"),
        pytest.param("a" * 61, f"try `{'a' * 60}`", id="too long"),
    ],
)
def test_a_bad_name_is_refused_with_a_better_one(prompts: Path, name: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        new_use_case(prompts, name)
    assert caught.value.problems[0].hint == hint
    assert sorted(path.name for path in prompts.iterdir()) == ["models.yaml"]


def test_without_a_model_catalogue_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"models\.yaml"):
        new_use_case(tmp_path, "local_posts")
    assert list(tmp_path.iterdir()) == []


def test_the_remains_of_a_killed_attempt_are_not_in_the_way(prompts: Path) -> None:
    (prompts / ".local_posts.new").mkdir()
    (prompts / ".local_posts.new" / "half").write_text("", encoding="utf-8")
    new_use_case(prompts, "local_posts")
    assert not (prompts / "local_posts" / "half").exists()
    assert sorted(path.name for path in prompts.iterdir()) == ["local_posts", "models.yaml"]
