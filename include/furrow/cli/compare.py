"""`furrow compare`: versions and models next to each other on the same cases."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from furrow.cli.common import JsonFlag, UseCaseName, open_deployment
from furrow.cli.evaluate import scored
from furrow.terminal import dollars, print_json, progress

if TYPE_CHECKING:
    from furrow.assembly import Deployment
    from furrow.config.use_case import UseCase, Version
    from furrow.evaluation.cases import Case
    from furrow.evaluation.choices import Choices
    from furrow.evaluation.comparison import Comparison
    from furrow.evaluation.scoring import EvalReport

Json = dict[str, Any]
Candidate = tuple["Version", str | None, "list[Case]"]


def compare(
    use_case: UseCaseName,
    versions: Annotated[
        list[str] | None, typer.Argument(metavar="[VERSION]...", help="Default: live and the newest.")
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="ALIAS", help="Ask this model in every llm step; may be repeated."),
    ] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="At most so many cases, the same each time.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Buy without asking.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Accuracy, price and time of versions and models on the test set, and which is worth its money.

    The first one is what the others are compared with, case by case. Answers that are in the ledger are not
    bought again; what has to be bought is said before.
    """
    deployment = open_deployment()
    loaded = deployment.use_case(use_case)
    asked = _candidates(deployment, loaded, versions or [], models or [], sample)
    if not (yes or as_json):
        _ask(deployment, loaded, asked)
    reports = [_report(deployment, loaded, *each) for each in asked]
    _print(reports, as_json)


def _candidates(
    deployment: Deployment, use_case: UseCase, versions: list[str], models: list[str], sample: int | None
) -> list[Candidate]:
    from furrow.config.one_model import with_model
    from furrow.evaluation.cases import load_cases, sampled

    names = versions or list(dict.fromkeys([use_case.live, list(use_case.versions)[-1]]))
    found: list[Candidate] = []
    for name in names:
        version = use_case.version(name)
        cases = load_cases(use_case, version)
        kept = cases if sample is None else sampled(cases, sample)
        for model in _or_own(models):
            asked = with_model(version, model, deployment.models) if model else version
            found.append((asked, model, kept))
    return found


def _or_own(models: list[str]) -> list[str | None]:
    return [*models] if models else [None]


def _ask(deployment: Deployment, use_case: UseCase, asked: list[Candidate]) -> None:
    """Say what it costs, and let the person decide when it costs anything, or nobody knows."""
    from furrow.engine.record import add_dollars

    about: float | None = 0.0
    for version, _, cases in asked:
        with progress(len(cases), f"price of {version.release}") as seen:
            planned = deployment.plan(use_case, version, [case.work() for case in cases], seen)
            about = add_dollars(about, asyncio.run(planned).about_usd)
    typer.echo(f"about {dollars(about)} to spend", err=True)
    if about != 0.0 and not typer.confirm("Go on?", err=True):
        raise typer.Exit(1)


def _report(
    deployment: Deployment, use_case: UseCase, version: Version, model: str | None, cases: list[Case]
) -> EvalReport:
    from furrow.evaluation.cases import are_synthetic
    from furrow.evaluation.scope import Scope

    return scored(deployment, use_case, version, cases, Scope(model=model, synthetic=are_synthetic(use_case)))


def _print(reports: list[EvalReport], as_json: bool) -> None:
    from rich.console import Console

    from furrow.evaluation.choices import choices
    from furrow.evaluation.comparison import compare as compared
    from furrow.evaluation.report import render_comparison

    found, first = choices(reports), reports[0]
    comparisons = [compared(first, report) for report in reports[1:]]
    if as_json:
        print_json({**found.to_json(), "comparisons": [each.to_json() for each in comparisons]})
        return
    console = Console()
    for comparison, row in zip(comparisons, found.rows[1:], strict=True):
        render_comparison(_named(comparison, found.rows[0].name, row.name), console)
    _show(found, console)


def _named(comparison: Comparison, live: str, candidate: str) -> Comparison:
    return comparison.model_copy(update={"live": live, "candidate": candidate})


def _show(found: Choices, console: Any) -> None:
    from rich.table import Table
    from rich.text import Text

    from furrow.evaluation.wording import plain, share

    table = Table(title="Price and quality (* no other is both cheaper and better)", title_justify="left")
    table.add_column("")
    for row in found.rows:
        table.add_column(
            Text(f"{plain(row.name)}{' *' if row.front else ''}"), justify="right", overflow="fold"
        )
    for field in dict.fromkeys(name for row in found.rows for name in row.accuracy):
        table.add_row(Text(plain(field)), *(share(row.accuracy.get(field)) for row in found.rows))
    table.add_section()
    table.add_row("valid", *(share(row.valid_rate) for row in found.rows))
    table.add_row("US dollars per 1,000", *(_figure(row.cost_usd_per_1k) for row in found.rows))
    table.add_row("seconds p95", *(_figure(row.seconds_p95) for row in found.rows))
    console.print(table)
    worth = Table(title="The cheapest that is not shown to be worse than the best", title_justify="left")
    worth.add_column("field · slice")
    worth.add_column("choice", overflow="fold")
    for what, name in found.cheapest.items():
        worth.add_row(Text(plain(what)), Text(plain(name)))
    if len(found.rows) > 1 and found.cheapest:
        console.print(worth)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
