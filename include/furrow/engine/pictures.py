"""The pictures that a record names: which, read from where they may lie, and made ready to be sent."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from furrow.config.models import Images
from furrow.config.templates import Expression
from furrow.engine.ports import Image, ImageFiles
from furrow.errors import ImageInvalid

if TYPE_CHECKING:  # Pillow is imported when the first picture comes
    from PIL.Image import Image as Opened

_FORMATS = ("JPEG", "PNG", "WEBP")
_MOST_PIXELS = 50_000_000
_QUALITY = 85


class Pictures:
    """The pictures of one step's records. files: None is an error of whoever put the pipeline together."""

    def __init__(self, images: Images, of: Expression, files: ImageFiles | None):
        if files is None:
            raise TypeError("a step looks at images: Pipeline needs `files`")
        self.limits, self._of, self._files = images, of, files

    def names(self, context: Mapping[str, Any]) -> list[str]:
        """The paths and URLs, as the record has them. Raises PromptFailed or ImageInvalid."""
        value = self._of.evaluate(context)
        named = [] if value is None else [value] if isinstance(value, str) else value
        if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
            raise ImageInvalid(f"{self._of.path}: `images.of` holds something else than paths or URLs")
        if len(named) > self.limits.max_count:
            raise ImageInvalid(f"{len(named)} images, and the step takes {self.limits.max_count}")
        return named

    async def read(self, name: str) -> bytes:
        """The file as it lies there. Raises ImageInvalid or ImageUnavailable."""
        return await self._files.read(self.limits, name)

    async def prepared(self, context: Mapping[str, Any]) -> tuple[Image, ...]:
        """Every image of a record, ready to be sent. Raises RecordError or ImageUnavailable."""
        return tuple(await asyncio.gather(*(self._prepared(name) for name in self.names(context))))

    async def _prepared(self, name: str) -> Image:
        content = await self.read(name)
        return await asyncio.to_thread(ready_to_send, content, name, self.limits.max_edge)


def open_picture(content: bytes, name: str, max_edge: int) -> Opened:
    """The picture as people see it: turned as its EXIF says, in RGB, no edge longer than `max_edge` pixels.

    Raises ImageInvalid for what is no JPEG, PNG or WebP, is damaged or has over 50 million pixels.
    """
    from PIL import Image as Pillow
    from PIL import ImageOps

    try:
        opened: Opened = Pillow.open(io.BytesIO(content), formats=_FORMATS)
        _check_pixels(opened, name)
        opened.draft("RGB", (max_edge, max_edge))  # a large JPEG is decoded at a fraction of its size
        opened = ImageOps.exif_transpose(opened)
        opened.thumbnail((max_edge, max_edge))
        return _on_white(opened)
    except ImageInvalid:
        raise
    except Exception as error:  # what Pillow raises for hostile bytes is of many kinds
        raise ImageInvalid(f"{name}: not a readable JPEG, PNG or WebP image: {error}") from None


def ready_to_send(content: bytes, name: str, max_edge: int) -> Image:
    """As JPEG without metadata, the same bytes for the same file. Raises ImageInvalid."""
    written = io.BytesIO()
    open_picture(content, name, max_edge).save(written, "JPEG", quality=_QUALITY)
    return Image("image/jpeg", written.getvalue())


def _check_pixels(opened: Opened, name: str) -> None:
    """Before a pixel is decoded: a small file can unfold into gigabytes."""
    width, height = opened.size
    if width * height > _MOST_PIXELS:
        raise ImageInvalid(f"{name}: {width} x {height} pixels; at most {_MOST_PIXELS:,} are read")


def _on_white(opened: Opened) -> Opened:
    if not opened.has_transparency_data:
        return opened.convert("RGB")
    from PIL import Image as Pillow

    seen = opened.convert("RGBA")
    return Pillow.alpha_composite(Pillow.new("RGBA", seen.size, "white"), seen).convert("RGB")
