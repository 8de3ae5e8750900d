"""The story of a release, in a real Airflow and a real browser: a worse version is refused, a better one is
approved by a person and begins as a canary, its provider changes, a guard takes it back."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import Deployment
from furrow.errors import LocalFailed
from furrow.local.airflow_api import AirflowApi
from furrow.store.releases import Entry
from furrow.testing import ModelServer
from tests import story
from tests.airflow_server import AirflowServer
from tests.folders import FolderOfPrompts
from tests.ui.test_pages import browser, in_a_browser, sign_in, window

__all__ = ["browser", "window"]
pytestmark = [pytest.mark.airflow, *in_a_browser, pytest.mark.timeout(1800)]
PATIENCE = 240.0
EVAL, RELEASES, WATCH = f"{story.NAME}.eval", "releases", "release_watch"


@pytest.fixture
def deployment(airflow_server: AirflowServer) -> Deployment:
    """The same deployment as Airflow's tasks have."""
    return Deployment(airflow_server.settings, EnvironmentConnections(airflow_server.connections))


@pytest.fixture
def api(airflow_server: AirflowServer) -> Iterator[AirflowApi]:
    """A signed-in client; the DAGs of the story are on, the watch only when it is triggered."""
    with airflow_server.api() as client:
        for dag_id in (story.NAME, EVAL, RELEASES):
            client.wait_for_dag(dag_id)
            client.unpause(dag_id)
        yield client


def until(found: Any, what: str, patience: float = PATIENCE) -> Any:
    deadline = time.monotonic() + patience
    while not (value := found()):
        assert time.monotonic() < deadline, f"not within {patience:.0f} s: {what}"
        time.sleep(0.5)
    return value


def run(api: AirflowApi, dag_id: str, **params: Any) -> str:
    run_id = api.trigger(dag_id, params)
    assert api.wait_for_run(dag_id, run_id, PATIENCE) == "success", api.task_instances(dag_id, run_id)
    return run_id


def published(deployment: Deployment, first: int, last: int) -> Counter[str]:
    """The releases that the feature store's rows of these listings name."""
    use_case = deployment.use_case(story.NAME)
    keys = [str(story.record(number)["id"]) for number in range(first, last)]
    found = deployment.features(use_case, use_case.versions["v1"]).read(keys)
    return Counter(values["release"] for values in found.values())


def log(deployment: Deployment) -> list[Entry]:
    return deployment.releases.history(story.NAME)


def watched(api: AirflowApi) -> str:
    """One look of the watch, which is on only for that."""
    api.unpause(WATCH)
    try:
        return run(api, WATCH)
    finally:
        api.pause(WATCH)


