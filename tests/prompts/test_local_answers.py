"""prompts/local_answers: notices that the generator writes, found for the questions that they answer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from furrow.config.loader import load_models, load_use_case
from furrow.config.use_case import UseCase
from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import EMBED, Arrival, ModelRequest
from furrow.engine.reading import read_work
from furrow.engine.record import Work
from furrow.testing import MemoryLedger, ScriptedModel, fitting_vector
from testsets import local_documents
from testsets.common import Case
from testsets.local_answers import FAMILIES, cases
from testsets.local_questions import DETAIL, DETAIL_ENGLISH, ENGLISH, KOREAN, NOWHERE, NOWHERE_ENGLISH

PROMPTS = Path(__file__).resolve().parents[2] / "prompts"
ANSWERED_AT_LEAST = 0.95
TOWNS = {split: {case.input["town"] for case in cases() if case.split == split} for split in ("dev", "test")}


@pytest.fixture(scope="module")
def use_case() -> UseCase:
    return load_use_case(PROMPTS / "local_answers", load_models(PROMPTS))


def run(use_case: UseCase, model: ScriptedModel, records: list[dict[str, Any]]) -> list[Work]:
    version, fields = use_case.version(), use_case.pipeline.record
    arrivals = [Arrival(str(number), orjson.dumps(one)) for number, one in enumerate(records)]
    works = [read_work(arrival, fields) for arrival in arrivals]

    async def all_steps() -> list[Work]:
        stamp = Stamp("local_answers", version.release, "run")
        calls = Calls(lambda _: model, version.catalogue, MemoryLedger(), stamp)
        return [work async for work in Pipeline(version, calls).run(works)]

    return asyncio.run(all_steps())


def answers(source: str | None, answer: str | None) -> ScriptedModel:
    def script(request: ModelRequest) -> dict[str, str | None] | str:
        text, embeds = request.messages[-1].text, request.messages[-1].role == EMBED
        return fitting_vector(text) if embeds else {"source": source, "answer": answer}

    return ScriptedModel(script)


def question(text: str, town: str = "달빛동") -> dict[str, Any]:
    return {"question_id": "q1", "town": town, "question": text, "asked_at": "2026-11-24T09:00:00+09:00"}


@pytest.fixture(scope="module")
def asked(use_case: UseCase) -> list[tuple[Case, Work]]:
    """Every case of the dev split, with a model that says null."""
    dev = [case for case in cases() if case.split == "dev"]
    return list(zip(dev, run(use_case, answers(None, None), [case.input for case in dev]), strict=True))


def test_the_notices_are_those_that_the_generator_writes() -> None:
    assert local_documents.PATH.read_bytes() == local_documents.as_lines()
    assert len(local_documents.notices()) >= 60


def test_nearly_every_notice_that_answers_is_found(asked: list[tuple[Case, Work]]) -> None:
    known = [(case, work) for case, work in asked if case.expected["known"]]
    found = [
        case for case, work in known if set(case.expected["citations"]) <= set(work.outputs["find"]["ids"])
    ]
    assert len(found) >= ANSWERED_AT_LEAST * len(known)


def test_nothing_is_found_for_what_no_notice_is_about(asked: list[tuple[Case, Work]]) -> None:
    families = {family.name for family in FAMILIES if family.about == "nowhere"}
    nowhere = [work for case, work in asked if case.family in families]
    assert nowhere and not [work for work in nowhere if work.outputs["find"]["known"]]


def test_a_notice_of_another_town_is_never_given(asked: list[tuple[Case, Work]]) -> None:
    towns = {notice.id: notice.town for notice in local_documents.notices()}
    for case, work in asked:
        assert {towns[found] for found in work.outputs["find"]["ids"]} <= {case.input["town"]}


def test_every_fact_of_the_notices_can_be_asked_for_in_both_splits_and_languages() -> None:
    facts = {f"{topic.name}.{fact.name}" for topic in local_documents.TOPICS for fact in topic.facts}
    assert set(KOREAN) == set(ENGLISH) == facts
    assert all(by_split[split] for pool in (KOREAN, ENGLISH) for by_split in pool.values() for split in TOWNS)


def test_no_question_of_dev_stands_in_a_question_of_test_and_no_town_is_in_both() -> None:
    pools = [*KOREAN.values(), *ENGLISH.values(), NOWHERE, NOWHERE_ENGLISH, DETAIL, DETAIL_ENGLISH]
    worked_with = {question for pool in pools for question in pool["dev"]}
    held_out = [case.input for case in cases() if case.split == "test"]
    assert [one for one in held_out for question in worked_with if question in one["question"]] == []
    assert TOWNS["dev"].isdisjoint(TOWNS["test"])


def test_a_question_that_no_notice_is_about_asks_no_model(use_case: UseCase) -> None:
    model = answers("d001", "무료")
    (work,) = run(use_case, model, [question("스키장 리프트권 얼마예요?")])
    assert work.result == {"known": False, "answer": None, "citations": []}
    assert [request for request in model.requests if request.messages[-1].role != EMBED] == []


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        pytest.param("대형폐기물 신고 어디서 해요?", True, id="no town"),
        pytest.param("달빛동 대형폐기물 신고 어디서 해요?", True, id="the own town"),
        pytest.param("햇살동 대형폐기물 신고 어디서 해요?", False, id="another town"),
        pytest.param(
            "햇살동에서 이사 왔는데 대형폐기물 신고 어디서 해요?", True, id="the town that was left"
        ),
        pytest.param("햇살동 말고 우리 동네 대형폐기물 신고 어디서 해요?", True, id="not that town"),
        pytest.param(
            "햇살동 대형폐기물은 평일처럼 토요일에도 신고되나요?", False, id="처럼 of something else"
        ),
        pytest.param("햇살동에서 이사업체 부르면서 대형폐기물 신고 어디서 해요?", False, id="no leaving"),
        pytest.param("햇살동이랑 달빛동 중에 대형폐기물 신고 어디서 해요?", True, id="both"),
        pytest.param(
            "구름 마을버스 탈 때 대형폐기물 신고 어디서 해요?", True, id="a town only without spaces"
        ),
    ],
)
def test_a_question_about_another_town_asks_no_model(use_case: UseCase, text: str, asks: bool) -> None:
    model = answers(None, None)
    run(use_case, model, [question(text)])
    asked = [request for request in model.requests if request.messages[-1].role != EMBED]
    assert bool(asked) is asks


def test_words_that_stand_in_no_notice_are_no_answer(use_case: UseCase) -> None:
    (work,) = run(use_case, answers("d004", "매주 목요일"), [question("도서관 휴관일이 언제예요?")])
    assert work.result == {"known": False, "answer": None, "citations": []}


@pytest.mark.parametrize("copied", ["d004", "도서관", "달빛동 도서관 이용 안내"])
def test_what_a_notice_is_called_is_no_answer(use_case: UseCase, copied: str) -> None:
    (work,) = run(use_case, answers("d004", copied), [question("도서관 휴관일이 언제예요?")])
    assert work.result == {"known": False, "answer": None, "citations": []}


@pytest.mark.parametrize("source", ["d004", "[d004]", "d003", "d999", None])
def test_cited_is_the_notice_that_holds_the_answer_whatever_the_model_names(
    use_case: UseCase, source: str | None
) -> None:
    (work,) = run(use_case, answers(source, "매주 월요일"), [question("도서관 휴관일이 언제예요?")])
    assert work.result == {"known": True, "answer": "매주 월요일", "citations": ["d004"]}
