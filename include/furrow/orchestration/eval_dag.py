"""The evaluation DAG of a use case: plan -> [per shard: cases] -> report -> decide -> ask a person."""

from __future__ import annotations

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Param

from furrow.config.loader import EVAL, RELEASES_DAG
from furrow.config.use_case import UseCase
from furrow.orchestration.eval_tasks import Decide, Plan, Report, RunShard
from furrow.orchestration.links import evaluations_url
from furrow.orchestration.rendering import render
from furrow.orchestration.tasks import RETRIED, SINCE

EVAL_TAG = "evaluation"


def eval_dag(use_case: UseCase, tag: str) -> DAG:
    """On its schedule, by hand, and when a version is new (the DAG that watches releases triggers it)."""
    pipeline, name = use_case.pipeline, use_case.name
    dag = DAG(
        f"{name}{EVAL}",
        description=f"{pipeline.description} (evaluation)",
        doc_md=render("evaluation.md.j2", use_case=use_case, releases=evaluations_url(name)),
        schedule=pipeline.evaluate.schedule,
        start_date=SINCE,
        catchup=False,
        max_active_runs=1,
        tags=[tag, EVAL_TAG, *pipeline.tags],
        default_args={"owner": pipeline.owner, **RETRIED},
    )
    with dag:
        planned = Plan(task_id="plan", use_case=name)
        one = RunShard.partial(task_id="cases", use_case=name, map_index_template="{{ task.shard.label }}")
        report = Report(task_id="report", use_case=name)
        decide = Decide(task_id="decide", use_case=name)
        ask = TriggerDagRunOperator.partial(
            task_id="ask_a_person", trigger_dag_id=RELEASES_DAG, skip_when_already_exists=True
        )
        one.expand(shard=planned.output) >> report >> decide
        ask.expand_kwargs(decide.output)
    dag.params = _params(use_case)
    dag.validate()
    return dag


def _params(use_case: UseCase) -> dict[str, Param]:
    return {
        "versions": Param(
            [],
            type=["array", "null"],
            items={"type": "string", "enum": list(use_case.versions)},
            examples=list(use_case.versions),
            title="Versions",
            description="Versions to evaluate beside the live one; empty: those that are not decided yet.",
        ),
        "slices": Param(
            [],
            type=["array", "null"],
            items={"type": "string"},
            title="Slices",
            description="Only cases of these slices; such an evaluation releases nothing.",
        ),
        "repeats": Param(
            None,
            type=["integer", "null"],
            minimum=1,
            maximum=20,
            title="Repeats",
            description=f"How often each case is run; empty: {use_case.pipeline.evaluate.repeats}.",
        ),
    }
