"""One evaluation of one use case: its versions on the test set, in shards.

Every method is the body of one Airflow task and may be killed and called again: files are written
atomically, and answers that were paid for are in the ledger. Versions that did not change cost nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from furrow.batch.evaluation_plan import Asked, EvaluationPlan, Shard, new_versions, shards_of, test_set_of
from furrow.batch.failures import Failures
from furrow.config.use_case import UseCase, Version
from furrow.engine.pipeline import Pipeline
from furrow.engine.record import Work
from furrow.errors import OptionUnknown, StoreDamaged
from furrow.evaluation.cases import Case, are_synthetic, load_cases
from furrow.evaluation.comparison import Comparison, compare
from furrow.evaluation.consistency import Consistency, consistency
from furrow.evaluation.gate import GateVerdict, judge
from furrow.evaluation.page import as_page
from furrow.evaluation.scope import Scope
from furrow.evaluation.scoring import EvalReport, score
from furrow.store.evaluations import Evaluated, Evaluations
from furrow.store.releases import ReleaseLog
from furrow.store.run_store import RunFolder

Json = dict[str, Any]
log = logging.getLogger(__name__)
PLAN = "plan.json"


@dataclass(frozen=True)
class EvaluationSurroundings:
    """What an evaluation reaches outside itself. pipeline: of a version, for one repeat of its cases.

    preflight: raises ConnectionMissing when a model of the version has no connection.
    """

    pipeline: Callable[[Version, int], AbstractAsyncContextManager[Pipeline]]
    preflight: Callable[[Version], None]
    evaluations: Evaluations
    releases: ReleaseLog


@dataclass(frozen=True)
class _Finding:
    version: Version
    report: EvalReport
    verdict: GateVerdict
    comparison: Comparison | None
    consistency: Consistency | None

    def to_json(self) -> Json:
        content = {**self.report.to_json(), "gate": self.verdict.to_json()}
        if self.comparison is not None:
            content["comparison"] = self.comparison.to_json()
        if self.consistency is not None:
            content["consistency"] = self.consistency.to_json()
        return content


class Evaluation:
    """The tasks of one evaluation; `evaluation` is its name, that of the Airflow run."""

    def __init__(
        self, use_case: UseCase, evaluation: str, folder: RunFolder, surroundings: EvaluationSurroundings
    ):
        self.use_case, self.evaluation = use_case, evaluation
        self._folder, self._outside = folder, surroundings

    def plan(self, asked: Asked | None = None) -> list[Json]:
        """Pin the versions and the cases; one shard for each mapped task. Again: the same ones.

        Raises OptionUnknown (no such version or slice), ConfigError (the test set), ReleaseChanged.
        """
        if not self._folder.exists(PLAN):
            self._folder.write_json(PLAN, self._plan(asked or Asked()).to_json())
        plan = self.pinned()
        log.info("%s: %s in %d shards", self.evaluation, ", ".join(plan.releases.values()), len(plan.shards))
        return [shard.to_json() for shard in plan.shards]

    def pinned(self) -> EvaluationPlan:
        """What `plan` pinned. Raises StoreDamaged when it has not run."""
        if not self._folder.exists(PLAN):
            raise StoreDamaged(f"{self._folder.uri} has no {PLAN}: run the task `plan` of this run first")
        return EvaluationPlan.from_json(self._folder.read_json(PLAN))

    def run_shard(self, shard: Json) -> Json:
        """The version's pipeline on the shard's cases; counts by outcome.

        Raises TransientError when cases failed for now: a retry of the task makes only the missing calls.
        """
        given, plan = Shard.from_json(shard), self.pinned()
        version = self._version(plan, given.version)
        cases = self._cases(plan, version)[given.first : given.last]
        return asyncio.run(self._run(version, given, cases))

    def report(self) -> Json:
        """Judge every version, note that in the state database, and write a page for each.

        Raises FileMissing before each shard ran.
        """
        plan = self.pinned()
        live = self._finding(plan, plan.live, None)
        others = [self._finding(plan, name, live.report) for name in plan.releases if name != plan.live]
        at = datetime.now(UTC)
        self._outside.evaluations.note(self._evaluated(plan, found, at) for found in (live, *others))
        return {"live": plan.releases[plan.live], "versions": [_short(found) for found in (live, *others)]}

    def page(self, version: str) -> str:
        """The page of a version's report. Raises FileMissing."""
        return self._folder.read_text(page_of(version))

    # --- plan ------------------------------------------------------------------------------------

    def _plan(self, asked: Asked) -> EvaluationPlan:
        use_case, live = self.use_case, self.use_case.version()
        names = dict.fromkeys([live.name, *(asked.versions or self._new_versions())])
        versions = [use_case.version(name) for name in names]
        for version in versions:
            self._outside.preflight(version)
        repeats = asked.repeats or use_case.pipeline.evaluate.repeats
        cases = {
            version.name: len(load_cases(use_case, version, slices=asked.slices)) for version in versions
        }
        return EvaluationPlan(
            live=live.name,
            releases={version.name: version.release for version in versions},
            test_set=test_set_of(use_case),
            slices=asked.slices,
            repeats=repeats,
            started=datetime.now(UTC).isoformat(),
            shards=shards_of(names, repeats, cases),
        )

    def _new_versions(self) -> list[str]:
        return new_versions(self.use_case, self._outside.releases, self._outside.evaluations)

    def _version(self, plan: EvaluationPlan, name: str) -> Version:
        version = self.use_case.version(name)
        if version.release != plan.releases[name]:
            raise OptionUnknown(
                f"this evaluation is of {plan.releases[name]}, but the folder is now {version.release}:"
                " start a new one"
            )
        return version

    def _cases(self, plan: EvaluationPlan, version: Version) -> list[Case]:
        if test_set_of(self.use_case) != plan.test_set:
            raise OptionUnknown(
                f"the test set of {self.use_case.name}, or its gate, changed since this evaluation began:"
                " start a new one"
            )
        return load_cases(self.use_case, version, slices=plan.slices)

    # --- shards ----------------------------------------------------------------------------------

    async def _run(self, version: Version, shard: Shard, cases: list[Case]) -> Json:
        done = Failures()
        async with self._outside.pipeline(version, shard.repeat) as pipeline:
            works = pipeline.run(case.work() for case in cases)
            with self._folder.open_lines(shard.path) as lines:
                async with aclosing(works):
                    async for work in works:
                        done.add(work)
                        lines.write(work.to_json())
                done.raise_if_any("in this shard")
        return {"version": version.release, "repeat": shard.repeat, "cases": done.records}

    # --- report ----------------------------------------------------------------------------------

    def _finding(self, plan: EvaluationPlan, name: str, live: EvalReport | None) -> _Finding:
        version, gate = self._version(plan, name), self.use_case.pipeline.evaluate.gate
        cases = self._cases(plan, version)
        scope = self._scope(plan)
        reports = [
            score(cases, self._works(plan, name, repeat), self.use_case, version, scope)
            for repeat in range(plan.repeats)
        ]
        steady = consistency(reports)
        comparison = compare(live, reports[0], gate.not_worse) if live is not None else None
        verdict = judge(reports[0], gate, comparison, steady, first=live is None)
        found = _Finding(version, reports[0], verdict, comparison, steady)
        self._folder.write_json(f"report-{name}.json", found.to_json())
        self._folder.write_text(page_of(name), as_page(reports[0], verdict, comparison))
        return found

    def _works(self, plan: EvaluationPlan, version: str, repeat: int) -> Iterator[Work]:
        for shard in plan.shards:
            if (shard.version, shard.repeat) == (version, repeat):
                lines = self._folder.read_lines(shard.path, shard.last - shard.first)
                yield from map(Work.from_json, lines)

    def _scope(self, plan: EvaluationPlan) -> Scope:
        began = datetime.fromisoformat(plan.started).replace(microsecond=0)
        return Scope(slices=plan.slices, synthetic=are_synthetic(self.use_case), at=began)

    def _evaluated(self, plan: EvaluationPlan, found: _Finding, at: datetime) -> Evaluated:
        version = found.version
        return Evaluated(
            use_case=self.use_case.name,
            evaluation=self.evaluation,
            release=version.release,
            version=version.name,
            content_hash=version.content_hash,
            test_set=plan.test_set,
            decision=str(found.verdict.decision),
            at=at,
            report=found.to_json(),
            against=None if version.name == plan.live else plan.releases[plan.live],
            report_uri=self._folder.uri_of(page_of(version.name)),
        )


def page_of(version: str) -> str:
    """The file of a version's page in the evaluation's folder."""
    return f"page-{version}.html"


def _short(found: _Finding) -> Json:
    """For XCom: what a person wants to see on the task."""
    report = found.report
    return {
        "version": found.version.name,
        "release": report.release,
        "decision": str(found.verdict.decision),
        "reasons": found.verdict.reasons,
        "cases": report.records,
        "valid_rate": report.valid_rate,
        "accuracy": {name: field.accuracy for name, field in report.fields.items() if field.n},
        "cost_usd_per_1k": report.cost_usd_per_1k,
        "seconds_p95": report.seconds.p95,
        "consistency": found.consistency.rate if found.consistency is not None else None,
    }
