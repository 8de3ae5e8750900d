"""Dead letters as a source, and a replay: an ordinary batch run over them.

A replay publishes like every run, and each record that is accepted closes its letter. Killed at any
moment and started again under the same run id, it goes on with the same letters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from furrow.batch.run import BatchRun
from furrow.engine.ports import Arrival, Moved
from furrow.store.dead_letters import EVERYTHING, DeadLetters, Selection, original_bytes

Json = dict[str, Any]

REPLAY = "replay__"
"""How the run id of every replay begins."""


def new_run_id() -> str:
    """`replay__2026-11-24T02:00:00.123456+00:00`: a replay that starts now."""
    return f"{REPLAY}{datetime.now(UTC).isoformat(timespec='microseconds')}"


class LetterSource:
    """The open letters of a use case as a Source: the same ids and the same bytes as they first came."""

    def __init__(self, letters: DeadLetters, use_case: str, selection: Selection = EVERYTHING):
        self._letters, self._use_case, self._selection = letters, use_case, selection
        self._given = self._blanked = 0

    def read(self, limit: int | None = None) -> Iterator[Arrival]:
        """The oldest first; a letter whose record retention has blanked is counted and left out.

        Raises StoreUnavailable or StoreDamaged.
        """
        self._given = self._blanked = 0
        for letter in self._letters.open_letters(self._use_case, self._selection):
            if self._given == limit:
                return
            if letter.record is None:
                self._blanked += 1
                continue
            self._given += 1
            yield Arrival(letter.record_id, original_bytes(letter.record))

    def position(self) -> Json:
        """`{"letters": given, "blanked": left out}`, for people; nothing goes on from here."""
        return {"letters": self._given, "blanked": self._blanked}

    def moved(self, position: Json) -> Moved:
        """Letters have no position."""
        return Moved.NOT

    def commit(self, position: Json) -> None:
        """Does nothing: a letter closes when its record is accepted."""

    def close(self) -> None:
        """Nothing is held open between reads."""


@dataclass(frozen=True)
class Replayed:
    """What a replay came to. blanked: letters left out because retention has blanked their record."""

    run_id: str
    release: str
    records: int
    accepted: int
    rejected: int
    blanked: int
    report_uri: str

    def to_json(self) -> Json:
        """For XCom and `--json`."""
        return asdict(self)


def replay(run: BatchRun, partitions: list[Json], seen: Callable[[], object] = lambda: None) -> Replayed:
    """All tasks of a run after its fetch, here. seen: called once for each record and each stage of it.

    Raises like the tasks of BatchRun; done again, it makes only the missing calls.
    """
    steps = run.steps()
    for fetched in partitions:
        partition = fetched
        for step in steps:
            partition = run.run_step(step, partition)
            _count(partition, seen)
        _count(run.validate(partition), seen)
    for sink in run.sinks():
        run.publish(sink)
    report, position = run.evaluate(), run.manifest().position
    return Replayed(
        run_id=run.run_id,
        release=report["release"],
        records=sum(partition["records"] for partition in partitions),
        accepted=report["counts"]["accepted"],
        rejected=report["counts"]["rejected"],
        blanked=position["blanked"],
        report_uri=report["report_uri"],
    )


def _count(partition: Json, seen: Callable[[], object]) -> None:
    for _ in range(partition["records"]):
        seen()
