"""The composition root: settings, connections and a use case -> pipeline, source, sinks, run."""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.batch.digest import DAYS, Books, collect
from furrow.batch.evaluation import Evaluation, EvaluationSurroundings
from furrow.batch.experimenting import Experimenting
from furrow.batch.in_process import Summary
from furrow.batch.manifest import Manifest
from furrow.batch.outcomes import OutcomesRead, read_outcomes
from furrow.batch.replay import LetterSource
from furrow.batch.run import MOST_PARTITIONS, BatchRun, Surroundings
from furrow.batch.watching import ReleaseWatch
from furrow.config.loader import EVAL, load_all, load_models, load_use_case, use_case_folders
from furrow.config.models import BigQuerySource as BigQueryConfig
from furrow.config.models import FilesSource as FilesConfig
from furrow.config.models import ModelsFile
from furrow.config.settings import Settings
from furrow.config.use_case import UseCase, Version
from furrow.config.yaml_file import suggest
from furrow.engine.arms import Arms
from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.engine.plan import Plan, Planning, plan
from furrow.engine.ports import Connections, ImageFiles, Interval, LanguageModel, Prices, Sink, Source
from furrow.engine.reading import read_work
from furrow.engine.recall import Recall
from furrow.engine.record import Work
from furrow.engine.repeats import Repeat
from furrow.errors import OptionUnknown, SourceUnavailable
from furrow.evaluation.digest import Digest
from furrow.evaluation.sample import place_of
from furrow.store.call_days import CallDays
from furrow.store.call_history import usual_calls
from furrow.store.database import Database, open_database
from furrow.store.dead_letters import DeadLetters, Selection
from furrow.store.drift_looks import DriftLooks
from furrow.store.evaluations import Evaluations
from furrow.store.exposures import Exposures
from furrow.store.holds import Hold, NoHold
from furrow.store.intervals import ReadIntervals
from furrow.store.ledger import SqlLedger
from furrow.store.outcomes import Outcomes
from furrow.store.promotion import Promotions, arms_of, as_served, live_alone
from furrow.store.releases import ReleaseLog
from furrow.store.replicas import alive
from furrow.store.run_store import RunFolder, RunStore
from furrow.store.runs import RunTable
from furrow.store.window_sums import WindowSums
from furrow.store.windows import Windows

if TYPE_CHECKING:
    from furrow.adapters.bigquery_sink import BigQuerySink
    from furrow.adapters.feature_store import FeatureStore

Json = dict[str, Any]
IN_PROCESS = "in-process"
"""The run of what is bought without Airflow."""


