"""The `classify` step: labels learnt from examples beside the prompts, by letters and by vectors."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.assembly import prices
from furrow.config.schemas import schema_text
from furrow.engine.calls import Calls, Stamp
from furrow.engine.classifier import Classifier
from furrow.engine.pipeline import Pipeline
from furrow.engine.plan import Planning, plan
from furrow.engine.ports import EMBED, Arrival, ModelRequest
from furrow.engine.reading import read_work
from furrow.engine.record import Work
from furrow.errors import ConfigError, ProviderUnavailable, RequestRefused, RunError
from furrow.testing import MemoryLedger, ScriptedModel
from tests.embedding import EMBEDDER, vector
from tests.folders import MODELS, FolderOfPrompts

Json = dict[str, Any]
STEPS = """\
mask: {kinds: [phone], result: drop}
steps:
  - name: guess
    kind: classify
    examples: states.csv
    text: data.body
  - name: said
    kind: map
    set: {state: "guess.label or 'none'", next: guess.ranked}
result: {state: said.state, label: guess.label, margin: guess.margin, ranked: said.next}
"""
EXAMPLES = """\
text,label
포장 그대로예요,new
박스도 안 뜯었어요,new
택이 달려 있어요,new
오래 잘 썼어요,used
생활 흠집 있어요,used
몇 년 쓰던 거예요,used
전원이 안 켜져요,broken
화면이 나갔어요,broken
소리가 안 나요,broken
"""
FILES = {
    "states/pipeline.yaml": "description: states\nowner: tests\nsource:\n  files: {path: sample.jsonl}\n"
    "record: {key: id, time: at}\nlive: v1\n",
    "states/v1/steps.yaml": STEPS,
    "states/v1/states.csv": EXAMPLES,
    "states/v1/said/output.yaml": "state: {type: string}\nnext: {type: list, items: string}\n",
}


@pytest.fixture
def folder(prompts: FolderOfPrompts) -> FolderOfPrompts:
    for path, text in FILES.items():
        prompts.put(path, text)
    return prompts


@pytest.fixture
def embedding(folder: FolderOfPrompts) -> FolderOfPrompts:
    folder.put("models.yaml", MODELS + EMBEDDER)
    folder.change("states/v1/steps.yaml", "text: data.body", "text: data.body\n    embeddings: embedder")
    return folder


def run(
    folder: FolderOfPrompts, model: ScriptedModel, *bodies: Any, ledger: MemoryLedger | None = None
) -> list[Work]:
    use_case = folder.load("states")
    version = use_case.version()

    async def all_steps() -> list[Work]:
        calls = Calls(
            lambda _: model, version.catalogue, ledger or MemoryLedger(), Stamp("states", "v1", "run")
        )
        records = [{"id": str(n), "at": "2026-11-27T09:00:00+09:00", "body": b} for n, b in enumerate(bodies)]
        arrivals = [Arrival(one["id"] or "", json.dumps(one).encode()) for one in records]
        works = [read_work(arrival, use_case.pipeline.record) for arrival in arrivals]
        return [work async for work in Pipeline(version, calls).run(works)]

    return asyncio.run(all_steps())


def silent() -> ScriptedModel:
    return ScriptedModel(lambda request: pytest.fail("a model was asked"))


# --- what it says --------------------------------------------------------------------------------


def test_a_text_gets_the_label_of_the_examples_that_read_like_it_and_no_model_is_asked(
    folder: FolderOfPrompts,
) -> None:
    works = run(folder, silent(), "포장도 안 뜯은 거예요", "화면이 안 나와요", "몇 년 잘 썼습니다")
    results = [work.result or {} for work in works]
    assert [result["state"] for result in results] == ["new", "broken", "used"]
    assert all(result["ranked"][0] == result["label"] and result["margin"] > 0 for result in results)
    assert sorted(results[0]["ranked"]) == ["broken", "new", "used"]


@pytest.mark.parametrize("body", ["", "  \n", None], ids=["empty", "blank", "null"])
def test_an_empty_text_has_no_label(folder: FolderOfPrompts, body: str | None) -> None:
    (work,) = run(folder, silent(), body)
    assert work.result == {"state": "none", "label": None, "margin": 0.0, "ranked": []}


@given(st.text(min_size=1, max_size=80))
def test_whatever_the_text_every_label_is_ranked_once_and_the_same_each_time(text: str) -> None:
    rows = [line.rsplit(",", 1) for line in EXAMPLES.splitlines()[1:]]
    texts, labels = [text for text, _ in rows], [label for _, label in rows]
    (first,), (second,) = (Classifier(texts, labels).guesses([text]) for _ in range(2))
    assert first == second
    assert sorted(guess.label for guess in first) == ["broken", "new", "used"]
    assert [guess.score for guess in first] == sorted((guess.score for guess in first), reverse=True)


def test_of_two_labels_the_scores_are_each_other_s_opposite() -> None:
    classifier = Classifier(["좋아요", "참 좋네요", "싫어요", "참 싫네요"], ["yes", "yes", "no", "no"])
    ((best, other),) = classifier.guesses(["좋네"])
    assert best.label == "yes"
    assert best.score == -other.score > 0


# --- of many texts -------------------------------------------------------------------------------


@pytest.fixture
def each(folder: FolderOfPrompts) -> FolderOfPrompts:
    folder.put(
        "states/v1/steps.yaml",
        """\
