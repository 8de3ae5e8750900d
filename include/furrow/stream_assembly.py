"""The composition root of real time: a use case -> its replicas and followers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from furrow.assembly import Deployment
from furrow.config.models import KafkaSink as KafkaTopic
from furrow.config.models import KafkaSource, Stream
from furrow.config.use_case import UseCase, Version
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import Connection, Sink
from furrow.errors import ConfigError, OptionUnknown, SinkUnavailable
from furrow.store.exposures import Exposures
from furrow.store.replicas import Seat, alive, give_up_others
from furrow.streaming.follower import Follower
from furrow.streaming.recording import ReleaseRecording
from furrow.streaming.replica import Assignment, Replica
from furrow.streaming.serving import Lineup, Serving
from furrow.streaming.standing import Standing

Told = Callable[[Standing], None]

_BIGQUERY_SECONDS, _BIGQUERY_ROWS = 10.0, 10_000
"""Between two publications, and in one: each takes seconds, and is one of 100,000 load jobs a day."""
_MODEL_AGAIN_SECONDS = 2.0
"""So long after an outage a model is asked again: events wait for it, whatever the outage lasts."""


class StreamAssembly:
    """The stream of one use case. Raises OptionUnknown when its pipeline.yaml has none."""

    def __init__(self, deployment: Deployment, use_case: UseCase):
        pipeline = use_case.pipeline
        if pipeline.stream is None or pipeline.source.kafka is None or pipeline.publish.kafka is None:
            raise OptionUnknown(f"{use_case.name} has no stream; write `stream: {{}}` into its pipeline.yaml")
        self._deployment, self._use_case = deployment, use_case
        self.options: Stream = pipeline.stream
        self._source: KafkaSource = pipeline.source.kafka
        self._results: KafkaTopic = pipeline.publish.kafka

    @property
    def name(self) -> str:
        """Of the use case."""
        return self._use_case.name

    @property
    def sinks(self) -> list[str]:
        """What follows the result topic."""
        return [name for name in self._use_case.pipeline.publish.sinks if name != "kafka"]

    @property
    def guarantee(self) -> str:
        """What a reader of the result topic may rely on, for the log."""
        if self.options.transactions:
            return "exactly once for readers of committed messages (results and position in one transaction)"
        return "at least once; a result may come twice, with the same `record_id` in its headers"

    @property
    def topics(self) -> tuple[str, str]:
        """Where results go, and dead letters."""
        return self._results.topic, self._letters

    def make_topics(self) -> list[str]:
        """Make the topics of results and dead letters if they are missing; which they were."""
        from furrow.adapters.kafka_topics import make_topics

        connection = self._deployment.connections.get(self._source.connection)
        topics = [self._results.topic, self._letters]
        return make_topics(connection, self._source.topic, topics, self._writer)

    def give_up_others(self) -> None:
        """End what runs for replicas and sinks that pipeline.yaml no longer has. Raises StoreUnavailable."""
        numbers = [str(number) for number in range(self.options.replicas)]
        give_up_others(self._deployment.database, self._use_case.name, [*numbers, *self.sinks])

    def missing(self, replicas: int) -> list[str]:
        """Replicas and sinks of which no process is alive. Raises StoreUnavailable."""
        there = alive(self._deployment.database, self._use_case.name)
        return [part for part in [*map(str, range(replicas)), *self.sinks] if part not in there]

    def seat(self, replica: str, turn: str = "") -> Seat:
        """The place of a replica or a sink."""
        return Seat(self._deployment.database, self._use_case.name, replica, turn)

    def replica(self, number: int, told: Told, report_seconds: float = 10.0, turn: str = "") -> Replica:
        """One replica. turn: see Seat. Raises ConnectionMissing."""
        from furrow.adapters.kafka_feed import KafkaFeed

        name, started = self._use_case.name, datetime.now(UTC).isoformat(timespec="seconds")
        run_id = f"stream__{started}__{number}"
        feed = KafkaFeed(
            self._source.topic,
            self._group,
            str(number),
            self._deployment.connections.get(self._source.connection),
            transactions=self.options.transactions,
            writer=self._writer,
        )
        assignment = Assignment(
            name, run_id, self.options, self._use_case.pipeline.record, self._results.topic, self._letters
        )
        serving = Serving(Serves(self._deployment, name), partial(self._pipeline, run_id=run_id))
        seat = self.seat(str(number), turn)
        recording = self._recording(run_id, serving)
        letters = self._deployment.letters
        return Replica(assignment, seat, feed, serving, letters, told, report_seconds, recording)

    def _recording(self, run_id: str, serving: Serving) -> ReleaseRecording:
        deployment, name = self._deployment, self._use_case.name
        return ReleaseRecording(
            name,
            run_id,
            lambda release: serving.version(release).result,
            deployment.windows,
            Exposures(deployment.database),
            deployment.watch(name).look,
        )

    def follower(self, sink: str, told: Told, report_seconds: float = 10.0, turn: str = "") -> Follower:
        """What publishes the results to one more sink, warm. Raises OptionUnknown, ConnectionMissing."""
        from furrow.adapters.kafka_feed import KafkaFeed

        if sink not in self.sinks:
            raise OptionUnknown(
                f"{self._use_case.name} publishes to {', '.join(self.sinks) or 'no other sink'}"
            )
        connection = self._deployment.connections.get(self._results.connection)
        feed = KafkaFeed(self._results.topic, f"{self._group}.{sink}", "0", connection, transactions=False)
        sinks = Sinks(self._deployment, self._use_case, sink)
        sinks(self._use_case.version().release)
        least = _BIGQUERY_SECONDS if sink == "bigquery" else 0.0
        seconds = max(self.options.publish_seconds, least)
        options = self.options.model_copy(update={"publish_seconds": seconds})
        most = {"at_once": _BIGQUERY_ROWS} if sink == "bigquery" else {}
        return Follower(options, self.seat(sink, turn), feed, sinks, told, report_seconds, **most)

    @asynccontextmanager
    async def _pipeline(self, version: Version, run_id: str) -> AsyncIterator[Pipeline]:
        """Warm: the vendors' libraries are imported, which takes seconds, before an event waits for it."""
        for alias in version.catalogue:
            model = await asyncio.to_thread(self._deployment.model, alias, version)
            await model.close()
        async with self._deployment.pipeline(
            self._use_case, version, run_id, _MODEL_AGAIN_SECONDS
        ) as pipeline:
            yield pipeline

    @property
    def _writer(self) -> Connection | None:
        """Of results and dead letters, where it is not that of the source."""
        if self._results.connection == self._source.connection:
            return None
        return self._deployment.connections.get(self._results.connection)

    @property
    def _group(self) -> str:
        return self._source.group or f"furrow.{self._use_case.name}"

    @property
    def _letters(self) -> str:
        return self.options.letters_of(self._source)


