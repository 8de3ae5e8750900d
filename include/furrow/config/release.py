"""What a version is made of: its models, the files beside it, and the hash that names the release."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from furrow.config.models import ClassifyStep, LookupStep, MapStep, ModelsFile, RetrieveStep, StepsFile

Kind = Callable[[Path], bool]


def find_beside(version: Path, name: str, kind: Kind) -> Path | None:
    """What has that name in the version's folder, or else in the use case's.

    kind: Path.is_file or Path.is_dir.
    """
    return next((path for path in (version / name, version.parent / name) if kind(path)), None)


def reachable(file: StepsFile, models: ModelsFile) -> set[str]:
    """Every model alias that may answer for these steps: the named ones and their fallbacks."""
    return answering({alias for step in file.steps for alias in step.aliases}, models)


def answering(named: Iterable[str], models: ModelsFile) -> set[str]:
    """These model aliases and their fallbacks."""
    named = set(named)
    return named.union(*(models.models[alias].fallback for alias in named if alias in models.models))


def content_hash(folder: Path, file: StepsFile, models: ModelsFile) -> str:
    """SHA-256 (hex) of what decides the output: every file of the folder, and each model's name."""
    digest = hashlib.sha256()
    shared = (*_shared_tables(folder, file), *_shared_documents(folder, file))
    for name, path in (*sorted(_files(str(folder))), *shared):
        digest.update(f"{name}\0".encode())
        digest.update(hashlib.sha256(Path(path).read_bytes()).digest())
    aliases = sorted(alias for alias in reachable(file, models) if alias in models.models)
    chosen = {
        alias: [models.models[alias].model, models.models[alias].capabilities.json_schema]
        for alias in aliases
    }
    digest.update(json.dumps(chosen, sort_keys=True).encode())
    return digest.hexdigest()


def _shared_tables(folder: Path, file: StepsFile) -> Iterator[tuple[str, str]]:
    """Name and path of the tables of these steps that do not lie in the version's folder."""
    names = {step.table for step in file.steps if isinstance(step, LookupStep)}
    names.update(step.examples for step in file.steps if isinstance(step, ClassifyStep))
    names.update(name for step in file.steps if isinstance(step, MapStep) for name in step.words.values())
    for path in _shared(folder, names, Path.is_file):
        yield f"../{path.name}", str(path)


def _shared_documents(folder: Path, file: StepsFile) -> Iterator[tuple[str, str]]:
    """The same for the documents that these steps search."""
    names = {step.documents for step in file.steps if isinstance(step, RetrieveStep)}
    for path in _shared(folder, names, Path.is_dir):
        for name, found in sorted(_files(str(path))):
            yield f"../{path.name}/{name}", found


def _shared(folder: Path, names: Iterable[str], kind: Kind) -> Iterator[Path]:
    found = (find_beside(folder, name, kind) for name in sorted(names))
    return (path for path in found if path is not None and path.parent != folder)


def _files(folder: str, within: str = "") -> Iterator[tuple[str, str]]:
    """Name within the folder and path of each file; hidden files and an editor's backups do not count."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name[0] in "._" or entry.name.endswith("~"):
                continue
            if entry.is_dir():
                yield from _files(entry.path, f"{within}{entry.name}/")
            else:
                yield f"{within}{entry.name}", entry.path
