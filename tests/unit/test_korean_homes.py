"""What listings of homes say, as people write it, and what it means."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.korean import parse_krw, parse_krw_in_man
from furrow.config.korean_homes import (
    FILTERS,
    SQUARE_METRES_PER_PYEONG,
    bracketed_fees,
    first_named,
    left_in_the_home,
    named,
    names_rent,
    naming,
    one_by_one,
    parse_deposit,
    parse_fee,
    parse_floor,
    parse_floor_kind,
    parse_m2,
    parse_move_in,
    parse_pyeong,
    parse_rent,
    parse_total_floors,
    reading,
    without_landmarks,
)
from furrow.config.templates import Expression
from furrow.engine.masking import LABELS

MAN = 10_000
WRITTEN = datetime(2026, 11, 20, 9, 0)

AMOUNTS = {
    "500": 500 * MAN,
    "8,500": 8500 * MAN,
    "2천": 2000 * MAN,
    "천": 1000 * MAN,
    "1억": 10_000 * MAN,
    "1억 5천": 15_000 * MAN,
    "1억2500": 12_500 * MAN,
    "2억 3,500만원": 23_500 * MAN,
    "3억5": 35_000 * MAN,
    "1.2억": 12_000 * MAN,
    "7억2천5백": 72_500 * MAN,
    "5만": 5 * MAN,
    "650,000원": 650_000,
    "650000": 650_000,
    "３억": 30_000 * MAN,
    "4억 1천 이에요": 41_000 * MAN,
    "4억 1천이요": 41_000 * MAN,
    "4억 1천 이상": 41_000 * MAN,
    "1억 5천 오피스텔": 15_000 * MAN,
    "1억 2천 일시불": 12_000 * MAN,
    "2억 천호동": 20_000 * MAN,
}
LEASES = {
    "보증금 2000/월 70": (2000, 70),
    "2000/70": (2000, 70),
    "1000에 50": (1000, 50),
    "천에 50": (1000, 50),
    "500-45": (500, 45),
    "보1000 월60": (1000, 60),
    "월40/보500": (500, 40),
    "월세 500/45": (500, 45),
    "보증금 500만원 월세 45만원": (500, 45),
    "월세 45 보증금 500": (500, 45),
    "보증금 3천 월 80": (3000, 80),
    "500 월45": (500, 45),
    "1억/30 (관리비 5)": (10_000, 30),
    "관리비 5, 1000/40": (1000, 40),
    "Deposit 10,000,000 KRW, rent 650,000 KRW": (1000, 65),
    "3,000,000 won deposit and 400,000 won monthly rent": (300, 40),
    "rent KRW 90,000 a month": (None, 9),
    "전세 1억 5천": (15_000, None),
    "매매가 7억": (70_000, None),
    "월 70만": (None, 70),
    "월세 65만원": (None, 65),
    "매매가 4억9→4억6": (46_000, None),
    "매매 1억1천에서 1억으로 내림": (10_000, None),
    "전세금 삼억": (30_000, None),
    "월세 1000/50 룸2": (1000, 50),
    "500/45 room for rent": (500, 45),
    "전세 1억2천 룸 3": (12_000, None),
    "2 bedroom rent 500,000 KRW": (None, 50),
    "1.5룸 월세 500/45": (500, 45),
    "방3/화2 전세 2억": (20_000, None),
    "매매 4억 1천이죠": (41_000, None),
    "매매 4억 1천이지만": (41_000, None),
    "매매 4억 1천이네요": (41_000, None),
    "전세 1억 5천 오피스텔": (15_000, None),
    "전세 1억 5천 사무실": (15_000, None),
    "전세 1억 5천 구축": (15_000, None),
    "전세 1억 2천 일시불": (12_000, None),
    "전세 2억 동향": (20_000, None),
    "1000/50 주차가능": (1000, 50),
    "1000/50 백석역": (1000, 50),
    "보증금 500 차임 45": (500, 45),
    "1000/50/5": (1000, 50),
    "2019.05.12 준공, 전세 2억": (20_000, None),
    "[전화1] 500/45": (500, 45),
    "협의": (None, None),
}
COUNTED = [
    *("망원동 3룸 월세", "방3/화2", "화 2", "욕1", "룸 3", "1.5룸", "2 bed flat", "3 rooms", "2-bedroom"),
    *(
        "푸르지오 2차 전세",
        "래미안 3단지",
        "59A타입",
        "84 타입",
        "25평형",
        "59제곱미터 전세",
        "59제곱",
        "40 sqm",
    ),
    *("40 sq m", "25py", "4bay", "강남대로 12길", "을지로 3가", "2호선", "3번출구"),
    *("2019-05-12", "2019.05.12 준공", "19.05.12", "19년", "2025/06 준공", "2025.06"),
    *("[전화1]", "[계좌2]", "[메일1]", "[이메일1]", "[링크1]", "[주민번호1]", "[카드1]"),
]
FEES = {
    "관리비 7만": 70_000,
    "관리비 5": 50_000,
    "관리비 50,000": 50_000,
    "관리비 150,000원": 150_000,
    "관리비 5만 (수도 포함)": 50_000,
    "관리비 없음": 0,
    "관리비 포함": 0,
    "관리비 0원": 0,
    "관리비 별도": None,
    "no maintenance fee": 0,
    "maintenance fee 70,000 KRW": 70_000,
    "관리비 포함 월세 45만": 0,
    "관리비 없고 수도 월 1만": 0,
    "관리비 없고 전기 5만": 0,
    "관리비는 없어요": 0,
    "관리비 0원 수도 월 1만": 0,
    "관리비 0.5만": 5_000,
    "관리비 x": 0,
    "관리비X": 0,
    "관리비 전기세 포함 7만": 70_000,
    "관리비(수도, 인터넷 포함) 7만원": 70_000,
    "관리비 별도(약 10만원)": 100_000,
    "KRW 50,000 maintenance": 50_000,
}
BRACKETS = {
    "관리비(수도, 인터넷 포함) 7만원 / 3층": ["관리비(수도, 인터넷 포함) 7만원"],
    "고층, 관리비 별도(약 10만원), 남향": ["관리비 별도(약 10만원)"],
    "관리비(7만 정도)": ["관리비(7만 정도)"],
    "관리비(포함)": ["관리비(포함)"],
    "관리비(포함) 월 45": ["관리비(포함)"],
    "관리비 별도(전기 5만)": [],
    "관리비(수도) 3층": [],
    "관리비(수도) 500/40": [],
    "관리비 7만(수도 포함)": [],
}
AREAS = {
    "전용 59㎡ (약 18평)": (59.0, 18.0),
    "59.97m²": (59.97, 18.14),
    "이십이평": (72.73, 22.0),
    "33평형": (None, None),
    "전용 59㎡(25평형)": (59.0, 17.85),
    "전용 59㎡, 25평": (59.0, 17.85),
    "84㎡ / 실평수 18평": (59.5, 18.0),
    "공급 112㎡(34평) 전용 84.97㎡": (84.97, 25.7),
    "공급 84.5㎡ 전용 59.9㎡": (59.9, 18.12),
    "분양 25평, 실평수 18평": (59.5, 18.0),
    "26.4제곱미터": (26.4, 7.99),
    "40 sqm": (40.0, 12.1),
    "84A타입": (None, None),
    "3평점": (None, None),
    "20평대 아파트": (None, None),
    "10평대 초반": (None, None),
    "20평대지": (66.12, 20.0),
}
FLOORS = {
    "5층/15층": (5, 15, "numbered"),
    "5/15층": (5, 15, "numbered"),
    "사층 중 이층": (2, 4, "numbered"),
    "15층 중 5층": (5, 15, "numbered"),
    "총 15층 건물의 5층": (5, 15, "numbered"),
    "5층 (총15층)": (5, 15, "numbered"),
    "3층(5층 건물)": (3, 5, "numbered"),
    "5층짜리 빌라 3층": (3, 5, "numbered"),
    "3rd floor of 5": (3, 5, "numbered"),
    "2층": (2, None, "numbered"),
    "건물은 3층": (None, 3, "numbered"),
    "15층 건물": (None, 15, "numbered"),
    "반지하": (None, None, "semi_basement"),
    "반지하/4층": (None, 4, "semi_basement"),
    "지하 1층": (-1, None, "basement"),
    "옥탑": (None, None, "rooftop"),
    "저층/15층": (None, 15, "low"),
    "중층": (None, None, "middle"),
    "고/20": (None, 20, "high"),
    "남향": (None, None, None),
    "옥상 방수 완료, 3층": (3, None, "numbered"),
    "높은 층고, 1층": (1, None, "numbered"),
    "낮은 층간소음, 4층": (4, None, "numbered"),
    "3층 빌라": (3, None, "numbered"),
    "5층 오피스텔": (5, None, "numbered"),
    "전망 최고 5층": (5, None, "numbered"),
    "12층, 최고 20층": (12, 20, "numbered"),
    "옥상방": (None, None, "rooftop"),
    "투룸 200/38 3층": (3, None, "numbered"),
    "4층 12/1 입주 가능": (4, None, "numbered"),
    "3층/2룸/주차가능": (3, None, "numbered"),
    "3층/15평": (3, None, "numbered"),
    "3층 500/40 관리비 5": (3, None, "numbered"),
    "3층 24/7 CCTV": (3, None, "numbered"),
    "① 2층 원룸 500/40": (2, None, "numbered"),
    "원룸/3층/5평": (3, None, "numbered"),
    "월세 500/40/3층": (3, None, "numbered"),
    "월40/3층": (3, None, "numbered"),
    "500/40": (None, None, None),
    "층수: 3/12": (3, 12, "numbered"),
    "층: 12/25": (12, 25, "numbered"),
    "해당층/총층 3/12층": (3, 12, "numbered"),
    "4층/12": (4, 12, "numbered"),
    "3층/지상 5층": (3, 5, "numbered"),
    "3/12th floor": (3, 12, "numbered"),
    "10F/20F": (10, 20, "numbered"),
    "9층/4층": (9, 4, "numbered"),
    "지하철 5분 10층": (10, None, "numbered"),
    "지하주차장 있고 10층": (10, None, "numbered"),
    "지하 2층 주차장 10층/20층": (10, 20, "numbered"),
    "지하 2층 주차장": (None, None, None),
    "지하 1층 상가": (-1, None, "basement"),
    "반지하 아니고 1층입니다": (1, None, "numbered"),
    "반지하가 아닙니다": (None, None, None),
    "옥탑방 아님 4층": (4, None, "numbered"),
}
MOVES = {
    "즉시입주": "now",
    "공실": "now",
    "입주 협의": "negotiable",
    "즉시입주 협의가능": "now",
    "12월 초": "2026-12 early",
    "12월 중순": "2026-12 mid",
    "11월 말": "2026-11 late",
    "1월 15일": "2027-01-15",
    "12월 10일 이후 협의": "2026-12-10",
    "내년 2월": "2027-02",
    "2027.1.15": "2027-01-15",
    "27년 3월 1일": "2027-03-01",
    "1/15": "2027-01-15",
    "다음달 말": "2026-12 late",
    "이달 중순": "2026-11 mid",
    "from January 5": "2027-01-05",
    "5th January": "2027-01-05",
    "early March": "2027-03 early",
    "end of November": "2026-11 late",
    "December": "2026-12",
    "vacant": "now",
    "2018년 3월 입주한 아파트": None,
    "2018년 3월 입주 아파트 즉시입주": "now",
    "2026년 10월 입주 시작": None,
    "11월 2일 입주": "2026-11-02",
    "12월 20일 퇴거": "2026-12-20",
    "12.5 입주": "2026-12-05",
    "12.15부터 입주": "2026-12-15",
    "입주 12.15": "2026-12-15",
    "입주가능일: 1.5": "2027-01-05",
    "입주 1.5룸": None,
    "12.5평 입주": None,
    "전용 12.5": None,
    "2월 30일": None,
    "13월": None,
    "남향": None,
}


@pytest.mark.parametrize(("text", "won"), AMOUNTS.items())
def test_a_number_without_a_unit_counts_ten_thousand_won(text: str, won: int) -> None:
    assert parse_krw_in_man(text) == won


@pytest.mark.parametrize("text", ["12월 5일", "15층", "RTX3060", "26평", "이천 터미널", "$500", "", *COUNTED])
def test_what_counts_something_else_is_no_amount(text: str) -> None:
    assert parse_krw_in_man(text) is None and parse_deposit(text) is None and parse_rent(text) is None


@pytest.mark.parametrize("label", LABELS.values())
@given(number=st.integers(0, 9999))
def test_a_placeholder_of_personal_data_is_no_amount_area_or_floor(label: str, number: int) -> None:
    for text in (f"[{label}{number}]", f"보증금 [{label}{number}] 층 평", f"［{label}{number}］"):
        assert parse_krw(text) is None and parse_krw_in_man(text) is None
        assert parse_m2(text) is None and parse_floor(text) is None and parse_total_floors(text) is None


@pytest.mark.parametrize(("text", "lease"), LEASES.items())
def test_deposit_and_rent_are_told_apart(text: str, lease: tuple[int | None, int | None]) -> None:
    wanted = tuple(None if man is None else man * MAN for man in lease)
    assert (parse_deposit(text), parse_rent(text)) == wanted


@pytest.mark.parametrize(("text", "won"), FEES.items())
def test_a_fee_is_read_or_known_to_be_none(text: str, won: int | None) -> None:
    assert parse_fee(text) == won


@pytest.mark.parametrize(("text", "found"), BRACKETS.items())
def test_a_fee_is_found_with_its_bracket(text: str, found: list[str]) -> None:
    assert bracketed_fees(text) == found
    assert all(parse_fee(words) is not None for words in found)


@pytest.mark.parametrize(("text", "area"), AREAS.items())
def test_an_area_is_read_in_both_units(text: str, area: tuple[float | None, float | None]) -> None:
    assert (parse_m2(text), parse_pyeong(text)) == area


@pytest.mark.parametrize(("text", "floors"), FLOORS.items())
def test_the_floor_and_all_floors_are_told_apart(
    text: str, floors: tuple[int | None, int | None, str | None]
) -> None:
    assert (parse_floor(text), parse_total_floors(text), parse_floor_kind(text)) == floors


@pytest.mark.parametrize(("text", "when"), MOVES.items())
def test_a_move_in_date_is_counted_from_the_day_of_the_listing(text: str, when: str | None) -> None:
    assert parse_move_in(text, WRITTEN) == when


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


@pytest.mark.parametrize("text", ["500/45", "100/100", "월 60", "보증금 500 월 45", "천에 50", "월세 65만원"])
def test_a_rent_is_known_by_its_word_or_its_place(text: str) -> None:
    assert names_rent(text)


@pytest.mark.parametrize("text", ["2억", "보증금 500", "45만", "관리비 5", "협의", "", None])
def test_one_amount_alone_is_no_rent(text: str | None) -> None:
    assert not names_rent(text)


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
        *[(text, True) for text in ("풀옵션 입주 협의", "에어컨 가격은 협의", "책상은 두고 가요")],
    ],
)
def test_what_is_shared_or_taken_along_is_not_left_in_the_home(text: str, left: bool) -> None:
    assert bool(left_in_the_home([text])) is left


def test_the_texts_are_kept_that_a_reader_gives_a_value_of() -> None:
    texts = ["33평형", "남향", "전용 59㎡", "2층"]
    assert reading(texts, "m2") == ["전용 59㎡"]
    assert reading(texts, "floor_number") == ["2층"]
    assert reading(["500/45", "2억"], "names_rent") == ["500/45"]
    assert reading(["남향", "12월 초"], "move_in", WRITTEN) == ["12월 초"]
    with pytest.raises(KeyError):
        reading(texts, "metres")


def test_every_reader_is_a_filter_of_expressions() -> None:
    values = {"area": "18평", "when": "12월", "written": WRITTEN}
    assert Expression("area | m2", "steps.yaml", 1).evaluate(values) == 59.5
    assert Expression("when | move_in(written)", "steps.yaml", 1).evaluate(values) == "2026-12"


# --- round trips ---------------------------------------------------------------------------------------


def in_eok(man: int) -> str:
    """As people write an amount of 만원: `1억 2500만`, `3억`, `800만`."""
    eok, rest = divmod(man, 10_000)
    return " ".join([f"{eok}억"] * bool(eok) + [f"{rest}만"] * bool(rest or not eok))


@given(st.integers(1, 9_999_999))
def test_every_price_is_read_back(man: int) -> None:
    assert parse_krw_in_man(in_eok(man)) == man * MAN
    assert parse_krw_in_man(in_eok(man) + "원") == man * MAN
    assert parse_deposit(f"매매가 {in_eok(man)}원") == man * MAN


@given(st.integers(1, 99_999))
def test_every_bare_number_counts_man(man: int) -> None:
    assert parse_krw_in_man(f"{man}") == parse_krw_in_man(f"{man:,}") == man * MAN


@given(st.integers(1, 9), st.integers(0, 9))
def test_every_price_in_thousands_is_read_back(thousands: int, hundreds: int) -> None:
    text = f"{thousands}천" + f"{hundreds}백" * bool(hundreds)
    assert parse_krw_in_man(text) == (thousands * 1000 + hundreds * 100) * MAN


@given(
    st.integers(1, 99_999),
    st.integers(1, 999),
    st.sampled_from(
        ["{d}/{r}", "보증금 {d} 월세 {r}", "{d}에 {r}만원", "월세 {r} 보증금 {d}", "보{d}/월{r}"]
    ),
)
def test_every_lease_is_read_back(deposit: int, rent: int, form: str) -> None:
    text = form.format(d=deposit, r=rent)
    assert (parse_deposit(text), parse_rent(text)) == (deposit * MAN, rent * MAN)


@given(st.integers(1, 99_999).map(lambda tenths: tenths / 10))
def test_every_area_comes_back_from_the_other_unit(area: float) -> None:
    assert parse_m2(f"{area}㎡") == area and parse_pyeong(f"{area}평") == area
    metres = parse_m2(f"{area}평")
    assert metres is not None and parse_pyeong(f"{metres}㎡") == pytest.approx(area, abs=0.01)
    assert metres == pytest.approx(area * SQUARE_METRES_PER_PYEONG, abs=0.006)


@given(
    st.integers(1, 80),
    st.integers(0, 40),
    st.sampled_from(["{f}층/{t}층", "{f}/{t}층", "{t}층 중 {f}층", "총 {t}층의 {f}층", "{f}층(총 {t}층)"]),
)
def test_every_floor_is_read_back(floor: int, above: int, form: str) -> None:
    text = form.format(f=floor, t=floor + above)
    assert (parse_floor(text), parse_total_floors(text)) == (floor, floor + above)


@given(st.integers(0, 334))
def test_every_day_of_the_coming_months_is_read_back(days: int) -> None:
    day = date(2026, 11, 20) + timedelta(days=days)
    for text in (f"{day.month}월 {day.day}일", f"{day:%Y.%m.%d}", f"{day:%y}년 {day.month}월 {day.day}일"):
        assert parse_move_in(text, WRITTEN) == day.isoformat()


@given(st.text(alphabet="0123456789,.만천백억원평㎡m2층/ 월세보증금관리비지하반총중초말년일", max_size=250))
def test_no_text_makes_a_reader_fail(text: str) -> None:
    for name, reader in FILTERS.items():
        if name == "move_in":
            parse_move_in(text, WRITTEN)
        elif name not in ("named", "naming", "first_named", "reading", "left_in_the_home"):
            value = reader(text)
            assert value is None or isinstance(value, str | list) or value >= -99
