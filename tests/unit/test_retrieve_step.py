"""The `retrieve` step: documents beside the prompts, found by full text and by vectors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from furrow.config.schemas import schema_text
from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.engine.plan import Planning, plan
from furrow.engine.ports import EMBED, Arrival, ModelRequest
from furrow.engine.reading import read_work
from furrow.engine.record import Work
from furrow.errors import ConfigError, ProviderUnavailable
from furrow.testing import MemoryLedger, ScriptedModel
from tests.embedding import EMBEDDER, vector
from tests.folders import MODELS, FolderOfPrompts

Json = dict[str, Any]
STEPS = """\
steps:
  - name: find
    kind: retrieve
    documents: notices
    query: data.question
    within: {town: data.town}
    top: 2
  - name: answer
    kind: llm
    model: small
    when: find.known
  - name: checked
    kind: map
    set: {citations: "[answer.source] if answer.source is not none else []"}
result: {known: find.known, found: find.ids, citations: checked.citations}
rules:
  - {name: citations_exist, check: "result.citations | reject('in', find.ids) | list | length == 0"}
"""
DOCUMENTS = [
    {"id": "d1", "title": "분리수거", "text": "재활용품은 화요일에 수거합니다.", "town": "달빛동"},
    {"id": "d2", "title": "도서관", "text": "휴관일은 월요일입니다.", "town": "달빛동"},
    {"id": "d3", "title": "도서관", "text": "휴관일은 금요일입니다.", "town": "햇살동"},
    {"id": "d4", "title": "여권", "text": "여권은 구청에서 만듭니다."},
]
FILES = {
    "answers/pipeline.yaml": "description: answers\nowner: tests\nsource:\n  files: {path: sample.jsonl}\n"
    "record: {key: id, time: at}\nlive: v1\n",
    "answers/v1/steps.yaml": STEPS,
    "answers/v1/answer/user.md": "{{ find.text }}\n{{ data.question }}\n",
    "answers/v1/answer/output.yaml": "source: {type: string, nullable: true}\n",
    "answers/v1/checked/output.yaml": "citations: {type: list, items: string}\n",
    "answers/notices/all.jsonl": "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in DOCUMENTS),
}
RECORD = {
    "id": "q1",
    "at": "2026-11-24T09:00:00+09:00",
    "town": "달빛동",
    "question": "도서관 휴관일 언제예요?",
}


@pytest.fixture
def answers(prompts: FolderOfPrompts) -> FolderOfPrompts:
    """A use case that answers from documents."""
    for name, text in FILES.items():
        prompts.put(name, text)
    return prompts


@pytest.fixture
def embedding(answers: FolderOfPrompts) -> FolderOfPrompts:
    """The same with vectors: a passage fits by words, or when it points where the question does."""
    answers.put("models.yaml", MODELS + EMBEDDER)
    answers.change(
        "answers/v1/steps.yaml", "top: 2", "top: 2\n    embeddings: embedder\n    min_similarity: 0.9"
    )
    return answers


def cites(source: str | None) -> Callable[[ModelRequest], Any]:
    """A model that cites this; embedded, whatever is about a library or books points one way."""

    def script(request: ModelRequest) -> Any:
        if request.messages[-1].role == EMBED:
            return (
                vector(1, 0)
                if any(word in request.messages[-1].text for word in ("도서", "책"))
                else vector(0, 1)
            )
        return {"source": source}

    return script


def work_of(folder: FolderOfPrompts, **changed: Any) -> Work:
    record = folder.load("answers").pipeline.record
    return read_work(Arrival("memory:0", json.dumps({**RECORD, **changed}).encode()), record)


def run(
    folder: FolderOfPrompts, model: ScriptedModel, ledger: MemoryLedger | None = None, **data: Any
) -> Work:
    version, work = folder.load("answers").version(), work_of(folder, **data)

    async def all_steps() -> Work:
        stamp = Stamp("answers", version.release, "run")
        calls = Calls(lambda _: model, version.catalogue, ledger or MemoryLedger(), stamp)
        done = await anext(Pipeline(version, calls).run([work]))
        await calls.close()
        return done

    return asyncio.run(all_steps())


def problems(folder: FolderOfPrompts) -> str:
    with pytest.raises(ConfigError) as caught:
        folder.load("answers")
    return str(caught.value)


# --- full text ---------------------------------------------------------------------------------------


def test_the_documents_of_the_records_town_are_found_with_their_words(answers: FolderOfPrompts) -> None:
    work = run(answers, ScriptedModel(cites("d2")))
    assert work.result == {"known": True, "found": ["d2"], "citations": ["d2"]}
    assert work.outputs["find"]["text"] == "[d2] 도서관\n휴관일은 월요일입니다."
    assert work.outputs["find"]["passages"][0]["town"] == "달빛동"


def test_a_document_without_the_field_is_for_every_town(answers: FolderOfPrompts) -> None:
    work = run(answers, ScriptedModel(cites(None)), question="여권 어디서 만들어요?")
    assert work.outputs["find"]["ids"] == ["d4"]


def test_when_nothing_fits_no_model_is_asked(answers: FolderOfPrompts) -> None:
    model = ScriptedModel(cites("d1"))
    work = run(answers, model, question="스키장 리프트권 얼마예요?")
    assert work.result == {"known": False, "found": [], "citations": []}
    assert model.requests == []


def test_a_citation_that_was_not_retrieved_rejects_the_record(answers: FolderOfPrompts) -> None:
    work = run(answers, ScriptedModel(cites("d3")))
    assert work.rejection is not None and work.rejection.reason == "rule_broken"
    assert "citations_exist" in work.rejection.message


def test_at_most_top_passages_are_given(answers: FolderOfPrompts) -> None:
    answers.change("answers/v1/steps.yaml", "top: 2", "top: 1\n    min_score: 0")
    work = run(answers, ScriptedModel(cites(None)), question="도서관 휴관일과 재활용품 수거")
    assert len(work.outputs["find"]["ids"]) == 1


# --- vectors -----------------------------------------------------------------------------------------


def test_a_passage_without_a_word_of_the_question_is_found_by_its_vector(embedding: FolderOfPrompts) -> None:
    work = run(embedding, ScriptedModel(cites("d2")), question="책 빌리는 곳 닫는 날?")
    assert work.result == {"known": True, "found": ["d2"], "citations": ["d2"]}


def test_vectors_of_documents_are_bought_once_for_all_records_and_runs(embedding: FolderOfPrompts) -> None:
    ledger, first, second = MemoryLedger(), ScriptedModel(cites("d2")), ScriptedModel(cites("d2"))
    run(embedding, first, ledger)
    run(embedding, second, ledger, question="책 빌리는 곳?")
    embedded = [request.messages[-1].text for request in first.requests if request.messages[-1].role == EMBED]
    assert len(embedded) == len(DOCUMENTS) + 1
    again = [request.messages[-1].text for request in second.requests if request.messages[-1].role == EMBED]
    assert again == ["책 빌리는 곳?"]


def test_the_question_counts_as_a_call_of_the_record(embedding: FolderOfPrompts) -> None:
    trace = run(embedding, ScriptedModel(cites("d2"), cost_usd=0.5)).traces["find"]
    assert (trace.model, trace.calls, trace.spent_usd) == ("embedder", 1, 0.5)


def test_while_the_embedder_is_down_the_record_fails_for_now(embedding: FolderOfPrompts) -> None:
    def script(request: ModelRequest) -> Any:
        return ProviderUnavailable("down")

    embedding.change("models.yaml", "price: {input_usd_per_million: 1, output_usd_per_million: 0}",
                     "limits: {attempts: 1, outage_seconds: 0}")  # fmt: skip
    work = run(embedding, ScriptedModel(script))
    assert work.failure is not None and work.failure.step == "find"


def test_personal_data_of_a_question_is_not_embedded(embedding: FolderOfPrompts) -> None:
    text = (embedding.path / "answers/v1/steps.yaml").read_text()
    embedding.put("answers/v1/steps.yaml", f"mask: {{kinds: [phone]}}\n{text}")
    model = ScriptedModel(cites("d2"))
    run(embedding, model, question="도서관 휴관일 010-1234-5678 로 알려주세요")
    assert "010-1234-5678" not in "".join(request.messages[-1].text for request in model.requests)


def test_a_plan_counts_what_would_be_embedded(embedding: FolderOfPrompts) -> None:
    version, work = embedding.load("answers").version(), work_of(embedding)
    from furrow.assembly import prices

    planning = Planning(version, MemoryLedger(), prices(version), {})

    async def all_of_it() -> Json:
        return (await plan(version.release, planning, Pipeline(version, planning).run([work]))).to_json()

    steps = asyncio.run(all_of_it())["steps"]
    assert steps["find"]["new"] == len(DOCUMENTS) + 1 and steps["answer"]["behind"] == 1


# --- the release, and what an author gets wrong ----------------------------------------------------------


def test_a_changed_document_is_another_release(answers: FolderOfPrompts) -> None:
    before = answers.load("answers").version().release
    answers.change("answers/notices/all.jsonl", "월요일", "화요일")
    assert answers.load("answers").version().release != before
    assert run(answers, ScriptedModel(cites("d2"))).outputs["find"]["text"].endswith("휴관일은 화요일입니다.")


def test_documents_may_lie_in_the_versions_folder(answers: FolderOfPrompts) -> None:
    (answers.path / "answers/notices").rename(answers.path / "answers/v1/notices")
    assert run(answers, ScriptedModel(cites("d2"))).outputs["find"]["ids"] == ["d2"]


def test_a_folder_that_is_not_there_is_a_problem_with_its_line(answers: FolderOfPrompts) -> None:
    answers.change("answers/v1/steps.yaml", "documents: notices", "documents: notice")
    assert "answers/v1/steps.yaml:4: there is no folder `notice` of documents" in problems(answers)


def test_a_document_that_does_not_load_is_a_problem_with_its_file(answers: FolderOfPrompts) -> None:
    answers.put("answers/notices/more.jsonl", "{\n")
    assert "answers/notices/more.jsonl:1: not JSON" in problems(answers)


def test_only_a_model_that_embeds_may_embed(embedding: FolderOfPrompts) -> None:
    embedding.change("answers/v1/steps.yaml", "embeddings: embedder", "embeddings: small")
    assert "steps.yaml:8: the model `small` does not embed texts" in problems(embedding)


def test_editors_know_the_kinds_of_step() -> None:
    kinds = schema_text("steps.schema.json")
    assert all(f'"const": "{kind}"' in kinds for kind in ("judge", "claims", "retrieve"))


def test_a_model_that_embeds_answers_no_question(embedding: FolderOfPrompts) -> None:
    embedding.change("answers/v1/steps.yaml", "model: small", "model: embedder")
    assert "the model `embedder` embeds texts and answers nothing" in problems(embedding)
