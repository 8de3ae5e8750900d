"""Where the outcomes of an experiment come from: a topic, or files of JSON lines. Each knows its place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from furrow.adapters.files import matching_files, unreadable
from furrow.config.models import KafkaSource as KafkaConfig
from furrow.config.quality import Outcomes, OutcomeTopic
from furrow.engine.ports import Arrival, Connection, Connections, Json, Moved, Source

_SETTING = "experiment.outcomes"
_BOM = b"\xef\xbb\xbf"


class OutcomeFiles:
    """The lines of every file that a URL or glob names. A relative path begins at `folder`.

    Nothing remembers what was read: each read starts over, and the place of a line tells that it is known.
    So files of outcomes may grow and more may come, but a line stays where it is.
    """

    def __init__(self, url: str, folder: Path):
        self._url = url if "://" in url else str(folder / url)

    def read(self, limit: int | None = None) -> Iterator[Arrival]:
        """Every line that is not empty; its id is `path#line`. Raises SourceUnavailable, RunError."""
        return islice(self._lines(), limit)

    def position(self) -> Json:
        """There is none."""
        return {}

    def moved(self, position: Json) -> Moved:
        """There is no position."""
        return Moved.NOT

    def commit(self, position: Json) -> None:
        """Does nothing."""

    def close(self) -> None:
        """Nothing is held open between reads."""

    def _lines(self) -> Iterator[Arrival]:
        filesystem, paths = matching_files(self._url, f"{_SETTING}.files")
        for path in paths:
            try:
                with filesystem.open(path, "rb", compression="infer") as file:
                    for number, line in enumerate(file, 1):
                        if value := line.removeprefix(_BOM if number == 1 else b"").strip():
                            yield Arrival(f"{path}#{number}", value)
            except Exception as error:  # each file system has its own kinds
                raise unreadable(path, error) from error


def open_outcomes(config: Outcomes, use_case: str, folder: Path, connections: Connections) -> Source:
    """The source that pipeline.yaml names. Raises ConnectionMissing."""
    if config.kafka is not None:
        return outcome_topic(config.kafka, use_case, connections.get(config.kafka.connection))
    assert config.files is not None
    return OutcomeFiles(config.files, folder)


def outcome_topic(config: OutcomeTopic, use_case: str, connection: Connection) -> Source:
    """The messages of a topic; the id of each is `kafka:topic/partition/offset`. It has its own group."""
    from furrow.adapters.kafka import KafkaSource

    wanted = KafkaConfig(topic=config.topic, group=f"furrow.{use_case}.outcomes", connection=connection.id)
    return KafkaSource(wanted, connection, use_case, setting=f"{_SETTING}.kafka")
