"""What authors get wrong, and what they are told."""

from __future__ import annotations

import json

import pytest

from furrow.config.check import check_all, check_record_fields
from furrow.config.loader import load_all, load_models
from furrow.config.use_case import Broken, UseCase
from furrow.errors import ConfigError, OptionUnknown, PromptFailed
from tests.folders import FolderOfPrompts


def problems(prompts: FolderOfPrompts) -> str:
    with pytest.raises(ConfigError) as caught:
        prompts.load()
    return str(caught.value)


SMALL_WITH_FALLBACK = """\
    model: openai-chat:small
    fallback: [spare]
    connection: models
  spare:
    model: openai-chat:spare
"""


def test_a_valid_folder_loads_and_names_its_release(prompts: FolderOfPrompts) -> None:
    use_case = prompts.load()
    version = use_case.version()
    assert version.release == f"v1@{version.content_hash[:8]}"
    assert [step.name for step in version.steps] == ["digest", "extract", "price"]
    assert version.result.specs["price_krw"].type == "integer"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        pytest.param(
            "goods/pipeline.yaml",
            "owner: tests",
            "ownr: tests",
            "goods/pipeline.yaml:2: unknown key `ownr`; did you mean `owner`?",
            id="unknown key",
        ),
        pytest.param(
            "goods/pipeline.yaml",
            "ttl_days: 3650",
            "ttl: 90",
            "goods/pipeline.yaml:9: unknown key `ttl`; did you mean `ttl_days`?",
            id="unknown key, nested",
        ),
        pytest.param(
            "goods/v1/steps.yaml",
            "    kind: llm\n    model: small\n",
            "    kind: llm\n    modle: small\n",
            "goods/v1/steps.yaml:4: unknown key `modle`; did you mean `model`?",
            id="unknown key in a step",
        ),
        pytest.param(
            "goods/v1/steps.yaml",
            "model: small",
            "model: smal",
            "goods/v1/steps.yaml:4: models.yaml has no model `smal`; did you mean `small`?",
            id="unknown model alias",
        ),
        pytest.param(
            "goods/v1/steps.yaml",
            "use: large",
            "use: huge",
            "models.yaml has no model `huge`",
            id="unknown model alias in choose",
        ),
        pytest.param(
            "goods/v1/steps.yaml",
            "kind: map",
            "kind: mapp",
            "goods/v1/steps.yaml:9: ",
            id="unknown kind of step",
        ),
        pytest.param(
            "goods/v1/steps.yaml",
            "extract.brand",
            "extract.brnad",
            "goods/v1/steps.yaml:11: the step `extract` has no field `brnad`; did you mean `brand`?",
            id="result of an unknown field",
        ),
        pytest.param(
            "goods/v1/steps.yaml",
            "brand: extract.brand",
            "brand: extrct.brand",
            "goods/v1/steps.yaml:11: there is no step `extrct`; did you mean `extract`?",
            id="result of an unknown step",
        ),
        pytest.param(
            "goods/v1/steps.yaml",
            "result.price_krw > 0",
            "result.price_won > 0",
            "goods/v1/steps.yaml:13: `result` has no field `price_won`; did you mean `price_krw`?",
            id="rule on an unknown field",
        ),
        pytest.param(
            "goods/v1/steps.yaml",
            "name: extract",
            "name: digest",
            "the step name `digest` stands twice",
            id="step name twice",
        ),
        pytest.param(
            "goods/v1/steps.yaml",
            "name: extract",
            "name: data",
            "is a reserved word",
            id="reserved step name",
        ),
        pytest.param(
            "goods/v1/extract/user.md",
            "{{ digest.digest }}",
            "{{ digest.digset }}",
            "goods/v1/extract/user.md:1: `digest` has no field `digset`; did you mean `digest`?",
            id="misspelt field in a prompt",
        ),
        pytest.param(
            "goods/v1/digest/user.md",
            "{{ data.body }}",
            "Listing:\n{{ dta.body }}",
            "goods/v1/digest/user.md:2: unknown variable `dta`; did you mean `data`?",
            id="misspelt variable in a prompt",
        ),
        pytest.param(
            "goods/v1/digest/user.md",
            "{{ data.body }}",
            "one\n{{ data.body",
            "goods/v1/digest/user.md:",
            id="broken template",
        ),
        pytest.param(
            "goods/v1/digest/user.md",
            "{{ data.body }}",
            "{{ data.body | trunkate(9) }}",
            "goods/v1/digest/user.md:1: unknown filter `trunkate`; did you mean `truncate`?",
            id="misspelt filter",
        ),
        pytest.param(
            "goods/v1/steps.yaml",
            "result.price_krw is none",
            "result.price_krw is non",
            "goods/v1/steps.yaml:13: unknown test `non`",
            id="misspelt test",
        ),
        pytest.param(
            "goods/v1/digest/user.md",
            "{{ data.body }}",
            "{% include 'other.md' %}",
            "does not read other templates",
            id="include",
        ),
        pytest.param(
            "goods/v1/steps.yaml",
            "extract.price_text | krw",
            "1) }}{{ (2",
            "goods/v1/steps.yaml:10: not Jinja",
            id="an expression that ends early",
        ),
        pytest.param(
            "goods/v1/steps.yaml",
            'check: "result.price_krw is none or result.price_krw > 0"',
            "check: {{ result.price_krw }}",
            "goods/v1/steps.yaml:13: a key must be a word; put a Jinja expression in quotes",
            id="expression without quotes",
        ),
        pytest.param(
            "goods/v1/digest/output.yaml",
            "max_length: 80",
            'pattern: "("',
            "goods/v1/digest/output.yaml:1: `pattern` is not a pattern",
            id="broken pattern",
        ),
        pytest.param(
            "goods/pipeline.yaml", "owner: tests", "owner: 2026-02-30", "not YAML", id="impossible date"
        ),
        pytest.param(
            "goods/v1/extract/examples.jsonl",
            '"애플"',
            "NaN",
            "goods/v1/extract/examples.jsonl:1: ",
            id="NaN in example",
        ),
        pytest.param(
            "goods/v1/digest/user.md",
            "{{ data.body }}",
            "{{ extract.brand }}",
            "unknown variable `extract`",
            id="a step that comes later",
        ),
        pytest.param(
            "goods/v1/extract/examples.jsonl",
            '"애플"',
            "7",
            "examples.jsonl:1: `brand`: it should be a valid string; see the field in output.yaml",
            id="example that fails its schema",
        ),
        pytest.param(
            "goods/v1/extract/examples.jsonl",
            '"body"',
            '"text"',
            "goods/v1/extract/examples.jsonl:1: the input does not render: goods/v1/extract/user.md:2: "
            "`data` has no field `body`; known here: text",
            id="example that does not render",
        ),
        pytest.param(
            "goods/v1/extract/output.yaml",
            "type: string",
            "type: strng",
            "goods/v1/extract/output.yaml:1: ",
            id="unknown field type",
        ),
        pytest.param(
            "goods/v1/digest/output.yaml",
            "max_length: 80",
            "max_length: 80, description: short, plain",
            "put a text that has a comma in quotes",
            id="comma in a description",
        ),
        pytest.param(
            "goods/pipeline.yaml",
            "live: v1",
            "live: v3",
            "there is no version folder `v3`",
            id="live version missing",
        ),
        pytest.param(
            "goods/pipeline.yaml",
            "{brand: 0.5}",
            "{brnd: 0.5}",
            "goods/pipeline.yaml:11: v1 has no result field `brnd`; did you mean `brand`?",
            id="gate on an unknown field",
        ),
        pytest.param(
            "goods/pipeline.yaml",
            "  files: {path: sample.jsonl}",
            "  files: {path: sample.jsonl}\n  kafka: {topic: t}",
            "name exactly one source",
            id="two sources",
        ),
        pytest.param(
            "goods/pipeline.yaml",
            "live: v1",
            "live: v1\nlive: v1",
            "goods/pipeline.yaml:7: the key `live` stands twice",
            id="key twice",
        ),
        pytest.param("goods/pipeline.yaml", "owner: tests", "owner: [tests", "not YAML", id="broken YAML"),
        pytest.param(
            "goods/pipeline.yaml",
            "  files:",
            "\tfiles:",
            "goods/pipeline.yaml:4: not YAML: found character that cannot start any token; indent with ",
            id="tab",
        ),
        pytest.param(
            "goods/pipeline.yaml",
            "live: v1",
            " live: v1",
            "goods/pipeline.yaml:6: not YAML: did not find expected key; look at the indentation",
            id="one space too many",
        ),
        pytest.param(
            "goods/pipeline.yaml",
            "description: listings to attributes",
            "description: listings: to attributes",
            "put a text that has a colon in quotes, a space after a key's colon",
            id="colon in a description",
        ),
        pytest.param(
            "goods/pipeline.yaml",
            "record:",
            "  record:",
            "goods/pipeline.yaml:5: unknown key `record`; take away the spaces before `record`",
            id="indented too much",
        ),
        pytest.param(
            "goods/pipeline.yaml",
            "  gate:",
            "gate:",
            "goods/pipeline.yaml:11: unknown key `gate`; indent it under `evaluate`",
            id="indented too little",
        ),
        pytest.param(
            "goods/pipeline.yaml",
            "  gate:",
            "gate:",
            "goods/pipeline.yaml:10: `evaluate` has to hold keys and values; write them below it",
            id="a key that holds nothing",
        ),
        pytest.param(
            "goods/v1/digest/user.md",
            "{{ data.body }}",
            "{{ text }}",
            "unknown variable `text`; a field of the record is written `data.text`; did you mean `time`?",
            id="field without data",
        ),
        pytest.param(
            "goods/v1/digest/user.md",
            "{{ data.body }}",
            "{{ data.body }",
            "goods/v1/digest/user.md:1: not Jinja: unexpected '}'; a value is written `{{ data.… }}`",
            id="brace missing",
        ),
        pytest.param(
            "goods/v1/extract/examples.jsonl",
            '{"data": {"body": "아이폰 30만"}, "digest"',
            '{"body": "아이폰 30만", "digest"',
            'the input does not render: it has no `data`; write the record as `"input": {"data": {',
            id="example without data",
        ),
        pytest.param(
            "goods/v1/extract/examples.jsonl",
            '"output"',
            '"outptu"',
            "`output`: Field required; a line is `{",
            id="misspelt key of an example",
        ),
        pytest.param(
            "goods/v1/steps.yaml",
            'set: {price_krw: "extract.price_text | krw"}',
            'set: {price: "extract.price_text | krw"}',
            "`set` and price/output.yaml name different fields",
            id="map fields differ",
        ),
    ],
)
def test_a_mistake_is_named_with_file_and_line(
    prompts: FolderOfPrompts, file: str, old: str, new: str, said: str
) -> None:
    prompts.change(file, old, new)
    assert said in problems(prompts)


