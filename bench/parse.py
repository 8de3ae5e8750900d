"""How long 200 folders take to become DAGs, beyond Airflow's own import, next to dag-factory's 200 YAML DAGs.

Each measurement is a fresh process: Airflow is imported, the clock starts, the library is imported and makes
every DAG, the clock stops. CPU time, so that other programs on the machine count little; rounds alternate.
dag-factory lives in an environment of its own, over the very Airflow of this project.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
TEMPLATE = "used_goods"
DAG_FACTORY = "dag-factory==1.1.*"
TASKS = 6
NOT_COPIED = ("price", "shelf", "target")
"""Steps of the template that would make more tasks."""
PIPELINE = """description: measured
source: {kafka: {topic: used-goods.articles}}
record: {key: article_id, time: created_at}
publish: {features: {entity: article}}
"""
STEPS = """steps:
  - {name: summarize, kind: llm, model: local-small, params: {max_tokens: 128}}
  - {name: extract, kind: llm, model: {default: local-small, escalate: local-large}}
result: {item: extract.item, brand: extract.brand, category: extract.category, condition: extract.condition}
rules: [{name: has_an_item, check: "result.item | length > 0"}]
"""


def main(as_json: bool = False, folders: int = 200, rounds: int = 3) -> int:
    """Measure and print. Takes about 10 seconds a round."""
    with tempfile.TemporaryDirectory() as made:
        work = Path(made)
        write_use_cases(work / "prompts", folders)
        write_yaml_dags(work / "yaml", folders)
        other = dag_factory_python()
        found: dict[str, list[dict[str, float]]] = {"furrow": [], "dag_factory": []}
        for _ in range(rounds):
            found["furrow"].append(measure(sys.executable, "furrow", work / "prompts", work))
            found["dag_factory"].append(measure(str(other), "dag_factory", work / "yaml", work))
    result = summary(found, folders, rounds)
    if as_json:
        print(json.dumps(result, indent=2))
    else:
        show(result)
    return 0


# --- what is parsed ---------------------------------------------------------------------------------


def write_use_cases(prompts: Path, folders: int) -> None:
    """Copies of prompts/used_goods with its two llm steps: six tasks, as the other side has.

    Every file has a comment of its own, so that no cache can help.
    """
    source = PROJECT / "prompts"
    prompts.mkdir()
    shutil.copy(source / "models.yaml", prompts)
    for number in range(folders):
        copy = prompts / f"{TEMPLATE}_{number:03d}"
        shutil.copytree(source / TEMPLATE, copy, ignore=shutil.ignore_patterns("testset*", *NOT_COPIED))
        (copy / "pipeline.yaml").write_text(PIPELINE)
        (copy / "v1" / "steps.yaml").write_text(STEPS)
        for file in (*copy.rglob("*.md"), *copy.rglob("*.yaml")):
            comment = f"{{# {number} #}}" if file.suffix == ".md" else f"# {number}"
            file.write_text(f"{file.read_text(encoding='utf-8')}\n{comment}\n", encoding="utf-8")


def write_yaml_dags(folder: Path, folders: int) -> None:
    """One YAML file for each DAG: six tasks in a row, as dag-factory's documentation writes them."""
    folder.mkdir()
    for number in range(folders):
        (folder / f"dag_{number:03d}.yaml").write_text(yaml_dag(number))


def yaml_dag(number: int) -> str:
    """One DAG of dag-factory."""
    lines = [
        f"dag_{number:03d}:",
        "  default_args: {owner: furrow, start_date: 2026-01-01, retries: 5}",
        "  schedule: null",
        "  catchup: false",
        "  tags: [bench]",
        "  tasks:",
    ]
    for task in range(TASKS):
        lines += [
            f"    - task_id: task_{task}",
            "      operator: airflow.providers.standard.operators.bash.BashOperator",
            f"      bash_command: echo {number}",
            f"      dependencies: [{f'task_{task - 1}' if task else ''}]",
        ]
    return "\n".join(lines) + "\n"


# --- measuring --------------------------------------------------------------------------------------


