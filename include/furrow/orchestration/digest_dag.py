"""The DAG of the digest: each week what every use case did, stored, and sent where somebody wants it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, BaseOperator, Param
from airflow.sdk.exceptions import AirflowSkipException

from furrow.config.loader import DIGEST_DAG
from furrow.config.use_case import UseCase
from furrow.orchestration.connections import AirflowConnections, open_deployment
from furrow.orchestration.deployment_dag import deployment_dag
from furrow.orchestration.links import ReportLink, digest_path
from furrow.orchestration.tasks import errors_in_the_log

if TYPE_CHECKING:
    from airflow.sdk import Context

Json = dict[str, Any]


def digest_dag(use_cases: Sequence[UseCase], tag: str) -> DAG:
    """collect -> send. The use cases are looked up when it runs."""
    description = "What the last days cost and were worth, use case by use case; red things first"
    dag = deployment_dag(DIGEST_DAG, description, "digest.md.j2", tag, schedule="@weekly", max_active_runs=1)
    with dag:
        Collect(task_id="collect") >> Send(task_id="send")
    dag.params = {
        "days": Param(
            7,
            type="integer",
            minimum=1,
            maximum=366,
            title="Days",
            description="So many, next to as many before them.",
        )
    }
    return dag


class Collect(BaseOperator):  # type: ignore[misc]
    """Collects the digest and stores it; the button leads to its page."""

    operator_extra_links = (ReportLink(),)
    ui_color = "#e6f0e9"

    def execute(self, context: Context) -> Json:
        """Counts, and where it is; the whole of it stands in the log."""
        from furrow.batch.digest import DIGEST, DIGEST_PAGE
        from furrow.evaluation.digest_page import as_digest_page, as_text

        with errors_in_the_log(self.log):
            deployment = open_deployment()
            found = deployment.digest(_until(context), context["params"]["days"])
            folder = deployment.run_store.run(DIGEST_DAG, str(context["run_id"]))
            folder.write_text(DIGEST_PAGE, as_digest_page(found))
            folder.write_json(DIGEST, found.to_json())
        for line in as_text(found).splitlines():
            self.log.info("%s", line)
        counts = {"use_cases": len(found.use_cases), "red": found.red, "calls": found.spent.calls}
        return {**counts, "cost_usd": found.spent.cost_usd, "uri": folder.uri_of(DIGEST_PAGE)}


class Send(BaseOperator):  # type: ignore[misc]
    """Sends what was stored, once; skipped when no connection says where to."""

    ui_color = "#e9e2f3"

    def execute(self, context: Context) -> Json:
        """When it was sent, and through which connection."""
        from furrow.batch.digest import DIGEST, SENT
        from furrow.evaluation.digest import Digest
        from furrow.orchestration.digest_sending import HOW_TO, connection_of, send

        with errors_in_the_log(self.log):
            deployment, run_id = open_deployment(), str(context["run_id"])
            folder = deployment.run_store.run(DIGEST_DAG, run_id)
            if folder.exists(SENT):
                self.log.info("it was sent already; delete %s to have it sent again", folder.uri_of(SENT))
                return folder.read_json(SENT)
            connection = connection_of(deployment.settings, AirflowConnections())
            if connection is None:
                self.log.info("%s", HOW_TO)
                raise AirflowSkipException(HOW_TO)
            send(Digest.from_json(folder.read_json(DIGEST)), connection, digest_path(run_id))
            sent = {"at": datetime.now(UTC).isoformat(), "connection": connection.id}
            folder.write_json(SENT, sent)
        return sent


def _until(context: Context) -> datetime:
    """The end of the run's interval; one that was triggered without a logical date has none.

    Airflow's moments are pendulum's, which lose their offset in arithmetic once it is the standard library's.
    """
    end: datetime = context.get("data_interval_end") or context["dag_run"].run_after
    return datetime.fromisoformat(end.isoformat())
