"""What the killed runs are compared with is itself what it should be."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.kill.conftest import GOOD, Reference
from tests.kill.site import Site, late_and_early, poison, record_id
from tests.kill.trials import Runner

pytestmark = [pytest.mark.timeout(300)]
ASKED_ONCE = 2
"""Poison whose first answer is the reason for its end."""


def test_every_record_has_one_named_end_and_every_poison_one_letter(reference: Reference) -> None:
    found = reference.snapshot
    assert found.record_ids == Counter(map(record_id, reference.site.lines))
    rejected = Counter(result["id"] for result in found.results if result["outcome"] == "rejected")
    assert rejected == Counter(map(record_id, poison()))
    letters = [(letter["record_id"], letter["outcome"]) for letter in found.letters]
    assert sorted(letters) == sorted((record_id(line), "rejected") for line in poison())


def test_every_good_record_takes_a_call_per_llm_step(reference: Reference) -> None:
    assert reference.calls == 2 * (GOOD + len(late_and_early())) + ASKED_ONCE


def test_the_newest_value_of_each_key_is_online_and_each_event_once_in_the_history(
    reference: Reference,
) -> None:
    found = reference.snapshot
    assert len({key for key, _ in found.online}) == GOOD
    events = Counter((row["article_id"], row["event_timestamp"]) for row in found.history)
    assert len(events) == GOOD + len(late_and_early())
    assert set(events.values()) == {1}
    assert len({row["release"] for row in found.history}) == 1, "v1's rows gave way to v2's"


def test_a_run_that_nobody_disturbs_gives_the_same_again(
    runner: Runner, reference: Reference, site: Site
) -> None:
    trial = runner.run(site, "r1", version="v2")
    assert (trial.bought, trial.again) == (reference.calls, 0)
    reference.check(trial, site)
