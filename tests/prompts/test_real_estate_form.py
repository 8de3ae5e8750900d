"""The form of a home: what a model copies right becomes the right values, and nothing else is filled in."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from furrow.config.korean_homes import FILTERS
from furrow.config.korean_move_in import parse_move_in
from furrow.config.loader import load_models, load_use_case
from furrow.config.quoting import is_quoted
from furrow.config.use_case import UseCase
from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import ModelRequest
from furrow.engine.record import Record, Work
from furrow.evaluation.cases import load_cases
from furrow.evaluation.evaluators import evaluate
from furrow.testing import MemoryLedger, ScriptedModel
from testsets.common import Case
from testsets.home_phrases import QUOTED, Listing
from testsets.home_words import AREAS, FLOORS
from testsets.real_estate_form import EACH, FAMILIES, cases, listing

PROMPTS = Path(__file__).resolve().parents[2] / "prompts"
Answers = Mapping[str, dict[str, Any]]
CASES = {case.id: case for case in cases()}
READERS = {
    "price_krw": "deposit_krw",
    "deposit_krw": "deposit_krw",
    "rent_krw": "rent_krw",
    "maintenance_krw": "fee_krw",
    "floor": "floor_number",
    "floor_kind": "floor_kind",
    "total_floors": "total_floors",
    "area_m2": "m2",
    "area_pyeong": "pyeong",
}
BEYOND_THE_READERS = {("re-h39", "move_in"), ("re-h43", "total_floors")}
"""`빈 상가`: empty in a word that no list has. `2층 단독주택의 2층`: as well a house on its second floor."""

EMPTY: dict[str, dict[str, Any]] = {"price": {"price_quote": None, "rent_quote": None, "fee_quote": None}}
FROM_THE_MODEL = {"price_krw", "deposit_krw", "rent_krw"}
LEAST_BY_WORDS = {"dev": 0.85, "test": 0.6}
"""Least share of generated listings that map steps alone read right. `test` has words of its own."""


@pytest.fixture(scope="module")
def use_case() -> UseCase:
    return load_use_case(PROMPTS / "real_estate_form", load_models(PROMPTS))


def filled_in(use_case: UseCase, answers: Mapping[str, Answers], found: list[Case]) -> dict[str, Work]:
    """The cases through the whole pipeline, by id; `answers` is what the model says for each, by step."""
    version = use_case.version()
    by_text = {f"제목: {case.input['title']}\n본문: {case.input['body']}": case.id for case in found}

    def script(request: ModelRequest) -> dict[str, Any]:
        assert request.schema_name is not None
        asked = next(turn.text for turn in reversed(request.messages) if turn.text in by_text)
        return answers[by_text[asked]][request.schema_name]

    async def run() -> dict[str, Work]:
        model = ScriptedModel(script)
        calls = Calls(lambda alias: model, version.catalogue, MemoryLedger(), Stamp("form", "r", "run"))
        works = (Work(_record(case)) for case in found)
        return {work.record.id: work async for work in Pipeline(version, calls).run(works)}

    return asyncio.run(run())


def _record(case: Case) -> Record:
    moment = datetime.fromisoformat(case.input["created_at"])
    return Record(case.id, case.input["article_id"], moment, case.input)


def copied(post: Listing) -> Answers:
    """What a model answers that copies what was said about the listing's home, and nothing else."""
    said = {name.removesuffix("_en"): text for name, text in post.quotes.items()}
    price = said.get("price", said.get("deposit"))
    monthly = post.said.get("deal") == "월세"
    rent = said.get("rent", price) if monthly else None
    return {"price": {"price_quote": price, "rent_quote": rent, "fee_quote": said.get("fee")}}


def wrong(use_case: UseCase, case: Case, work: Work) -> dict[str, Any]:
    """Labelled fields of which the result is not right: expected and got. Of a rejected one all are wrong."""
    specs = use_case.version().result.specs
    if work.result is None:
        return dict(case.expected)
    return {
        name: (value, work.result[name], case.input["body"])
        for name, value in case.expected.items()
        if not evaluate(specs[name], value, work.result[name], case.input).correct
    }


