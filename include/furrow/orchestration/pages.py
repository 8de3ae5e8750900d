"""The pages behind the navigation entry. Every route requires a user whom Airflow's auth manager knows."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Annotated

import sqlalchemy as sa
from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_view
from airflow.models.dagrun import DagRun
from fastapi import Depends, FastAPI
from fastapi.responses import HTMLResponse

from furrow.config.settings import Settings
from furrow.orchestration.rendering import render
from furrow.orchestration.status import AirflowRun, collect_status

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
}


def create_app() -> FastAPI:
    """The app. Its guard stands on the app itself, so a route that is added later has it too."""
    app = FastAPI(
        title="Furrow",
        dependencies=[Depends(requires_access_view(AccessView.WEBSITE))],
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.get("/", response_class=HTMLResponse)(overview)
    return app


def readable_dags(user: GetUserDep) -> set[str]:
    """The DAG ids that this user may read; the others are not shown."""
    found: set[str] = get_auth_manager().get_authorized_dag_ids(user=user)
    return found


def newest_runs(
    session: SessionDep, readable: Annotated[set[str], Depends(readable_dags)]
) -> Mapping[str, AirflowRun]:
    """The newest Airflow run of each DAG that the user may read."""
    newest = sa.select(sa.func.max(DagRun.id)).where(DagRun.dag_id.in_(readable)).group_by(DagRun.dag_id)
    query = sa.select(DagRun.dag_id, DagRun.run_id, DagRun.state, DagRun.start_date)
    rows = session.execute(query.where(DagRun.id.in_(newest)))
    return {dag_id: AirflowRun(run_id, str(state), start) for dag_id, run_id, state, start in rows}


def overview(
    readable: Annotated[set[str], Depends(readable_dags)],
    runs: Annotated[Mapping[str, AirflowRun], Depends(newest_runs)],
) -> HTMLResponse:
    """How every use case stands."""
    status = collect_status(Settings.from_environment(), runs, readable)
    nonce = secrets.token_urlsafe(16)
    page = render("overview.html.j2", status=status, nonce=nonce)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; frame-ancestors 'self'"
    )
    return HTMLResponse(page, headers={**_HEADERS, "Content-Security-Policy": policy})
