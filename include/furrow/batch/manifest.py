"""What a run pinned when it started, and its partitions. Written last by fetch: once there, fetch is done."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from furrow.engine.arms import LIVE, Arm, Arms

Json = dict[str, Any]


@dataclass(frozen=True)
class Partition:
    """A chunk of a run's records, on its way through the tasks. Small: it travels in XCom.

    path: its newest file within the run's folder; counts: records by outcome, once known; arm: whose records
    they are, `live` or `candidate`.
    """

    index: int
    path: str
    records: int
    counts: dict[str, int] = field(default_factory=dict)
    arm: str = LIVE

    @property
    def file(self) -> str:
        """The partition's file name in every folder of the run."""
        return f"{self.index:04d}.jsonl"

    def to_json(self) -> Json:
        """For XCom; `label` is what Airflow shows on the mapped task."""
        beside = "" if self.arm == LIVE else f" · {self.arm}"
        return {**asdict(self), "label": f"{self.index:03d} · {self.records} records{beside}"}

    @classmethod
    def from_json(cls, value: Json) -> Partition:
        """The inverse of `to_json`."""
        arm = value.get("arm", LIVE)
        return cls(value["index"], value["path"], value["records"], value["counts"], arm)


@dataclass(frozen=True)
class Manifest:
    """The pinned releases, the start (ISO 8601), the source's position behind the records, the partitions."""

    use_case: str
    run_id: str
    arms: Arms
    started: str
    position: Json
    partitions: tuple[Partition, ...]

    @property
    def release(self) -> str:
        """The live one, that of most records."""
        return self.arms.live.release

    def arm(self, name: str) -> Arm:
        """The arm of that name. Raises KeyError."""
        return {arm.name: arm for arm in self.arms.all()}[name]  # type: ignore[index]

    def of(self, arm: Arm) -> list[Partition]:
        """The partitions of an arm."""
        return [partition for partition in self.partitions if partition.arm == arm.name]

    def to_json(self) -> Json:
        """The content of manifest.json."""
        partitions = [partition.to_json() for partition in self.partitions]
        return {**asdict(self), "arms": self.arms.to_json(), "partitions": partitions}

    @classmethod
    def from_json(cls, value: Json) -> Manifest:
        """The inverse of `to_json`."""
        partitions = tuple(Partition.from_json(partition) for partition in value["partitions"])
        return cls(**{**value, "arms": Arms.from_json(value["arms"]), "partitions": partitions})
