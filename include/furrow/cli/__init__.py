"""The `furrow` command. Exit codes: 0 ok, 1 input, config or surroundings at fault, 2 wrong usage."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from furrow.cli.budget import budget_app
from furrow.cli.common import JsonFlag, UseCaseName, VersionOption, open_deployment
from furrow.cli.compare import compare
from furrow.cli.dead_letters import dead_letters_app
from furrow.cli.digest import digest
from furrow.cli.drift import drift
from furrow.cli.evaluate import evaluate
from furrow.cli.experiment import experiment_app
from furrow.cli.exporting import export_telemetry
from furrow.cli.ledger import ledger_app
from furrow.cli.plan import plan
from furrow.cli.release import release_app
from furrow.cli.stream import stream
from furrow.config.settings import Settings
from furrow.errors import ConfigError, FurrowError
from furrow.terminal import print_json, progress, show_check, show_status, show_summary

if TYPE_CHECKING:
    from furrow.engine.record import Work

app = typer.Typer(
    name="furrow",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="LLM pipelines on Apache Airflow: one folder of YAML and prompts per use case.\n\n"
    "Start with [bold]furrow new my_case[/], then [bold]furrow check[/], [bold]furrow up[/] and "
    "[bold]furrow eval my_case[/].",
)
features_app = typer.Typer(
    no_args_is_help=True, help="The feature store: create its views, read features back."
)
bench_app = typer.Typer(no_args_is_help=True, help="Measure: both sides in one go, with a ratio.")
app.add_typer(features_app, name="features")
app.add_typer(bench_app, name="bench")
app.add_typer(budget_app, name="budget")
app.add_typer(ledger_app, name="ledger")
app.add_typer(dead_letters_app, name="dead-letters")
app.add_typer(release_app, name="release")
app.add_typer(experiment_app, name="experiment")


@app.command()
def check(
    use_cases: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Default: all.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Load use cases and print every problem as [bold]path:line: what is wrong; what to do[/]."""
    from furrow.config.check import check_all
    from furrow.config.schemas import stale_schemas
    from furrow.evaluation.authored import check_records

    settings = Settings.from_environment()
    rows = check_all(settings.prompts, use_cases or [], [check_records])
    _add_changed_releases(settings, rows)
    stale = [f"{path}: run `furrow schemas`" for path in stale_schemas(settings.prompts)]
    stale += _stale_features(settings)
    if as_json:
        print_json({"use_cases": rows, "stale": stale})
    else:
        show_check(rows, stale)
    raise typer.Exit(1 if stale or any(row["problems"] for row in rows) else 0)


@app.command()
def schemas() -> None:
    """Write the JSON Schemas that editors complete from, next to the use cases."""
    from furrow.config.schemas import write_schemas

    for path in write_schemas(Settings.from_environment().prompts):
        typer.echo(f"  {path}")


