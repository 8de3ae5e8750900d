"""Pictures from outside, made ready to be sent: what is refused, and what is sent of the rest."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from furrow.engine.pictures import open_picture, ready_to_send
from furrow.errors import ImageInvalid
from tests.pictures import BLUE, RED, drawn, pixels


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be so large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


@given(width=st.integers(1, 300), height=st.integers(1, 300), max_edge=st.integers(16, 200))
@settings(max_examples=40)
def test_what_is_sent_is_a_jpeg_within_the_edge_and_never_made_larger(
    width: int, height: int, max_edge: int
) -> None:
    sent = ready_to_send(drawn(size=(width, height)), "a.png", max_edge)
    seen = pixels(sent.content)
    assert sent.media_type == "image/jpeg"
    assert max(seen.size) == min(max(width, height), max_edge)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_the_usual_formats_are_read_and_the_same_file_gives_the_same_bytes(form: str) -> None:
    content = drawn(BLUE, form=form)
    sent = ready_to_send(content, "a", 64)
    assert sent == ready_to_send(content, "a", 64)
    red, _, blue = pixels(sent.content).getpixel((30, 20))
    assert blue > 200 and red < 60


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "ICO"])
def test_other_formats_are_refused(form: str) -> None:
    with pytest.raises(ImageInvalid, match="JPEG, PNG or WebP"):
        ready_to_send(drawn(form=form), "a.jpg", 64)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"not an image", id="words"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", id="SVG"),
        pytest.param(drawn()[:-30], id="a PNG that was cut"),
        pytest.param(drawn(form="JPEG", size=(200, 200))[:300], id="a JPEG that was cut"),
    ],
)
def test_what_is_no_whole_image_is_refused(content: bytes) -> None:
    with pytest.raises(ImageInvalid, match=r"^room\.jpg: "):
        ready_to_send(content, "room.jpg", 64)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(("width", "height"), [(10_000, 5_001), (12_000, 12_000), (60_000, 60_000)])
def test_a_decompression_bomb_is_refused_before_it_unfolds(width: int, height: int) -> None:
    content = bomb(width, height)
    assert len(content) < 200
    with pytest.raises(ImageInvalid):
        ready_to_send(content, "bomb.png", 64)


@given(st.binary(max_size=400))
@settings(max_examples=60)
def test_no_bytes_raise_anything_but_image_invalid(tail: bytes) -> None:
    for head in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\x10\0\0\0WEBPVP8 "):
        with pytest.raises(ImageInvalid):
            ready_to_send(head + tail, "a", 64)


def test_a_photo_is_turned_as_its_exif_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    content = drawn(size=(80, 40), form="JPEG", exif=exif)
    assert open_picture(content, "a", 100).size == (40, 80)


def test_nothing_of_the_exif_is_sent() -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home, 02-000-0000"
    sent = ready_to_send(drawn(form="JPEG", exif=exif), "a", 64)
    assert b"taken at home" not in sent.content
    assert not Image.open(io.BytesIO(sent.content)).getexif()


def test_what_is_transparent_is_white() -> None:
    sent = ready_to_send(drawn((*RED, 0)), "a", 64)
    assert min(pixels(sent.content).getpixel((30, 20))) > 250


def test_grey_pictures_are_sent_in_colour() -> None:
    assert open_picture(drawn((128,)), "a", 64).mode == "RGB"