def test_every_mistake_of_a_folder_is_reported_at_once(prompts: FolderOfPrompts) -> None:
    prompts.change("goods/pipeline.yaml", "owner", "ownr")
    prompts.change("goods/v1/steps.yaml", "model: small", "model: smal")
    prompts.change("goods/v1/digest/user.md", "data.body", "dta.body")
    said = problems(prompts)
    assert "ownr" in said and "smal" in said and "dta" in said


def test_a_file_that_is_not_utf_8_is_named_with_its_line(prompts: FolderOfPrompts) -> None:
    prompts.put("goods/v1/digest/user.md", b"first\n" + "둘째".encode("cp949"))
    assert "goods/v1/digest/user.md:2: not UTF-8" in problems(prompts)


def test_a_missing_user_md_says_what_to_write(prompts: FolderOfPrompts) -> None:
    (prompts.path / "goods/v1/digest/user.md").unlink()
    assert "goods/v1/digest/user.md: the file is missing" in problems(prompts)


def test_what_every_example_lacks_is_told_once_as_a_mistake_of_user_md(prompts: FolderOfPrompts) -> None:
    pair = (prompts.path / "goods/v1/extract/examples.jsonl").read_text(encoding="utf-8")
    prompts.put("goods/v1/extract/examples.jsonl", pair * 2)
    prompts.change("goods/v1/extract/user.md", "data.body", "data.boddy")
    what = "`data` has no field `boddy` in any example; did you mean `body`?"
    assert problems(prompts) == f"goods/v1/extract/user.md:2: {what}"


