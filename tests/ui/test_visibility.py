"""The pages over a real Airflow, in a real browser: their figures are those of the state database and their
buttons do what they say; who may do what; and what a phone, a keyboard, a dark room and a Korean reader get.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import Deployment
from furrow.batch.replay import REPLAY
from furrow.local.airflow_api import AirflowApi
from furrow.store.dead_letters import Selection
from tests import story
from tests.airflow_server import ROLES, AirflowServer
from tests.folders import FolderOfPrompts
from tests.ui.test_pages import browser, in_a_browser, sign_in, window

__all__ = ["browser", "window"]
pytestmark = [pytest.mark.airflow]
PATIENCE = 240.0
UNREADABLE = Selection(reason="record_unreadable")
SHOTS = os.environ.get("FURROW_SCREENSHOTS")
"""A folder: the pages are photographed into it, for a person to look at."""


@pytest.fixture(scope="module")
def deployment(first_day: date, airflow_server: AirflowServer) -> Iterator[Deployment]:
    """After a run of the story's use case with forty listings and a line that is none."""
    found = Deployment(airflow_server.settings, EnvironmentConnections(airflow_server.connections))
    prompts = FolderOfPrompts(airflow_server.settings.prompts)
    story.arrive(prompts, 5000, 5040)
    listings = prompts.path / story.NAME / "in" / "listings.jsonl"
    listings.write_text(listings.read_text() + "this is no record\n")
    if not (prompts.path / story.NAME / "v3").exists():
        story.write_version(prompts, "v3")
        airflow_server.look_again()
    with airflow_server.api() as api:
        for dag_id in (story.NAME, "releases", "dead_letters_replay"):
            api.wait_for_dag(dag_id)
            api.unpause(dag_id)
        run(api, story.NAME)
    yield found


def run(api: AirflowApi, dag_id: str, **params: Any) -> str:
    run_id = api.trigger(dag_id, params)
    assert api.wait_for_run(dag_id, run_id, PATIENCE) == "success", api.task_instances(dag_id, run_id)
    return run_id


def until(found: Any, what: str) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (value := found()):
        assert time.monotonic() < deadline, f"not within {PATIENCE:.0f} s: {what}"
        time.sleep(0.5)
    return value


def shot(window: Any, name: str) -> None:
    if SHOTS:
        Path(SHOTS).mkdir(exist_ok=True, parents=True)
        window.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


# --- who may see what -------------------------------------------------------------------------------

QUERY = f"use_case={story.NAME}"
ROUTES = {
    "overview": "/",
    "use case": f"/use-case?{QUERY}",
    "releases": f"/releases?{QUERY}",
    "diff": f"/diff?{QUERY}&before=v1&after=v1",
    "drift": f"/drift?{QUERY}",
    "price": "/price",
    "runs": f"/runs?{QUERY}",
    "calls of a day": f"/calls?{QUERY}&day=2026-11-26",
    "records": f"/records?{QUERY}",
    "record": f"/record?{QUERY}&run_id=none&record_id=none",
    "calls": f"/calls?{QUERY}&run_id=none",
    "evaluation": f"/evaluation?{QUERY}&evaluation=none&version=v1",
    "run": f"/run?{QUERY}&run_id=none",
    "digest": "/digest?run_id=none",
    "script": "/static/bokeh.min.js",
}
NOT_THERE = {"record", "evaluation", "run", "digest"}


def test_the_table_has_every_route() -> None:
    from furrow.orchestration.pages import create_app

    paths = {path.partition("?")[0].replace("bokeh.min.js", "{name}") for path in ROUTES.values()}
    assert paths == {route.path for route in create_app().routes}  # type: ignore[attr-defined]


@pytest.mark.parametrize("who", ["nobody", *ROLES, "admin"])
@pytest.mark.parametrize("name", ROUTES, ids=ROUTES)
def test_a_page_is_for_who_is_signed_in(
    deployment: Deployment, airflow_server: AirflowServer, name: str, who: str
) -> None:
    role = None if who == "admin" else who
    headers = {} if who == "nobody" else airflow_server.token(role)
    answer = airflow_server.get(f"/furrow{ROUTES[name]}", headers)
    expected = 401 if who == "nobody" else 404 if name in NOT_THERE else 200
    assert answer.status_code == expected, answer.text[:500]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_the_pages_change_nothing_themselves(airflow_server: AirflowServer, method: str) -> None:
    for path in ROUTES.values():
        url = f"{airflow_server.url}/furrow{path}"
        answer = httpx.request(method, url, headers=airflow_server.token(), timeout=60, trust_env=False)
        assert answer.status_code == 405, path


