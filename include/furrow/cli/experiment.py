"""`furrow experiment`: what two versions beside each other show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from furrow.cli.common import JsonFlag, UseCaseName, open_deployment
from furrow.cli.ledger import DryRun, age_or_default
from furrow.terminal import print_json, progress

if TYPE_CHECKING:
    from furrow.batch.experiment_retention import GoingOn
    from furrow.batch.experimenting import Look
    from furrow.batch.outcomes import OutcomesRead
    from furrow.engine.arms import Arm
    from furrow.evaluation.experiment import Analysis
    from furrow.store.experiment_retention import ExperimentPruning
    from furrow.store.exposures import ArmValues

experiment_app = typer.Typer(
    no_args_is_help=True,
    help="Two versions beside each other on live records, compared by what people do with the results:"
    " `experiment` in pipeline.yaml, with its `outcomes`.",
)
_NAMED = 10
OlderThan = Annotated[
    str | None,
    typer.Option(
        metavar="DURATION", help="No new unit for so long: 90d, 12h. Default: FURROW_RETENTION_DAYS days."
    ),
]


@experiment_app.command("show")
def show(
    use_case: UseCaseName,
    read: Annotated[
        bool, typer.Option("--read/--no-read", help="Read the outcomes that came since, first.")
    ] = True,
    as_json: JsonFlag = False,
) -> None:
    """Read new outcomes, and say whether the candidate is better, worse, or neither yet.

    Look as often as you like: the answer comes from an interval that is valid at each look. Exit code 1 when
    the arms do not have the units that were drawn for them, and the effect says nothing.
    """
    experimenting = open_deployment().experiment(use_case)
    with progress(None, f"{use_case} outcomes") as seen:
        look = experimenting.look(read, seen)
    if as_json:
        print_json(look.to_json())
    else:
        _show(look)
    raise typer.Exit(1 if look.alarm else 0)


@experiment_app.command("prune")
def prune(
    use_case: Annotated[
        str | None, typer.Argument(metavar="[USE_CASE]", help="Default: every one that has a folder.")
    ] = None,
    older_than: OlderThan = None,
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Delete units and outcomes of experiments that are over and had no new unit for long.

    Over is an experiment that is no longer that of pipeline.yaml: taken out, another candidate or salt,
    another live release, or its candidate is live. One that goes on is kept with every outcome that counts
    for it, also while a canary goes before it. A use case without a folder is pruned only by its name.
    """
    from furrow.batch.experiment_retention import GoingOn, going_on
    from furrow.store.experiment_retention import ExperimentRetention

    deployment = open_deployment()
    retention = ExperimentRetention(deployment.database)
    age = age_or_default(older_than, deployment.settings)
    with_data = retention.use_cases()
    if use_case in with_data and not (deployment.settings.prompts / use_case).exists():
        known = GoingOn({use_case: None})
    else:
        known = going_on([use_case] if use_case else with_data, deployment.use_case)
    pruning = retention.prune(known.experiments, age, dry_run=dry_run)
    if as_json:
        print_json({**asdict(pruning), "left": known.unknown, "dry_run": dry_run})
    else:
        _show_pruning(pruning, known, dry_run)


def _show(look: Look) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    analysis, console = look.analysis, Console()
    table = Table("arm", "release", "drawn", "units", "not 0", "mean of a unit")
    table.add_row(*_row(look.live, 1 - analysis.share, analysis.live))
    table.add_row(*_row(look.candidate, analysis.share, analysis.candidate))
    for line in _read_lines(look.read):
        console.print(Text(line))
    console.print(table)
    for line in _effect_lines(analysis):
        console.print(Text(line))
    console.print(Text(look.sentence, style="bold"))
    console.print(Text(f"next: {look.next_step}"))


def _row(arm: Arm, share: float, values: ArmValues) -> tuple[str, ...]:
    return arm.name, arm.release, f"{share:.0%}", f"{values.units}", f"{values.active}", f"{values.mean:.4g}"


def _read_lines(read: OutcomesRead | None) -> Iterator[str]:
    if read is None:
        return
    yield f"outcomes: {read.read} read, {read.new} of them new; {read.unread} lines could not be read"
    for place, why in read.named[:_NAMED]:
        yield f"  {place}: {why}"
    if read.unread > _NAMED:
        yield f"  and {read.unread - _NAMED} more; --json names them"


def _effect_lines(analysis: Analysis) -> Iterator[str]:
    yield f"units are as drawn with p = {analysis.mismatch_p:.3g}"
    effect = analysis.effect
    if effect is not None:
        relative = f", {effect.relative:+.1%} of live" if effect.relative is not None else ""
        yield f"candidate minus live: {effect.difference:+.4g} per unit{relative}"
        yield "  95 %, valid at every look:   {:+.4g} to {:+.4g}".format(*effect.always)
        yield "  95 %, for one planned look:  {:+.4g} to {:+.4g}".format(*effect.fixed)


def _show_pruning(pruning: ExperimentPruning, known: GoingOn, dry_run: bool) -> None:
    from furrow.evaluation.wording import plain

    verb, moment = "would go" if dry_run else "deleted", f"{pruning.before:%Y-%m-%d %H:%M UTC}"
    units = sum(each.units for each in pruning.experiments)
    typer.echo(
        f"before {moment}: {len(pruning.experiments)} experiments with {units:,} units, and"
        f" {pruning.outcomes:,} outcomes {verb}"
    )
    for each in pruning.experiments:
        last = f"{each.units:,} units, the last new one on {each.last:%Y-%m-%d}"
        typer.echo(f"  {each.use_case} {plain(each.experiment)}: {last}")
    for name, why in known.unknown.items():
        typer.echo(f"left alone: {name}: {why}")
    if pruning.pinned_by:
        typer.echo(f"what is newer is kept for a run that is not over: {pruning.pinned_by}")
