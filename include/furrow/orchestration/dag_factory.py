"""Folders -> DAGs: those of each use case (its runs, its stream, its evaluation), one that says what is wrong
for each that does not load, and those of the whole deployment (dead letters, releases, digest)."""

from __future__ import annotations

import gc
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, CronDataIntervalTimetable, Param, TriggerRule, get_parsing_context, task_group

from furrow.config.loader import (
    DIGEST_DAG,
    EVAL,
    EXPERIMENT,
    OWN_DAGS,
    RELEASES_DAG,
    REPLAY_DAG,
    STREAM,
    WATCH_DAG,
    load_all,
    load_models,
    load_use_case,
)
from furrow.config.models import PipelineFile
from furrow.config.settings import Settings
from furrow.config.use_case import Broken, UseCase
from furrow.errors import ConfigError, Problem
from furrow.orchestration.dag_docs import describe_error, describe_step, describe_use_case
from furrow.orchestration.experiment_dag import experiment_dag, has_experiment
from furrow.orchestration.replay_dag import replay_dag
from furrow.orchestration.stream_dag import stream_dag
from furrow.orchestration.tasks import (
    RETRIED,
    SINCE,
    ConfigErrorTask,
    Evaluate,
    Fetch,
    Publish,
    Step,
    Validate,
)

TAG = "furrow"
ERROR_TAG = "config-error"
NOTHING_LOADS = "furrow_config_error"
"""DAG id when the folder of use cases, or its models.yaml, cannot be loaded at all."""

_LAST_IN_PARTITION = "validate"


def build_dags(settings: Settings) -> dict[str, DAG]:
    """DAG id -> DAG, the same ones at each parse of the same folders. Raises nothing that a folder can cause.

    A worker that runs a task of one DAG loads that folder alone, and makes no further DAG of it but the one
    that it needs. Those of the whole deployment are there
    whenever the use cases can be listed.
    """
    with _no_collection():
        try:
            loaded = _load(settings.prompts)
        except (ConfigError, OSError) as error:
            return {NOTHING_LOADS: config_error_dag(NOTHING_LOADS, str(error))}
        dags = [dag for found in loaded for dag in _dags_of(found)]
        use_cases = [found for found in loaded if isinstance(found, UseCase)]
        wanted = get_parsing_context().dag_id
        dags += [make(use_cases, TAG) for name, make in _OWN.items() if wanted in (None, name)]
        return {dag.dag_id: dag for dag in dags}


@contextmanager
def _no_collection() -> Iterator[None]:
    """All that is made here stays: looking for garbage again and again takes a fifth of a parse."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _load(prompts: Path) -> list[UseCase | Broken]:
    wanted = get_parsing_context().dag_id
    if wanted is not None and wanted not in OWN_DAGS:
        wanted = wanted.partition(".")[0]
    if wanted in (None, *OWN_DAGS) or not (prompts / wanted).is_dir():
        return load_all(prompts)
    try:
        return [load_use_case(prompts / wanted, load_models(prompts))]
    except ConfigError as error:
        return [Broken(wanted, prompts / wanted, error)]


def _dags_of(loaded: UseCase | Broken) -> list[DAG]:
    if isinstance(loaded, Broken):
        return [config_error_dag(loaded.name, str(loaded.error))]
    wanted = get_parsing_context().dag_id
    try:
        further = [make for suffix, make in _further(loaded) if wanted in (None, f"{loaded.name}{suffix}")]
        return [use_case_dag(loaded), *(make() for make in further)]
    except ConfigError as error:
        return [config_error_dag(loaded.name, str(error))]
    except Exception as error:  # what Airflow itself refuses: a cron expression, a tag
        problem = Problem(f"{loaded.name}/pipeline.yaml", None, f"Airflow refuses this DAG: {error}")
        return [config_error_dag(loaded.name, str(problem))]


def _further(use_case: UseCase) -> Iterator[tuple[str, Callable[[], DAG]]]:
    """The further DAGs of a use case, made when they are wanted: a task of one need not import the others."""
    stream = use_case.pipeline.stream
    if stream is not None:
        yield STREAM, lambda: stream_dag(use_case, stream, TAG)
    if use_case.is_tested:
        yield EVAL, lambda: _eval_dag(use_case)
    if has_experiment(use_case):
        yield EXPERIMENT, lambda: experiment_dag(use_case, TAG)


def _eval_dag(use_case: UseCase) -> DAG:
    from furrow.orchestration.eval_dag import eval_dag

    return eval_dag(use_case, TAG)


def _releases_dag(use_cases: Sequence[UseCase], tag: str) -> DAG:
    from furrow.orchestration.release_dag import releases_dag

    return releases_dag(use_cases, tag)


def _watch_dag(use_cases: Sequence[UseCase], tag: str) -> DAG:
    from furrow.orchestration.watch_dag import watch_dag

    return watch_dag(use_cases, tag)


def _digest_dag(use_cases: Sequence[UseCase], tag: str) -> DAG:
    from furrow.orchestration.digest_dag import digest_dag

    return digest_dag(use_cases, tag)


_OWN = {
    REPLAY_DAG: replay_dag,
    RELEASES_DAG: _releases_dag,
    WATCH_DAG: _watch_dag,
    DIGEST_DAG: _digest_dag,
}
"""Airflow's operators of some take a third of a second to import: only where they are wanted."""


