"""The DAG with which a person releases a version, or takes one back, from Airflow's UI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import DAG, Param

from furrow.config.loader import RELEASES_DAG
from furrow.config.use_case import UseCase
from furrow.orchestration.deployment_dag import deployment_dag
from furrow.orchestration.release_tasks import Apply, AskPerson, Propose

_TEXT_OR_NOTHING = ["string", "null"]


def releases_dag(use_cases: Sequence[UseCase], tag: str) -> DAG:
    """propose -> approve (a person, where the policy wants one) -> apply. Unscheduled."""
    description = "Makes a version of a use case live, or takes it back"
    dag = deployment_dag(RELEASES_DAG, description, "releases.md.j2", tag, max_active_runs=32)
    with dag:
        propose = Propose(task_id="propose")
        approve = AskPerson(
            task_id="approve",
            subject="{{ ti.xcom_pull(task_ids='propose')['subject'] }}",
            body="{{ ti.xcom_pull(task_ids='propose')['body'] }}",
        )
        propose >> approve >> Apply(task_id="apply", use_cases=[found.name for found in use_cases])
    dag.params = _params(use_cases)
    return dag


def _params(use_cases: Sequence[UseCase]) -> dict[str, Param]:
    named: dict[str, Any] = {"enum": [use_case.name for use_case in use_cases]} if use_cases else {}
    return {
        "use_case": Param(
            type="string", title="Use case", description="Whose version to release or take back.", **named
        ),
        "action": Param(
            "promote",
            type="string",
            enum=["promote", "rollback"],
            title="Action",
            description="rollback: take the canary back, or make the release before the live one live again.",
        ),
        "version": Param(
            None,
            type=_TEXT_OR_NOTHING,
            pattern="^v[1-9][0-9]*$",
            title="Version",
            description="Such as v2. Empty: the newest; for a rollback the one before.",
        ),
        "why": Param("", type="string", title="Why", description="One sentence for the log."),
        "share": Param(
            None,
            type=["number", "null"],
            exclusiveMinimum=0,
            maximum=1,
            title="Share",
            description="Share of the keys to begin with; 1: all at once; empty: as pipeline.yaml says.",
        ),
        "anyway": Param(
            False,
            type="boolean",
            title="Anyway",
            description="Also a version without a passed evaluation; the log says so.",
        ),
    }
