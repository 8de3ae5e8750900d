"""The DAG of a use case's experiment: each day one look, with an alarm when the arms are not as drawn."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from furrow.config.loader import EXPERIMENT
from furrow.config.use_case import UseCase
from furrow.orchestration.addresses import LOOK
from furrow.orchestration.connections import open_deployment
from furrow.orchestration.rendering import render
from furrow.orchestration.tasks import RETRIED, SINCE, errors_in_the_log

if TYPE_CHECKING:
    from airflow.sdk import Context

    from furrow.batch.experimenting import Look

Json = dict[str, Any]
_NAMED = 20


def has_experiment(use_case: UseCase) -> bool:
    """Whether there is something to look at: an experiment with outcomes, not in the shadow."""
    experiment = use_case.pipeline.experiment
    return experiment is not None and experiment.outcomes is not None and not experiment.shadow


def experiment_dag(use_case: UseCase, tag: str) -> DAG:
    """Daily, and by hand as often as one likes: the answer is valid at each look."""
    pipeline, name = use_case.pipeline, use_case.name
    dag = DAG(
        f"{name}{EXPERIMENT}",
        description=f"{pipeline.description} (experiment)",
        doc_md=render("experiment.md.j2", name=name, experiment=pipeline.experiment, live=use_case.live),
        schedule="@daily",
        start_date=SINCE,
        catchup=False,
        max_active_runs=1,
        tags=[tag, "experiment", *pipeline.tags],
        default_args={"owner": pipeline.owner, **RETRIED},
    )
    with dag:
        LookAtExperiment(task_id="look", use_case=name)
    dag.validate()
    return dag


class LookAtExperiment(BaseOperator):  # type: ignore[misc]
    """Reads new outcomes and says whether the candidate is better, worse, or neither yet."""

    ui_color = "#d9e8f5"

    def __init__(self, *, use_case: str, **kwargs: Any):
        super().__init__(**kwargs)
        self.use_case = use_case

    def execute(self, context: Context) -> Json:
        """What the experiment shows; also `experiment.json` in the run store. Skipped while it rests."""
        with errors_in_the_log(self.log):
            deployment = open_deployment()
            experimenting = deployment.experiment(self.use_case)
            if why := experimenting.resting():
                raise AirflowSkipException(why)
            look = experimenting.look()
            run = deployment.run_store.run(f"{self.use_case}{EXPERIMENT}", str(context["run_id"]))
            run.write_json(LOOK, {**look.to_json(), "at": datetime.now(UTC).isoformat()})
        self._tell(look)
        return without_places(look.to_json()) | {"uri": run.uri_of(LOOK)}

    def _tell(self, look: Look) -> None:
        """The log's lines. What could not be read is named; `experiment.json` names more of it."""
        if look.read is not None:
            self.log.info("%d outcomes read, %d of them new", look.read.read, look.read.new)
            for place, why in look.read.named[:_NAMED]:
                self.log.warning("not read: %s: %s", place, why)
            if look.read.unread:
                self.log.warning("%d lines could not be read", look.read.unread)
        if look.alarm:
            self.log.error("ALARM: %s", look.sentence)
        else:
            self.log.info("%s", look.sentence)
        self.log.info("next: %s", look.next_step)


def without_places(look: Json) -> Json:
    """What goes to XCom: small whatever was read."""
    if look["outcomes"] is None:
        return look
    return look | {"outcomes": {name: look["outcomes"][name] for name in ("read", "new", "unread")}}
