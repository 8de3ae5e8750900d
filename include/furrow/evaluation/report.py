"""An evaluation report on a terminal. `score` makes one, `render` shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from furrow.evaluation.agreement import KAPPA_FLOOR, measured
from furrow.evaluation.comparison import Change, Comparison
from furrow.evaluation.counts import StepCounts
from furrow.evaluation.gate import Decision, GateVerdict
from furrow.evaluation.judgement import FieldScore, Rate
from furrow.evaluation.scoring import EvalReport, Leak, Miss, score
from furrow.evaluation.side_by_side import SideBySide
from furrow.evaluation.slices import SliceScore
from furrow.evaluation.wording import as_json, bounds, counted, dollars, plain, points, seconds, share

__all__ = ["EvalReport", "render", "render_comparison", "score"]

WORST_LINES = 20
"""Wrong values that are printed; the page has those of more cases."""

CHANGE_LINES = 20
"""Changes of each kind that are printed; the page has all."""

FIELD_WIDTH, SLICE_WIDTH = 16, 16
"""Columns of the slices' tables: as many slices beside each other as fit, more in further tables below."""

_COLOURS = {Decision.PASS: "green", Decision.FAIL: "red", Decision.NOT_ENOUGH_EVIDENCE: "yellow"}


def render(
    report: EvalReport,
    console: Console,
    verdict: GateVerdict | None = None,
    comparison: Comparison | None = None,
) -> None:
    """Print the report: fields, slices, steps, totals, leaks, worst cases, the comparison, the gate's answer.

    Texts of records and models are shown as JSON and can neither colour nor move the terminal's cursor.
    """
    console.print(Text(f"{report.use_case} {report.release}: {report.records} cases", style="bold"))
    for said in report.scope.sentences(report.records):
        console.print(Text(plain(said), style="yellow"))
    console.print(_fields_table(report.fields))
    for across in _in_tables(report.slices, max(1, (console.width - FIELD_WIDTH) // SLICE_WIDTH)):
        console.print(_slices_table(across, report.fields))
    console.print(_steps_table(report.steps))
    for line in _totals(report):
        console.print(Text(line))
    if report.leaked:
        console.print(_leaks_table(report.leaked))
    if report.worst:
        console.print(_worst_table(report.worst[:WORST_LINES]))
    for note in report.notes:
        console.print(Text(f"Incomplete: {plain(note)}", style="bold yellow"))
    _render_answers(console, verdict, comparison)


def _render_answers(console: Console, verdict: GateVerdict | None, comparison: Comparison | None) -> None:
    if comparison is not None:
        render_comparison(comparison, console)
    if verdict is not None:
        _render_verdict(verdict, console)


def render_comparison(comparison: Comparison, console: Console, most: int = CHANGE_LINES) -> None:
    """Print the fields of both, then at most so many changes, what got worse first."""
    console.print(_comparison_table(comparison))
    for title, changes in (("Got worse", comparison.worse), ("Got better", comparison.better)):
        if changes:
            console.print(_changes_table(f"{title}: {len(changes)}", changes[:most]))


def render_side_by_side(found: SideBySide, console: Console, most: int = CHANGE_LINES) -> None:
    """Print what both came to, how often they agree, and at most so many values that differ."""
    table, sides = Table(""), (found.before, found.after)
    for side in sides:
        table.add_column(Text(plain(side.name)))
    table.add_row("records", *(str(side.records) for side in sides))
    table.add_row("valid", *(share(side.valid_rate) for side in sides))
    table.add_row("rungs", *(counted(side.rungs) for side in sides))
    table.add_row("US dollars per 1,000", *(dollars(side.cost_usd_per_1k) for side in sides))
    table.add_row("seconds p95", *(seconds(side.seconds_p95) for side in sides))
    console.print(table)
    same = Table("field", "records", "same", "share", title="Agreement", title_justify="left")
    for name, each in found.fields.items():
        same.add_row(Text(plain(name)), str(each.n), str(each.same), share(each.rate))
    console.print(same)
    if found.differences:
        title = f"Different: {len(found.differences)} values"
        shown = Table("key", "field", "before", "after", title=title, title_justify="left")
        for one in found.differences[:most]:
            values = (one.key, one.field, as_json(one.before), as_json(one.after))
            shown.add_row(*(Text(plain(value)) for value in values))
        console.print(shown)


def _comparison_table(comparison: Comparison) -> Table:
    title = f"{plain(comparison.candidate)} next to {plain(comparison.live)}, in points of 100"
    table = Table(title=Text(title), title_justify="left")
    table.add_column("field")
    for heading in ("n", "better", "worse", "live", "candidate", "difference", "95 % interval", "detects"):
        table.add_column(heading, justify="right")
    for name, found in comparison.fields.items():
        if found.n:
            low, high = found.interval
            rates = (share(found.live), share(found.candidate), points(found.difference))
            ends, detects = f"{points(low)} to {points(high)}", f"{100 * found.detectable:.1f}"
            counts = (str(found.n), str(found.better), str(found.worse))
            table.add_row(Text(plain(name)), *counts, *rates, ends, detects)
    return table


def _changes_table(title: str, changes: Iterable[Change]) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in ("case", "field", "expected", "before", "after"):
        table.add_column(heading, overflow="fold")
    for change in changes:
        values = (as_json(value) for value in (change.expected, change.before, change.after))
        table.add_row(Text(plain(change.id)), Text(plain(change.field)), *(Text(value) for value in values))
    return table


def _render_verdict(verdict: GateVerdict, console: Console) -> None:
    answer = str(verdict.decision).replace("_", " ")
    console.print(Text(f"Gate: {answer}", style=f"bold {_COLOURS[verdict.decision]}"))
    for check in verdict.checks:
        word = str(check.decision).replace("_", " ")
        console.print(Text.assemble("  ", (word, _COLOURS[check.decision]), f"  {plain(check.reason)}"))


def _fields_table(fields: Mapping[str, FieldScore]) -> Table:
    table = Table(title="Fields", title_justify="left")
    table.add_column("field")
    table.add_column("type")
    headings = ["n", "right", "accuracy", "95 % interval", "mean score"]
    with_items = any(found.items is not None and found.n for found in fields.values())
    for heading in [*headings, "precision", "recall"] if with_items else headings:
        table.add_column(heading, justify="right")
    for name, found in fields.items():
        cells = [str(found.n), str(found.correct), share(found.accuracy), bounds(found.interval, found.n)]
        cells.append(share(found.mean_score))
        if with_items:
            cells += _items(found)
        table.add_row(Text(name), found.type, *cells)
    return table


def _items(found: FieldScore) -> tuple[str, str]:
    if found.items is None:
        return "", ""
    return share(found.items.precision), share(found.items.recall)


def _in_tables(slices: Mapping[str, SliceScore], across: int) -> list[dict[str, SliceScore]]:
    names = list(slices)
    starts = range(0, len(names), across)
    return [{name: slices[name] for name in names[start : start + across]} for start in starts]


def _slices_table(slices: Mapping[str, SliceScore], fields: Iterable[str]) -> Table:
    """Accuracy by field and slice, with the number of values judged and the interval below it."""
    table = Table(title="Slices: accuracy (n), 95 % interval", title_justify="left")
    table.add_column("field")
    for name, found in slices.items():
        table.add_column(Text(f"{plain(name)} ({found.n})"), justify="right")
    valid = (_share_of(found.n, found.valid_rate, found.valid_interval) for found in slices.values())
    table.add_row("valid rate", *valid, end_section=True)
    labelled = {field for found in slices.values() for field in found.fields}
    for field in filter(labelled.__contains__, fields):
        table.add_row(Text(field), *(_rate(found.fields.get(field)) for found in slices.values()))
    return table


def _rate(found: Rate | None) -> str:
    return "-" if found is None else _share_of(found.n, found.accuracy, found.interval)


def _share_of(n: int, value: float | None, interval: tuple[float, float]) -> str:
    return f"{share(value)} ({n})\n{bounds(interval, n)}"


def _steps_table(steps: Mapping[str, StepCounts]) -> Table:
    table = Table(title="Steps", title_justify="left")
    for heading in ("step", "models"):
        table.add_column(heading, overflow="fold")
    for heading in ("calls", "bought", "tokens in", "tokens out", "cost $", "p50 s", "p95 s"):
        table.add_column(heading, justify="right")
    for name, step in steps.items():
        table.add_row(
            Text(name),
            Text(counted(step.models)),
            f"{step.calls:,}",
            f"{step.bought:,}",
            f"{step.input_tokens:,}",
            f"{step.output_tokens:,}",
            dollars(step.cost_usd),
            seconds(step.seconds.p50),
            seconds(step.seconds.p95),
        )
    return table


def _totals(report: EvalReport) -> list[str]:
    waited = report.seconds
    valid = f"{share(report.valid_rate)} ({bounds(report.valid_interval, report.records)})"
    return [
        f"valid rate  {valid}  {counted(report.outcomes)}",
        f"rejected    {counted(report.rejections)}",
        f"rungs       {counted(report.rungs)}",
        f"tokens      {report.input_tokens:,} in, {report.output_tokens:,} out",
        f"cost        {dollars(report.cost_usd)} US dollars, {dollars(report.cost_usd_per_1k)} per 1,000",
        f"seconds     p50 {seconds(waited.p50)}, p95 {seconds(waited.p95)} on models per record",
        *_agreements(report),
    ]


def _agreements(report: EvalReport) -> Iterable[str]:
    """How well each judge agrees with the labels, by Cohen's kappa."""
    for judge in sorted({judge for judges in report.judges.values() for judge in judges}):
        kappa = measured(judge, report.judges, report.fields)
        found = "not measured" if kappa is None else f"kappa {kappa:.2f} of {KAPPA_FLOOR:g} wanted"
        yield f"judge       {plain(judge)}: agreement with the labels {found}"


def _worst_table(worst: list[Miss]) -> Table:
    table = Table(title="Worst cases", title_justify="left")
    for heading in ("case", "slices", "field", "expected", "got"):
        table.add_column(heading, overflow="fold")
    for miss in worst:
        got = Text(plain(miss.why), style="red") if miss.why is not None else Text(as_json(miss.got))
        expected = Text("" if miss.field is None else as_json(miss.expected))
        field = Text("all (rejected)" if miss.field is None else miss.field)
        table.add_row(Text(plain(miss.id)), Text(plain(", ".join(miss.slices))), field, expected, got)
    return table


def _leaks_table(leaks: list[Leak]) -> Table:
    table = Table(title="Leaks: what must never come out", title_justify="left", style="red")
    for heading in ("case", "slices", "forbidden", "result"):
        table.add_column(heading, overflow="fold")
    for leak in leaks:
        slices, texts = ", ".join(leak.slices), ", ".join(leak.texts)
        table.add_row(*(Text(plain(cell)) for cell in (leak.id, slices, texts)), Text(as_json(leak.result)))
    return table