def use_case_dag(use_case: UseCase) -> DAG:
    """fetch -> [per partition: steps -> validate] -> publish -> evaluate. Raises ConfigError."""
    pipeline, steps = use_case.pipeline, merged_steps(use_case)
    dag = DAG(
        use_case.name,
        description=pipeline.description,
        doc_md=describe_use_case(use_case),
        schedule=_schedule(pipeline),
        start_date=SINCE,
        catchup=False,
        max_active_runs=1,
        tags=[TAG, *pipeline.tags],
        default_args={"owner": pipeline.owner, **RETRIED},
    )
    with dag:
        _add_tasks(use_case, steps)
    dag.params = _params(use_case)  # after the tasks: Airflow copies a DAG's params into each one it gets
    dag.validate()
    return dag


def _schedule(pipeline: PipelineFile) -> str | CronDataIntervalTimetable | None:
    """A query reads a span of time, which a cron expression alone no longer gives a run."""
    cron = pipeline.schedule
    if pipeline.source.bigquery is None or cron is None or cron in ("@once", "@continuous"):
        return cron
    return CronDataIntervalTimetable(cron, timezone="UTC")


def _add_tasks(use_case: UseCase, steps: list[str]) -> None:
    name = use_case.name
    fetch = Fetch(task_id="fetch", use_case=name)

    @task_group(tooltip="The steps of one partition of the records")  # type: ignore[untyped-decorator]
    def partition(partition: Any) -> None:
        of_one: dict[str, Any] = {"use_case": name, "map_index_template": "{{ task.partition.label }}"}
        for step in steps:
            doc = describe_step(use_case, step)
            done = Step(task_id=step, subject=step, partition=partition, doc_md=doc, **of_one)
            partition = done.output
        Validate(task_id=_LAST_IN_PARTITION, partition=partition, **of_one)

    # A run without new records skips the mapped group; it is still published (nothing) and evaluated.
    also_empty = {"use_case": name, "trigger_rule": TriggerRule.NONE_FAILED}
    last: Any = partition.expand(partition=fetch.output)
    for sink in use_case.pipeline.publish.sinks:
        last = last >> Publish(task_id=f"publish_{sink}", subject=sink, **also_empty)
    last >> Evaluate(task_id="evaluate", **also_empty)


def merged_steps(use_case: UseCase) -> list[str]:
    """The steps of all versions in one order that is every version's own. Raises ConfigError when none is."""
    order: TopologicalSorter[str] = TopologicalSorter()
    for version in use_case.versions.values():
        names = [step.name for step in version.steps]
        if _LAST_IN_PARTITION in names:
            where = f"{use_case.name}/{version.name}/steps.yaml"
            what = f"`{_LAST_IN_PARTITION}` is the name of the task after the steps"
            raise ConfigError(Problem(where, None, what, "give the step another name"))
        order.add(names[0])
        for before, name in pairwise(names):
            order.add(name, before)
    try:
        return list(order.static_order())
    except CycleError as error:
        cycle = " -> ".join(reversed(error.args[1]))
        what = f"the versions order the same steps differently: {cycle}"
        raise ConfigError(Problem(use_case.name, None, what, "rename a step in one version")) from None


def _params(use_case: UseCase) -> dict[str, Param]:
    live = use_case.version().release
    releases = {name: version.release for name, version in use_case.versions.items()}
    return {
        "limit": Param(
            None,
            type=["integer", "null"],
            minimum=1,
            title="Limit",
            description="At most this many records; empty takes everything that is new.",
        ),
        "version": Param(
            None,
            type=["string", "null"],
            enum=[None, *releases],
            values_display={"null": "the live one", **releases},
            title="Version",
            description=f"Version to run; the live one was {live} when this DAG was read.",
        ),
    }


def config_error_dag(name: str, message: str) -> DAG:
    """An unscheduled DAG that says what is wrong in its description, its documentation and its one task."""
    dag = DAG(
        dag_id_of(name),
        description=message,
        doc_md=describe_error(name, message),
        schedule=None,
        start_date=SINCE,
        tags=[TAG, ERROR_TAG],
        default_args={"owner": TAG, "retries": 0},
    )
    with dag:
        ConfigErrorTask(task_id="config_error", message=message)
    return dag


def dag_id_of(name: str) -> str:
    """The folder's name; one that cannot be a DAG id, or is another's, is made into one, still unique."""
    if re.fullmatch(r"[\w-]{1,200}", name, re.ASCII) and name not in OWN_DAGS:
        return name
    readable = re.sub(r"[^\w-]", "_", name, flags=re.ASCII)[:180]
    return f"{readable}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
