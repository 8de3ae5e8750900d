"""`furrow compare`, and `furrow eval` of a version next to the live one, on a real model server."""

from __future__ import annotations

import json
import os
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import open_run
from furrow.cli import app
from furrow.errors import PageNotWritten
from furrow.testing import ModelServer
from furrow.testing.protocols import Asked
from tests import story
from tests.folders import FolderOfPrompts
from tests.html_page import HtmlPage

MODELS = "".join(
    f"  {alias}:\n    model: openai-chat:{alias}\n    connection: story_models\n"
    f"    price: {{input_usd_per_million: {price}, output_usd_per_million: {price}}}\n"
    for alias, price in (("cheap", 1), ("dear", 20), ("useless", 30))
)
WRONG = {"cheap": 4, "dear": 60, "useless": 2}
"""A model is wrong about every so many-th listing; the versions are wrong as they are in the story."""


def answer(asked: Asked) -> dict[str, object] | None:
    if asked.model not in WRONG:
        return story.Provider().answer(asked)
    number = int(dict(reversed(asked.messages))["user"].split()[1])
    return {"brand": "엘지" if number % WRONG[asked.model] == 1 else story.brand(number)}


@pytest.fixture
def server(
    prompts: FolderOfPrompts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModelServer]:
    """The use case of the story with three versions, and models at three prices."""
    story.write(prompts)
    for version in ("v2", "v3"):
        story.write_version(prompts, version)
    prompts.put("models.yaml", (prompts.path / "models.yaml").read_text() + MODELS)
    monkeypatch.setenv("FURROW_HOME", str(tmp_path))
    monkeypatch.setenv("FURROW_PROMPTS", str(prompts.path))
    with ModelServer(script=answer) as running:
        model = running.connection()
        told = {"conn_type": model.type, "host": model.host, "password": model.password}
        monkeypatch.setenv("AIRFLOW_CONN_STORY_MODELS", json.dumps(told))
        yield running