def test_words_alone_and_a_model_that_copies_right_fill_the_generated_forms(use_case: UseCase) -> None:
    families = [family for family in FAMILIES for _ in range(EACH)]
    answers = {
        case.id: copied(listing(number, family, case.input["created_at"])[0])
        for number, (family, case) in enumerate(zip(families, CASES.values(), strict=True), 1)
    }
    works = filled_in(use_case, answers, list(CASES.values()))
    sizes = Counter(case.split for case in CASES.values())
    mistakes = Counter(
        (case.split, name) for case in CASES.values() for name in wrong(use_case, case, works[case.id])
    )
    shares = {(split, name): 1 - count / sizes[split] for (split, name), count in mistakes.items()}
    assert {place: share for place, share in shares.items() if share < LEAST_BY_WORDS[place[0]]} == {}
    assert {trace.rung for work in works.values() for trace in work.traces.values() if trace.calls} == {
        "strict"
    }


def test_every_labelled_quote_stands_in_the_text_and_only_beside_what_it_proves() -> None:
    for case in CASES.values():
        text = f"{case.input['title']} {case.input['body']}"
        for quote, (proven, _) in QUOTED.items():
            said = any(case.expected[name] is not None for name in proven)
            assert said == (case.expected[quote] is not None), (case.id, quote)
            assert not said or is_quoted(case.expected[quote], text), (case.id, quote)
        for name in ("options_inside", "options_outside"):
            assert all(is_quoted(word, text) for word in case.expected[f"{name}_quotes"]), case.id
            assert bool(case.expected[name]) == bool(case.expected[f"{name}_quotes"]), case.id


def test_each_kind_of_input_is_in_both_splits() -> None:
    kinds = {
        split: {word for case in CASES.values() if case.split == split for word in case.slices}
        for split in ("dev", "test")
    }
    assert kinds["dev"] == kinds["test"] >= {"short", "long", "negation", "location", "mixed", "english"}


def test_homes_have_floors_and_areas_of_their_kind() -> None:
    for case in CASES.values():
        said, kind = case.expected, case.expected["home"]
        if kind is not None and said["total_floors"] is not None:
            assert FLOORS[kind][0] <= said["total_floors"] <= FLOORS[kind][1], case.id
        if kind is not None and said["area_m2"] is not None:
            assert AREAS[kind][0] - 2 <= said["area_m2"] <= AREAS[kind][1] + 2, case.id


def test_the_hand_written_labels_stand_in_words_that_the_readers_understand(use_case: UseCase) -> None:
    missing = {
        (case.id, name)
        for case in load_cases(use_case, use_case.version())
        if case.id.startswith("re-h")
        for name, value in case.expected.items()
        if name in {*READERS, "move_in"} and value is not None and not _is_said(case.record, name, value)
    }
    assert missing == BEYOND_THE_READERS


def _is_said(record: Record, name: str, value: Any) -> bool:
    """Whether some words of the listing, at most seven in a row, read as this value."""
    words = f"{record.data['title']} {record.data['body']}".split()
    pieces = {" ".join(words[start : start + n]) for start in range(len(words)) for n in range(1, 8)}
    if name == "move_in":
        return value in {parse_move_in(piece, record.time) for piece in pieces}
    got = {FILTERS[READERS[name]](piece) for piece in pieces} - {None}
    return any(
        one == pytest.approx(value, abs=0.02) if isinstance(value, float) else one == value for one in got
    )


def test_what_a_silent_model_leaves_out_words_fill_in(use_case: UseCase) -> None:
    case = CASES["re-0001"]
    work = filled_in(use_case, {case.id: EMPTY}, [case])[case.id]
    assert work.result is not None
    assert {name: work.result[name] for name in FROM_THE_MODEL} == {
        name: case.expected[name] for name in FROM_THE_MODEL
    }
    assert work.result["price_quote"] in f"{case.input['title']}\n{case.input['body']}"


