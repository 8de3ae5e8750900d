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

from furrow.batch.drift_check import check_run
from furrow.batch.failures import KEPT, Failures
from furrow.batch.manifest import Manifest, Partition
from furrow.batch.splitting import split
from furrow.config.use_case import UseCase, Version
from furrow.engine import telemetry
from furrow.engine.arms import CANDIDATE, LIVE, Arm, Arms
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import Moved, Row, Sink, Source
from furrow.engine.reading import read_work
from furrow.engine.record import Outcome, Work, add_dollars
from furrow.errors import (
    NothingAccepted,
    OptionUnknown,
    ProviderUnavailable,
    RunError,
    SourceUnavailable,
    StoreDamaged,
)
from furrow.evaluation.drift import Drift
from furrow.evaluation.run_page import ArmSection, Details, as_run_page
from furrow.evaluation.run_report import RunReport
from furrow.store.dead_letters import IDS_IN_ONE_QUERY, DeadLetters, Letter, letter_of
from furrow.store.drift_looks import DriftLooks
from furrow.store.exposures import Exposures
from furrow.store.holds import Hold, NoHold
from furrow.store.run_store import Lines, RunFolder
from furrow.store.runs import FAILED, SUCCESS, Run, RunTable
from furrow.store.windows import Windows

Json = dict[str, Any]
log = logging.getLogger(__name__)

MOST_PARTITIONS = 1000
"""Airflow maps a task over at most 1024 partitions; what a run does not take stays in the source."""
_ROWS_AT_ONCE = 10_000
PAGE = "report.html"
"""The page of a run, beside its `report.json`."""


@dataclass(frozen=True)
class Surroundings:
    """What a run reaches outside itself, made when it is needed.

    preflight: raises ConnectionMissing when a model of the version has no connection, SourceUnavailable when
    something else works on the source. Called before a run reads, and before it pins what it read.
    hold: keeps streams away from the source while a run pins what it read and stores its position.
    arms: who answers which record, when no version is asked for.
    windows: what each release did, None for a run that is no sample of the source; exposures: which unit of
    an experiment had which version; drift_looks: how runs differed from the first ones; look: called at the
    end of a run, looks after a new release.
    """

    source: Callable[[], Source]
    sink: Callable[[str, Version], Sink]
    pipeline: Callable[[Version], AbstractAsyncContextManager[Pipeline]]
    preflight: Callable[[Version], None]
    hold: Callable[[], Hold | NoHold]
    runs: RunTable
    letters: DeadLetters
    arms: Callable[[], Arms]
    windows: Windows | None
    exposures: Exposures
    drift_looks: DriftLooks
    look: Callable[[], object]


