"""Image files by path and by URL: what records may name, and what they may not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from furrow.adapters.image_files import StoredImages
from furrow.config.models import Images
from furrow.errors import ImageInvalid, ImageUnavailable
from tests.pictures import drawn

FILE = drawn()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A use case's folder with photos/room.png, photos/거실/1.png, and a secret beside the photos."""
    photos = tmp_path / "homes" / "photos"
    (photos / "거실").mkdir(parents=True)
    (photos / "room.png").write_bytes(FILE)
    (photos / "거실" / "1.png").write_bytes(FILE + b"1")
    (tmp_path / "homes" / "secret.png").write_bytes(b"secret")
    (photos / "link.png").symlink_to(tmp_path / "homes" / "secret.png")
    return tmp_path / "homes"


def read(base: Path, name: str, **limits: object) -> bytes:
    images = Images(of="data.photos", **{"folder": "photos", **limits})  # type: ignore[arg-type]
    return asyncio.run(StoredImages(base).read(images, name))


@pytest.mark.parametrize(("name", "content"), [("room.png", FILE), ("거실/1.png", FILE + b"1")])
def test_a_path_inside_the_folder_is_read(folder: Path, name: str, content: bytes) -> None:
    assert read(folder, name) == content


def test_the_folder_may_be_an_fsspec_url(folder: Path) -> None:
    assert read(folder, "room.png", folder=f"file://{folder}/photos") == FILE


@pytest.mark.parametrize(
    "name",
    [
        "../secret.png",
        "거실/../../secret.png",
        "./room.png",
        "link.png",
        "/etc/passwd",
        "//etc/passwd",
        "..\\secret.png",
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "simplecache::file:///etc/passwd",
        "gs://bucket/a.png",
        "data:image/png;base64,AAAA",
        "room.png\0.jpg",
        "",
        ".",
        "..",
        "거실",
        "거실/",
        "no-such.png",
    ],
)
@pytest.mark.parametrize("as_url", [False, True], ids=["path", "URL"])
def test_no_name_leads_out_of_the_folder_or_to_what_is_no_file(folder: Path, name: str, as_url: bool) -> None:
    place = f"file://{folder}/photos" if as_url else "photos"
    with pytest.raises(ImageInvalid):
        read(folder, name, folder=place)


@given(
    st.lists(st.sampled_from(["..", ".", "거실", "room.png", "secret.png", "", "~", "*", "?"]), max_size=6)
)
@settings(max_examples=60)
def test_no_path_ever_reads_the_file_beside_the_folder(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str]
) -> None:
    home = tmp_path_factory.mktemp("homes")
    (home / "photos").mkdir()
    (home / "secret.png").write_bytes(b"secret")
    with pytest.raises(ImageInvalid):
        read(home, "/".join(parts))


def test_a_folder_that_is_not_there_is_no_fault_of_the_record(tmp_path: Path) -> None:
    with pytest.raises(ImageUnavailable, match="folder of images is not there"):
        read(tmp_path, "room.png")


def test_what_a_file_system_cannot_do_now_is_transient(folder: Path) -> None:
    """A store of a kind that is not installed; a link to itself ends with a word about this record."""
    with pytest.raises(ImageUnavailable):
        read(folder, "room.png", folder="nostore://bucket/photos")
    (folder / "photos" / "loop.png").symlink_to(folder / "photos" / "loop.png")
    with pytest.raises((ImageUnavailable, ImageInvalid)):
        read(folder, "loop.png")


@pytest.mark.parametrize(("max_bytes", "passes"), [(len(FILE), True), (len(FILE) - 1, False)])
def test_a_file_of_too_many_bytes_is_refused(folder: Path, max_bytes: int, passes: bool) -> None:
    if passes:
        assert read(folder, "room.png", max_bytes=max_bytes) == FILE
    else:
        with pytest.raises(ImageInvalid, match="bytes"):
            read(folder, "room.png", max_bytes=max_bytes)


# --- by URL ----------------------------------------------------------------------------------------

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(asked: list[str]) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        host = request.host
        match request.path:
            case "/room.png":
                return web.Response(body=FILE)
            case "/moved.png":
                raise web.HTTPFound("/room.png")
            case "/round":
                raise web.HTTPFound("/round")
            case "/elsewhere":
                raise web.HTTPFound(f"http://localhost:{host.partition(':')[2]}/room.png")
            case "/inside":
                raise web.HTTPFound("file:///etc/passwd")
            case path:
                return web.Response(status=int(path[1:]))

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def fetched(path: str, asked: list[str] | None = None, max_bytes: int = 10_000) -> bytes:
    async with served([] if asked is None else asked) as host:
        images = Images(of="data.photos", hosts=[host], max_bytes=max_bytes)
        return await StoredImages(Path()).read(images, f"http://{host}{path}")


@pytest.mark.parametrize("path", ["/room.png", "/moved.png", "/room.png?size=1#top"])
async def test_a_url_of_an_allowed_host_is_fetched(path: str) -> None:
    assert await fetched(path) == FILE


@pytest.mark.parametrize("path", ["/404", "/410", "/elsewhere", "/inside", "/round"])
async def test_what_will_never_come_rejects_the_record(path: str) -> None:
    asked: list[str] = []
    with pytest.raises(ImageInvalid):
        await fetched(path, asked)
    assert "/room.png" not in asked


@pytest.mark.parametrize("path", ["/500", "/503", "/429", "/403"])
async def test_what_may_come_later_is_transient(path: str) -> None:
    with pytest.raises(ImageUnavailable, match="HTTP"):
        await fetched(path)


async def test_a_server_that_is_down_is_transient() -> None:
    async with served([]) as host:
        images = Images(of="data.photos", hosts=[host])
    with pytest.raises(ImageUnavailable, match="could not be fetched"):
        await StoredImages(Path()).read(images, f"http://{host}/room.png")


async def test_no_more_is_downloaded_than_allowed() -> None:
    with pytest.raises(ImageInvalid, match="bytes"):
        await fetched("/room.png", max_bytes=len(FILE) - 1)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://photos.example.com.evil.example/a.png",
        "http://photos.example.com@evil.example/a.png",
        "http://user:word@photos.example.com/a.png",
        "http://photos.example.com:8080/a.png",
        "https://evil.example/photos.example.com",
        "http://[::1]/a.png",
        "http://photos.example.com:99999/a.png",
        "http:///a.png",
    ],
)
async def test_other_hosts_are_never_asked(url: str) -> None:
    images = Images(of="data.photos", hosts=["photos.example.com"])
    with pytest.raises(ImageInvalid):
        await StoredImages(Path()).read(images, url)


async def test_urls_need_hosts_and_paths_need_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ImageInvalid, match="hosts"):
        await StoredImages(tmp_path).read(Images(of="x", folder="."), "http://127.0.0.1/a.png")
    with pytest.raises(ImageInvalid, match="folder"):
        await StoredImages(tmp_path).read(Images(of="x", hosts=["a.example"]), "a.png")
