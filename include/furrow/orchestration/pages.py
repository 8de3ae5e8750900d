"""The pages behind the navigation entry. Every route requires a user whom Airflow's auth manager knows."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated
from urllib.parse import urlencode

import sqlalchemy as sa
from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_view
from airflow.models.dagrun import DagRun
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import Deployment
from furrow.config.loader import DIGEST_DAG
from furrow.config.settings import Settings
from furrow.errors import FurrowError, OptionUnknown, TransientError
from furrow.orchestration.release_page import digest_page, evaluation_page, release_page, run_page
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
    app.get("/releases", response_class=HTMLResponse)(releases)
    app.get("/evaluation", response_class=HTMLResponse)(evaluation)
    app.get("/run", response_class=HTMLResponse)(run)
    app.get("/digest", response_class=HTMLResponse)(digest)
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
    return _page("overview.html.j2", status=collect_status(Settings.from_environment(), runs, readable))


def releases(readable: Annotated[set[str], Depends(readable_dags)], use_case: str) -> HTMLResponse:
    """The releases and the evaluations of a use case."""
    _require(use_case, readable)
    with _told():
        return _page("releases.html.j2", page=release_page(_deployment(), use_case))


def evaluation(
    readable: Annotated[set[str], Depends(readable_dags)],
    use_case: str,
    evaluation: str,
    version: str | None = None,
) -> Response:
    """The report of a version; without a version, the page that lists them."""
    _require(use_case, readable)
    if version is None:
        return RedirectResponse(f"releases?{urlencode({'use_case': use_case})}")
    with _told():
        return _stored(evaluation_page(_deployment(), use_case, evaluation, version))


def run(readable: Annotated[set[str], Depends(readable_dags)], use_case: str, run_id: str) -> HTMLResponse:
    """The report of a run."""
    _require(use_case, readable)
    with _told():
        return _stored(run_page(_deployment(), use_case, run_id))


def digest(readable: Annotated[set[str], Depends(readable_dags)], run_id: str) -> HTMLResponse:
    """A digest, for those who may read its DAG: it tells of every use case."""
    _require(DIGEST_DAG, readable)
    with _told():
        return _stored(digest_page(_deployment(), run_id))


def _stored(text: str) -> HTMLResponse:
    """A page out of the run store: it may load nothing and run nothing, whatever got into it."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
    return HTMLResponse(text, headers={**_HEADERS, "Content-Security-Policy": policy})


def _page(template: str, **values: object) -> HTMLResponse:
    nonce = secrets.token_urlsafe(16)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; frame-ancestors 'self'"
    )
    text = render(template, nonce=nonce, **values)
    return HTMLResponse(text, headers={**_HEADERS, "Content-Security-Policy": policy})


def _deployment() -> Deployment:
    return Deployment(None, EnvironmentConnections({}))


def _require(use_case: str, readable: set[str]) -> None:
    """The same answer for one that is not there and one that the user may not see."""
    if use_case not in readable:
        raise HTTPException(404, "there is no such use case")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OptionUnknown as error:
        raise HTTPException(404, str(error)) from error
    except TransientError as error:
        raise HTTPException(503, str(error)) from error
    except FurrowError as error:
        raise HTTPException(409, str(error)) from error