mask: {kinds: [phone], result: drop}
steps:
  - {name: guess, kind: classify, examples: states.csv, each: data.body}
  - name: said
    kind: map
    set:
      state: "guess.labelled | map(attribute='label') | join(' ')"
      next: "guess.labelled | selectattr('label', 'eq', 'broken') | map(attribute='item') | list"
result: {labels: said.state, broken: said.next}
""",
    )
    return folder


def test_each_text_of_a_list_has_its_own_label_and_stands_beside_it_as_written(each: FolderOfPrompts) -> None:
    texts = ["포장도 안 뜯은 거예요", " ", "화면이 안 나와요", "몇 년 잘 썼습니다"]
    works = run(each, silent(), texts, "포장도 안 뜯은 거예요", [], None)
    assert [(work.result or {})["labels"] for work in works] == ["new broken used", "new", "", ""]
    labelled = works[0].outputs["guess"]["labelled"]
    assert [one["item"] for one in labelled] == [texts[0], texts[2], texts[3]]
    assert all(one["margin"] > 0 for one in labelled)


def test_what_is_labelled_may_be_made_of_the_item_and_of_the_record(each: FolderOfPrompts) -> None:
    each.change("states/v1/steps.yaml", "each: data.body}", "each: data.body, text: \"item ~ ' ' ~ key\"}")
    (work,) = run(each, silent(), ["포장도 안 뜯은 거예요"])
    (plain,) = work.outputs["guess"]["labelled"]
    assert (plain["item"], plain["label"]) == ("포장도 안 뜯은 거예요", "new")


def test_a_list_that_holds_something_else_than_texts_rejects_its_record(each: FolderOfPrompts) -> None:
    (work,) = run(each, silent(), ["포장", 3])
    assert work.rejection is not None and "something else than texts" in str(work.rejection)


@pytest.mark.parametrize(
    ("margin", "kept"),
    [
        (0, ["포장도 안 뜯은 거예요", "몇 년 잘 썼습니다"]),
        (9, ["포장도 안 뜯은 거예요", "화면이 안 나와요", "몇 년 잘 썼습니다"]),
    ],
    ids=["any margin", "too far"],
)
def test_texts_of_a_dropped_label_are_not_kept_unless_it_is_hardly_ahead(
    each: FolderOfPrompts, margin: float, kept: list[str]
) -> None:
    dropping = f"each: data.body, drop: [broken], min_margin: {margin}}}"
    each.change("states/v1/steps.yaml", "each: data.body}", dropping)
    (work,) = run(each, silent(), ["포장도 안 뜯은 거예요", "화면이 안 나와요", "몇 년 잘 썼습니다"])
    assert work.outputs["guess"]["kept"] == kept
    assert len(work.outputs["guess"]["labelled"]) == 3


@pytest.fixture
def each_embedded(each: FolderOfPrompts) -> FolderOfPrompts:
    each.put("models.yaml", MODELS + EMBEDDER)
    each.change("states/v1/steps.yaml", "each: data.body}", "each: data.body, embeddings: embedder}")
    return each


def test_a_plan_counts_the_vector_of_each_text_once(each_embedded: FolderOfPrompts) -> None:
    assert planned(each_embedded, ["sealed", "오래", "sealed"], ["소리", "오래"]) == 9 + 3


def test_vectors_of_many_texts_are_noted_in_the_order_of_the_texts(each_embedded: FolderOfPrompts) -> None:
    ledger, texts = MemoryLedger(), ["sealed", "오래", "소리", "흠집"]
    (first,) = run(each_embedded, ScriptedModel(by_meaning), texts, ledger=ledger)
    (again,) = run(each_embedded, ScriptedModel(by_meaning), texts, ledger=ledger)
    (alone,) = run(each_embedded, ScriptedModel(by_meaning), texts[:1], ledger=ledger)
    assert (first.result or {})["labels"] == "new used broken used"
    assert first.traces["guess"].keys == again.traces["guess"].keys
    assert first.traces["guess"].keys[:1] == alone.traces["guess"].keys
    assert (first.traces["guess"].calls, again.traces["guess"].bought) == (4, 0)


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        pytest.param(", each: data.body", "", "`text`, or `each`", id="neither"),
        pytest.param("each: data.body", "text: item", "item", id="an item of no list"),
        pytest.param("guess.labelled | map", "guess.label | map", "label", id="the field of one text"),
        pytest.param("broken: said.next", "broken: guess.labelled", "labelled", id="published as it is"),
        pytest.param(
            "data.body}", "data.body, drop: [brokne]}", "no example has the label", id="no such label"
        ),
        pytest.param(
            "each: data.body}", "text: data.body, drop: [new]}", "name the list", id="drops from no list"
        ),
        pytest.param(
            "  - name: said",
            "  - {name: more, kind: classify, examples: states.csv, each: guess.labelled}\n  - name: said",
            "holds more than texts",
            id="a list of more than texts",
        ),
    ],
)
def test_a_step_of_many_texts_that_cannot_work_is_rejected(
    each: FolderOfPrompts, before: str, after: str, problem: str
) -> None:
    each.change("states/v1/steps.yaml", before, after)
    with pytest.raises(ConfigError, match=problem):
        each.load("states")


# --- by vectors ----------------------------------------------------------------------------------


def by_meaning(request: ModelRequest) -> Any:
    """Vectors in which words for a state that have no letter in common are near."""
    assert request.messages[-1].role == EMBED
    text = request.messages[-1].text
    places = {
        "new": ("포장", "박스", "택", "sealed"),
        "used": ("오래", "흠집", "몇 년"),
        "broken": ("전원", "화면", "소리"),
    }
    return vector(*(5.0 + any(word in text for word in words) for words in places.values()))


def test_with_a_model_that_embeds_the_meaning_counts_too(embedding: FolderOfPrompts) -> None:
    model = ScriptedModel(by_meaning)
    (work,) = run(embedding, model, "sealed")
    assert (work.result or {})["label"] == "new"
    assert len(model.requests) == 10
    assert work.traces["guess"].calls == 1


def test_the_examples_vectors_are_bought_once_for_all_records_and_runs(embedding: FolderOfPrompts) -> None:
    ledger, first, second = MemoryLedger(), ScriptedModel(by_meaning), ScriptedModel(by_meaning)
    run(embedding, first, "sealed", "오래", "소리", ledger=ledger)
    assert len(first.requests) == 12
    run(embedding, second, "sealed", "흠집", ledger=ledger)
    assert [request.messages[-1].text for request in second.requests] == ["흠집"]


def test_no_model_sees_what_is_masked(embedding: FolderOfPrompts) -> None:
    model = ScriptedModel(by_meaning)
    run(embedding, model, "sealed 010-1234-5678")
    assert not [request for request in model.requests if "1234" in request.messages[-1].text]


def test_after_a_model_that_was_away_the_next_record_learns(embedding: FolderOfPrompts) -> None:
    asked: list[str] = []

    def away_at_first(request: ModelRequest) -> Any:
        asked.append(request.messages[-1].text)
        if asked.count(asked[-1]) == 1 and "택" in asked[-1]:
            raise ProviderUnavailable("away")
        return by_meaning(request)

    ledger = MemoryLedger()
    first = run(embedding, ScriptedModel(away_at_first), "sealed", ledger=ledger)
    again = run(embedding, ScriptedModel(away_at_first), "sealed", ledger=ledger)
    assert first[0].result is None or first[0].result["label"] == "new"
    assert (again[0].result or {})["label"] == "new"


def test_a_plan_counts_the_vectors_of_the_examples_once(embedding: FolderOfPrompts) -> None:
    assert planned(embedding, "sealed", "오래") == 9 + 2


def planned(folder: FolderOfPrompts, *bodies: Any) -> int:
    """How many calls of `guess` a plan says are new."""
    use_case = folder.load("states")
    version = use_case.version()
    planning = Planning(version, MemoryLedger(), prices(version), {})
    records = [{"id": str(n), "at": "2026-11-27T09:00:00+09:00", "body": b} for n, b in enumerate(bodies)]
    works = [
        read_work(Arrival(one["id"], json.dumps(one).encode()), use_case.pipeline.record) for one in records
    ]

    async def all_of_it() -> Json:
        return (await plan(version.release, planning, Pipeline(version, planning).run(works))).to_json()

    return int(asyncio.run(all_of_it())["steps"]["guess"]["new"])


@pytest.mark.parametrize(
    ("refused", "what"),
    [
        pytest.param(RequestRefused("too long"), "of the folder cannot be embedded: too long", id="refused"),
        pytest.param(vector(1, 2), "not all of one length", id="another length"),
    ],
)
def test_an_example_that_cannot_be_used_is_the_folder_s_fault_and_no_record_s(
    embedding: FolderOfPrompts, refused: Any, what: str
) -> None:
    def script(request: ModelRequest) -> Any:
        if "택" not in request.messages[-1].text:
            return by_meaning(request)
        if isinstance(refused, Exception):
            raise refused
        return refused

    with pytest.raises(RunError, match=what):
        run(embedding, ScriptedModel(script), "sealed")


def test_letters_that_are_written_in_parts_are_the_same_letters(folder: FolderOfPrompts) -> None:
    (composed,) = run(folder, silent(), "화면이 안 나와요")
    folder.put("states/v1/states.csv", unicodedata.normalize("NFD", EXAMPLES))
    (apart,) = run(folder, silent(), "화면이 안 나와요")
    assert composed.result == apart.result


def test_a_list_is_no_text(folder: FolderOfPrompts) -> None:
    folder.change("states/v1/steps.yaml", "text: data.body", 'text: "[data.body]"')
    (work,) = run(folder, silent(), "화면이 안 나와요")
    assert work.rejection is not None and work.rejection.reason == "prompt_failed"


# --- the folder ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "before", "after", "problem"),
    [
        pytest.param(
            "steps.yaml", "examples: states.csv", "examples: state.csv", "no file `state.csv`", id="no file"
        ),
        pytest.param("steps.yaml", "data.body", "guess.label", "guess", id="a text of its own"),
        pytest.param("states.csv", "text,label", "text,state", "no column `label`", id="no label"),
        pytest.param("states.csv", "택이 달려 있어요,new", "택이 달려 있어요,", "label", id="an empty label"),
        pytest.param(
            "states.csv", "소리가 안 나요", "전원이 안 켜져요", "전원이 안 켜져요", id="a text twice"
        ),
        pytest.param("states.csv", EXAMPLES, "text,label\na,x\nb,x\n", "the same label", id="one label"),
        pytest.param("states.csv", "안 나요,broken", "안 나요, broken", "a blank", id="a label with a blank"),
        pytest.param(
            "steps.yaml",
            "text: data.body",
            "text: data.body\n    embeddings: small",
            "does not embed",
            id="no vectors",
        ),
    ],
)
def test_a_folder_that_cannot_work_is_rejected_and_told_why(
    folder: FolderOfPrompts, path: str, before: str, after: str, problem: str
) -> None:
    folder.change(f"states/v1/{path}", before, after)
    with pytest.raises(ConfigError, match=problem):
        folder.load("states")


def test_examples_that_cannot_be_read_are_told_of_once_and_beside_other_faults(each: FolderOfPrompts) -> None:
    each.change(
        "states/v1/steps.yaml",
        "examples: states.csv, each: data.body}",
        "examples: states.jsonl, each: data.body, drop: [broken]}",
    )
    each.change("states/v1/steps.yaml", "broken: said.next", "broken: said.nxet")
    each.put("states/v1/states.jsonl", '{"text": "a", "label": "broken"}\n{"text": ')
    with pytest.raises(ConfigError) as found:
        each.load("states")
    assert str(found.value).count("not JSON") == 1
    assert "nxet" in str(found.value)


def test_a_model_with_a_fallback_embeds_no_examples(embedding: FolderOfPrompts) -> None:
    embedding.put("models.yaml", MODELS + EMBEDDER + "    fallback: [small]\n")
    with pytest.raises(ConfigError, match="has a fallback"):
        embedding.load("states")


def test_other_examples_are_another_release_also_where_versions_share_them(folder: FolderOfPrompts) -> None:
    (folder.path / "states/v1/states.csv").rename(folder.path / "states/states.csv")
    before = folder.load("states").version().release
    folder.change("states/states.csv", "오래 잘 썼어요", "아주 오래 썼어요")
    assert folder.load("states").version().release != before


def test_the_editor_knows_the_step() -> None:
    assert '"const": "classify"' in schema_text("steps.schema.json")