def test_a_viewer_may_not_do_what_the_buttons_do(airflow_server: AirflowServer) -> None:
    for dag_id in ("releases", "dead_letters_replay", f"{story.NAME}.eval"):
        url = f"{airflow_server.url}/api/v2/dags/{dag_id}/dagRuns"
        body = {"logical_date": None, "conf": {"use_case": story.NAME}}
        answer = httpx.post(
            url, json=body, headers=airflow_server.token("viewer"), timeout=60, trust_env=False
        )
        assert answer.status_code == 403, dag_id


# --- in the browser ---------------------------------------------------------------------------------


class TestInABrowser:
    pytestmark = in_a_browser

    @pytest.fixture
    def page(self, deployment: Deployment, airflow_server: AirflowServer, window: Any) -> Any:
        """Signed in, at the overview, which is a page of its own here and not a frame."""
        sign_in(window, airflow_server, "/plugin/furrow")
        window.wait_for_selector("iframe")
        window.goto("about:blank")  # what Airflow's own page says when it is left half loaded is not ours
        self.problems: list[str] = []
        window.on("pageerror", lambda error: self.problems.append(str(error)))
        window.on("console", lambda said: self.problems.append(said.text) if said.type == "error" else None)
        window.goto(f"{airflow_server.url}/furrow/")
        yield window
        assert self.problems == []

    def test_the_figures_are_the_state_databases(
        self, today: date, page: Any, deployment: Deployment
    ) -> None:
        row = page.locator(f"[data-use-case={story.NAME}]").inner_text()
        spent = deployment.ledger.spent_on(today)[story.NAME]
        assert f"${spent.cost_usd:,.4f}" in row and f"{spent.calls:,} calls" in row
        assert deployment.use_case(story.NAME).version().release in row
        day = deployment.window_sums.lately(datetime.now(UTC) - timedelta(hours=24))[story.NAME]
        assert f"{100 * day.accepted / day.records:.1f} %" in row
        shot(page, "overview")
        page.get_by_role("link", name="Price").first.click()
        total = sum(each.cost_usd for each in deployment.ledger.spent_on(today).values())
        assert page.locator("[data-figure=total]").inner_text() == f"${total:,.4f}"
        page.locator(".drawing > *").first.wait_for()
        shot(page, "price")

    def test_the_charts_are_drawn_with_the_releases_marked(self, page: Any) -> None:
        page.get_by_role("link", name=story.NAME, exact=True).click()
        page.wait_for_load_state()
        charts = page.locator("figure[data-chart]")
        charts.first.wait_for()
        assert charts.count() >= 4
        for number in range(charts.count()):
            charts.nth(number).locator(".drawing > *").first.wait_for()
        shot(page, "use-case")
        page.get_by_text("as a table").first.click()
        assert page.locator("figure table").first.is_visible()

    def test_why_a_record_was_rejected_and_another_try_by_clicking(
        self, page: Any, deployment: Deployment, airflow_server: AirflowServer
    ) -> None:
        [letter] = deployment.letters.list(story.NAME, UNREADABLE)
        assert letter.reason is not None
        page.goto(f"{airflow_server.url}/furrow/records?{QUERY}&reason={letter.reason}")
        assert letter.reason in page.locator("tbody").inner_text()
        shot(page, "dead-letters")
        page.get_by_role("button", name="Replay").click()
        page.locator("[role=status] a").wait_for()
        until(
            lambda: deployment.letters.list(story.NAME, UNREADABLE)[0].tries == letter.tries + 1, "the replay"
        )
        page.get_by_role("link", name="its way").first.click()
        page.wait_for_load_state()
        assert "this is no record" in page.locator("main").inner_text()

    def test_a_record_is_found_by_its_key_with_its_prompt_and_its_answer(
        self, page: Any, airflow_server: AirflowServer
    ) -> None:
        page.goto(f"{airflow_server.url}/furrow/records?{QUERY}")
        page.get_by_label("Key or record id").fill("s5001")
        page.get_by_role("button", name="Find").click()
        page.wait_for_url("**key=s5001*")
        page.get_by_role("link", name="its way").first.click()
        page.wait_for_load_state()
        text = page.locator("main").inner_text()
        assert "모델 5001" in text and "brand" in text and "Outcome: accepted" in text
        shot(page, "record")

    def test_a_rollback_is_done_by_clicking_and_the_log_says_who_and_why(
        self, page: Any, deployment: Deployment, airflow_server: AirflowServer
    ) -> None:
        before = deployment.use_case(story.NAME).live
        other = "v3" if before != "v3" else "v1"
        deployment.promotions(story.NAME).promote(other, "the test", "to be rolled back")
        page.goto(f"{airflow_server.url}/furrow/releases?{QUERY}")
        page.get_by_label("Why").fill("customers complain")
        page.get_by_role("button", name="Roll back").click()
        page.locator("[role=status] a").first.wait_for()
        until(lambda: deployment.use_case(story.NAME).live == before, "the rollback")
        page.reload()
        entry = deployment.releases.history(story.NAME)[-1]
        assert (entry.action, entry.who) == ("rollback", "admin (Airflow)")
        assert entry.why.startswith("customers complain")
        assert "customers complain" in page.locator(f"[data-entry='{entry.number}']").inner_text()
        shot(page, "releases")

    def test_the_calls_of_a_run_stand_in_its_tab(
        self, page: Any, deployment: Deployment, airflow_server: AirflowServer
    ) -> None:
        runs = [run.run_id for run in deployment.runs.history(story.NAME)]
        newest = next(run_id for run_id in runs if not run_id.startswith(REPLAY))  # a replay is another DAG's
        page.goto(f"{airflow_server.url}/dags/{story.NAME}/runs/{newest}")
        page.locator("a[href$='/plugin/furrow_run']").click()
        frame = page.frame_locator("iframe")
        frame.get_by_role("heading", name="What the run bought").wait_for()
        self.problems.clear()  # of Airflow's own page

    def test_dark_is_dark_and_korean_is_korean_as_in_airflow(
        self, page: Any, airflow_server: AirflowServer
    ) -> None:
        page.evaluate("localStorage.setItem('theme', 'dark'); localStorage.setItem('i18nextLng', 'ko')")
        page.goto(f"{airflow_server.url}/furrow/")
        page.get_by_role("heading", name="사용 사례").wait_for()
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert max(map(int, re.findall(r"\d+", colour)[:3])) < 64
        shot(page, "overview-dark-korean")
        page.goto(f"{airflow_server.url}/furrow/use-case?{QUERY}")
        page.locator(".drawing > *").first.wait_for()
        shot(page, "use-case-dark-korean")

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_no_page_has_a_serious_barrier(
        self, page: Any, airflow_server: AirflowServer, theme: str
    ) -> None:
        from axe_playwright_python.sync_playwright import Axe

        page.evaluate(f"localStorage.setItem('theme', '{theme}')")
        found = {}
        for name in sorted(set(ROUTES) - NOT_THERE - {"script"}):
            page.goto(f"{airflow_server.url}/furrow{ROUTES[name]}")
            page.wait_for_load_state("networkidle")
            for broken in Axe().run(page).response["violations"]:
                if broken["impact"] in ("serious", "critical"):
                    found[name, broken["id"]] = [node["html"][:200] for node in broken["nodes"]][:3]
        assert found == {}

    def test_on_a_phone_no_page_is_wider_than_the_screen(
        self, page: Any, airflow_server: AirflowServer
    ) -> None:
        page.set_viewport_size({"width": 390, "height": 844})
        for name in ("overview", "use case", "releases", "drift", "price", "runs", "records", "calls"):
            page.goto(f"{airflow_server.url}/furrow{ROUTES[name]}")
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 390, name
            shot(page, f"phone-{name.replace(' ', '-')}")

    def test_the_keyboard_alone_reaches_every_control(self, page: Any, airflow_server: AirflowServer) -> None:
        page.goto(f"{airflow_server.url}/furrow/releases?{QUERY}")
        wanted = page.locator("main a, main button, main input:not([type=hidden]), main select").count()
        reached = set()
        for _ in range(3 * wanted + 20):
            page.keyboard.press("Tab")
            reached.add(
                page.evaluate(
                    "[...document.querySelectorAll('main a, main button, main input:not([type=hidden]),"
                    " main select')].indexOf(document.activeElement)"
                )
            )
        assert set(range(wanted)) <= reached
