"""`furrow ledger`: the paid calls, how many they are, and how long they are kept."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from furrow.cli.common import JsonFlag
from furrow.config.settings import Settings
from furrow.terminal import print_json

ledger_app = typer.Typer(
    no_args_is_help=True, help="The ledger of paid calls: its size, and how long answers are kept."
)
_SHORT = re.compile(r"(\d+)\s*([dhw])")
_ISO = {"d": "P{}D", "h": "PT{}H", "w": "P{}W"}


def age(written: str) -> timedelta:
    """A duration as people write it: 90d, 12h, 2w, or ISO 8601 (P90D). Raises typer.BadParameter."""
    from pydantic import TypeAdapter, ValidationError

    short = _SHORT.fullmatch(written.strip().lower())
    try:
        found = TypeAdapter(timedelta).validate_strings(
            _ISO[short[2]].format(short[1]) if short else written.strip().upper()
        )
    except ValidationError:
        found = timedelta(-1)
    if found < timedelta(0):
        raise typer.BadParameter(f"{written!r} is no duration; write it as 90d, 12h or 2w")
    return found


OlderThan = Annotated[
    str | None,
    typer.Option(
        metavar="DURATION", help="Not used for so long: 90d, 12h. Default: FURROW_RETENTION_DAYS days."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what it would be.")]


@ledger_app.command()
def prune(older_than: OlderThan = None, dry_run: DryRun = False, as_json: JsonFlag = False) -> None:
    """Delete answers that were not used for long, and the texts of dead letters as old.

    What a running run used is kept. A deleted answer is bought again when it is asked for again. Experiments
    have their own: furrow experiment prune.
    """
    from furrow.store.database import open_database
    from furrow.store.retention import Retention

    settings = Settings.from_environment()
    retention = Retention(open_database(settings.database))
    pruning = retention.prune(age_or_default(older_than, settings), dry_run=dry_run)
    if as_json:
        print_json({**asdict(pruning), "dry_run": dry_run})
        return
    verb = "would go" if dry_run else "deleted"
    moment = pruning.before.strftime("%Y-%m-%d %H:%M UTC")
    typer.echo(f"last used before {moment}: {pruning.calls:,} answers {verb}, ", nl=False)
    typer.echo(f"{pruning.letters:,} dead letters {'would be ' if dry_run else ''}blanked")
    if pruning.pinned_by:
        typer.echo(f"what is newer is kept for a run that is not over: {pruning.pinned_by}")


@ledger_app.command()
def stats(as_json: JsonFlag = False) -> None:
    """How many answers there are, since when, and how long their texts are together."""
    from furrow.store.database import open_database
    from furrow.store.retention import Retention

    size = Retention(open_database(Settings.from_environment().database)).size()
    if as_json:
        print_json(asdict(size))
        return
    oldest = size.oldest.strftime("%Y-%m-%d %H:%M UTC") if size.oldest else "–"
    typer.echo(f"{size.calls:,} answers, {size.text_bytes / 1e6:,.1f} MB of text, the oldest of {oldest}")


def age_or_default(older_than: str | None, settings: Settings) -> timedelta:
    """How old things have to be to go, as written or as the deployment says. Raises typer.BadParameter."""
    if older_than is not None:
        return age(older_than)
    if settings.retention_days is None:
        raise typer.BadParameter("say --older-than 90d, or set FURROW_RETENTION_DAYS")
    return timedelta(days=settings.retention_days)
