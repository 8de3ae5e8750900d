"""The model server looks at images: it decodes them, and its answers depend on what it sees."""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """One image that arrived. colour: its mean, each of red, green, blue 0 to 255; digest: SHA-256."""

    media_type: str
    width: int
    height: int
    colour: tuple[int, int, int]
    digest: str

    def __str__(self) -> str:
        red, green, blue = self.colour
        return (
            f"{self.media_type} {self.width}x{self.height} #{red:02x}{green:02x}{blue:02x} {self.digest[:12]}"
        )


def look(media_type: str, encoded: str) -> Seen:
    """Decode an image in base64, of either alphabet. Raises ValueError for none, or one of another type."""
    from PIL import Image, UnidentifiedImageError

    content = base64.b64decode(encoded.translate(str.maketrans("-_", "+/")), validate=True)
    try:
        opened = Image.open(io.BytesIO(content))
        found, pixels = Image.MIME.get(opened.format or ""), opened.convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(f"not an image: {error}") from None
    if found != media_type:
        raise ValueError(f"an image of {found} came as {media_type}")
    red, green, blue = (pixels.resize((1, 1), Image.Resampling.BOX)).getpixel((0, 0))  # type: ignore[misc]
    digest = hashlib.sha256(content).hexdigest()
    return Seen(media_type, *pixels.size, (int(red), int(green), int(blue)), digest)
