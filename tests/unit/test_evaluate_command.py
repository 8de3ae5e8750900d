"""`furrow eval`, as a person types it, and a version asked of one model."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from furrow.cli import app
from furrow.config.one_model import with_model
from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.engine.reading import read_work
from furrow.engine.record import Work
from furrow.errors import OptionUnknown, PageNotWritten
from furrow.testing import MemoryLedger, MemorySource, ScriptedModel
from tests.folders import FolderOfPrompts, record
from tests.listings import case_line, write_listings


@pytest.fixture
def home(prompts: FolderOfPrompts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deployment with the use case `listings`, whose six cases need no model."""
    lines = [{**case_line(n), "slices": ["short"], "split": "dev"} for n in range(3)]
    lines += [{**case_line(n, brand="삼성"), "slices": ["long"], "split": "test"} for n in range(3, 5)]
    lines += [{**case_line(5), "forbidden": ["카나리아"], "split": "test"}]
    write_listings(prompts, lines)
    prompts.put("listings/LABELLING.md", "All cases are synthetic.")
    monkeypatch.setenv("FURROW_HOME", str(tmp_path))
    monkeypatch.setenv("FURROW_PROMPTS", str(prompts.path))
    for name in ("FURROW_DB", "FURROW_STORE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def told(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "160"}).invoke(app, ["eval", "listings", *arguments])


def report_of(*arguments: str) -> Any:
    done = told(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_it_prints_tables_and_writes_a_page(home: Path, prompts: FolderOfPrompts) -> None:
    done = told()
    assert done.exit_code == 0, done.output
    release = prompts.load("listings").version().release
    page = home / "var" / "reports" / f"listings-{release}.html"
    assert f"page: {page}" in done.output.replace("\n", "")
    assert release in page.read_text(encoding="utf-8")
    for word in ("Fields", "Slices", "Worst cases", "Gate: pass", "synthetic", "cost"):
        assert word in done.output


def test_the_json_holds_the_report_the_gate_and_the_place_of_the_page(home: Path) -> None:
    found = report_of("--html", str(home / "a" / "b.html"))
    assert found["records"] == 6
    assert found["fields"]["brand"]["accuracy"] == pytest.approx(4 / 6)
    assert list(found["slices"]) == ["long", "short"]
    assert (found["guarded"], found["leaks"]) == (1, 0)
    assert found["gate"]["decision"] == "pass"
    assert found["html"] == str(home / "a" / "b.html")
    assert (home / "a" / "b.html").exists()
    assert found["scope"]["synthetic"] is True


@pytest.mark.parametrize(
    ("arguments", "records", "name"),
    [
        pytest.param(["--split", "test"], 3, "-test.html", id="split"),
        pytest.param(["--slice", "short"], 3, "-short.html", id="slice"),
        pytest.param(["--slice", "short", "--slice", "long"], 5, "-short-long.html", id="slices"),
        pytest.param(["--without", "short"], 3, "-without_short.html", id="all but a slice"),
        pytest.param(
            ["--slice", "long", "--without", "short"],
            2,
            "-long-without_short.html",
            id="of one and not of another",
        ),
        pytest.param(["--limit", "2"], 2, "-sample2.html", id="sample"),
        pytest.param(["--limit", "60"], 6, ".html", id="a limit that cuts nothing"),
        pytest.param(["--model", "large"], 6, "-large.html", id="model"),
    ],
)
def test_options_choose_the_cases_and_name_the_page(
    home: Path, arguments: list[str], records: int, name: str
) -> None:
    found = report_of(*arguments)
    assert found["records"] == records
    assert found["html"].endswith(f"{found['release']}{name}")


def test_a_sample_is_the_same_each_time_and_says_so(home: Path) -> None:
    first, second = report_of("--limit", "3"), report_of("--limit", "3")
    assert first["worst"] == second["worst"]
    assert first["scope"]["sampled_from"] == 6
    assert "A sample: 3 of 6 cases." in told("--limit", "3").output


def test_open_shows_the_page_in_the_browser(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    told("--open", "--html", str(home / "page.html"))
    assert opened == [(home / "page.html").as_uri()]


def sliced(prompts: FolderOfPrompts, *names: str) -> None:
    write_listings(prompts, [{**case_line(n), "slices": list(names)} for n in range(3)])


def test_long_korean_names_of_slices_make_a_name_that_a_file_may_have(
    home: Path, prompts: FolderOfPrompts
) -> None:
    long = "아주긴이름의묶음" * 25
    sliced(prompts, long)
    page = Path(report_of("--slice", long)["html"])
    assert page.exists() and 190 < len(page.name.encode()) <= 205 and "아주긴" in page.name


def test_names_that_differ_only_where_they_are_cut_stay_two_pages(
    home: Path, prompts: FolderOfPrompts
) -> None:
    one, other = "긴이름" * 70 + "하나", "긴이름" * 70 + "둘"
    sliced(prompts, one, other)
    pages = [report_of("--slice", name)["html"] for name in (one, other, one)]
    assert pages[0] == pages[2] != pages[1]


def test_results_are_printed_also_when_their_page_cannot_be_written(home: Path) -> None:
    (home / "file").write_text("no folder")
    place = home / "file" / "page.html"
    for arguments in ([], ["--json"], ["--open"]):
        done = told("--html", str(place), *arguments)
        assert isinstance(done.exception, PageNotWritten) and str(place) in str(done.exception)
        assert "Gate: pass" in done.output or json.loads(done.stdout)["html"] is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(
            ["--model", "larg"], "models.yaml has no model `larg`; did you mean `large`?", id="model"
        ),
        pytest.param(["--slice", "shor"], "has the slice `shor`; did you mean `short`?", id="slice"),
        pytest.param(["--without", "shor"], "has the slice `shor`; did you mean `short`?", id="without"),
        pytest.param(
            ["--slice", "short", "--without", "short"],
            "every case that was asked for has the slice short",
            id="none left",
        ),
        pytest.param(["--version", "v9"], "has no version `v9`", id="version"),
    ],
)
def test_an_option_that_names_nothing_is_explained(home: Path, arguments: list[str], said: str) -> None:
    assert said in str(told(*arguments).exception)


# --- one model ----------------------------------------------------------------------------------------


LONG = record(2, body="갤럭시 " * 60)


async def asked(prompts: FolderOfPrompts, alias: str | None) -> set[str]:
    """The models that two records, a short and a long one, ask for; the answers never fit."""
    use_case = prompts.load()
    version = use_case.version()
    if alias is not None:
        version = with_model(version, alias, use_case.models)
    model = ScriptedModel(lambda request: {"digest": "x"} if "digest" in str(request.schema) else "nonsense")
    calls = Calls(lambda _: model, version.catalogue, MemoryLedger(), Stamp("goods", version.release, "test"))
    works = [read_work(one, use_case.pipeline.record) for one in MemorySource([record(1), LONG]).read()]
    done: list[Work] = [work async for work in Pipeline(version, calls).run(works)]
    await calls.close()
    assert all(work.rejection is not None for work in done)
    return {request.alias for request in model.requests}


async def test_every_llm_step_asks_the_one_model_for_every_record(prompts: FolderOfPrompts) -> None:
    prompts.change(
        "goods/v1/steps.yaml", "{default: small, choose", "{escalate: large, default: small, choose"
    )
    assert await asked(prompts, None) == {"small", "large"}
    assert await asked(prompts, "small") == {"small"}
    assert await asked(prompts, "large") == {"large"}


def test_the_version_itself_stays_as_it_is(prompts: FolderOfPrompts) -> None:
    use_case = prompts.load()
    version = use_case.version()
    other = with_model(version, "large", use_case.models)
    assert set(other.catalogue) == {"large"}
    assert set(version.catalogue) == {"small", "large"}
    assert other.release == version.release


def test_a_model_without_eyes_is_not_asked_about_pictures(prompts: FolderOfPrompts) -> None:
    prompts.change(
        "goods/v1/steps.yaml",
        "    kind: llm\n    model: small\n",
        "    kind: llm\n    model: seeing\n    images: {of: data.photos, folder: photos}\n",
    )
    prompts.put(
        "models.yaml",
        (prompts.path / "models.yaml").read_text()
        + "  seeing: {model: 'openai-chat:seeing', connection: models, capabilities: {vision: true}}\n",
    )
    use_case = prompts.load()
    with pytest.raises(OptionUnknown, match="the step `digest` sends images, and `small` takes none"):
        with_model(use_case.version(), "small", use_case.models)
    assert set(with_model(use_case.version(), "seeing", use_case.models).catalogue) == {"seeing"}
