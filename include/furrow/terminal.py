"""What the command line shows: progress on stderr, tables and JSON on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

Json = dict[str, Any]


def print_json(value: Any) -> None:
    """One JSON document on stdout, for machines."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    # A model may answer with half an emoji (a lone surrogate): no UTF-8, but JSON has an escape for it.
    sys.stdout.write(text.encode("utf-8", "backslashreplace").decode() + "\n")


@contextmanager
def progress(total: int | None, text: str) -> Iterator[Callable[..., None]]:
    """A progress bar on stderr (none when stderr is not a terminal); call what it gives once per record."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(text, total=total)
        yield lambda *_: bar.advance(task)


def show_check(rows: list[Json], stale: list[str]) -> None:
    """The result of `furrow check`: problems first, then what is well."""
    for row in rows:
        for problem in row["problems"]:
            sys.stdout.write(f"{problem}\n")
    for path in stale:
        sys.stdout.write(f"{path} (generated from something that has changed)\n")
    for row in rows:
        if not row["problems"]:
            sys.stdout.write(f"ok  {row['use_case']}  {' '.join(row['releases'].values())}\n")


def show_summary(summary: Json, where: str) -> None:
    """The result of `furrow run`."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table("step", "model", "calls", "bought", "input tokens", "output tokens", "spent")
    for name, step in summary["steps"].items():
        counts = (step[column] for column in ("calls", "bought", "input_tokens", "output_tokens"))
        table.add_row(name, ", ".join(step["models"]) or "–", *map(str, counts), dollars(step["spent_usd"]))
    console.print(table)
    console.print(
        f"{summary['release']}: {summary['records']} records, "
        + ", ".join(f"{summary[outcome]} {outcome}" for outcome in ("accepted", "rejected", "failed"))
        + f", {dollars(summary['spent_usd'])} spent now"
    )
    for title in ("rungs", "reasons"):
        if summary[title]:
            console.print(
                f"{title}: " + ", ".join(f"{name} {count}" for name, count in summary[title].items())
            )
    if summary["first_failure"]:
        console.print(f"first failure: {summary['first_failure']}", markup=False)
    console.print(f"written to {where}", markup=False)
    if summary["rejected"]:
        console.print("why a record was rejected stands in its line there: `reason`, `message`", markup=False)


def show_status(parts: Sequence[Any]) -> None:
    """The result of `furrow status`: one row for each part of the embedded default."""
    from rich.console import Console
    from rich.table import Table

    table = Table("part", "state", "address", "process", "since")
    for part in parts:
        since = part.since.strftime("%Y-%m-%d %H:%M:%S") if part.since else "–"
        table.add_row(part.name, part.state, part.address or "–", str(part.pid or "–"), since)
    Console().print(table)


def dollars(cost: float | None) -> str:
    """US dollars for people; what nobody knows the price of is not called free."""
    return "unknown price" if cost is None else f"${cost:,.4f}"
