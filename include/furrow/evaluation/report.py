"""An evaluation report on a terminal. `score` makes one, `render` shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from furrow.evaluation.counts import StepCounts
from furrow.evaluation.gate import Decision, GateVerdict
from furrow.evaluation.scoring import EvalReport, FieldScore, Miss, score

__all__ = ["EvalReport", "render", "score"]

_COLOURS = {Decision.PASS: "green", Decision.FAIL: "red", Decision.NOT_ENOUGH_EVIDENCE: "yellow"}


def render(report: EvalReport, console: Console, verdict: GateVerdict | None = None) -> None:
    """Print the report: fields, steps, totals, worst cases, and the gate's answer when there is one.

    Texts of records and models are shown as JSON and can neither colour nor move the terminal's cursor.
    """
    console.print(Text(f"{report.use_case} {report.release}: {report.records} cases", style="bold"))
    console.print(_fields_table(report.fields))
    console.print(_steps_table(report.steps))
    for line in _totals(report):
        console.print(Text(line))
    if report.worst:
        console.print(_worst_table(report.worst))
    for note in report.notes:
        console.print(Text(f"Incomplete: {_plain(note)}", style="bold yellow"))
    if verdict is not None:
        _render_verdict(verdict, console)


def _render_verdict(verdict: GateVerdict, console: Console) -> None:
    answer = str(verdict.decision).replace("_", " ")
    console.print(Text(f"Gate: {answer}", style=f"bold {_COLOURS[verdict.decision]}"))
    for check in verdict.checks:
        word = str(check.decision).replace("_", " ")
        console.print(Text.assemble("  ", (word, _COLOURS[check.decision]), f"  {_plain(check.reason)}"))


def _fields_table(fields: Mapping[str, FieldScore]) -> Table:
    table = Table(title="Fields", title_justify="left")
    table.add_column("field")
    table.add_column("type")
    for heading in ("n", "right", "accuracy", "95 % interval", "mean score"):
        table.add_column(heading, justify="right")
    for name, found in fields.items():
        low, high = found.interval
        bounds = f"{low:.3f} - {high:.3f}" if found.n else "-"
        table.add_row(
            Text(name),
            found.type,
            str(found.n),
            str(found.correct),
            _share(found.accuracy),
            bounds,
            _share(found.mean_score),
        )
    return table


def _steps_table(steps: Mapping[str, StepCounts]) -> Table:
    table = Table(title="Steps", title_justify="left")
    table.add_column("step")
    table.add_column("models")
    for heading in ("calls", "bought", "tokens in", "tokens out", "cost $", "p50 s", "p95 s"):
        table.add_column(heading, justify="right")
    for name, step in steps.items():
        table.add_row(
            Text(name),
            Text(_counted(step.models)),
            f"{step.calls:,}",
            f"{step.bought:,}",
            f"{step.input_tokens:,}",
            f"{step.output_tokens:,}",
            _dollars(step.cost_usd),
            _seconds(step.seconds.p50),
            _seconds(step.seconds.p95),
        )
    return table


def _totals(report: EvalReport) -> list[str]:
    low, high = report.valid_interval
    seconds = report.seconds
    return [
        f"valid rate  {_share(report.valid_rate)} ({low:.3f} - {high:.3f})  {_counted(report.outcomes)}",
        f"rejected    {_counted(report.rejections)}",
        f"rungs       {_counted(report.rungs)}",
        f"tokens      {report.input_tokens:,} in, {report.output_tokens:,} out",
        f"cost        {_dollars(report.cost_usd)} US dollars, {_dollars(report.cost_usd_per_1k)} per 1,000",
        f"seconds     p50 {_seconds(seconds.p50)}, p95 {_seconds(seconds.p95)} on models per record",
    ]


def _worst_table(worst: list[Miss]) -> Table:
    table = Table(title="Worst cases", title_justify="left")
    for heading in ("case", "slice", "field", "expected", "got"):
        table.add_column(heading, overflow="fold")
    for miss in worst:
        got = Text(_plain(miss.why), style="red") if miss.why is not None else Text(_as_json(miss.got))
        expected = Text("" if miss.field is None else _as_json(miss.expected))
        field = Text("all (rejected)" if miss.field is None else miss.field)
        table.add_row(Text(_plain(miss.id)), Text(_plain(miss.slice or "")), field, expected, got)
    return table


def _as_json(value: Any) -> str:
    return _plain(json.dumps(value, ensure_ascii=False))


def _plain(text: str) -> str:
    """What cannot be printed, escapes and direction marks among it, as its code."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{_plain(name)} {n:,}" for name, n in counts.items() if n) or "none"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _dollars(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4f}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