def test_a_field_in_a_branch_not_taken_is_none_that_an_example_lacks(prompts: FolderOfPrompts) -> None:
    prompts.put(
        "goods/v1/extract/user.md", "{{ data.body }}{% if data.body == '' %}{{ data.none }}{% endif %}"
    )
    assert prompts.load().version().prompts["extract"].examples[0].user == "아이폰 30만"


def test_a_prompt_that_reads_nothing_of_the_record_is_found(prompts: FolderOfPrompts) -> None:
    prompts.put("goods/v1/digest/user.md", "{ data.body }")
    said = "goods/v1/digest/user.md:1: no prompt of this step reads the record; name a field: `{{ data.… }}`"
    assert check_all(prompts.path)[0]["problems"] == [said]


def test_a_missing_output_yaml_says_what_to_write(prompts: FolderOfPrompts) -> None:
    (prompts.path / "goods/v1/price/output.yaml").unlink()
    assert "price/output.yaml: the file is missing; write the fields of the step" in problems(prompts)


def test_a_folder_of_no_step_is_not_passed_over(prompts: FolderOfPrompts) -> None:
    prompts.put("goods/v1/digset/user.md", "x")
    assert "goods/v1/digset: a folder of no step; did you mean `digest`?" in problems(prompts)


def test_a_broken_folder_leaves_the_others_alone(prompts: FolderOfPrompts) -> None:
    prompts.put("broken/pipeline.yaml", "owner: [")
    broken, goods = load_all(prompts.path)
    assert isinstance(broken, Broken) and broken.name == "broken"
    assert isinstance(goods, UseCase)


