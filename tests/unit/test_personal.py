"""What counts as personal data in a text, and what looks like it and is not."""

from __future__ import annotations

import datetime
import random
import uuid
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.models import MaskKind
from furrow.engine.personal import find_personal

KINDS: tuple[MaskKind, ...] = ("phone", "rrn", "account", "email", "card", "link")
PERSONAL: dict[MaskKind, list[str]] = {
    "phone": [
        "010-1234-5678",
        "010 1234 5678",
        "01012345678",
        "010.1234.5678",
        "010·1234·5678",
        "010_1234_5678",
        "010/1234/5678",
        "010~1234~5678",
        "010)1234-5678",
        "010\n1234\n5678",
        "011-234-5678",
        "０１０－１２３４－５６７８",
        "𝟎𝟏𝟎-𝟏𝟐𝟑𝟒-𝟓𝟔𝟕𝟖",
        "0️⃣1️⃣0️⃣-1️⃣2️⃣3️⃣4️⃣-5️⃣6️⃣7️⃣8️⃣",
        "010\u200b1234\u200b5678",
        "O1O-1234-5678",
        "ㅇ1ㅇ-1234-5678",
        "010ㅡ1234ㅡ5678",
        "공일공-일이삼사-오육칠팔",
        "공일공 일이삼사 오육칠팔",
        "공일공일이삼사오육칠팔",
        "공일공 다시 일이삼사 다시 오육칠팔",
        "공1공-1234-5678",
        "0 1 0 1 2 3 4 5 6 7 8",
        "0.1.0.1.2.3.4.5.6.7.8",
        "+82 10-1234-5678",
        "+82(0)10-1234-5678",
        "+821012345678",
        "82-10-1234-5678",
        "02-123-4567",
        "(02)123-4567",
        "031-555-1234",
        "070-1234-5678",
        "0507-1234-5678",
        "+1 415 555 2671",
    ],
    "rrn": [
        "900101-1234568",
        "900101-1234567",
        "9001011234567",
        "900101 - 1234567",
        "900101 1234567",
        "999999-1234567",
        "９００１０１－１２３４５６７",
        "900101-1******",
        "9 0 0 1 0 1 - 1 2 3 4 5 6 7",
        "구공공일공일-일이삼사오육칠",
        "050101-3234567",
    ],
    "account": ["110-123-456789", "302-1234-5678-91", "3333-01-1234567", "123456-04-123456"],
    "email": [
        "kim.cs@naver.com",
        "kim+used@mail.example.co.kr",
        "kim @ naver.com",
        "kim골뱅이naver.com",
        "kim골뱅이naver점com",
        "kim 골뱅이 네이버 점 컴",
        "kim(at)naver.com",
        "kim at gmail dot com",
        "ｋｉｍ＠ｎａｖｅｒ．ｃｏｍ",
        "홍길동@naver.com",
        "01012345678@naver.com",
    ],
    "card": ["4111-1111-1111-1111", "4111-1111-1111-1112", "4111 1111 1111 1111", "4111111111111111"],
    "link": ["https://open.kakao.com/o/abc", "www.evil.com/x", "bit.ly/3abc", "hxxp://evil.example/a?b=1"],
}
SURROUNDINGS = [
    ("", ""),
    ("연락 ", " 주세요"),
    ("call me: ", ", thanks"),
    ("(", ")"),
    ("번호는\n", "\n입니다"),
]
HARMLESS = [
    "35,000원",
    "3만5천원",
    "1,234,567,890원",
    "보증금 5000/55 관리비 10",
    "350000",
    "2026-11-24",
    "2024. 11. 30. 10시",
    "01/01/2024 10:30",
    "2024-01-01 ~ 2024-12-31",
    "20241124",
    "2026-11-24T09:00:00+09:00",
    "WH-1000XM4",
    "15Z90N i5-1135G7",
    "SM-S901NZKWKOO",
    "RTX3060 12GB",
    "255/55R18",
    "1920x1080 144Hz",
    "978-89-1234-567-8",
    "9788912345678",
    "KR-2024-1130-001",
    "59㎡ 15층/25층",
    "101동 1203호",
    "우리 아이 100 110 120 130 사이즈",
    "우리 2026-11-24 10:30",
    "하나 10,000,000,000원",
    "12:30~13:45",
    "이사 이사 오이 사과 일이 삼일",
    "a20261124001",
    "v1.2.3",
    "3.5점 만점에 5점",
    "1588-1234",
]


def pieces(text: str) -> list[tuple[str, str]]:
    return [(one.kind, text[one.start : one.end]) for one in find_personal(text, KINDS)]


@pytest.mark.parametrize("around", SURROUNDINGS)
@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in PERSONAL for value in PERSONAL[kind]])
def test_it_is_found_whole_wherever_it_stands(kind: str, value: str, around: tuple[str, str]) -> None:
    assert pieces(f"{around[0]}{value}{around[1]}") == [(kind, value)]


@pytest.mark.parametrize("value", ["010-1234-5678", "01012345678", "900101-1234567", "+1 415 555 2671"])
@pytest.mark.parametrize("particle", ["이에요", "이 제 번호", "로 연락", "입니다", "구요"])
def test_a_particle_behind_a_number_is_no_digit_of_it(value: str, particle: str) -> None:
    assert [text for _, text in pieces(f"번호는{value}{particle}")] == [value]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("국민은행 123456-04-123456 홍길동", "123456-04-123456"),
        ("계좌번호는 123-45-67890 입니다", "123-45-67890"),
        ("우리은행 1102123456789", "1102123456789"),
        ("토스뱅크 1000 1234 5678", "1000 1234 5678"),
        ("SC제일 104290711925", "104290711925"),
        ("대구 5042907119", "5042907119"),
        ("1002123456 (신한)", "1002123456"),
        ("my bank account is 5566778899", "5566778899"),
    ],
)
def test_an_account_is_found_beside_the_name_of_a_bank(text: str, number: str) -> None:
    assert [text for _, text in pieces(text)] == [number]


