"""Finding passages: terms of Korean questions, full text, nearness of vectors, ranks in one."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.engine.retrieval import Bar, FullText, Hit, Nearness, asked_terms, fused, terms_of

TEXTS = (
    "재활용품은 화요일과 금요일에 수거합니다",
    "도서관 휴관일은 매주 월요일입니다",
    "공영주차장 요금은 한 시간에 1,000원입니다",
    "도서관 옆 주차장은 30분 무료입니다",
)
EVERY = range(len(TEXTS))


@pytest.fixture(scope="module")
def full_text() -> FullText:
    return FullText(TEXTS)


def places(hits: list[Hit]) -> list[int]:
    return [hit.place for hit in hits]


def test_a_word_is_found_whatever_particle_stands_on_it() -> None:
    assert terms_of("도서관") == terms_of("도서관은") == terms_of("도서관에서")


def test_words_that_only_ask_do_not_count() -> None:
    assert asked_terms("혹시 도서관 휴관일 언제인지 알려주세요") == terms_of("도서관 휴관일")
    assert asked_terms("When is the library closed?") == ["library", "closed"]


def test_words_that_begin_like_asking_ones_count() -> None:
    assert asked_terms("분리수거") == ["분리", "리수", "수거"]


def test_the_text_that_answers_comes_first(full_text: FullText) -> None:
    assert places(full_text.hits("도서관 쉬는 휴관일이 언제예요?", EVERY))[0] == 1
    assert places(full_text.hits("공영 주차장 요금 얼마?", EVERY))[0] == 2


def test_only_allowed_texts_are_found(full_text: FullText) -> None:
    assert places(full_text.hits("도서관 휴관일", [0, 2, 3])) == [3]


def test_a_question_about_something_else_scores_low(full_text: FullText) -> None:
    assert full_text.hits("스키장 리프트권", EVERY) == []
    hits = full_text.hits("스키장 가는 요금 할인 쿠폰 문의", EVERY)
    assert all(hit.score < 0.35 for hit in hits)


def test_a_story_around_the_question_does_not_lower_its_score(full_text: FullText) -> None:
    bare = full_text.hits("도서관 휴관일 언제예요?", EVERY)[0]
    story = "어머니가 며칠째 물어보시는데 시간이 없었어요. 도서관 휴관일 언제예요? 표지판이 바뀌었더라고요."
    assert full_text.hits(story, EVERY)[0] == bare


def test_a_word_that_stands_in_all_allowed_texts_says_little(full_text: FullText) -> None:
    town = FullText([f"달빛동 {text}" for text in TEXTS])
    assert max(hit.score for hit in town.hits("달빛동 볼링장", EVERY)) < 0.2
    assert full_text.hits("달빛동 볼링장", EVERY) == []


@given(st.text(max_size=120))
def test_any_question_gives_scores_between_0_and_1_in_some_order(question: str) -> None:
    hits = FullText(TEXTS).hits(question, EVERY)
    assert all(0 <= hit.score <= 1 for hit in hits)
    assert len(set(places(hits))) == len(hits)


def test_vectors_that_point_the_same_way_are_near() -> None:
    def vector(*values: float) -> bytes:
        return struct.pack(f"<{len(values)}f", *values)

    nearness = Nearness([vector(1, 0), vector(0, 3), vector(1, 1)])
    hits = nearness.hits(vector(0, 2), range(3))
    assert places(hits) == [1, 2, 0]
    assert [hit.score for hit in hits] == pytest.approx([1, 0.7071, 0], abs=1e-3)


def test_a_place_that_is_high_in_both_rankings_comes_first() -> None:
    words = [Hit(1, 0.9), Hit(2, 0.8), Hit(3, 0.7)]
    near = [Hit(2, 0.9), Hit(4, 0.8), Hit(1, 0.1)]
    assert fused(words, near)[:2] == [2, 1]


@given(st.lists(st.integers(0, 30), unique=True))
def test_one_ranking_alone_keeps_its_order(ranked: list[int]) -> None:
    assert fused([Hit(place, 1.0) for place in ranked], []) == ranked


def test_a_passage_fits_by_its_words_or_by_its_likeness_and_keeps_the_better_score() -> None:
    words = [Hit(0, 0.2), Hit(1, 0.5)]
    near = [Hit(2, 0.95), Hit(1, 0.92), Hit(0, 0.7)]
    best = Bar(min_score=0.35, min_similarity=0.9).best(words, near)
    assert [(hit.place, hit.score) for hit in best] == [(1, 0.92), (2, 0.95)]