def test_a_prompts_folder_that_is_not_there_says_which_variable_to_set(prompts: FolderOfPrompts) -> None:
    with pytest.raises(ConfigError, match="FURROW_PROMPTS"):
        load_all(prompts.path / "nowhere")


def test_a_field_that_no_sample_record_has_is_found(prompts: FolderOfPrompts) -> None:
    prompts.change("goods/v1/digest/user.md", "{{ data.body }}", "{{ data.titel }}")
    prompts.records([{"id": "1", "at": "2026-11-24T09:00:00+09:00", "title": "t", "body": "b"}])
    said = str(check_record_fields(prompts.load())[0])
    assert said == "goods/v1/digest/user.md:1: `data` has no field `titel`; did you mean `title`?"


@pytest.mark.parametrize(
    "guarded", ["{{ data.seller | default('') }}", "{% if data.seller is defined %}x{% endif %}"]
)
def test_a_field_that_an_author_marked_as_optional_may_be_absent(
    prompts: FolderOfPrompts, guarded: str
) -> None:
    prompts.put("goods/v1/digest/user.md", guarded)
    assert check_record_fields(prompts.load()) == []


def test_asking_for_an_unknown_use_case_suggests_one(prompts: FolderOfPrompts) -> None:
    with pytest.raises(OptionUnknown, match="did you mean `goods`"):
        check_all(prompts.path, ["godos"])


@pytest.mark.parametrize(
    ("file", "text"),
    [
        pytest.param("goods/v1/digest/user.md", "{{ data.body }}!", id="prompt"),
        pytest.param("goods/v1/extract/examples.jsonl", "", id="examples"),
        pytest.param("goods/v1/digest/output.yaml", "digest: {type: string, max_length: 90}", id="fields"),
    ],
)
def test_the_release_changes_with_everything_that_decides_the_output(
    prompts: FolderOfPrompts, file: str, text: str
) -> None:
    before = prompts.load().version().content_hash
    prompts.put(file, text)
    assert prompts.load().version().content_hash != before


def test_the_release_changes_with_the_model_behind_an_alias(prompts: FolderOfPrompts) -> None:
    before = prompts.load().version().content_hash
    prompts.change("models.yaml", "openai-chat:large", "openai-chat:larger")
    assert prompts.load().version().content_hash != before


