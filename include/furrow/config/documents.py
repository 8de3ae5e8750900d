"""Folders of documents that a retrieve step searches: Markdown, plain text, or one JSON object a line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import yaml

from furrow.config.yaml_file import read_text
from furrow.errors import ConfigError, Problem

Json = dict[str, Any]
_ENDINGS = (".md", ".txt", ".jsonl")
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_HEADING = re.compile(r"^#\s+(.+)$", re.MULTILINE)
_SENTENCE_END = re.compile(r"(?<=[.!?。])\s+|\n+")
_PARAGRAPH_END = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class Document:
    """One document. fields: what else its front matter or its line says; where: file and line."""

    id: str
    title: str
    text: str
    fields: Mapping[str, Any]
    where: tuple[str, int]


@dataclass(frozen=True, slots=True)
class Passage:
    """A document, or a part of one that is too long to be given whole."""

    document: Document
    text: str


@dataclass(frozen=True)
class Documents:
    """One folder. `shown` is as a person should read its path in an error."""

    path: Path
    shown: str

    def read(self) -> Iterator[Document]:
        """Every document, by file name and line. Raises ConfigError."""
        for path in self.files():
            shown = f"{self.shown}/{path.relative_to(self.path).as_posix()}"
            read = _json_lines if path.suffix == ".jsonl" else _one_document
            yield from read(path, shown)

    def files(self) -> list[Path]:
        """The files that count, by name; hidden ones do not."""
        found = (path for path in self.path.rglob("*") if path.suffix in _ENDINGS and path.is_file())
        return sorted(path for path in found if path.name[0] not in "._")

    def passages(self, max_chars: int) -> list[Passage]:
        """Every document in pieces of at most about `max_chars` characters. Raises ConfigError."""
        return [
            Passage(document, piece) for document in self.read() for piece in pieces(document.text, max_chars)
        ]

    def check(self) -> list[Problem]:
        """What is wrong: no document, an empty one, an id that stands twice. Raises ConfigError."""
        first: dict[str, tuple[str, int]] = {}
        problems: list[Problem] = []
        for document in self.read():
            if first.setdefault(document.id, document.where) != document.where:
                file, line = first[document.id]
                what = f"the id `{document.id}` stands in {file}:{line} already"
                problems.append(Problem(*document.where, what, "give each document its own"))
            if not document.text.strip():
                problems.append(Problem(*document.where, "the document is empty", "write it or remove it"))
        if not first:
            problems.append(
                Problem(self.shown, None, "there is no document", "add .md, .txt or .jsonl files")
            )
        return problems


def pieces(text: str, max_chars: int) -> list[str]:
    """The text cut at paragraphs, where those are too long at sentences, and else in the middle."""
    if len(text) <= max_chars:
        return [text.strip()]
    for ending in (_PARAGRAPH_END, _SENTENCE_END):
        parts = [part for part in ending.split(text) if part.strip()]
        if len(parts) > 1:
            whole = [piece for part in parts for piece in pieces(part, max_chars)]
            return _joined(whole, max_chars)
    return [text[start : start + max_chars].strip() for start in range(0, len(text), max_chars)]


def _joined(parts: list[str], max_chars: int) -> list[str]:
    """Neighbours together as long as they fit."""
    joined: list[str] = []
    for part in parts:
        if joined and len(joined[-1]) + len(part) < max_chars:
            joined[-1] = f"{joined[-1]}\n{part}"
        else:
            joined.append(part)
    return joined


def _one_document(path: Path, shown: str) -> Iterator[Document]:
    text = read_text(path, shown).replace("\r\n", "\n")
    matter = _FRONT_MATTER.match(text)
    fields = _front_matter(matter[1], shown) if matter else {}
    body = text[matter.end() :] if matter else text
    heading = _HEADING.search(body)
    title = fields.pop("title", heading[1].strip() if heading else path.stem)
    yield Document(str(fields.pop("id", path.stem)), str(title), body.strip(), fields, (shown, 1))


def _front_matter(text: str, shown: str) -> Json:
    try:
        fields = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ConfigError(Problem(shown, 1, f"the front matter is not YAML: {error}")) from None
    if not isinstance(fields, dict):
        raise ConfigError(Problem(shown, 1, "front matter maps names to values", "write `title: …`"))
    return fields


def _json_lines(path: Path, shown: str) -> Iterator[Document]:
    for number, line in enumerate(read_text(path, shown).split("\n"), 1):
        if line.strip():
            yield _from_line(line, partial(Problem, shown, number), (shown, number))


def _from_line(line: str, problem: Any, where: tuple[str, int]) -> Document:
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ConfigError(problem(f"not JSON: {error}")) from None
    if not isinstance(fields, dict):
        raise ConfigError(problem("a document is a JSON object", "write one object a line"))
    for name in ("id", "title", "text"):
        if not isinstance(fields.get(name), str):
            raise ConfigError(
                problem(f"`{name}` is missing or no text", "every document has id, title, text")
            )
    return Document(fields.pop("id"), fields.pop("title"), fields.pop("text").strip(), fields, where)