@pytest.mark.parametrize(
    ("body", "asks"),
    [
        pytest.param("보증금 500에 월세 42", False, id="both named"),
        pytest.param("500/45, 관리비 5만", False, id="a pair"),
        pytest.param("전세 1억 8천", False, id="a deposit alone"),
        pytest.param("월세 45", True, id="no deposit"),
        pytest.param("반전세 보증금 1억 월세 30", False, id="half a lease"),
        pytest.param("매매가 6억, 5억7천으로 내렸어요", True, id="lowered"),
        pytest.param("기존 전세 3억, 지금 2억 8천", True, id="an older one"),
        pytest.param("전세 3억(2억8천으로 인하)", True, id="lowered in brackets"),
        pytest.param("계약 전에 확인하세요. 전세 3억", False, id="a word that only sounds like lowering"),
        pytest.param("Asking 500 million won", True, id="a number in words"),
        pytest.param("래미안 3단지 아파트 전세", True, id="a number that is none"),
    ],
)
def test_the_model_is_asked_only_where_words_do_not_say_what_is_paid(
    use_case: UseCase, body: str, asks: bool
) -> None:
    case = CASES["re-0001"]
    changed = Case(case.id, {**case.input, "title": "집 내놔요", "body": body}, {})
    work = filled_in(use_case, {case.id: EMPTY}, [changed])[case.id]
    assert (work.traces["price"].calls > 0) is asks


def test_where_neither_a_model_nor_a_word_says_an_amount_there_is_none(use_case: UseCase) -> None:
    case = CASES["re-0001"]
    told = {"title": "오피스텔 내놔요", "body": "3층, 전용 25평, 1월 5일 입주"}
    changed = Case(case.id, {**case.input, **told}, {})
    work = filled_in(use_case, {case.id: EMPTY}, [changed])[case.id]
    assert work.result is not None and {work.result[name] for name in FROM_THE_MODEL} == {None}


@pytest.mark.parametrize(
    "invented", [{"price_quote": "보증금 99억"}, {"price_quote": "9억", "rent_quote": "77만"}]
)
def test_what_a_model_invents_is_as_if_it_had_said_nothing(
    use_case: UseCase, invented: dict[str, Any]
) -> None:
    case = CASES["re-0001"]
    answers = {"price": {**EMPTY["price"], **invented}}
    work = filled_in(use_case, {case.id: answers}, [case])[case.id]
    silent = filled_in(use_case, {case.id: EMPTY}, [case])[case.id]
    assert work.result == silent.result and work.rejection is None


def test_words_of_the_listing_that_give_no_value_are_not_published_as_quotes(use_case: UseCase) -> None:
    case, canary = CASES["re-0001"], "VEXILON9457"
    changed = Case(case.id, {**case.input, "body": f"{case.input['body']}\n{canary}"}, {})
    answers = {"price": {"price_quote": canary, "rent_quote": canary, "fee_quote": canary}}
    work = filled_in(use_case, {case.id: answers}, [changed])[case.id]
    assert work.result is not None and canary not in json.dumps(work.result)


def test_every_filled_field_stands_beside_words_of_the_listing(use_case: UseCase) -> None:
    quotes = {
        "home": "home_quote",
        "deal": "deal_quote",
        "price_krw": "price_quote",
        "deposit_krw": "price_quote",
        "rent_krw": "rent_quote",
        "maintenance_krw": "maintenance_quote",
        "floor": "floor_quote",
        "floor_kind": "floor_quote",
        "total_floors": "total_floors_quote",
        "area_m2": "area_quote",
        "area_pyeong": "area_quote",
        "move_in": "move_in_quote",
    }
    case = CASES["re-0017"]
    post, title, body = listing(17, FAMILIES[1], case.input["created_at"])
    work = filled_in(use_case, {case.id: copied(post)}, [case])[case.id]
    assert work.result is not None and set(quotes) | {"options_inside", "options_outside"} <= set(work.result)
    for name, quote in quotes.items():
        assert work.result[name] is None or is_quoted(work.result[quote], f"{title} {body}"), name


def test_a_home_above_its_own_roof_is_rejected(use_case: UseCase) -> None:
    case = CASES["re-0001"]
    changed = Case(case.id, {**case.input, "title": "원룸 월세", "body": "9층, 총 4층"}, {})
    work = filled_in(use_case, {case.id: EMPTY}, [changed])[case.id]
    assert work.rejection is not None and work.rejection.reason == "rule_broken"
    assert "floor_is_in_the_building" in json.dumps(work.rejection.message)


