"""What differs between two versions of a use case: prompts, examples, fields, steps and models."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from furrow.config.use_case import Version

Json = dict[str, Any]
_KINDS = {"examples.jsonl": "examples", "output.yaml": "fields", "steps.yaml": "steps"}


@dataclass(frozen=True)
class FileDiff:
    """One file. kind: prompt, examples, fields, steps or other; lines: a unified diff, none if no text."""

    kind: str
    path: str
    added: int
    removed: int
    lines: tuple[str, ...]

    def to_json(self) -> Json:
        """For `--json` and pages."""
        return asdict(self)


@dataclass(frozen=True)
class VersionDiff:
    """models: by step, the aliases before and after, of steps that differ in them."""

    before: str
    after: str
    files: tuple[FileDiff, ...]
    models: dict[str, tuple[list[str], list[str]]]

    def to_json(self) -> Json:
        """For `--json` and pages."""
        return asdict(self)


def diff_versions(before: Version, after: Version) -> VersionDiff:
    """From one version to another; files that are the same are left out."""
    names = sorted({*_names(before.folder), *_names(after.folder)})
    files = (_diff(before.folder / name, after.folder / name, name) for name in names)
    return VersionDiff(
        before.release, after.release, tuple(found for found in files if found), _models(before, after)
    )


def _names(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and path.name[0] not in "._" and not path.name.endswith("~"):
            yield path.relative_to(folder).as_posix()


def _diff(before: Path, after: Path, name: str) -> FileDiff | None:
    old, new = _lines(before), _lines(after)
    if old == new:
        return None
    kind = "prompt" if name.endswith(".md") else _KINDS.get(Path(name).name, "other")
    if old is None or new is None:
        return FileDiff(kind, name, 0, 0, ())
    lines = tuple(difflib.unified_diff(old, new, "before", "after", lineterm=""))
    added = sum(line.startswith("+") for line in lines[2:])
    return FileDiff(kind, name, added, sum(line.startswith("-") for line in lines[2:]), lines)


def _lines(path: Path) -> list[str] | None:
    """Nothing of a file that is not there; None of one that is no text."""
    if not path.exists():
        return []
    try:
        return path.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        return None


def _models(before: Version, after: Version) -> dict[str, tuple[list[str], list[str]]]:
    old = {step.name: sorted(step.aliases) for step in before.steps}
    new = {step.name: sorted(step.aliases) for step in after.steps}
    names = dict.fromkeys([*old, *new])
    return {name: (old.get(name, []), new.get(name, [])) for name in names if old.get(name) != new.get(name)}
