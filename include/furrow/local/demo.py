"""`make demo`: the main job on the embedded default, and what came out of it.

Sample records go into the Kafka topic, Airflow runs the DAG, and what is shown at the end is read from
the systems: states from Airflow, calls from the ledger, features from the online store. Then the second act,
`live`: events of a use case that streams.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import Deployment, open_run
from furrow.config.loader import use_case_folders
from furrow.config.settings import Settings
from furrow.config.use_case import UseCase
from furrow.engine.record import Outcome, Work
from furrow.errors import LocalFailed
from furrow.local import airflow, broker, connections, live, supervisor
from furrow.local.airflow import AirflowApi
from furrow.local.parts import MODELS, PARTS
from furrow.local.progress import Progress
from furrow.terminal import print_json

Json = dict[str, Any]
_PATIENCE_SECONDS = 1200.0
_SHOWN = 8


@dataclass(frozen=True)
class DemoRun:
    """One finished DAG run of the demo, as the systems tell it."""

    use_case: UseCase
    run_id: str
    state: str
    works: list[Work]
    summary: Json


def run_demo(
    settings: Settings,
    names: Sequence[str],
    records: int,
    as_json: bool,
    progress: Progress,
    events: int = 6,
    end_progress: Callable[[], None] = lambda: None,
) -> int:
    """Run the demo and show it; 0 when every run succeeded and every accepted feature was read back.

    names: the use cases, all that have samples when there are none. records: of each. events: of the use
    case that streams, one by one, in the second act; each has to be answered. end_progress: called before
    anything else is shown on the terminal.
    """
    chosen = names or [folder.name for folder in _with_samples(settings.prompts)]
    supervisor.up(settings, _parts(settings, chosen), progress)
    found = connections.environment(settings)
    deployment = Deployment(settings, EnvironmentConnections(found))
    deployment.apply_features()
    with AirflowApi.local(settings) as api:
        runs = [_run(deployment, api, name, records, progress) for name in chosen]
        address = api.url
    if not as_json:
        end_progress()
        _show(runs)
    answered = _second_act(deployment, [run.use_case for run in runs], records, events, as_json, progress)
    content = {
        "use_cases": {run.use_case.name: run.summary for run in runs},
        "stream": [one.to_json() for one in answered],
        "airflow_url": address,
    }
    _write(settings.var / "demo" / "summary.json", content)
    if as_json:
        print_json(content)
    else:
        _show_where(address, airflow.login(settings), settings)
    return 0 if all(_well(run) for run in runs) and all(one.done for one in answered) else 1


def _parts(settings: Settings, names: Sequence[str]) -> list[str]:
    """Of the embedded default what these use cases need: models that nobody asks stay down."""
    deployment = Deployment(settings, EnvironmentConnections({}))
    asked = {
        alias
        for version in (deployment.use_case(name).version() for name in names)
        for step in version.steps
        for alias in [
            *step.aliases,
            *(other for own in step.aliases for other in version.catalogue[own].fallback),
        ]
    }
    return [part for part in PARTS if part not in MODELS or part in asked]


def _second_act(
    deployment: Deployment,
    use_cases: Sequence[UseCase],
    records: int,
    events: int,
    as_json: bool,
    progress: Progress,
) -> list[live.Answered]:
    """The samples that the first act left, as events of the use case that streams. Nothing without one."""
    use_case = live.streaming(use_cases) if events else None
    if use_case is None:
        return []
    messages = list(islice(_messages(use_case, records + events), records, None))
    messages = messages or list(_messages(use_case, events))
    table = not as_json and sys.stdout.isatty()
    environment = connections.environment(deployment.settings)
    return live.play(deployment, use_case, messages, environment, progress, table)


def _well(run: DemoRun) -> bool:
    return run.state == "success" and run.summary["features_read_back"] == run.summary["accepted"] > 0


def _with_samples(prompts: Path) -> list[Path]:
    return [folder for folder in use_case_folders(prompts) if (folder / "sample.jsonl").exists()]


def _run(deployment: Deployment, api: AirflowApi, name: str, records: int, progress: Progress) -> DemoRun:
    use_case = deployment.use_case(name)
    produced = _produce(deployment, use_case, records)
    progress.report(name, f"{produced} records in the topic, waiting for the DAG")
    api.wait_for_dag(name)
    api.unpause(name)
    run_id = api.trigger(name)
    state = api.wait_for_run(name, run_id, _PATIENCE_SECONDS, tick=_told(name, progress))
    progress.report(name, f"ready: {state}")
    with open_run(name, run_id, deployment.connections, deployment.settings) as batch:
        works = list(batch.results()) if state == "success" else []
    return DemoRun(use_case, run_id, state, works, _summary(deployment, use_case, run_id, state, works))


def _told(name: str, progress: Progress) -> Callable[[list[airflow.TaskInstance]], None]:
    def tell(tasks: list[airflow.TaskInstance]) -> None:
        running = sorted({task.task_id.rpartition(".")[2] for task in tasks if task.state == "running"})
        done = sum(task.state == "success" for task in tasks)
        progress.report(name, f"{done} of {len(tasks)} tasks done, running: {', '.join(running) or '–'}")

    return tell


def _produce(deployment: Deployment, use_case: UseCase, most: int) -> int:
    """Put the sample records of a use case into its topic."""
    source = use_case.pipeline.source.kafka
    if source is None:
        raise LocalFailed(f"{use_case.name} does not read from Kafka")
    address = deployment.connections.get(source.connection).extra["bootstrap.servers"]
    for topic in (source, use_case.pipeline.publish.kafka):
        if topic is not None:
            broker.create_topic(address, topic.topic)
    return broker.produce(address, source.topic, _messages(use_case, most))


def _messages(use_case: UseCase, most: int) -> Iterator[broker.Message]:
    """The first sample records, moved in time so that the newest was written a minute ago."""
    fields = use_case.pipeline.record
    with (use_case.folder / "sample.jsonl").open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in islice(lines, most)]
    times = [datetime.fromisoformat(record[fields.time]) for record in records]
    shift = datetime.now(times[0].tzinfo) - timedelta(minutes=1) - max(times)
    for record, time in zip(records, times, strict=True):
        moved = (time + shift).replace(microsecond=0)
        yield broker.Message(record[fields.key], {**record, fields.time: moved.isoformat()}, moved)


def _summary(deployment: Deployment, use_case: UseCase, run_id: str, state: str, works: list[Work]) -> Json:
    bought = deployment.ledger.spent_in_run(use_case.name, run_id)
    outcomes = [work.outcome for work in works]
    return {
        "records": len(works),
        **{str(outcome): outcomes.count(outcome) for outcome in Outcome},
        "steps": {
            step.name: {
                "model": _models(works, step.name),
                "calls": bought[step.name].calls if step.name in bought else 0,
                "cost_usd": bought[step.name].cost_usd if step.name in bought else 0.0,
            }
            for step in use_case.version().steps
        },
        "dag_run_state": state,
        "features_read_back": _read_back(deployment, use_case, works),
    }


def _models(works: list[Work], step: str) -> str | None:
    used = sorted({trace.model for work in works if (trace := work.traces.get(step)) and trace.model})
    return ", ".join(used) or None


def _read_back(deployment: Deployment, use_case: UseCase, works: list[Work]) -> int:
    """How many keys have, in the online store, exactly the values that were accepted last for them."""
    accepted: dict[str, Work] = {}
    for work in works:
        if work.outcome is Outcome.ACCEPTED:
            accepted[work.record.key] = work
    stored = deployment.features(use_case, use_case.version()).read(list(accepted))
    return sum(_same(work, stored.get(key)) for key, work in accepted.items())


def _same(work: Work, stored: Json | None) -> bool:
    assert work.result is not None
    return stored is not None and all(stored.get(name) == value for name, value in work.result.items())


def _write(path: Path, content: Json) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _show(runs: list[DemoRun]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for run in runs:
        fields = list(run.use_case.version().file.result)
        table = Table("key", *fields, title=f"{run.use_case.name} · {run.state}")
        for work in [work for work in run.works if work.result][:_SHOWN]:
            table.add_row(work.record.key, *(_cell((work.result or {})[field]) for field in fields))
        console.print(table)
        console.print(_counts(run), markup=False)


def _show_where(address: str, login: tuple[str, str], settings: Settings) -> None:
    from rich.console import Console

    console = Console()
    user, password = login
    console.print(f"\nSummary   {settings.var / 'demo' / 'summary.json'}", markup=False)
    console.print(f"Airflow   {address}   user {user}   password {password}", markup=False)
    console.print(
        f"Pages     {address}/plugin/furrow   success, cost and quality of each use case", markup=False
    )
    console.print("Trigger the DAG there, or `make demo` once more: nothing is bought twice. End: make down")


def _counts(run: DemoRun) -> str:
    summary = run.summary
    steps = summary["steps"].items()
    calls = ", ".join(f"{name} {step['calls']} calls" for name, step in steps if step["model"])
    ends = ", ".join(f"{summary[outcome]} {outcome}" for outcome in Outcome)
    return (
        f"{summary['records']} records: {ends}; bought now: {calls or 'nothing'}; "
        f"features read back: {summary['features_read_back']}"
    )


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "–" if value is None else str(value)