@pytest.mark.parametrize("around", SURROUNDINGS)
@pytest.mark.parametrize("value", HARMLESS)
def test_prices_dates_and_product_numbers_are_not_personal(value: str, around: tuple[str, str]) -> None:
    assert pieces(f"{around[0]}{value}{around[1]}") == []


@given(st.integers(0, 10**11))
def test_no_price_is_personal(won: int) -> None:
    assert pieces(f"가격 {won:,}원에 팔아요") == []


@given(st.dates())
def test_no_date_is_personal(day: object) -> None:
    assert pieces(f"입주 {day} 가능") == [] and pieces(str(day).replace("-", ".")) == []


@given(st.from_regex(r"[A-Z]{1,4}-?[0-9]{2,5}[A-Z]{0,3}[0-9]{0,2}", fullmatch=True))
def test_no_product_number_is_personal(number: str) -> None:
    assert pieces(f"소니 {number} 팝니다") == []


@given(st.from_regex(r"(?!tel|hp|ph|no|[a-z]?[tmp][0-9])[a-z]{1,3}[0-9]{1,14}", fullmatch=True))
def test_no_id_of_an_article_is_personal(number: str) -> None:
    """But for one that begins as people write "telephone": `m01012345678`."""
    assert pieces(number) == []


@given(st.integers(0, 2**128 - 1))
def test_no_uuid_is_personal(number: int) -> None:
    assert pieces(str(uuid.UUID(int=number))) == []


@given(st.from_regex(r"01[016789][-. ]?[0-9]{4}[-. ]?[0-9]{4}", fullmatch=True))
def test_every_mobile_number_is_found(number: str) -> None:
    assert pieces(f"문의 {number} 로")[0][1] == number


@given(st.integers(0, 99), st.integers(1, 12), st.integers(1, 31), st.integers(1, 8), st.integers(0, 999999))
def test_every_resident_number_is_found_whatever_its_check_digit(
    year: int, month: int, day: int, sex: int, rest: int
) -> None:
    for between in ("-", "", " - "):
        number = f"{year:02}{month:02}{day:02}{between}{sex}{rest:06}"
        assert pieces(f"주민번호 {number} 입니다") == [("rrn", number)]


def test_only_the_kinds_that_are_asked_for_are_found() -> None:
    text = "010-1234-5678 kim@naver.com"
    assert [one.kind for one in find_personal(text, ["email"])] == ["email"]
    assert find_personal(text, []) == []


def test_what_overlaps_is_one_piece_so_that_no_half_is_left() -> None:
    assert pieces("기업은행 010-1234-5678-01") == [("phone", "010-1234-5678-01")]
    assert pieces("https://t.me/kim@naver.com") == [("email", "https://t.me/kim@naver.com")]


@given(st.text(alphabet="0123456789-. 공일이삼사 oO@.a골뱅이점계좌+82", max_size=60))
def test_pieces_are_in_order_and_apart_in_any_text(text: str) -> None:
    found = find_personal(text, KINDS)
    assert all(one.start < one.end <= len(text) for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


def test_a_long_text_of_hard_places_ends() -> None:
    dice = random.Random(1)
    text = "".join(dice.choices(["골뱅이", "010-", "1 ", "계좌 ", "a@", "."], k=20_000))
    assert find_personal(text, KINDS) == find_personal(text, KINDS)


STYLES = {
    "digits": str,
    "Hangul": lambda digit: "공일이삼사오육칠팔구"[digit],
    "wide": lambda digit: "０１２３４５６７８９"[digit],
    "keycaps": lambda digit: f"{digit}\ufe0f\u20e3",
}
APART = ["-", " ", ".", "", "_", "·", " - ", "/", "~", "\u200b", " . ", "--", "－", "—"]


def written(groups: list[str], style: str, between: str, within: str) -> str:
    return between.join(within.join(STYLES[style](int(digit)) for digit in group) for group in groups)


any_style = (st.sampled_from(sorted(STYLES)), st.sampled_from(APART), st.sampled_from(["", " ", "\u200b"]))
surroundings = st.sampled_from(
    [("문의 ", " 로 연락"), ("번호는", "이에요"), ("T.", "."), ("(", ")"), ("hp ", "")]
)


@given(st.from_regex(r"[0-9]{8}", fullmatch=True), *any_style, surroundings)
def test_a_mobile_number_is_found_in_any_style(
    rest: str, style: str, between: str, within: str, around: tuple[str, str]
) -> None:
    number = written(["010", rest[:4], rest[4:]], style, between, within)
    text = f"{around[0]}{number}{around[1]}"
    assert any(number.strip() in text[one.start : one.end] for one in find_personal(text, KINDS))


@given(st.dates(), st.integers(1, 4), st.integers(0, 999999), *any_style, surroundings)
def test_a_resident_number_is_found_in_any_style(
    born: datetime.date, sex: int, rest: int, style: str, between: str, within: str, around: tuple[str, str]
) -> None:
    number = written([f"{born:%y%m%d}", f"{sex}{rest:06}"], style, between, within)
    text = f"{around[0]}{number}{around[1]}"
    assert any(number.strip() in text[one.start : one.end] for one in find_personal(text, KINDS))
