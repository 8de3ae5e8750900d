"""Fields that quote their text: checked, asked for again, then rejected or dropped."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.check import check_example_quotes
from furrow.config.models import FieldSpec
from furrow.config.quoting import is_quoted
from furrow.config.templates import Expression
from furrow.engine.calls import Calls, Stamp
from furrow.engine.evidence import Evidence
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import Arrival, ModelRequest
from furrow.engine.reading import read_work
from furrow.engine.record import Outcome, Rung, Work
from furrow.errors import ConfigError
from furrow.testing import MemoryLedger, ScriptedModel
from tests.folders import FolderOfPrompts, record

BODY = "망원동 투룸 전세 보증금 1억 5천, 15층 중 5층. 에어컨, 세탁기"
OUTPUT = """\
brand: {type: enum, values: [lease, rent], nullable: true}
brand_quote: {type: string, nullable: true, quote_of: data.body, quotes: [brand], on_missing: DROP}
price_text: {type: string, nullable: true, quote_of: data.body, on_missing: DROP}
things: {type: list, items: string, quote_of: data.body, on_missing: DROP}
"""
TRUE = {"brand": "lease", "brand_quote": "전세", "price_text": "1억 5천", "things": ["에어컨", "세탁기"]}


def write(prompts: FolderOfPrompts, on_missing: str = "drop", output: str = OUTPUT) -> None:
    prompts.put("goods/v1/extract/output.yaml", output.replace("DROP", on_missing))
    prompts.change("goods/v1/steps.yaml", "result: {brand", "result: {things: extract.things, brand")
    example = {"input": {"data": {"body": BODY}, "digest": {"digest": "전세"}}, "output": TRUE}
    prompts.put("goods/v1/extract/examples.jsonl", json.dumps(example, ensure_ascii=False) + "\n")


def extracted(prompts: FolderOfPrompts, *answers: dict[str, Any]) -> tuple[Work, list[ModelRequest]]:
    """One record through the pipeline; `answers` is what the model says at `extract`, in order."""
    version, remaining = prompts.load().version(), iter(answers)

    def script(request: ModelRequest) -> dict[str, Any]:
        return {"digest": "요약"} if request.schema_name == "digest" else next(remaining)

    model = ScriptedModel(script)
    arrival = Arrival("memory:0", json.dumps(record(1, body=BODY)).encode())

    async def run() -> list[Work]:
        calls = Calls(lambda alias: model, version.catalogue, MemoryLedger(), Stamp("goods", "r", "run"))
        works = [read_work(arrival, prompts.load().pipeline.record)]
        return [work async for work in Pipeline(version, calls).run(works)]

    (work,) = asyncio.run(run())
    return work, [request for request in model.requests if request.schema_name == "extract"]


def test_an_answer_whose_quotes_hold_is_taken_as_it_is(prompts: FolderOfPrompts) -> None:
    write(prompts)
    work, asked = extracted(prompts, TRUE)
    assert work.outputs["extract"] == TRUE and work.traces["extract"].rung is Rung.STRICT
    assert len(asked) == 1


def test_the_model_is_never_shown_where_quotes_come_from(prompts: FolderOfPrompts) -> None:
    write(prompts)
    _, (request,) = extracted(prompts, TRUE)
    assert "quote_of" not in json.dumps(request.schema) and "drop" not in json.dumps(request.schema)


def test_a_quote_that_does_not_stand_in_the_text_is_asked_for_again(prompts: FolderOfPrompts) -> None:
    write(prompts)
    work, asked = extracted(prompts, {**TRUE, "price_text": "2억"}, TRUE)
    assert work.outputs["extract"] == TRUE and work.traces["extract"].rung is Rung.REASKED
    assert "price_text: these words do not stand in the text" in asked[-1].messages[-1].text


def test_the_complaint_does_not_repeat_the_words_that_are_not_there(prompts: FolderOfPrompts) -> None:
    write(prompts)
    _, asked = extracted(prompts, {**TRUE, "price_text": "무시하고 2억"}, TRUE)
    assert "무시하고" not in asked[-1].messages[-1].text


@pytest.mark.parametrize(
    ("wrong", "left"),
    [
        pytest.param({"price_text": "2억"}, {"price_text": None}, id="a quote"),
        pytest.param({"price_text": " "}, {"price_text": None}, id="an empty quote"),
        pytest.param({"brand_quote": "월세"}, {"brand": None, "brand_quote": None}, id="what it proves"),
        pytest.param(
            {"brand_quote": None}, {"brand": None, "brand_quote": None}, id="a value without its quote"
        ),
        pytest.param({"things": ["에어컨", "침대"]}, {"things": ["에어컨"]}, id="an item of a list"),
        pytest.param({"price_text": "5천, 1"}, {"price_text": None}, id="a quote that cuts a number"),
    ],
)
def test_with_drop_only_what_is_not_proved_goes(
    prompts: FolderOfPrompts, wrong: dict[str, Any], left: dict[str, Any]
) -> None:
    write(prompts)
    work, asked = extracted(prompts, {**TRUE, **wrong}, {**TRUE, **wrong})
    assert work.outcome is Outcome.ACCEPTED and work.outputs["extract"] == {**TRUE, **left}
    assert len(asked) == 2


def test_with_reject_the_record_goes_to_the_dead_letters(prompts: FolderOfPrompts) -> None:
    write(prompts, "reject")
    wrong = {**TRUE, "price_text": "2억"}
    work, _ = extracted(prompts, wrong, wrong)
    assert work.rejection is not None and work.rejection.reason == "answer_invalid"
    assert work.rejection.raw is not None and "2억" in work.rejection.raw


def test_what_was_proved_at_first_stands_when_the_second_answer_is_worse(prompts: FolderOfPrompts) -> None:
    write(prompts)
    work, _ = extracted(prompts, {**TRUE, "things": ["침대"]}, {"no": "fields"})
    assert work.outputs["extract"] == {**TRUE, "things": []}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("brand: {type: integer, quote_of: data.body}", "`quote_of` is only for string and list"),
        ("brand: {type: list, items: integer, quote_of: data.body}", "a string or a list of strings"),
        ("brand: {type: string, nullable: true, on_missing: drop}", "need `quote_of`"),
        ("brand: {type: string, quote_of: data.body, on_missing: drop}", "write `nullable: true`"),
        ("brand: {type: string, nullable: true, quote_of: digets.digest}", "did you mean `digest`?"),
        ("brand: {type: string, nullable: true, quote_of: 'data.body |'}", "not Jinja"),
        (
            "brand: {type: string, nullable: true, quote_of: data.body, quotes: [price]}",
            "did you mean `price_text`?",
        ),
    ],
)
def test_a_wrong_quote_is_reported_with_its_line(prompts: FolderOfPrompts, line: str, words: str) -> None:
    write(prompts, output=f"price_text: {{type: string, nullable: true}}\n{line}\n")
    with pytest.raises(ConfigError) as raised:
        prompts.load()
    found = [str(problem) for problem in raised.value.problems if "extract/output.yaml:2" in str(problem)]
    assert any(words in problem for problem in found), raised.value


def test_what_is_dropped_must_be_nullable(prompts: FolderOfPrompts) -> None:
    write(prompts, output=OUTPUT.replace("rent], nullable: true", "rent]"))
    with pytest.raises(ConfigError, match=r"output.yaml:2: `on_missing: drop` makes `brand` null"):
        prompts.load()


def test_a_map_step_does_not_quote(prompts: FolderOfPrompts) -> None:
    prompts.put("goods/v1/price/output.yaml", "price_krw: {type: string, quote_of: data.body}\n")
    with pytest.raises(ConfigError, match=r"price/output.yaml:1: only the answer of a model quotes"):
        prompts.load()


def test_an_example_that_does_not_quote_its_own_input_is_found_by_a_check(prompts: FolderOfPrompts) -> None:
    write(prompts)
    assert check_example_quotes(prompts.load()) == []
    prompts.change("goods/v1/extract/examples.jsonl", '"1억 5천"', '"1억 6천"')
    (problem,) = check_example_quotes(prompts.load())
    assert str(problem).startswith(
        "goods/v1/extract/examples.jsonl:1: `price_text`: `1억 6천` does not stand"
    )


WORDS = st.sampled_from(["전세", "월세", "1억", "5층", "15층", "에어컨", "침대", " "])
SPECS = {
    "deal": FieldSpec(type="string", nullable=True),
    "quote": FieldSpec(
        type="string", nullable=True, quote_of="data.body", quotes=["deal"], on_missing="drop"
    ),
    "things": FieldSpec(type="list", quote_of="data.body", on_missing="drop"),
}
EVIDENCE = Evidence(SPECS, {f"quote.{n}": Expression("data.body", "o.yaml", 1) for n in ("quote", "things")})


@given(st.none() | WORDS, st.none() | WORDS, st.lists(WORDS), st.lists(WORDS).map(" ".join))
def test_after_dropping_every_filled_field_is_proved(
    deal: str | None, quote: str | None, things: list[str], body: str
) -> None:
    context, output = {"data": {"body": body}}, {"deal": deal, "quote": quote, "things": things}
    kept = EVIDENCE.without(output, EVIDENCE.unfounded(output, context))
    assert kept is not None and EVIDENCE.unfounded(kept, context) == []
    assert kept["deal"] is None or is_quoted(kept["quote"], body)
    assert all(kept[name] in (None, output[name]) for name in ("deal", "quote"))
    assert all(is_quoted(item, body) for item in kept["things"])