class BatchRun:
    """The tasks of one run. Partitions come and go as the small dicts that travel in XCom."""

    def __init__(self, use_case: UseCase, run_id: str, folder: RunFolder, surroundings: Surroundings):
        self.use_case, self.run_id = use_case, run_id
        self._folder, self._outside = folder, surroundings

    # --- fetch ---------------------------------------------------------------------------------

    def fetch(self, limit: int | None = None, version: str | None = None) -> list[Json]:
        """Pin the release, copy the source's records into partition files, then commit the position.

        Called again in the same run it gives the same partitions. Raises SourceUnavailable, or RunError when
        somebody else has answered some of them.
        """
        source = self._outside.source()
        try:
            if self._folder.exists("manifest.json"):
                manifest = self.manifest()
                self._store(source, manifest, self._require_its_own)
            else:
                manifest = self._copy(source, limit, self._arms(version))
                self._store(source, manifest, self._pin)
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

    def _arms(self, version: str | None) -> Arms:
        if version is None:
            return self._outside.arms()
        chosen = self.use_case.version(version)
        return Arms(Arm(LIVE, chosen.name, chosen.release))

    def _preflight(self, arms: Arms) -> None:
        for arm in arms.all():
            self._outside.preflight(self.use_case.version(arm.version))

    def _copy(self, source: Source, limit: int | None, arms: Arms) -> Manifest:
        self._preflight(arms)
        started = datetime.now(UTC).isoformat()
        self._outside.runs.start(Run(self.use_case.name, self.run_id, arms.live.release))
        size = self.use_case.pipeline.partition_records
        most = size * MOST_PARTITIONS // len(arms.all())
        arrivals = source.read(most if limit is None else min(limit, most))
        works = (read_work(arrival, self.use_case.pipeline.record) for arrival in arrivals)
        partitions = tuple(
            self._write_partition(index, arm, chunk)
            for index, (arm, chunk) in enumerate(split(works, arms, size))
        )
        return Manifest(
            use_case=self.use_case.name,
            run_id=self.run_id,
            arms=arms,
            started=started,
            position=source.position(),
            partitions=partitions,
        )

    def _store(
        self, source: Source, manifest: Manifest, before: Callable[[Source, Manifest, Hold | NoHold], None]
    ) -> None:
        """Store the position, with streams kept away from what comes `before` until it is stored.

        The hold of a run whose position could not be stored lapses by itself: its records are pinned, so
        its retry should come before a stream does.
        """
        hold = self._outside.hold()
        hold.take()
        try:
            before(source, manifest, hold)
        except BaseException:
            hold.let_go()
            raise
        source.commit(manifest.position)
        hold.let_go()

    def _pin(self, source: Source, manifest: Manifest, hold: Hold | NoHold) -> None:
        """Make what was read the run's own, unless a stream runs, or came and went while it was read."""
        self._preflight(manifest.arms)
        if source.moved(manifest.position) is not Moved.NOT:
            raise SourceUnavailable(
                f"a stream or another run moved the position of {self.use_case.name} while this run read;"
                " what it read is dropped, the next attempt reads from there"
            )
        hold.renew()
        self._folder.write_json("manifest.json", manifest.to_json())

    def _require_its_own(self, source: Source, manifest: Manifest, _: Hold | NoHold) -> None:
        """Raises RunError when what is pinned was answered by others before its position was stored.

        A position behind all of it may be the one that this run stored before it was killed.
        """
        if source.moved(manifest.position) is Moved.INTO:
            raise RunError(
                f"a stream or another run answered some of the records of {self.run_id} before its position"
                " was stored; start a new run, which reads what nobody has answered"
            )

    def _write_partition(self, index: int, arm: Arm, works: list[Work]) -> Partition:
        path = f"partitions/{index:04d}.jsonl"
        written = self._folder.write_lines(path, (work.to_json() for work in works))
        return Partition(index, path, written, arm=arm.name)

    def _travelling(self, partition: Partition) -> Json:
        return {**partition.to_json(), "uri": self._folder.uri_of(partition.path)}

    def steps(self) -> list[str]:
        """The steps of the pinned live version in order. Raises StoreDamaged when fetch has not run."""
        return [step.name for step in self._version(self.manifest().arms.live).steps]

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
        given = Partition.from_json(partition)
        version = self._version(self.manifest().arm(given.arm))
        if step not in version.outputs:
            log.info("%s has no step `%s`; the partition passes through", version.release, step)
            return partition
        return self._travelling(asyncio.run(self._run_step(version, step, given)))

    def validate(self, partition: Json) -> Json:
        """Map the result, check the rules, and note the rejected records as dead letters.

        They are in the state database before the results are there, and again after a rerun, once each.
        Those of a shadow are not noted: the live version has the record as well.
        """
        given = Partition.from_json(partition)
        return self._travelling(asyncio.run(self._validate(self.manifest().arm(given.arm), given)))

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
                f"{partition.records} records were through. {KEPT}"
            ) from None
        log.info("%s: %s", step, dict(done.counts))
        return replace(partition, path=path, counts={"rejected": done.counts["rejected"]})

    async def _write_step(self, version: Version, partition: Partition, path: str, done: _StepCounts) -> None:
        async with self._outside.pipeline(version) as pipeline:
            with self._folder.open_lines(path) as lines:
                async with aclosing(pipeline.run_step(done.step, self._works(partition))) as works:
                    async for work in works:
                        done.add(work)
                        if work.failure is not None:
                            telemetry.ended(self.use_case.name, version.release, work)
                        lines.write(work.to_json())
                done.raise_if_any(f"at `{done.step}`")

    async def _validate(self, arm: Arm, partition: Partition) -> Partition:
        counts: Counter[str] = Counter()
        path = _results_path(partition)
        async with self._outside.pipeline(self._version(arm)) as pipeline:
            with self._folder.open_lines(path) as results:
                letters = self._concluded(pipeline, partition, results, counts)
                self._outside.letters.note(letter for letter in letters if arm.published)
        return replace(partition, path=path, counts=dict(counts))

    def _concluded(
        self, pipeline: Pipeline, partition: Partition, results: Lines, counts: Counter[str]
    ) -> Iterator[Letter]:
        """Write each work to the results; what comes out are the letters of the rejected ones."""
        for work in map(pipeline.conclude, self._works(partition)):
            counts[str(work.outcome)] += 1
            results.write(work.to_json())
            telemetry.ended(self.use_case.name, pipeline.version.release, work)
            if work.rejection is not None:
                yield letter_of(work, self.use_case.name, self.run_id, pipeline.version.release)

    def _version(self, arm: Arm) -> Version:
        version = self.use_case.version(arm.version)
        if version.release != arm.release:
            raise OptionUnknown(
                f"this run is pinned to {arm.release}, but the folder is now {version.release}; "
                f"put {arm.version} back as it was, or start a new run"
            )
        return version

    def _works(self, partition: Partition) -> Iterator[Work]:
        return map(Work.from_json, self._folder.read_lines(partition.path, partition.records))

    # --- publish and evaluate ------------------------------------------------------------------

    def publish(self, sink: str) -> Json:
        """Publish the accepted results of every partition. Publishing again changes nothing."""
        manifest = self.manifest()
        counts: Counter[str] = Counter({"rows": 0, "in_effect": 0})
        for arm in manifest.arms.published():
            out = self._outside.sink(sink, self._version(arm))
            for chunk in _chunks(self._rows(manifest, arm), _ROWS_AT_ONCE):
                counts.update(rows=len(chunk), in_effect=out.publish(chunk))
        return {"sink": sink, "release": manifest.release, **counts}

    def evaluate(self) -> Json:
        """Write the run's report and give its short form; close the dead letters of what is published now.

        Compares with the first runs of its release. Raises StoreDamaged unless every record that was fetched
        has exactly one outcome in its arm: a run that lost one never ends well. Its `state` is failed
        when there were records and none passed: see `require_success`.
        """
        manifest = self.manifest()
        sections = [self._section(manifest, arm) for arm in manifest.arms.all()]
        reports: dict[str, RunReport] = {section.arm.name: section.report for section in sections}
        drift = self._drift(manifest, reports[LIVE])
        self._folder.write_json("report.json", self._content(manifest, reports, drift))
        page = as_run_page(self.use_case.name, self.run_id, manifest.arms, sections, drift)
        self._folder.write_text(PAGE, page)
        short = self._short(manifest, reports)
        self._outside.runs.finish(self.use_case.name, self.run_id, short)
        telemetry.run_ended(self.use_case.name, manifest.release, short["state"])
        self._outside.look()
        return short

    def _content(self, manifest: Manifest, reports: Mapping[str, RunReport], drift: Drift | None) -> Json:
        """What stands in report.json."""
        content = reports[LIVE].to_json() | {"release": manifest.release}
        content["drift"] = {} if drift is None else {**drift.to_json(), "alarms": drift.alarms}
        if (beside := manifest.arms.candidate) is not None:
            content["beside"] = {**beside.to_json(), **reports[CANDIDATE].to_json()}
        return content

    def _section(self, manifest: Manifest, arm: Arm) -> ArmSection:
        """What one arm came to, noted as a window of its release."""
        started, finished = datetime.fromisoformat(manifest.started), datetime.now(UTC)
        details = Details()
        works = details.counting(self._each_once(manifest.of(arm)))
        if arm.published:
            works = self._exposing(manifest, arm, self._closing(arm.release, works))
        report = RunReport.collect(works, self._version(arm).result, started=started, finished=finished)
        if report.records and self._outside.windows is not None:
            self._outside.windows.note(
                self.use_case.name,
                arm.release,
                self.run_id,
                started,
                finished,
                report.records,
                report.to_json(),
                arm.published,
            )
        return ArmSection(arm, report, details)

    def _drift(self, manifest: Manifest, report: RunReport) -> Drift | None:
        """How the run differs from the first ones of its release; None for a replay."""
        if self._outside.windows is None:
            return None
        began = datetime.fromisoformat(manifest.started)
        found = check_run(self._outside.windows, self.use_case.name, manifest.release, report, began)
        for alarm in found.alarms:
            log.error("ALARM: %s drifts from its first runs: %s", manifest.release, alarm)
        looks, name = self._outside.drift_looks, self.use_case.name
        looks.note(name, manifest.release, found.alarms, found.enough, self.run_id)
        return found

    def _short(self, manifest: Manifest, reports: Mapping[str, RunReport]) -> Json:
        """For XCom and the table of runs. The records are those of the published arms, the cost is of all."""
        counts: Counter[str] = Counter(reports[LIVE].outcomes)
        for arm in manifest.arms.published()[1:]:
            counts.update(reports[arm.name].outcomes)
        cost: float | None = 0.0
        for report in reports.values():
            cost = add_dollars(cost, report.cost_usd)
        beside = manifest.arms.candidate
        return {
            "state": SUCCESS if came_to_something(counts) else FAILED,
            "release": manifest.release,
            **({"beside": beside.release} if beside is not None else {}),
            "counts": dict(counts),
            "cost_usd": cost,
            "report_uri": self._folder.uri_of("report.json"),
        }

    def results(self, arm: str = LIVE) -> Iterator[Work]:
        """Every record of an arm with its end, in the order of fetch. Raises FileMissing before validate."""
        manifest = self.manifest()
        for partition in manifest.of(manifest.arm(arm)):
            yield from self._results(partition)

    def _results(self, partition: Partition) -> Iterator[Work]:
        lines = self._folder.read_lines(_results_path(partition), partition.records)
        return map(Work.from_json, lines)

    def _each_once(self, partitions: Iterable[Partition]) -> Iterator[Work]:
        """The results, each next to the record that was fetched."""
        for partition in partitions:
            fetched = self._folder.read_lines(partition.path, partition.records)
            for line, work in zip_longest(fetched, self._results(partition)):
                if line is None or work is None or work.record.id != line["id"] or work.outcome is None:
                    raise StoreDamaged(
                        f"{self._folder.uri_of(_results_path(partition))}: not one outcome for each record "
                        "that was fetched; clear the tasks of this partition from its first step on"
                    )
                yield work

    def _exposing(self, manifest: Manifest, arm: Arm, works: Iterable[Work]) -> Iterator[Work]:
        """Pass the works on, and note the units of an experiment that were published to."""
        arms, began = manifest.arms, datetime.fromisoformat(manifest.started)
        if arms.experiment is None or arms.candidate is None or not arms.candidate.published:
            yield from works
            return
        for chunk in _chunks(works, IDS_IN_ONE_QUERY):
            units = [arms.unit_of(work.record) for work in chunk if work.result is not None]
            named = [(unit, arm.name) for unit in units if unit is not None]
            self._outside.exposures.note(self.use_case.name, arms.experiment, named, began)
            yield from chunk

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

    def _rows(self, manifest: Manifest, arm: Arm) -> Iterator[Row]:
        """What an arm publishes."""
        for work in self.results(arm.name):
            record = work.record
            if work.result is not None:
                yield Row(record.key, record.time, work.result, arm.release, self.run_id, record.id)


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


class _StepCounts(Failures):
    """What a step did so far."""

    def __init__(self, step: str):
        super().__init__()
        self.step = step
        self.counts: Counter[str] = Counter()

    def add(self, work: Work) -> None:
        """Count one record."""
        super().add(work)
        self.counts.update(_takings(work, self.step))


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
