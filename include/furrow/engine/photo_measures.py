"""How a photo was taken, measured on its pixels with numpy. Imported late: numpy and Pillow are heavy."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL.Image import Image as Opened

from furrow.engine.pictures import open_picture

Plane = NDArray[np.float64]
_EDGE = 384
"""Pixels of the longest edge on which everything but the size is measured."""
_BLACK, _WHITE = 20.0, 247.0
_COLOURS_OF_A_DRAWING = 5
_HASH_SIDE = 8


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured on one photo.

    short_edge: pixels of the file's shorter edge; portrait: whether it is taller than wide; sharpness:
    variance of the Laplacian over the variance of the grey values, so that a dim photo is not a blurred one;
    brightness: mean of the grey values, 0 to 255; black, white: shares of pixels without detail; flatness:
    share of the five commonest of 512 colours; sideways: how much more the light changes from left to right
    than from top to bottom, -1 to 1; fingerprint: 128 bits of a difference hash, near for near copies.
    """

    short_edge: int
    portrait: bool
    sharpness: float
    brightness: float
    black: float
    white: float
    flatness: float
    sideways: float
    fingerprint: int


def measure(content: bytes, name: str, max_edge: int) -> Measures:
    """Measure one photo. Raises ImageInvalid."""
    whole = open_picture(content, name, max_edge)
    small = whole.copy()
    small.thumbnail((_EDGE, _EDGE))
    grey = np.asarray(small.convert("L"), dtype=np.float64)
    return Measures(
        short_edge=min(Pillow.open(io.BytesIO(content)).size),
        portrait=whole.height > whole.width,
        sharpness=_sharpness(grey),
        brightness=float(grey.mean()),
        black=float((grey < _BLACK).mean()),
        white=float((grey > _WHITE).mean()),
        flatness=_flatness(small),
        sideways=_sideways(grey),
        fingerprint=_fingerprint(whole),
    )


def _sharpness(grey: Plane) -> float:
    if min(grey.shape) < 3:
        return 0.0
    middle = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * middle
    return float(laplacian.var() / (grey.var() + 1.0))


def _flatness(small: Opened) -> float:
    """Drawings and banners are made of a few colours; light makes thousands of them."""
    codes = (np.asarray(small, dtype=np.int64) >> 5) @ np.array([64, 8, 1])
    counts = np.sort(np.bincount(codes.ravel(), minlength=512))[::-1]
    return float(counts[:_COLOURS_OF_A_DRAWING].sum() / counts.sum())


def _sideways(grey: Plane) -> float:
    """Rooms are lit from above: in an upright photo the rows differ more than the two sides do."""
    height, width = grey.shape
    if min(height, width) < 3:
        return 0.0
    sides = abs(float(grey[:, : width // 3].mean() - grey[:, -(width // 3) :].mean()))
    levels = abs(float(grey[: height // 3].mean() - grey[-(height // 3) :].mean()))
    return (sides - levels) / (sides + levels + 1.0)


def _fingerprint(whole: Opened) -> int:
    """Which of two neighbours is brighter, along rows and along columns of a tiny copy."""
    side = _HASH_SIDE
    tiny = whole.convert("L").resize((side + 1, side + 1), Pillow.Resampling.LANCZOS)
    grey = np.asarray(tiny, dtype=np.int64)
    along_rows = (grey[:side, 1:] > grey[:side, :-1]).ravel()
    along_columns = (grey[1:, :side] > grey[:-1, :side]).ravel()
    bits = np.concatenate([along_rows, along_columns])
    return int.from_bytes(np.packbits(bits).tobytes())
