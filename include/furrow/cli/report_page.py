"""The HTML pages that commands write: where they go, and opening them."""

from __future__ import annotations

import re
import webbrowser
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from furrow.config.settings import Settings
from furrow.errors import PageNotWritten

OpenFlag = Annotated[bool, typer.Option("--open", help="Open the page in the browser.")]
_LONGEST = 200
"""Bytes of a name without `.html`; most file systems take 255, and a Korean letter is three."""
_HASH = 8


@dataclass(frozen=True)
class Page:
    """A page that was to be written. failure: why it is not there."""

    path: Path
    failure: OSError | None = None

    @property
    def place(self) -> str | None:
        """Where it is, if it is anywhere."""
        return str(self.path) if self.failure is None else None

    def written(self) -> Path:
        """Where it is. To be asked once the results are printed, since they were paid for.

        Raises PageNotWritten.
        """
        if self.failure is not None:
            why = self.failure.strerror or self.failure
            raise PageNotWritten(
                f"the page {self.path} could not be written: {why}; --html FILE puts it elsewhere"
            )
        return self.path


def write_page(settings: Settings, chosen: Path | None, parts: Iterable[str | None], page: str) -> Page:
    """Write a page to the chosen file, or to one under var/reports that is named after the parts."""
    path = (chosen or settings.var / "reports" / _name(parts)).absolute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    except OSError as failure:
        return Page(path, failure)
    return Page(path)


def said(settings: Settings, page: Path) -> str:
    """Where a page is, in a line that is short: from the home of this deployment on, if it is under it."""
    return f"page: {page.relative_to(settings.home) if page.is_relative_to(settings.home) else page}"


def open_in_browser(page: Path) -> None:
    """Show a page that was written."""
    webbrowser.open(page.as_uri())


def _name(parts: Iterable[str | None]) -> str:
    """A name that is too long ends in a hash of the whole, so that two which begin alike stay two."""
    whole = "-".join(filter(None, parts))
    name = re.sub(r"[^\w@.-]", "_", whole)
    if len(name.encode()) > _LONGEST:
        mark = sha256(whole.encode(errors="backslashreplace")).hexdigest()[:_HASH]
        name = f"{name.encode()[: _LONGEST - _HASH - 1].decode(errors='ignore')}-{mark}"
    return f"{name}.html"
