"""Steps that go over a list: `lookup` with its table, and `llm` with `each`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from furrow.assembly import prices
from furrow.config.schemas import schema_text
from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.engine.plan import Plan, Planning, plan
from furrow.engine.ports import Arrival, ModelRequest
from furrow.engine.reading import read_work
from furrow.engine.record import Outcome, Rung, Work
from furrow.errors import ConfigError, ProviderUnavailable
from furrow.testing import MemoryLedger, ScriptedModel
from tests.folders import FolderOfPrompts

Json = dict[str, Any]
STEPS = """\
steps:
  - name: mentions
    kind: llm
    model: small
  - name: review
    kind: llm
    model: small
    each: mentions.names
  - name: place
    kind: lookup
    table: places.csv
    id: place_id
    each: mentions.names
    match: {field: name, aliases: aliases, within: {region: data.region}, min_score: 85}
  - name: kept
    kind: map
    set:
      reviewed: "review.answers | selectattr('reviewed') | map(attribute='item') | list"
      categories: "place.links | selectattr('id') | map(attribute='row.category') | list"
result: {places: place.ids, unlinked: place.unlinked, reviewed: kept.reviewed, categories: kept.categories}
"""
PLACES = """\
place_id,name,aliases,region,category
p1,달빛제과,달빛빵집,서울 마포구,빵집
p2,초록식당,,서울 마포구,한식
p3,초록식당,,부산 수영구,한식
"""
PIPELINE = """\
description: posts to places
owner: tests
source:
  files: {path: sample.jsonl}
