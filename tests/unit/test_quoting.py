"""Whether a text quotes another."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from furrow.config.quoting import is_quoted

TEXT = (
    "망원동 투룸 전세\n보증금  1억 5천, 1.5층 아님 15층 중 5층. 전용 33㎡3룸 (１０평)\n"
    "관리비 1,500,000원 옵션:에어컨/세탁기"
)
KOREAN = st.text(alphabet="가나다층억만천원 0123456789.,/\n㎡", min_size=1, max_size=30)


@pytest.mark.parametrize(
    "quote",
    [
        "전세",
        "보증금 1억 5천",
        "1억5천",
        "15층 중 5층",
        "5층",
        "33m2",
        "33㎡",
        "33 m2",
        "3룸",
        "10평",
        "에어컨",
        "투 룸",
        "전세 보증금",
    ],
)
def test_words_that_stand_in_the_text_are_quoted(quote: str) -> None:
    assert is_quoted(quote, TEXT)


@pytest.mark.parametrize(
    "quote",
    [
        pytest.param("월세", id="other words"),
        pytest.param("1 5층", id="a number torn apart"),
        pytest.param("3㎡", id="the end of a number"),
        pytest.param("1억 5", id="words that end early are fine, but not another number"),
        pytest.param("500,000원", id="the end of a number with commas"),
        pytest.param("1,500", id="the beginning of a number with commas"),
        pytest.param("전세 5층", id="words that do not stand together"),
        pytest.param("", id="nothing"),
        pytest.param(" \u200b\n", id="nothing that is seen"),
    ],
)
def test_other_words_are_not(quote: str) -> None:
    assert is_quoted(quote, TEXT) is (quote == "1억 5")


@given(KOREAN, KOREAN, KOREAN)
@example("1", "5층", "")
def test_a_piece_of_a_text_is_quoted_unless_it_cuts_a_number(before: str, quote: str, after: str) -> None:
    folded = unicodedata.normalize("NFKC", quote).strip()
    assume(folded)
    cuts = folded[0].isdigit() and re.search(r"[\d.,]\s*$", before)
    cuts = cuts or (folded[-1].isdigit() and re.match(r"\s*[\d.,]", after))
    assume(not cuts)
    assert is_quoted(quote, before + quote + after)


@given(KOREAN)
def test_spaces_and_width_do_not_count(quote: str) -> None:
    assume(quote.strip() and not re.search(r"\d\s+[\d.,]|[.,]\s+\d", quote))
    wide = "".join(chr(ord(char) + 0xFEE0) if char.isdigit() else char for char in quote)
    assert is_quoted(re.sub(r"\s", "", wide), quote)


@given(KOREAN, KOREAN)
def test_what_is_quoted_has_all_its_letters_in_the_text(quote: str, text: str) -> None:
    if is_quoted(quote, text):
        letters, all_letters = (re.sub(r"\s", "", unicodedata.normalize("NFKC", t)) for t in (quote, text))
        assert letters in all_letters


def test_a_long_quote_in_a_long_text_is_found_without_backtracking() -> None:
    assert not is_quoted("가 " * 500 + "나", "가 " * 20_000)
