"""Charts of the pages, as Bokeh documents that a browser draws. Their colours are the page's own.

A document names the colours TEXT, LINE and so on by numbers that nothing else uses; the page's script puts
the colours of its light or dark look in their place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bokeh.plotting import figure

Json = dict[str, Any]
TEXT, LINE, CARD, FIRST, SECOND, MARK = "#010101", "#010102", "#010103", "#010104", "#010105", "#010106"
_HEIGHT = 190
_NAMED = 3
"""Of what happened on one day, the last so many are named."""


@dataclass(frozen=True)
class Mark:
    """Something that happened at a moment, drawn as a line across the chart."""

    at: datetime
    what: str


@dataclass(frozen=True)
class Chart:
    """A chart and, for who does not see it, what it shows in words and as a table."""

    name: str
    title: str
    document: Json
    rows: list[tuple[str, ...]]


def script() -> Path:
    """Bokeh's own script, in the version that writes the documents."""
    import bokeh

    return Path(bokeh.__file__).parent / "server" / "static" / "js" / "bokeh.min.js"


def script_version() -> str:
    """So that a browser keeps the script until it changes."""
    import bokeh

    return str(bokeh.__version__)


def over_days(
    name: str,
    title: str,
    span: Sequence[date],
    lines: Mapping[str, Sequence[float | None]],
    marks: Sequence[Mark],
    form: str,
) -> Chart:
    """A chart of figures over days (UTC), one line for each name; form: of a number, as Numbro writes it."""
    rows: list[tuple[str, ...]] = [("day", *lines)]
    for number, day in enumerate(span):
        values = [row[number] for row in lines.values()]
        if any(values):
            rows.append((str(day), *("–" if value is None else f"{value:.4g}" for value in values)))
    return Chart(name, title, _trend(span, lines, marks, form), rows)


def _trend(
    days: Sequence[date], lines: Mapping[str, Sequence[float | None]], marks: Sequence[Mark], form: str
) -> Json:
    from bokeh.models import ColumnDataSource, HoverTool, Range1d

    at = [datetime.combine(day, time(), UTC) for day in days]
    span = Range1d(at[0] - timedelta(hours=12), at[-1] + timedelta(hours=36))
    plot = _plot(x_axis_type="datetime", x_range=span)
    if "%" in form:
        plot.y_range = Range1d(-0.02, 1.05)
    else:
        plot.y_range.start = 0
    values = {
        name: [float("nan") if value is None else value for value in row] for name, row in lines.items()
    }
    source = ColumnDataSource({"at": at, **values})
    drawn = []
    for name, colour in zip(lines, (FIRST, SECOND), strict=False):
        legend = {"legend_label": name} if len(lines) > 1 else {}
        plot.line("at", name, source=source, color=colour, line_width=2, **legend)
        drawn.append(plot.scatter("at", name, source=source, color=colour, size=6))
    tips = [("", "@at{%F}"), *((name, f"@{{{name}}}{{{form}}}") for name in lines)]
    hover = HoverTool(tooltips=tips, formatters={"@at": "datetime"}, mode="vline", renderers=drawn[:1])
    plot.add_tools(hover)
    _mark(plot, marks)
    _finish(plot, form)
    return _document(plot)


def shares(names: Sequence[str], before: Sequence[float], now: Sequence[float]) -> Json:
    """Two distributions over the same bins, side by side: shares between 0 and 1."""
    from bokeh.models import ColumnDataSource, FactorRange, HoverTool
    from bokeh.transform import dodge

    plot = _plot(x_range=FactorRange(*names), height=_HEIGHT + 40)
    source = ColumnDataSource({"name": list(names), "first": list(before), "now": list(now)})
    for column, place, colour in (("first", -0.2, SECOND), ("now", 0.2, FIRST)):
        x = dodge("name", place, range=plot.x_range)
        plot.vbar(x=x, top=column, source=source, width=0.36, color=colour, legend_label=column)
    plot.add_tools(HoverTool(tooltips=[("", "@name"), ("first", "@first{0.0%}"), ("now", "@now{0.0%}")]))
    plot.xaxis.major_label_orientation = 0.6
    plot.y_range.start = 0
    _finish(plot, "0%")
    return _document(plot)


def _plot(height: int = _HEIGHT, **options: Any) -> figure:
    from bokeh.plotting import figure

    return figure(height=height, sizing_mode="stretch_width", toolbar_location=None, tools="", **options)


def _mark(plot: figure, marks: Sequence[Mark]) -> None:
    """A line for each moment, and what happened on a day as one label, on the side that has room."""
    from bokeh.models import Label, Span

    by_day: dict[date, list[Mark]] = {}
    for mark in marks:
        by_day.setdefault(mark.at.astimezone(UTC).date(), []).append(mark)
        plot.add_layout(Span(location=_ms(mark.at), dimension="height", line_color=MARK, line_dash="dashed"))
    middle = (_ms(plot.x_range.start) + _ms(plot.x_range.end)) / 2
    for number, (_, found) in enumerate(sorted(by_day.items())):
        x, what = _ms(found[-1].at), ", ".join(mark.what for mark in found[-_NAMED:])
        side = (
            {"text_align": "right", "x_offset": -4} if x > middle else {"text_align": "left", "x_offset": 4}
        )
        label = Label(x=x, y=110 - 13 * (number % 3), y_units="screen", text=what, text_color=MARK, **side)
        label.text_font_size = "10px"
        plot.add_layout(label)


def _ms(moment: datetime) -> float:
    return moment.astimezone(UTC).timestamp() * 1000


def _finish(plot: figure, form: str) -> None:
    from bokeh.models import NumeralTickFormatter

    plot.yaxis.formatter = NumeralTickFormatter(format=form)
    plot.background_fill_color = plot.border_fill_color = CARD
    plot.outline_line_color = None
    plot.grid.grid_line_color = LINE
    for axis in (plot.xaxis, plot.yaxis):
        axis.axis_line_color = axis.major_tick_line_color = LINE
        axis.minor_tick_line_color = None
        axis.major_label_text_color = TEXT
    if plot.legend:
        plot.legend.background_fill_color = CARD
        plot.legend.label_text_color, plot.legend.border_line_color = TEXT, LINE
        plot.legend.orientation, plot.legend.location = "horizontal", "top_left"


def _document(plot: figure) -> Json:
    from bokeh.embed import json_item

    return dict(json_item(plot))
