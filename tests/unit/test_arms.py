"""Which version answers which record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.engine.arms import CANDIDATE, LIVE, Arm, Arms
from furrow.engine.record import Record

NOW = datetime(2026, 11, 25, tzinfo=UTC)
OLD, NEW = Arm(LIVE, "v1", "v1@aaaaaaaa"), Arm(CANDIDATE, "v2", "v2@bbbbbbbb")
SHADOW = Arm(CANDIDATE, "v2", "v2@bbbbbbbb", published=False)


def record(key: str, **data: Any) -> Record:
    return Record(f"r/{key}", key, NOW, data)


def share_of(arms: Arms, units: int = 20_000) -> float:
    return sum(NEW in arms.of(record(f"k{n}")) for n in range(units)) / units


def test_without_a_candidate_every_record_is_the_live_ones() -> None:
    assert all(list(Arms(OLD).of(record(f"k{n}"))) == [OLD] for n in range(50))


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_the_candidate_gets_its_share_of_the_units(share: float) -> None:
    assert share_of(Arms(OLD, NEW, share, "salt")) == pytest.approx(share, abs=0.012)


@given(st.text(min_size=1), st.text(), st.floats(0, 1), st.floats(0, 1))
def test_a_wider_share_takes_nobody_away(unit: str, salt: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    if NEW in Arms(OLD, NEW, small, salt).of(record(unit)):
        assert NEW in Arms(OLD, NEW, large, salt).of(record(unit))


def test_another_salt_draws_anew_and_independently() -> None:
    first, second = Arms(OLD, NEW, 0.5, "a"), Arms(OLD, NEW, 0.5, "b")
    both = sum(NEW in first.of(record(f"k{n}")) and NEW in second.of(record(f"k{n}")) for n in range(20_000))
    assert both / 20_000 == pytest.approx(0.25, abs=0.012)


def test_records_of_one_unit_have_one_arm_whatever_their_keys() -> None:
    arms = Arms(OLD, NEW, 0.5, "s", unit="user_id")
    for user in range(100):
        chosen = {next(arms.of(record(f"k{n}", user_id=user))).name for n in range(5)}
        assert len(chosen) == 1


@pytest.mark.parametrize("data", [{}, {"user_id": None}, {"user_id": ""}], ids=["none", "null", "empty"])
def test_a_record_without_its_unit_is_the_live_ones_and_no_unit(data: dict[str, Any]) -> None:
    arms = Arms(OLD, NEW, 1.0, "s", unit="user_id")
    assert list(arms.of(record("k", **data))) == [OLD]
    assert arms.unit_of(record("k", **data)) is None


def test_a_shadow_answers_on_top_of_the_live_one() -> None:
    assert list(Arms(OLD, SHADOW, 1.0, "s").of(record("k"))) == [OLD, SHADOW]
    assert list(Arms(OLD, SHADOW, 0.0, "s").of(record("k"))) == [OLD]


@given(st.booleans(), st.floats(0, 1), st.text(), st.none() | st.text())
def test_arms_come_back_from_the_manifest(beside: bool, share: float, salt: str, unit: str | None) -> None:
    arms = Arms(OLD, SHADOW if beside else None, share, salt, unit, "e")
    assert Arms.from_json(arms.to_json()) == arms
