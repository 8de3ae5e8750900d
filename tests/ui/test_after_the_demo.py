"""After `furrow demo`, with its models, broker and Airflow: somebody who has never seen Furrow answers from
the pages alone what today cost, which release is live and why a record was rejected.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import Deployment
from furrow.config.settings import Settings
from furrow.local import airflow, broker, connections, ports
from furrow.local.demo import run_demo
from furrow.local.progress import Silent
from furrow.local.supervisor import down, up
from tests.airflow_server import PROJECT
from tests.own_ports import use_free_ports
from tests.ui.test_pages import browser, in_a_browser, sign_in, window

__all__ = ["browser", "window"]
pytestmark = [pytest.mark.airflow, pytest.mark.local_model, pytest.mark.timeout(1800), *in_a_browser]
USE_CASE, RECORDS = "place_mentions", 3
FREE = "{input_usd_per_million: 0, output_usd_per_million: 0}"


@dataclass(frozen=True)
class Shown:
    """What `furrow demo` shows at its end: where the pages are and how to sign in."""

    settings: Settings
    url: str

    @property
    def login(self) -> tuple[str, str]:
        return airflow.login(self.settings)

    @property
    def deployment(self) -> Deployment:
        return Deployment(self.settings, EnvironmentConnections(connections.environment(self.settings)))


@pytest.fixture(scope="module")
def demo(first_day: date, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """A project with one shipped use case, a price for its model, and a record that is none in its topic."""
    home = tmp_path_factory.mktemp("demo")
    for name in ("dags", "plugins"):
        shutil.copytree(PROJECT / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
    folder = shutil.copytree(PROJECT / "prompts" / USE_CASE, home / "prompts" / USE_CASE)
    models = (PROJECT / "prompts" / "models.yaml").read_text()
    (home / "prompts" / "models.yaml").write_text(models.replace(FREE, FREE.replace(": 0", ": 1")))
    steps = folder / "v1" / "steps.yaml"
    steps.write_text(steps.read_text().replace("local-large", "local-small"))
    settings = Settings.from_environment(
        {"FURROW_HOME": str(home), "FURROW_FEATURES": str(home / "feature_repo")}
    )
    with pytest.MonkeyPatch.context() as patch:
        chosen = use_free_ports(patch)
        try:
            up(settings, ["broker"])
            _one_that_is_none(settings)
            assert run_demo(settings, [USE_CASE], RECORDS, False, Silent(), events=0) == 0
            yield Shown(settings, f"http://{ports.address(chosen['airflow'])}")
        finally:
            down(settings)


def _one_that_is_none(settings: Settings) -> None:
    address = ports.address(ports.USUAL["broker"])
    topic = Deployment(settings, EnvironmentConnections({})).use_case(USE_CASE).pipeline.source.kafka
    assert topic is not None
    broker.create_topic(address, topic.topic)
    broker.produce(address, topic.topic, [broker.Message("broken", {"post_id": "broken"})])


@pytest.fixture
def overview(demo: Shown, window: Any) -> Any:
    """Signed in by the form that comes first, at the address that the demo shows."""
    sign_in(window, demo, "/plugin/furrow")
    frame = window.frame_locator("iframe")
    frame.get_by_role("heading", name="Use cases").wait_for()
    return frame


def test_what_did_today_cost(today: date, overview: Any, demo: Shown) -> None:
    spent = demo.deployment.ledger.spent_on(today)[USE_CASE]
    assert spent.calls >= RECORDS
    assert spent.cost_usd > 0
    row = overview.locator(f"[data-use-case={USE_CASE}]")
    assert f"${spent.cost_usd:,.4f}" in row.inner_text()
    overview.get_by_role("link", name="Price").first.click()
    assert overview.locator("[data-figure=total]").inner_text() == f"${spent.cost_usd:,.4f}"


def test_which_release_is_live(overview: Any, demo: Shown) -> None:
    release = demo.deployment.use_case(USE_CASE).version().release
    assert release in overview.locator(f"[data-use-case={USE_CASE}]").inner_text()


def test_how_many_records_came_through(overview: Any) -> None:
    row = overview.locator(f"[data-use-case={USE_CASE}]").inner_text()
    assert f"{100 * RECORDS / (RECORDS + 1):.1f} %" in row


def test_why_was_this_record_rejected(overview: Any, demo: Shown) -> None:
    [letter] = demo.deployment.letters.list(USE_CASE)
    assert letter.reason is not None
    assert letter.message is not None
    overview.locator(f"[data-use-case={USE_CASE}] a[href^=records]").click()
    overview.get_by_text(letter.reason).first.wait_for()
    overview.get_by_role("link", name="its way").first.click()
    overview.locator("[data-rejection]").get_by_text(letter.message).wait_for()
