"""Words that hint at topics: short ones where a word begins, longer ones anywhere, Latin ones whole."""

from __future__ import annotations

import pytest

from furrow.config.hints import hinted

TOPICS = ["마트|대형마트", "요가|필라테스|yoga", "글쓰기|시 쓰", "보드게임|루미큐브", "고양이|cat"]


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        pytest.param("마트에서 샀어요", ["마트"], id="a short word with a particle"),
        pytest.param("스마트폰 고쳐요", [], id="a short word inside another"),
        pytest.param("그럴 필요가 없어요", [], id="a short word at the end of another"),
        pytest.param("동네대형마트 어때요", ["마트"], id="a longer word inside another"),
        pytest.param("보드 게임 해요", ["보드게임"], id="a longer word with a space"),
        pytest.param("다시 쓰는 글", [], id="short words over a space"),
        pytest.param("(시 쓰는 모임)", ["글쓰기"], id="a word after a mark"),
        pytest.param("Yoga class, two cats", ["요가", "고양이"], id="Latin words, case and plural apart"),
        pytest.param("Category A", [], id="a Latin word inside another"),
        pytest.param("필라테스\n말고 ＹＯＧＡ", ["요가"], id="each once, width apart"),
        pytest.param("", [], id="no text"),
    ],
)
def test_a_text_hints_at(text: str, topics: list[str]) -> None:
    assert hinted([text], TOPICS) == topics


def test_topics_come_in_the_order_of_the_list() -> None:
    assert hinted(["루미큐브", "마트 가요"], TOPICS) == ["마트", "보드게임"]