def test_the_story_of_a_release(
    airflow_server: AirflowServer,
    api: AirflowApi,
    deployment: Deployment,
    story_provider: tuple[story.Provider, ModelServer],
    window: Any,
) -> None:
    prompts, (provider, server) = FolderOfPrompts(airflow_server.settings.prompts), story_provider
    releases = {}

    def write_version(version: str) -> None:
        story.write_version(prompts, version)
        airflow_server.look_again()
        until(lambda: version in json.dumps(api.dag_details(EVAL)["params"]), f"Airflow has read {version}")

    # v1 is live by pipeline.yaml.
    run(api, story.NAME)
    releases["v1"] = deployment.use_case(story.NAME).version().release
    assert published(deployment, 1000, 1040) == {releases["v1"]: 40}

    # v2 is worse: found by its content hash, evaluated, refused.
    write_version("v2")
    watched(api)
    until(lambda: [entry for entry in log(deployment) if entry.version == "v2"], "v2 is decided")
    [refused] = [entry for entry in log(deployment) if entry.version == "v2"]
    assert (str(refused.action), refused.who) == ("declined", "furrow (gate)")
    assert "brand: -30.0 points against live on 60 cases" in refused.why
    bought = len(server.bills)

    # v3 is better; what was paid for live and v2 is not bought again.
    write_version("v3")
    anew = Deployment(deployment.settings, deployment.connections).use_case(story.NAME)
    releases |= {name: version.release for name, version in anew.versions.items()}
    evaluation = run(api, EVAL)
    assert len(server.bills) - bought == story.CASES
    [live, candidate] = api.xcom(EVAL, evaluation, "report")["versions"]
    assert (live["decision"], candidate["decision"], candidate["accuracy"]) == (
        "pass",
        "pass",
        {"brand": 1.0},
    )

    # A person reads the report, and approves in the UI.
    asked = f"propose__{story.NAME}__v3__{evaluation}"
    until(lambda: state(api, RELEASES, asked, "approve") == "awaiting_input", "a person is asked")
    with pytest.raises(
        LocalFailed, match=r"running after 0 s: approve awaiting_input, apply not yet scheduled"
    ):
        api.wait_for_run(RELEASES, asked, patience=0)
    sign_in(window, airflow_server, f"/dags/{EVAL}")
    window.get_by_role("link", name="Furrow", exact=True).first.wait_for()
    window.goto(f"{airflow_server.url}/furrow/releases?use_case={story.NAME}")
    window.locator(f"[data-release='{releases['v3']}']").get_by_role("link", name="report").click()
    window.get_by_text(releases["v3"]).first.wait_for()
    approve(window, airflow_server, asked)
    assert api.wait_for_run(RELEASES, asked, PATIENCE) == "success"
    canary = log(deployment)[-1]
    assert (str(canary.action), canary.release, canary.share) == ("canary", releases["v3"], 0.5)
    assert canary.who == f"{airflow_server.login[0]} (Airflow)" and canary.evaluation == evaluation

    # Both releases serve, each its keys; every row names its release.
    story.arrive(prompts, 2000, 2040)
    run(api, story.NAME)
    served = published(deployment, 2000, 2040)
    assert set(served) == {releases["v1"], releases["v3"]} and served.total() == 40
    assert log(deployment)[-1].number == canary.number

    # The provider of v3 changes: its answers no longer fit, the guard takes it back at the end of the run.
    provider.changed.set()
    story.arrive(prompts, 3000, 3060)
    run(api, story.NAME)
    back = log(deployment)[-1]
    assert (str(back.action), back.release, back.who) == ("rollback", releases["v1"], "furrow (guard)")
    assert re.search(r"it rejected 0\.\d+ of \d+ records, the other release 0\.000 of", back.why)
    assert set(published(deployment, 3000, 3060)) == {releases["v1"]}

    # From the next run on there is no row of it any more.
    story.arrive(prompts, 4000, 4040)
    run(api, story.NAME)
    assert published(deployment, 4000, 4040) == {releases["v1"]: 40}

    # The log tells the story: on the command line, on the page, and to other DAGs.
    told = [entry["action"] for entry in command_line(airflow_server)["log"]]
    assert told == ["rollback", "canary", "declined", "initial"]
    window.goto(f"{airflow_server.url}/furrow/releases?use_case={story.NAME}")
    rows = window.locator("[data-entry]")
    assert rows.count() == 4 and "furrow (guard)" in rows.first.inner_text()
    watched(api)
    assert events(airflow_server) == [1, 2, 3, 4]


def state(api: AirflowApi, dag_id: str, run_id: str, task_id: str) -> str | None:
    try:
        found = api.task_instances(dag_id, run_id)
    except Exception:  # the run is not there yet
        return None
    return next((one.state for one in found if one.task_id == task_id), None)


def approve(window: Any, server: AirflowServer, run_id: str) -> None:
    """What a person does under Required Actions: who is not told that the answer arrived asks once more."""
    quoted = run_id.replace("+", "%2B").replace(":", "%3A")
    window.goto(f"{server.url}/dags/{RELEASES}/runs/{quoted}/tasks/approve/required_actions")
    window.get_by_text("in place of").first.wait_for()
    button, received = window.get_by_test_id("hitl-option-Approve"), window.get_by_text("Response received")
    until(lambda: _approval_arrived(button, received), "the approval has arrived", patience=60)


def _approval_arrived(button: Any, received: Any) -> bool:
    from playwright.sync_api import TimeoutError as NotInTime

    try:
        if button.is_visible() and button.is_enabled():
            button.click(timeout=5_000)  # it is switched off in the moment in which an earlier answer arrives
        received.wait_for(timeout=15_000)
    except NotInTime:
        return False
    return True


def command_line(server: AirflowServer) -> dict[str, Any]:
    """`furrow release list`, in a process of its own."""
    command = [sys.executable, "-m", "furrow.cli", "release", "list", story.NAME, "--json"]
    done = subprocess.run(command, env=server.environment(), capture_output=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def events(server: AirflowServer) -> list[int]:
    """The numbers of the log's entries that other DAGs were told."""
    answer = server.get("/api/v2/assets/events?limit=100&order_by=timestamp", server.token())
    found = answer.raise_for_status().json()["asset_events"]
    return sorted(each["extra"]["number"] for each in found if each["name"] == f"furrow.release.{story.NAME}")
