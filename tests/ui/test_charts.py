"""What the pages' script draws, in a real browser, without an Airflow around it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from furrow.assembly import Deployment
from tests.dags.test_experiment_dag import EXPERIMENT, watch
from tests.folders import FolderOfPrompts
from tests.ui.test_page_routes import signed_in
from tests.ui.test_pages import browser, in_a_browser, window

__all__ = ["browser", "window"]
pytestmark = in_a_browser
GLYPHS = """() => [...Bokeh.documents].flatMap((each) => [...each.roots()])
    .map((figure) => figure.renderers.map((renderer) => renderer.glyph.type))"""


@pytest.fixture
def server(prompts: FolderOfPrompts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The pages of `goods`, where v2 did better than v1 at one look."""
    prompts.version("v2", "Digest of version 2.")
    prompts.change("goods/pipeline.yaml", "live: v1\n", f"live: v1\n{EXPERIMENT}")
    monkeypatch.setenv("FURROW_HOME", str(tmp_path))
    monkeypatch.setenv("FURROW_PROMPTS", str(prompts.path))
    watch(prompts, live=200, candidate=200)
    Deployment().experiment("goods").look()
    running = uvicorn.Server(uvicorn.Config(signed_in().app, port=0, log_level="error"))
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    running.should_exit = True
    thread.join()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_effect_of_an_experiment_is_drawn_with_its_interval(server: str, window: Any, theme: str) -> None:
    problems: list[str] = []
    window.on("pageerror", lambda error: problems.append(str(error)))
    window.add_init_script(f"localStorage.setItem('theme', '{theme}')")
    window.goto(f"{server}/use-case?use_case=goods")
    figure = window.locator("figure[data-chart=effect]")
    figure.locator(".drawing > *").first.wait_for()
    assert ["VArea", "Segment", "Scatter"] in window.evaluate(GLYPHS)
    figure.get_by_text("as a table").click()
    assert "+0.5" in figure.locator("tbody").inner_text()
    assert problems == []
