"""The pages behind the navigation entry. Every route requires a user whom Airflow's auth manager knows."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

import sqlalchemy as sa
from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagDetails
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_view
from airflow.models.dagrun import DagRun
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import Deployment
from furrow.config.loader import DIGEST_DAG, STREAM, use_case_folders, use_case_of
from furrow.config.settings import Settings
from furrow.engine.arms import LIVE
from furrow.errors import FurrowError, OptionUnknown, TransientError
from furrow.orchestration import call_list, charts, price_page, record_page, use_case_page
from furrow.orchestration.diff_page import differing_files
from furrow.orchestration.experiment_page import experiment_page
from furrow.orchestration.language import COOKIE, language_of
from furrow.orchestration.release_page import digest_page, evaluation_page, release_page, run_page
from furrow.orchestration.status import COLUMNS, AirflowRun, collect_status, in_order
from furrow.orchestration.view import View, shown
from furrow.store.call_history import Wanted
from furrow.store.dead_letters import Selection
from furrow.store.window_sums import RUNGS, WindowFilter

log = logging.getLogger(__name__)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
}

LINES = 200
"""Use cases on one page."""
CALLS = 100
"""Calls on one page."""
RUNS = 100
"""Runs, or spans of a stream, on one page."""
SPANS_AT_ONCE = 50
"""Spans of some hours of calls that a page may add up before it shows what there is."""


def create_app() -> FastAPI:
    """The app. Its guard stands on the app itself, so a route that is added later has it too."""
    app = FastAPI(
        title="Furrow",
        dependencies=[Depends(requires_access_view(AccessView.WEBSITE))],
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    gc.freeze()  # statsmodels collects garbage at each correction: not over all that Airflow has imported
    for path, page in _PAGES.items():
        app.get(path, response_class=HTMLResponse)(page)
    app.get("/static/{name}")(script)
    app.exception_handler(HTTPException)(as_page)
    return app


async def as_page(request: Request, error: HTTPException) -> Response:
    """What a page cannot show, as a page: it stands in Airflow's frame, also beside other people's DAGs."""
    if error.status_code not in (404, 409, 503):
        return await http_exception_handler(request, error)
    page = _page("message.html.j2", view_of(request), text=error.detail)
    page.status_code = error.status_code
    return page


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
    return {dag_id: AirflowRun(dag_id, run_id, str(state), start) for dag_id, run_id, state, start in rows}


def view_of(request: Request) -> View:
    """The language and the look that the browser has in Airflow."""
    theme = "dark" if request.cookies.get("furrow_theme") == "dark" else "light"
    accepted = request.headers.get("accept-language")
    return View(language_of(request.cookies.get(COOKIE), accepted), theme)


Readable = Annotated[set[str], Depends(readable_dags)]
Viewing = Annotated[View, Depends(view_of)]
Page = Annotated[int, Query(ge=1, le=100_000)]
Day = Annotated[date | None, Query(ge=date(1970, 1, 1), le=date(2199, 12, 31))]


def days_of(day: Day = None, since: Day = None, until: Day = None) -> tuple[date | None, date | None]:
    """The first and the last day (UTC) that are asked for: one day, or a span of them."""
    return (day, day) if day is not None else (since, until)


Days = Annotated[tuple[date | None, date | None], Depends(days_of)]


def may_see_personal_data(user: GetUserDep, use_case: str) -> bool:
    """Who may edit the DAG of a use case sees its records as they are."""
    details = DagDetails(id=use_case_of(use_case))
    return bool(get_auth_manager().is_authorized_dag(method="PUT", details=details, user=user))


def overview(
    view: Viewing,
    readable: Readable,
    runs: Annotated[Mapping[str, AirflowRun], Depends(newest_runs)],
    sort: str = "",
    down: bool = False,
    page: Page = 1,
) -> HTMLResponse:
    """How every use case stands; what is red comes first."""
    status = collect_status(Settings.from_environment(), runs, readable)
    lines = in_order(status.use_cases, sort, down)
    pages = max(1, -(-len(lines) // LINES))
    shown = replace(status, use_cases=lines[(page - 1) * LINES : page * LINES])
    place = {"sort": sort if sort in COLUMNS else "", "down": down, "page": page, "pages": pages}
    return _page("overview.html.j2", replace(view, tab="overview"), status=shown, **place)


def use_case(view: Viewing, readable: Readable, use_case: str, days: int = 30) -> HTMLResponse:
    """A use case over time."""
    name = _require(use_case, readable)
    days = days if days in use_case_page.SPANS else 30
    with _told():
        deployment = _deployment()
        _add_up(deployment)
        page = use_case_page.use_case_page(deployment, name, days)
        experiment = experiment_page(deployment, name)
    values = {"page": page, "experiment": experiment, "spans": use_case_page.SPANS}
    return _page("use_case.html.j2", replace(view, tab="use-case", use_case=name), **values)


def releases(view: Viewing, readable: Readable, use_case: str) -> HTMLResponse:
    """The releases and the evaluations of a use case."""
    name = _require(use_case, readable)
    with _told():
        page = release_page(_deployment(), name)
    return _page("releases.html.j2", replace(view, tab="releases", use_case=name), page=page)


def diff(view: Viewing, readable: Readable, use_case: str, before: str, after: str) -> HTMLResponse:
    """Two versions side by side."""
    name = _require(use_case, readable)
    with _told():
        found = _deployment().use_case(name)
        files = differing_files(found.version(before), found.version(after))
    values = {"before": before, "after": after, "files": files}
    return _page("diff.html.j2", replace(view, tab="releases", use_case=name), **values)


def drift(view: Viewing, readable: Readable, use_case: str) -> HTMLResponse:
    """The live release next to its first days."""
    name = _require(use_case, readable)
    with _told():
        page = use_case_page.drift_page(_deployment(), name)
    return _page("drift.html.j2", replace(view, tab="drift", use_case=name), page=page)


def price(
    view: Viewing,
    readable: Readable,
    use_case: str = "",
    span: int = 30,
    day: Day = None,
    page: Page = 1,
) -> HTMLResponse:
    """What was paid, and what other models would take."""
    name = _require(use_case, readable) if use_case else ""
    span = span if span in price_page.SPANS else 30
    with _told():
        deployment = _deployment()
        _add_up(deployment)
        found = price_page.price_page(deployment, readable, day or span, name or None, page)
        figure = price_page.chart_of(found)
    values = {"page": found, "span": span, "day": day, "spans": price_page.SPANS, "figure": figure}
    view = replace(view, tab="price", use_case=name)
    return _page("price.html.j2", view, rows_on_a_page=price_page.ROWS, **values)


def records(
    view: Viewing,
    readable: Readable,
    unmasked: Annotated[bool, Depends(may_see_personal_data)],
    use_case: str,
    key: str = "",
    reason: str = "",
    step: str = "",
    release: str = "",
    page: Page = 1,
) -> HTMLResponse:
    """Records by key, or the dead letters of a use case."""
    name = _require(use_case, readable)
    selection = Selection(reason or None, step or None, release or None)
    with _told():
        deployment = _deployment()
        found = record_page.find(deployment, name, key, unmasked) if key else None
        letters = record_page.dead_letters(deployment, name, selection, unmasked, page)
    values = {"key": key, "found": found, "letters": letters, "selection": selection, "page": page}
    view = replace(view, tab="records", use_case=name)
    return _page("records.html.j2", view, rows_on_a_page=record_page.LETTERS_ON_A_PAGE, **values)


def record(
    view: Viewing,
    readable: Readable,
    unmasked: Annotated[bool, Depends(may_see_personal_data)],
    use_case: str,
    record_id: str,
    run_id: str = "",
    letter: str = "",
    arm: str = LIVE,
) -> HTMLResponse:
    """One record's way through the steps."""
    name = _require(use_case, readable)
    with _told():
        if letter:
            way = record_page.way_of_letter(_deployment(), name, letter, record_id, unmasked)
        else:
            way = record_page.way_in_run(_deployment(), name, run_id, record_id, arm, unmasked)
    return _page("record.html.j2", replace(view, tab="records", use_case=name), way=way)


