"""The folder hashtags: one vocabulary; what leaves it is normal, governed first, and nobody's number."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from furrow.config.hashtags import normalise_tags
from furrow.config.loader import load_models, load_use_case
from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import EMBED, Arrival, ModelRequest
from furrow.engine.reading import read_work
from furrow.engine.record import Work
from furrow.evaluation.cases import load_cases
from furrow.testing import MemoryLedger, ScriptedModel, fitting_vector

PROMPTS = Path(__file__).resolve().parents[2] / "prompts"
USE_CASE = load_use_case(PROMPTS / "hashtags", load_models(PROMPTS))
VERSION = USE_CASE.version()


def tagged(body: str, words: list[str]) -> tuple[Work, list[ModelRequest]]:
    """One post through the whole pipeline, its model suggesting these, and what the models were sent."""
    record = {"post_id": "p", "title": "", "body": body, "created_at": "2026-11-24T09:00:00+09:00"}

    def script(request: ModelRequest) -> Any:
        text, role = request.messages[-1].text, request.messages[-1].role
        return fitting_vector(text) if role == EMBED else {"words": words}

    model = ScriptedModel(script)

    async def run() -> list[Work]:
        stamp = Stamp("hashtags", VERSION.release, "run")
        calls = Calls(lambda alias: model, VERSION.catalogue, MemoryLedger(), stamp)
        works = [read_work(Arrival("memory:0", json.dumps(record).encode()), USE_CASE.pipeline.record)]
        return [work async for work in Pipeline(VERSION, calls).run(works)]

    (work,) = asyncio.run(run())
    return work, model.requests


def test_topics_are_those_of_the_vocabulary_and_each_has_examples_to_learn_from() -> None:
    table = [row["tag"] for row in VERSION.tables["known"].rows()]
    assert VERSION.outputs["governed"].specs["topics"].values == table
    learnt = Counter(row["label"] for row in VERSION.tables["learnt"].rows())
    assert learnt.keys() == {*table, "none"}
    assert min(learnt.values()) >= 5


def test_every_governed_tag_is_labelled_somewhere_and_no_other() -> None:
    labelled = {tag for case in load_cases(USE_CASE, VERSION) for tag in case.expected["topics"]}
    assert labelled == set(VERSION.outputs["governed"].specs["topics"].values)


def test_labels_are_normal_tags() -> None:
    for case in load_cases(USE_CASE, VERSION):
        tags = case.expected.get("tags", [])
        assert normalise_tags(tags) == tags, case.id


def test_a_post_that_reads_like_those_that_fit_no_tag_gets_none() -> None:
    work, _ = tagged("연말정산 서류 때문에 하루 종일 머리가 아파요", [])
    assert work.result is not None and work.result["topics"] == []


@pytest.mark.parametrize(
    ("body", "topics"),
    [
        pytest.param(
            "소금빵 나왔어요. 그리고 정전이래요", ["빵집", "정전"], id="two, in the order of the vocabulary"
        ),
        pytest.param("커피 얘기 아니고 소금빵이요", ["빵집"], id="what is denied is none"),
        pytest.param("약국 건너편이에요. 풋살 하실 분", ["축구"], id="nor what tells the way"),
        pytest.param("어제 푸들을 잃어버렸어요", ["분실동물"], id="a lost dog is a lost pet"),
        pytest.param("스마트폰 고장나서 볼 필요가 있어요", ["수리"], id="nor what stands in other words"),
        pytest.param(
            "반려견 예방접종 잘하는 수의사", ["동물병원"], id="the narrower one stands for the wider"
        ),
    ],
)
def test_words_decide_the_topics_whatever_was_learnt(body: str, topics: list[str]) -> None:
    work, _ = tagged(body, [])
    assert work.result is not None
    assert work.result["topics"] == topics


@pytest.mark.parametrize(
    ("body", "words", "tags"),
    [
        pytest.param("새 밥집에서 #마라 탕 먹음", ["#마라 탕"], ["맛집", "마라탕"], id="normal"),
        pytest.param("밥집에서 마라탕", ["마라탕", "마라 탕"], ["맛집", "마라탕"], id="once"),
        pytest.param("커피숍 새로 생김", ["커피숍"], ["카페"], id="other words for a governed tag"),
        pytest.param("산책해요", ["도박코인"], ["산책"], id="a word that the post does not say"),
        pytest.param("무료나눔 010-1234-5678", ["[전화1]", "010-1234-5678"], ["나눔"], id="a phone number"),
        pytest.param("무료나눔 a.b@c.com", ["a.b@c.com"], ["나눔"], id="a mail address"),
    ],
)
def test_what_leaves_the_folder(body: str, words: list[str], tags: list[str]) -> None:
    work, _ = tagged(body, words)
    assert work.result is not None, work.rejection
    assert work.result["tags"] == tags


@pytest.mark.parametrize(
    ("body", "topic"),
    [
        pytest.param("새벽마다 위에서 쿵쾅거려 잠을 못 자요", "층간소음", id="a neighbour"),
        pytest.param("냉장고가 통째로 꺼졌어요. 우리 동만 불이 안 들어오나요", "정전", id="a fridge"),
    ],
)
def test_where_no_word_decides_the_labelled_posts_do(body: str, topic: str) -> None:
    work, _ = tagged(body, [])
    assert work.outputs["pointed"]["tags"] == []
    assert work.result is not None, work.rejection
    assert work.result["topics"] == [topic]


def test_no_model_sees_a_phone_number() -> None:
    _, sent = tagged("연락 010-1234-5678", [])
    assert sent
    assert not [request for request in sent if "1234-5678" in request.messages[-1].text]