record: {key: id, time: at}
live: v1
"""
LISTS = "{type: list, items: string, max_items: 5}"
FILES = {
    "places/pipeline.yaml": PIPELINE,
    "places/v1/steps.yaml": STEPS,
    "places/v1/places.csv": PLACES,
    "places/v1/mentions/user.md": "{{ data.body }}\n",
    "places/v1/mentions/output.yaml": f"names: {LISTS}\n",
    "places/v1/review/user.md": "{{ data.body }}\n{{ item }}?\n",
    "places/v1/review/output.yaml": "reviewed: {type: boolean}\n",
    "places/v1/review/examples.jsonl": (
        '{"input": {"data": {"body": "맛있어요"}, "item": "바람카페"}, "output": {"reviewed": true}}\n'
    ),
    "places/v1/kept/output.yaml": f"reviewed: {LISTS}\ncategories: {LISTS}\n",
}
RECORD = {"id": "a1", "at": "2026-11-24T09:00:00+09:00", "region": "서울 마포구", "body": "달빛빵집 맛있어요"}


@pytest.fixture
def places(prompts: FolderOfPrompts) -> FolderOfPrompts:
    """A use case with both kinds of step."""
    for name, text in FILES.items():
        prompts.put(name, text)
    return prompts


def problems(folder: FolderOfPrompts) -> str:
    with pytest.raises(ConfigError) as caught:
        folder.load("places")
    return str(caught.value)


def answers(names: list[str], reviewed: Callable[[str], Any]) -> Callable[[ModelRequest], Any]:
    """A model that finds these names, and answers whether each is reviewed."""

    def script(request: ModelRequest) -> Any:
        if request.schema_name == "mentions":
            return {"names": names}
        asked = request.messages[-1].text.splitlines()[-1].removesuffix("?")
        return reviewed(asked)

    return script


def run(folder: FolderOfPrompts, script: Callable[[ModelRequest], Any], **changed: Any) -> Work:
    use_case = folder.load("places")
    version = use_case.version()
    arrival = Arrival("memory:0", json.dumps({**RECORD, **changed}).encode())
    work = read_work(arrival, use_case.pipeline.record)
    model = ScriptedModel(script)

    async def all_steps() -> Work:
        calls = Calls(
            lambda _: model, version.catalogue, MemoryLedger(), Stamp("places", version.release, "run")
        )
        return await anext(Pipeline(version, calls).run([work]))

    return asyncio.run(all_steps())


# --- what the steps give ---------------------------------------------------------------------------


def test_each_name_is_asked_about_and_looked_up(places: FolderOfPrompts) -> None:
    script = answers(["달빛빵집", "초록식당", "없는집"], lambda name: {"reviewed": name == "달빛빵집"})
    work = run(places, script)
    assert work.result == {
        "places": ["p1", "p2"],
        "unlinked": ["없는집"],
        "reviewed": ["달빛빵집"],
        "categories": ["빵집", "한식"],
    }


def test_a_link_says_which_row_it_is_and_how_near(places: FolderOfPrompts) -> None:
    work = run(places, answers(["달빛재과", "없는집"], lambda _: {"reviewed": True}))
    near, none = work.outputs["place"]["links"]
    assert (near["mention"], near["id"], near["name"], near["reason"]) == ("달빛재과", "p1", "달빛제과", None)
    assert near["row"]["category"] == "빵집" and 85 <= near["score"] < 100
    assert (none["id"], none["name"], none["row"], none["reason"]) == (None, None, None, "not_found")


def test_within_may_name_a_column_and_a_field_in_one_word(places: FolderOfPrompts) -> None:
    places.change("places/v1/steps.yaml", "{region: data.region}", "region")
    work = run(places, answers(["초록식당"], lambda _: {"reviewed": True}), region="부산 수영구")
    assert work.outputs["place"]["ids"] == ["p3"]


def test_another_region_gives_another_place(places: FolderOfPrompts) -> None:
    script = answers(["초록식당"], lambda _: {"reviewed": True})
    found = [run(places, script, region=region).outputs["place"] for region in ("부산 수영구", "제주시")]
    assert [place["ids"] for place in found] == [["p3"], []]
    assert found[1]["links"][0]["reason"] == "no_rows_within"


def test_a_record_without_names_asks_nothing_and_passes(places: FolderOfPrompts) -> None:
    work = run(places, answers([], lambda _: pytest.fail("nothing to ask about")))
    assert work.outcome is Outcome.ACCEPTED
    assert work.outputs["review"] == {"answers": []}
    assert work.traces["review"].calls == 0


def test_a_record_without_the_region_is_rejected_with_the_line(places: FolderOfPrompts) -> None:
    places.change("places/v1/steps.yaml", "data.region", "data.district")
    work = run(places, answers(["초록식당"], lambda _: {"reviewed": True}))
    assert work.rejection is not None and work.rejection.reason == "prompt_failed"
    assert "places/v1/steps.yaml:14" in work.rejection.message


def test_answers_stand_in_the_order_of_the_items_and_are_counted(places: FolderOfPrompts) -> None:
    names = ["초록식당", "달빛빵집", "없는집"]
    work = run(places, answers(names, lambda name: {"reviewed": len(name) == 4}))
    given = work.outputs["review"]["answers"]
    assert [(answer["item"], answer["reviewed"]) for answer in given] == [
        ("초록식당", True),
        ("달빛빵집", True),
        ("없는집", False),
    ]
    assert work.traces["review"].calls == 3


def test_the_rung_of_a_step_is_the_highest_of_its_answers(places: FolderOfPrompts) -> None:
    def sometimes_fenced(name: str) -> Any:
        return '```json\n{"reviewed": true}\n```' if name == "초록식당" else {"reviewed": True}

    work = run(places, answers(["초록식당", "달빛빵집"], sometimes_fenced))
    assert work.traces["review"].rung is Rung.REPAIRED


def test_one_item_without_an_answer_rejects_the_record(places: FolderOfPrompts) -> None:
    work = run(places, answers(["초록식당", "달빛빵집"], lambda name: {"reviewed": name}))
    assert work.rejection is not None
    assert (work.rejection.step, work.rejection.reason) == ("review", "answer_invalid")


def test_one_item_whose_model_is_down_leaves_the_others_paid(places: FolderOfPrompts) -> None:
    def down_for_one(name: str) -> Any:
        return ProviderUnavailable("down") if name == "초록식당" else {"reviewed": True}

    work = run(places, answers(["초록식당", "달빛빵집"], down_for_one))
    assert work.failure is not None and work.failure.step == "review"
    assert work.traces["review"].calls == 1


def test_a_plan_counts_a_call_for_each_item_once_the_items_are_known(places: FolderOfPrompts) -> None:
    version, fields = places.load("places").version(), places.load("places").pipeline.record
    ledger = MemoryLedger()
    model = ScriptedModel(answers(["초록식당", "달빛빵집"], lambda _: ProviderUnavailable("down")))

    def works() -> list[Work]:
        return [read_work(Arrival("memory:0", json.dumps(RECORD).encode()), fields)]

    async def bought_then_planned() -> Plan:
        calls = Calls(lambda _: model, version.catalogue, ledger, Stamp("places", version.release, "run"))
        assert [work.failure is None async for work in Pipeline(version, calls).run(works())] == [False]
        planning = Planning(version, ledger, prices(version), {})
        return await plan(version.release, planning, Pipeline(version, planning).run(works()))

    steps = asyncio.run(bought_then_planned()).steps
    assert (steps["mentions"].known, steps["review"].new) == (1, 2)


# --- what authors get wrong ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        pytest.param(
            "steps.yaml",
            "table: places.csv",
            "table: place.csv",
            "places/v1/steps.yaml:11: there is no table `place.csv`; put it beside steps.yaml",
            id="missing table",
        ),
        pytest.param(
            "steps.yaml",
            "table: places.csv",
            "table: ../places.csv",
            "places/v1/steps.yaml:11: ",
            id="table outside the folder",
        ),
        pytest.param(
            "steps.yaml",
            "{field: name,",
            "{field: nmae,",
            "places/v1/places.csv:1: there is no column `nmae`; did you mean `name`?",
            id="unknown column of the name",
        ),
        pytest.param(
            "steps.yaml",
            "aliases: aliases",
            "aliases: aliass",
            "places/v1/places.csv:1: there is no column `aliass`; did you mean `aliases`?",
            id="unknown column of aliases",
        ),
        pytest.param(
            "steps.yaml",
            "{region: data.region}",
            "{regoin: data.region}",
            "places/v1/places.csv:1: there is no column `regoin`; did you mean `region`?",
            id="unknown column of the region",
        ),
        pytest.param(
            "steps.yaml",
            "{region: data.region}",
            "{region: dat.region}",
            "places/v1/steps.yaml:14: unknown variable `dat`",
            id="unknown variable",
        ),
        pytest.param(
            "places.csv",
            "p2,초록식당,,서울",
            "p1,초록식당,,서울",
            "places/v1/places.csv:3: `place_id` 'p1' stands in line 2 already; give each row its own",
            id="an id twice",
        ),
        pytest.param(
            "places.csv",
            "p2,초록식당",
            "p2, ",
            "places/v1/places.csv:3: `name` is missing or no text",
            id="a row without its name",
        ),
        pytest.param(
            "places.csv",
            "p1,달빛제과,",
            "p1,달빛제과,,",
            "places/v1/places.csv:2: the row has not 5 values",
            id="a row with too many values",
        ),
        pytest.param(
            "places.csv",
            "aliases,region,category",
            "aliases,region,region",
            "places/v1/places.csv:1: the column `region` stands twice",
            id="a column twice",
        ),
        pytest.param(
            "places.csv",
            "p1,달빛제과,달빛빵집",
            'p1,달빛제과,"달빛"빵집',
            "places/v1/places.csv:2: not CSV",
            id="broken quotes",
        ),
        pytest.param(
            "review/examples.jsonl",
            ', "item": "바람카페"',
            "",
            "places/v1/review/examples.jsonl:1: the input does not render",
            id="an example without its item",
        ),
        pytest.param(
            "steps.yaml",
            "each: mentions.names\n    match",
            "each: mentions.nmes\n    match",
            "places/v1/steps.yaml:13: `mentions` has no field `nmes`; did you mean `names`?",
            id="each of an unknown field",
        ),
        pytest.param(
            "mentions/output.yaml",
            LISTS,
            "{type: integer}",
            "places/v1/steps.yaml:8: `mentions.names` is of type integer; `each` wants list",
            id="each of what is no list",
        ),
        pytest.param(
            "review/output.yaml",
            "reviewed:",
            "item: {type: string}\nreviewed:",
            "places/v1/steps.yaml:8: with `each`, `item` is taken",
            id="a field named item",
        ),
        pytest.param(
            "steps.yaml",
            "reviewed: kept.reviewed",
            "reviewed: review.reviewed",
            "`review.reviewed` has no type that a result could have; compute what you need in a map step",
            id="a field of one answer in the result",
        ),
        pytest.param(
            "steps.yaml",
            "places: place.ids",
            "places: place.links",
            "`place.links` has no type that a result could have",
            id="links in the result",
        ),
        pytest.param(
            "steps.yaml",
            "places: place.ids",
            "places: place.idz",
            "the step `place` has no field `idz`",
            id="an unknown field of a lookup in the result",
        ),
        pytest.param(
            "mentions/user.md",
            "{{ data.body }}",
            "{{ item }}",
            "places/v1/mentions/user.md:1: unknown variable `item`",
            id="item in a prompt without each",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(
    places: FolderOfPrompts, file: str, old: str, new: str, said: str
) -> None:
    places.change(f"places/v1/{file}", old, new)
    assert said in problems(places)


def test_an_empty_table_is_a_mistake(places: FolderOfPrompts) -> None:
    places.put("places/v1/places.csv", "place_id,name,aliases,region\n")
    assert "places/v1/places.csv: the table has no row" in problems(places)


def test_a_table_may_be_json_lines(places: FolderOfPrompts) -> None:
    places.change("places/v1/steps.yaml", "places.csv", "places.jsonl")
    row = {
        "place_id": "j1",
        "name": "바람카페",
        "aliases": ["바람이네"],
        "region": "서울 마포구",
        "category": "카페",
    }
    places.put("places/v1/places.jsonl", json.dumps(row, ensure_ascii=False))
    work = run(places, answers(["바람이네"], lambda _: {"reviewed": True}))
    assert work.result is not None and work.result["places"] == ["j1"]


def test_a_broken_line_of_a_json_table_is_told(places: FolderOfPrompts) -> None:
    places.change("places/v1/steps.yaml", "places.csv", "places.jsonl")
    places.put("places/v1/places.jsonl", "\n{]\n")
    assert "places/v1/places.jsonl:2: not JSON" in problems(places)


def test_a_table_of_the_use_case_serves_all_versions_and_names_the_release(places: FolderOfPrompts) -> None:
    (places.path / "places/v1/places.csv").unlink()
    places.put("places/places.csv", PLACES)
    before = places.load("places").version()
    places.change("places/places.csv", "p1,", "p9,")
    after = places.load("places").version()
    assert before.content_hash != after.content_hash
    work = run(places, answers(["달빛제과"], lambda _: {"reviewed": True}))
    assert work.result is not None and work.result["places"] == ["p9"]


def test_a_table_of_the_version_names_the_release(places: FolderOfPrompts) -> None:
    before = places.load("places").version()
    places.change("places/v1/places.csv", "p1,", "p9,")
    assert places.load("places").version().content_hash != before.content_hash


def test_the_schema_of_steps_knows_both() -> None:
    definitions = json.loads(schema_text("steps.schema.json"))["$defs"]
    assert "each" in definitions["LlmStep"]["properties"]
    assert {"table", "match"} <= set(definitions["LookupStep"]["required"])
