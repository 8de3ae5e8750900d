"""Reports as HTML pages that need nothing else: no script, no image, no address.

Texts of records and models are hostile. All of them pass Jinja's autoescape, the pages' policy lets nothing
be loaded or run, and signs that cannot be seen are written as their codes.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2

from furrow.evaluation import wording


def fill(template: str, /, **values: object) -> str:
    """The filled template, from the folder beside this module. A value that is missing is an error."""
    return _environment().get_template(template).render(**values)


def _lines(text: str) -> str:
    return "\n".join(wording.plain(line) for line in text.split("\n"))


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for writer in (
        *(wording.as_json, wording.bounds, wording.counted, wording.dollars),
        *(wording.plain, wording.points, wording.seconds, wording.share),
    ):
        environment.filters[writer.__name__] = writer
    environment.filters["lines"] = _lines
    return environment
