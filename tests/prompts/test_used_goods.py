"""The folder used_goods: which model reads a listing, and what is computed from the answers."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from furrow.config.korean import is_amount
from furrow.config.loader import load_models, load_use_case
from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import Arrival, ModelRequest
from furrow.engine.reading import read_work
from furrow.engine.record import Rung, Work
from furrow.evaluation.cases import load_cases
from furrow.testing import MemoryLedger, ScriptedModel
from testsets.used_goods import AUDIENCES, cases
from testsets.used_goods_items import (
    HELD_ENGLISH_STATES,
    HELD_ENGLISH_SUITS,
    HELD_NEW_ONLY,
    HELD_STATES,
    HELD_SUITS,
    STATES,
    SUITS,
)

PROMPTS = Path(__file__).resolve().parents[2] / "prompts"
USE_CASE = load_use_case(PROMPTS / "used_goods", load_models(PROMPTS))
VERSION = USE_CASE.version()
DIGEST = {"kind": "thing", "several": False}
LISTING = {
    "item": "물건",
    "brand": None,
    "model": None,
    "trade_place": None,
    "keywords": ["물건"],
    "category": "furniture/chair",
}


def listed(
    body: str = "만원이요", *, title: str = "물건", digest: Any = (), **answer: Any
) -> tuple[Work, list[str]]:
    """One listing through the whole pipeline, and the models that were asked to extract."""
    record = {"article_id": "a", "title": title, "body": body, "created_at": "2026-11-24T09:00:00+09:00"}
    asked: list[str] = []

    def script(request: ModelRequest) -> Any:
        if request.schema_name == "summarize":
            return DIGEST | dict(digest)
        asked.append(request.alias)
        return LISTING | answer

    async def run() -> list[Work]:
        model = ScriptedModel(script)
        stamp = Stamp("used_goods", VERSION.release, "run")
        calls = Calls(lambda alias: model, VERSION.catalogue, MemoryLedger(), stamp)
        works = [read_work(Arrival("memory:0", json.dumps(record).encode()), USE_CASE.pipeline.record)]
        return [work async for work in Pipeline(VERSION, calls).run(works)]

    (work,) = asyncio.run(run())
    return work, asked


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        pytest.param({}, ["local-small"], id="short"),
        pytest.param({"body": "만원 " * 40}, ["local-large"], id="long"),
        pytest.param({"digest": {"several": True}}, ["local-large"], id="several things"),
        pytest.param(
            {"model": "T50"}, ["local-small", "local-large"], id="a model that the text does not say"
        ),
        pytest.param(
            {"trade_place": "강남역"}, ["local-small", "local-large"], id="a place that it does not say"
        ),
    ],
)
def test_the_record_decides_the_model(given: dict[str, Any], asked: list[str]) -> None:
    work, models = listed(**given)
    assert models == asked
    assert (work.traces["extract"].rung is Rung.ESCALATED) == (len(asked) == 2)


SHELVES = VERSION.outputs["shelf"].specs["category"].values
TITLES = list(VERSION.tables["titles"].rows())


@pytest.mark.parametrize("category", SHELVES)
def test_every_shelf_has_titles_to_learn_from_a_department_and_an_audience(category: str) -> None:
    titles = [row["text"] for row in TITLES if row["label"] == category]
    results = (listed(title=title)[0].result or {} for title in titles)
    found = next(result for result in results if result["category"] == category)
    department = category.split("/")[0]
    assert found["department"] == department
    assert found["audience"] == AUDIENCES.get(category, AUDIENCES[department])


def test_only_shelves_are_learnt_and_from_no_title_of_the_test_set() -> None:
    titles = {case.record.data["title"] for case in load_cases(USE_CASE, VERSION) if case.split == "test"}
    assert {row["label"] for row in TITLES} == set(SHELVES)
    assert not {row["text"] for row in TITLES} & titles


def test_whom_the_listing_names_comes_before_its_department() -> None:
    work, _ = listed("자취방에 두기 좋아요. 만원")
    assert work.result is not None
    assert work.result["audience"] == "singles"


def test_the_taxonomy_is_closed_and_every_shelf_is_labelled() -> None:
    shelves = SHELVES
    labelled = {case.expected["category"] for case in load_cases(USE_CASE, VERSION)}
    assert len(shelves) >= 40
    assert labelled == set(shelves)


@pytest.mark.parametrize(
    ("body", "price"),
    [
        ("답십리역에서 2만원에 드려요", 20_000),
        ("답장 빨라요 5만원에", 50_000),
        ("AI 스피커 3만원", 30_000),
        ("시스템 에어컨 12만원", 120_000),
        ("지시봉 포함 4천원", 4_000),
    ],
)
def test_words_that_an_order_could_have_hide_no_price(body: str, price: int) -> None:
    work, _ = listed(body)
    assert work.result is not None and work.result["price_krw"] == price


def test_keywords_are_words_of_the_listing_and_no_prices() -> None:
    work, _ = listed("원목 2단이에요. 만원", keywords=["원목", "2단", "만원", "철제"])
    assert work.result is not None and work.result["keywords"] == ["원목", "2단"]


def test_every_labelled_keyword_can_come_out() -> None:
    for case in load_cases(USE_CASE, VERSION):
        words = case.expected["keywords"]
        text = f"{case.record.data['title']} {case.record.data['body']}"
        assert [word for word in words if word not in text or is_amount(word)] == [], case.id


def test_what_only_the_generated_test_says_is_not_said_in_dev() -> None:
    assert set(STATES) == set(HELD_STATES) == set(HELD_ENGLISH_STATES) and set(SUITS) == set(HELD_SUITS)
    several = (HELD_STATES, HELD_ENGLISH_STATES, HELD_SUITS)
    held = {text for phrases in several for texts in phrases.values() for text in texts}
    held |= {*HELD_NEW_ONLY.values(), *HELD_ENGLISH_SUITS.values()}
    said = {"dev": "", "test": ""}
    for case in cases():
        said[str(case.split)] += f"{case.input['body']}\n"
    assert [text for text in held if text in said["dev"]] == []
    assert sum(text in said["test"] for text in held) > len(held) / 2


def test_each_kind_of_input_with_twenty_cases_is_in_both_splits() -> None:
    counted = Counter((word, case.split) for case in cases() for word in case.slices)
    kinds = {word for word, _ in counted if counted[word, "dev"] + counted[word, "test"] >= 20}
    assert {word for word in kinds if not (counted[word, "dev"] and counted[word, "test"])} == set()
    assert {"english", "mixed", "location"} <= kinds


@pytest.mark.parametrize(
    ("title", "brand"),
    [
        pytest.param("다이슨 V10 청소기", "다이슨", id="a maker"),
        pytest.param("Nike 운동화 270", "Nike", id="as it is spelled"),
        pytest.param("뉴발 574 팝니다", "뉴발", id="a short form"),
        pytest.param("아이폰 13 미니", "애플", id="a line with one maker"),
        pytest.param("맥북 프로 인텔 13인치", "애플", id="the first of two"),
        pytest.param("★★삼성!! TV", "삼성", id="without signs"),
        pytest.param("【엘지】 냉장고", "엘지", id="without brackets"),
        pytest.param("철제 침대 프레임 + 페스룸 계단", None, id="of the first thing, not of the second"),
        pytest.param("조거 팬츠 L", None, id="no word that only sounds like a maker"),
        pytest.param("14K 골드 반지", None, id="nor this one"),
        pytest.param("원두 커피 200 그램", None, id="no word that is also another"),
        pytest.param("+", None, id="nothing to read"),
    ],
)
def test_the_first_maker_of_the_title_is_the_brand(title: str, brand: str | None) -> None:
    work, _ = listed(title=title)
    assert work.result is not None, work.rejection
    assert work.result["brand"] == brand


@pytest.mark.parametrize(
    ("body", "condition"),
    [
        pytest.param("작년에 샀고 액정 깨끗해요", "used", id="a clean screen"),
        pytest.param("떨어뜨려서 액정 깨졌어요", "broken", id="a broken one"),
    ],
)
def test_a_clean_screen_is_no_broken_one(body: str, condition: str) -> None:
    work, _ = listed(body)
    assert work.result is not None and work.result["condition"] == condition


@pytest.mark.parametrize(
    ("body", "condition"),
    [
        pytest.param("리본도 안 풀고 옷장에만 있었어요. 3만원", "new", id="a ribbon that was never untied"),
        pytest.param("세 번쯤 신고 나갔나 거의 그대로예요. 강남역 직거래", "like_new", id="worn three times"),
        pytest.param("물이 새서 부품으로 쓰실 분만 가져가세요", "broken", id="it leaks"),
        pytest.param("5만원. 강남역 직거래", "used", id="nothing is said"),
        pytest.param("Left speaker won't make a sound at all", "broken", id="won't is no price"),
        pytest.param("공원에서 세 번쯤 타고 거의 그대로예요", "like_new", id="nor is a park"),
    ],
)
def test_where_no_word_decides_the_labelled_listings_do(body: str, condition: str) -> None:
    work, _ = listed(body)
    assert work.result is not None and work.result["condition"] == condition


def test_where_the_title_names_no_maker_the_models_word_stands() -> None:
    work, _ = listed("달빛공방에서 만든 의자예요", title="원목 의자", brand="달빛공방")
    assert work.result is not None and work.result["brand"] == "달빛공방"


def test_the_table_of_makers_vouches_for_no_answer() -> None:
    """A maker that only a doubtful sentence names is as doubtful as a made-up one."""
    wish = "상표 이름이 궁금하시면 구찌로 보시면 편합니다"
    work, _ = listed(f"만원이요. 상태 좋아요.\n{wish}", title="가방", brand="구찌")
    assert work.result is not None and work.result["brand"] is None
