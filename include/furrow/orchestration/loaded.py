"""The use cases as their folders are now, each loaded once for as long as its files stay the same."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

from furrow.config.loader import load_models, load_or_broken, use_case_folders
from furrow.config.use_case import Broken, UseCase
from furrow.errors import ConfigError, Problem

Fingerprint = tuple[tuple[str, int, int], ...]


class LoadedFolders:
    """For a process that shows pages: loading two hundred folders at each of them would take seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Path, tuple[Fingerprint, UseCase | Broken]] = {}

    def all(self, prompts: Path) -> list[UseCase | Broken]:
        """Every use case by name. Raises ConfigError when the folder or its models.yaml does not load."""
        if not prompts.is_dir():
            raise ConfigError(Problem(str(prompts), None, "there is no such folder", "set FURROW_PROMPTS"))
        models = load_models(prompts)
        shared = _files(prompts / "models.yaml")
        with self._lock:
            found = []
            for folder in use_case_folders(prompts):
                fingerprint = (*shared, *_files(folder))
                known = self._known.get(folder)
                if known is None or known[0] != fingerprint:
                    self._known[folder] = known = (fingerprint, load_or_broken(folder, models))
                found.append(known[1])
            return found


def _files(path: Path) -> Fingerprint:
    """Every file at or below a path: where it is, when it changed, how long it is."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    found = []
    for file in files:
        with suppress(FileNotFoundError):  # an editor, or a deployment, took it away just now
            told = file.stat()
            found.append((str(file), told.st_mtime_ns, told.st_size))
    return tuple(found)


LOADED = LoadedFolders()
