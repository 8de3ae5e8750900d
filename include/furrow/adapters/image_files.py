"""Images by path in a folder (fsspec) or by URL of an allowed host. Names come from records: no trust."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import SplitResult, urljoin, urlsplit

import fsspec
from fsspec.implementations.local import LocalFileSystem

from furrow.config.models import Images
from furrow.errors import FurrowError, ImageInvalid, ImageUnavailable

if TYPE_CHECKING:
    import aiohttp

_SECONDS = 20.0
_REDIRECTS = 3
_GONE = (404, 410)


class StoredImages:
    """ImageFiles of one use case. base: its folder, where a relative `folder` starts."""

    def __init__(self, base: Path):
        self._base = base

    async def read(self, images: Images, name: str) -> bytes:
        """The file that a record names. Raises ImageInvalid or ImageUnavailable."""
        if name.lower().startswith(("http://", "https://")):
            return await _download(name, images)
        if images.folder is None:
            raise ImageInvalid(f"{name[:200]!r} is no URL, and the step has no `folder` with images")
        return await asyncio.to_thread(_read, self._place(images.folder), _inner(name), images.max_bytes)

    def _place(self, folder: str) -> str:
        return folder if "://" in folder else str((self._base / folder).resolve())


def _inner(name: str) -> str:
    """The name, when it is a plain path that leads down. Raises ImageInvalid."""
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts) or any(sign in name for sign in ("\\", "\0", ":")):
        raise ImageInvalid(f"{name[:200]!r} is no path inside the folder of images")
    return name


def _read(place: str, name: str, max_bytes: int) -> bytes:
    try:
        content = _content(place, name, max_bytes)
    except FurrowError:
        raise
    except Exception as error:  # every file system of fsspec has errors of its own
        raise ImageUnavailable(f"the image {name[:200]!r} could not be read: {error}") from None
    return _small_enough(content, name, max_bytes)


def _content(place: str, name: str, max_bytes: int) -> bytes:
    """The first bytes of the file, one more than are allowed."""
    fs, root = _file_system(place)
    path = f"{root.rstrip('/')}/{name}"
    if isinstance(fs, LocalFileSystem) and _leads_out(Path(path), Path(root)):
        raise ImageInvalid(f"{name[:200]!r} is no path inside the folder of images")
    if not fs.isfile(path):
        if not fs.exists(root):
            raise ImageUnavailable(f"the folder of images is not there: {place}")
        raise ImageInvalid(f"there is no image {name[:200]!r}")
    with fs.open(path, "rb") as file:
        return cast(bytes, file.read(max_bytes + 1))


def _leads_out(path: Path, root: Path) -> bool:
    """By a link that lies in the folder."""
    return not path.resolve().is_relative_to(root.resolve())


@lru_cache(16)
def _file_system(place: str) -> tuple[Any, str]:
    return cast(tuple[Any, str], fsspec.core.url_to_fs(place))


def _small_enough(content: bytes, name: str, max_bytes: int) -> bytes:
    if len(content) > max_bytes:
        raise ImageInvalid(f"{name[:200]!r} has over {max_bytes:,} bytes")
    return content


# --- by URL ----------------------------------------------------------------------------------------


async def _download(url: str, images: Images) -> bytes:
    """Follow a few redirects, none of them to a host that is not allowed."""
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
            for _ in range(_REDIRECTS + 1):
                _check_host(url, images)
                found = await _get(session, url, images.max_bytes)
                if isinstance(found, bytes):
                    return _small_enough(found, url, images.max_bytes)
                url = urljoin(url, found)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise ImageUnavailable(f"{url[:200]} could not be fetched: {error or type(error).__name__}") from None
    raise ImageInvalid(f"{url[:200]} redirects more than {_REDIRECTS} times")


async def _get(session: aiohttp.ClientSession, url: str, max_bytes: int) -> bytes | str:
    """The body, or the address that it redirects to."""
    async with session.get(url, allow_redirects=False) as response:
        if response.status in _GONE:
            raise ImageInvalid(f"{url[:200]} is gone: HTTP {response.status}")
        if 300 <= response.status < 400 and "Location" in response.headers:
            return response.headers["Location"]
        if response.status != 200:
            raise ImageUnavailable(f"{url[:200]} could not be fetched: HTTP {response.status}")
        content = bytearray()
        async for chunk in response.content.iter_chunked(65_536):
            content += chunk
            if len(content) > max_bytes:
                break
        return bytes(content)


def _check_host(url: str, images: Images) -> None:
    """Raises ImageInvalid unless it is http(s), without credentials, at one of `hosts`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ImageInvalid(f"{url[:200]!r} is no URL") from None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or _host(parts, port) not in images.hosts:
        raise ImageInvalid(f"{url[:200]!r}: its host is not among the `hosts` of the step's images")


def _host(parts: SplitResult, port: int | None) -> str:
    usual = {"http": 80, "https": 443}[parts.scheme]
    name = (parts.hostname or "").lower()
    return name if port is None or port == usual else f"{name}:{port}"
