"""The tasks of a use case's evaluation DAG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from furrow.orchestration.assets import RELEASES, announce, live_of
from furrow.orchestration.connections import AirflowConnections, open_deployment
from furrow.orchestration.links import ReportLink
from furrow.orchestration.tasks import errors_in_the_log

if TYPE_CHECKING:
    from airflow.sdk import Context

    from furrow.batch.evaluation import Evaluation

Json = dict[str, Any]


class EvaluationTask(BaseOperator):  # type: ignore[misc]
    """Opens the evaluation that the Airflow run stands for, and makes one call."""

    template_fields: ClassVar[Sequence[str]] = ("shard",)
    ui_color = "#e6f0e9"

    def __init__(self, *, use_case: str, shard: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.use_case, self.shard = use_case, shard

    def execute(self, context: Context) -> Any:
        """What goes to XCom."""
        from furrow.assembly import open_evaluation

        with errors_in_the_log(self.log):
            evaluation = open_evaluation(self.use_case, str(context["run_id"]), AirflowConnections())
            return self.call(evaluation, dict(context["params"]))

    def call(self, evaluation: Evaluation, params: Json) -> Any:
        """The one call."""
        raise NotImplementedError


class Plan(EvaluationTask):
    """Pins the versions and cuts the test set into shards."""

    ui_color = "#d9e8f5"

    def call(self, evaluation: Evaluation, params: Json) -> list[Json]:
        """One shard for each mapped task."""
        from furrow.batch.evaluation_plan import Asked

        versions, slices = tuple(params.get("versions") or ()), tuple(params.get("slices") or ())
        return evaluation.plan(Asked(versions, slices, params.get("repeats")))


class RunShard(EvaluationTask):
    """A version's pipeline on some cases; answers that are in the ledger are not bought again."""

    ui_color = "#f5ecd9"

    def call(self, evaluation: Evaluation, params: Json) -> Json:
        """What was run."""
        return evaluation.run_shard(self.shard)


class Report(EvaluationTask):
    """Judges every version against the test set, the gate and the live version."""

    operator_extra_links = (ReportLink(),)

    def call(self, evaluation: Evaluation, params: Json) -> Json:
        """The report in short; it is whole on the page that the button leads to."""
        found = evaluation.report()
        for version in found["versions"]:
            self.log.info("%s: %s", version["release"], version["decision"])
            for reason in version["reasons"]:
                self.log.info("  %s", reason)
        return found


class Decide(BaseOperator):  # type: ignore[misc]
    """Declines what failed the gate; promotes what passed, or asks a person to, as `release.policy` says."""

    ui_color = "#f3e6e2"

    def __init__(self, *, use_case: str, **kwargs: Any):
        super().__init__(outlets=[RELEASES], inlets=[live_of(use_case)], **kwargs)
        self.use_case = use_case

    def execute(self, context: Context) -> list[Json]:
        """The runs of the releases DAG to trigger: none, or one that puts a version before a person."""
        from furrow.batch.conclusion import conclude

        with errors_in_the_log(self.log):
            deployment = open_deployment()
            found = deployment.evaluations.of_evaluation(self.use_case, str(context["run_id"]))
            concluded = conclude(deployment.promotions(self.use_case), found)
            announce(context, deployment.releases, [self.use_case])
        self.log.info("%s", concluded)
        if concluded["proposed"] is None:
            return []
        return [proposal(self.use_case, concluded["proposed"], concluded["evaluation"])]


def proposal(use_case: str, version: str, evaluation: str) -> Json:
    """The arguments of the trigger that puts a version before a person; the same for the same evaluation."""
    return {
        "trigger_run_id": f"propose__{use_case}__{version}__{evaluation}",
        "conf": {
            "use_case": use_case,
            "action": "promote",
            "version": version,
            "why": f"passed its gate in {evaluation}",
        },
    }
