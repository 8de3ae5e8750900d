"""The templates beside this module: Markdown for Airflow's documentation panes, HTML for the pages."""

from __future__ import annotations

import json
import math
import re
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, /, **values: object) -> str:
    """The filled template. What goes into `*.html.j2` is escaped; what goes into Markdown passes `cell`."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    found = Environment(
        loader=PackageLoader("furrow.orchestration"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.policies["json.dumps_kwargs"] = {"sort_keys": False}  # a chart refers to what stands before
    found.filters["cell"] = cell
    found.filters["readable"] = readable
    found.filters["dollars"] = dollars
    found.filters["address"] = address
    for writer in (percent, dollars, seconds, whole):
        found.globals[writer.__name__] = writer
    return found


def cell(text: object) -> str:
    """Text inside a Markdown table cell: it cannot end the cell, the row or a code span."""
    return re.sub(r"\s+", " ", str(text)).replace("|", "\\|").replace("`", "'").replace("<", "&lt;")


def readable(value: object) -> str:
    """A JSON value for a person: indented, letters as letters."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def address(name: str, /, **asked: object) -> str:
    """The address of the page of that name with what it is asked for; what is None or empty is left out."""
    query = urlencode({name: str(value) for name, value in asked.items() if value not in (None, "")})
    return f"{name}?{query}" if query else name


def dollars(value: float | None) -> str:
    """US dollars: `$1,234.50`, `$0.0123`, of very little two digits, `–` when nobody knows."""
    if value is None:
        return "–"
    if value >= 100:
        return f"${value:,.2f}"
    small = 0 < value < 0.0001
    return f"${value:.{1 - math.floor(math.log10(value))}f}" if small else f"${value:,.4f}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share: `98.2 %`, `–` when there is none."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def seconds(value: float | None) -> str:
    """`0.84 s`, `–` when there is none."""
    return "–" if value is None else f"{value:.2f} s"


def whole(value: int | None) -> str:
    """`1,234`, `–` when there is none."""
    return "–" if value is None else f"{value:,}"
