"""The whole-size trials: `make torture`. What they counted goes to var/torture.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kill.conftest import Reference, make_reference, patient_runner, plain, runner, tally, workers
from tests.kill.trials import Runner

__all__ = ["patient_runner", "plain", "runner", "tally", "workers"]


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory, runner: Runner) -> Reference:
    """As in the small trials, with more records."""
    return make_reference(tmp_path_factory.mktemp("reference"), runner, good=30)


@pytest.fixture
def report() -> Iterator[dict[str, Any]]:
    """What the trials counted, by kind of trial, written after each; what was counted earlier stays."""
    file = Path(__file__).resolve().parents[2] / "var" / "torture.json"
    counted: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    yield counted
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(counted, indent=2) + "\n")
