"""`words:` of a map step: lists of words in CSV files, for `hinted` and `named`."""

from __future__ import annotations

import asyncio
import csv
import json
import re
from pathlib import Path

import pytest
import yaml

from furrow.config.check import check_record_fields
from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import Arrival
from furrow.engine.reading import read_work
from furrow.errors import ConfigError
from furrow.testing import MemoryLedger, ScriptedModel
from tests.folders import FolderOfPrompts, record

PAGE = (Path(__file__).resolve().parents[2] / "docs/filters.md").read_text(encoding="utf-8")
STEPS = """\
steps:
  - name: pointed
    kind: map
    words: {topics: topics.csv}
    set: {topics: "[data.body] | hinted(topics)", all: topics}
result: {topics: pointed.topics, all: pointed.all}
"""
TOPICS = "value,words\n빵집,소금빵|갓 구운|bakery\n카페,커피|cafe\n친목,\n"


@pytest.fixture
def goods(prompts: FolderOfPrompts) -> FolderOfPrompts:
    """A use case whose words are in a file."""
    for name in ("digest", "extract", "price"):
        for path in sorted((prompts.path / "goods/v1" / name).iterdir()):
            path.unlink()
        (prompts.path / "goods/v1" / name).rmdir()
    prompts.change("goods/pipeline.yaml", "field_accuracy: {brand: 0.5}", "field_accuracy: {topics: 0.5}")
    prompts.put("goods/v1/steps.yaml", STEPS)
    prompts.put("goods/v1/topics.csv", TOPICS)
    texts = "{type: list, items: string}"
    prompts.put("goods/v1/pointed/output.yaml", f"topics: {texts}\nall: {texts}\n")
    return prompts


def test_an_expression_sees_the_rows_of_the_file_as_a_list(goods: FolderOfPrompts) -> None:
    use_case = goods.load()
    version = use_case.version()
    arrival = Arrival("memory:0", json.dumps(record(1, body="갓 구운 빵, two cafes")).encode())

    async def run() -> object:
        model = ScriptedModel(lambda request: {})
        calls = Calls(
            lambda _: model, version.catalogue, MemoryLedger(), Stamp("goods", version.release, "run")
        )
        work = await anext(Pipeline(version, calls).run([read_work(arrival, use_case.pipeline.record)]))
        return work.result

    assert asyncio.run(run()) == {
        "topics": ["빵집", "카페"],
        "all": ["빵집|소금빵|갓 구운|bakery", "카페|커피|cafe", "친목"],
    }
    assert check_record_fields(use_case) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        pytest.param("steps.yaml", "topics.csv", "topic.csv", "there is no file `topic.csv`", id="no file"),
        pytest.param("steps.yaml", "words: {topics:", "words: {data:", "`data` is there already", id="taken"),
        pytest.param("steps.yaml", "all: topics", "all: topic", "unknown variable `topic`", id="misspelt"),
        pytest.param("topics.csv", "value,words", "value,word", "no column `words`", id="no column"),
        pytest.param("topics.csv", "카페,", "빵집,", "'빵집' stands in line 2 already", id="twice"),
        pytest.param("topics.csv", "카페,", ",", "`value` is missing", id="no value"),
    ],
)
def test_a_mistake_is_told(goods: FolderOfPrompts, file: str, old: str, new: str, told: str) -> None:
    goods.change(f"goods/v1/{file}", old, new)
    with pytest.raises(ConfigError, match=re.escape(told)):
        goods.load()


def test_a_file_of_the_use_case_names_the_release_too(goods: FolderOfPrompts) -> None:
    (goods.path / "goods/v1/topics.csv").rename(goods.path / "goods/topics.csv")
    before = goods.load().version().release
    goods.change("goods/topics.csv", "커피", "라떼")
    assert goods.load().version().release != before


def test_the_page_shows_what_the_file_becomes(goods: FolderOfPrompts) -> None:
    (file,) = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
    (step,) = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[2])
    goods.put("goods/v1/topics.csv", file)
    (entries,) = re.findall(r"`topics` is then the list `(.*?)`", PAGE)
    assert step["words"] == {"topics": "topics.csv"}
    assert goods.load().version().words["pointed"]["topics"].entries() == yaml.safe_load(entries)
    assert [row["value"] for row in csv.DictReader(file.splitlines())] == ["빵집", "카페"]
