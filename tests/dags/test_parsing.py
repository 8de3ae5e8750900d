"""dags/use_cases.py as Airflow reads it, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from furrow.config.loader import OWN_DAGS
from tests.folders import FolderOfPrompts

PARSE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
bag = DagBag(sys.argv[1])
dags = {name: json.dumps(DagSerialization.to_dict(dag), sort_keys=True) for name, dag in bag.dags.items()}
print(json.dumps({"errors": bag.import_errors, "dags": dags, "modules": sorted(sys.modules)}))
"""


def parse(root: Path, prompts: FolderOfPrompts, home: Path, hash_seed: int) -> Any:
    """What a fresh process makes of the DAG folder."""
    told = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "FURROW_PROMPTS": str(prompts.path),
        "PYTHONPATH": str(root / "include"),
        "PYTHONHASHSEED": str(hash_seed),
    }
    done = subprocess.run(
        [sys.executable, "-c", PARSE, str(root / "dags")], env={**os.environ, **told}, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_two_parses_serialise_identically(root: Path, prompts: FolderOfPrompts, tmp_path: Path) -> None:
    prompts.put("broken/pipeline.yaml", "description: [")
    prompts.change("goods/pipeline.yaml", "owner: tests", "owner: tests\ntags: [ads, search, korean]")

    first, second = (parse(root, prompts, tmp_path / "home", seed) for seed in (1, 2))

    assert first["errors"] == second["errors"] == {}
    assert sorted(first["dags"]) == sorted(["broken", "goods", *OWN_DAGS])
    assert first["dags"] == second["dags"]


def test_parsing_imports_no_feature_store_no_model_sdk_and_no_kafka_client(
    root: Path, prompts: FolderOfPrompts, tmp_path: Path
) -> None:
    loaded = set(parse(root, prompts, tmp_path / "home", 1)["modules"])

    assert "furrow.orchestration.dag_factory" in loaded
    assert loaded.isdisjoint(
        {"feast", "pydantic_ai", "confluent_kafka", "pandas", "pyarrow", "openai", "genai_prices"}
    )
    assert loaded.isdisjoint({"furrow.assembly", "furrow.orchestration.pages", "furrow.store.database"})


def test_the_dag_file_is_short_and_not_skipped_by_airflows_first_look(root: Path) -> None:
    text = (root / "dags" / "use_cases.py").read_text()

    assert len(text.splitlines()) < 15
    assert "airflow" in text.lower() and "dag" in text.lower()
