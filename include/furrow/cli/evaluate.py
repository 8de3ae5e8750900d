"""`furrow eval`: how good a version is on the test set."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from furrow.cli.common import JsonFlag, UseCaseName, VersionOption, open_deployment
from furrow.cli.report_page import OpenFlag, open_in_browser, write_page
from furrow.terminal import print_json, progress

if TYPE_CHECKING:
    from furrow.assembly import Deployment
    from furrow.config.use_case import UseCase, Version
    from furrow.engine.record import Work
    from furrow.evaluation.cases import Case
    from furrow.evaluation.scope import Scope
    from furrow.evaluation.scoring import EvalReport


class Split(StrEnum):
    """The parts of a test set."""

    dev = "dev"
    test = "test"


def evaluate(
    use_case: UseCaseName,
    version: VersionOption = None,
    split: Annotated[
        Split | None, typer.Option(help="Only these cases: dev to work with, test to judge by.")
    ] = None,
    slices: Annotated[
        list[str] | None, typer.Option("--slice", metavar="SLICE", help="Only its cases; may be repeated.")
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="SLICE", help="Not its cases, such as injection; may be repeated."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="A sample of at most so many cases, the same each time.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="ALIAS", help="Ask this model in every llm step, to compare models.")
    ] = None,
    as_json: JsonFlag = False,
    html: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="Where the page goes. Default: var/reports/<use case>-<release>.html; --model, --split, "
            "--slice, --without and --limit add to the name.",
        ),
    ] = None,
    no_compare: Annotated[
        bool, typer.Option("--no-compare", help="Without the live version next to it.")
    ] = False,
    open_page: OpenFlag = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Again at each save, until Ctrl-C; of --version, or the newest.")
    ] = False,
) -> None:
    """Run the test set and print the accuracy of each field with its 95 % interval.

    A version that is not live is compared with the live one on the same cases. Answers that are in the ledger
    are not bought again. An HTML page of the report is written as well.
    """
    from rich.console import Console

    from furrow.evaluation.cases import are_synthetic
    from furrow.evaluation.comparison import compare
    from furrow.evaluation.gate import judge
    from furrow.evaluation.page import as_page
    from furrow.evaluation.report import render
    from furrow.evaluation.scope import Scope

    deployment = open_deployment()
    if watch:
        if any((split, slices, without, limit, model, as_json, html, open_page)):
            raise typer.BadParameter("--watch takes --version alone")
        from furrow.cli.watch import watch as watch_it

        watch_it(deployment, use_case, version)
        return
    loaded = deployment.use_case(use_case)
    asked = Scope(
        split=split.value if split else None,
        slices=tuple(slices or ()),
        without=tuple(without or ()),
        model=model,
        synthetic=are_synthetic(loaded),
    )
    report = _report(deployment, loaded, version, asked, limit)
    gate, comparison = loaded.pipeline.evaluate.gate, None
    is_live = model is None and (version or loaded.live) == loaded.live
    if not (is_live or no_compare):
        live = _report(deployment, loaded, None, asked.model_copy(update={"model": None}), limit)
        comparison = compare(live, report, gate.not_worse)
    verdict = judge(report, gate, comparison, first=is_live)
    written = as_page(report, verdict, comparison)
    page = write_page(deployment.settings, html, _page_name(report, limit), written)
    if as_json:
        compared = {"comparison": comparison.to_json()} if comparison is not None else {}
        print_json({**report.to_json(), "gate": verdict.to_json(), **compared, "html": page.place})
    else:
        render(report, Console(), verdict, comparison)
    place = page.written()
    if not as_json:
        typer.echo(f"page: {place}")
    if open_page:
        open_in_browser(place)


def _report(
    deployment: Deployment,
    use_case: UseCase,
    version: str | None,
    asked: Scope,
    limit: int | None,
) -> EvalReport:
    from furrow.config.one_model import with_model
    from furrow.evaluation.cases import load_cases, sampled

    chosen = use_case.version(version)
    of_model = with_model(chosen, asked.model, deployment.models) if asked.model else chosen
    found = load_cases(use_case, chosen, asked.split, asked.slices, asked.without)
    cases = found if limit is None else sampled(found, limit)
    sampled_from = len(found) if len(cases) < len(found) else None
    now = datetime.now(UTC).replace(microsecond=0)
    scope = asked.model_copy(update={"sampled_from": sampled_from, "at": now})
    return scored(deployment, use_case, of_model, cases, scope)


def scored(
    deployment: Deployment, use_case: UseCase, version: Version, cases: list[Case], scope: Scope
) -> EvalReport:
    """The version on these cases, in this process, with a progress bar."""
    from furrow.evaluation.scoring import score

    works = answered(deployment, use_case, version, [case.work() for case in cases], version.release)
    return score(cases, works, use_case, version, scope)


def answered(
    deployment: Deployment, use_case: UseCase, version: Version, todo: list[Work], name: str
) -> list[Work]:
    """All steps on these works, in this process, with a progress bar of that name."""
    works: list[Work] = []
    with progress(len(todo), f"{use_case.name} {name}") as seen:

        def keep(work: Work) -> None:
            works.append(work)
            seen()

        asyncio.run(deployment.run_in_process(use_case, version, todo, keep))
    return works


def _page_name(report: EvalReport, limit: int | None) -> list[str | None]:
    scope = report.scope
    parts = [report.use_case, report.release, scope.model, scope.split, *scope.slices]
    parts += [f"without_{name}" for name in scope.without]
    return [*parts, *([f"sample{limit}"] if scope.sampled_from else [])]
