"""What an evaluation pinned when it started: which versions, which cases, in which shards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from furrow.config.use_case import UseCase, Version
from furrow.evaluation.cases import test_sets
from furrow.store.evaluations import Evaluated, Evaluations
from furrow.store.releases import Action, Entry, ReleaseLog

Json = dict[str, Any]

CASES = 50
"""Cases of one shard, unless there would be too many shards."""
MOST_SHARDS = 1000
"""Airflow maps a task over at most 1024."""
GATE = "furrow (gate)"
"""Who declines a version that did not pass."""
_UNDECIDED = "not_enough_evidence"


@dataclass(frozen=True)
class Shard:
    """A piece of an evaluation: the cases from `first` up to `last` of a version, in one repeat of them."""

    index: int
    version: str
    repeat: int
    first: int
    last: int

    @property
    def path(self) -> str:
        """Its file of works in the evaluation's folder."""
        return f"works/{self.index:04d}.jsonl"

    def to_json(self) -> Json:
        """For XCom; `label` is what Airflow shows on the mapped task."""
        again = f" · repeat {self.repeat + 1}" if self.repeat else ""
        label = f"{self.version} · cases {self.first + 1} to {self.last}{again}"
        return {**asdict(self), "label": label}

    @classmethod
    def from_json(cls, value: Json) -> Shard:
        """The inverse of `to_json`."""
        return cls(*(value[name] for name in ("index", "version", "repeat", "first", "last")))


@dataclass(frozen=True)
class Asked:
    """What a person may ask of an evaluation. versions: none for those that are not decided yet."""

    versions: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    repeats: int | None = None


@dataclass(frozen=True)
class EvaluationPlan:
    """live: the version to compare with; releases: of each version, live first; test_set: see `test_set_of`;
    started: ISO 8601.
    """

    live: str
    releases: dict[str, str]
    test_set: str
    slices: tuple[str, ...]
    repeats: int
    started: str
    shards: tuple[Shard, ...]

    def to_json(self) -> Json:
        """The content of plan.json."""
        return {**asdict(self), "shards": [shard.to_json() for shard in self.shards]}

    @classmethod
    def from_json(cls, value: Json) -> EvaluationPlan:
        """The inverse of `to_json`."""
        shards = tuple(Shard.from_json(shard) for shard in value["shards"])
        return cls(**{**value, "shards": shards, "slices": tuple(value["slices"])})


def test_set_of(use_case: UseCase) -> str:
    """Hash of the cases and of what pipeline.yaml asks of them: a version is decided for one of these."""
    digest = hashlib.sha256(use_case.pipeline.evaluate.gate.model_dump_json().encode())
    for path in test_sets(use_case.folder):
        digest.update(f"\0{path.name}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


test_set_of.__test__ = False  # type: ignore[attr-defined] # pytest takes the name for a test


def new_versions(use_case: UseCase, releases: ReleaseLog, evaluations: Evaluations) -> list[str]:
    """The versions that nobody decided about, as the state database says. Raises StoreUnavailable."""
    found = evaluations.of_test_set(use_case.name, test_set_of(use_case))
    return undecided(use_case, releases.history(use_case.name), found)


def undecided(use_case: UseCase, log: Iterable[Entry], found: Mapping[str, Evaluated]) -> list[str]:
    """The versions after the live one that nobody decided about.

    log: one that served or that a person declined, as it is now, is decided. found: the newest evaluations on
    the present test set; pass or fail decides, as long as the same release is live.
    """
    live = use_case.version()
    settled = {
        entry.content_hash for entry in log if entry.action is not Action.DECLINED or entry.who != GATE
    }

    def is_open(version: Version) -> bool:
        if number(version.name) <= number(live.name) or version.content_hash in settled:
            return False
        last = found.get(version.release)
        return last is None or last.decision == _UNDECIDED or last.against != live.release

    return [version.name for version in use_case.versions.values() if is_open(version)]


def number(version: str) -> int:
    """Of `v12`: 12."""
    return int(version[1:])


def shards_of(versions: Iterable[str], repeats: int, cases: Mapping[str, int]) -> tuple[Shard, ...]:
    """Every case of every version in every repeat, at most MOST_SHARDS. cases: how many each version has."""
    named = list(versions)
    whole = sum(cases[version] for version in named) * repeats
    size = max(CASES, -(-whole // max(1, MOST_SHARDS - len(named) * repeats)))
    pieces = [
        (version, repeat, first, min(first + size, cases[version]))
        for version in named
        for repeat in range(repeats)
        for first in range(0, cases[version], size)
    ]
    return tuple(Shard(index, *piece) for index, piece in enumerate(pieces))
