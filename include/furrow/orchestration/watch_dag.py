"""The DAG that looks after releases: guards and canaries, new versions, and telling other DAGs."""

from __future__ import annotations

from collections.abc import Sequence

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG

from furrow.config.loader import WATCH_DAG
from furrow.config.use_case import UseCase
from furrow.orchestration.deployment_dag import deployment_dag
from furrow.orchestration.watch_tasks import EVERY_MINUTES, Complain, FindNewVersions, LookAfter


def watch_dag(use_cases: Sequence[UseCase], tag: str) -> DAG:
    """Each five minutes: look_after -> complain, beside new_versions -> evaluate."""
    names = [use_case.name for use_case in use_cases]
    description = "Takes back a release that trips a guard, widens canaries, has new versions evaluated"
    dag = deployment_dag(
        WATCH_DAG, description, "watch.md.j2", tag, schedule=f"*/{EVERY_MINUTES} * * * *", max_active_runs=1
    )
    with dag:
        LookAfter(task_id="look_after", use_cases=names) >> Complain(task_id="complain")
        found = FindNewVersions(task_id="new_versions", use_cases=names)
        TriggerDagRunOperator.partial(
            task_id="evaluate", skip_when_already_exists=True, map_index_template="{{ task.trigger_dag_id }}"
        ).expand_kwargs(found.output)
    return dag
