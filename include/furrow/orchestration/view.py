"""What every page needs of who looks at it: the language, the look, where it stands in the navigation."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from furrow.orchestration import charts
from furrow.orchestration.language import LANGUAGES, translator
from furrow.orchestration.rendering import render


@dataclass(frozen=True)
class View:
    """What every page needs of the request. nonce: of its scripts; charts: version of the chart script."""

    language: str
    theme: str
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    tab: str = ""
    use_case: str = ""
    languages: tuple[str, ...] = LANGUAGES

    @property
    def charts(self) -> str:
        """The version of the script, so that a browser keeps it until it changes."""
        return charts.script_version()


def shown(template: str, view: View, **values: object) -> str:
    """The page as HTML; whatever is put into it is escaped."""
    return render(template, view=view, _=translator(view.language), **values)
