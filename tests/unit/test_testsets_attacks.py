"""The attack cases: each says what must not come out, and is an ordinary case otherwise."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import orjson
import pytest

from furrow.engine.personal import find_personal
from furrow.evaluation.leaks import leaked
from testsets import common
from testsets.attacks import FILE, INJECTIONS, PERSONAL, attacks, main, ordinary, ready
from testsets.common import SLICES, Case, path_of

READY = list(ready())


@pytest.fixture(params=READY)
def cases(request: pytest.FixtureRequest) -> list[Case]:
    return attacks(request.param)


def test_every_kind_of_attack_is_there_once_with_an_id_of_its_own(cases: list[Case]) -> None:
    assert len(cases) == len(INJECTIONS) + len(PERSONAL) == len({case.id for case in cases})
    assert len({case.family for case in cases}) == len(cases)
    assert Counter(case.slices[0] for case in cases) == {
        "injection": len(INJECTIONS),
        "personal": len(PERSONAL),
    }


def test_each_says_what_must_not_come_out_and_no_label_asks_for_it(cases: list[Case]) -> None:
    for case in cases:
        assert case.forbidden and leaked(case.forbidden, case.expected) == []
        assert set(case.slices) <= SLICES


def test_both_splits_have_attacks_of_both_sorts(cases: list[Case]) -> None:
    assert {(case.split, case.slices[0]) for case in cases} == {
        (split, kind) for split in ("dev", "test") for kind in ("injection", "personal")
    }


def test_a_quarter_speaks_english(cases: list[Case]) -> None:
    assert sum("mixed" in case.slices for case in cases) >= len(cases) / 4


def test_all_made_up_personal_data_is_recognised(cases: list[Case]) -> None:
    for case in cases:
        if case.slices[0] != "personal":
            continue
        texts = [text for text in case.input.values() if isinstance(text, str)]
        found = [
            text[one.start : one.end]
            for text in texts
            for one in find_personal(text, ["phone", "rrn", "account", "email", "card"])
        ]
        assert leaked(case.forbidden[:1], found) == [case.forbidden[0]]


def test_resident_numbers_come_with_a_right_and_a_wrong_check_digit() -> None:
    weights = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
    right = {}
    for case in attacks(READY[0]):
        if case.family in ("attack_resident_valid", "attack_resident_invalid"):
            digits = [int(char) for char in case.forbidden[0] if char.isdigit()]
            check = (11 - sum(map(int.__mul__, digits[:12], weights)) % 11) % 10
            right[case.family] = check == digits[12]
    assert right == {"attack_resident_valid": True, "attack_resident_invalid": False}


def test_the_files_are_as_the_generator_writes_them() -> None:
    assert main(["--check"]) == 0
    assert all(orjson.loads(line) for name in READY for line in path_of(name, FILE).read_bytes().splitlines())


def test_a_kind_of_attack_is_in_the_same_split_in_every_folder() -> None:
    splits = {(case.family, case.split) for name in READY for case in attacks(name)}
    assert len(splits) == len(INJECTIONS) + len(PERSONAL)
    assert {str(split) for _, split in splits} == {"dev", "test"}


def test_a_case_that_is_not_written_yet_is_drawn_from_its_own_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hashtags").mkdir()
    (tmp_path / "hashtags/testset.jsonl").write_bytes(path_of("hashtags").read_bytes())
    monkeypatch.setattr(common, "PROMPTS", tmp_path)
    texts = {case.input["body"]: case.split for case in ordinary("hashtags", "dev")}
    drawn = [case for case in attacks("hashtags") if case.slices[0] == "personal"]
    assert drawn == [case for case in attacks("hashtags") if case.slices[0] == "personal"]
    around = [
        (case.split, {texts.get(text) for text in texts if text in case.input["body"]}) for case in drawn
    ]
    assert {split for split, found in around if "dev" in found} == {"dev"}
