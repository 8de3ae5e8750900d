"""`furrow experiment show`, as a person types it, over real files and a real database."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from furrow.assembly import Deployment
from furrow.cli import app
from furrow.engine.arms import CANDIDATE, LIVE
from furrow.store.exposures import Exposures
from furrow.store.outcomes import OutcomeRow, Outcomes
from tests.folders import FolderOfPrompts

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
UNITS = 400
EXPERIMENT = "experiment: {candidate: v2, unit: user, outcomes: {files: 'clicks/*.jsonl', unit: user}}\n"


@pytest.fixture
def shop(prompts: FolderOfPrompts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderOfPrompts:
    """The use case `goods`, in which v2 is tried beside v1."""
    prompts.version("v2", "Digest of version 2.")
    prompts.change("goods/pipeline.yaml", "live: v1\n", f"live: v1\n{EXPERIMENT}")
    monkeypatch.setenv("FURROW_HOME", str(tmp_path))
    monkeypatch.setenv("FURROW_PROMPTS", str(prompts.path))
    for name in ("FURROW_DB", "FURROW_STORE"):
        monkeypatch.delenv(name, raising=False)
    return prompts


def expose(live: int = UNITS, candidate: int = UNITS) -> None:
    """So many units of each arm saw a result at noon."""
    deployment = Deployment()
    arms = deployment.arms(deployment.use_case("goods"))
    assert arms.experiment is not None
    named = [(f"l{n}", LIVE) for n in range(live)] + [(f"c{n}", CANDIDATE) for n in range(candidate)]
    for start in range(0, len(named), 500):
        Exposures(deployment.database).note("goods", arms.experiment, named[start : start + 500], NOON)


def click(shop: FolderOfPrompts, live: int, candidate: int, *further: str) -> None:
    """So many of each arm clicked, a minute later."""
    at = (NOON + timedelta(minutes=1)).isoformat()
    units = [f"l{n}" for n in range(live)] + [f"c{n}" for n in range(candidate)]
    lines = [json.dumps({"user": unit, "value": True, "time": at}) for unit in units]
    shop.put("goods/clicks/1.jsonl", "".join(f"{line}\n" for line in [*lines, *further]))


def told(*arguments: str, code: int = 0) -> Result:
    done = CliRunner(env={"COLUMNS": "160"}).invoke(app, ["experiment", "show", "goods", *arguments])
    assert done.exit_code == code, (done.output, done.exception)
    return done


def shown(*arguments: str, code: int = 0) -> Any:
    return json.loads(told(*arguments, "--json", code=code).stdout)


def test_a_better_candidate_is_said_to_be_better_and_how_to_promote_it(shop: FolderOfPrompts) -> None:
    expose()
    click(shop, 100, 200)
    output = told().output
    for words in (
        "better: v2@",
        "than v1@",
        "furrow release promote goods v2",
        "400",
        "300 read, 300 of them new",
    ):
        assert words in output


def test_machines_get_both_intervals_and_every_figure(shop: FolderOfPrompts) -> None:
    expose()
    click(shop, 200, 100)
    found = shown()
    analysis, effect = found["analysis"], found["analysis"]["effect"]
    assert analysis["verdict"] == "worse"
    assert (analysis["live"]["units"], analysis["candidate"]["active"]) == (UNITS, 100)
    assert effect["difference"] == pytest.approx(-0.25) and effect["relative"] == pytest.approx(-0.5)
    assert effect["always"][0] < effect["fixed"][0] < -0.25 < effect["fixed"][1] < effect["always"][1] < 0
    assert found["outcomes"] == {"read": 300, "new": 300, "unread": 0, "unread_places": []}


def test_what_was_read_before_is_not_counted_again(shop: FolderOfPrompts) -> None:
    expose()
    click(shop, 150, 160)
    first, second, third = shown(), shown(), shown("--no-read")
    assert first["analysis"] == second["analysis"] == third["analysis"]
    assert (second["outcomes"]["new"], third["outcomes"]) == (0, None)
    assert first["analysis"]["verdict"] == "no difference shown yet" and "let it run" in first["next"]


def test_lines_that_cannot_be_read_are_shown_with_their_place(shop: FolderOfPrompts) -> None:
    expose()
    click(shop, 100, 100, "{oops", '{"user": "[red]x[/red]", "time": "2026-11-25T12:00:00+00:00"}')
    output = told().output
    assert "2 lines could not be read" in output
    assert "1.jsonl#201: not JSON" in output.replace("\n", "") and "1.jsonl#202: `value`" in output


def test_arms_that_are_not_as_drawn_are_an_alarm_and_the_exit_code_says_so(shop: FolderOfPrompts) -> None:
    expose(candidate=250)
    click(shop, 10, 200)
    found = shown(code=1)
    assert found["analysis"]["verdict"] == "sample ratio mismatch: do not read the effect"
    assert "38.46% where 50.00% were drawn" in found["sentence"] and "salt" in found["next"]


def test_before_anybody_saw_anything_it_is_too_early(shop: FolderOfPrompts) -> None:
    click(shop, 1, 1)
    assert "too early; 0 units" in shown()["sentence"]


def test_fewer_edits_are_better_when_the_folder_says_so(shop: FolderOfPrompts) -> None:
    shop.change("goods/pipeline.yaml", "unit: user}}", "unit: user, better: lower}}")
    expose()
    click(shop, 200, 100)
    assert shown()["analysis"]["verdict"] == "better"


def test_any_counts_a_unit_once(shop: FolderOfPrompts) -> None:
    expose()
    click(
        shop,
        100,
        100,
        *[f'{{"user": "c0", "value": 1, "time": "2026-11-25T13:00:0{n}+00:00"}}' for n in range(5)],
    )
    assert shown()["analysis"]["candidate"]["mean"] == 105 / UNITS
    shop.change("goods/pipeline.yaml", "unit: user}}", "unit: user, per_unit: any}}")
    assert shown()["analysis"]["candidate"]["mean"] == 100 / UNITS


def end(shop: FolderOfPrompts) -> None:
    shop.change("goods/pipeline.yaml", EXPERIMENT, "")


def in_the_shadow(shop: FolderOfPrompts) -> None:
    shop.change("goods/pipeline.yaml", "unit: user, outcomes", "unit: user, shadow: true, outcomes")


def without_outcomes(shop: FolderOfPrompts) -> None:
    shop.change("goods/pipeline.yaml", EXPERIMENT, "experiment: {candidate: v2}\n")


def promote(shop: FolderOfPrompts) -> None:
    Deployment().promotions("goods").promote("v2", "minji", "better")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (end, "no `experiment`"),
        (in_the_shadow, "in the shadow"),
        (without_outcomes, "no `outcomes`"),
        (promote, "v2 is live already"),
    ],
)
def test_without_an_experiment_to_look_at_it_says_why(
    shop: FolderOfPrompts, change: Callable[[FolderOfPrompts], None], said: str
) -> None:
    change(shop)
    done = CliRunner().invoke(app, ["experiment", "show", "goods"])
    assert said in str(done.exception)


# --- how long it is kept ---------------------------------------------------------------------------

OLD = datetime.now(UTC) - timedelta(days=200)


def keep_old(experiment: str | None = None, use_case: str = "goods") -> None:
    """Two units and an outcome, 200 days old; experiment: None is the one of pipeline.yaml."""
    deployment = Deployment()
    if experiment is None:
        experiment = deployment.arms(deployment.use_case(use_case)).experiment
    assert experiment is not None
    Exposures(deployment.database).note(use_case, experiment, [("a", LIVE), ("b", CANDIDATE)], OLD)
    rows = [OutcomeRow(f"{use_case} {experiment}", "a", 1.0, OLD)]
    Outcomes(deployment.database).note(use_case, rows)


def pruned(*arguments: str, code: int = 0) -> Any:
    done = CliRunner(env={"COLUMNS": "160"}).invoke(app, ["experiment", "prune", *arguments, "--json"])
    assert done.exit_code == code, (done.output, done.exception)
    return json.loads(done.stdout) if code == 0 else done


def test_the_experiment_that_goes_on_is_not_pruned_and_what_is_taken_out_is(shop: FolderOfPrompts) -> None:
    keep_old()
    assert pruned("--older-than", "90d")["experiments"] == []
    shop.change("goods/pipeline.yaml", EXPERIMENT, "")
    found = pruned("--older-than", "90d", "--dry-run")
    assert (found["experiments"][0]["units"], found["outcomes"]) == (2, 1)
    assert pruned("--older-than", "90d")["outcomes"] == 1
    assert pruned("--older-than", "90d")["experiments"] == []


def test_an_experiment_that_rests_for_a_canary_goes_on(shop: FolderOfPrompts) -> None:
    keep_old()
    shop.version("v3", "Digest of version 3.")
    shop.change("goods/pipeline.yaml", EXPERIMENT, "")
    Deployment().promotions("goods").promote("v3", "anna", "try", share=0.1)
    shop.change("goods/pipeline.yaml", "live: v1\n", f"live: v1\n{EXPERIMENT}")
    assert Deployment().experiment("goods").resting() is not None
    assert pruned("--older-than", "90d")["experiments"] == []


def test_another_salt_begins_another_experiment_and_the_old_one_goes(shop: FolderOfPrompts) -> None:
    keep_old()
    shop.change("goods/pipeline.yaml", "candidate: v2,", "candidate: v2, salt: again,")
    keep_old()
    assert len(pruned("goods", "--older-than", "90d")["experiments"]) == 1


def test_a_folder_that_does_not_load_is_left_alone_and_named(shop: FolderOfPrompts) -> None:
    keep_old()
    shop.change("goods/pipeline.yaml", EXPERIMENT, "experiment: [what]\n")
    found = pruned("--older-than", "90d")
    assert found["experiments"] == [] and "goods" in found["left"]


def test_a_use_case_without_a_folder_is_pruned_by_its_name_alone(shop: FolderOfPrompts) -> None:
    keep_old("v1@1/v2@2/", "gone")
    assert "there is no use case `gone`" in pruned("--older-than", "90d")["left"]["gone"]
    assert pruned("gone", "--older-than", "90d")["outcomes"] == 1
    found = pruned("gonne", "--older-than", "90d")
    assert "there is no use case `gonne`" in found["left"]["gonne"]


def test_pruning_says_in_words_what_goes(shop: FolderOfPrompts, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_old("v1@1/v2@2/")
    assert "FURROW_RETENTION_DAYS" in pruned(code=2).output
    monkeypatch.setenv("FURROW_RETENTION_DAYS", "90")
    done = CliRunner(env={"COLUMNS": "160"}).invoke(app, ["experiment", "prune"])
    assert "1 experiments with 2 units, and 1 outcomes deleted" in done.output, done.output
    assert f"goods v1@1/v2@2/: 2 units, the last new one on {OLD:%Y-%m-%d}" in done.output
