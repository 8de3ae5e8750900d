"""What `furrow check` says about the records of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from furrow.batch.in_process import Summary
from furrow.cli import app
from furrow.evaluation.authored import check_records
from furrow.terminal import show_summary
from tests.folders import FolderOfPrompts, record
from tests.listings import case_line, write_listings


def said(prompts: FolderOfPrompts, use_case: str = "goods") -> list[str]:
    return [str(problem) for problem in check_records(prompts.load(use_case))]


def without(field: str) -> dict[str, Any]:
    return {name: value for name, value in record(1).items() if name != field}


@pytest.mark.parametrize(
    ("line", "what"),
    [
        pytest.param(without("id"), "the key field `id` is missing", id="key"),
        pytest.param(without("at"), "the event time field `at` is missing", id="time"),
        pytest.param(record(1, at="2026-11-24T09:00:00"), "`at` has no offset; write it as", id="offset"),
    ],
)
def test_a_line_of_the_sample_that_is_no_record_is_named(
    prompts: FolderOfPrompts, line: dict[str, Any], what: str
) -> None:
    prompts.records([record(0), line])
    (problem,) = said(prompts)
    assert problem.startswith(f"goods/sample.jsonl:2: {what}")


def test_a_line_of_the_sample_that_is_not_json_is_named(prompts: FolderOfPrompts) -> None:
    prompts.records([record(0)])
    prompts.change("goods/sample.jsonl", "}", "")
    assert said(prompts)[0].startswith("goods/sample.jsonl:1: not JSON: ")


def test_a_key_that_no_record_has_is_told_once_and_where_it_is_written(prompts: FolderOfPrompts) -> None:
    prompts.change("goods/pipeline.yaml", "key: id", "key: idd")
    what = "no record of sample.jsonl or of the test set has the field `idd`; did you mean `id`?"
    assert said(prompts) == [f"goods/pipeline.yaml:5: {what}"]


def test_a_case_that_does_not_fit_is_named_before_an_evaluation(prompts: FolderOfPrompts) -> None:
    write_listings(prompts, [case_line(1, {"condition": "mint"})])
    what = "`expected.condition`: it should be 'new', 'used' or 'broken'; see the field in output.yaml"
    assert said(prompts, "listings") == [f"listings/testset.jsonl:1: {what}"]


def test_a_folder_may_have_neither_a_sample_nor_a_test_set(prompts: FolderOfPrompts) -> None:
    (prompts.path / "goods/sample.jsonl").unlink()
    assert said(prompts) == []


def test_a_run_says_where_the_reason_of_a_rejection_stands(capsys: pytest.CaptureFixture[str]) -> None:
    summary = Summary("v1@1")
    summary.outcomes["rejected"] = 1
    show_summary(summary.to_json(), "out.jsonl")
    assert "`reason`, `message`" in capsys.readouterr().out


def test_check_tells_every_folder_although_one_is_broken_and_features_are_defined(
    prompts: FolderOfPrompts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_listings(prompts, [case_line(1, {"condition": "mint"})])
    prompts.put("broken/pipeline.yaml", "owner: [")
    definitions = tmp_path / "features" / "definitions.py"
    definitions.parent.mkdir()
    definitions.write_text("", encoding="utf-8")
    monkeypatch.setenv("FURROW_PROMPTS", str(prompts.path))
    monkeypatch.setenv("FURROW_FEATURES", str(definitions.parent))
    monkeypatch.setenv("FURROW_DB", f"sqlite:///{tmp_path}/none.db")
    told = CliRunner().invoke(app, ["check"]).stdout
    assert "broken/pipeline.yaml:2: not YAML" in told
    assert "listings/testset.jsonl:1: `expected.condition`" in told
    assert "ok  goods" in told
