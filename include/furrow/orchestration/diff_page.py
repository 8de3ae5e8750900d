"""Two versions of a use case side by side, file by file, as far as their lines differ."""

from __future__ import annotations

from difflib import SequenceMatcher
from pathlib import Path

from furrow.config.use_case import Version

Pair = tuple[str, str]
_AROUND = 3
_LARGEST = 200_000


def differing_files(before: Version, after: Version) -> list[tuple[str, list[Pair]]]:
    """The files that differ, by name: pairs of texts beside each other, those that differ and some around."""
    names = sorted({*_names(before.folder), *_names(after.folder)})
    texts = [(name, _text(before.folder / name), _text(after.folder / name)) for name in names]
    return [(name, _pairs(old, new)) for name, old, new in texts if old != new]


def _names(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def _text(path: Path) -> str:
    if not path.is_file():
        return ""
    content = path.read_bytes()
    if len(content) > _LARGEST:
        return f"({len(content):,} bytes)"
    return content.decode("utf-8", "replace")


def _pairs(old: str, new: str) -> list[Pair]:
    lines = old.splitlines(), new.splitlines()
    pairs = []
    for group in SequenceMatcher(None, *lines, autojunk=False).get_grouped_opcodes(_AROUND):
        for _, a, b, c, d in group:
            pairs.append(("\n".join(lines[0][a:b]), "\n".join(lines[1][c:d])))
    return pairs
