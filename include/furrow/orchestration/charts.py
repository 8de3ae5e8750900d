"""Charts of the pages: what is drawn. `static/charts.js` draws it with BokehJS, in the browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    """A chart and, for who does not see it, the same as a table. drawn: what the script draws.

    links: the page behind each row of the table below its head; empty for none.
    """

    name: str
    title: str
    drawn: Json
    rows: list[tuple[str, ...]]
    links: list[str] = field(default_factory=list)

    def linked(self, href: Callable[[str], str]) -> Chart:
        """The same with a link for each row, made of its first cell."""
        return replace(self, links=[href(row[0]) for row in self.rows[1:]])


@dataclass(frozen=True)
class Interval:
    """An effect as one look found it, from low to high. units: of both arms; href: the page of the look."""

    at: datetime
    units: int
    value: float
    low: float
    high: float
    href: str


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


def over_looks(name: str, title: str, looks: Sequence[Interval]) -> Chart:
    """An effect with its interval at each look, in their order, beside the line of no effect."""
    rows: list[tuple[str, ...]] = [("look (UTC)", "units", "effect", "from", "to")]
    rows += [
        (
            f"{look.at.astimezone(UTC):%Y-%m-%d %H:%M}",
            f"{look.units:,}",
            *(f"{value:+.4g}" for value in (look.value, look.low, look.high)),
        )
        for look in looks
    ]
    drawn = {
        "kind": "effect",
        "at": [_ms(look.at) for look in looks],
        **{part: [getattr(look, part) for look in looks] for part in ("units", "value", "low", "high")},
    }
    return Chart(name, title, drawn, rows, [look.href for look in looks])


def _ms(moment: datetime) -> float:
    return moment.astimezone(UTC).timestamp() * 1000
