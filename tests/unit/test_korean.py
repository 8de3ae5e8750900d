"""Price texts as people write them, and what they mean in won."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.korean import is_amount, parse_krw, parse_krw_in_man
from furrow.config.templates import Expression

WRITTEN = {
    "commas": ("35,000원", 35_000),
    "no_commas": ("40000원", 40_000),
    "no_won": ("15,000", 15_000),
    "won_sign": ("₩520,000", 520_000),
    "dot_as_thousands": ("35.000원", 35_000),
    "man": ("30만", 300_000),
    "man_won": ("68만원", 680_000),
    "space_before_won": ("5 만 원", 50_000),
    "man_and_cheon": ("3만5천원", 35_000),
    "man_space_cheon": ("5만 5천원", 55_000),
    "man_and_digits": ("3만 5000원", 35_000),
    "man_and_a_lone_digit": ("3만5", 35_000),
    "man_and_won_below_ten": ("3만5원", 30_005),
    "decimal_man": ("3.5만", 35_000),
    "decimal_comma_man": ("3,5만", 35_000),
    "bare_decimal": ("4.5", 45_000),
    "bare_decimal_with_particle": ("4.5에", 45_000),
    "two_decimals": ("12.75만원", 127_500),
    "cheon": ("8천원", 8_000),
    "cheon_and_baek": ("2천5백원", 2_500),
    "baek_man": ("2백만원", 2_000_000),
    "eok": ("1.2억", 120_000_000),
    "eok_and_man": ("1억 2500만원", 125_000_000),
    "eok_and_cheon": ("1억2천", 120_000_000),
    "hundreds_of_man": ("1,250만원", 12_500_000),
    "hangul": ("삼만오천원", 35_000),
    "hangul_tens": ("이십오만원", 250_000),
    "hangul_hundreds": ("백이십만원", 1_200_000),
    "hangul_without_won": ("삼만오천", 35_000),
    "one_man_unsaid": ("만원", 10_000),
    "one_cheon_unsaid": ("천원", 1_000),
    "full_width": ("３만５천원", 35_000),
    "full_width_commas": ("３５，０００원", 35_000),
    "zero_won": ("0원", 0),
    "surrounded": ("쿨거래 27만5천원 네고X 🙏", 275_000),
    "line_break": ("가격\n12만", 120_000),
    "robot_in_a_room": ("로봇청소기 20만 룸바 팝니다", 200_000),
    "room_spray": ("35000 room spray", 35_000),
    "polite_ending": ("3만 5천이요", 35_000),
    "man_and_digit_not_doubled": ("2만5", 25_000),
}

CHOSEN = {
    "lowered_from_to": ("12만원에서 10만원으로 내림", 100_000),
    "lowered_by_arrow": ("정가 55만 → 30만", 300_000),
    "lowered_by_plain_arrow": ("59000->48000", 48_000),
    "lowered_with_shared_unit": ("12 → 10만", 100_000),
    "lowered_twice": ("15만 → 13만 → 12만원", 120_000),
    "put_up_then_lowered": ("75만에 올렸는데 60만원", 600_000),
    "range_with_shared_unit": ("10~12만원", 100_000),
    "range": ("10만~12만", 100_000),
    "range_in_words": ("10만원에서 12만원 사이", 100_000),
    "new_price_first": ("정가 35만인데 24만", 240_000),
    "only_a_new_price": ("정가 35만", 350_000),
    "discount_second": ("68만 쿨거시 65만", 680_000),
    "piece_then_set": ("개당 6만 두개 11만", 60_000),
    "not_free_but_an_amount": ("나눔말고 5천원", 5_000),
    "free_delivery_and_an_amount": ("3만원 무료배송", 30_000),
    "model_number_first": ("아이폰13 70만원", 700_000),
    "capacity_first": ("256기가 35만", 350_000),
    "place_before": ("이천 3만원", 30_000),
    "age_before": ("만 2년 사용 35만", 350_000),
    "phone_number_before": ("010-1234-5678 3만", 30_000),
    "date_before": ("2026-11-20 3만", 30_000),
    "mileage_before": ("12만 8천km 380만원", 3_800_000),
}

FREE = ["나눔", "무료나눔", "무나", "무료", "공짜", "그냥 드려요", "그냥드립니다", "무료로 드려요"]

NO_PRICE = {
    "empty": "",
    "blank": "  \n",
    "words": "가격 제안 주세요",
    "date": "2026-11-20",
    "month_and_day": "12월 20일",
    "year": "2026년",
    "phone_number": "010-1234-5678",
    "capacity": "256기가",
    "shutter_count": "3천컷",
    "mileage": "12만km",
    "shoe_size": "270",
    "model_number": "RTX3060",
    "model_with_a_dash": "WH-1000",
    "place_with_cheon": "인천 직거래",
    "place_icheon_with_more": "이천 터미널",
    "age": "만 2년",
    "dollars": "$300",
    "dollar_word": "3000달러",
    "yen": "3만엔",
    "free_delivery": "무료배송",
    "delivery_is_free": "택배비 무료",
    "not_given_away": "나눔 아님",
    "won_alone": "원",
    "placeholder": "[전화1234]",
    "studio": "3 원룸",
    "beyond_any_price": "9" * 30 + "원",
}


@pytest.mark.parametrize(("text", "won"), WRITTEN.values(), ids=WRITTEN.keys())
def test_an_amount_is_read_as_written(text: str, won: int) -> None:
    assert parse_krw(text) == won


@pytest.mark.parametrize(("text", "won"), CHOSEN.values(), ids=CHOSEN.keys())
def test_of_several_numbers_the_asking_price_is_chosen(text: str, won: int) -> None:
    assert parse_krw(text) == won


@pytest.mark.parametrize("text", FREE)
def test_a_gift_costs_nothing(text: str) -> None:
    assert parse_krw(text) == 0


@pytest.mark.parametrize("text", NO_PRICE.values(), ids=NO_PRICE.keys())
def test_a_text_without_a_price_has_none(text: str) -> None:
    assert parse_krw(text) is None


@pytest.mark.parametrize(
    ("text", "won"),
    [("2만이고", 20_000), ("11.6만이에요", 116_000), ("3만 이상", 30_000), ("삼만오천원", 35_000)],
)
def test_a_particle_after_a_number_is_no_digit(text: str, won: int) -> None:
    assert parse_krw(text) == won
    assert parse_krw_in_man("전세 2억이고") == 200_000_000


@pytest.mark.parametrize("text", ["3만원", "2만", "3만5천", "오천원", "십만원"])
def test_a_text_that_is_one_amount_is_an_amount(text: str) -> None:
    assert is_amount(text) and Expression("text is amount", "steps.yaml", 1).evaluate({"text": text})


@pytest.mark.parametrize("text", ["원목", "만두", "만화책", "원두", "10만원권", "1400", "64기가", "백", ""])
def test_words_that_only_begin_like_an_amount_are_none(text: str) -> None:
    assert not is_amount(text)


def test_no_text_has_no_price() -> None:
    assert parse_krw(None) is None


@given(st.integers(1000, 10**12))
def test_every_amount_with_commas_is_read_back(won: int) -> None:
    assert parse_krw(f"{won:,}원") == won


@given(st.integers(1, 9999), st.integers(1, 9))
def test_every_amount_in_man_and_cheon_is_read_back(man: int, cheon: int) -> None:
    assert parse_krw(f"{man}만{cheon}천원") == man * 10_000 + cheon * 1000


@given(st.text(alphabet="0123456789,.만천백십억원일이삼 ~→-에서나눔x", max_size=80))
def test_no_text_makes_it_fail_and_no_price_is_negative(text: str) -> None:
    won = parse_krw(text)
    assert won is None or won >= 0
