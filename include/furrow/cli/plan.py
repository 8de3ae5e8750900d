"""`furrow plan`: what a run would buy."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from furrow.cli.common import JsonFlag, UseCaseName, VersionOption, open_deployment
from furrow.terminal import dollars, print_json, progress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from furrow.assembly import Deployment
    from furrow.config.use_case import UseCase
    from furrow.engine.plan import Plan
    from furrow.engine.record import Work


def plan(
    use_case: UseCaseName,
    source: Annotated[
        Path | None,
        typer.Option("--input", exists=True, dir_okay=False, help="Records: .jsonl, .csv or .parquet."),
    ] = None,
    from_run: Annotated[
        str | None, typer.Option("--from-run", metavar="RUN_ID", help="The records that a run fetched.")
    ] = None,
    version: VersionOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many records.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Say what a run would buy, before anything is bought: calls, tokens and price of each step.

    Calls whose answers are in the ledger are free. No model is asked, and no connection is needed.
    """
    if (source is None) == (from_run is None):
        raise typer.BadParameter("name one: --input FILE or --from-run RUN_ID")
    deployment = open_deployment()
    loaded = deployment.use_case(use_case)
    chosen = loaded.version(version)
    with progress(limit, f"{use_case} {chosen.release}") as seen:
        works = _works(deployment, loaded, source, from_run, limit)
        found = asyncio.run(deployment.plan(loaded, chosen, works, seen))
    if as_json:
        print_json(found.to_json())
    else:
        _show(found)


def _works(
    deployment: Deployment, use_case: UseCase, source: Path | None, run_id: str | None, limit: int | None
) -> Iterable[Work]:
    if source is not None:
        return deployment.file_works(use_case, source, limit)
    assert run_id is not None
    return deployment.logged_works(use_case, run_id, limit)


def _show(found: Plan) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(
        "step", "model", "in the ledger", "to buy", "input tokens", "output tokens", "about", "most"
    )
    for name, step in found.steps.items():
        counts = (step.known, step.new + step.behind, step.input_tokens, step.output_tokens)
        shown = (f"{count:,}" for count in counts)
        models = ", ".join(step.models) or "–"
        table.add_row(name, models, *shown, dollars(step.about_usd), dollars(step.most_usd))
    console.print(table)
    console.print(
        f"{found.release}: {found.records:,} records, {found.complete:,} need no call, "
        f"{found.rejected:,} cannot pass; about {dollars(found.about_usd)} to spend",
        markup=False,
    )
    console.print("Re-asks and escalations come on top; nothing was bought.")
