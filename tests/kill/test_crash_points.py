"""A worker dies at each place where it may hurt: between two writes, before a commit, after a publication."""

from __future__ import annotations

import pytest

from tests.kill.conftest import Reference
from tests.kill.places import PLACES
from tests.kill.site import Site
from tests.kill.trials import Runner

pytestmark = [pytest.mark.timeout(300)]


@pytest.mark.parametrize("place", PLACES, ids=list(PLACES))
def test_a_run_goes_on_from_wherever_its_worker_died(
    runner: Runner, reference: Reference, site: Site, place: str
) -> None:
    trial = runner.run(site, "r1", crash=PLACES[place], resume=True, version="v2")
    assert len(trial.kills) == 1, f"the worker never came to: {PLACES[place]}"
    reference.check(trial, site)
