"""`furrow eval --watch`: at each save the test set again, a first look at once, then the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import typer

from furrow.errors import ConfigError, FurrowError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from furrow.assembly import Deployment
    from furrow.config.use_case import UseCase, Version
    from furrow.engine.record import Work
    from furrow.evaluation.cases import Case
    from furrow.evaluation.scoring import EvalReport


def watch(deployment: Deployment, use_case: str, version: str | None) -> None:
    """Until Ctrl-C. version: None is the newest."""
    watching = Watching(deployment, use_case, version)
    try:
        asyncio.run(watching.run())
    except KeyboardInterrupt:
        typer.echo(f"\nended after {watching.looks} evaluations, {watching.spent()} spent")


class Watching:
    """What was seen so far: the last whole report, the cases that were wrong, and what was spent."""

    def __init__(self, deployment: Deployment, use_case: str, version: str | None):
        self._deployment, self._use_case, self._version = deployment, use_case, version
        self._last: EvalReport | None = None
        self._run_id = f"eval-watch-{uuid4()}"
        self.looks = 0

    def spent(self) -> str:
        """US dollars since the start, in words: what the ledger has of this watch.

        It has what a save or Ctrl-C interrupted, too: such calls are paid for, and no record shows them.
        """
        from furrow.engine.record import add_dollars
        from furrow.terminal import dollars

        try:
            bought = self._deployment.ledger.spent_in_run(self._use_case, self._run_id)
        except StoreUnavailable:
            return "an unknown sum"
        total: float | None = 0.0
        for spending in bought.values():
            total = add_dollars(total, None if spending.unpriced else spending.cost_usd)
        return dollars(total)

    async def run(self) -> None:
        """Evaluate, then wait for a save; a save in the middle begins anew."""
        saves = self._saves()
        saved = asyncio.ensure_future(anext(saves))
        while True:
            looking = asyncio.ensure_future(self._look())
            try:
                await asyncio.wait({looking, saved}, return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:  # Ctrl-C: what is being paid for is waited for and kept
                await _ended(looking)
                raise
            if looking.done():
                await looking
                typer.echo(f"waiting for a save under {self._use_case}/ ({self.spent()} spent; Ctrl-C ends)")
            else:
                typer.echo("saved: beginning anew; what was paid for is kept")
                await _ended(looking)
            await saved
            saved = asyncio.ensure_future(anext(saves))

    async def _saves(self) -> AsyncIterator[Any]:
        from watchfiles import awatch

        prompts = self._deployment.settings.prompts
        async for changes in awatch(prompts / self._use_case, prompts / "models.yaml"):
            yield changes

    async def _look(self) -> None:
        from furrow.evaluation.cases import load_cases

        deployment = self._deployment.anew()
        try:
            use_case = deployment.use_case(self._use_case)
            version = use_case.version(self._version or use_case.newest)
            cases = load_cases(use_case, version)
            await self._evaluate(deployment, use_case, version, cases)
        except ConfigError as error:
            for problem in error.problems:
                typer.echo(str(problem))
        except FurrowError as error:
            typer.echo(f"{type(error).__name__}: {error}")

    async def _evaluate(
        self, deployment: Deployment, use_case: UseCase, version: Version, cases: list[Case]
    ) -> None:
        from furrow.evaluation.first_look import first_cases

        first = first_cases(cases, self._wrong())
        works = await self._works(deployment, use_case, version, first)
        _say_first(self._scored(use_case, version, first, works), self._last)
        seen = {case.id for case in first}
        rest = [case for case in cases if case.id not in seen]
        works += await self._works(deployment, use_case, version, rest)
        self._show(self._scored(use_case, version, cases, works))

    async def _works(
        self, deployment: Deployment, use_case: UseCase, version: Version, cases: Sequence[Case]
    ) -> list[Work]:
        works: list[Work] = []
        if cases:
            todo = [case.work() for case in cases]
            await deployment.run_in_process(use_case, version, todo, works.append, self._run_id)
        return works

    def _scored(
        self, use_case: UseCase, version: Version, cases: list[Case], works: list[Work]
    ) -> EvalReport:
        from furrow.evaluation.cases import are_synthetic
        from furrow.evaluation.scope import Scope
        from furrow.evaluation.scoring import score

        scope = Scope(synthetic=are_synthetic(use_case), at=datetime.now(UTC).replace(microsecond=0))
        return score(cases, works, use_case, version, scope)

    def _wrong(self) -> set[str]:
        last = self._last.judgements if self._last is not None else ()
        return {each.case.id for each in last if not each.verdict.correct}

    def _show(self, report: EvalReport) -> None:
        from rich.console import Console

        from furrow.evaluation.comparison import compare
        from furrow.evaluation.report import render, render_comparison

        console = Console()
        if self._last is None:
            render(report, console)
        else:
            comparison = compare(self._last, report)
            render_comparison(comparison, console)
            if not comparison.changes:
                console.print("nothing that is labelled changed")
        self._last, self.looks = report, self.looks + 1


async def _ended(looking: asyncio.Future[None]) -> None:
    """Stop a look: nothing new is bought, and calls that are on their way are written down."""
    looking.cancel()
    await asyncio.wait({looking})


def _say_first(report: EvalReport, last: EvalReport | None) -> None:
    """One line: the accuracies of the first look, next to those of the same cases before."""
    ids = {each.case.id for each in report.judgements}
    said = []
    for name, field in report.fields.items():
        if field.accuracy is None:
            continue
        before = [
            each.verdict.score
            for each in (last.judgements if last is not None else ())
            if each.field == name and each.case.id in ids
        ]
        was = f" (was {sum(before) / len(before):.2f})" if before else ""
        said.append(f"{name} {field.accuracy:.2f}{was}")
    typer.echo(f"{report.release}: first {report.records} cases: {', '.join(said) or 'nothing is labelled'}")
