"""`furrow compare`: versions and models next to each other on the same cases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from furrow.cli.common import JsonFlag, UseCaseName, open_deployment
from furrow.cli.evaluate import answered, scored
from furrow.cli.report_page import OpenFlag, open_in_browser, said, write_page
from furrow.terminal import dollars, print_json, progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from furrow.assembly import Deployment
    from furrow.cli.report_page import Page
    from furrow.config.use_case import UseCase, Version
    from furrow.engine.covering import Kinds
    from furrow.engine.record import Work
    from furrow.evaluation.cases import Case
    from furrow.evaluation.choices import Choices
    from furrow.evaluation.comparison import Comparison
    from furrow.evaluation.scoring import EvalReport
    from furrow.evaluation.side_by_side import SideBySide

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
    html: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="Where the page goes. Default: var/reports/<use case>-compare-<releases and models>.html; "
            "--sample, --by-slice and --from-run add to the name.",
        ),
    ] = None,
    open_page: OpenFlag = False,
) -> None:
    """Accuracy, price and time of versions and models on the test set, and which is worth its money.

    The first one is what the others are compared with, case by case. Answers that are in the ledger are not
    bought again; what has to be bought is said before. With --from-run it is records that a run fetched: how
    often both give the same, and what differs. An HTML page of it is written as well.
    """
    deployment = open_deployment()
    loaded = deployment.use_case(use_case)
    asked = _candidates(deployment, loaded, versions or [], models or [])
    names = [use_case, "compare", *dict.fromkeys(each[0].release for each in asked), *(models or [])]
    names += [f"sample{sample}"] if sample is not None else []
    write = partial(write_page, deployment.settings, html)
    if from_run is not None:
        works = partial(deployment.logged_works, loaded, from_run, sample)
        if not (yes or as_json):
            _ask(deployment, loaded, [(version, works()) for version, _ in asked])
        write = partial(write, [*names, from_run])
        place = _logged(deployment, loaded, asked, works, from_run, as_json, write).written()
        typer.echo(said(deployment.settings, place), err=as_json)  # the JSON is a list: no place for it
    else:
        tested = [(version, model, *_cases(loaded, version, sample)) for version, model in asked]
        if not (yes or as_json):
            _ask(deployment, loaded, [(each[0], [case.work() for case in each[2]]) for each in tested])
        reports = [_report(deployment, loaded, *each) for each in tested]
        write = partial(write, [*names, "by-slice" if by_slice else None])
        place = _tested(reports, as_json, by_slice, write).written()
        if not as_json:
            typer.echo(said(deployment.settings, place))
    if open_page:
        open_in_browser(place)


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


def _cases(use_case: UseCase, version: Version, sample: int | None) -> tuple[list[Case], int]:
    """The cases, and how many there were to draw from."""
    from furrow.evaluation.cases import load_cases, sampled

    cases = load_cases(use_case, version)
    return (cases if sample is None else sampled(cases, sample)), len(cases)


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
    deployment: Deployment,
    use_case: UseCase,
    version: Version,
    model: str | None,
    cases: list[Case],
    drawn_from: int,
) -> EvalReport:
    from furrow.evaluation.cases import are_synthetic
    from furrow.evaluation.scope import Scope

    scope = Scope(
        sampled_from=drawn_from if len(cases) < drawn_from else None,
        model=model,
        synthetic=are_synthetic(use_case),
        at=datetime.now(UTC).replace(microsecond=0),
    )
    return scored(deployment, use_case, version, cases, scope)


def _logged(
    deployment: Deployment,
    use_case: UseCase,
    asked: list[Candidate],
    works: Callable[[], list[Work]],
    run_id: str,
    as_json: bool,
    write: Callable[[str], Page],
) -> Page:
    """Each next to the first, on what a run fetched; printed, and as a page."""
    from furrow.evaluation.comparison_page import as_logged_page

    found = _side_by_side(deployment, use_case, asked, works)
    records = {work.record.key: work.record.data for work in works()}
    page = write(
        as_logged_page(use_case.name, run_id, found, records, _kinds(deployment, use_case, asked, run_id))
    )
    _print_logged(found, as_json)
    return page


def _kinds(deployment: Deployment, use_case: UseCase, asked: list[Candidate], run_id: str) -> Kinds:
    """What the page covers: by the rule of what is compared, and of what the run was of."""
    from furrow.engine.covering import kinds_of

    ran = map(use_case.released, deployment.logged_releases(use_case, run_id))
    return kinds_of([*(version for version, _ in asked), *ran])


def _side_by_side(
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


def _tested(reports: list[EvalReport], as_json: bool, by_slice: bool, write: Callable[[str], Page]) -> Page:
    """Printed, and as a page."""
    from furrow.evaluation.choices import choices
    from furrow.evaluation.comparison import compare as compared
    from furrow.evaluation.comparison_page import as_comparison_page

    found = choices(reports)
    comparisons = [compared(reports[0], report) for report in reports[1:]]
    page = write(as_comparison_page(reports, found, comparisons, by_slice))
    if as_json:
        print_json(
            {**found.to_json(), "comparisons": [each.to_json() for each in comparisons], "html": page.place}
        )
    else:
        _print(found, comparisons, by_slice)
    return page


def _print(found: Choices, comparisons: list[Comparison], by_slice: bool) -> None:
    from rich.console import Console

    from furrow.evaluation.choices_table import render_choices
    from furrow.evaluation.report import render_comparison

    console = Console()
    for comparison, row in zip(comparisons, found.rows[1:], strict=True):
        names = {"live": found.rows[0].name, "candidate": row.name}
        render_comparison(comparison.model_copy(update=names), console)
    render_choices(found, console, by_slice)
