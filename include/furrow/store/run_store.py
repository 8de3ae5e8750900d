"""The run store: the files of every run, in a local folder or in an object store, behind an fsspec URL.

A file appears whole or not at all. "Not there" (FileMissing) and "could not be read" (StoreUnavailable) are
different answers, and a line that is not as it was written is named with its number (StoreDamaged).
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic_core import from_json, to_json

from furrow.errors import StoreDamaged
from furrow.store.files import Draft, Files, open_files

Json = dict[str, Any]

LONGEST_NAME = 120


def safe_name(text: str) -> str:
    """`text` as the name of one folder: percent-quoted, and no two texts share a name.

    `manual__2026-11-24T02:00:00+00:00` -> `manual__2026-11-24T02%3A00%3A00%2B00%3A00`. What is too long
    for a file system ends in a hash of the whole.
    """
    quoted = quote(text, safe="", errors="surrogatepass")
    if not quoted.strip("."):
        quoted = quoted.replace(".", "%2E") or "%"
    if len(quoted) > LONGEST_NAME:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]
        quoted = f"{quoted[: LONGEST_NAME - 21]}~{digest}"
    return quoted


class RunStore:
    """The run store at an fsspec URL: a local path, `memory://…`, `gs://bucket/…`."""

    def __init__(self, url: str):
        self._url = url

    def run(self, use_case: str, run_id: str) -> RunFolder:
        """The folder of one run; it comes to be with its first file."""
        return RunFolder(open_files(self._url), posixpath.join(safe_name(use_case), safe_name(run_id)))

    def all_of(self, use_case: str) -> RunFolder:
        """The folders of all its runs as one: `<safe_name of a run>/<file>`."""
        return RunFolder(open_files(self._url), safe_name(use_case))


@contextmanager
def open_output(path: Path) -> Iterator[Lines]:
    """A local file of JSON lines outside the run store, written just like one inside it."""
    folder = RunFolder(open_files(str(path.absolute().parent)), "")
    with folder.open_lines(path.name) as lines:
        yield lines


class Lines:
    """A file of JSON lines that is being written. `count`: lines so far."""

    def __init__(self, draft: Draft):
        self._draft = draft
        self.count = 0

    def write(self, line: Json) -> None:
        """Add one line. Raises StoreUnavailable when the disk is full."""
        self._draft.write(_encoded(line) + b"\n")
        self.count += 1


class RunFolder:
    """The files of one run. Names are relative and use `/`: `partitions/0000.jsonl`."""

    def __init__(self, files: Files, folder: str):
        self._files = files
        self._folder = folder

    @property
    def uri(self) -> str:
        """Where the folder is, for people and for XCom: a path, or a URL with its scheme."""
        return self._files.uri(self._folder)

    def uri_of(self, name: str) -> str:
        """Where one of its files is."""
        return self._files.uri(self._path(name))

    @contextmanager
    def open_lines(self, name: str) -> Iterator[Lines]:
        """A file to write line by line; it appears, replacing an earlier one, when the block ends well.

        When the block raises, nothing appears. Never more than one line in memory. Raises StoreUnavailable.
        """
        with self._files.draft(self._path(name)) as draft:
            yield Lines(draft)

    def write_lines(self, name: str, lines: Iterable[Json]) -> int:
        """Write JSON lines as they come and return how many; all of them appear at once, or none."""
        with self.open_lines(name) as file:
            for line in lines:
                file.write(line)
            return file.count

    def read_lines(self, name: str, count: int | None = None) -> Iterator[Json]:
        """The lines of a file, one in memory at a time. count: how many there must be, where that is known.

        Raises FileMissing, StoreUnavailable (retry helps), StoreDamaged (`file:line`).
        """
        uri, number = self.uri_of(name), 0
        for number, line in enumerate(self._files.lines(self._path(name)), 1):
            yield _decoded(line, uri, number)
        if count is not None and number != count:
            raise StoreDamaged(f"{uri}: {number} lines, {count} were written")

    def lines_with(self, name: str, text: str) -> Iterator[Json]:
        """The lines in which a text stands as a whole JSON string; the others are not parsed.

        Raises like `read_lines`.
        """
        uri, wanted = self.uri_of(name), _encoded_text(text)
        for number, line in enumerate(self._files.lines(self._path(name)), 1):
            if any(each in line for each in wanted):
                yield _decoded(line, uri, number)

    def write_json(self, name: str, content: Json) -> None:
        """Write one JSON object as a file, whole or not at all. Raises StoreUnavailable."""
        with self._files.draft(self._path(name)) as draft:
            draft.write(_encoded(content, indent=2) + b"\n")

    def write_text(self, name: str, text: str) -> None:
        """Write a file of text as UTF-8, whole or not at all. Raises StoreUnavailable."""
        with self._files.draft(self._path(name)) as draft:
            draft.write(text.encode("utf-8", "replace"))

    def read_text(self, name: str) -> str:
        """The text that `write_text` wrote. Raises FileMissing, StoreUnavailable (retry helps)."""
        return b"".join(self._files.lines(self._path(name))).decode("utf-8", "replace")

    def read_json(self, name: str) -> Json:
        """The object that `write_json` wrote. Raises like `read_lines`."""
        return _decoded(b"".join(self._files.lines(self._path(name))), self.uri_of(name))

    def exists(self, name: str) -> bool:
        """Whether the file is there. Raises StoreUnavailable when that cannot be known."""
        return self._files.exists(self._path(name))

    def list(self, prefix: str = "") -> list[str]:
        """Names of the files that start with `prefix`, sorted; drafts are not among them.

        Raises StoreUnavailable.
        """
        start = len(self._folder) + 1
        names = (path[start:] for path in self._files.find(self._folder))
        return sorted(name for name in names if name.startswith(prefix))

    def _path(self, name: str) -> str:
        if not name or name.startswith("/") or ".." in name.split("/"):
            raise ValueError(f"not the name of a file of a run: {name!r}")
        return posixpath.join(self._folder, name)


def _encoded_text(text: str) -> tuple[bytes, bytes]:
    """A string as each of the two ways in which `_encoded` writes it."""
    escaped = json.dumps(text).encode()
    try:
        return to_json(text), escaped
    except ValueError:
        return escaped, escaped


def _encoded(content: Json, indent: int | None = None) -> bytes:
    try:
        return to_json(content, indent=indent)
    except ValueError:  # half an emoji (a lone surrogate), or nested hundreds deep: escapes can say it
        return json.dumps(content, indent=indent).encode()


def _decoded(text: bytes, uri: str, number: int | None = None) -> Json:
    try:
        content = _parsed(text)
    except (ValueError, RecursionError) as error:
        content = error
    if isinstance(content, dict):
        return content
    place = uri if number is None else f"{uri}:{number}"
    raise StoreDamaged(f"{place}: not the JSON object that was written ({content!r:.200})")


def _parsed(text: bytes) -> Any:
    try:
        return from_json(text)
    except ValueError:
        return json.loads(text)