def runs(
    view: Viewing,
    readable: Readable,
    days: Days,
    use_case: str,
    release: str = "",
    rung: str = "",
    oldest: bool = False,
    page: Page = 1,
) -> HTMLResponse:
    """The runs, and the spans of the stream, behind a figure."""
    name = _require(use_case, readable)
    wanted = WindowFilter(name, release or None, *days, rung if rung in RUNGS else None)
    with _told():
        found = _deployment().window_sums.list_windows(wanted, (page - 1) * RUNS, RUNS + 1, oldest)
    values = {
        "wanted": wanted,
        "days": call_list.days_asked(*days),
        "oldest": oldest,
        "page": page,
        "rows": found[:RUNS],
        "more": len(found) > RUNS,
    }
    return _page("runs.html.j2", replace(view, tab="runs", use_case=name), **values)


def calls(
    view: Viewing,
    readable: Readable,
    days: Days,
    use_case: str,
    run_id: str = "",
    step: str = "",
    model: str = "",
    release: str = "",
    unpriced: bool = False,
    page: Page = 1,
) -> HTMLResponse:
    """What a run, or some days, bought, call by call; a step also by the id of its task."""
    name = _require(use_case, readable)
    first, last = (None, None) if run_id else (days[0] or call_list.last_days(), days[1])
    step = step.rpartition(".")[2]
    asked = Wanted(name, run_id or None, step or None, model or None, release or None, first, last, unpriced)
    with _told():
        deployment = _deployment()
        _add_up(deployment)
        found = call_list.call_list(deployment, asked, page, CALLS)
    place = {"dag_id": use_case, "is_stream": use_case.endswith(STREAM), "page": page}
    values = {**place, "found": found, "asked": call_list.asked_for(found.wanted)}
    view = replace(view, tab="records" if run_id else "calls", use_case=name)
    return _page("calls.html.j2", view, rows_on_a_page=CALLS, **values)


