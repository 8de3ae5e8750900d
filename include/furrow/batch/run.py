"""One batch run of one use case: fetch, steps, validate, publish, evaluate.

Every method is the body of one Airflow task. Each may be killed and called again: files are written
atomically, the source's position moves only after its records are here, and paid answers are in the ledger.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from furrow.batch.manifest import Manifest, Partition
from furrow.config.use_case import UseCase, Version
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import Arrival, Row, Sink, Source
from furrow.engine.reading import read_work
from furrow.engine.record import Work
from furrow.errors import OptionUnknown, StoreDamaged, TransientError
from furrow.evaluation.run_report import RunReport, drift
from furrow.store.run_store import RunFolder
from furrow.store.runs import Run, RunTable

Json = dict[str, Any]
log = logging.getLogger(__name__)

MOST_PARTITIONS = 1000
"""Airflow maps a task over at most 1024 partitions; what a run does not take stays in the source."""
_ROWS_AT_ONCE = 1000


@dataclass(frozen=True)
class Surroundings:
    """What a run reaches outside itself, made when it is needed.

    preflight: raises ConnectionMissing when a model of the version has no connection.
    reports: the reports of the runs before this one, the newest first.
    """

    source: Callable[[], Source]
    sink: Callable[[str, Version], Sink]
    pipeline: Callable[[Version], AbstractAsyncContextManager[Pipeline]]
    preflight: Callable[[Version], None]
    reports: Callable[[], list[Json]]
    runs: RunTable


class BatchRun:
    """The tasks of one run. Partitions come and go as the small dicts that travel in XCom."""

    def __init__(self, use_case: UseCase, run_id: str, folder: RunFolder, surroundings: Surroundings):
        self.use_case, self.run_id = use_case, run_id
        self._folder, self._outside = folder, surroundings

    # --- fetch ---------------------------------------------------------------------------------

    def fetch(self, limit: int | None = None, version: str | None = None) -> list[Json]:
        """Pin the release, copy the source's records into partition files, then commit the position.

        Called again in the same run it gives the same partitions. Raises SourceUnavailable.
        """
        source = self._outside.source()
        try:
            if self._folder.exists("manifest.json"):
                manifest = self.manifest()
            else:
                manifest = self._copy(source, limit, self.use_case.version(version))
                self._folder.write_json("manifest.json", manifest.to_json())
            source.commit(manifest.position)
        finally:
            source.close()
        records = sum(partition.records for partition in manifest.partitions)
        log.info("%s: %d records in %d partitions", manifest.release, records, len(manifest.partitions))
        return [self._travelling(partition) for partition in manifest.partitions]

    def manifest(self) -> Manifest:
        """What fetch pinned. Raises StoreDamaged when fetch has not run."""
        if not self._folder.exists("manifest.json"):
            raise StoreDamaged(
                f"{self._folder.uri} has no manifest.json: run the task `fetch` of this run first"
            )
        return Manifest.from_json(self._folder.read_json("manifest.json"))

    def _copy(self, source: Source, limit: int | None, version: Version) -> Manifest:
        self._outside.preflight(version)
        started = datetime.now(UTC).isoformat()
        self._outside.runs.start(Run(self.use_case.name, self.run_id, version.release))
        size = self.use_case.pipeline.partition_records
        most = size * MOST_PARTITIONS if limit is None else min(limit, size * MOST_PARTITIONS)
        arrivals = source.read(most)
        partitions = tuple(
            self._write_partition(index, chunk) for index, chunk in enumerate(_chunks(arrivals, size))
        )
        return Manifest(
            use_case=self.use_case.name,
            run_id=self.run_id,
            version=version.name,
            release=version.release,
            started=started,
            position=source.position(),
            partitions=partitions,
        )

    def _write_partition(self, index: int, arrivals: list[Arrival]) -> Partition:
        path = f"partitions/{index:04d}.jsonl"
        works = (read_work(arrival, self.use_case.pipeline.record) for arrival in arrivals)
        written = self._folder.write_lines(path, (work.to_json() for work in works))
        return Partition(index, path, written)

    def _travelling(self, partition: Partition) -> Json:
        return {**partition.to_json(), "uri": self._folder.uri_of(partition.path)}

    # --- steps and validation ------------------------------------------------------------------

    def run_step(self, step: str, partition: Json) -> Json:
        """One step on one partition. A version without that step passes the partition on.

        Raises TransientError when records failed for now: what was paid for is kept, a retry of the
        task makes only the missing calls. Raises RunError when a person has to act.
        """
        version = self._version()
        if step not in version.outputs:
            log.info("%s has no step `%s`; the partition passes through", version.release, step)
            return partition
        return self._travelling(asyncio.run(self._run_step(version, step, Partition.from_json(partition))))

    def validate(self, partition: Json) -> Json:
        """Map the result, check the rules, and set the rejected records apart as dead letters."""
        return self._travelling(asyncio.run(self._validate(self._version(), Partition.from_json(partition))))

    async def _run_step(self, version: Version, step: str, partition: Partition) -> Partition:
        failures, path = _Failures(step), f"steps/{step}/{partition.file}"
        counts: Counter[str] = Counter()
        async with self._outside.pipeline(version) as pipeline:
            with self._folder.open_lines(path) as lines:
                async with aclosing(pipeline.run_step(step, self._works(partition))) as works:
                    async for work in works:
                        failures.note(work)
                        counts.update(_takings(work, step))
                        lines.write(work.to_json())
                failures.raise_if_any()
        log.info("%s: %s", step, dict(counts))
        return replace(partition, path=path, counts={"rejected": counts["rejected"]})

    async def _validate(self, version: Version, partition: Partition) -> Partition:
        counts: Counter[str] = Counter()
        path = _results_path(partition)
        async with self._outside.pipeline(version) as pipeline:
            with (
                self._folder.open_lines(path) as results,
                self._folder.open_lines(f"dead-letters/{partition.file}") as letters,
            ):
                for work in map(pipeline.conclude, self._works(partition)):
                    counts[str(work.outcome)] += 1
                    results.write(work.to_json())
                    if work.rejection is not None:
                        letters.write(work.to_json())
        return replace(partition, path=path, counts=dict(counts))

    def _version(self) -> Version:
        manifest = self.manifest()
        version = self.use_case.version(manifest.version)
        if version.release != manifest.release:
            raise OptionUnknown(
                f"this run is pinned to {manifest.release}, but the folder is now {version.release}; "
                f"put {manifest.version} back as it was, or start a new run"
            )
        return version

    def _works(self, partition: Partition) -> Iterator[Work]:
        return map(Work.from_json, self._folder.read_lines(partition.path, partition.records))

    # --- publish and evaluate ------------------------------------------------------------------

    def publish(self, sink: str) -> Json:
        """Publish the accepted results of every partition. Publishing again changes nothing."""
        manifest = self.manifest()
        out = self._outside.sink(sink, self._version())
        published = in_effect = 0
        rows = (self._row(manifest, work) for work in self.results() if work.result is not None)
        for chunk in _chunks(rows, _ROWS_AT_ONCE):
            published += len(chunk)
            in_effect += out.publish(chunk)
        return {"sink": sink, "release": manifest.release, "rows": published, "in_effect": in_effect}

    def evaluate(self) -> Json:
        """Write the run's report and give its short form. Compares with the runs before it."""
        manifest = self.manifest()
        report = RunReport.collect(
            self.results(),
            self._version().result,
            started=datetime.fromisoformat(manifest.started),
            finished=datetime.now(UTC),
        )
        content = report.to_json() | {"release": manifest.release}
        content["drift"] = drift(report, self._outside.reports())
        self._folder.write_json("report.json", content)
        short = {
            "release": manifest.release,
            "counts": content["outcomes"],
            "cost_usd": content["cost_usd"],
            "report_uri": self._folder.uri_of("report.json"),
        }
        self._outside.runs.finish(self.use_case.name, self.run_id, short)
        return short

    def results(self) -> Iterator[Work]:
        """Every record of the run with its end, in the order of fetch. Raises FileMissing before validate."""
        for partition in self.manifest().partitions:
            yield from map(
                Work.from_json, self._folder.read_lines(_results_path(partition), partition.records)
            )

    def _row(self, manifest: Manifest, work: Work) -> Row:
        record = work.record
        return Row(record.key, record.time, work.result or {}, manifest.release, self.run_id, record.id)


class _Failures:
    """Records that failed for now: enough to say what happened, however many there are."""

    def __init__(self, step: str):
        self._step, self._count, self._all = step, 0, 0
        self._first: TransientError | None = None
        self._wait = 0.0

    def note(self, work: Work) -> None:
        self._all += 1
        if work.failure is not None:
            error = work.failure.error
            self._count += 1
            self._first = self._first or error
            self._wait = max(self._wait, error.retry_after or 0.0)

    def raise_if_any(self) -> None:
        """Raise what the first of them raised, with the longest wait that any was asked for."""
        if self._first is not None:
            raise type(self._first)(
                f"{self._count} of {self._all} records failed at `{self._step}`: {self._first}. "
                "Answers that were paid for are kept; the task's retry makes only the missing calls",
                retry_after=self._wait or None,
            )


def _results_path(partition: Partition) -> str:
    return f"results/{partition.file}"


def _takings(work: Work, step: str) -> dict[str, int]:
    trace = work.traces.get(step)
    taken = {"records": 1, "rejected": int(work.rejection is not None)}
    return {**taken, "calls": trace.calls, "bought": trace.bought} if trace else taken


def _chunks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
