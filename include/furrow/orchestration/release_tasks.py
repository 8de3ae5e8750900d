"""The tasks of the DAG with which people release versions and take them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import BaseOperator

from furrow.orchestration.assets import RELEASES, announce, live_of
from furrow.orchestration.connections import open_deployment
from furrow.orchestration.links import evaluation_url
from furrow.orchestration.rendering import render
from furrow.orchestration.tasks import errors_in_the_log

if TYPE_CHECKING:
    from airflow.sdk import Context

    from furrow.assembly import Deployment
    from furrow.config.use_case import UseCase, Version
    from furrow.store.evaluations import Evaluated

Json = dict[str, Any]
APPROVE, REJECT = "Approve", "Reject"


class Propose(BaseOperator):  # type: ignore[misc]
    """Checks what the params ask for, and writes down what a person has to know to approve it."""

    ui_color = "#d9e8f5"

    def execute(self, context: Context) -> Json:
        """`subject` and `body` (Markdown); `ask`: whether a person has to approve.

        Raises ReleaseRefused (not evaluated, or not passed), OptionUnknown, ReleaseChanged.
        """
        params = dict(context["params"])
        with errors_in_the_log(self.log):
            deployment = open_deployment()
            use_case = deployment.use_case(params["use_case"])
            if params["action"] == "rollback":
                return {"ask": False, "subject": f"Rollback of {use_case.name}", "body": ""}
            return _proposal(deployment, use_case, params)


class AskPerson(HITLOperator):  # type: ignore[misc]
    """Waits for a person, where the policy wants one."""

    ui_color = "#f7efd2"

    def __init__(self, **kwargs: Any):
        super().__init__(options=[APPROVE, REJECT], **kwargs)

    def execute(self, context: Context) -> Any:
        """Waits in the state awaiting_input; when nobody has to be asked it ends at once."""
        if not context["ti"].xcom_pull(task_ids="propose")["ask"]:
            self.log.info("nobody has to approve this")
            return None
        return super().execute(context)


class Apply(BaseOperator):  # type: ignore[misc]
    """Writes the change into the log of releases; from then on it is live."""

    ui_color = "#e6f0e9"

    def __init__(self, *, use_cases: list[str], **kwargs: Any):
        super().__init__(outlets=[RELEASES], inlets=[live_of(name) for name in use_cases], **kwargs)

    def execute(self, context: Context) -> Json:
        """The entry that was added. Raises ReleaseRefused, ReleaseConflict, ReleaseChanged."""
        from furrow.batch.releasing import Wanted, apply

        params, answer = dict(context["params"]), context["ti"].xcom_pull(task_ids="approve")
        with errors_in_the_log(self.log):
            deployment = open_deployment()
            wanted = Wanted(
                action=params["action"],
                version=params["version"],
                why=params["why"] or f"asked for in {context['run_id']}",
                share=params["share"],
                who=_who(answer, context),
                approved=answer is None or answer["chosen_options"] == [APPROVE],
                anyway=bool(params["anyway"]),
                run=str(context["run_id"]),
            )
            entry = apply(deployment.promotions(params["use_case"]), deployment.evaluations, wanted)
            announce(context, deployment.releases, [params["use_case"]])
        self.log.info("%s", entry)
        return entry.to_json()


def _who(answer: Any, context: Context) -> str:
    """Who approved; or where nobody was asked, who started the run."""
    person = (answer or {}).get("responded_by_user")
    name = person["name"] if person else getattr(context["dag_run"], "triggering_user_name", None)
    return f"{name} (Airflow)" if name else "furrow (Airflow)"


def _proposal(deployment: Deployment, use_case: UseCase, params: Json) -> Json:
    from furrow.batch.releasing import measured

    version = use_case.version(params["version"] or use_case.newest)
    found = measured(deployment.evaluations, use_case, version, bool(params["anyway"]))
    live = use_case.version()
    return {
        "ask": use_case.pipeline.release.policy == "manual",
        "subject": f"Release {version.release} of {use_case.name} in place of {live.release}?",
        "body": _body(deployment, use_case, live, version, found),
    }


def _body(
    deployment: Deployment, use_case: UseCase, live: Version, version: Version, found: Evaluated | None
) -> str:
    from furrow.config.version_diff import diff_versions
    from furrow.evaluation.figures import figures_of

    before = deployment.evaluations.latest(use_case.name, live.release)
    report = found.report if found is not None else None
    page = evaluation_url(use_case.name, found.evaluation, version.name) if found is not None else None
    return render(
        "proposal.md.j2",
        use_case=use_case,
        live=live,
        version=version,
        difference=diff_versions(live, version),
        figures=figures_of(before.report if before is not None else None, report),
        checks=report["gate"]["checks"] if report is not None else [],
        page=page,
    )
