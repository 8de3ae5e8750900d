"""Old runs that are done again beside newer ones."""

from __future__ import annotations

import pytest

from tests.folders import record
from tests.kill.site import Site, line_of
from tests.kill.trials import Runner

pytestmark = [pytest.mark.timeout(300)]


def test_an_old_run_that_is_cleared_does_not_overwrite_newer_values(runner: Runner, site: Site) -> None:
    newer = [record(number, at="2026-11-25T09:00:00+09:00", body=f"새 글 {number}") for number in range(10)]
    site.feed([line_of(value) for value in newer])
    runner.run(site, "r2")
    after = site.snapshot("r2")
    trial = runner.run(site, "r0")
    assert trial.bought == 0
    found = site.snapshot("r2")
    assert found.online == after.online
    assert found.history == after.history
