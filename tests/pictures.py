"""Pictures for tests, and image files that lie in memory."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from PIL import Image

from furrow.config.models import Images
from furrow.errors import ImageInvalid

RED, GREEN, BLUE = (250, 10, 10), (10, 200, 10), (10, 10, 250)


def drawn(
    colour: tuple[int, ...] = RED, size: tuple[int, int] = (64, 48), form: str = "PNG", **saved: Any
) -> bytes:
    """The file of a picture in one colour. saved: what Pillow's `save` takes."""
    written = io.BytesIO()
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[len(colour)]
    Image.new(mode, size, colour).save(written, form, **saved)
    return written.getvalue()


def pixels(content: bytes) -> Image.Image:
    """The picture in a file."""
    return Image.open(io.BytesIO(content)).convert("RGB")


class Album:
    """ImageFiles in memory: name -> file, or what is raised instead. Counts what was read."""

    def __init__(self, files: Mapping[str, bytes | Exception]):
        self.files = dict(files)
        self.read_names: list[str] = []

    async def read(self, images: Images, name: str) -> bytes:
        """The file. Raises ImageInvalid for an unknown name, and what the album says."""
        self.read_names.append(name)
        found = self.files.get(name)
        if found is None:
            raise ImageInvalid(f"there is no image {name!r}")
        if isinstance(found, Exception):
            raise found
        return found