@pytest.mark.parametrize(
    ("title", "body", "price", "home", "deal"),
    [
        pytest.param("급매", "초등학교 옆 아파트 매매 2억", "매매 2억", "아파트", "매매", id="sale"),
        pytest.param("내놓아요", "역 근처 전세 2억 원룸", "전세 2억", "원룸", "전세", id="jeonse"),
        pytest.param("햇살상가 옆 투룸", "1000/50", "1000/50", "투룸", "월세", id="title"),
        pytest.param("Home", "apartment near the school, jeonse 2억", "2억", "아파트", "전세", id="English"),
        pytest.param("나와요", "한빛아파트 건너편 500/45", "500/45", None, "월세", id="pair"),
        pytest.param("투룸", "100/100", "100/100", "투룸", "월세", id="equal pair"),
        pytest.param("투룸", "2억이면 됩니다", "2억", "투룸", None, id="one amount"),
        pytest.param("투룸", "월 60 (보증금 협의)", "월 60", "투룸", "월세", id="a rent"),
    ],
)
def test_what_is_nearby_hides_no_deal_and_is_no_home(
    use_case: UseCase, title: str, body: str, price: str, home: str | None, deal: str | None
) -> None:
    case = CASES["re-0001"]
    changed = Case(case.id, {**case.input, "title": title, "body": body}, {})
    answer = {"price": {"price_quote": price, "rent_quote": None, "fee_quote": None}}
    result = filled_in(use_case, {case.id: answer}, [changed])[case.id].result
    assert result is not None and (result["home"], result["deal"]) == (home, deal)


def test_a_type_of_flat_is_no_area(use_case: UseCase) -> None:
    case = CASES["re-0001"]
    changed = Case(case.id, {**case.input, "title": "25평형 아파트 전세", "body": "전용 59㎡(25평형)"}, {})
    result = filled_in(use_case, {case.id: EMPTY}, [changed])[case.id].result
    assert result is not None
    assert result["area_quote"] == "전용 59㎡(25평형)"
    assert (result["area_m2"], result["area_pyeong"]) == (59.0, 17.85)


