"""One batch run of one use case: fetch, steps, validate, publish, evaluate.

Every method is the body of one Airflow task. Each may be killed and called again: files are written
atomically, the source's position moves only after its records are here, and paid answers are in the ledger.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice, zip_longest
from typing import Any

from furrow.batch.manifest import Manifest, Partition
from furrow.config.use_case import UseCase, Version
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import Arrival, Row, Sink, Source
from furrow.engine.reading import read_work
from furrow.engine.record import Outcome, Work
from furrow.errors import NothingAccepted, OptionUnknown, ProviderUnavailable, StoreDamaged, TransientError
from furrow.evaluation.run_report import RunReport, drift
from furrow.store.dead_letters import IDS_IN_ONE_QUERY, DeadLetters, Letter, letter_of
from furrow.store.run_store import Lines, RunFolder
from furrow.store.runs import FAILED, SUCCESS, Run, RunTable

Json = dict[str, Any]
log = logging.getLogger(__name__)

MOST_PARTITIONS = 1000
"""Airflow maps a task over at most 1024 partitions; what a run does not take stays in the source."""
_ROWS_AT_ONCE = 10_000
_KEPT = "Answers that were paid for are kept; the task's retry makes only the missing calls"


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
    letters: DeadLetters


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

    def steps(self) -> list[str]:
        """The steps of the pinned version in order. Raises StoreDamaged when fetch has not run."""
        return [step.name for step in self._version().steps]

    def sinks(self) -> list[str]:
        """What pipeline.yaml publishes to."""
        return self.use_case.pipeline.publish.sinks

    # --- steps and validation ------------------------------------------------------------------

    def run_step(self, step: str, partition: Json) -> Json:
        """One step on one partition. A version without that step passes the partition on.

        Raises TransientError when records failed for now, or when the step took longer than
        `step_timeout_seconds`: what was paid for is kept, a retry of the task makes only the missing
        calls. Raises RunError when a person has to act.
        """
        version = self._version()
        if step not in version.outputs:
            log.info("%s has no step `%s`; the partition passes through", version.release, step)
            return partition
        return self._travelling(asyncio.run(self._run_step(version, step, Partition.from_json(partition))))

    def validate(self, partition: Json) -> Json:
        """Map the result, check the rules, and note the rejected records as dead letters.

        They are in the state database before the results are there, and again after a rerun, once each.
        """
        return self._travelling(asyncio.run(self._validate(self._version(), Partition.from_json(partition))))

    async def _run_step(self, version: Version, step: str, partition: Partition) -> Partition:
        done, seconds = _StepCounts(step), self.use_case.pipeline.step_timeout_seconds
        path = f"steps/{step}/{partition.file}"
        try:
            async with asyncio.timeout(seconds) as deadline:
                await self._write_step(version, partition, path, done)
        except TimeoutError:
            if not deadline.expired():
                raise
            raise ProviderUnavailable(
                f"`{step}` took longer than step_timeout_seconds ({seconds:g}); {done.records} of "
                f"{partition.records} records were through. {_KEPT}"
            ) from None
        log.info("%s: %s", step, dict(done.counts))
        return replace(partition, path=path, counts={"rejected": done.counts["rejected"]})

    async def _write_step(self, version: Version, partition: Partition, path: str, done: _StepCounts) -> None:
        async with self._outside.pipeline(version) as pipeline:
            with self._folder.open_lines(path) as lines:
                async with aclosing(pipeline.run_step(done.step, self._works(partition))) as works:
                    async for work in works:
                        done.add(work)
                        lines.write(work.to_json())
                done.raise_if_any_failed()

    async def _validate(self, version: Version, partition: Partition) -> Partition:
        counts: Counter[str] = Counter()
        path = _results_path(partition)
        async with self._outside.pipeline(version) as pipeline:
            with self._folder.open_lines(path) as results:
                self._outside.letters.note(self._concluded(pipeline, partition, results, counts))
        return replace(partition, path=path, counts=dict(counts))

    def _concluded(
        self, pipeline: Pipeline, partition: Partition, results: Lines, counts: Counter[str]
    ) -> Iterator[Letter]:
        """Write each work to the results; what comes out are the letters of the rejected ones."""
        for work in map(pipeline.conclude, self._works(partition)):
            counts[str(work.outcome)] += 1
            results.write(work.to_json())
            if work.rejection is not None:
                yield letter_of(work, self.use_case.name, self.run_id, pipeline.version.release)

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
        """Write the run's report and give its short form; close the dead letters of what is published now.

        Compares with the runs before it. Raises StoreDamaged unless every record that was fetched has
        exactly one outcome: a run that lost one never ends well. Its `state` is failed
        when there were records and none passed: see `require_success`.
        """
        manifest = self.manifest()
        report = RunReport.collect(
            self._closing(manifest.release, self._each_once(manifest)),
            self._version().result,
            started=datetime.fromisoformat(manifest.started),
            finished=datetime.now(UTC),
        )
        content = report.to_json() | {"release": manifest.release}
        content["drift"] = drift(report, self._outside.reports())
        self._folder.write_json("report.json", content)
        short = {
            "state": SUCCESS if came_to_something(report.outcomes) else FAILED,
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
            yield from self._results(partition)

    def _results(self, partition: Partition) -> Iterator[Work]:
        lines = self._folder.read_lines(_results_path(partition), partition.records)
        return map(Work.from_json, lines)

    def _each_once(self, manifest: Manifest) -> Iterator[Work]:
        """The results, each next to the record that was fetched."""
        for partition in manifest.partitions:
            fetched = self._folder.read_lines(partition.path, partition.records)
            for line, work in zip_longest(fetched, self._results(partition)):
                if line is None or work is None or work.record.id != line["id"] or work.outcome is None:
                    raise StoreDamaged(
                        f"{self._folder.uri_of(_results_path(partition))}: not one outcome for each record "
                        "that was fetched; clear the tasks of this partition from its first step on"
                    )
                yield work

    def _closing(self, release: str, works: Iterable[Work]) -> Iterator[Work]:
        """Pass the works on; an accepted one closes the letter that its record may have."""
        accepted: list[Letter] = []
        for work in works:
            yield work
            if work.outcome is Outcome.ACCEPTED:
                accepted.append(letter_of(work, self.use_case.name, self.run_id, release))
            if len(accepted) == IDS_IN_ONE_QUERY:
                self._outside.letters.close(accepted)
                accepted = []
        self._outside.letters.close(accepted)

    def _row(self, manifest: Manifest, work: Work) -> Row:
        record = work.record
        return Row(record.key, record.time, work.result or {}, manifest.release, self.run_id, record.id)


def came_to_something(outcomes: Mapping[str, int]) -> bool:
    """Whether a record was accepted; of no records none has to be."""
    return outcomes[Outcome.ACCEPTED] > 0 or not any(outcomes.values())


def require_success(use_case: str, outcomes: Mapping[str, int]) -> None:
    """Raises NothingAccepted when there were records and none of them passed."""
    if not came_to_something(outcomes):
        raise NothingAccepted(
            f"none of {sum(outcomes.values())} records passed. All are in the dead letters: "
            f"`furrow dead-letters list {use_case}` shows why; mend the cause and replay them"
        )


class _StepCounts:
    """What a step did so far, and of the records that failed for now enough to say what happened."""

    def __init__(self, step: str):
        self.step, self.records = step, 0
        self.counts: Counter[str] = Counter()
        self._failed = 0
        self._first: TransientError | None = None
        self._wait = 0.0

    def add(self, work: Work) -> None:
        """Count one record."""
        self.records += 1
        self.counts.update(_takings(work, self.step))
        if work.failure is not None:
            error = work.failure.error
            self._failed += 1
            self._first = self._first or error
            self._wait = max(self._wait, error.retry_after or 0.0)

    def raise_if_any_failed(self) -> None:
        """Raise what the first of them raised, with the longest wait that any was asked for."""
        if self._first is not None:
            raise type(self._first)(
                f"{self._failed} of {self.records} records failed at `{self.step}`: {self._first}. {_KEPT}",
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
