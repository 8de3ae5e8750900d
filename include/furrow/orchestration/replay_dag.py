"""The DAG with which a person gives dead letters another try. It is there without any, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import DAG, Param

from furrow import errors
from furrow.config.loader import REPLAY_DAG
from furrow.config.use_case import UseCase
from furrow.orchestration.deployment_dag import deployment_dag
from furrow.orchestration.tasks import Replay

_TEXT_OR_NOTHING = ["string", "null"]


def replay_dag(use_cases: Sequence[UseCase], tag: str) -> DAG:
    """One task, unscheduled; its params say which letters of which use case."""
    description = "Gives rejected records of a use case to its steps again, after a fix"
    dag = deployment_dag(REPLAY_DAG, description, "replay.md.j2", tag)
    with dag:
        Replay(task_id="replay", use_case="")
    dag.params = _params(use_cases)
    return dag


def _params(use_cases: Sequence[UseCase]) -> dict[str, Param]:
    named: dict[str, Any] = {"enum": [use_case.name for use_case in use_cases]} if use_cases else {}
    reasons = sorted(reason for reason in _reasons(errors.RecordError) if reason != "record_error")
    return {
        "use_case": Param(
            type="string", title="Use case", description="Whose dead letters to replay.", **named
        ),
        "reason": Param(
            None,
            type=_TEXT_OR_NOTHING,
            enum=[None, *reasons],
            values_display={"null": "any"},
            title="Reason",
            description="Only records that were rejected for this reason.",
        ),
        "step": Param(
            None, type=_TEXT_OR_NOTHING, title="Step", description="Only records that this step rejected."
        ),
        "release": Param(
            None,
            type=_TEXT_OR_NOTHING,
            title="Release",
            description="Only records that this release rejected, such as v2@3f2a9c1d, or v2 for all of it.",
        ),
        "key": Param(
            None,
            type=_TEXT_OR_NOTHING,
            title="Key",
            description="Only the record with this key or record id; empty takes all.",
        ),
        "version": Param(
            None,
            type=_TEXT_OR_NOTHING,
            pattern="^v[1-9][0-9]*$",
            title="Version",
            description="Version to replay them on, such as v2; empty takes the live one.",
        ),
        "limit": Param(
            None,
            type=["integer", "null"],
            minimum=1,
            title="Limit",
            description="At most this many, the oldest first; empty takes all.",
        ),
    }


def _reasons(error: type[errors.RecordError]) -> set[str]:
    return {error.reason}.union(*map(_reasons, error.__subclasses__()))
