"""`furrow budget`: what use cases may spend today, what they did, and more for today."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from furrow.cli.common import JsonFlag, UseCaseName
from furrow.config.settings import Settings
from furrow.terminal import dollars, print_json

if TYPE_CHECKING:
    from furrow.store.claims import BudgetDay

budget_app = typer.Typer(
    no_args_is_help=True,
    help="What use cases may spend in a day (UTC). The cap is [bold]budget.usd_per_day[/] of pipeline.yaml.",
)


@budget_app.command("show")
def show(
    use_case: Annotated[
        str | None, typer.Argument(metavar="[USE_CASE]", help="A folder under prompts/. Default: all.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """What is spent today, set aside for calls on their way, and left.

    [bold]presumed[/] is of calls that may have been billed and came to nothing; [bold]reserved[/] is the most
    that calls on their way can cost.
    """
    settings = Settings.from_environment()
    caps = _caps(settings, use_case)
    rows = _rows(settings, caps, use_case)
    if as_json:
        print_json(rows)
    else:
        _show(rows)


@budget_app.command("raise")
def raise_(
    use_case: UseCaseName,
    usd: Annotated[float, typer.Argument(metavar="USD", help="US dollars, on top of the cap.")],
    as_json: JsonFlag = False,
) -> None:
    """Let a use case spend more, today only (until 00:00 UTC).

    Then clear the failed task, or wait for its retry: it goes on where it stopped, and what was paid for is
    not bought again. To raise it for good, edit [bold]budget.usd_per_day[/] in pipeline.yaml instead.
    """
    from furrow.store.budgets import Budgets
    from furrow.store.database import open_database

    if not 0 < usd < 1e9:
        raise typer.BadParameter("it has to be above 0", param_hint="USD")
    settings = Settings.from_environment()
    cap = _caps(settings, use_case)[use_case]
    if cap is None:
        raise typer.BadParameter(f"{use_case} has no cap: its pipeline.yaml names no budget.usd_per_day")
    day = Budgets(open_database(settings.database)).raise_today(use_case, usd)
    if as_json:
        print_json(_row(use_case, cap, day))
    else:
        left = dollars(max(0.0, day.room(cap)))
        typer.echo(f"{use_case} may spend {dollars(cap + day.raised)} today; {left} is left")


def _caps(settings: Settings, use_case: str | None) -> dict[str, float | None]:
    """US dollars a day of each use case that loads, or of the one that is asked for."""
    from furrow.assembly import Deployment
    from furrow.config.loader import load_all
    from furrow.config.use_case import UseCase

    if use_case is not None:
        return {use_case: Deployment(settings).use_case(use_case).pipeline.budget.usd_per_day}
    loaded = load_all(settings.prompts)
    return {one.name: one.pipeline.budget.usd_per_day for one in loaded if isinstance(one, UseCase)}


def _rows(settings: Settings, caps: dict[str, float | None], use_case: str | None) -> list[dict[str, Any]]:
    from furrow.store.budgets import Budgets
    from furrow.store.database import open_database

    budgets = Budgets(open_database(settings.database))
    names = [use_case] if use_case else sorted({*caps, *budgets.use_cases()})
    return [_row(name, caps.get(name), budgets.today(name)) for name in names]


def _row(use_case: str, cap: float | None, day: BudgetDay) -> dict[str, Any]:
    amounts = {f"{name}_usd": usd for name, usd in asdict(day).items()}
    room = None if cap is None else max(0.0, day.room(cap))
    return {"use_case": use_case, "cap_usd": cap, **amounts, "room_usd": room}


def _show(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    columns = ("cap", "raised", "spent", "presumed", "reserved", "room")
    table = Table("use case", *columns)
    for row in rows:
        amounts = [row[f"{column}_usd"] for column in columns]
        table.add_row(row["use_case"], *("no cap" if usd is None else dollars(usd) for usd in amounts))
    Console().print(table)
