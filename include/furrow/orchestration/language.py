"""The languages of the pages: English as it stands in the templates, and what `ko.po` says for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "ko")
COOKIE = "furrow_language"
Translate = Callable[[str], str]


def language_of(cookie: str | None, accepted: str | None) -> str:
    """The one that Airflow's own pages have, by the cookie that ours set; else what the browser asks for."""
    if cookie in LANGUAGES:
        return str(cookie)
    wanted = [part.split(";")[0].strip()[:2].lower() for part in (accepted or "").split(",")]
    return next((each for each in wanted if each in LANGUAGES), LANGUAGES[0])


def translator(language: str) -> Translate:
    """The text in that language; a text without a translation stays English."""
    known = catalogue(language)
    return lambda text: known.get(text) or text


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """English -> that language."""
    if language == LANGUAGES[0]:
        return {}
    from babel.messages.pofile import read_po

    with (Path(__file__).parent / "languages" / f"{language}.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id}