@app.command()
def run(
    use_case: UseCaseName,
    source: Annotated[
        Path, typer.Option("--input", exists=True, dir_okay=False, help="Records: .jsonl, .csv or .parquet.")
    ],
    output: Annotated[
        Path,
        typer.Option("--output", dir_okay=False, help="One JSON line per record, rejected ones included."),
    ],
    version: VersionOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many records.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Run all steps on a file, without Airflow. What the ledger has is not bought again."""
    import asyncio

    from furrow.batch.in_process import as_line
    from furrow.engine.telemetry import ended
    from furrow.store.run_store import open_output

    export_telemetry(f"{use_case}/run")
    if source.resolve() == output.resolve():
        raise typer.BadParameter("it would overwrite the input", param_hint="--output")
    deployment = open_deployment()
    loaded = deployment.use_case(use_case)
    chosen = loaded.version(version)
    works = deployment.file_works(loaded, source, limit)
    with progress(limit, f"{use_case} {chosen.release}") as seen, open_output(output) as lines:

        def keep(work: Work) -> None:
            lines.write(as_line(work, chosen.release))
            ended(use_case, chosen.release, work)
            seen()

        summary = asyncio.run(deployment.run_in_process(loaded, chosen, works, keep))
    if as_json:
        print_json(summary.to_json())
    else:
        show_summary(summary.to_json(), str(output))
    none_passed = summary.outcomes.total() and not summary.outcomes["accepted"]
    raise typer.Exit(1 if summary.outcomes["failed"] or none_passed else 0)


app.command()(plan)


app.command()(stream)


app.command(name="eval")(evaluate)
app.command()(compare)
app.command()(drift)
app.command()(digest)


@app.command()
def new(use_case: Annotated[str, typer.Argument(metavar="USE_CASE", help="Name: a-z, 0-9 and _.")]) -> None:
    """Make a folder with a working example inside; it passes [bold]furrow check[/] as it is."""
    from furrow.config.scaffold import new_use_case

    for path in new_use_case(Settings.from_environment().prompts, use_case):
        typer.echo(f"  {path}")
    typer.echo(f"\nNext: furrow check {use_case} · furrow up · furrow eval {use_case}")


@app.command()
def up(
    parts: Annotated[
        list[str] | None, typer.Argument(metavar="[PART]...", help="Default: all of broker, models, Airflow.")
    ] = None,
) -> None:
    """Start the embedded default: model servers, Kafka broker, Airflow, all on 127.0.0.1."""
    from furrow.local.parts import PARTS
    from furrow.local.progress import Shown
    from furrow.local.supervisor import status as status_of
    from furrow.local.supervisor import up as start

    settings = Settings.from_environment()
    with Shown() as shown:
        start(settings, tuple(parts or PARTS), progress=shown)
    show_status(status_of(settings))


@app.command()
def down() -> None:
    """End the embedded default, every process of it."""
    from furrow.local.supervisor import down as stop

    stop(Settings.from_environment())


@app.command()
def status(as_json: JsonFlag = False) -> None:
    """What of the embedded default runs, where, since when."""
    from furrow.local.supervisor import status as look

    parts = look(Settings.from_environment())
    if as_json:
        print_json([asdict(part) for part in parts])
    else:
        show_status(parts)


@app.command()
def demo(
    use_cases: Annotated[
        list[str] | None, typer.Argument(metavar="[USE_CASE]...", help="Only these. Default: all.")
    ] = None,
    records: Annotated[int, typer.Option(min=1, help="Sample records of each use case.")] = 3,
    stream: Annotated[bool, typer.Option(help="Then events in real time, one by one.")] = True,
    as_json: JsonFlag = False,
) -> None:
    """The main job on the embedded default: records into Kafka, the DAG runs, features read back.

    After that, events of a use case that streams, with the result of each and its seconds.
    """
    from furrow.local.demo import run_demo
    from furrow.local.progress import Shown

    with Shown() as shown:
        code = run_demo(
            Settings.from_environment(),
            use_cases or (),
            records,
            as_json,
            shown,
            events=6 if stream else 0,
            end_progress=shown.end_bars,
        )
    raise typer.Exit(code)


@features_app.command("apply")
def features_apply() -> None:
    """Create or update the feature views of every use case that publishes features."""
    for view in open_deployment().apply_features():
        typer.echo(f"  {view}")


@features_app.command("get")
def features_get(
    use_case: UseCaseName,
    keys: Annotated[list[str], typer.Argument(metavar="KEY...", help="Record keys.")],
) -> None:
    """Read features from the online store, as JSON. Keys without features are left out."""
    deployment = open_deployment()
    loaded = deployment.use_case(use_case)
    print_json(deployment.features(loaded, loaded.version()).read(keys))


def _register_bench(name: str, text: str) -> None:
    def bench(context: typer.Context, as_json: JsonFlag = False) -> None:
        _run_bench(name, as_json, *context.args)

    bench.__doc__ = text
    further = {"allow_extra_args": True, "ignore_unknown_options": True}  # the script has options of its own
    bench_app.command(name, context_settings=further)(bench)


_register_bench("canary", "1,000 canaries under guards.drift: false trips, shifts that are caught.")
_register_bench("classify", "Labels that examples of the classify steps teach: letters, vectors too.")
_register_bench("drift", "Months of hourly drift checks: false alarms, hours until a change is found.")
_register_bench("engine", "Calls a second and CPU per call: engine, bare HTTP client, pydantic-ai Agent.")
_register_bench("experiments", "1,000 simulated A/B experiments looked at daily: false claims, power, days.")
_register_bench("feast_import", "CPU seconds of a process that publishes: Feast as it is, and unchecked.")
_register_bench("gates", "1,000 simulated gates: wrong promotions, drops that are stopped.")
_register_bench("ledger", "A ledger of 1,000,000 rows: milliseconds to look up, claim and record.")
_register_bench("lookup", "Look-ups a second in 100,000 places, next to a scan of the region.")
_register_bench("pages", "Milliseconds of each page with 1,000,000 calls and 200 use cases.")
_register_bench("parse", "200 use-case folders into DAGs, next to dag-factory.")
_register_bench("rerun", "Calls bought and expected when a run is cleared, killed, changed or doubled.")
_register_bench("retrieve", "The right notice for each question: full text, vectors, both.")
_register_bench("rollback", "Seconds that a release still answers after it was rolled back.")
_register_bench("two_models", "Both local models at once: threads that spin while they wait, or sleep.")
_register_bench("writers", "How long buyers wait for a crowded ledger on SQLite: busy timeout, turns.")


@bench_app.command("stream")
def bench_stream(
    as_json: JsonFlag = False,
    seconds: Annotated[float, typer.Option(min=1, help="Of each latency measurement.")] = 20.0,
    events: Annotated[int, typer.Option(min=0, help="Of the memory measurement; 0: leave it out.")] = 100_000,
    stock: Annotated[
        int, typer.Option(min=0, help="Also so many events on Airflow alone, as 30; 0: leave it out.")
    ] = 0,
    handover: Annotated[
        int, typer.Option(min=0, help="Only this: so many turns on each broker, as 6; 0: all the others.")
    ] = 0,
) -> None:
    """Latency that a stream adds, its highest rate and memory; or how long a hand-over is without results."""
    asked = {"--seconds": seconds, "--events": events, "--stock": stock, "--handover": handover}
    _run_bench("stream", as_json, *(str(word) for pair in asked.items() for word in pair))


def _run_bench(name: str, as_json: bool, *arguments: str) -> None:
    script = Settings.from_environment().home / "bench" / f"{name}.py"
    command = [sys.executable, str(script), *(["--json"] if as_json else []), *arguments]
    raise typer.Exit(subprocess.run(command, check=False).returncode)  # noqa: S603


def main() -> None:
    """The entry point: an error of ours is one message on stderr and exit code 1, never a traceback."""
    try:
        app()
    except ConfigError as error:
        _fail(*map(str, error.problems))
    except FurrowError as error:
        _fail(str(error))


def _add_changed_releases(settings: Settings, rows: list[dict[str, Any]]) -> None:
    """Add what was released and has changed since to the problems; nothing before there is a database."""
    from furrow.assembly import Deployment
    from furrow.store.database import exists
    from furrow.store.promotion import changed_since

    if not exists(settings.database):
        return
    deployment = Deployment(settings)
    for row in rows:
        if row["releases"]:
            loaded = deployment.use_case(row["use_case"])
            row["problems"] += changed_since(loaded, deployment.releases.history(loaded.name))


def _stale_features(settings: Settings) -> list[str]:
    """The generated Feast definitions, when there are some and the use cases say something else now.

    While a folder is broken there is nothing to compare with; its own problems are told.
    """
    from furrow.adapters.feature_repository import is_current
    from furrow.config.loader import load_all
    from furrow.config.use_case import Broken

    definitions = settings.features / "definitions.py"
    if not definitions.exists():
        return []
    loaded = load_all(settings.prompts)
    if any(isinstance(entry, Broken) for entry in loaded) or is_current(loaded, settings.features):
        return []
    return [f"{definitions}: run `furrow features apply`"]


def _fail(*lines: str) -> None:
    for line in lines:
        typer.echo(f"furrow: {line}", err=True)
    raise SystemExit(1)
