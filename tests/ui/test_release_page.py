"""What the page of releases shows, from the real tables, and how it is written as HTML."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import HTTPException
from fastapi.routing import APIRoute

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import Deployment
from furrow.config.settings import Settings
from furrow.errors import OptionUnknown
from furrow.orchestration import pages
from furrow.orchestration.release_page import evaluation_page, release_page
from furrow.orchestration.view import View
from furrow.orchestration.view import shown as in_html
from furrow.store.evaluations import Evaluated
from tests.folders import FolderOfPrompts

RUN = "manual__2026-11-25T00:00:00+00:00"
HOSTILE = "<script>alert(1)</script>\"'"


@pytest.fixture
def deployment(prompts: FolderOfPrompts, tmp_path: Path) -> Deployment:
    """With two versions and an empty state database."""
    prompts.version("v2", "Better.")
    settings = Settings.from_environment({"FURROW_HOME": str(tmp_path), "FURROW_PROMPTS": str(prompts.path)})
    settings.var.mkdir()
    return Deployment(settings, EnvironmentConnections({}))


def shown(deployment: Deployment, language: str = "en") -> str:
    return in_html("releases.html.j2", View(language, "light"), page=release_page(deployment, "goods"))


def evaluated(evaluation: str, text: str = "brand") -> Evaluated:
    report = {
        "valid_rate": 0.5,
        "cost_usd_per_1k": None,
        "fields": {text: {"n": 10, "accuracy": 0.75}, "never_labelled": {"n": 0, "accuracy": None}},
    }
    at = datetime(2026, 11, 25, tzinfo=UTC)
    return Evaluated("goods", evaluation, "v2@1", "v2", "h", "t", "not_enough_evidence", at, report, "v1@1")


def test_before_anything_happened_it_says_what_serves(deployment: Deployment) -> None:
    text = shown(deployment)
    assert deployment.use_case("goods").version().release in text
    assert "Nothing was released yet" in text and "goods.eval" in text


def test_the_log_and_the_evaluations_stand_there_the_newest_first(deployment: Deployment) -> None:
    deployment.promotions("goods").promote("v2", "minji", "better", share=0.25, evaluation="e 1")
    deployment.promotions("goods").rollback("minji", "worse")
    deployment.evaluations.note([evaluated("e 1")])
    text = shown(deployment)
    assert text.index("rollback") < text.index("canary</td>") < text.index(">initial<")
    assert "25 %" in text and "evaluation=e%201&amp;version=v2" in text
    assert "brand 0.750" in text and "never_labelled" not in text and "not enough evidence" in text


def test_in_korean_the_page_has_no_english_heads_nor_words_of_its_own(deployment: Deployment) -> None:
    assert "아직 릴리스한 것이 없습니다" in shown(deployment, "ko")
    deployment.promotions("goods").promote("v2", "minji", "better", evaluation="e 1")
    deployment.evaluations.note([evaluated("e 1")])
    text = shown(deployment, "ko")
    cells = re.findall(r'<th[^>]*>([^<]*)</th>|<td class="state">([^<]*)</td>', text)
    written = [head or state for head, state in cells if head or state]
    assert len(written) > 15 and [each for each in written if re.search("[A-Za-z]", each)] == []
    assert ">해당 평가</a>" in text and ">보고서</a>" in text


def test_what_people_and_models_wrote_is_never_markup(deployment: Deployment) -> None:
    deployment.promotions("goods").promote("v2", HOSTILE, HOSTILE, evaluation=HOSTILE)
    deployment.evaluations.note([evaluated(HOSTILE, HOSTILE)])
    text = shown(deployment)
    assert "<script>alert" not in text and text.count("<script") == 3


def test_the_page_of_an_evaluation_is_what_it_stored(deployment: Deployment) -> None:
    folder = deployment.run_store.run("goods.eval", "e 1")
    folder.write_text("page-v2.html", "<!doctype html>\n삼성\n")
    assert evaluation_page(deployment, "goods", "e 1", "v2") == "<!doctype html>\n삼성\n"


@pytest.mark.parametrize(
    ("evaluation", "version"),
    [
        pytest.param("e 2", "v2", id="no such evaluation"),
        pytest.param("e 1", "v9", id="no such version"),
        pytest.param("e 1", "../../secret", id="a path"),
        pytest.param("../../goods", "v2", id="a path for an evaluation"),
    ],
)
def test_another_page_than_a_stored_one_is_not_given_out(
    deployment: Deployment, evaluation: str, version: str
) -> None:
    deployment.run_store.run("goods.eval", "e 1").write_text("page-v2.html", "x")
    with pytest.raises(OptionUnknown):
        evaluation_page(deployment, "goods", evaluation, version)


# --- the pages that runs and digests stored ---------------------------------------------------------


@pytest.fixture
def stored(deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """As the API server finds it, with a run and a digest."""
    monkeypatch.setenv("FURROW_HOME", str(tmp_path))
    monkeypatch.setenv("FURROW_PROMPTS", str(deployment.settings.prompts))
    deployment.run_store.run("goods", RUN).write_text("report.html", f"<!doctype html>\n{HOSTILE}\n")
    deployment.run_store.run("furrow.digest", RUN).write_text("digest.html", "<!doctype html>\n주간\n")
    return deployment


def test_the_page_of_a_run_is_what_it_stored_and_may_run_nothing(stored: Deployment) -> None:
    answer = pages.run({"goods"}, "goods", RUN)
    assert bytes(answer.body).decode() == f"<!doctype html>\n{HOSTILE}\n"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'") and policy.endswith("sandbox")
    assert answer.headers["cache-control"] == "no-store"


def test_the_page_of_a_digest_is_what_it_stored(stored: Deployment) -> None:
    answer = pages.digest({"furrow.digest"}, RUN)
    assert "주간" in bytes(answer.body).decode() and "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda: pages.run({"clothes"}, "goods", RUN), id="a run of what the user may not read"),
        pytest.param(lambda: pages.run({"goods"}, "nothing", RUN), id="no such use case"),
        pytest.param(lambda: pages.run({"goods"}, "goods", "r 2"), id="no such run"),
        pytest.param(lambda: pages.run({"goods"}, "goods", f"../goods/{RUN}"), id="a path for a run"),
        pytest.param(lambda: pages.digest({"goods"}, RUN), id="a digest that the user may not read"),
        pytest.param(lambda: pages.digest({"furrow.digest"}, "r 2"), id="no such digest"),
    ],
)
def test_what_is_not_there_and_what_one_may_not_see_are_not_found(
    stored: Deployment, ask: Callable[[], object]
) -> None:
    with pytest.raises(HTTPException) as refused:
        ask()
    assert refused.value.status_code == 404


def test_every_page_has_the_guard_of_the_app() -> None:
    app = pages.create_app()
    paths = {route.path: route for route in app.routes if isinstance(route, APIRoute)}
    assert {"/run", "/digest", "/evaluation"} <= set(paths)
    assert all(len(route.dependencies) >= 1 for route in paths.values())
