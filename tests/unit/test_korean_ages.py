"""Age ranges out of the words of group descriptions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.korean_ages import Ages, age_least, age_most, parse_ages
from furrow.config.templates import Expression


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("20대", 20, 29),
        ("2030", 20, 39),
        ("3040 직장인", 30, 49),
        ("203040", 20, 49),
        ("30대 후반", 37, 39),
        ("20대 초반 모임", 20, 23),
        ("40대 중반", 44, 46),
        ("20대 후반~30대 중반", 27, 36),
        ("20대에서 40대", 20, 49),
        ("20~30대", 20, 39),
        ("50대 이상", 50, None),
        ("40대까지", None, 49),
        ("25~35세", 25, 35),
        ("25살부터 35살", 25, 35),
        ("19세 이상", 19, None),
        ("45세 이하", None, 45),
        ("30세 미만", None, 29),
        ("88~95년생", 31, 38),
        ("1990-1999년생", 27, 36),
        ("01년생", 25, 25),
        ("95년생까지", 31, None),
        ("95년생부터", None, 31),
        ("people in their 30s", 30, 39),
        ("20s to 40s", 20, 49),
        ("ages 25 to 40 years old", 25, 40),
        ("over 50 years old", 50, None),
        ("２０대", 20, 29),
    ],
)
def test_ages_are_read(text: str, least: int | None, most: int | None) -> None:
    assert parse_ages(text, 2026) == Ages(least, most)


OTHER_NUMBERS = ["회원 30명", "회비 2000원", "2030년", "매주 20시", "오후 7시 30분", "300대", "999세"]


@pytest.mark.parametrize("text", [None, "", "누구나", "나이 무관", *OTHER_NUMBERS])
def test_other_numbers_are_no_ages(text: str | None) -> None:
    assert parse_ages(text, 2026) is None


def test_years_of_birth_need_a_year_to_count_from() -> None:
    assert parse_ages("88~95년생") is None


def test_authors_use_the_ends_as_filters() -> None:
    expression = Expression("[x | age_least(2026), x | age_most(2026)]", "steps.yaml", 1)
    assert expression.evaluate({"x": "30대 이상"}) == [30, None]


@given(st.text(alphabet="0123456789대세살년생초중후반~이상 미만까지", max_size=30), st.integers(1990, 2050))
def test_a_range_never_runs_backwards(text: str, year: int) -> None:
    least, most = age_least(text, year), age_most(text, year)
    assert least is None or most is None or least <= most