@pytest.mark.parametrize(
    "file", ["goods/pipeline.yaml", "models.yaml", "goods/sample.jsonl", "goods/v1/digest/.x"]
)
def test_the_release_stays_when_nothing_changes_that_decides_the_output(
    prompts: FolderOfPrompts, file: str
) -> None:
    before = prompts.load().version().content_hash
    path = prompts.path / file
    prompts.put(file, (path.read_bytes() if path.exists() else b"") + b"\n")
    assert prompts.load().version().content_hash == before


def test_the_release_changes_with_the_model_that_may_stand_in(prompts: FolderOfPrompts) -> None:
    before = prompts.load().version().release
    prompts.change("models.yaml", "    model: openai-chat:small\n", SMALL_WITH_FALLBACK)
    version = prompts.load().version()
    assert version.release != before
    assert set(version.catalogue) == {"small", "large", "spare"}


@pytest.mark.parametrize(
    ("fallback", "message"),
    [
        pytest.param("small", "models.yaml:5: `small` cannot stand in for itself", id="itself"),
        pytest.param("lage", "models.yaml:5: there is no model `lage`; did you mean `large`?", id="unknown"),
    ],
)
def test_a_fallback_that_cannot_be_is_named_with_its_line(
    prompts: FolderOfPrompts, fallback: str, message: str
) -> None:
    prompts.change(
        "models.yaml", "    connection: models\n", f"    connection: models\n    fallback: [{fallback}]\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_models(prompts.path)
    assert message in str(caught.value)


def test_a_record_can_never_act_as_a_template(prompts: FolderOfPrompts) -> None:
    template = prompts.load().version().prompts["digest"].user
    attack = "{{ 7 * 7 }}{% for x in range(9) %}x{% endfor %}"
    assert template.render({"data": {"body": attack}}) == attack


def test_a_prompt_cannot_leave_its_sandbox(prompts: FolderOfPrompts) -> None:
    prompts.put("goods/v1/digest/user.md", "{{ data.__class__.__mro__ }}")
    template = prompts.load().version().prompts["digest"].user
    with pytest.raises(Exception, match="__class__"):
        template.render({"data": {"body": ""}})


def test_examples_keep_the_order_of_output_yaml(prompts: FolderOfPrompts) -> None:
    line = {
        "input": {"data": {"body": "b"}, "digest": {"digest": "d"}},
        "output": {"price_text": None, "brand": "애플"},
    }
    prompts.put("goods/v1/extract/examples.jsonl", json.dumps(line, ensure_ascii=False))
    (example,) = prompts.load().version().prompts["extract"].examples
    assert example.answer == '{"brand": "애플", "price_text": null}'


def test_a_field_that_is_called_like_a_method_is_the_field(prompts: FolderOfPrompts) -> None:
    prompts.put("goods/v1/digest/user.md", "{{ data.items }}")
    template = prompts.load().version().prompts["digest"].user
    assert template.render({"data": {"items": "두 개"}}) == "두 개"
    with pytest.raises(PromptFailed, match="`items` is not a field"):
        template.render({"data": {}})


def test_a_record_cannot_ask_for_a_gigabyte_of_text(prompts: FolderOfPrompts) -> None:
    prompts.put("goods/v1/digest/user.md", "{{ data.text * data.count }}{{ data.count * 2 }}")
    template = prompts.load().version().prompts["digest"].user
    with pytest.raises(PromptFailed, match="for numbers"):
        template.render({"data": {"text": "x", "count": 10**9}})


def test_a_folder_that_cannot_be_read_is_broken_and_alone(prompts: FolderOfPrompts) -> None:
    (prompts.path / "goods/v1/link").symlink_to("nowhere")
    prompts.put("other/pipeline.yaml", "x: 1")
    assert [type(entry).__name__ for entry in load_all(prompts.path)] == ["Broken", "Broken"]


def test_many_aliases_of_yaml_do_not_take_for_ever(prompts: FolderOfPrompts) -> None:
    lines = ["a0: &a0 {x: 1}", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))]
    prompts.put("goods/pipeline.yaml", "\n".join(lines))
    assert "unknown key `a0`" in problems(prompts)
