"""`furrow digest`: what the last days came to, as the weekly DAG says it."""

from __future__ import annotations

from typing import Annotated

import typer

from furrow.cli.common import JsonFlag, open_deployment
from furrow.terminal import print_json


def digest(
    days: Annotated[int, typer.Option(min=1, max=366, help="So many, next to as many before them.")] = 7,
    as_json: JsonFlag = False,
) -> None:
    """The last days of every use case: cost, quality, drift, releases, dead letters; what is red first.

    The DAG [bold]furrow.digest[/] writes the same each week, as a page too, and sends it.
    """
    from datetime import UTC, datetime

    from furrow.evaluation.digest_page import as_text

    found = open_deployment().digest(datetime.now(UTC), days)
    if as_json:
        print_json(found.to_json())
    else:
        typer.echo(as_text(found))
