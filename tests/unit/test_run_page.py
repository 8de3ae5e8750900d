"""A run's report as a page: complete, self-contained, and deaf to what records say."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.batch.run import PAGE
from furrow.config.fields import Fields
from furrow.config.models import FieldSpec
from furrow.engine.arms import CANDIDATE, LIVE, Arm, Arms
from furrow.engine.record import Record, Rejection, Rung, Work
from furrow.evaluation.drift import Drift, Drifted
from furrow.evaluation.run_page import EXAMPLES, MOST_TEXT, ArmSection, Details, as_run_page
from furrow.evaluation.run_report import RunReport
from furrow.testing import MemorySource
from tests.folders import FolderOfPrompts, record
from tests.html_page import HOSTILE, HtmlPage
from tests.listings import trace
from tests.world import World

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
FIELDS = Fields({"condition": FieldSpec(type="enum", values=["new", "used"])}, "result")
ALONE = Arms(Arm(LIVE, "v1", "v1@aa"))


def good(number: int, **step: object) -> Work:
    work = Work(Record(f"m:{number}", f"a{number}", NINE, {}), result={"condition": "used"})
    work.traces = {"extract": trace(**step)}
    return work


def bad(number: int, key: str = "b", message: str = "no", reason: str = "answer_invalid") -> Work:
    work = Work(Record(f"m:{number}", key, NINE, {}), rejection=Rejection(reason, "extract", message))
    work.traces = {"extract": trace(rung=None)}
    return work


def written(*works: Work, arms: Arms = ALONE, run_id: str = "r1", drift: Drift | None = None) -> str:
    sections = []
    for arm in arms.all():
        details = Details()
        report = RunReport.collect(details.counting(works), FIELDS, started=NINE, finished=NINE)
        sections.append(ArmSection(arm, report, details))
    return as_run_page("goods", run_id, arms, sections, drift)


def page_of(*works: Work, arms: Arms = ALONE, drift: Drift | None = None) -> HtmlPage:
    return HtmlPage(written(*works, arms=arms, drift=drift))


def test_outcomes_and_rungs_stand_there_with_their_shares() -> None:
    page = page_of(good(1), good(2, rung=Rung.REASKED), good(3), bad(4))
    assert page.row("live-outcomes", "accepted")[1:3] == ["3", "0.750"]
    assert page.row("live-outcomes", "rejected")[1:3] == ["1", "0.250"]
    assert page.row("live-outcomes", "reasked")[1:3] == ["1", "0.333"]


def test_every_model_of_a_step_has_a_line_with_calls_tokens_cost_and_seconds() -> None:
    small, large = {"model": "small", "calls": 2, "cost_usd": 0.001}, {"model": "large", "cost_usd": None}
    page = page_of(good(1, **small), good(2, **small), good(3, **large))
    rows = [row for row in page.tables["live-steps"] if row and row[0] == "extract"]
    assert [row[1] for row in rows] == ["large", "small"]
    assert rows[1][2:4] == ["2", "4"] and rows[1][7] == "0.0020" and rows[0][7] == "unknown"


def test_what_was_rejected_most_stands_first_with_some_of_its_records() -> None:
    many = [bad(n, key=f"k{n}", message="an emoji 🥕") for n in range(EXAMPLES + 2)]
    page = page_of(good(99), bad(98, reason="rule_broken"), *many)
    rows = page.tables["live-rejected"][1:3]
    assert [row[0] for row in rows] == ["answer_invalid", "rule_broken"] and rows[0][2] == "5"
    assert "k2 an emoji 🥕" in rows[0][4] and "k3" not in rows[0][4]


def test_a_long_message_is_cut() -> None:
    assert len(page_of(bad(1, message="x" * 10_000)).tables["live-rejected"][1][4]) < MOST_TEXT + 10


@pytest.mark.parametrize(
    ("published", "said"),
    [(True, "experiment e-1"), (False, "in the shadow")],
    ids=["an experiment", "a shadow"],
)
def test_a_run_with_two_versions_has_a_section_for_each(published: bool, said: str) -> None:
    candidate = Arm(CANDIDATE, "v2", "v2@bb", published)
    arms = Arms(ALONE.live, candidate, share=0.25, experiment="e-1")
    page = page_of(good(1), arms=arms)
    assert {"live-steps", "candidate-steps"} <= set(page.tables)
    assert "v2@bb" in page.text and "25 %" in page.text and said in " ".join(page.text.split())


def test_a_drift_alarm_is_said_above_everything_else() -> None:
    moved = Drifted(n=100, n_before=900, psi=0.4, p=1e-9, p_corrected=1e-9, alarm=True)
    page = page_of(good(1), drift=Drift(chunks=9, enough=True, watched={"condition": moved}))
    assert page.text.index("condition: PSI 0.40") < page.text.index("Outcomes and rungs")
    assert page.row("drift", "condition")[-1] == "alarm"


def test_a_run_without_a_record_has_a_page_too() -> None:
    assert page_of().row("live-outcomes", "accepted")[1:3] == ["0", "-"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_record_says_is_never_markup(text: str) -> None:
    plain = HtmlPage(written(bad(1), run_id="r1"))
    page = HtmlPage(written(bad(1, key=text, message=text, reason=text), run_id=text))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    assert text in page.text


@given(st.text(max_size=40))
def test_no_text_whatever_changes_the_structure_or_stays_unseen(text: str) -> None:
    page = HtmlPage(written(bad(1, key=f"k{text}", message=text)))
    assert page.tags == HtmlPage(written(bad(1, key="k", message="x"))).tags
    assert all(char.isprintable() or char == "\n" for char in page.text)


def test_it_needs_nothing_from_outside_and_runs_nothing() -> None:
    page = page_of(good(1), bad(2))
    assert page.names.isdisjoint({"script", "img", "link", "iframe", "a", "form", "object", "base"})
    assert not [name for _, found in page.tags for name in found if name.startswith("on") or name == "src"]
    policy = next(found for _, found in page.tags if found.get("http-equiv"))
    assert str(policy["content"]).startswith("default-src 'none'")


def test_a_run_writes_its_page_beside_its_report(prompts: FolderOfPrompts, tmp_path: Path) -> None:
    world = World(prompts, tmp_path, [])
    world.source = MemorySource([record(1), record(2, id="<script>alert(1)</script>"), b"{"])
    report = world.through()
    written = Path(report["report_uri"]).parent / PAGE
    page = HtmlPage(written.read_text(encoding="utf-8"))
    assert page.row("live-outcomes", "accepted")[1] == "2"
    assert page.row("live-rejected", "record_unreadable")[1] == "fetch"
    assert page.row("live-steps", "digest")[3] == "2" and "script" not in page.names
    again = world.through()
    assert again["counts"] == report["counts"] and written.exists()