class Deployment:
    """What one process of this deployment is put together from. Nothing is opened before its use."""

    def __init__(self, settings: Settings | None = None, connections: Connections | None = None):
        self.settings = settings or Settings.from_environment()
        self.connections = connections or EnvironmentConnections(os.environ)

    def anew(self) -> Deployment:
        """The same one for files that may have changed; it shares the state database."""
        fresh = Deployment(self.settings, self.connections)
        fresh.database = self.database
        return fresh

    @cached_property
    def models(self) -> ModelsFile:
        """The model catalogue. Raises ConfigError."""
        return load_models(self.settings.prompts)

    @cached_property
    def database(self) -> Database:
        """The state database, migrated."""
        return open_database(self.settings.database)

    @cached_property
    def ledger(self) -> SqlLedger:
        """The ledger of paid calls."""
        return SqlLedger(self.database)

    @cached_property
    def call_days(self) -> CallDays:
        """What was bought on each day."""
        return CallDays(self.database)

    @cached_property
    def window_sums(self) -> WindowSums:
        """What releases came to, added up."""
        return WindowSums(self.database)

    @cached_property
    def runs(self) -> RunTable:
        """The table of runs and their reports."""
        return RunTable(self.database)

    @cached_property
    def letters(self) -> DeadLetters:
        """The dead letters of every use case."""
        return DeadLetters(self.database)

    @cached_property
    def releases(self) -> ReleaseLog:
        """The log of what is live."""
        return ReleaseLog(self.database)

    @cached_property
    def evaluations(self) -> Evaluations:
        """What versions reached on their test sets."""
        return Evaluations(self.database)

    def promotions(self, use_case: str) -> Promotions:
        """What may be done with the releases of a use case. Raises like `use_case`."""
        return Promotions(self.releases, self.use_case(use_case))

    def watch(self, use_case: str) -> ReleaseWatch:
        """What looks after a new release of a use case."""
        return ReleaseWatch(lambda: self.anew().promotions(use_case), self.windows)

    def look_after(self, use_case: str) -> None:
        """What there is to do when a run has ended: watch its release, add up what was bought."""
        self.watch(use_case).look()
        self.call_days.add_up()

    def arms(self, use_case: UseCase) -> Arms:
        """Who answers which record now. Raises ReleaseChanged, OptionUnknown, StoreUnavailable."""
        return arms_of(use_case, self.releases.standing(use_case.name))

    def evaluation_folder(self, use_case: str, evaluation: str) -> RunFolder:
        """The files of an evaluation: what it pinned, what its shards gave, a page for each version."""
        return self.run_store.run(f"{use_case}{EVAL}", evaluation)

    @cached_property
    def windows(self) -> Windows:
        """What each release did."""
        return Windows(self.database)

    def experiment(self, name: str) -> Experimenting:
        """The experiment of a use case. Raises like `use_case`."""
        use_case = self.use_case(name)
        return Experimenting(
            use_case,
            arms=lambda: self.arms(use_case),
            exposures=Exposures(self.database),
            read=lambda seen: self.read_outcomes(use_case, seen),
        )

    @cached_property
    def drift_looks(self) -> DriftLooks:
        """How looks at drift ended, of runs and of each hour."""
        return DriftLooks(self.database)

    def digest(self, until: datetime, days: int = DAYS) -> Digest:
        """What so many days up to that moment were. Raises ConfigError, StoreUnavailable (retry helps)."""
        books = Books(
            self.ledger,
            self.windows,
            self.runs,
            self.evaluations,
            self.releases,
            self.letters,
            self.drift_looks,
        )
        return collect(books, load_all(self.settings.prompts), until, days)

    def read_outcomes(self, use_case: UseCase, seen: Callable[[], None] = lambda: None) -> OutcomesRead:
        """Note the outcomes that came since the last read; `seen` is called for each line.

        Raises OptionUnknown, ConnectionMissing, SourceUnavailable, StoreUnavailable (retry helps).
        """
        from furrow.adapters.outcome_source import open_outcomes

        experiment = use_case.pipeline.experiment
        if experiment is None or experiment.outcomes is None:
            raise OptionUnknown(f"{use_case.name} has no `experiment.outcomes` in its pipeline.yaml")
        source = open_outcomes(experiment.outcomes, use_case.name, use_case.folder, self.connections)
        try:
            return read_outcomes(source, experiment.outcomes, Outcomes(self.database), use_case.name, seen)
        finally:
            source.close()

    @cached_property
    def run_store(self) -> RunStore:
        """The files of runs."""
        return RunStore(self.settings.store)

    def use_case(self, name: str) -> UseCase:
        """One use case, loaded and checked, with the live version that the log of releases names.

        Raises ConfigError, OptionUnknown or StoreUnavailable.
        """
        models = self.models
        folders = {folder.name: folder for folder in use_case_folders(self.settings.prompts)}
        if name not in folders:
            hint = suggest(name, list(folders))
            raise OptionUnknown(f"there is no use case `{name}` in {self.settings.prompts}; {hint}")
        return as_served(load_use_case(folders[name], models), self.releases.standing(name))

    def source(self, use_case: UseCase, interval: Interval | None = None) -> Source:
        """The source that pipeline.yaml names, for a run about `interval`. Raises ConnectionMissing."""
        wanted = use_case.pipeline.source
        if wanted.kafka is not None:
            from furrow.adapters.kafka import KafkaSource

            return KafkaSource(wanted.kafka, self.connections.get(wanted.kafka.connection), use_case.name)
        if wanted.bigquery is not None:
            return self._bigquery_source(wanted.bigquery, use_case, interval)
        from furrow.adapters.files import FilesSource

        assert wanted.files is not None
        return FilesSource(wanted.files, use_case.folder)

    def _bigquery_source(
        self, config: BigQueryConfig, use_case: UseCase, interval: Interval | None
    ) -> Source:
        from furrow.adapters.bigquery_client import client_of
        from furrow.adapters.bigquery_source import BigQuerySource

        client = client_of(self.connections, config.connection, config.location)
        most = use_case.pipeline.partition_records * MOST_PARTITIONS
        intervals = ReadIntervals(self.database)
        return BigQuerySource(config, client, use_case.name, intervals, interval, most)

    def sink(self, name: str, use_case: UseCase, version: Version, run_id: str = "") -> Sink:
        """The sink of that name under `publish`, for the rows of one run. Raises OptionUnknown."""
        topic = use_case.pipeline.publish.kafka
        if name == "kafka" and topic is not None:
            from furrow.adapters.kafka_sink import KafkaSink
            from furrow.streaming.messages import result_message

            connection = self.connections.get(topic.connection)
            part = f"{use_case.name}.{run_id}.{version.release}"
            return KafkaSink(topic.topic, connection, part, result_message)
        if name == "features" and use_case.pipeline.publish.features is not None:
            return self.features(use_case, version)
        if name == "bigquery" and use_case.pipeline.publish.bigquery is not None:
            return self.bigquery(use_case)
        raise OptionUnknown(f"{use_case.name} does not publish to `{name}`")

    def bigquery(self, use_case: UseCase) -> BigQuerySink:
        """The table of the use case's results. Raises OptionUnknown, ConnectionMissing."""
        from furrow.adapters.bigquery_client import client_of
        from furrow.adapters.bigquery_sink import BigQuerySink

        config = use_case.pipeline.publish.bigquery
        if config is None:
            raise OptionUnknown(f"{use_case.name} does not publish to `bigquery`")
        client = client_of(self.connections, config.connection, config.location)
        return BigQuerySink(self.settings, config, client, use_case)

    def features(self, use_case: UseCase, version: Version) -> FeatureStore:
        """The feature views of a version's result."""
        from furrow.adapters.feature_store import FeatureStore

        return FeatureStore(self.settings, use_case, version)

    def apply_features(self) -> list[str]:
        """Generate the Feast repository from the use cases and apply it; the names of what it holds."""
        from furrow.adapters.feature_repository import apply, write_repository

        write_repository(load_all(self.settings.prompts), self.settings.features)
        return apply(self.settings.features)

    def model(self, alias: str, version: Version) -> LanguageModel:
        """One model of the version's catalogue. Raises ConnectionMissing."""
        from furrow.adapters.language_model import open_model

        entry = version.catalogue[alias]
        return open_model(alias, entry, self.connections.get(entry.connection))

    @asynccontextmanager
    async def pipeline(
        self,
        use_case: UseCase,
        version: Version,
        run_id: str,
        again_after: float | None = None,
        repeat: int = 0,
    ) -> AsyncIterator[Pipeline]:
        """The version's pipeline with its models and the ledger, for one event loop.

        again_after: seconds after which a model that was out of order is asked again; None: never.
        repeat: ask for a further sample of each answer; 0 is the one that runs use.
        """
        stamp = Stamp(use_case.name, version.release, run_id, use_case.pipeline.budget.usd_per_day)
        open_model = partial(self.model, version=version)
        calls = Calls(open_model, version.catalogue, self.ledger, stamp, prices(version), again_after)
        try:
            with _frozen_heap():
                answers = Repeat(calls, repeat) if repeat else calls
                yield Pipeline(version, answers, self._image_files(version))
        finally:
            await calls.close()

    def recall(self, version: Version) -> tuple[Recall, Pipeline]:
        """A pipeline that is answered out of the ledger alone, and what it keeps of that."""
        recall = Recall(version.catalogue, self.ledger.peek)
        return recall, Pipeline(version, recall, self._image_files(version))

    def file_works(self, use_case: UseCase, path: Path, limit: int | None = None) -> Iterator[Work]:
        """The records of a file, read as the use case reads its source. Raises SourceUnavailable."""
        from furrow.adapters.files import FilesSource

        source = FilesSource(FilesConfig(path=str(path.absolute())), use_case.folder)
        for arrival in source.read(limit):
            yield read_work(arrival, use_case.pipeline.record)

    def logged_works(self, use_case: UseCase, run_id: str, most: int | None = None) -> list[Work]:
        """The readable records that a run fetched, as they came; at most so many, the same each time.

        Raises OptionUnknown when there is no such run.
        """
        folder, manifest = self._fetched(use_case, run_id)
        lines = (line for part in manifest.partitions for line in folder.read_lines(part.path, part.records))
        works = [work for work in map(Work.from_json, lines) if work.open]
        drawn = sorted(works, key=lambda work: place_of(work.record.id))[:most]
        kept = {work.record.id for work in drawn}
        return [work for work in works if work.record.id in kept]

    def logged_releases(self, use_case: UseCase, run_id: str) -> list[str]:
        """Which releases a run was of: the live one, and a candidate. Raises like `logged_works`."""
        _, manifest = self._fetched(use_case, run_id)
        return [arm.release for arm in manifest.arms.all()]

    def _fetched(self, use_case: UseCase, run_id: str) -> tuple[RunFolder, Manifest]:
        folder = self.run_store.run(use_case.name, run_id)
        if not folder.exists("manifest.json"):
            raise OptionUnknown(f"{use_case.name} has no run `{run_id}` in {self.settings.store}")
        return folder, Manifest.from_json(folder.read_json("manifest.json"))

    async def run_in_process(
        self,
        use_case: UseCase,
        version: Version,
        works: Iterable[Work],
        keep: Callable[[Work], None],
        run_id: str = IN_PROCESS,
    ) -> Summary:
        """All steps on every record here, without Airflow; `keep` gets each finished one in order.

        run_id: what the ledger notes as the buyer of what is bought.
        """
        summary = Summary(version.release)
        async with (
            self.pipeline(use_case, version, run_id) as pipeline,
            aclosing(pipeline.run(works)) as finished,
        ):
            async for work in finished:
                summary.add(work)
                keep(work)
        return summary

    async def plan(
        self, use_case: UseCase, version: Version, works: Iterable[Work], seen: Callable[[], None]
    ) -> Plan:
        """What a run of these records would buy; `seen` is called for each. Nothing is bought."""
        usual = usual_calls(self.database, use_case.name)
        planning = Planning(version, self.ledger, prices(version), usual)

        def told() -> Iterator[Work]:
            for work in works:
                yield work
                seen()

        async with aclosing(Pipeline(version, planning, self._image_files(version)).run(told())) as finished:
            return await plan(version.release, planning, finished)

    def _image_files(self, version: Version) -> ImageFiles:
        from furrow.adapters.image_files import StoredImages

        return StoredImages(version.folder.parent)

    def preflight(self, version: Version) -> None:
        """Raises ConnectionMissing before anything is read when a model's connection is not there."""
        for entry in version.catalogue.values():
            self.connections.get(entry.connection)


