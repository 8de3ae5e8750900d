"""The shared parts of the test-set generators: noise that spares the truth, the split, the checks."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.config.korean import parse_krw
from testsets.__main__ import generators, main
from testsets.common import (
    Case,
    dice,
    emoji,
    faults,
    held_out_families,
    jamo,
    particle,
    spacing,
    split_by_family,
    typos,
    won_text,
)

TEXT = (
    "작년에 산 아이폰 13 미니 있어요. 상태 괜찮습니다. 사용감 없어요. "
    "강남역 근처에서 거래했으면 해요. nice phone"
)
SEEDS = st.integers(min_value=0, max_value=10_000)


def case(number: int, family: str, **changed: object) -> Case:
    made = Case(
        f"c{number}", {"id": number}, {"x": 1}, ("english",) if number % 5 == 0 else (), family=family
    )
    return replace(made, **changed)


def enough() -> list[Case]:
    return split_by_family([case(n, f"f{n % 15}") for n in range(300)], "some_use_case")


@given(seed=SEEDS)
def test_noise_spares_what_is_kept(seed: int) -> None:
    keep = ["아이폰 13 미니", "강남역"]
    for noise in (typos, spacing):
        noisy = noise(Random(seed), TEXT, keep)
        assert all(kept in noisy for kept in keep)
    for mark in (jamo, emoji):
        assert set(TEXT) <= set(mark(Random(seed), TEXT))


def test_typos_and_spacing_change_the_text() -> None:
    assert typos(Random(1), TEXT) != TEXT
    assert len(spacing(Random(1), TEXT)) < len(TEXT)


@given(seed=SEEDS, thousands=st.integers(min_value=0, max_value=2_000))
def test_every_way_to_write_an_amount_is_read_back(seed: int, thousands: int) -> None:
    won = thousands * 1000
    assert parse_krw(won_text(Random(seed), won)) == won


def test_a_particle_fits_its_word() -> None:
    assert [particle("책상", "이가"), particle("의자", "이가")] == ["책상이", "의자가"]


def test_dice_of_one_use_case_fall_the_same_and_of_two_differ() -> None:
    assert dice("a").random() == dice("a").random() != dice("b").random()


def test_no_family_is_in_both_splits_and_about_a_third_is_test() -> None:
    cases = enough()
    dev = {c.family for c in cases if c.split == "dev"}
    test = {c.family for c in cases if c.split == "test"}
    assert dev.isdisjoint(test)
    assert 80 <= sum(c.split == "test" for c in cases) <= 110
    assert faults(cases) == []


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        pytest.param(lambda cases: cases[:299], "299 cases", id="too few"),
        pytest.param(lambda cases: [*cases, cases[0]], "stands 2 times", id="an id twice"),
        pytest.param(
            lambda cases: [replace(c, slices=()) for c in cases],
            "0 of 300 cases are English",
            id="no English",
        ),
        pytest.param(
            lambda cases: [*cases, replace(cases[0], id="z", split="neither")], "is in the splits", id="split"
        ),
        pytest.param(
            lambda cases: [replace(c, split="dev") for c in cases], "one of the splits is empty", id="no test"
        ),
        pytest.param(
            lambda cases: [*cases, replace(cases[0], id="z", slices=("odd",))], "odd is no slice", id="s"
        ),
        pytest.param(
            lambda cases: [*cases, replace(cases[7], id="z", input={**cases[7].input, "x_id": 1, "x_at": 2})],
            "z has the same input as c7",
            id="the same text again",
        ),
    ],
)
def test_a_fault_of_a_test_set_is_named(spoil, fault) -> None:  # type: ignore[no-untyped-def]
    assert fault in "\n".join(faults(spoil(enough())))


def test_a_slice_in_one_split_only_is_a_fault_where_both_are_asked_for() -> None:
    cases = enough()
    spoilt = [replace(c, slices=(*c.slices, "long")) if c.split == "dev" else c for c in cases]
    assert faults(spoilt) == []
    assert any("of the slice long are in dev" in fault for fault in faults(spoilt, slices_in_both=True))
    few = [replace(c, slices=("long",)) if number < 19 else c for number, c in enumerate(spoilt)]
    assert not any("long" in fault for fault in faults(few[:19] + cases[19:], slices_in_both=True))


STRATA = st.dictionaries(
    st.sampled_from([f"f{number}" for number in range(14)]),
    st.sets(st.sampled_from("abcde"), min_size=1, max_size=2),
    min_size=2,
)


@given(strata=STRATA, seed=SEEDS)
def test_what_is_never_together_is_in_both_splits_as_soon_as_two_families_have_it(
    strata: dict[str, set[str]], seed: int
) -> None:
    """One stratum a family: nothing stands in the way of another."""
    alone = {family: {min(words)} for family, words in strata.items()}
    held_out = held_out_families(dict.fromkeys(alone, 10), f"some {seed}", strata=alone)
    for word in set().union(*alone.values()):
        having = {family for family, words in alone.items() if word in words}
        assert having - held_out, word
        assert len(having) < 2 or having & held_out, word


@given(strata=STRATA, seed=SEEDS)
def test_a_stratum_is_never_wholly_held_out(strata: dict[str, set[str]], seed: int) -> None:
    held_out = held_out_families(dict.fromkeys(strata, 10), f"some {seed}", strata=strata)
    for word in set().union(*strata.values()):
        assert {family for family, words in strata.items() if word in words} - held_out


def test_a_line_leaves_out_what_is_empty() -> None:
    assert Case("a", {"b": "가"}, {}).line().decode() == '{"id":"a","input":{"b":"가"},"expected":{}}'


@pytest.mark.parametrize("use_case", generators())
def test_the_shipped_file_is_what_its_generator_writes(use_case: str) -> None:
    assert main([use_case, "--check"]) == 0
