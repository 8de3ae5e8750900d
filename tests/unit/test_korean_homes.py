"""What listings of homes say that is paid, as people write it, and all their readers together."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.korean import parse_krw, parse_krw_in_man
from furrow.config.korean_areas import parse_m2
from furrow.config.korean_floors import parse_floor, parse_total_floors
from furrow.config.korean_homes import (
    FILTERS,
    bracketed_fees,
    names_rent,
    parse_deposit,
    parse_fee,
    parse_rent,
    reading,
)
from furrow.config.korean_move_in import parse_move_in
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
    "관리비 포함되지 않습니다 7만원": 70_000,
    "관리비는 포함되어 있지 않아요 10만": 100_000,
    "관리비(포함: 수도) 7만": 70_000,
    "관리비 포함사항 수도 8만": 80_000,
    "관리비 포함 여부 문의 7만": 70_000,
    "관리비 무료 아님 3만": 30_000,
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
    "관리비(포함: 수도, 인터넷) 7만": ["관리비(포함: 수도, 인터넷) 7만"],
    "관리비(수도) 3층": [],
    "관리비 (수도) 3룸": [],
    "관리비(수도포함) 1.5층": [],
    "관리비(수도 포함) 12월 입주": [],
    "관리비(인터넷) 1000에 50": [],
    "관리비(수도) 1,000/50": [],
    "관리비(전기 별도) 010-1234-5678": [],
    "관리비(수도)\n7만원": [],
    "관리비(수도) 500/40": [],
    "관리비 7만(수도 포함)": [],
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


@pytest.mark.parametrize("text", ["500/45", "100/100", "월 60", "보증금 500 월 45", "천에 50", "월세 65만원"])
def test_a_rent_is_known_by_its_word_or_its_place(text: str) -> None:
    assert names_rent(text)


@pytest.mark.parametrize("text", ["2억", "보증금 500", "45만", "관리비 5", "협의", "", None])
def test_one_amount_alone_is_no_rent(text: str | None) -> None:
    assert not names_rent(text)


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


@given(st.text(alphabet="0123456789,.만천백억원평㎡m2층/ 월세보증금관리비지하반총중초말년일", max_size=250))
def test_no_text_makes_a_reader_fail(text: str) -> None:
    for name, reader in FILTERS.items():
        if name == "move_in":
            parse_move_in(text, WRITTEN)
        elif name not in ("named", "naming", "first_named", "reading", "left_in_the_home"):
            value = reader(text)
            assert value is None or isinstance(value, str | list) or value >= -99
