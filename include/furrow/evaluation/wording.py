"""How reports write figures and foreign text, on a terminal and on a page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def as_json(value: Any) -> str:
    """A value as JSON in one line, safe to print."""
    return plain(json.dumps(value, ensure_ascii=False))


def plain(text: str) -> str:
    """What cannot be printed, escapes and direction marks among it, as its code."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def counted(counts: Mapping[str, int]) -> str:
    """`strict 3, reasked 1`: what was counted, without the zeroes."""
    return ", ".join(f"{plain(name)} {n:,}" for name, n in counts.items() if n) or "none"


def share(value: float | None) -> str:
    """A share of 1 with three digits."""
    return "-" if value is None else f"{value:.3f}"


def points(value: float | None) -> str:
    """A difference of shares in points of 100, with its sign."""
    return "-" if value is None else f"{100 * value:+.1f}"


def bounds(interval: tuple[float, float], n: int) -> str:
    """The ends of an interval; of nothing there are none."""
    return f"{interval[0]:.3f} - {interval[1]:.3f}" if n else "-"


def dollars(value: float | None) -> str:
    """US dollars; a price that nobody knows is not called free."""
    return "unknown" if value is None else f"{value:.4f}"


def seconds(value: float | None) -> str:
    """Seconds with two digits."""
    return "-" if value is None else f"{value:.2f}"
