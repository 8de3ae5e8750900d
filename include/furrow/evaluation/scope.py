"""What a report is about: which cases, which models, and whether it speaks for the release."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

from furrow.config.use_case import Version
from furrow.evaluation.counts import Reported

HASH_DIGITS = 16


class Scope(Reported):
    """The part of the test set that was judged, and how it was run.

    split, slices: those that were asked for, None and empty for all; without: slices that were left out;
    sampled_from: how many cases there were to draw a sample from, None when all were judged; model: the alias
    that every llm step was asked to use instead of its own; synthetic: the cases are invented; at: when it
    ran.
    """

    split: Literal["dev", "test"] | None = None
    slices: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    sampled_from: int | None = None
    model: str | None = None
    synthetic: bool = False
    at: datetime | None = None

    def sentences(self, cases: int) -> Iterator[str]:
        """What a reader has to know before the figures of so many cases."""
        if self.synthetic:
            yield "The cases are synthetic: invented for this test set, no posts of people."
        if self.sampled_from is not None:
            yield f"A sample: {cases} of {self.sampled_from} cases."
        if self.split is not None:
            yield f"Only the cases of the split `{self.split}`."
        if self.slices:
            yield f"Only the cases of the slices {', '.join(self.slices)}."
        if self.without:
            yield f"Without the cases of the slices {', '.join(self.without)}."
        if self.model is not None:
            yield f"Every llm step was asked to use `{self.model}`: these are not the release's own models."

    def reservations(self) -> Iterator[str]:
        """Why these figures cannot release the version; none: they can."""
        if self.model is not None:
            yield f"every llm step used {self.model}, not the model that the release names"
        if self.slices:
            yield f"only the slices {', '.join(self.slices)} were judged"
        if self.without:
            yield f"the slices {', '.join(self.without)} were left out"
        if self.split == "dev":
            yield "only the split dev was judged, which prompts were made on; judge the split test, or all"


def prompt_hashes(version: Version) -> dict[str, str]:
    """For each step with a folder, the first digits of the SHA-256 over its prompt, examples and fields."""
    folders = {step.name: version.folder / step.name for step in version.steps}
    return {name: _hash(folder)[:HASH_DIGITS] for name, folder in folders.items() if folder.is_dir()}


def _hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name[0] not in "._" and not path.name.endswith("~"):
            digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
