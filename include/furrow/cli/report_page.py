"""The HTML pages that commands write: where they go, and opening them."""

from __future__ import annotations

import re
import webbrowser
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from furrow.config.settings import Settings

OpenFlag = Annotated[bool, typer.Option("--open", help="Open the page in the browser.")]
_LONGEST = 200


def write_page(settings: Settings, chosen: Path | None, parts: Iterable[str | None], page: str) -> Path:
    """Write a page to the chosen file, or to one under var/reports that is named after the parts.

    Raises OSError when it cannot be written.
    """
    path = (chosen or settings.var / "reports" / _name(parts)).absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def said(settings: Settings, page: Path) -> str:
    """Where a page is, in a line that is short: from the home of this deployment on, if it is under it."""
    return f"page: {page.relative_to(settings.home) if page.is_relative_to(settings.home) else page}"


def open_in_browser(page: Path) -> None:
    """Show a page that was written."""
    webbrowser.open(page.as_uri())


def _name(parts: Iterable[str | None]) -> str:
    return re.sub(r"[^\w@.-]", "_", "-".join(filter(None, parts)))[:_LONGEST] + ".html"