@pytest.mark.parametrize(
    ("title", "body", "said"),
    [
        pytest.param(
            "원룸 500/40",
            "4층 12/1 입주 가능",
            {"floor": 4, "total_floors": None, "move_in": "2026-12-01"},
            id="a date is no pair of floors",
        ),
        pytest.param(
            "투룸 200/38 3층",
            "주차 가능",
            {"floor": 3, "total_floors": None, "deposit_krw": 2_000_000},
            id="nor is what is paid",
        ),
        pytest.param(
            "투룸", "3층/2룸/주차가능", {"floor": 3, "total_floors": None}, id="nor a number of rooms"
        ),
        pytest.param("투룸", "전세 1억. 5층 (엘베 없음)", {"floor": 5}, id="floor and a denial"),
        pytest.param("원룸", "4층인데 엘베 없어요", {"floor": 4}, id="floor and a denial in one piece"),
        pytest.param(
            "아파트 로얄층", "12/20층 남향", {"floor": 12, "total_floors": 20}, id="a floor without a number"
        ),
        pytest.param("복층 원룸 500/50", "7층이고 층고 높아요", {"floor": 7}, id="a word that only holds 층"),
        pytest.param(
            "아파트", "지하 2층 주차장, 10층/20층", {"floor": 10, "floor_kind": "numbered"}, id="cars below"
        ),
        pytest.param(
            "빌라", "반지하 아닙니다. 2층", {"floor": 2, "floor_kind": "numbered"}, id="denied floor"
        ),
        pytest.param(
            "원룸", "3층이고 엘베 있어요. 건물은 5층", {"floor": 3, "total_floors": 5}, id="how high it is"
        ),
        pytest.param(
            "두 곳", "먼저 원룸, 1층. 다른 하나는 2/5층", {"floor": 1, "total_floors": None}, id="two homes"
        ),
        pytest.param("옥탑방 200에 30", "에어컨", {"home": None, "deal": "월세"}, id="a deposit is no room"),
        pytest.param("자취방 2층", "보증금 500 월세 40", {"home": None, "floor": 2}, id="nor a floor"),
        pytest.param("방 세놓습니다", "500/40", {"home": None}, id="nor a word that begins like a number"),
        pytest.param("내놔요", "이사 가게 되어 올립니다 500/40", {"home": None}, id="going is no shop"),
        pytest.param("방 세 개", "500/40", {"home": "쓰리룸"}, id="three rooms"),
        pytest.param(
            "투룸 800/45",
            "전세대출 이자보다 싸요",
            {"deal": "월세", "deposit_krw": 8_000_000, "rent_krw": 450_000},
            id="a loan is no deal",
        ),
        pytest.param(
            "오피스텔 팝니다",
            "임대중. 매매가 2억, 임대인 거주",
            {"deal": "매매", "price_krw": 200_000_000},
            id="nor one who lets",
        ),
        pytest.param(
            "투룸 월세 1000/50 전세 1억도 가능",
            "2층",
            {"deal": "월세", "deposit_krw": 10_000_000, "rent_krw": 500_000},
            id="two deals",
        ),
        pytest.param(
            "아파트 매매 8억 (전세 5억 세입자 있음)",
            "남향",
            {"deal": "매매", "price_krw": 800_000_000},
            id="sold with its tenant",
        ),
        pytest.param(
            "원룸 보1000 월60",
            "2층",
            {"deal": "월세", "deposit_krw": 10_000_000, "rent_krw": 600_000},
            id="보 is a deposit",
        ),
        pytest.param(
            "원룸 보증금 300",
            "관리비 포함 월세 45만원",
            {"maintenance_krw": 0, "rent_krw": 450_000},
            id="a fee in the rent",
        ),
        pytest.param(
            "원룸 500/40",
            "관리비 없고 수도 월 1만",
            {"maintenance_krw": 0},
            id="no fee, and what water costs",
        ),
        pytest.param(
            "원룸 500/40",
            "관리비(수도, 인터넷 포함) 7만원",
            {"maintenance_krw": 70_000, "maintenance_quote": "관리비(수도, 인터넷 포함) 7만원"},
            id="a fee behind its bracket",
        ),
        pytest.param(
            "원룸 500/40", "관리비 별도(약 10만원)", {"maintenance_krw": 100_000}, id="a fee in its bracket"
        ),
        pytest.param(
            "원룸 500/40",
            "세탁기는 공용. 냉장고 있고 침대는 가져가요, 책상은 협의",
            {"options_inside": ["냉장고"]},
            id="what is not left in the home",
        ),
        pytest.param(
            "원룸 500/40",
            "엘베 없음 주차 가능 CCTV 있음. 옥상 공용",
            {"options_outside": ["주차", "CCTV", "옥상"]},
            id="a denial takes only its own thing",
        ),
        pytest.param("원룸", "엘베 無 / 주차 無", {"options_outside": []}, id="a denial in one letter"),
        pytest.param(
            "아파트",
            "2018년 3월 입주한 아파트, 즉시입주 가능",
            {"move_in": "now", "move_in_quote": "즉시입주 가능"},
            id="a day that was over",
        ),
        pytest.param("원룸", "현 세입자 12월 20일 퇴거", {"move_in": "2026-12-20"}, id="another leaves"),
        pytest.param("원룸", "CCTV. 12.5 입주", {"move_in": "2026-12-05"}, id="a day with a dot"),
        pytest.param(
            "투룸 20평대", "10평대 초반", {"area_m2": None, "area_quote": None}, id="about so large"
        ),
    ],
)
def test_what_words_alone_say_of_a_home(
    use_case: UseCase, title: str, body: str, said: dict[str, Any]
) -> None:
    case = CASES["re-0001"]
    changed = Case(case.id, {**case.input, "title": title, "body": body}, {})
    result = filled_in(use_case, {case.id: EMPTY}, [changed])[case.id].result
    assert result is not None and {name: result[name] for name in said} == said
