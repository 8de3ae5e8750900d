"""A use case without a model that has every type of field: a listing goes in, the same fields come out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from furrow.config.use_case import UseCase
from furrow.engine.record import Rejection, Rung, Trace, Work
from furrow.evaluation.cases import Case
from tests.folders import FolderOfPrompts

Json = dict[str, Any]
OUTPUT = """\
brand: {type: string, nullable: true, max_length: 20}
condition: {type: enum, values: [new, used, broken]}
boxed: {type: boolean}
price_krw: {type: integer, nullable: true, min: 0}
weight_kg: {type: number, nullable: true}
tags: {type: list, items: string, max_items: 5}
bought_on: {type: date, nullable: true}
"""
FIELDS = ("brand", "condition", "boxed", "price_krw", "weight_kg", "tags", "bought_on")
STEPS = f"""\
steps:
  - name: copy
    kind: map
    set: {{{", ".join(f"{name}: data.{name}" for name in FIELDS)}}}
result: {{{", ".join(f"{name}: copy.{name}" for name in FIELDS)}}}
rules:
  - {{name: not_absurd, check: "result.price_krw is none or result.price_krw < 1000000000"}}
"""
PIPELINE = """\
description: listings as they are
owner: tests
source:
  files: {path: sample.jsonl}
record: {key: id, time: at}
live: v1
"""
RESULT: Json = {
    "brand": "애플",
    "condition": "used",
    "boxed": True,
    "price_krw": 330000,
    "weight_kg": 0.14,
    "tags": ["아이폰", "128GB"],
    "bought_on": "2024-02-29",
}


def write_listings(prompts: FolderOfPrompts, cases: Iterable[Json] = ()) -> UseCase:
    """Write the use case `listings` with these lines as its test set, and load it."""
    prompts.put("listings/pipeline.yaml", PIPELINE)
    prompts.put("listings/v1/steps.yaml", STEPS)
    prompts.put("listings/v1/copy/output.yaml", OUTPUT)
    write_cases(prompts, cases)
    return prompts.load("listings")


def write_cases(prompts: FolderOfPrompts, cases: Iterable[Json]) -> None:
    """Write its test set."""
    lines = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases)
    prompts.put("listings/testset.jsonl", lines)


def case_line(number: int, /, expected: Json | None = None, **read: object) -> Json:
    """One line of the test set: a listing with RESULT's values, changed by `read`, all of them expected."""
    record = {"id": f"a{number}", "at": "2026-11-24T09:00:00+09:00", **RESULT, **read}
    return {"id": f"c{number}", "input": record, "expected": RESULT if expected is None else expected}


def accepted(case: Case, **changed: object) -> Work:
    """What a pipeline gives for a case: RESULT, changed."""
    work = case.work()
    work.result = {**RESULT, **changed}
    return work


def rejected(case: Case) -> Work:
    """The same, for a record that did not pass."""
    work = case.work()
    work.rejection = Rejection("answer_invalid", "copy", "brand: too long", raw="{}")
    return work


def failed(case: Case) -> Work:
    """The same, for a record whose model was down."""
    work = case.work()
    work.failure = Rejection("provider_unavailable", "copy", "connection refused")
    return work


def trace(**changed: Any) -> Trace:
    """What a model step leaves on a record."""
    found = Trace(model="small", rung=Rung.STRICT, calls=1, bought=1, input_tokens=100, output_tokens=20)
    found.cost_usd, found.seconds = 0.001, 0.5
    for name, value in changed.items():
        setattr(found, name, value)
    return found
