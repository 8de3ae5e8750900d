"""One model server and one process to fork workers from, for all trials of a session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kill.site import Damage, Site, Snapshot, damage, good_records, line_of, mixed_lines
from tests.kill.trials import (
    CONCURRENCY,
    MODELS,
    Runner,
    Tally,
    Trial,
    Workers,
    metered_server,
    task_seconds,
)

LEASE_SECONDS = 2.0
GOOD = 14


@pytest.fixture(scope="session")
def tally(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tally]:
    """What the model server of these trials billed."""
    with metered_server(tmp_path_factory.mktemp("server")) as tally:
        yield tally


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    """Forks workers that have everything imported, Feast too."""
    with Workers(features=True) as workers:
        yield workers


@pytest.fixture(scope="session")
def runner(workers: Workers, tally: Tally) -> Runner:
    """Runs of single workers; what a dead one held is soon free."""
    return Runner(workers, tally, lease_seconds=LEASE_SECONDS)


@pytest.fixture(scope="session")
def patient_runner(workers: Workers, tally: Tally) -> Runner:
    """Runs whose leases last as long as in production: a worker that is only slow keeps its own."""
    return Runner(workers, tally)


@dataclass(frozen=True)
class Reference:
    """A deployment before its run `r1` of version v2, and what that run gives when nobody disturbs it."""

    site: Site
    snapshot: Snapshot
    calls: int
    seconds: float
    task_seconds: dict[str, float]

    def damage(self, site: Site) -> Damage:
        """What is wrong at a site where r1 has ended."""
        return damage(site.snapshot("r1"), self.snapshot, self.site.lines)

    def check(self, trial: Trial, site: Site) -> None:
        """The run ended as the undisturbed one did, and nothing but calls in flight was bought twice."""
        wrong = self.damage(site)
        assert not wrong, f"{wrong} after {trial}"
        assert trial.bought <= self.calls + trial.in_flight, trial
        assert trial.again <= trial.in_flight, trial
        assert all(kill.open_calls <= CONCURRENCY * MODELS for kill in trial.kills), trial


def make_reference(folder: Path, runner: Runner, good: int) -> Reference:
    """Features applied, a run of v1 published, and a version v2 whose every prompt is another."""
    site = Site.make(folder / "before", runner.tally.url, features=True)
    site.feed(mixed_lines(good))
    site.copy_version("v2", digest="Write a digest of one line.\n")
    runner.apply(site)
    runner.run(site, "r0")
    after = site.copy(folder / "undisturbed")
    trial = runner.run(after, "r1", version="v2")
    warm = site.copy(folder / "warm")
    again = runner.run(warm, "r1", version="v2")
    return Reference(site, after.snapshot("r1"), trial.bought, again.seconds, task_seconds(warm, "r1"))


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory, runner: Runner) -> Reference:
    """A small deployment with poison, repeats and late events among its records."""
    return make_reference(tmp_path_factory.mktemp("reference"), runner, GOOD)


@pytest.fixture
def site(reference: Reference, tmp_path: Path) -> Site:
    """The reference's deployment, as it is before r1, for one trial."""
    return reference.site.copy(tmp_path / "site")


@pytest.fixture
def plain(tmp_path: Path, tally: Tally) -> Site:
    """A deployment that publishes nothing, with twenty records that pass."""
    site = Site.make(tmp_path / "plain", tally.url, features=False)
    site.feed([line_of(value) for value in good_records(20)])
    return site
