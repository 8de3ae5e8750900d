"""Areas of homes, in square metres and in 평."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.korean_areas import SQUARE_METRES_PER_PYEONG, parse_m2, parse_pyeong

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


@pytest.mark.parametrize(("text", "area"), AREAS.items())
def test_an_area_is_read_in_both_units(text: str, area: tuple[float | None, float | None]) -> None:
    assert (parse_m2(text), parse_pyeong(text)) == area


@given(st.integers(1, 99_999).map(lambda tenths: tenths / 10))
def test_every_area_comes_back_from_the_other_unit(area: float) -> None:
    assert parse_m2(f"{area}㎡") == area and parse_pyeong(f"{area}평") == area
    metres = parse_m2(f"{area}평")
    assert metres is not None and parse_pyeong(f"{metres}㎡") == pytest.approx(area, abs=0.01)
    assert metres == pytest.approx(area * SQUARE_METRES_PER_PYEONG, abs=0.006)
