"""Which version answers which record, while two are served beside each other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from furrow.engine.record import Record

Json = dict[str, Any]
LIVE: Final = "live"
CANDIDATE: Final = "candidate"
_WHOLE = 2**64


@dataclass(frozen=True, slots=True)
class Arm:
    """A version and its part of the records. published: False for one that answers in the shadow."""

    name: Literal["live", "candidate"]
    version: str
    release: str
    published: bool = True

    def to_json(self) -> Json:
        """For the manifest of a run."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Arms:
    """The live version, and perhaps another beside it.

    share: of the units, for the candidate. salt: draws the units; the same salt with a larger share keeps
    every unit that had the candidate. unit: field of the record that decides; None: its key.
    experiment: names what the units are noted under; None: a canary, which nobody analyses by unit.
    """

    live: Arm
    candidate: Arm | None = None
    share: float = 0.0
    salt: str = ""
    unit: str | None = None
    experiment: str | None = None

    def of(self, record: Record) -> Iterator[Arm]:
        """The arms that answer it: one, and the candidate's shadow on top. Without its unit: the live one."""
        unit = self.unit_of(record)
        chosen = self.candidate is not None and unit is not None and self._place(unit) < self.share
        if self.candidate is None or not chosen:
            yield self.live
            return
        if not self.candidate.published:
            yield self.live
        yield self.candidate

    def unit_of(self, record: Record) -> str | None:
        """What decides the arm of this record; None when it has no such field."""
        if self.unit is None:
            return record.key or None
        found = record.data.get(self.unit)
        return None if found is None or found == "" else str(found)

    def all(self) -> list[Arm]:
        """The live arm, and the candidate's if there is one."""
        return [self.live, *([self.candidate] if self.candidate else [])]

    def published(self) -> list[Arm]:
        """Those whose answers go out, the live one first."""
        return [arm for arm in self.all() if arm.published]

    def _place(self, unit: str) -> float:
        """Where a unit stands between 0 and 1: a salted hash, so the same in every process and run."""
        digest = hashlib.blake2b(f"{self.salt}\0{unit}".encode("utf-8", "surrogatepass"), digest_size=8)
        return int.from_bytes(digest.digest(), "big") / _WHOLE

    def to_json(self) -> Json:
        """For the manifest of a run."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Json) -> Arms:
        """The inverse of `to_json`."""
        candidate = value["candidate"]
        arms = {"live": Arm(**value["live"]), "candidate": Arm(**candidate) if candidate else None}
        return cls(**{**value, **arms})