@contextmanager
def _frozen_heap() -> Iterator[None]:
    """What is there now stays out of collections; one over all of Airflow stops the loop for 0.1 s."""
    if gc.get_freeze_count():
        yield
        return
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def prices(version: Version) -> Prices:
    """What calls of a version's models cost."""
    from furrow.adapters.model_price import CataloguePrices

    return CataloguePrices(version.catalogue)


@contextmanager
def open_run(
    use_case: str,
    run_id: str,
    connections: Connections,
    settings: Settings | None = None,
    letters: Selection | None = None,
    interval: Interval | None = None,
) -> Iterator[BatchRun]:
    """One batch run, for one task. letters: read these dead letters instead of the source, a replay.
    interval: the span of time that the run is about, where it has one.

    Raises ConfigError, OptionUnknown.
    """
    deployment = Deployment(settings, connections)
    loaded = deployment.use_case(use_case)

    def source() -> Source:
        if letters is None:
            return deployment.source(loaded, interval)
        return LetterSource(deployment.letters, use_case, letters)

    def preflight(version: Version) -> None:
        if letters is None:
            _require_no_replica(deployment, loaded)
        deployment.preflight(version)

    def hold() -> Hold | NoHold:
        shared = letters is None and loaded.pipeline.stream is not None
        return Hold(deployment.database, use_case, run_id) if shared else NoHold()

    surroundings = Surroundings(
        source=source,
        sink=lambda name, version: deployment.sink(name, loaded, version, run_id),
        pipeline=lambda version: deployment.pipeline(loaded, version, run_id),
        preflight=preflight,
        hold=hold,
        runs=deployment.runs,
        letters=deployment.letters,
        arms=lambda: deployment.arms(loaded) if letters is None else live_alone(loaded),
        windows=deployment.windows if letters is None else None,
        exposures=Exposures(deployment.database),
        drift_looks=deployment.drift_looks,
        look=partial(deployment.look_after, use_case),
    )
    yield BatchRun(loaded, run_id, deployment.run_store.run(use_case, run_id), surroundings)