def furrow(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner(env={"COLUMNS": "100"}).invoke(app, list(arguments), input=typed)


def found_of(*arguments: str) -> Any:
    done = furrow(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_versions_are_compared_case_by_case_with_the_first(server: ModelServer) -> None:
    found = found_of("compare", story.NAME, "v1", "v2", "v3")
    assert [row["accuracy"] for row in found["rows"]] == [{"brand": 0.8}, {"brand": 0.5}, {"brand": 1.0}]
    worse, better = (each["fields"]["brand"] for each in found["comparisons"])
    assert (worse["better"], worse["worse"]) == (6, 24) and (better["better"], better["worse"]) == (12, 0)
    assert found["cheapest"]["brand"].startswith("v3@")


def test_models_have_a_table_of_price_and_quality(server: ModelServer) -> None:
    found = found_of("compare", story.NAME, "v1", "--model", "cheap", "--model", "dear", "--model", "useless")
    rows = {row["model"]: row for row in found["rows"]}
    assert {name: row["front"] for name, row in rows.items()} == {
        "cheap": True,
        "dear": True,
        "useless": False,
    }
    assert rows["dear"]["cost_usd_per_1k"] == pytest.approx(20 * rows["cheap"]["cost_usd_per_1k"])
    assert found["cheapest"]["brand"].endswith("with dear"), "the cheap one is shown to be worse"


def test_each_slice_has_its_own_line_when_one_asks(server: ModelServer, prompts: FolderOfPrompts) -> None:
    testset = prompts.path / story.NAME / "testset.jsonl"
    cases = [json.loads(line) for line in testset.read_text().splitlines()]
    for number, case in enumerate(cases):
        case["slices"] = ["first"] if number < 30 else ["second"]
    testset.write_text("".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases))
    [v1, v2] = found_of("compare", story.NAME, "v1", "v2")["rows"]
    assert set(v1["slices"]) == {"brand · first", "brand · second"}
    assert v2["slices"]["brand · first"] == pytest.approx(0.5)
    done = furrow("compare", story.NAME, "v1", "v2", "--by-slice", "--yes")
    assert done.exit_code == 0 and "brand · second" in done.output


def test_what_is_not_shown_to_be_worse_is_chosen_by_its_price(server: ModelServer) -> None:
    found = found_of("compare", story.NAME, "v1", "--model", "cheap", "--model", "dear", "--sample", "12")
    assert found["cheapest"]["brand"].endswith("with cheap"), "12 cases do not tell the two apart"


def test_the_price_is_said_first_and_a_no_buys_nothing(server: ModelServer) -> None:
    done = furrow("compare", story.NAME, "v1", "v3", typed="n\n")
    assert done.exit_code == 1 and "to spend" in done.output
    assert server.bills == []


def test_what_is_paid_for_is_compared_without_a_question_and_in_words(server: ModelServer) -> None:
    assert furrow("compare", story.NAME, "v1", "v3", "--yes").exit_code == 0
    bought = len(server.bills)
    done = furrow("compare", story.NAME, "v1", "v3")
    assert done.exit_code == 0 and len(server.bills) == bought
    for word in ("Got better: 12", "Price and quality", "US dollars per 1,000", "cheapest", "삼성"):
        assert word in done.output
    assert max(map(len, done.output.splitlines())) <= 100


def test_without_versions_the_newest_is_compared_with_live(server: ModelServer) -> None:
    found = found_of("compare", story.NAME)
    assert [row["release"].split("@")[0] for row in found["rows"]] == ["v1", "v3"]


def test_the_comparison_is_a_page_as_well_at_a_place_that_one_may_choose(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = Path(found_of("compare", story.NAME, "v1", "v3")["html"])
    assert usual.parent == tmp_path / "var" / "reports" and usual.name.startswith("story-compare-v1@")
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    chosen = tmp_path / "mine" / "page.html"
    done = furrow("compare", story.NAME, "v1", "v3", "--html", str(chosen), "--open")
    assert done.exit_code == 0, done.output
    assert "page.html" in done.output and opened == [chosen.as_uri()]
    page = HtmlPage(chosen.read_text(encoding="utf-8"))
    assert page.row("fields", "brand")[1].startswith("0.800") and "n 60" in page.row("fields", "brand")[2]
    assert page.row("next-1", "brand")[1:4] == ["60", "12", "0"]


def test_a_comparison_is_printed_also_when_its_page_cannot_be_written(
    server: ModelServer, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    told = ("compare", story.NAME, "v1", "v3", "--html", str(tmp_path / "file" / "page.html"))
    in_words, as_json = furrow(*told, "--yes"), furrow(*told, "--json")
    assert isinstance(in_words.exception, PageNotWritten) and isinstance(as_json.exception, PageNotWritten)
    assert "Got better: 12" in in_words.output and "page:" not in in_words.output
    assert json.loads(as_json.stdout)["html"] is None


def test_models_of_one_version_have_a_page_with_their_prices(server: ModelServer) -> None:
    told = ("compare", story.NAME, "v1", "--model", "cheap", "--model", "dear", "--sample", "12")
    path = Path(found_of(*told)["html"])
    assert path.name.endswith("-cheap-dear-sample12.html")
    page = HtmlPage(path.read_text(encoding="utf-8"))
    rows = [row[0] for row in page.tables["price"][1:] if row]
    assert [row.split(" with ")[1] for row in rows] == ["cheap", "dear"]
    assert "A sample: 12 of 60 cases." in page.text


def test_an_evaluation_of_a_version_stands_next_to_live(server: ModelServer) -> None:
    found = found_of("eval", story.NAME, "--version", "v2")
    assert found["gate"]["decision"] == "fail"
    assert found["comparison"]["fields"]["brand"]["difference"] == pytest.approx(-0.3)
    assert "Next to v1@" in Path(found["html"]).read_text(encoding="utf-8")


def test_without_the_comparison_a_gate_that_asks_for_one_stays_open(server: ModelServer) -> None:
    found = found_of("eval", story.NAME, "--version", "v3", "--no-compare")
    assert "comparison" not in found and found["gate"]["decision"] == "not_enough_evidence"
    assert len(server.bills) == story.CASES


def test_live_itself_is_compared_with_nothing(server: ModelServer) -> None:
    found = found_of("eval", story.NAME)
    assert "comparison" not in found and found["gate"]["decision"] == "pass"


# --- what a run fetched -----------------------------------------------------------------------------


@pytest.fixture
def run_id(server: ModelServer, prompts: FolderOfPrompts, tmp_path: Path) -> str:
    """A run of v1 over 40 listings has fetched them and gone through its step."""
    prompts.change(f"{story.NAME}/pipeline.yaml", "features: {entity: story_article, ttl_days: 3650}", "{}")
    with open_run(story.NAME, "manual__1", EnvironmentConnections(os.environ)) as run:
        for partition in run.fetch():
            run.validate(run.run_step("extract", partition))
    return "manual__1"


def test_logged_records_are_compared_without_labels(run_id: str, server: ModelServer) -> None:
    bought = len(server.bills)
    [found] = found_of("compare", story.NAME, "v1", "v3", "--from-run", run_id)
    assert found["fields"]["brand"] == {"n": 40, "same": 32, "rate": 0.8}
    assert len(found["differences"]) == 8 and found["differences"][0]["before"] == "엘지"
    assert found["before"]["records"] == found["after"]["records"] == 40
    assert len(server.bills) - bought == 40, "what the run had paid for is not bought again"


def test_what_a_run_fetched_is_a_page_with_the_records_that_differ(run_id: str, tmp_path: Path) -> None:
    chosen = tmp_path / "run.html"
    found_of("compare", story.NAME, "v1", "v3", "--from-run", run_id, "--html", str(chosen))
    page = HtmlPage(chosen.read_text(encoding="utf-8"))
    assert page.row("next-1", "brand")[:4] == ["brand", "40", "32", "0.800"]
    assert "body: 모델 1001" in page.text and run_id in page.text


@pytest.fixture
def telephones(server: ModelServer, prompts: FolderOfPrompts) -> str:
    """The listings have a telephone number, also as their key, and v1, which runs, masks such."""
    steps = prompts.path / story.NAME / "v1" / "steps.yaml"
    steps.write_text("mask: {kinds: [phone]}\n" + steps.read_text(encoding="utf-8"), encoding="utf-8")
    lines = [{**story.record(n), "id": f"010-1234-{n}", "call": f"010 1234 {n}"} for n in range(1000, 1040)]
    prompts.put(f"{story.NAME}/in/listings.jsonl", "".join(f"{json.dumps(line)}\n" for line in lines))
    return "1234"


def page_of(tmp_path: Path, run_id: str, *versions: str) -> HtmlPage:
    chosen = tmp_path / "run.html"
    found_of("compare", story.NAME, *versions, "--from-run", run_id, "--html", str(chosen))
    return HtmlPage(chosen.read_text(encoding="utf-8"))


@pytest.mark.parametrize("versions", [("v1", "v3"), ("v2", "v3")], ids=["compared", "of the run alone"])
def test_the_page_covers_what_the_folder_masks(
    telephones: str, run_id: str, tmp_path: Path, versions: tuple[str, str]
) -> None:
    page = page_of(tmp_path, run_id, *versions)
    assert telephones not in page.text
    assert "id: ●●●" in page.text and "call: ●●●" in page.text and "body: 모델 1001" in page.text


def test_records_of_a_release_that_is_gone_are_covered_by_every_rule(
    telephones: str, run_id: str, tmp_path: Path, prompts: FolderOfPrompts
) -> None:
    story.write_version(prompts, "v1")
    page = page_of(tmp_path, run_id, "v2", "v3")
    assert telephones not in page.text and "●●●" in page.text


def test_a_folder_that_masks_nothing_has_nothing_covered(
    telephones: str, run_id: str, tmp_path: Path, prompts: FolderOfPrompts
) -> None:
    story.write_version(prompts, "v1")
    with open_run(story.NAME, "manual__2", EnvironmentConnections(os.environ)) as run:
        for partition in run.fetch():
            run.validate(run.run_step("extract", partition))
    assert f"call: 010 {telephones} 1001" in page_of(tmp_path, "manual__2", "v1", "v3").text


def test_what_differs_in_a_run_is_printed_also_when_its_page_cannot_be_written(
    run_id: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    told = ("--from-run", run_id, "--html", str(tmp_path / "file" / "page.html"), "--json")
    done = furrow("compare", story.NAME, "v1", "v3", *told)
    assert isinstance(done.exception, PageNotWritten)
    assert len(json.loads(done.stdout)[0]["differences"]) == 8


def test_a_sample_of_them_is_said_in_words(run_id: str) -> None:
    done = furrow("compare", story.NAME, "v1", "v3", "--from-run", run_id, "--sample", "10", "--yes")
    assert done.exit_code == 0, done.output
    assert "Agreement" in done.output and "10" in done.output


def test_a_plan_prices_what_a_run_fetched(run_id: str) -> None:
    found = found_of("plan", story.NAME, "--version", "v3", "--from-run", run_id)
    assert (found["records"], found["steps"]["extract"]["new"]) == (40, 40)
    assert found_of("plan", story.NAME, "--from-run", run_id)["steps"]["extract"]["new"] == 0


def test_a_run_that_is_not_there_is_said_so(server: ModelServer) -> None:
    done = furrow("compare", story.NAME, "v1", "v3", "--from-run", "gone", "--yes")
    assert "has no run `gone`" in str(done.exception)


def test_a_plan_needs_one_place_of_records(server: ModelServer) -> None:
    done = furrow("plan", story.NAME)
    assert done.exit_code == 2 and "--from-run" in done.output
