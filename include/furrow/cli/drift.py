"""`furrow drift`: whether a release still does what it did at first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from furrow.cli.common import JsonFlag, UseCaseName, VersionOption, open_deployment
from furrow.terminal import print_json

if TYPE_CHECKING:
    from furrow.evaluation.drift import Drift


def drift(use_case: UseCaseName, version: VersionOption = None, as_json: JsonFlag = False) -> None:
    """The newest hour of a release, or run, next to its own first ones. No labels are needed.

    Watched are each result field's values and nulls, outcomes, rungs and the cost of a record.
    [bold]PSI[/] is how far the shares moved; an alarm is a move that is large, beyond how much the first
    hours differ from each other, and seen twice in a row or very sure.
    """
    from furrow.batch.drift_check import check_drift

    deployment = open_deployment()
    release = deployment.use_case(use_case).version(version).release
    found = check_drift(deployment.windows, use_case, release)
    if as_json:
        print_json({"release": release, **found.to_json(), "alarms": found.alarms})
    else:
        _show(release, found)


def _show(release: str, found: Drift) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("what", "records before", "now", "PSI", "ratio", "p, corrected", "alarm")
    for name, each in found.watched.items():
        figures = (_figure(each.psi), _figure(each.ratio), _figure(each.p_corrected))
        table.add_row(Text(name), str(each.n_before), str(each.n), *figures, "ALARM" if each.alarm else "")
    if found.watched:
        Console().print(table)
    typer.echo(_verdict(release, found))


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _verdict(release: str, found: Drift) -> str:
    if not found.enough:
        return f"{release}: no baseline yet ({found.chunks} hours with records), or nothing in the last day"
    return "\n".join(found.alarms) or f"{release} does what it did at first"
