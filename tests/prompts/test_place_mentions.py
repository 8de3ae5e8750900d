"""The place_mentions folder: its generated files are fresh, and its steps give what the labels say.

A model that answers out of the labels shows what is left to the rest: which names are linked and kept.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from furrow.config.loader import load_models, load_use_case
from furrow.config.use_case import UseCase
from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import Arrival, ModelRequest
from furrow.engine.reading import read_work
from furrow.engine.record import Work
from furrow.testing import MemoryLedger, ScriptedModel
from testsets import place_mentions, place_table
from testsets.common import as_lines, faults

Json = dict[str, Any]
PROMPTS = Path(__file__).resolve().parents[2] / "prompts"
FOLDER = PROMPTS / "place_mentions"
POST = re.compile(r"제목: (?P<title>.*?)\n본문: (?P<body>.*?)(?:\n(?:장소): (?P<last>[^\n]*))?\s*", re.DOTALL)


@pytest.fixture(scope="module")
def use_case() -> UseCase:
    """The shipped folder."""
    return load_use_case(FOLDER, load_models(PROMPTS))


def cases(file: str) -> list[Json]:
    return [orjson.loads(line) for line in (FOLDER / file).read_bytes().splitlines()]


def run(use_case: UseCase, chosen: list[Json], model: ScriptedModel) -> list[Work]:
    """All steps on the inputs of these cases."""
    version, fields = use_case.version(), use_case.pipeline.record
    works = [read_work(Arrival(case["id"], orjson.dumps(case["input"])), fields) for case in chosen]

    async def all_steps() -> list[Work]:
        calls = Calls(lambda _: model, version.catalogue, MemoryLedger(), Stamp("place_mentions", "r", "run"))
        return [work async for work in Pipeline(version, calls).run(works)]

    return asyncio.run(all_steps())


def by_the_labels(chosen: list[Json]) -> ScriptedModel:
    """Finds the labelled names."""
    posts = {(case["input"]["title"], case["input"]["body"]): case["expected"]["mentions"] for case in chosen}

    def names(title: str, body: str) -> list[str]:
        """What is labelled; an order to the model stands in the prompt as a mark, in place of its line."""
        kept = [line for line in body.split("\n") if "[지시문]" not in line]
        screened = (
            said for post, said in posts.items() if post[0] == title and all(x in post[1] for x in kept)
        )
        return posts[title, body] if (title, body) in posts else next(screened, [])

    def script(request: ModelRequest) -> Json:
        found = POST.fullmatch(request.messages[-1].text)
        assert found is not None
        return {"names": names(found["title"], found["body"])}

    return ScriptedModel(script)


def test_the_generated_files_are_fresh() -> None:
    made = place_mentions.cases()
    assert faults(made) == []
    assert (FOLDER / "testset.jsonl").read_bytes() == as_lines(made)
    assert place_table.TABLE.read_text(encoding="utf-8") == place_table.written()


def test_no_two_posts_of_dev_have_the_same_words() -> None:
    words = [
        (case.input["title"], case.input["body"]) for case in place_mentions.cases() if case.split == "dev"
    ]
    assert len(set(words)) == len(words)


def test_the_table_has_enough_places_in_enough_regions() -> None:
    rows = place_table.places()
    assert len(rows) >= 400
    assert len({row.region for row in rows}) >= 12
    assert sum(bool(row.aliases) for row in rows) >= len(rows) / 3


@pytest.mark.parametrize("file", ["testset.jsonl", "testset.hard.jsonl"])
def test_every_labelled_name_stands_in_its_post(file: str) -> None:
    for case in cases(file):
        text = f"{case['input']['title']} / {case['input']['body']}"
        assert [name for name in case["expected"]["mentions"] if name not in text] == [], case["id"]


@pytest.mark.parametrize("file", ["testset.jsonl", "testset.hard.jsonl"])
def test_the_right_names_are_linked_once_they_are_found(use_case: UseCase, file: str) -> None:
    # what is screened takes the name in its line with it
    chosen = [case for case in cases(file) if "injection" not in case.get("slices", [])]
    works = run(use_case, chosen, by_the_labels(chosen))
    for case, work in zip(chosen, works, strict=True):
        assert work.result is not None, work.rejection
        assert work.result["mentions"] == case["expected"]["mentions"]
        assert work.result["unlinked"] == case["expected"]["unlinked"], case["id"]
        assert set(case["expected"]["places"]) <= set(work.outputs["place"]["ids"]), case["id"]


@pytest.mark.parametrize(
    ("file", "split", "share"),
    [("testset.jsonl", "dev", 0.8), ("testset.jsonl", "test", 0.8), ("testset.hard.jsonl", "test", 0.7)],
)
def test_what_is_reviewed_is_learnt_from_what_stands_around_a_name(
    use_case: UseCase, file: str, split: str, share: float
) -> None:
    """Names are given. Measured: 189 of 221, 99 of 112, 34 of 44."""
    chosen = [
        case for case in cases(file) if case["split"] == split and "injection" not in case.get("slices", [])
    ]
    works = run(use_case, chosen, by_the_labels(chosen))
    pairs = [
        (case["expected"]["places"], (work.result or {})["places"])
        for case, work in zip(chosen, works, strict=True)
    ]
    right = sum(set(wanted) == set(found) for wanted, found in pairs)
    assert right >= share * len(pairs), f"{right} of {len(pairs)}"


def test_no_example_of_a_role_is_a_sentence_of_the_test_set_or_names_a_place_of_the_table(
    use_case: UseCase,
) -> None:
    learnt = [row["text"] for row in use_case.version().tables["role"].rows()]
    names = {row.name for row in place_table.places()}
    posts = " ".join(
        case["input"]["body"] for file in ("testset.jsonl", "testset.hard.jsonl") for case in cases(file)
    )
    assert len(learnt) > 800
    assert [text for text in learnt if any(name in text for name in names)] == []
    assert [text for text in learnt if max(text.split("○○"), key=len).strip() in posts] == []


def test_a_name_that_does_not_stand_in_the_post_is_dropped(use_case: UseCase) -> None:
    chosen = cases("testset.hard.jsonl")[:1]
    chosen[0]["expected"]["mentions"] = ["느루빵집", "달무리커피", " ", "느루빵집"]
    (work,) = run(use_case, chosen, by_the_labels(chosen))
    assert work.result is not None and work.result["mentions"] == ["느루빵집"]


def test_no_shipped_example_names_a_place_of_the_table(use_case: UseCase) -> None:
    names = {row.name for row in place_table.places()}
    for prompt in use_case.version().prompts.values():
        for example in prompt.examples:
            assert [name for name in names if name in example.user] == []


def test_what_the_model_took_for_names_costs_no_place_of_the_table(use_case: UseCase) -> None:
    """Four names by the model and three rows that it missed: the record was once rejected as too many."""
    chosen = [case for case in cases("testset.jsonl") if case.get("family") == "diary"]
    linked = [set(case["expected"]["mentions"]) - set(case["expected"]["unlinked"]) for case in chosen]
    for case in chosen:
        case["expected"]["mentions"] = ["연차", "서류", "택배", "친구"]
    works = run(use_case, chosen, by_the_labels(chosen))
    found = [set(work.result["mentions"]) for work in works if work.result]
    assert len(found) == len(chosen) >= 5
    assert sum(len(one & of_table) for one, of_table in zip(found, linked, strict=True)) >= 15


def test_a_kind_of_place_is_no_name(use_case: UseCase) -> None:
    chosen = [case for case in cases("testset.jsonl") if case.get("family") == "diary"][1:2]
    named = chosen[0]["expected"]["mentions"]
    chosen[0]["expected"]["mentions"] = ["관공서", *named]
    (work,) = run(use_case, chosen, by_the_labels(chosen))
    assert work.result is not None and work.result["mentions"] == named
