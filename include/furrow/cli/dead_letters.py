"""`furrow dead-letters`: which records were rejected and why, and another try for them.

What records and models say is untrusted: it is shown without markup and with its control characters escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from furrow.cli.common import JsonFlag, UseCaseName, VersionOption, open_deployment
from furrow.errors import FurrowError
from furrow.terminal import print_json, progress

if TYPE_CHECKING:
    from rich.console import Console

    from furrow.assembly import Deployment
    from furrow.batch.replay import Replayed
    from furrow.store.dead_letters import Letter, Selection

dead_letters_app = typer.Typer(
    no_args_is_help=True,
    help="Rejected records: [bold]list[/] them, [bold]show[/] one with the raw answer, and after a fix "
    "[bold]replay[/] them.",
)

ReasonOption = Annotated[
    str | None, typer.Option("--reason", help="Only this reason, such as answer_invalid or rule_broken.")
]
StepOption = Annotated[str | None, typer.Option("--step", help="Only those rejected at this step.")]
ReleaseOption = Annotated[
    str | None, typer.Option("--release", help="Only those rejected by v2@3f2a9c1d, or by any release of v2.")
]


@dead_letters_app.command("list")
def list_letters(
    use_case: Annotated[str | None, typer.Argument(metavar="[USE_CASE]", help="Default: all.")] = None,
    reason: ReasonOption = None,
    step: StepOption = None,
    release: ReleaseOption = None,
    closed_too: Annotated[
        bool, typer.Option("--all", help="Also those that a later run has accepted.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 50,
    as_json: JsonFlag = False,
) -> None:
    """The rejected records that no run has accepted since, the newest first."""
    from furrow.store.dead_letters import Selection

    selection = Selection(reason, step, release)
    found = open_deployment().letters.list(use_case, selection, not closed_too, limit)
    if as_json:
        print_json([_in_short(letter) for letter in found])
    else:
        _show_list(found, limit)


@dead_letters_app.command("show")
def show_letter(
    use_case: UseCaseName,
    record: Annotated[str, typer.Argument(metavar="KEY_OR_RECORD_ID", help="As `list` shows them.")],
    as_json: JsonFlag = False,
) -> None:
    """One rejected record: its history, the record itself, the model's last answer, what is wrong with it."""
    letters = open_deployment().letters
    histories = [letters.history(use_case, found) for found in letters.record_ids(use_case, record)]
    if not histories:
        typer.echo(f"furrow: {use_case} has no dead letter with the key or id {plain(record)}", err=True)
        raise typer.Exit(1)
    if as_json:
        print_json([_whole(history) for history in histories])
        return
    for history in histories:
        _show_history(history)


