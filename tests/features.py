"""A deployment of its own with one use case whose result has a field of every type."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from furrow.adapters.feature_store import FeatureStore, apply, write_repository
from furrow.config.settings import Settings
from furrow.config.use_case import UseCase
from furrow.engine.ports import Row
from tests.folders import FolderOfPrompts

NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
OUTPUT = """\
brand: {type: string, nullable: true}
price_krw: {type: integer, nullable: true}
weight: {type: number, nullable: true}
sold: {type: boolean, nullable: true}
condition: {type: enum, values: [new, used]}
made: {type: date, nullable: true}
tags: {type: list, items: string}
sizes: {type: list, items: integer, nullable: true}
ratios: {type: list, items: number, nullable: true}
"""
FIELDS = [line.partition(":")[0] for line in OUTPUT.splitlines()]
VALUES: dict[str, Any] = {
    "brand": "삼성",
    "price_krw": 350_000,
    "weight": 1.5,
    "sold": False,
    "condition": "used",
    "made": "2024-02-29",
    "tags": ["갤럭시", "폰"],
    "sizes": [1, 2],
    "ratios": [0.5, 3.0],
}


def write_version(prompts: FolderOfPrompts, version: str = "v1", output: str = OUTPUT) -> None:
    """A version of `goods` with one step and exactly these result fields."""
    fields = [line.partition(":")[0] for line in output.splitlines()]
    result = ", ".join(f"{field}: extract.{field}" for field in fields)
    shutil.rmtree(prompts.path / "goods" / version, ignore_errors=True)
    steps = f"steps:\n  - {{name: extract, kind: llm, model: small}}\nresult: {{{result}}}\n"
    prompts.put(f"goods/{version}/steps.yaml", steps)
    prompts.put(f"goods/{version}/extract/user.md", "{{ data.body }}\n")
    prompts.put(f"goods/{version}/extract/output.yaml", output)


class Home:
    """A project folder with its prompts and its feature repository."""

    def __init__(self, folder: Path):
        self.settings = Settings.from_environment({"FURROW_HOME": str(folder)})
        self.prompts = FolderOfPrompts(self.settings.prompts)

    @property
    def use_case(self) -> UseCase:
        return self.prompts.load()

    def apply(self) -> list[str]:
        """What `furrow features apply` does."""
        write_repository([self.use_case], self.settings.features)
        return apply(self.settings.features)

    def store(self) -> FeatureStore:
        """Opened anew, as another process would."""
        return FeatureStore(self.settings, self.use_case)

    def history(self, keys: list[str] | None = None) -> list[dict[str, Any]]:
        """Every row of the Parquet files, in the order of publication."""
        import pyarrow.parquet as pq

        folder = self.settings.var / "features" / "history" / "goods"
        rows: list[dict[str, Any]] = pq.read_table(folder).to_pylist()
        rows.sort(key=lambda row: row["created_timestamp"])
        return [row for row in rows if keys is None or row["article_id"] in keys]


def row(
    key: str = "a1", hours: float = 0, release: str = "v1@00000001", run: str = "r1", **values: Any
) -> Row:
    """An accepted result; `hours` after NOW."""
    moment = NOW + timedelta(hours=hours)
    return Row(key, moment, {**VALUES, **values}, release, run, f"kafka:t/0/{key}")


@pytest.fixture(scope="session")
def _applied_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("applied") / "home"
    home = Home(folder)
    FolderOfPrompts.write(home.settings.prompts)
    write_version(home.prompts)
    home.apply()
    return folder


@pytest.fixture
def home(_applied_home: Path, tmp_path: Path) -> Home:
    """A home of the test's own, its features applied: a repository works from any folder."""
    shutil.copytree(_applied_home, tmp_path / "home")
    return Home(tmp_path / "home")
