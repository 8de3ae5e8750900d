"""The DAG of a stream: a run each `run_minutes`, whose tasks take the places of the run before it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, DeltaTriggerTimetable

from furrow.config.loader import STREAM
from furrow.config.models import Stream
from furrow.config.use_case import UseCase
from furrow.orchestration.dag_docs import describe_stream
from furrow.orchestration.stream_tasks import StreamReplica, StreamSink
from furrow.orchestration.tasks import RETRIED, SINCE

STREAM_TAG = "stream"


def stream_dag(use_case: UseCase, stream: Stream, tag: str) -> DAG:
    """One mapped task for each replica, one for each further sink, all beside each other.

    Two runs at a time: the newer one's tasks take their places while those of the older one still work.
    """
    pipeline = use_case.pipeline
    sinks = [sink for sink in pipeline.publish.sinks if sink != "kafka"]
    dag = DAG(
        f"{use_case.name}{STREAM}",
        description=f"{pipeline.description} (real time)",
        doc_md=describe_stream(use_case, sinks),
        schedule=DeltaTriggerTimetable(timedelta(minutes=stream.run_minutes)),
        start_date=SINCE,
        catchup=False,
        max_active_runs=2,
        max_active_tasks=stream.replicas + len(sinks),  # of one run
        tags=[tag, STREAM_TAG, *pipeline.tags],
        default_args={"owner": pipeline.owner, **RETRIED, "retry_delay": timedelta(seconds=5)},
    )
    with dag:
        of_all: dict[str, Any] = {"use_case": use_case.name}
        one = StreamReplica.partial(task_id="replica", map_index_template="{{ task.number }}", **of_all)
        one.expand(number=list(range(stream.replicas)))
        for sink in sinks:
            StreamSink(task_id=f"publish_{sink}", sink=sink, **of_all)
    dag.validate()
    return dag
