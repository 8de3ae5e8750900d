"""Files in a local folder or an object store: read line by line, written as drafts that appear at once."""

from __future__ import annotations

import io
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from uuid import uuid4

from furrow.errors import FileMissing, FurrowError, StoreUnavailable

BUFFER_BYTES = 1 << 20
DRAFT = ".draft"


class Draft:
    """A file on its way: nobody sees it before it is whole."""

    def __init__(self, file: BinaryIO, uri: str):
        self._file = file
        self._uri = uri

    def write(self, content: bytes) -> None:
        """Add to it. Raises StoreUnavailable, for one when the disk is full."""
        try:
            self._file.write(content)
        except OSError as error:
            raise StoreUnavailable(f"{self._uri} could not be written: {error}") from error


class Files(Protocol):
    """The files under one root; paths are relative to it. Every method raises StoreUnavailable."""

    def uri(self, path: str) -> str:
        """Where a file is: a path, or a URL with its scheme."""
        ...

    def lines(self, path: str) -> Iterator[bytes]:
        """The lines of a file with their ends, read as they are asked for. Raises FileMissing too."""
        ...

    def draft(self, path: str) -> AbstractContextManager[Draft]:
        """A context manager of a Draft that replaces the file when the block ends well."""
        ...

    def exists(self, path: str) -> bool:
        """Whether the file is there; an error is not a no."""
        ...

    def find(self, folder: str) -> list[str]:
        """Paths of all files under a folder, in no order; none when there is no such folder."""
        ...


def open_files(url: str) -> Files:
    """The files under an fsspec URL. Nothing is opened or created yet."""
    from fsspec.core import split_protocol

    protocol = split_protocol(url)[0]
    return LocalFiles(url) if protocol in (None, "file", "local") else RemoteFiles(url)


class LocalFiles:
    """Files in a folder of this machine, on the disk with their folder before they count as written."""

    def __init__(self, url: str):
        from fsspec.implementations.local import LocalFileSystem

        self._root = Path(LocalFileSystem._strip_protocol(url))

    def uri(self, path: str) -> str:
        return str(self._root / path)

    def lines(self, path: str) -> Iterator[bytes]:
        with _reaching(self.uri(path), "read"), (self._root / path).open("rb", BUFFER_BYTES) as file:
            yield from file

    @contextmanager
    def draft(self, path: str) -> Iterator[Draft]:
        place = self._root / path
        draft = place.with_name(f".{place.name}.{uuid4().hex[:12]}{DRAFT}")
        with _reaching(self.uri(path), "written"):
            _make_folder(place.parent)
            file = draft.open("xb", BUFFER_BYTES)
        try:
            yield Draft(file, self.uri(path))
            with _reaching(self.uri(path), "written"):
                file.flush()
                os.fsync(file.fileno())
                file.close()
                draft.replace(place)
                _flush_folder(place.parent)
        except BaseException:
            with suppress(OSError):
                file.close()
            draft.unlink(missing_ok=True)
            raise

    def exists(self, path: str) -> bool:
        with _reaching(self.uri(path), "looked up"):
            try:
                return stat.S_ISREG((self._root / path).stat().st_mode)
            except FileNotFoundError:
                return False

    def find(self, folder: str) -> list[str]:
        with _reaching(self.uri(folder), "listed"):
            walk = os.walk(self._root / folder, onerror=_raise_unless_gone)
            paths = [Path(parent, name) for parent, _, names in walk for name in names]
        return [path.relative_to(self._root).as_posix() for path in paths if path.suffix != DRAFT]


class RemoteFiles:
    """Files in an object store, where an upload appears whole. A draft is kept on this machine until then."""

    def __init__(self, url: str):
        self._url = url

    def uri(self, path: str) -> str:
        files, root = self._open()
        return str(files.unstrip_protocol(f"{root}/{path}"))

    def lines(self, path: str) -> Iterator[bytes]:
        files, root = self._open()
        with (
            _reaching(self.uri(path), "read"),
            files.open(f"{root}/{path}", "rb") as remote,
            io.BufferedReader(remote, BUFFER_BYTES) as file,
        ):
            yield from file

    @contextmanager
    def draft(self, path: str) -> Iterator[Draft]:
        with tempfile.NamedTemporaryFile(prefix="furrow-", suffix=DRAFT) as file:
            yield Draft(file, self.uri(path))  # type: ignore[arg-type]
            with _reaching(self.uri(path), "written"):
                file.flush()
                files, root = self._open()
                files.put_file(file.name, f"{root}/{path}")

    def exists(self, path: str) -> bool:
        files, root = self._open()
        with _reaching(self.uri(path), "looked up"):
            try:  # not files.exists(): it takes every error for a no
                return bool(files.info(f"{root}/{path}")["type"] == "file")
            except FileNotFoundError:
                return False

    def find(self, folder: str) -> list[str]:
        files, root = self._open()
        with _reaching(self.uri(folder), "listed"):
            try:
                return [str(path)[len(root) + 1 :] for path in files.find(f"{root}/{folder}")]
            except FileNotFoundError:
                return []

    def _open(self) -> tuple[Any, str]:
        """fsspec keeps one file system per URL and process, so this is cheap and survives a fork."""
        from fsspec.core import url_to_fs

        files, root = url_to_fs(self._url, use_listings_cache=False)
        return files, root.rstrip("/")


@contextmanager
def _reaching(uri: str, what: str) -> Iterator[None]:
    """Errors of the file system in Furrow's words; every vendor's own error counts as "could not"."""
    try:
        yield
    except FurrowError:
        raise
    except FileNotFoundError as error:
        raise FileMissing(f"{uri} is not there") from error
    except Exception as error:
        raise StoreUnavailable(f"{uri} could not be {what}: {error}") from error


def _make_folder(folder: Path) -> None:
    """Create it and what is above it, each entered on the disk, or a power cut could take it away again."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _raise_unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
