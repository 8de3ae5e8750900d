"""What every page needs of who looks at it: the language, the look, where it stands in the navigation."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from furrow.orchestration import charts
from furrow.orchestration.language import LANGUAGES, translator
from furrow.orchestration.rendering import render


@dataclass(frozen=True)
class View:
    """What every page needs of the request. nonce: of its scripts."""

    language: str
    theme: str
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    tab: str = ""
    use_case: str = ""
    languages: tuple[str, ...] = LANGUAGES

    @property
    def scripts(self) -> list[str]:
        """The names of the scripts that draw charts."""
        return list(charts.scripts())

    @property
    def scripts_version(self) -> str:
        """So that a browser keeps them until they change."""
        return charts.scripts_version()


def shown(template: str, view: View, **values: object) -> str:
    """The page as HTML; whatever is put into it is escaped."""
    return render(template, view=view, _=translator(view.language), **values)
