"""`furrow release`: what is live, what changed, and changing it."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from furrow.cli.common import JsonFlag, UseCaseName, open_deployment
from furrow.terminal import print_json

if TYPE_CHECKING:
    from furrow.config.version_diff import VersionDiff
    from furrow.store.releases import Entry

Json = dict[str, Any]
release_app = typer.Typer(
    no_args_is_help=True,
    help="What is live of a use case, and changing it. Every change is a line of a log that is only added to;"
    " a run keeps the release that it started with, a stream takes a change up within seconds.",
)
Why = Annotated[str, typer.Option("--why", help="One sentence for the log.", prompt="Why")]
VersionName = Annotated[str, typer.Argument(metavar="VERSION", help="A version folder, such as v2.")]


@release_app.command("list")
def list_(use_case: UseCaseName, as_json: JsonFlag = False) -> None:
    """What is live now, and everything that happened, the newest first."""
    from furrow.store.releases import standing_of

    deployment = open_deployment()
    loaded = deployment.use_case(use_case)
    history = deployment.releases.history(use_case)
    standing = standing_of(history)
    if as_json:
        canary = standing.canary.to_json() if standing and standing.canary else None
        entries = [entry.to_json() for entry in reversed(history)]
        print_json({"live": loaded.live, "canary": canary, "log": entries})
        return
    _show_log(history)
    by = "pipeline.yaml; nothing was promoted yet" if standing is None else "the log"
    typer.echo(f"live: {standing.live.release if standing else loaded.version().release} (by {by})")
    if standing is not None and standing.canary is not None:
        typer.echo(f"canary: {standing.canary.release} on {standing.canary.share:.0%} of the keys")


@release_app.command("diff")
def diff(
    use_case: UseCaseName,
    before: Annotated[str | None, typer.Argument(metavar="[BEFORE]", help="Default: the live one.")] = None,
    after: Annotated[str | None, typer.Argument(metavar="[AFTER]", help="Default: the newest.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Prompts, examples, fields, steps and models of two versions, and how their figures differ."""
    from furrow.config.version_diff import diff_versions
    from furrow.evaluation.figures import figures_of

    deployment = open_deployment()
    loaded = deployment.use_case(use_case)
    old, new = loaded.version(before), loaded.version(after or loaded.newest)
    found = diff_versions(old, new)
    measured = [deployment.evaluations.latest(use_case, version.release) for version in (old, new)]
    figures = figures_of(*(each.report if each is not None else None for each in measured))
    if as_json:
        print_json({**found.to_json(), "figures": figures})
    else:
        _show_diff(found, figures)


@release_app.command("promote")
def promote(
    use_case: UseCaseName,
    version: VersionName,
    why: Why,
    share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the keys, for a canary; 1: all.")
    ] = 1.0,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Also without an evaluation that passes; the log says so.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Make a version live, or a canary of it. It must have passed its evaluation as it is now."""
    from furrow.batch.releasing import promote as promote_it

    deployment = open_deployment()
    promotions, evaluations = deployment.promotions(use_case), deployment.evaluations
    entry = promote_it(promotions, evaluations, version, _person(), why, share, anyway)
    _show_entry(entry, as_json)


@release_app.command("rollback")
def rollback(
    use_case: UseCaseName,
    why: Why,
    to: Annotated[str | None, typer.Option("--to", help="A version that served before.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Take the canary back, or without one make the release before the live one live again."""
    _show_entry(open_deployment().promotions(use_case).rollback(_person(), why, to), as_json)


def _person() -> str:
    return f"{getpass.getuser()} (command line)"


def _show_entry(entry: Entry, as_json: bool) -> None:
    if as_json:
        print_json(entry.to_json())
        return
    whole = "all keys" if entry.share == 1 else f"{entry.share:.0%} of the keys"
    typer.echo(f"{entry.use_case}: {entry.release} serves {whole} from now on (was {entry.from_release})")


def _show_log(history: list[Entry]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("", "when (UTC)", "what", "release", "share", "from", "who", "why")
    for entry in reversed(history):
        when, share = f"{entry.at:%Y-%m-%d %H:%M:%S}", f"{entry.share:.0%}"
        row = (str(entry.number), when, str(entry.action), entry.release, share, entry.from_release or "–")
        table.add_row(*row, Text(entry.who), Text(entry.why))
    Console().print(table)


def _show_diff(found: VersionDiff, figures: Json) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console, colours = Console(), {"+": "green", "-": "red", "@": "cyan"}
    console.print(Text(f"{found.before} -> {found.after}", style="bold"))
    for step, (old, new) in found.models.items():
        console.print(Text(f"models of {step}: {', '.join(old) or '–'} -> {', '.join(new) or '–'}"))
    for each in found.files:
        console.print(Text(f"\n{each.kind}: {each.path} (+{each.added} -{each.removed})", style="bold"))
        for line in each.lines[2:]:
            console.print(Text(line, style=colours.get(line[:1], "")))
    if not figures:
        console.print("\nNeither was evaluated yet.")
        return
    table = Table("figure", "before", "after")
    for name, values in figures.items():
        table.add_row(name, *("–" if value is None else f"{value:.4g}" for value in values))
    console.print(table)
