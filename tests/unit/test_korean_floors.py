"""The floor of a home, the floors of its building, and the kinds that have no number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.korean_floors import parse_floor, parse_floor_kind, parse_total_floors

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
    "지하방입니다": (None, None, "basement"),
    "지하에 헬스장 있어요": (None, None, None),
    "지하 창고 사용 가능": (None, None, None),
    "지하 커뮤니티센터, 5층": (5, None, "numbered"),
    "강남역 B2 출구": (None, None, None),
    "B 101호": (None, None, None),
    "B1동 원룸": (None, None, None),
    "반지하 아니고 1층입니다": (1, None, "numbered"),
    "반지하가 아닙니다": (None, None, None),
    "옥탑방 아님 4층": (4, None, "numbered"),
}


@pytest.mark.parametrize(("text", "floors"), FLOORS.items())
def test_the_floor_and_all_floors_are_told_apart(
    text: str, floors: tuple[int | None, int | None, str | None]
) -> None:
    assert (parse_floor(text), parse_total_floors(text), parse_floor_kind(text)) == floors


@given(
    st.integers(1, 80),
    st.integers(0, 40),
    st.sampled_from(["{f}층/{t}층", "{f}/{t}층", "{t}층 중 {f}층", "총 {t}층의 {f}층", "{f}층(총 {t}층)"]),
)
def test_every_floor_is_read_back(floor: int, above: int, form: str) -> None:
    text = form.format(f=floor, t=floor + above)
    assert (parse_floor(text), parse_total_floors(text)) == (floor, floor + above)
