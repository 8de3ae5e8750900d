"""A small use case with everything around it in memory, for tests of whole runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from furrow.batch.conclusion import conclude
from furrow.batch.evaluation import Evaluation, EvaluationSurroundings
from furrow.batch.evaluation_plan import Asked
from furrow.batch.replay import LetterSource, Replayed, replay
from furrow.batch.run import BatchRun, Surroundings
from furrow.batch.watching import ReleaseWatch
from furrow.config.use_case import UseCase, Version
from furrow.engine.arms import Arms
from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import Source
from furrow.engine.repeats import Repeat
from furrow.store.database import open_database
from furrow.store.dead_letters import EVERYTHING, DeadLetters, Selection
from furrow.store.drift_looks import DriftLooks
from furrow.store.evaluations import Evaluations
from furrow.store.exposures import Exposures
from furrow.store.holds import Hold, NoHold
from furrow.store.promotion import Promotions, arms_of, as_served, live_alone
from furrow.store.releases import ReleaseLog
from furrow.store.run_store import RunStore
from furrow.store.runs import RunTable
from furrow.store.windows import Windows
from furrow.testing import MemoryLedger, MemorySink, MemorySource, ScriptedModel
from tests.folders import FolderOfPrompts

Json = dict[str, Any]


class World:
    """A use case with everything around it in memory, except the files and the state database."""

    def __init__(self, prompts: FolderOfPrompts, folder: Path, values: list[Any]):
        self.prompts, self.folder = prompts, folder
        self.source, self.sink, self.ledger = MemorySource(values), MemorySink(), MemoryLedger()
        self.model = ScriptedModel()
        database = open_database(f"sqlite:///{folder / 'furrow.db'}")
        self.runs, self.letters, self.releases = (
            RunTable(database),
            DeadLetters(database),
            ReleaseLog(database),
        )
        self.evaluations = Evaluations(database)
        self.windows, self.exposures = Windows(database), Exposures(database)
        self.drift_looks = DriftLooks(database)
        self.preflight: Callable[[Version], None] = lambda _: None
        self.database = database

    def run(self, run_id: str = "run-1", letters: Selection | None = None) -> BatchRun:
        """As a new task process opens it. letters: a replay of these dead letters."""
        use_case = self.use_case()
        surroundings = Surroundings(
            source=lambda: self._source(letters),
            sink=lambda name, version: self.sink,
            pipeline=lambda version: self._pipeline(use_case, version, run_id),
            preflight=lambda version: self.preflight(version),
            hold=lambda: Hold(self.database, "goods", run_id) if letters is None else NoHold(),
            runs=self.runs,
            letters=self.letters,
            arms=lambda: self._arms(use_case) if letters is None else live_alone(use_case),
            windows=self.windows if letters is None else None,
            exposures=self.exposures,
            drift_looks=self.drift_looks,
            look=self.watch().look,
        )
        return BatchRun(
            use_case, run_id, RunStore(str(self.folder / "store")).run("goods", run_id), surroundings
        )

    def evaluation(self, name: str = "eval-1") -> Evaluation:
        """As a new task process opens it."""
        use_case = self.use_case()
        outside = EvaluationSurroundings(
            pipeline=lambda version, repeat: self._pipeline(use_case, version, name, repeat),
            preflight=lambda version: self.preflight(version),
            evaluations=self.evaluations,
            releases=self.releases,
        )
        folder = RunStore(str(self.folder / "store")).run("goods.eval", name)
        return Evaluation(use_case, name, folder, outside)

    def evaluate(self, name: str = "eval-1", asked: Asked | None = None) -> Json:
        """The whole evaluation, task by task, each in a process of its own as far as files go."""
        for shard in self.evaluation(name).plan(asked):
            self.evaluation(name).run_shard(shard)
        return self.evaluation(name).report()

    def conclude(self, name: str = "eval-1") -> Json:
        """What follows from it."""
        return conclude(self.promotions(), self.evaluations.of_evaluation("goods", name))

    def use_case(self) -> UseCase:
        """As its folder and its log are now."""
        return as_served(self.prompts.load(), self.releases.standing("goods"))

    def promotions(self) -> Promotions:
        """What may be done with its releases."""
        return Promotions(self.releases, self.use_case())

    def watch(self) -> ReleaseWatch:
        """Looks after a new release."""
        return ReleaseWatch(self.promotions, self.windows)

    @asynccontextmanager
    async def _pipeline(
        self, use_case: UseCase, version: Version, run_id: str, repeat: int = 0
    ) -> AsyncIterator[Pipeline]:
        stamp = Stamp(use_case.name, version.release, run_id)
        calls = Calls(lambda _: self.model, version.catalogue, self.ledger, stamp)
        try:
            yield Pipeline(version, Repeat(calls, repeat) if repeat else calls)
        finally:
            await calls.close()

    def _arms(self, use_case: UseCase) -> Arms:
        return arms_of(use_case, self.releases.standing("goods"))

    def _source(self, letters: Selection | None) -> Source:
        return self.source if letters is None else LetterSource(self.letters, "goods", letters)

    def through(self, run_id: str = "run-1", limit: int | None = None) -> Json:
        """The whole run, task by task, each in a process of its own as far as files go."""
        for partition in self.run(run_id).fetch(limit):
            for step in ("digest", "extract", "price"):
                partition = self.run(run_id).run_step(step, partition)
            self.run(run_id).validate(partition)
        self.run(run_id).publish("features")
        return self.run(run_id).evaluate()

    def replay(
        self, run_id: str = "replay__1", selection: Selection = EVERYTHING, **options: Any
    ) -> Replayed:
        """The open letters once more, in one process. options: of `fetch`."""
        run = self.run(run_id, selection)
        return replay(run, run.fetch(**options))
