"""Charts of the pages: what is drawn. `static/charts.js` draws it with BokehJS, in the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Mark:
    """Something that happened at a moment, drawn as a line across the chart."""

    at: datetime
    what: str


@dataclass(frozen=True)
class Chart:
    """A chart and, for who does not see it, the same as a table. drawn: what the script draws."""

    name: str
    title: str
    drawn: Json
    rows: list[tuple[str, ...]]


@cache
def scripts() -> Mapping[str, Path]:
    """The scripts that draw, by name, in the order in which a page needs them."""
    import bokeh

    theirs = Path(bokeh.__file__).parent / "server" / "static" / "js"
    names = ("bokeh.min.js", "bokeh-api.min.js")
    return {
        **{name: theirs / name for name in names},
        "charts.js": Path(__file__).parent / "static/charts.js",
    }


@cache
def scripts_version() -> str:
    """So that a browser keeps the scripts until they change."""
    return f"{version('bokeh')}-{scripts()['charts.js'].stat().st_mtime_ns}"


def over_days(
    name: str,
    title: str,
    span: Sequence[date],
    lines: Mapping[str, Sequence[float | None]],
    marks: Sequence[Mark],
    form: str,
) -> Chart:
    """Figures over days (UTC), one line for each name; form: of a number, as Numbro writes it (`0.0%`)."""
    rows: list[tuple[str, ...]] = [("day", *lines)]
    for number, day in enumerate(span):
        values = [row[number] for row in lines.values()]
        if any(values):
            rows.append((str(day), *("–" if value is None else f"{value:.4g}" for value in values)))
    drawn = {
        "kind": "trend",
        "days": [str(day) for day in span],
        "lines": {name: list(row) for name, row in lines.items()},
        "marks": [{"at": _ms(mark.at), "what": mark.what} for mark in marks],
        "form": form,
    }
    return Chart(name, title, drawn, rows)


def two_shares(name: str, title: str, before: Mapping[str, float], now: Mapping[str, float]) -> Chart:
    """Two distributions over the same values, beside each other: shares between 0 and 1."""
    rows: list[tuple[str, ...]] = [("value", "first", "now")]
    rows += [(value, f"{share:.3f}", f"{now[value]:.3f}") for value, share in before.items()]
    drawn = {
        "kind": "shares",
        "names": list(before),
        "first": list(before.values()),
        "now": [now[value] for value in before],
    }
    return Chart(name, title, drawn, rows)


def _ms(moment: datetime) -> float:
    return moment.astimezone(UTC).timestamp() * 1000
