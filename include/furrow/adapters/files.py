"""Files as a source: JSON lines, CSV and Parquet, at any fsspec URL, read record by record.

A record's id is the hash of its bytes. Nothing remembers what was read: each read starts over, and
the ledger sees to it that no answer is bought again.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

from furrow.config import models
from furrow.engine.ports import Arrival, Json, Moved
from furrow.errors import RunError, SourceUnavailable

_BOM = b"\xef\xbb\xbf"
_COMPRESSED = {".gz", ".bz2", ".xz", ".zst", ".zip"}
_ENDINGS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".parquet": "parquet", ".pq": "parquet"}
_MARKS = ("ETag", "etag", "md5Hash", "mtime", "last_modified", "LastModified", "updated")
_CELL_LIMIT = 2**31 - 1
_BATCH_ROWS = 1000


class FilesSource:
    """The records of every file that a path or glob names, in the order of the file names.

    folder: what a relative path is relative to, the use case's folder.
    """

    def __init__(self, config: models.FilesSource, folder: Path):
        self._format = config.format
        self._url = config.path if "://" in config.path else str(folder / config.path)
        self._files: dict[str, Json] = {}

    def read(self, limit: int | None = None) -> Iterator[Arrival]:
        """Every record, `id` being `sha256:` and the hash of its bytes: equal records have equal ids.

        A CSV row becomes a JSON object of strings; what cannot be made one is given as its raw bytes,
        so that it is rejected with a reason. Raises SourceUnavailable when no file matches or one
        cannot be read (never an empty read), RunError when the URL's protocol or format is unknown.
        """
        self._files = {}
        return islice(self._arrivals(), limit)

    def position(self) -> Json:
        """`{"files": {path: {"size": bytes, "changed": …}}}`: the files that the last read opened."""
        return {"files": dict(self._files)}

    def moved(self, position: Json) -> Moved:
        """Files have no position."""
        return Moved.NOT

    def commit(self, position: Json) -> None:
        """Does nothing: files have no position, the next read gives them again."""

    def close(self) -> None:
        """Nothing is held open between reads."""

    def _arrivals(self) -> Iterator[Arrival]:
        filesystem, paths = matching_files(self._url, "source.files.path")
        for path in paths:
            reader = _READERS[self._format_of(path)]
            try:
                self._files[path] = _identity(filesystem.info(path))
                with filesystem.open(path, "rb", compression="infer") as file:
                    for value in reader(file):
                        yield Arrival(f"sha256:{hashlib.sha256(value).hexdigest()}", value)
            except Exception as error:  # each filesystem and each format has its own kinds
                raise unreadable(path, error) from error

    def _format_of(self, path: str) -> str:
        endings = [ending for ending in Path(path).suffixes if ending not in _COMPRESSED]
        known = self._format or (_ENDINGS.get(endings[-1].lower()) if endings else None)
        if known is None:
            raise RunError(
                f"{path}: its ending names no format; set source.files.format to jsonl, csv or parquet"
            )
        return known


def matching_files(url: str, setting: str) -> tuple[Any, list[str]]:
    """The file system and the paths, sorted, that a URL or a glob names; setting: where it was written.

    Raises SourceUnavailable when there is none, RunError when the URL's protocol is unknown.
    """
    from fsspec.core import url_to_fs

    try:
        filesystem, pattern = url_to_fs(url)
        found = [pattern] if filesystem.isfile(pattern) else filesystem.glob(pattern)
        paths = sorted(path for path in found if filesystem.isfile(path))
    except (ValueError, ImportError) as error:
        raise RunError(f"{url}: {setting} is not usable: {_first_line(error)}") from error
    except Exception as error:
        raise SourceUnavailable(f"{url}: cannot be listed: {_first_line(error)}") from error
    if not paths:
        raise SourceUnavailable(f"{url}: there is no such file; check {setting}")
    return filesystem, paths


def unreadable(path: str, error: Exception) -> SourceUnavailable:
    """The error for a file that is there and cannot be read."""
    return SourceUnavailable(f"{path}: cannot be read: {_first_line(error)}")


def _json_lines(file: IO[bytes]) -> Iterator[bytes]:
    for number, line in enumerate(file):
        value = (line.removeprefix(_BOM) if number == 0 else line).strip()
        if value:
            yield value


def _csv_rows(file: IO[bytes]) -> Iterator[bytes]:
    csv.field_size_limit(_CELL_LIMIT)
    # Bytes that are not UTF-8 pass through as they are: their record is rejected, not the whole file.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    rows = csv.reader(text)
    header = next(rows, [])
    if len(set(header)) < len(header):
        raise ValueError("its first line names a column twice")
    for row in rows:
        if row:
            yield _csv_record(header, row).encode("utf-8", "surrogateescape")


def _csv_record(header: list[str], row: list[str]) -> str:
    if len(row) == len(header):
        return json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False)
    raw = io.StringIO()
    csv.writer(raw, lineterminator="").writerow(row)
    return raw.getvalue()


def _parquet_rows(file: IO[bytes]) -> Iterator[bytes]:
    from pyarrow.parquet import ParquetFile
    from pydantic_core import to_json

    for batch in ParquetFile(file).iter_batches(batch_size=_BATCH_ROWS):
        for row in batch.to_pylist():
            yield to_json(row, bytes_mode="base64", inf_nan_mode="null")


_READERS: dict[str, Callable[[IO[bytes]], Iterable[bytes]]] = {
    "jsonl": _json_lines,
    "csv": _csv_rows,
    "parquet": _parquet_rows,
}


def _identity(told: Json) -> Json:
    changed = next((told[mark] for mark in _MARKS if told.get(mark) is not None), None)
    return {
        "size": told.get("size"),
        "changed": changed if isinstance(changed, int | float) else str(changed),
    }


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
