"""The sinks of a stream that runs while its folder changes: which fields their rows are taken for."""

from __future__ import annotations

from pathlib import Path

import pytest

from furrow.assembly import Deployment
from furrow.config.settings import Settings
from furrow.config.use_case import UseCase, Version
from furrow.engine.ports import Sink
from furrow.errors import SinkUnavailable
from furrow.stream_assembly import Sinks
from furrow.testing import MemorySink
from tests.folders import FolderOfPrompts


class Opening(Deployment):
    """Opens sinks in memory. opened: for which use case and version."""

    def __init__(self, settings: Settings):
        super().__init__(settings)
        self.opened: list[tuple[UseCase, Version]] = []

    def sink(self, name: str, use_case: UseCase, version: Version, run_id: str = "") -> Sink:
        self.opened.append((use_case, version))
        return MemorySink()

    def releases_opened(self) -> list[str]:
        return [version.release for _, version in self.opened]


@pytest.fixture
def deployment(prompts: FolderOfPrompts, tmp_path: Path) -> Opening:
    named = {"FURROW_HOME": str(tmp_path), "FURROW_PROMPTS": str(prompts.path)}
    return Opening(Settings.from_environment(named))


def new_version(prompts: FolderOfPrompts) -> str:
    prompts.version("v2", "Another one.\n")
    return prompts.load().version("v2").release


def test_a_release_is_opened_once_and_a_new_one_with_its_own_version(
    prompts: FolderOfPrompts, deployment: Opening
) -> None:
    began = prompts.load()
    sinks, old = Sinks(deployment, began, "features"), began.version().release
    first = sinks(old)
    new = new_version(prompts)
    assert sinks(old) is first
    second = sinks(new)
    assert deployment.releases_opened() == [old, new]
    assert (sinks(new), sinks(old)) == (second, sinks(old))
    assert deployment.releases_opened() == [old, new, old]
    assert all("v2" in use_case.versions for use_case, _ in deployment.opened[1:])


def test_a_release_that_is_in_no_folder_any_more_does_not_open_the_others_each_time(
    prompts: FolderOfPrompts, deployment: Opening
) -> None:
    sinks, now = Sinks(deployment, prompts.load(), "features"), prompts.load().version().release
    gone = ["v1@00000000", "v9@00000000"]
    opened = [sinks(release) for release in [*gone, now]]
    assert [sinks(release) for release in [*gone[1:], now]] == opened[1:]
    count = len(deployment.opened)
    for release in [*gone, now] * 2:
        sinks(release)
    assert len(deployment.opened) <= count + 1


def test_results_of_a_release_whose_folder_does_not_load_wait_until_it_does(
    prompts: FolderOfPrompts, deployment: Opening
) -> None:
    sinks = Sinks(deployment, prompts.load(), "features")
    new = new_version(prompts)
    prompts.change("goods/v2/steps.yaml", "kind: map", "kind: mop")
    with pytest.raises(SinkUnavailable, match=rf"results of {new} wait.*steps.yaml"):
        sinks(new)
    prompts.change("goods/v2/steps.yaml", "kind: mop", "kind: map")
    sinks(new)
    assert deployment.releases_opened() == [new]


def test_where_results_go_stays_as_it_was_when_the_stream_began(
    prompts: FolderOfPrompts, deployment: Opening
) -> None:
    began = prompts.load()
    sinks = Sinks(deployment, began, "features")
    prompts.change("goods/pipeline.yaml", "ttl_days: 3650", "ttl_days: 9")
    sinks(new_version(prompts))
    assert deployment.opened[-1][0].pipeline == began.pipeline
