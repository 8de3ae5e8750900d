"""The page in a real browser on a real Airflow: signed in it shows the use cases, anonymous it is refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.airflow_server import AirflowServer

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 60_000
CHROMIUM = shutil.which("chromium")

pytestmark = [pytest.mark.airflow]
in_a_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: make browser"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def window(browser: Any) -> Iterator[Any]:
    """A window without cookies."""
    context = browser.new_context(viewport={"width": 1300, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield page
    context.close()


def sign_in(window: Any, server: AirflowServer, path: str) -> None:
    """Ask for a page and fill in the form that comes instead."""
    window.goto(f"{server.url}{path}")
    user, password = server.login
    window.fill("input[name=username]", user)
    window.fill("input[name=password]", password)
    window.click("button[type=submit]")


# --- who may see it ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nobody"),
        pytest.param({"Cookie": "_token=made.up.token"}, id="a made-up cookie"),
        pytest.param({"Authorization": "Bearer made.up.token"}, id="a made-up token"),
        pytest.param({"Authorization": "Basic YWRtaW46YWRtaW4="}, id="a password in the request"),
    ],
)
def test_a_request_that_is_not_signed_in_is_refused(
    airflow_server: AirflowServer, headers: dict[str, str]
) -> None:
    answer = airflow_server.get("/furrow/", headers)

    assert answer.status_code in (401, 403)
    assert "goods" not in answer.text


def test_no_route_of_the_pages_is_open(airflow_server: AirflowServer) -> None:
    from furrow.orchestration.pages import create_app

    paths = [route.path for route in create_app().routes]

    assert paths
    for path in paths:
        answer = airflow_server.get(f"/furrow{path}")
        assert answer.status_code == 401, path


def test_a_signed_in_request_gets_the_page_and_may_not_be_framed_elsewhere(
    airflow_server: AirflowServer,
) -> None:
    answer = airflow_server.get("/furrow/", airflow_server.token())

    assert answer.status_code == 200 and "goods" in answer.text
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


# --- in the browser ---------------------------------------------------------------------------------


class TestInABrowser:
    pytestmark = in_a_browser

    def test_the_navigation_leads_to_a_page_with_the_use_cases(
        self, airflow_server: AirflowServer, window: Any
    ) -> None:
        sign_in(window, airflow_server, "/")
        window.get_by_role("link", name="Furrow", exact=True).click()

        frame = window.frame_locator("iframe[title=Furrow]")
        row = frame.locator("[data-use-case=goods]")
        row.wait_for()
        assert "v1@" in row.inner_text() and "tests" in row.inner_text()

    def test_a_folder_that_does_not_load_shows_where_the_mistake_is(
        self, airflow_server: AirflowServer, window: Any
    ) -> None:
        sign_in(window, airflow_server, "/plugin/furrow")

        error = window.frame_locator("iframe").get_by_role("alert")
        error.wait_for()
        assert "broken/v1/extract/user.md:1" in error.inner_text()

    def test_text_of_an_author_is_shown_and_never_run(
        self, airflow_server: AirflowServer, window: Any
    ) -> None:
        sign_in(window, airflow_server, "/plugin/furrow")

        frame = window.frame_locator("iframe")
        row = frame.locator("[data-use-case=hostile]")
        row.wait_for()
        assert "<img src=x onerror=" in row.inner_text()
        assert frame.locator("img").count() == 0
        assert window.frames[1].title() == "Furrow"

    def test_a_use_case_leads_to_its_dag(self, airflow_server: AirflowServer, window: Any) -> None:
        sign_in(window, airflow_server, "/plugin/furrow")

        frame = window.frame_locator("iframe")
        frame.locator("[data-use-case=goods]").get_by_role("link", name="DAG").click()
        window.wait_for_url(f"{airflow_server.url}/dags/goods")

    def test_a_use_case_leads_to_its_page_within_the_frame(
        self, airflow_server: AirflowServer, window: Any
    ) -> None:
        sign_in(window, airflow_server, "/plugin/furrow")

        frame = window.frame_locator("iframe")
        frame.get_by_role("link", name="goods", exact=True).click()
        frame.get_by_role("heading", name="goods", exact=True).wait_for()
        assert "/plugin/furrow" in window.url

    def test_the_trigger_form_offers_the_limit_and_the_folders_versions(
        self, airflow_server: AirflowServer, window: Any
    ) -> None:
        sign_in(window, airflow_server, "/dags/goods")

        window.get_by_role("button", name="Trigger").first.click()
        form = window.get_by_role("dialog")
        form.get_by_text("At most this many records").wait_for()
        assert "the live one" in form.inner_text()
