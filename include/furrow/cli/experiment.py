"""`furrow experiment`: what two versions beside each other show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from furrow.cli.common import JsonFlag, UseCaseName, open_deployment
from furrow.terminal import print_json, progress

if TYPE_CHECKING:
    from furrow.batch.experimenting import Look
    from furrow.batch.outcomes import OutcomesRead
    from furrow.engine.arms import Arm
    from furrow.evaluation.experiment import Analysis
    from furrow.store.exposures import ArmValues

experiment_app = typer.Typer(
    no_args_is_help=True,
    help="Two versions beside each other on live records, compared by what people do with the results:"
    " `experiment` in pipeline.yaml, with its `outcomes`.",
)
_NAMED = 10


@experiment_app.callback()
def _group() -> None:
    """Keeps `show` a command of its own while it is the only one."""


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
