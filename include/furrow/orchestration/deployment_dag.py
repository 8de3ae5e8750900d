"""The DAGs that are there once for the whole deployment, beside those of the use cases."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG

from furrow.orchestration.rendering import render
from furrow.orchestration.tasks import RETRIED, SINCE


def deployment_dag(dag_id: str, description: str, doc: str, tag: str, **options: Any) -> DAG:
    """An empty one, unscheduled unless `options` say so. doc: the template of its documentation.

    An unscheduled one is on from the beginning: it does something only when a person asks for it.
    """
    schedule = options.get("schedule")
    return DAG(
        dag_id,
        description=description,
        doc_md=render(doc),
        start_date=SINCE,
        catchup=False,
        tags=[tag],
        default_args={"owner": tag, **RETRIED},
        is_paused_upon_creation=False if schedule is None else None,
        **{"schedule": None, **options},
    )
