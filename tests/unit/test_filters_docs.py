"""The page on filters and tests: each one of ours stands there, and each example gives what it says."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Environment

from furrow.config.templates import Expression, environment

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "filters.md").read_text(encoding="utf-8")
TIME = datetime.fromisoformat("2026-11-24T09:00:00+09:00")
CELLS = re.compile(r"(?<!\\)\|")


def tables() -> list[list[list[str]]]:
    """Every table of the page: its rows, the first with the headings, in cells."""
    found = re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE)
    return [[_cells(line) for line in table.splitlines() if not set(line) <= set("| -")] for table in found]


def _cells(line: str) -> list[str]:
    return [cell.replace("\\|", "|").strip() for cell in CELLS.split(line)[1:-1]]


REFERENCE = tables()[0]
EXAMPLES = [
    (row[-2].strip("`"), row[-1].strip("`"))
    for headings, *rows in tables()
    if headings[-2:] == ["example", "result"]
    for row in rows
]


def value(expression: str, **context: Any) -> Any:
    """What an author's expression gives."""
    return Expression(expression, "filters.md", 1).evaluate({"time": TIME} | context)


@pytest.mark.parametrize(("example", "result"), EXAMPLES)
def test_an_example_gives_what_the_page_says(example: str, result: str) -> None:
    assert value(example) == json.loads(result)


def test_every_filter_and_test_of_ours_has_a_row_with_an_example_of_itself() -> None:
    theirs = Environment()
    ours = {*environment().filters} - {*theirs.filters} | {*environment().tests} - {*theirs.tests}
    rows = {re.sub(r"\W.*", "", row[0].strip("`")): row for row in REFERENCE[1:] if row[0]}
    assert rows.keys() == ours
    assert [name for name, row in rows.items() if name not in row[3]] == []


def test_the_worked_example_of_map_gives_what_the_page_says() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    said, pointed = yaml.safe_load(blocks[1])
    record, pieces, topics = map(json.loads, re.findall(r"`(\{\".*?\})`", PAGE))
    assert {"pieces": value(said["set"]["pieces"], data=record)} == pieces
    assert {"topics": value(pointed["set"]["topics"], said=pieces)} == topics


def test_the_first_example_of_map_can_be_evaluated() -> None:
    (step,) = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
    context = {"data": {"title": "소금빵", "body": "커피"}, "extract": {"price_text": "5천원"}}
    assert {field: value(rule, **context) for field, rule in step["set"].items()} == {
        "price_krw": 5000,
        "topics": ["빵집", "카페"],
        "cheap": True,
    }


def test_authors_are_led_to_the_page() -> None:
    assert "(filters.md)" in (DOCS / "prompt-authors.md").read_text(encoding="utf-8")
    assert "(docs/filters.md)" in (DOCS.parent / "README.md").read_text(encoding="utf-8")
