"""What the meter of the model server says when a run is done again, changed, or done by two at a time."""

from __future__ import annotations

import pytest

from tests.kill.site import Site, good_records, line_of
from tests.kill.trials import Runner

pytestmark = [pytest.mark.timeout(300)]
LLM_STEPS = 2
RECORDS = 20


@pytest.fixture
def finished(runner: Runner, plain: Site) -> Site:
    """A deployment whose run r1 is done: every record took a call for each llm step."""
    trial = runner.run(plain, "r1")
    assert (trial.bought, trial.again) == (LLM_STEPS * RECORDS, 0)
    return plain


def test_a_finished_run_that_is_cleared_buys_nothing(runner: Runner, finished: Site) -> None:
    before = finished.snapshot("r1")
    assert runner.run(finished, "r1").bought == 0
    assert finished.snapshot("r1") == before


def test_a_run_whose_files_are_gone_buys_nothing(runner: Runner, finished: Site) -> None:
    before = finished.snapshot("r1")
    finished.delete_files("r1")
    assert runner.run(finished, "r1").bought == 0
    assert finished.snapshot("r1") == before


def test_a_changed_record_costs_one_call_per_llm_step(runner: Runner, finished: Site) -> None:
    changed = good_records(RECORDS)
    changed[13]["body"] = "맥북 120만"
    finished.feed([line_of(value) for value in changed])
    assert runner.run(finished, "r2").bought == LLM_STEPS


def test_an_edited_last_prompt_costs_the_calls_of_that_step(runner: Runner, finished: Site) -> None:
    finished.copy_version("v2", extract="Copy numbers as they are written.\n")
    assert runner.run(finished, "r2", version="v2").bought == RECORDS


@pytest.mark.parametrize("apart", [1, 10], ids=["side by side", "in another partition"])
def test_a_record_that_comes_twice_is_bought_once(runner: Runner, plain: Site, apart: int) -> None:
    lines = [line_of(value) for value in good_records(RECORDS)]
    plain.feed([*lines[:apart], lines[0], *lines[apart:]])
    assert runner.run(plain, "r1").bought == LLM_STEPS * RECORDS
    assert len(plain.snapshot("r1").results) == RECORDS + 1


@pytest.mark.parametrize("run_ids", [("r1", "r2"), ("r1", "r1")], ids=["two runs", "one run, twice"])
def test_two_at_the_same_time_buy_each_call_once(
    patient_runner: Runner, plain: Site, run_ids: tuple[str, str]
) -> None:
    trial = patient_runner.together(plain, run_ids)
    assert (trial.bought, trial.again) == (LLM_STEPS * RECORDS, 0)
    _is_complete(plain, *run_ids)


@pytest.mark.parametrize("seconds", [0.2, 0.5])
def test_when_one_of_two_is_killed_the_other_buys_what_was_in_flight(
    runner: Runner, plain: Site, seconds: float
) -> None:
    trial = runner.together(plain, ("r1", "r2"), kill_first_after=seconds)
    assert trial.bought == LLM_STEPS * RECORDS + trial.again
    assert trial.again <= trial.in_flight, trial
    _is_complete(plain, "r2")
    assert runner.run(plain, "r1").bought == 0


def _is_complete(site: Site, *run_ids: str) -> None:
    for run_id in run_ids:
        results = site.snapshot(run_id).results
        assert [result["outcome"] for result in results] == ["accepted"] * RECORDS