def _require_no_replica(deployment: Deployment, use_case: UseCase) -> None:
    """A run and a stream have one position: both would answer what comes now. Raises SourceUnavailable.

    Asked before anything is read, and, once the run holds the source, before what was read counts as its own.
    The broker refuses the position only when it is stored: by then the next attempt would answer those
    records after the stream has.
    """
    if use_case.pipeline.stream is None:
        return
    there = [name for name in alive(deployment.database, use_case.name) if name.isdecimal()]
    if there:
        raise SourceUnavailable(
            f"the stream of {use_case.name} runs (replica {', '.join(there)}) and answers what comes;"
            " stop it and run again ten seconds later"
        )


def open_evaluation(
    use_case: str, evaluation: str, connections: Connections, settings: Settings | None = None
) -> Evaluation:
    """One evaluation, for one task. Raises ConfigError, OptionUnknown."""
    deployment = Deployment(settings, connections)
    loaded = deployment.use_case(use_case)
    surroundings = EvaluationSurroundings(
        pipeline=lambda version, repeat: deployment.pipeline(loaded, version, evaluation, repeat=repeat),
        preflight=deployment.preflight,
        evaluations=deployment.evaluations,
        releases=deployment.releases,
    )
    folder = deployment.evaluation_folder(use_case, evaluation)
    return Evaluation(loaded, evaluation, folder, surroundings)
