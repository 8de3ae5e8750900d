"""The templates beside this module: Markdown for Airflow's documentation panes, HTML for the pages."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING

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
    found.filters["cell"] = cell
    found.filters["readable"] = readable
    return found


def cell(text: object) -> str:
    """Text inside a Markdown table cell: it cannot end the cell, the row or a code span."""
    return re.sub(r"\s+", " ", str(text)).replace("|", "\\|").replace("`", "'").replace("<", "&lt;")


def readable(value: object) -> str:
    """A JSON value for a person: indented, letters as letters."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)
