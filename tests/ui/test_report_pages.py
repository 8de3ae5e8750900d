"""Reports in a real Airflow: a run's button and a digest's lead to pages that only the signed-in get."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from furrow.testing import ModelServer
from tests import story
from tests.airflow_server import AirflowServer
from tests.html_page import HtmlPage

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]
PATIENCE = 240.0
DIGEST = "furrow.digest"


def run(server: AirflowServer, dag_id: str) -> str:
    """One run from its trigger to its end."""
    with server.api() as api:
        api.wait_for_dag(dag_id)
        api.unpause(dag_id)
        run_id = api.trigger(dag_id, {})
        assert api.wait_for_run(dag_id, run_id, PATIENCE) == "success", api.task_instances(dag_id, run_id)
        return run_id


def ask(server: AirflowServer, path: str, **headers: str) -> httpx.Response:
    return server.get(path, headers)


def button(server: AirflowServer, dag_id: str, run_id: str, task: str) -> str:
    """Where Airflow says that the button leads."""
    path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task}/links"
    links: dict[str, Any] = ask(server, path, **server.token()).raise_for_status().json()
    return str(links["extra_links"]["Report"])


def page_of(server: AirflowServer, dag_id: str, task: str) -> HtmlPage:
    link = button(server, dag_id, run(server, dag_id), task)
    assert ask(server, link).status_code == 401
    answer = ask(server, link, **server.token())
    assert answer.status_code == 200 and answer.headers["content-security-policy"].endswith("sandbox")
    return HtmlPage(answer.text)


def test_the_button_of_a_run_leads_to_its_report(
    airflow_server: AirflowServer, story_provider: tuple[story.Provider, ModelServer]
) -> None:
    page = page_of(airflow_server, story.NAME, "evaluate")
    assert int(page.row("live-outcomes", "accepted")[1]) > 0 and "live-steps" in page.tables


def test_the_button_of_a_digest_leads_to_it(airflow_server: AirflowServer) -> None:
    page = page_of(airflow_server, DIGEST, "collect")
    assert any(row and row[0].startswith(story.NAME) for row in page.tables["figures"])
