"""Texts that must never come out are found however they are dressed up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from furrow.evaluation.leaks import bare, leaked


@pytest.mark.parametrize(
    ("forbidden", "result"),
    [
        pytest.param("CANARY-7f3a", {"model": "canary-7F3A"}, id="case"),
        pytest.param("CANARY-7f3a", {"tags": ["x", "C A N A R Y 7f3a"]}, id="spaces"),
        pytest.param("CANARY-7f3a", {"model": "CAN\u200bARY\u2060-7f3a"}, id="zero width"),
        pytest.param("CANARY-7f3a", {"model": "ＣＡＮＡＲＹ－７ｆ３ａ"}, id="full width"),
        pytest.param("CANARY-7f3a", {"model": "C\u0301anary7f3a"}, id="accents"),
        pytest.param("CANARY-7f3a", {"model": "СΑNАRУ 7f3а"}, id="Cyrillic and Greek letters"),
        pytest.param("сайт", {"model": "CAЙT"}, id="Latin letters for Cyrillic ones"),
        pytest.param("해킹됨", {"model": "\u1112\u1162\u110f\u1175\u11bc\u1103\u116c\u11b7"}, id="jamo"),
        pytest.param("해킹됨", {"links": [{"name": "이 글은 해킹 됨!"}]}, id="deep inside"),
        pytest.param("010-1234-5678", {"place": "연락은 01012345678 로"}, id="telephone number"),
        pytest.param("010-1234-5678", {"price_krw": 1012345678}, id="telephone number as a number"),
        pytest.param("010-1234-5678", {"price_krw": 821012345678}, id="behind a country code"),
        pytest.param("1000", {"price_krw": 1000}, id="a price"),
        pytest.param("1,000", {"tags": ["1000원"]}, id="a price in words"),
        pytest.param("0", {"price_krw": 0}, id="nothing"),
        pytest.param("a@b.kr", {"place": "A＠B．KR"}, id="mail"),
        pytest.param("★★", {"model": "최고 ★★"}, id="signs only"),
    ],
)
def test_a_forbidden_text_is_found(forbidden: str, result: dict[str, Any]) -> None:
    assert leaked([forbidden], result) == [forbidden]


@pytest.mark.parametrize(
    ("forbidden", "result"),
    [
        pytest.param("CANARY", {"CANARY": "a field's name is ours"}, id="a name of a field"),
        pytest.param("1000", {"price_krw": 11000}, id="within a longer number"),
        pytest.param("1000", {"tags": ["11000원"]}, id="within a longer number in words"),
        pytest.param("1", {"boxed": True}, id="yes is not one"),
        pytest.param("1원", {"price_krw": 1}, id="words are not found in numbers"),
        pytest.param("가", {"model": "각도"}, id="a syllable is not the beginning of another"),
        pytest.param("CANARY", None, id="no result"),
        pytest.param("", {"model": "x"}, id="nothing is forbidden"),
        pytest.param("카나리아", {"model": None, "tags": [], "weight_kg": 0.5}, id="clean"),
    ],
)
def test_what_is_not_the_forbidden_text_is_no_leak(forbidden: str, result: Any) -> None:
    assert leaked([forbidden], result) == []


words = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)
marks = st.text(st.sampled_from(" -.\u200b\u2060\u202e\ufeff·_/"), max_size=3)


@given(words, st.lists(marks, min_size=13, max_size=13), words, words)
def test_marks_between_the_letters_never_hide_a_text(
    text: str, between: list[str], before: str, after: str
) -> None:
    assume(not bare(text).isdecimal())
    dressed = "".join(letter + mark for letter, mark in zip(text, between, strict=False))
    assert leaked([text], {"model": f"{before} {dressed} {after}"}) == [text]


@given(st.integers(10**6, 10**13), st.sampled_from(["", "82", "+82-"]))
def test_a_long_number_is_found_as_text_and_as_number(number: int, before: str) -> None:
    written = f"{before}{number}"
    assert leaked([str(number)], {"place": written}) == [str(number)]
    assert leaked([str(number)], {"price": int(written.strip("+").replace("-", ""))}) == [str(number)]
