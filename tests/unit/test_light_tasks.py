"""A task is a process: what it does not need, it does not import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.folders import FolderOfPrompts, record

STEP = """
import sys
from pathlib import Path
from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import open_run
from furrow.config.settings import Settings
connections = EnvironmentConnections(
    {"AIRFLOW_CONN_MODELS": '{"conn_type": "pydanticai", "host": "http://127.0.0.1:9/v1", "password": "x"}'}
)
settings = Settings.from_environment({"FURROW_HOME": sys.argv[1]})
with open_run("goods", "run", connections, settings) as run:
    [partition] = run.fetch()
    print(run.run_step("price", partition)["records"])
heavy = {"pydantic_ai", "openai", "aiohttp", "genai_prices", "feast", "sklearn", "pandas", "numpy", "airflow"}
print(sorted(heavy & set(sys.modules)))
"""


def test_a_step_that_asks_no_model_imports_no_library_of_models(
    prompts: FolderOfPrompts, tmp_path: Path, root: Path
) -> None:
    prompts.change("goods/v1/steps.yaml", '"extract.price_text | krw"', '"data.id | length"')
    prompts.records([record(number) for number in range(5)])
    done = subprocess.run(
        [sys.executable, "-c", STEP, str(tmp_path)],
        env={"PYTHONPATH": str(root / "include")},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "5\n[]\n", done.stderr
