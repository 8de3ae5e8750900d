"""When one may move in, counted from the day of the listing."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.korean_move_in import parse_move_in

WRITTEN = datetime(2026, 11, 20, 9, 0)

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
    "2018년 3월 준공, 12월 5일 입주": "2026-12-05",
    "2018.03.01 준공 2026.12.15 입주": "2026-12-15",
    "2024년 3월 올수리, 1/15 입주": "2027-01-15",
    "4/5층 즉시입주": "now",
    "5/10층 입주": None,
    "이사 2.5톤": None,
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


@pytest.mark.parametrize(("text", "when"), MOVES.items())
def test_a_move_in_date_is_counted_from_the_day_of_the_listing(text: str, when: str | None) -> None:
    assert parse_move_in(text, WRITTEN) == when


@given(st.integers(0, 334))
def test_every_day_of_the_coming_months_is_read_back(days: int) -> None:
    day = date(2026, 11, 20) + timedelta(days=days)
    for text in (f"{day.month}월 {day.day}일", f"{day:%Y.%m.%d}", f"{day:%y}년 {day.month}월 {day.day}일"):
        assert parse_move_in(text, WRITTEN) == day.isoformat()