class Sinks:
    """The sink for rows of a release, each opened once; for one thread.

    A release that was not seen before may have fields that the folder did not have: its versions are loaded
    anew, and the sinks are opened anew with them. Where results go stays as it was when the stream began.
    """

    def __init__(self, deployment: Deployment, use_case: UseCase, name: str):
        self._deployment, self._use_case, self._name = deployment, use_case, name
        self._seen = _releases(use_case)
        self._opened: dict[str, Sink] = {}

    def __call__(self, release: str) -> Sink:
        """Raises SinkUnavailable while the folder of a new release does not load, ConnectionMissing."""
        if release not in self._seen:
            self._use_case, self._opened = self._loaded(release), {}
            self._seen |= {release, *_releases(self._use_case)}
        if release not in self._opened:
            written = release.split("@")[0]
            version = self._use_case.versions.get(written) or self._use_case.version()
            self._opened[release] = self._deployment.sink(self._name, self._use_case, version)
        return self._opened[release]

    def _loaded(self, release: str) -> UseCase:
        try:
            fresh = self._deployment.anew().use_case(self._use_case.name)
        except (ConfigError, OSError) as error:  # OSError: a file that is being replaced
            raise SinkUnavailable(
                f"results of {release} wait, for its folder does not load now: {error}"
            ) from error
        return replace(fresh, pipeline=self._use_case.pipeline)


def _releases(use_case: UseCase) -> set[str]:
    return {version.release for version in use_case.versions.values()}


class Serves:
    """Who serves a use case, looked up again when a file of its folder, models.yaml or the log changes."""

    def __init__(self, deployment: Deployment, use_case: str):
        self._deployment, self._name = deployment, use_case
        self._seen: tuple[int, frozenset[tuple[str, int]]] | None = None
        self._lineup: Lineup | None = None

    def __call__(self) -> Lineup:
        """Raises ConfigError, OptionUnknown or ReleaseChanged, again at each call until something changes.

        StoreUnavailable passes.
        """
        seen = (self._deployment.releases.last_number(self._name), self._files())
        if self._lineup is None or seen != self._seen:
            self._lineup = self._look()
            self._seen = seen
        return self._lineup

    def _look(self) -> Lineup:
        fresh = self._deployment.anew()
        use_case = fresh.use_case(self._name)
        arms = fresh.arms(use_case)
        return Lineup(arms, {arm.name: use_case.version(arm.version) for arm in arms.all()})

    def _files(self) -> frozenset[tuple[str, int]]:
        prompts: Path = self._deployment.settings.prompts
        found = [prompts / "models.yaml", *(prompts / self._name).rglob("*")]
        return frozenset((str(path), path.stat().st_mtime_ns) for path in found if path.is_file())
