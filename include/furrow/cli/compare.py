"""`furrow compare`: versions and models next to each other on the same cases."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from furrow.cli.common import JsonFlag, UseCaseName, open_deployment
from furrow.cli.evaluate import answered, scored
from furrow.terminal import dollars, print_json, progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from furrow.assembly import Deployment
    from furrow.config.use_case import UseCase, Version
    from furrow.engine.record import Work
    from furrow.evaluation.cases import Case
    from furrow.evaluation.choices import Choices
    from furrow.evaluation.comparison import Comparison
    from furrow.evaluation.scoring import EvalReport
    from furrow.evaluation.side_by_side import SideBySide

Json = dict[str, Any]
Candidate = tuple["Version", str | None]


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
    from_run: Annotated[
        str | None,
        typer.Option("--from-run", metavar="RUN_ID", help="Records that a run fetched, without labels."),
    ] = None,
    by_slice: Annotated[
        bool, typer.Option("--by-slice", help="The table also for each slice of the test set.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Buy without asking.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Accuracy, price and time of versions and models on the test set, and which is worth its money.

    The first one is what the others are compared with, case by case. Answers that are in the ledger are not
    bought again; what has to be bought is said before. With --from-run it is records that a run fetched: how
    often both give the same, and what differs.
    """
    deployment = open_deployment()
    loaded = deployment.use_case(use_case)
    asked = _candidates(deployment, loaded, versions or [], models or [])
    if from_run is not None:
        works = partial(deployment.logged_works, loaded, from_run, sample)
        if not (yes or as_json):
            _ask(deployment, loaded, [(version, works()) for version, _ in asked])
        _print_logged(_logged(deployment, loaded, asked, works), as_json)
        return
    tested = [(version, model, _cases(loaded, version, sample)) for version, model in asked]
    if not (yes or as_json):
        _ask(deployment, loaded, [(each[0], [case.work() for case in each[2]]) for each in tested])
    reports = [_report(deployment, loaded, *each) for each in tested]
    _print(reports, as_json, by_slice)


def _candidates(
    deployment: Deployment, use_case: UseCase, versions: list[str], models: list[str]
) -> list[Candidate]:
    from furrow.config.one_model import with_model

    names = versions or list(dict.fromkeys([use_case.live, use_case.newest]))
    return [
        (with_model(use_case.version(name), model, deployment.models), model)
        if model
        else (use_case.version(name), None)
        for name in names
        for model in _or_own(models)
    ]


def _cases(use_case: UseCase, version: Version, sample: int | None) -> list[Case]:
    from furrow.evaluation.cases import load_cases, sampled

    cases = load_cases(use_case, version)
    return cases if sample is None else sampled(cases, sample)


def _or_own(models: list[str]) -> list[str | None]:
    return [*models] if models else [None]


def _ask(deployment: Deployment, use_case: UseCase, asked: list[tuple[Version, list[Work]]]) -> None:
    """Say what it costs, and let the person decide when it costs anything, or nobody knows."""
    from furrow.engine.record import add_dollars

    about: float | None = 0.0
    for version, works in asked:
        with progress(len(works), f"price of {version.release}") as seen:
            planned = deployment.plan(use_case, version, works, seen)
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


def _logged(
    deployment: Deployment, use_case: UseCase, asked: list[Candidate], works: Callable[[], list[Work]]
) -> list[SideBySide]:
    """Each next to the first."""
    from furrow.evaluation.choices import choice_name
    from furrow.evaluation.side_by_side import side_by_side

    done = []
    for version, model in asked:
        name = choice_name(version.release, model)
        done.append((name, version.result, answered(deployment, use_case, version, works(), name)))
    (name, result, first), *others = done
    return [side_by_side((name, each[0]), (result, each[1]), first, each[2]) for each in others]


def _print_logged(found: list[SideBySide], as_json: bool) -> None:
    if as_json:
        print_json([each.to_json() for each in found])
        return
    from rich.console import Console

    from furrow.evaluation.report import render_side_by_side

    for each in found:
        render_side_by_side(each, Console())


def _print(reports: list[EvalReport], as_json: bool, by_slice: bool) -> None:
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
    _show(found, console, by_slice)


def _named(comparison: Comparison, live: str, candidate: str) -> Comparison:
    return comparison.model_copy(update={"live": live, "candidate": candidate})


def _show(found: Choices, console: Any, by_slice: bool) -> None:
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
    if by_slice:
        table.add_section()
        for place in dict.fromkeys(name for row in found.rows for name in row.slices):
            table.add_row(Text(plain(place)), *(share(row.slices.get(place)) for row in found.rows))
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