def script(name: str) -> FileResponse:
    """A script that draws charts; it comes with this server."""
    known = charts.scripts()
    if name not in known:
        raise HTTPException(404, "there is no such script")
    headers = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return FileResponse(known[name], media_type="text/javascript", headers=headers)


def evaluation(
    readable: Readable,
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


def run(readable: Readable, use_case: str, run_id: str) -> HTMLResponse:
    """The report of a run."""
    name = _require(use_case, readable)
    with _told():
        return _stored(run_page(_deployment(), name, run_id))


def digest(readable: Readable, run_id: str) -> HTMLResponse:
    """A digest, for those who may read its DAG: it tells of every use case."""
    if DIGEST_DAG not in readable:
        raise HTTPException(404, "there is no such digest")
    with _told():
        return _stored(digest_page(_deployment(), run_id))


def _stored(text: str) -> HTMLResponse:
    """A page out of the run store: it may load nothing and run nothing, whatever got into it."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
    return HTMLResponse(text, headers={**_HEADERS, "Content-Security-Policy": policy})


def _page(template: str, view: View, **values: object) -> HTMLResponse:
    """The charts' script writes styles of its own, and draws into pictures that it makes itself."""
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{view.nonce}';"
        " img-src data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'self'"
    )
    return HTMLResponse(
        shown(template, view, **values), headers={**_HEADERS, "Content-Security-Policy": policy}
    )


def _add_up(deployment: Deployment) -> None:
    """A page needs it for its speed alone: while others write, it goes without."""
    try:
        deployment.call_days.add_up(most_spans=SPANS_AT_ONCE)
    except FurrowError as error:
        log.warning("calls were not added up now: %s", error)


def _deployment() -> Deployment:
    return Deployment(None, EnvironmentConnections({}))


def _require(use_case: str, readable: set[str]) -> str:
    """The use case of a DAG id. One that is not there and one that may not be seen get the same answer."""
    name = use_case_of(use_case)
    if name not in readable or not _is_folder(name):
        raise HTTPException(404, "there is no such use case")
    return name


def _is_folder(name: str) -> bool:
    folders = use_case_folders(Settings.from_environment().prompts)
    return name in {folder.name for folder in folders}


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


_PAGES: dict[str, Callable[..., Response]] = {
    "/": overview,
    "/use-case": use_case,
    "/releases": releases,
    "/diff": diff,
    "/evaluation": evaluation,
    "/drift": drift,
    "/price": price,
    "/records": records,
    "/record": record,
    "/calls": calls,
    "/runs": runs,
    "/run": run,
    "/digest": digest,
}
