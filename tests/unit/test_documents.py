"""Folders of documents: what is read, how it is cut, and what an author gets wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.documents import Documents, pieces
from furrow.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a document of every kind."""
    path = tmp_path / "documents"
    path.mkdir()
    (path / "a.md").write_text("---\nid: trash\ntitle: 분리수거\ntown: 달빛동\n---\n화요일입니다.\n")
    (path / "b.md").write_text("# 도서관\n\n월요일에 쉽니다.\n")
    (path / "c.txt").write_text("그냥 글\n")
    (path / "d.jsonl").write_text('{"id": "x1", "title": "주차", "text": "30분 무료", "town": "햇살동"}\n\n')
    (path / ".hidden.md").write_text("no")
    (path / "picture.png").write_bytes(b"\x89PNG")
    return path


def test_every_kind_of_file_is_read_and_nothing_else(folder: Path) -> None:
    read = list(Documents(folder, "documents").read())
    assert [(one.id, one.title, dict(one.fields)) for one in read] == [
        ("trash", "분리수거", {"town": "달빛동"}),
        ("b", "도서관", {}),
        ("c", "c", {}),
        ("x1", "주차", {"town": "햇살동"}),
    ]
    assert [one.text for one in read] == [
        "화요일입니다.",
        "# 도서관\n\n월요일에 쉽니다.",
        "그냥 글",
        "30분 무료",
    ]


def test_an_id_that_stands_twice_and_an_empty_document_are_problems(folder: Path) -> None:
    (folder / "e.jsonl").write_text('{"id": "x1", "title": "t", "text": " "}\n')
    found = [str(problem) for problem in Documents(folder, "documents").check()]
    assert found == [
        "documents/e.jsonl:1: the id `x1` stands in documents/d.jsonl:1 already; give each document its own",
        "documents/e.jsonl:1: the document is empty; write it or remove it",
    ]


def test_a_folder_without_a_document_is_a_problem(tmp_path: Path) -> None:
    assert "there is no document" in str(Documents(tmp_path, "documents").check()[0])


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{", "d.jsonl:2: not JSON"),
        ("[1]", "d.jsonl:2: a document is a JSON object"),
        ('{"id": "a", "title": "t"}', "d.jsonl:2: `text` is missing or no text"),
    ],
)
def test_a_line_that_is_no_document_names_its_line(folder: Path, line: str, what: str) -> None:
    (folder / "d.jsonl").write_text(f"\n{line}\n")
    with pytest.raises(ConfigError, match=what):
        list(Documents(folder, "documents").read())


def test_front_matter_that_is_no_yaml_is_a_problem(folder: Path) -> None:
    (folder / "a.md").write_text("---\n[\n---\ntext")
    with pytest.raises(ConfigError, match="front matter is not YAML"):
        list(Documents(folder, "documents").read())


def test_a_long_text_is_cut_at_paragraphs_before_sentences() -> None:
    assert pieces("가 나 다.\n\n라 마 바.", 8) == ["가 나 다.", "라 마 바."]
    assert pieces("가 나 다. 라 마 바.", 8) == ["가 나 다.", "라 마 바."]


def test_short_neighbours_stay_together() -> None:
    assert pieces("하나.\n\n둘.\n\n셋.\n\n" + "가" * 20, 20) == ["하나.\n둘.\n셋.", "가" * 20]


@given(st.text(max_size=200), st.integers(min_value=5, max_value=40))
def test_pieces_lose_no_letter_and_are_short_enough(text: str, longest: int) -> None:
    cut = pieces(text, longest)
    assert "".join("".join(cut).split()) == "".join(text.split())
    assert all(len(piece) <= longest for piece in cut)
