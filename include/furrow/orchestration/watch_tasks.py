"""The tasks of the DAG that looks after releases."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from furrow.config.loader import EVAL
from furrow.errors import FurrowError
from furrow.orchestration.assets import RELEASES, announce, live_of
from furrow.orchestration.connections import open_deployment

if TYPE_CHECKING:
    from airflow.sdk import Context

    from furrow.assembly import Deployment

Json = dict[str, Any]
EVERY_MINUTES = 5


class LookAfter(BaseOperator):  # type: ignore[misc]
    """Takes back what trips a guard, widens canaries that are due, and tells other DAGs what changed.

    In the first run of each hour it also looks whether live releases drift.
    """

    ui_color = "#f3e6e2"

    def __init__(self, *, use_cases: list[str], **kwargs: Any):
        super().__init__(outlets=[RELEASES], inlets=[live_of(name) for name in use_cases], **kwargs)
        self.use_cases = use_cases

    def execute(self, context: Context) -> list[str]:
        """What went wrong or drifts, by use case; the others had their turn all the same."""
        deployment, troubles = open_deployment(), Troubles(self.log)
        for name in self.use_cases:
            with troubles.of(name):
                deployment.watch(name).look()
                if context["dag_run"].run_after.minute < EVERY_MINUTES:
                    troubles.found += _drift(deployment, name)
        for entry in announce(context, deployment.releases, self.use_cases):
            self.log.info("%s", entry)
        return troubles.found


class FindNewVersions(BaseOperator):  # type: ignore[misc]
    """Finds versions that nobody decided about, by their content hash."""

    ui_color = "#d9e8f5"

    def __init__(self, *, use_cases: list[str], **kwargs: Any):
        super().__init__(**kwargs)
        self.use_cases = use_cases

    def execute(self, context: Context) -> list[Json]:
        """The runs of evaluation DAGs to trigger; one that was triggered before is not triggered again."""
        deployment, troubles = open_deployment(), Troubles(self.log)
        found: list[Json] = []
        for name in self.use_cases:
            with troubles.of(name):
                found += _evaluations(deployment, name)
        return found


class Complain(BaseOperator):  # type: ignore[misc]
    """Fails when a use case could not be looked after, so that somebody is told."""

    ui_color = "#f8d7da"

    def execute(self, context: Context) -> None:
        """Raises what `look_after` found."""
        if found := context["ti"].xcom_pull(task_ids="look_after"):
            raise AirflowFailException("; ".join(found))


class Troubles:
    """What went wrong in one use case does not keep the others waiting."""

    def __init__(self, log: logging.Logger):
        self._log, self.found = log, list[str]()

    @contextmanager
    def of(self, use_case: str) -> Iterator[None]:
        """Keep an error of that use case."""
        try:
            yield
        except FurrowError as error:
            self.found.append(f"{use_case}: {type(error).__name__}: {error}")
            self._log.error("%s", self.found[-1])


def _drift(deployment: Deployment, name: str) -> list[str]:
    from furrow.batch.drift_check import check_drift

    release = deployment.use_case(name).version().release
    found = check_drift(deployment.windows, name, release)
    if found.watched:
        deployment.drift_looks.note(name, release, found.alarms, found.enough)
    return [f"{name}: {release} drifts from its first days: {alarm}" for alarm in found.alarms]


def _evaluations(deployment: Deployment, name: str) -> list[Json]:
    from furrow.batch.evaluation_plan import new_versions, test_set_of

    use_case = deployment.use_case(name)
    if not use_case.is_tested:
        return []
    found = new_versions(use_case, deployment.releases, deployment.evaluations)
    if not found:
        return []
    what = [
        use_case.version().release,
        test_set_of(use_case),
        *(use_case.version(each).release for each in found),
    ]
    digest = hashlib.sha256(" ".join(what).encode()).hexdigest()[:12]
    run_id = f"new__{'-'.join(found)[:100]}__{digest}"
    return [{"trigger_dag_id": f"{name}{EVAL}", "trigger_run_id": run_id, "conf": {"versions": found}}]