def measure(python: str, what: str, folder: Path, work: Path) -> dict[str, float]:
    """One fresh process. `import_ms` and `build_ms` of CPU for everything, `dags` how many came out."""
    told = {
        "AIRFLOW_HOME": str(work / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{work}/airflow.db",
        "AIRFLOW__DAG_FACTORY__ENABLE_TELEMETRY": "False",
        "DO_NOT_TRACK": "true",
        "PYTHONPATH": str(PROJECT / "include"),
    }
    command = [python, str(Path(__file__).resolve()), "--measure", what, str(folder)]
    done = subprocess.run(command, env={**os.environ, **told}, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{what} failed:\n{done.stderr[-3000:]}")
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def measured(what: str, folder: Path) -> dict[str, float]:
    """In the fresh process: import Airflow, then the clock."""
    import airflow.sdk

    airflow.sdk.DAG, airflow.sdk.BaseOperator, airflow.sdk.TaskGroup  # noqa: B018 - imported at first use
    imported, build = {"furrow": furrow_stages, "dag_factory": dag_factory_stages}[what]()
    start = time.process_time()
    library = imported()
    between = time.process_time()
    dags = build(library, folder)
    end = time.process_time()
    return {"import_ms": (between - start) * 1000, "build_ms": (end - between) * 1000, "dags": dags}


def furrow_stages() -> tuple[Any, Any]:
    """Import, and the same call as in dags/use_cases.py."""

    def imported() -> Any:
        from furrow.orchestration import dag_factory

        return dag_factory

    def build(library: Any, folder: Path) -> int:
        from furrow.config.settings import Settings

        dags = library.build_dags(Settings.from_environment({"FURROW_PROMPTS": str(folder)}))
        errors = [dag.description for dag in dags.values() if library.ERROR_TAG in dag.tags]
        if errors:
            raise SystemExit(errors[0])
        return len(dags.keys() - {library.REPLAY_DAG})  # it is there once, however many folders there are

    return imported, build


def dag_factory_stages() -> tuple[Any, Any]:
    """Import, and the call that its documentation gives."""

    def imported() -> Any:
        import dagfactory

        return dagfactory

    def build(library: Any, folder: Path) -> int:
        from airflow.sdk import DAG

        found: dict[str, Any] = {}
        library.load_yaml_dags(globals_dict=found, dags_folder=str(folder))
        return sum(isinstance(value, DAG) and len(value.tasks) == TASKS for value in found.values())

    return imported, build


def dag_factory_python() -> Path:
    """The interpreter of dag-factory's own environment, made once under var/bench."""
    sys.path.insert(0, str(PROJECT / "include"))
    from furrow.config.settings import Settings

    environment = Settings.from_environment().var / "bench" / "dag-factory"
    python = environment / "bin" / "python"
    if not (environment / "ready").exists():
        print("making an environment for dag-factory", file=sys.stderr)
        uv = Path(sys.executable).with_name("uv")
        subprocess.run(
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, environment], check=True
        )
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--no-deps", "--python", python, DAG_FACTORY], check=True
        )
        here, there = (site_packages(Path(root)) for root in (sys.prefix, environment))
        (there / "project.pth").write_text(f"{here}\n")
        (environment / "ready").touch()
    return python


def site_packages(environment: Path) -> Path:
    """Where an environment of this Python keeps its packages."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return environment / "lib" / version / "site-packages"


# --- the answer -------------------------------------------------------------------------------------


def summary(found: dict[str, list[dict[str, float]]], folders: int, rounds: int) -> dict[str, Any]:
    """Milliseconds of CPU per DAG, the median of the rounds, and ours over theirs."""
    result: dict[str, Any] = {
        "folders": folders,
        "rounds": rounds,
        "use_case": f"prompts/{TEMPLATE}, its two llm steps, {TASKS} tasks",
        "dag_factory_dag": f"{TASKS} BashOperators in a row, one YAML file each",
    }
    for name, measured in found.items():
        if any(one["dags"] != folders for one in measured):
            raise SystemExit(f"{name} made {measured[0]['dags']} DAGs of {folders}")
        build = statistics.median(one["build_ms"] for one in measured) / folders
        whole = statistics.median(one["build_ms"] + one["import_ms"] for one in measured) / folders
        result[name] = {"build_ms_per_dag": round(build, 2), "with_import_ms_per_dag": round(whole, 2)}
    for key in ("build_ms_per_dag", "with_import_ms_per_dag"):
        result[f"ratio_{key.removesuffix('_ms_per_dag')}"] = round(
            result["furrow"][key] / result["dag_factory"][key], 2
        )
    return result


def show(result: dict[str, Any]) -> None:
    """For people."""
    print(f"{result['folders']} use cases ({result['use_case']}), median of {result['rounds']} rounds, CPU:")
    for name in ("furrow", "dag_factory"):
        figures = result[name]
        print(
            f"  {name:<12} {figures['build_ms_per_dag']:6.2f} ms a DAG, "
            f"{figures['with_import_ms_per_dag']:6.2f} with the library's import"
        )
    print(f"  ratio        {result['ratio_build']:6.2f}, {result['ratio_with_import']:6.2f} with the import")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--folders", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", nargs=2, metavar=("WHAT", "FOLDER"), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    asked = _arguments()
    if asked.measure:
        print(json.dumps(measured(asked.measure[0], Path(asked.measure[1]))))
    else:
        raise SystemExit(main(asked.json, asked.folders, asked.rounds))
