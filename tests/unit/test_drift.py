"""A release next to its own first hours, and next to another release, without labels."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from furrow.assembly import Deployment
from furrow.batch.drift_check import check_drift
from furrow.cli import app
from furrow.config.fields import Fields
from furrow.config.models import FieldSpec
from furrow.engine.record import Record, Work
from furrow.evaluation.drift import LEAST_CHUNKS, differing, differs, drift_of
from furrow.evaluation.histogram import Chunk, histograms
from furrow.evaluation.run_report import RunReport
from furrow.store.windows import Windows
from tests.folders import FolderOfPrompts

FIELDS = Fields(
    {
        "condition": FieldSpec(type="enum", values=["new", "used", "broken"]),
        "brand": FieldSpec(type="string", nullable=True),
    },
    "result",
)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def report(new: int, used: int, *, nulls: int = 0, letters: int = 4) -> RunReport:
    """So many records of each condition; the first ones have no brand."""
    works = []
    for number in range(new + used):
        brand = None if number < nulls else "가" * (letters + number % 5)
        result: dict[str, Any] = {"condition": "new" if number < new else "used", "brand": brand}
        works.append(Work(Record(f"x:{number}", f"a{number}", NOON, {}), result=result))
    return RunReport.collect(works, FIELDS)


def hours(*shares: int) -> list[Chunk]:
    return [Chunk((report(new, 200 - new, nulls=4),)) for new in shares]


BEFORE = hours(40, 44, 36, 42, 38, 41, 39, 40, 43, 37)


def test_without_enough_hours_there_is_no_baseline_and_no_alarm() -> None:
    found = drift_of(BEFORE[: LEAST_CHUNKS - 1], Chunk((report(200, 0),)), Chunk((report(200, 0),)))
    assert (found.enough, found.alarms) == (False, [])


@pytest.mark.parametrize(
    ("now", "watched"),
    [
        pytest.param(report(140, 60, nulls=4), "condition", id="a value's share"),
        pytest.param(report(40, 160, nulls=60), "brand: null", id="nulls"),
        pytest.param(report(40, 160, nulls=4, letters=8), "brand", id="length of a text"),
    ],
)
def test_a_large_change_alarms_and_the_words_name_what_changed(now: RunReport, watched: str) -> None:
    found = drift_of(BEFORE, Chunk((now,)), Chunk((now,)))
    assert [alarm.split(":  ")[0].startswith(f"{watched}: ") for alarm in found.alarms] == [True]
    assert found.watched[watched].alarm


def test_hours_that_differ_a_lot_by_themselves_hide_a_change_that_steady_hours_show() -> None:
    now = Chunk((report(70, 130, nulls=4),))
    restless = hours(20, 80, 30, 70, 25, 75, 35, 60, 15, 85)
    assert drift_of(BEFORE, now, now).watched["condition"].alarm
    assert not drift_of(restless, now, now).watched["condition"].alarm


@given(st.integers(1, 199), st.integers(0, 50))
@settings(max_examples=20)
def test_equal_windows_never_alarm(new: int, nulls: int) -> None:
    same = Chunk((report(new, 200 - new, nulls=nulls),))
    assert drift_of([same] * 10, same, same).alarms == []


@given(st.permutations(range(4)))
@settings(max_examples=24)
def test_windows_merged_in_any_order_give_the_same(order: list[int]) -> None:
    parts = (report(10, 40), report(5, 20, letters=9), report(30, 5, nulls=3), report(1, 60))
    mixed = Chunk(tuple(parts[place] for place in order))
    expected, found = histograms(BEFORE, Chunk(parts)), histograms(BEFORE, mixed)
    assert {name: now.tolist() for name, (_, now) in found.items()} == {
        name: pytest.approx(now.tolist()) for name, (_, now) in expected.items()
    }


def test_a_release_that_answers_otherwise_than_the_other_is_named_with_the_field() -> None:
    other, same = Chunk((report(40, 160),)), Chunk((report(44, 156),))
    assert differs(same, other, 0.25) == []
    (said,) = differs(Chunk((report(140, 60),)), other, 0.25)
    assert said.startswith("condition differs from the other release: PSI ")


def test_a_long_tail_of_values_is_no_difference_between_releases_that_answer_alike() -> None:
    """Three are due at 0.001; ten or more come once in a thousand such tests. With rare values apart: 21."""
    dice = np.random.default_rng(20261126)
    shares = np.arange(1, 41) ** -1.1
    drawn = (dice.multinomial([1900, 100], shares / shares.sum()).astype(float) for _ in range(3000))
    assert sum(bool(differing({"district": (live, canary)}, 0.05)) for live, canary in drawn) <= 9


def test_a_value_that_is_new_in_the_tail_of_few_records_does_not_trip_and_in_many_it_does() -> None:
    before = np.array([60.0, 30.0, 10.0, 0.0])
    assert differing({"kind": (19 * before, np.array([58.0, 31.0, 8.0, 3.0]))}, 0.01) == []
    assert differing({"kind": (19 * before, np.array([40.0, 20.0, 10.0, 30.0]))}, 0.01)


def test_two_values_are_told_apart_by_the_exact_test() -> None:
    """Of 10 and 10 records all against none: one table of 184,756 on each side."""
    (said,) = differing({"boxed": (np.array([10.0, 0.0]), np.array([0.0, 10.0]))}, 0.25)
    assert said.endswith("(p 1e-05)")
    assert differing({"boxed": (np.array([5.0, 0.0]), np.array([0.0, 5.0]))}, 0.25) == [], "2 of 252"


def test_the_command_shows_the_alarm_of_the_newest_hour(
    prompts: FolderOfPrompts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FURROW_HOME", str(tmp_path))
    monkeypatch.setenv("FURROW_PROMPTS", str(prompts.path))
    for name in ("FURROW_DB", "FURROW_STORE"):
        monkeypatch.delenv(name, raising=False)
    deployment = Deployment()
    release = deployment.use_case("goods").version().release
    windows, now = Windows(deployment.database), datetime.now(UTC)
    for age in range(40, 0, -1):
        began = now - timedelta(hours=age - 0.5)
        found = report(140, 60, nulls=4) if age < 3 else report(38 + age % 5, 162 - age % 5, nulls=4)
        windows.note("goods", release, f"run{age}", began, began, found.records, found.to_json())
    assert any("condition" in alarm for alarm in check_drift(windows, "goods", release, now).alarms)
    shown = CliRunner().invoke(app, ["drift", "goods", "--json"])
    assert shown.exit_code == 0, shown.output
    assert any("condition" in alarm for alarm in json.loads(shown.output)["alarms"])
    assert "condition: PSI" in CliRunner().invoke(app, ["drift", "goods"]).output
