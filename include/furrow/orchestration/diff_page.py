"""Two versions of a use case side by side, file by file, as far as their lines differ."""

from __future__ import annotations

import hashlib
from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path

from furrow.config.use_case import Version

Pair = tuple[str, str]
_AROUND = 3
_LARGEST = 200_000
_MOST_LINES = 3_000
_REPEATED = 20
_NOT_THERE = "(not there)"


def differing_files(before: Version, after: Version) -> list[tuple[str, list[Pair]]]:
    """The files that differ, by name: pairs of texts beside each other, those that differ and some around."""
    names = sorted({*_names(before.folder), *_names(after.folder)})
    contents = [(name, _content(before.folder / name), _content(after.folder / name)) for name in names]
    return [(name, _pairs(_text(old), _text(new))) for name, old, new in contents if old != new]


def _names(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _text(content: bytes | None) -> str:
    if content is None:
        return _NOT_THERE
    if len(content) > _LARGEST or content.count(b"\n") > _MOST_LINES:
        digest = hashlib.sha256(content).hexdigest()[:12]
        return f"({len(content):,} bytes, too many to compare here; sha256 {digest}…)"
    return content.decode("utf-8", "replace")


def _pairs(old: str, new: str) -> list[Pair]:
    lines = old.splitlines(), new.splitlines()
    pairs = []
    for group in _matcher(*lines).get_grouped_opcodes(_AROUND):
        for _, a, b, c, d in group:
            pairs.append(("\n".join(lines[0][a:b]), "\n".join(lines[1][c:d])))
    return pairs


def _matcher(old: list[str], new: list[str]) -> SequenceMatcher[str]:
    """Lines that repeat often are no anchors: a table with many equal lines would take minutes."""
    often = {line for line, number in Counter(new).items() if number > _REPEATED}
    return SequenceMatcher(often.__contains__, old, new)
