"""The pages' languages: every text has a Korean one, and the browser's wish is heard."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from furrow.evaluation.gate import Decision
from furrow.orchestration import charts, experiment_page, language, price_page, status, use_case_page
from furrow.orchestration.language import catalogue, language_of, translator
from furrow.orchestration.rendering import dollars
from furrow.store.releases import Action

TEMPLATES = Path(language.__file__).parent / "templates"
WORDS = {"success", "failed", "running", "queued", "accepted", "rejected", "on its way"}
RUNGS = {"strict", "repaired", "reasked", "escalated"}


def texts() -> set[str]:
    """What templates say, the alarms, the titles of charts, and the words that are looked up by value."""
    found = {
        text
        for path in TEMPLATES.glob("*.html.j2")
        for text in re.findall(r'_\("([^"]+)"\)', path.read_text())
    }
    alarms = re.findall(r'yield "([^"]+)"', Path(status.__file__).read_text())
    modules = (use_case_page, price_page, experiment_page, charts)
    sources = [Path(module.__file__ or "").read_text() for module in modules]
    drawn = r'over_(?:days|looks)\(\s*"\w+",\s*"([^"]+)"'
    titles = [title for text in sources for title in re.findall(drawn, text)]
    assert len(alarms) > 3 and len(titles) > 3
    decisions = {str(each).replace("_", " ") for each in Decision}
    return found | {*alarms, *titles} | WORDS | RUNGS | decisions | {str(each) for each in Action}


def test_every_text_of_the_pages_has_a_korean_one_and_none_is_left_over() -> None:
    known = catalogue("ko")
    assert texts() - set(known) == set()
    assert set(known) - texts() == {"before", "after"} - texts()
    assert all(re.search("[가-힣/p]", text) for text in known.values())


@pytest.mark.parametrize(
    ("cookie", "accepted", "expected"),
    [
        pytest.param(None, None, "en", id="nothing said"),
        pytest.param(None, "ko-KR,ko;q=0.9,en;q=0.8", "ko", id="a Korean browser"),
        pytest.param(None, "de,fr;q=0.5", "en", id="a language that is not there"),
        pytest.param("ko", "en", "ko", id="Airflow in Korean"),
        pytest.param("en", "ko", "en", id="Airflow in English"),
        pytest.param("../../x", "ko", "ko", id="a cookie that is no language"),
    ],
)
def test_the_language_is_airflows_else_the_browsers(
    cookie: str | None, accepted: str | None, expected: str
) -> None:
    assert language_of(cookie, accepted) == expected


def test_a_text_without_a_translation_stays_as_it_is() -> None:
    assert translator("ko")("never heard of") == "never heard of"
    assert translator("en")("Use cases") == "Use cases"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "–"),
        (0.0, "$0.0000"),
        (0.0123, "$0.0123"),
        (0.000016, "$0.000016"),
        (12.3456, "$12.3456"),
        (1234.5, "$1,234.50"),
    ],
    ids=str,
)
def test_dollars_are_written_so_that_little_is_not_nothing(value: float | None, written: str) -> None:
    assert dollars(value) == written
