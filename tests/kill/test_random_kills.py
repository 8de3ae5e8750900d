"""Workers killed at random moments: what comes out is the same, and only calls in flight are bought again."""

from __future__ import annotations

import random

import pytest

from tests.kill.conftest import Reference
from tests.kill.site import Site
from tests.kill.trials import Runner, any_moments, moment_in_a_stage

pytestmark = [pytest.mark.timeout(300)]


@pytest.mark.parametrize("seed", range(4))
def test_a_run_that_was_killed_at_any_moment_ends_as_if_nothing_had_happened(
    runner: Runner, reference: Reference, site: Site, seed: int
) -> None:
    dice = random.Random(seed)
    moments = any_moments(dice, reference.seconds)
    trial = runner.run(site, "r1", moments, resume=dice.random() < 0.5, version="v2")
    reference.check(trial, site)


@pytest.mark.parametrize("seed", range(4))
def test_so_does_one_that_was_killed_in_any_stage(
    runner: Runner, reference: Reference, site: Site, seed: int
) -> None:
    dice = random.Random(seed)
    moment = moment_in_a_stage(dice, reference.task_seconds)
    trial = runner.run(site, "r1", [moment], resume=dice.random() < 0.5, version="v2")
    reference.check(trial, site)