@dead_letters_app.command("replay")
def replay_letters(
    use_case: UseCaseName,
    reason: ReasonOption = None,
    step: StepOption = None,
    release: ReleaseOption = None,
    keys: Annotated[
        list[str] | None, typer.Option("--key", help="Only this key or record id; may stand several times.")
    ] = None,
    version: VersionOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many, the oldest first.")] = None,
    run_id: Annotated[
        str | None,
        typer.Option("--run-id", help="Go on with this replay: its letters and its version stay the same."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Give rejected records to all steps again, publish what is accepted now, and close those letters.

    What the ledger has is not bought again. A record that fails again keeps its history. Letters that are
    replayed twice are published once.
    """
    from furrow.store.dead_letters import Selection

    selection = Selection(reason, step, release, tuple(keys or ()))
    deployment = open_deployment()
    deployment.use_case(use_case).version(version)
    if run_id is None and not deployment.letters.count_open(use_case, selection):
        _show_nothing(use_case, as_json)
        return
    replayed = _replay(deployment, use_case, _replay_id(run_id), selection, version, limit)
    still_open = deployment.letters.count_open(use_case)
    if as_json:
        print_json({**replayed.to_json(), "still_open": still_open})
    else:
        _show_replayed(replayed, still_open)


def _replay_id(given: str | None) -> str:
    from furrow.batch.replay import REPLAY, new_run_id

    if given is not None and not given.startswith(REPLAY):
        raise typer.BadParameter(f"the id of a replay begins with {REPLAY}", param_hint="--run-id")
    return given or new_run_id()


def _replay(
    deployment: Deployment,
    use_case: str,
    run_id: str,
    selection: Selection,
    version: str | None,
    limit: int | None,
) -> Replayed:
    from furrow.assembly import open_run
    from furrow.batch.replay import replay

    with (
        _resumable(use_case, run_id),
        open_run(use_case, run_id, deployment.connections, deployment.settings, selection) as run,
    ):
        partitions = run.fetch(limit, version)
        stages = sum(partition["records"] for partition in partitions) * (len(run.steps()) + 1)
        with progress(stages, run_id) as seen:
            return replay(run, partitions, seen)


@contextmanager
def _resumable(use_case: str, run_id: str) -> Iterator[None]:
    """Says at the start, and again after an error, how to go on: a killed process says nothing."""
    resume = f"furrow dead-letters replay {use_case} --run-id {run_id}"
    typer.echo(f"{run_id}: if it stops, `{resume}` goes on without buying anything again", err=True)
    try:
        yield
    except FurrowError:
        typer.echo(f"the replay stopped; what is done is kept. Go on with: {resume}", err=True)
        raise


# --- what is shown ---------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Text of a record or a model for a terminal: what a terminal could take for a command is escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _in_short(letter: Letter) -> dict[str, Any]:
    whole = _entry(letter) | {"open": letter.open}
    return {name: value for name, value in whole.items() if name not in ("record", "raw")}


def _entry(letter: Letter) -> dict[str, Any]:
    return asdict(letter) | {"at": letter.at.isoformat()}


def _whole(history: list[Letter]) -> dict[str, Any]:
    newest = history[-1]
    return {
        "use_case": newest.use_case,
        "record_id": newest.record_id,
        "key": newest.key,
        "open": newest.open,
        "replayable": newest.open and newest.replayable,
        "history": [_entry(letter) for letter in history],
    }


def _show_list(found: list[Letter], limit: int) -> None:
    from rich.table import Table
    from rich.text import Text

    if not found:
        _console().print("no dead letters")
        return
    table = Table("use case", "key", "record id", "step", "reason", "release", "answers", "when", "tries")
    for letter in found:
        step = letter.step if letter.open else "(closed)"
        cells = (letter.use_case, letter.key or "–", letter.record_id, step or "–", letter.reason or "–")
        counts = (letter.release, str(letter.attempts), _moment(letter), str(letter.tries))
        table.add_row(*(Text(plain(cell), overflow="fold") for cell in (*cells, *counts)))
    _console().print(table)
    if len(found) == limit:
        _console().print(f"these are the newest {limit}; --limit shows more")


def _show_history(history: list[Letter]) -> None:
    newest, console = history[-1], _console()
    state = "open" if newest.open else "closed: a later run has accepted it"
    console.print(f"{newest.use_case} · key {plain(newest.key) or '–'} · {plain(newest.record_id)} · {state}")
    for letter in history:
        where = f" at {letter.step}: {letter.reason}" if letter.open else ""
        console.print(
            f"\n{letter.tries}. {_moment(letter)}  {letter.outcome}{where} · {letter.release} · "
            f"{letter.attempts} answers · run {plain(letter.run_id)}"
        )
        if letter.open:
            _show_text("what is wrong", letter.message, console)
            _show_text("the model's last answer", letter.raw, console, absent="none, or blanked by retention")
    kept = next((letter.record for letter in reversed(history) if letter.record is not None), None)
    console.print()
    _show_text("the record", kept, console, absent="blanked by retention: it cannot be replayed")


def _show_text(title: str, text: str | None, console: Console, absent: str = "blanked by retention") -> None:
    lines = [f"({absent})"] if text is None else [plain(line) for line in re.split(r"\r?\n", text)]
    console.print(f"   {title}:")
    for line in lines:
        console.print(f"     {line}")


def _show_nothing(use_case: str, as_json: bool) -> None:
    if as_json:
        print_json({"records": 0, "accepted": 0, "rejected": 0, "blanked": 0})
    else:
        _console().print(f"{use_case} has no open dead letter that fits")


def _show_replayed(replayed: Replayed, still_open: int) -> None:
    lines = [
        f"{replayed.run_id} on {replayed.release}: {replayed.records} letters replayed, "
        f"{replayed.accepted} accepted now, {replayed.rejected} rejected again"
    ]
    if replayed.blanked:
        lines.append(f"{replayed.blanked} cannot be replayed: retention has blanked their record")
    lines.append(f"{still_open} still open · report: {replayed.report_uri}")
    for line in lines:
        _console().print(line)


def _moment(letter: Letter) -> str:
    return letter.at.strftime("%Y-%m-%d %H:%M:%S")


def _console() -> Console:
    from rich.console import Console

    return Console(markup=False, highlight=False, emoji=False, soft_wrap=True)
