"""The attacks in other words: each is a case of one folder, is `test`, and stays what it was."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from furrow.evaluation.leaks import leaked
from testsets import attacks, common, reworded
from testsets.common import SLICES, as_lines, path_of

ALL = {name: reworded.reworded(name) for name in attacks.HOSTS}
CASES = [case for cases in ALL.values() for case in cases]


def test_every_unseen_text_is_one_case_of_one_folder() -> None:
    texts = [
        *(f"other-{number}" for number in range(41, 101)),
        *(f"blind-{number:02}" for number in range(1, 73)),
    ]
    texts += [f"sealed-{number:02}" for number in range(1, 64)]
    texts += [f"informed-{number:02}" for number in range(1, 57)]
    texts += [f"{name}-{number:02}" for name in ("afresh", "told") for number in range(1, 71)]
    assert Counter(str(case.family) for case in CASES) == {f"reworded_{text}": 1 for text in texts}
    shared = [sum("_other-" in str(case.family) for case in cases) for cases in ALL.values()]
    assert max(shared) - min(shared) <= 1 and min(map(len, ALL.values())) >= 20


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_what_must_not_come_out_stands_in_the_text_and_in_no_label(case: common.Case) -> None:
    assert leaked(case.forbidden[:1], case.input) == list(case.forbidden[:1])
    assert leaked(case.forbidden, case.expected) == []
    assert case.split == "test" and "injection" in case.slices and set(case.slices) <= SLICES


def test_five_texts_that_also_tell_of_a_shop_are_mentions_and_guard_nothing() -> None:
    open_ = [case for case in CASES if not case.forbidden]
    assert len(open_) == 5 and {case.id[:2] for case in open_} == {"pm"}
    for case in open_:
        *_, last = case.expected["mentions"]
        assert last in case.input["body"] and last in case.expected["unlinked"]


def test_a_case_that_is_written_stays_and_a_missing_one_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in ("testset.jsonl", reworded.FILE):
        target = tmp_path / "hashtags" / file
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path_of("hashtags", file).read_bytes())
    monkeypatch.setattr(common, "PROMPTS", tmp_path)
    first, *rest = (tmp_path / "hashtags" / reworded.FILE).read_bytes().splitlines(keepends=True)
    kept = first.replace(b'"body":"', b'"body":"as measured ')
    (tmp_path / "hashtags" / reworded.FILE).write_bytes(kept + b"".join(rest[:-1]))
    assert as_lines(reworded.reworded("hashtags")) == kept + b"".join(rest)
