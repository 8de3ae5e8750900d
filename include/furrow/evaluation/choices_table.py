"""Price and quality of versions and models, on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from furrow.evaluation.choices import Choices
from furrow.evaluation.wording import plain, share


def render_choices(found: Choices, console: Console, by_slice: bool = False) -> None:
    """Print the table, then the cheapest of each field; by_slice: the table also for each slice."""
    console.print(_price_and_quality(found, by_slice))
    if len(found.rows) > 1 and found.cheapest:
        console.print(_cheapest(found))


def _price_and_quality(found: Choices, by_slice: bool) -> Table:
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
    return table


def _cheapest(found: Choices) -> Table:
    worth = Table(title="The cheapest that is not shown to be worse than the best", title_justify="left")
    worth.add_column("field · slice")
    worth.add_column("choice", overflow="fold")
    for what, name in found.cheapest.items():
        worth.add_row(Text(plain(what)), Text(plain(name)))
    return worth


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
