"""Which words of a listing state what is paid, when nobody says which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.korean_homes import parse_deposit, parse_rent
from furrow.config.korean_payments import payments
from furrow.config.templates import Expression

MAN = 10_000
DEALS = ["매매", "전세", "월세", None]

STATED = [
    ("매매", "매매가 5억", "매매가 5억"),
    ("매매", "아파트 매매: 전세 끼고 매매, 전세 3억, 매매가 5억", "매매가 5억"),
    ("매매", "분양가는 6억 2,000만 원입니다", "분양가는 6억 2,000만 원"),
    ("매매", "매매가 4억9→4억6", "매매가 4억9→4억6"),
    ("매매", "매매 4억 1천 이에요", "매매 4억 1천"),
    ("매매", "asking 500,000,000 KRW", "asking 500,000,000 KRW"),
    ("매매", "500,000,000 won for sale", "500,000,000 won for sale"),
    ("매매", "price: KRW 350,000,000", "price: KRW 350,000,000"),
    ("전세", "푸르지오 2차 전세 3억", "전세 3억"),
    ("전세", "전세 3억/24평", "전세 3억"),
    ("전세", "보증금은 2억이고", "보증금은 2억"),
    ("전세", "전세가 삼억", "전세가 삼억"),
    ("월세", "보증금 500에 월세 42", "보증금 500에 월세 42"),
    ("월세", "보증금 3천 월세 105만원", "보증금 3천 월세 105만원"),
    ("월세", "보증금 2000/월 70", "보증금 2000/월 70"),
    ("월세", "월세 45 보증금 500", "월세 45 보증금 500"),
    ("월세", "보증금 500 월 45 관리비 월 5", "보증금 500 월 45"),
    ("월세", "월세 60만(관리비 포함)", "월세 60만"),
    ("월세", "월세 천에 50", "월세 천에 50"),
    ("월세", "보증금1000월세50", "보증금1000월세50"),
    ("월세", "융자 없음 500/45", "500/45"),
    ("월세", "월세５００／４５", "월세５００／４５"),
    ("월세", "rent 360,000 KRW a month", "rent 360,000 KRW a month"),
    ("월세", "500,000 KRW rent", "500,000 KRW rent"),
    ("월세", "2 bedroom rent 500,000 KRW", "rent 500,000 KRW"),
    ("월세", "studio, deposit 2,000,000 KRW, rent 360,000 KRW", "deposit 2,000,000 KRW, rent 360,000 KRW"),
    ("월세", "상가 임대 보3000 월180", "보3000 월180"),
    (None, "풀옵션 원룸 보1000 월60", "보1000 월60"),
    (None, "월45 보증500", "월45 보증500"),
    ("월세", "관리비 포함 월세 45만", "월세 45만"),
    ("월세", "관리비 없이 500/45", "500/45"),
    (None, "월세40/보500", "월세40/보500"),
    (None, "보500/월40/관6", "보500/월40"),
    (None, "free coffee 500/45", "500/45"),
    (None, "원룸 500/45 관리비 5", "500/45"),
    (None, "가격 500에 45", "가격 500에 45"),
    (None, "1000 / 50", "1000 / 50"),
    (None, "2000만/60만", "2000만/60만"),
    (None, "1억/105 주차가능", "1억/105"),
]
SILENT = [
    *[(None, text) for text in ("12/15 이사 가능", "5/10층", "방3/화2", "24/7", "1/15 입주", "2025/06 준공")],
    *[
        (None, text)
        for text in ("220/110V", "2024/25 시즌", "101/202호", "45/500", "5억에 2천 깎아", "전세 3억")
    ],
    *[
        (None, text)
        for text in ("월 45", "보증금 500", "정보 500 월 45", "보증금 500 관리비 월 5", "fee 500/45")
    ],
    *[("월세", text) for text in ("maintenance 70,000 won monthly", "무보증 45", "인근 시세 월세 70")],
    *[("월세", text) for text in ("주차비 월 5만", "관리비 월 7", "12월 45", "월세 5/10층", "월세 45~50")],
    *[("월세", text) for text in ("융자 2억", "권리금 500/45", "중개 월세 45", "[전화1]", "전세 3억")],
    *[
        ("전세", text)
        for text in ("래미안 3단지 아파트 전세", "59제곱미터 전세", "전세 3억 대출", "반전세 1억")
    ],
    *[("전세", text) for text in ("보증금 5천 월 50", "전세 2023 준공", "전세 500/45", "전세 3억대")],
    *[
        ("매매", text)
        for text in ("매매 3~4억", "급매 5억", "매매 5억에서 2천 내림", "전세 3억", "매매 500/45")
    ],
    ("교환", "매매가 5억"),
]


@pytest.mark.parametrize(("deal", "text", "span"), STATED)
def test_what_is_paid_is_found_as_it_stands(deal: str | None, text: str, span: str) -> None:
    assert payments([text], deal) == [span]


@pytest.mark.parametrize(("deal", "text"), SILENT)
def test_what_states_no_payment_of_the_deal_gives_nothing(deal: str | None, text: str) -> None:
    assert payments([text], deal) == []


def test_payments_come_in_the_order_of_the_texts() -> None:
    rule = Expression("texts | payments('월세')", "steps.yaml", 1)
    assert rule.evaluate({"texts": ["월세 45", "남향", "보증금 500"]}) == ["월세 45", "보증금 500"]


@given(
    st.integers(100, 99_999),
    st.integers(3, 99),
    st.sampled_from(
        ["{d}만/{r}만", "보증금 {d}만 월세 {r}", "보증금 {d}만에 월 {r}만원", "월세 {r} 보증금 {d}만원"]
    ),
)
def test_every_lease_is_found_and_read_back(deposit: int, rent: int, form: str) -> None:
    text = form.format(d=deposit, r=rent)
    (span,) = payments([f"투룸 {text}, 남향"], "월세")
    assert span == text and (parse_deposit(span), parse_rent(span)) == (deposit * MAN, rent * MAN)


LABELS = [
    "보증금",
    "월세",
    "월",
    "전세",
    "매매가",
    "가격",
    "관리비",
    "시세",
    "deposit",
    "rent",
    "KRW",
    "에",
    "층",
]
AMOUNTS = ["500", "45", "1억", "3천", "2", "만", "원", "이", "1.5", "５", "천", "㎡", "½", "\u1100\u1161"]
SIGNS = ["/", ",", "→", "~", "…", "[전화1]", " ", " a month"]
WORDS = st.sampled_from([*LABELS, *AMOUNTS, *SIGNS])


@given(st.lists(WORDS, max_size=25).map("".join) | st.text(max_size=250), st.sampled_from(DEALS))
def test_every_span_stands_in_its_text_and_can_be_read(text: str, deal: str | None) -> None:
    for span in payments([text], deal):
        assert span in text and 0 < len(span) <= 64
        assert parse_deposit(span) is not None or parse_rent(span) is not None
