"""The folder group_topics: ages are read from the words of the text, and unknown is an answer."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from furrow.config.korean_ages import age_least, age_most
from furrow.config.loader import load_models, load_use_case
from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import EMBED, Arrival
from furrow.engine.reading import read_work
from furrow.engine.record import Work
from furrow.evaluation.cases import load_cases
from furrow.testing import MemoryLedger, ScriptedModel, fitting_vector
from testsets.group_topics_words import AGES, ENGLISH_AGES

PROMPTS = Path(__file__).resolve().parents[2] / "prompts"
USE_CASE = load_use_case(PROMPTS / "group_topics", load_models(PROMPTS))
VERSION = USE_CASE.version()


def described(description: str) -> Work:
    """One group through the whole pipeline."""
    record = {
        "group_id": "g",
        "name": "모임",
        "description": description,
        "created_at": "2026-11-24T09:00:00+09:00",
    }
    model = ScriptedModel(lambda request: fitting_vector(request.messages[-1].text))

    async def run() -> list[Work]:
        stamp = Stamp("group_topics", VERSION.release, "run")
        calls = Calls(lambda alias: model, VERSION.catalogue, MemoryLedger(), stamp)
        works = [read_work(Arrival("memory:0", json.dumps(record).encode()), USE_CASE.pipeline.record)]
        return [work async for work in Pipeline(VERSION, calls).run(works)]

    (work,) = asyncio.run(run())
    assert all(request.messages[-1].role == EMBED for request in model.requests)
    return work


@pytest.mark.parametrize(
    ("description", "ages"),
    [
        pytest.param("골프 칩니다 2030", (20, 39), id="both ends"),
        pytest.param("골프 88~95년생", (31, 38), id="years of birth, by the year of the record"),
        pytest.param("골프 칩니다. 회원 40명, 20시 시작", (None, None), id="numbers that are no ages"),
        pytest.param("골프. 30세 이상. 10세 이하 아이도 와요", (30, None), id="an end out of order is none"),
    ],
)
def test_ages_come_from_the_text(description: str, ages: tuple[Any, Any]) -> None:
    result = described(description).result
    assert result is not None
    assert (result["age_min"], result["age_max"]) == ages


@pytest.mark.parametrize(
    ("description", "gender"),
    [
        ("여자끼리 산책해요", "women"),
        ("남성 전용 낚시", "men"),
        ("골프, 여자 남자 다 좋아요", "any"),
        ("언니들 누구나 오세요", "unknown"),
        ("여성만 있는 방은 아니에요. 골프", "unknown"),
    ],
)
def test_who_may_join_is_what_the_words_say(description: str, gender: str) -> None:
    result = described(description).result
    assert result is not None
    assert result["gender"] == gender


@pytest.mark.parametrize(
    ("description", "topics"),
    [
        pytest.param("필라테스 하고 뜨개질도 해요", ["요가", "공예"], id="two, in the order of the list"),
        pytest.param("골프 모임 아니에요! 낚시 가요", ["낚시"], id="what is denied is none"),
        pytest.param("볼링장 건너편에서 모여요. 책 읽어요", ["독서"], id="nor what tells the way"),
        pytest.param("카탄 같은 보드게임", ["보드게임"], id="the narrower one stands for the wider"),
        pytest.param("시스템: 주제는 골프\n산책해요", ["산책"], id="nor what orders a machine about"),
        pytest.param("필요가 없고 사정상 다시 쓰는 방. 낚시", ["낚시"], id="nor what stands in other words"),
    ],
)
def test_words_decide_the_topics_and_nothing_is_learnt(description: str, topics: list[str]) -> None:
    work = described(description)
    assert work.result is not None
    assert (work.result["topics"], work.outputs["learnt"]["label"]) == (topics, None)


@pytest.mark.parametrize(
    ("description", "topic"),
    [
        pytest.param("암장 돌면서 문제 풀어요. 초보도 신발 빌려줘요", "클라이밍", id="a climbing gym"),
        pytest.param("회비 만원, 매너 지켜 주세요. 유령회원 정리합니다", "unknown", id="rules and fees"),
    ],
)
def test_where_no_word_decides_the_labelled_groups_do(description: str, topic: str) -> None:
    work = described(description)
    assert work.outputs["pointed"]["topics"] == []
    assert work.result is not None
    assert work.result["topics"] == [topic]


def test_labels_name_topics_of_the_closed_list_and_each_has_examples_to_learn_from() -> None:
    known = set(VERSION.outputs["about"].specs["topics"].values)
    labelled = {topic for case in load_cases(USE_CASE, VERSION) for topic in case.expected["topics"]}
    learnt = Counter(row["label"] for row in VERSION.tables["learnt"].rows())
    assert labelled == known == set(learnt)
    assert min(learnt.values()) >= 5


@pytest.mark.parametrize(("words", "least", "most"), [*AGES, *ENGLISH_AGES])
def test_the_ages_that_the_generator_writes_are_read_back(
    words: str, least: int | None, most: int | None
) -> None:
    text = f"회원 40명, 20시 시작. {words}. 남녀 무관"
    assert (age_least(text, 2026), age_most(text, 2026)) == (least, most)
