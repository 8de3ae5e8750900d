"""Which names of a list the texts of listings name, and what only sounds like one."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from furrow.config.named_things import (
    first_named,
    left_in_the_home,
    named,
    naming,
    one_by_one,
    without_landmarks,
)


def test_names_are_found_by_their_other_words_and_not_when_they_are_denied() -> None:
    names = ["에어컨|에어콘", "냉장고", "주차|parking", "엘리베이터|엘베"]
    texts = ["LG 냉장고", "에어콘", "주차 불가", "엘베 없음", "좋은 집"]
    assert named(texts, names) == ["에어컨", "냉장고"]
    assert naming(texts, names) == ["LG 냉장고", "에어콘"]
    assert named(["Free Parking", "엘리 베이터"], names) == ["주차", "엘리베이터"]
    assert named(["CCTV"], ["TV", "CCTV"]) == ["CCTV"]
    assert named(["엘베 無"], names) == []


@pytest.mark.parametrize("text", ["씨씨티비", "시시 티비", "CC-TV", "C.C.T.V 있음", "cc 티비", "씨씨티브이"])
def test_no_spelling_of_cctv_names_a_television(text: str) -> None:
    assert named([text], ["TV|티비|티브이", "CCTV|씨씨티비|시시티비|CC티비|씨씨티브이"]) == ["CCTV"]


@pytest.mark.parametrize(
    ("text", "found"), [("ps5 디스크", True), ("PS5", True), ("GPS5", False), ("BA4", False)]
)
def test_a_latin_word_that_ends_in_a_digit_is_a_word_of_its_own(text: str, found: bool) -> None:
    assert bool(named([text], ["A4", "PS5"])) is found


@pytest.mark.parametrize("text", ["아침 대중교통", "2주 차이", "한옥 상가", "산책 상쾌", "경비 데스크"])
def test_a_word_of_two_letters_is_not_put_together_from_two_words(text: str) -> None:
    assert named([text], ["침대", "주차", "옥상", "책상", "비데"]) == []


DEALS = ["전세|jeonse", "월세|반전세|임대|rent", "매매|매도|팝니다|for sale"]
FIRST = {
    "투룸 월세 1000/50 전세 1억도 가능": "월세",
    "월세/전세 투룸": "월세",
    "아파트 매매 8억 (전세 5억 세입자 있음)": "매매",
    "Villa for sale, jeonse of 2억": "매매",
    "집 팝니다 전세 있음": "매매",
    "반전세 1억/30": "월세",
    "전세 아니고 반전세": "월세",
    "전세자금대출 됩니다": None,
    "전세대출 이자보다 싸요": None,
    "안심전세 가입": None,
    "전세보증보험 가능": None,
    "전세보증금 2억": "전세",
    "전세 3억 끼고 매매": "매매",
    "전세 끼고 매매": "매매",
    "전세 낀 매매": "매매",
    "전세를 끼고 매매": "매매",
    "전세(3억) 안고 매매": "매매",
    "임대 수익 좋은 상가 매매": "매매",
    "임대인 거주중": None,
    "임대차 계약": None,
    "임대중인 오피스텔 팝니다": "매매",
    "임대 중층": "월세",
    "임대 인천": "월세",
    "남향": None,
}


@pytest.mark.parametrize(("text", "deal"), FIRST.items())
def test_of_two_deals_the_first_in_the_text_is_named(text: str, deal: str | None) -> None:
    assert first_named(["남향", text], DEALS) == deal
    assert naming([text], DEALS) == ([text] if deal else [])


ROOMS = {
    **dict.fromkeys(["방 2개", "방2", "방 두개", "방 두 개", "방2/욕1", "방 2 거실"], "투룸"),
    **dict.fromkeys(["방3", "방 3개", "방3/2", "방 세 개", "방3 욕2", "방4"], "쓰리룸"),
    **dict.fromkeys(["옥탑방 200에 30", "자취방 2층", "방 300/30", "방 3/30", "방 2평", "방3월 입주"], None),
    **dict.fromkeys(["방 세놓습니다", "방 네고 가능", "방세 45", "방 넷플릭스", "방 두고 가요"], None),
    **dict.fromkeys(["이사가게 돼서", "이사 가게 되어 500/40", "멀리 가게 됐어요"], None),
    **dict.fromkeys(["가게 내놓아요", "1층 가게", "이사 나가는 가게"], "상가"),
}


@pytest.mark.parametrize(("text", "home"), ROOMS.items())
def test_a_home_is_named_by_its_rooms_and_by_no_word_that_begins_like_them(
    text: str, home: str | None
) -> None:
    homes = ["상가|가게", "쓰리룸|방 세개|방 3|방 4", "투룸|방 두개|방 2"]
    assert first_named([text], homes) == home


PROMPTS = Path(__file__).resolve().parents[2] / "prompts/real_estate_form/v1"
ORDINARY = {
    "풀오션뷰": [],
    "공부상 근린생활시설": [],
    "내장 고급 마감": [],
    "관리실비 별도": [],
    "에어컨 2대 가능": ["에어컨"],
    "C.C.T.V 있음": ["CCTV"],
    "씨씨티비 작동": ["CCTV"],
    "루프탑 카페": [],
    "루프톱 바 근방": [],
    "아침 데리러 옵니다": [],
    "아침 대중교통 편리": [],
    "청약 당첨 대기": [],
    "모든 옵션 협의": [],
    "옵션 전부 새것은 아님": [],
    "주방 빌트인 완비": [],
    "학습 상담 학원가": [],
    "컴퓨터 상가 인접": [],
    "번호 키핑": [],
    "전자 키오스크 매장": [],
    "스마트 락커룸": [],
    "평상형 마루": [],
    "빨래 세탁 건조대": [],
    "의류 건조 공간": [],
    "3구 전기 콘센트": [],
    "양문형 현관문": [],
    "아가사랑 어린이집": [],
    "냉동 냉장 물류": [],
    "하늘정원 아파트": [],
    "하늘마당 어린이집": [],
    "스카이가든 오피스텔": [],
    "외국인 거주자 가능": [],
    "장기 거주자 창고": [],
    "거주자 장기 계약": [],
    "한옥 상가주택": [],
    "산책 상쾌한 동네": [],
    "2주 차이": [],
    "거주 차량": [],
    "경비 데스크": [],
    "자전거 도로 인접": [],
    "자전거로 10분": [],
    "신발 함께 드려요": [],
    "옻 장판": [],
    "에어 컴프레서": [],
    "슈클로젯 있음": ["신발장"],
    "남향 채광 좋음": [],
    "역세권 도보 5분": [],
    "초중고 인접": [],
    "반려동물 협의": [],
    "리모델링 완료": [],
    "대출 가능": [],
    "자전거 보관대": ["자전거보관소"],
    "차 댈 곳 있음": ["주차"],
    "벽걸이티비": ["TV"],
    "드럼 세탁기": ["세탁기"],
}


def words_of(form: str) -> list[str]:
    """Names and their words, as a step reads them from the file."""
    with (PROMPTS / form).open(encoding="utf-8", newline="") as lines:
        return [f"{row['value']}|{row['words']}" for row in csv.DictReader(lines)]


@pytest.mark.parametrize(("text", "names"), ORDINARY.items())
def test_ordinary_phrases_of_listings_name_nothing_they_should_not(text: str, names: list[str]) -> None:
    assert named([text], [*words_of("inside.csv"), *words_of("outside.csv")]) == names


def test_no_word_of_the_form_holds_what_the_text_is_split_at() -> None:
    words = "|".join([*words_of("inside.csv"), *words_of("outside.csv")]).split("|")
    assert [word for word in words if set(word) & set("/·,()")] == []


LANDMARKS = {
    "초등학교 옆 아파트 매매 2억": "\n 아파트 매매 2억",
    "한강뷰아파트 바로 옆 원룸": "\n 원룸",
    "투룸 푸른숲아파트 단지 건너편": "투룸 \n",
    "달빛오피스텔 옆 건물": "\n 건물",
    "햇살상가 맞은편이고 1층": "\n이고 1층",
    "역근처 빌라": "\n 빌라",
    "원룸이에요 근처에 마트": "원룸이에요 근처에 마트",
    "옆에 공원": "옆에 공원",
    "apartment near the school": "apartment \n",
    "near KAIST 투룸": "\n 투룸",
    "near Seoul Station": "\n",
    "linear park": "linear park",
}


@pytest.mark.parametrize(("text", "rest"), LANDMARKS.items())
def test_a_place_that_is_only_nearby_is_cut_out_and_the_rest_stays(text: str, rest: str) -> None:
    assert without_landmarks(text) == rest


PIECES = {
    "엘베 없음 주차 가능 CCTV 있음": ["엘베 없음", "주차 가능", "CCTV 있음"],
    "엘베 없지만 주차 가능": ["엘베 없지만", "주차 가능"],
    "풀옵션이고 침대만 없음": ["풀옵션이고", "침대만 없음"],
    "에어컨 O 세탁기X 침대 X": ["에어컨 O", "세탁기X", "침대 X"],
    "냉장고 세탁기 없음": ["냉장고 세탁기 없음"],
    "BOX 침대": ["BOX 침대"],
    "반려동물 협의 에어컨 있음": ["반려동물 협의", "에어컨 있음"],
}


@pytest.mark.parametrize(("text", "pieces"), PIECES.items())
def test_what_is_said_of_one_thing_ends_where_the_next_begins(text: str, pieces: list[str]) -> None:
    assert one_by_one(text).split("\n") == pieces


@pytest.mark.parametrize(
    ("text", "left"),
    [
        *[
            (text, False)
            for text in ("세탁기 공용", "침대는 제가 가져가요", "냉장고 가져갑니다", "에어컨은 협의")
        ],
        *[
            (text, True)
            for text in ("풀옵션 입주 협의", "에어컨 가격은 협의", "책상은 두고 가요", "공용현관 풀옵션")
        ],
    ],
)
def test_what_is_shared_or_taken_along_is_not_left_in_the_home(text: str, left: bool) -> None:
    assert bool(left_in_the_home([text])) is left
