"""What a run pinned when it started, and its partitions. Written last by fetch: once there, fetch is done."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Partition:
    """A chunk of a run's records, on its way through the tasks. Small: it travels in XCom.

    path: its newest file within the run's folder; counts: records by outcome, once known.
    """

    index: int
    path: str
    records: int
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """The partition's file name in every folder of the run."""
        return f"{self.index:04d}.jsonl"

    def to_json(self) -> Json:
        """For XCom; `label` is what Airflow shows on the mapped task."""
        return {**asdict(self), "label": f"{self.index:03d} · {self.records} records"}

    @classmethod
    def from_json(cls, value: Json) -> Partition:
        """The inverse of `to_json`."""
        return cls(value["index"], value["path"], value["records"], value["counts"])


@dataclass(frozen=True)
class Manifest:
    """The pinned release, the start (ISO 8601), the source's position behind the records, the partitions."""

    use_case: str
    run_id: str
    version: str
    release: str
    started: str
    position: Json
    partitions: tuple[Partition, ...]

    def to_json(self) -> Json:
        """The content of manifest.json."""
        return {**asdict(self), "partitions": [partition.to_json() for partition in self.partitions]}

    @classmethod
    def from_json(cls, value: Json) -> Manifest:
        """The inverse of `to_json`."""
        partitions = tuple(Partition.from_json(partition) for partition in value["partitions"])
        return cls(**{**value, "partitions": partitions})
