"""The filter `hashtags`: one spelling, no duplicates, nothing that points to a person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.hashtags import normalise_tags
from furrow.config.templates import Expression


@pytest.mark.parametrize(
    ("words", "tags"),
    [
        pytest.param(["#한강 공원", "한강공원", "한강-공원!"], ["한강공원"], id="one spelling"),
        pytest.param(["맛집", "카페", "맛집"], ["맛집", "카페"], id="the order of the first"),
        pytest.param(["ＢＲＵＮＣＨ", "Brunch"], ["brunch"], id="width and case"),
        pytest.param(["맛집😋", "카\u200b페"], ["맛집", "카페"], id="emoji and invisible letters"),
        pytest.param(["010-1234-5678", "공일공 12345678", "０１０１２３４５６７８"], [], id="phone numbers"),
        pytest.param(["a@b.co", "www.x.com", "https://x.io", "naver.com"], [], id="addresses"),
        pytest.param(["101동 202호", "1995"], [], id="a flat, a bare number"),
        pytest.param(["2인세트", "90년대"], ["2인세트", "90년대"], id="numbers with words"),
        pytest.param(["", "  ", "#", "가" * 21, None, 3], [], id="nothing to show"),
        pytest.param(None, [], id="no list"),
    ],
)
def test_words_become_hashtags(words: list[object] | None, tags: list[str]) -> None:
    assert normalise_tags(words) == tags


def test_a_tag_that_the_text_does_not_say_is_left_out() -> None:
    assert normalise_tags(["한강공원", "남산"], within="어제 한강 공원에서 놀았어요") == ["한강공원"]


def test_authors_use_it_as_a_filter() -> None:
    expression = Expression("(a.x + ['#B c']) | hashtags(within='A, b c')", "steps.yaml", 1)
    assert expression.evaluate({"a": {"x": ["A", "z"]}}) == ["a", "bc"]


@given(st.lists(st.text(max_size=30)))
def test_what_is_normal_stays_as_it_is(words: list[str]) -> None:
    once = normalise_tags(words)
    assert normalise_tags(once) == once and len(set(once)) == len(once)
