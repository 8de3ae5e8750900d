"""What a digest finds in the state database and the run store, what of it is red, and how it is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import Deployment
from furrow.batch.watching import WHO as GUARD
from furrow.cli import app
from furrow.config.settings import Settings
from furrow.engine.ports import Answer, Finish, Purchase
from furrow.errors import StoreDamaged
from furrow.evaluation.digest import Digest, ReleaseEvent, UseCaseDigest, Worked
from furrow.evaluation.digest_page import as_digest_page, as_text, title_of
from furrow.store.dead_letters import Letter
from furrow.store.drift_looks import DriftLooks
from furrow.store.evaluations import Evaluated
from furrow.store.ledger import SqlLedger
from furrow.store.releases import Action, Entry
from furrow.store.runs import Run
from tests.folders import FolderOfPrompts
from tests.html_page import HOSTILE, HtmlPage

UNTIL = datetime(2026, 11, 23, tzinfo=UTC)
NOW, BEFORE = UNTIL - timedelta(days=1), UNTIL - timedelta(days=8)
"""In the week, and in the week before."""


class Shop:
    """A deployment with an empty state database, and ways to fill it."""

    def __init__(self, prompts: FolderOfPrompts, home: Path):
        self.prompts = prompts
        told = {"FURROW_HOME": str(home), "FURROW_PROMPTS": str(prompts.path)}
        self.deployment = Deployment(Settings.from_environment(told), EnvironmentConnections({}))
        (home / "var").mkdir()

    def digest(self, days: int = 7) -> Digest:
        return self.deployment.digest(UNTIL, days)

    def goods(self) -> UseCaseDigest:
        return next(each for each in self.digest().use_cases if each.name == "goods")

    def buy(self, at: datetime, *costs: float | None, use_case: str = "goods") -> None:
        answers = [Answer("{}", Finish.STOP, "small", 1, 1, cost, 0.1) for cost in costs]
        bought = [
            Purchase(f"{at}{use_case}{n}", answer, "small", use_case, "digest", "v1@0", "r")
            for n, answer in enumerate(answers)
        ]
        SqlLedger(self.deployment.database, lambda: at).record(bought)

    def work(self, at: datetime, accepted: int, rejected: int = 0, run_id: str = "r") -> None:
        report = {"outcomes": {"accepted": accepted, "rejected": rejected}}
        began = at - timedelta(minutes=1)
        self.deployment.windows.note("goods", "v1@0", run_id, began, at, accepted + rejected, report)

    def run(self, run_id: str, at: datetime, **ended: Any) -> None:
        self.deployment.runs.start(Run("goods", run_id, "v1@0", started_at=at))
        if ended:
            self.deployment.runs.finish("goods", run_id, ended)

    def evaluate(self, at: datetime, right: int, **changed: Any) -> None:
        """Of 100 cases."""
        low, high = max(0.0, right / 100 - 0.09), min(1.0, right / 100 + 0.09)
        field = {"n": 100, "accuracy": right / 100, "interval": [low, high]}
        report = {"fields": {"brand": field, "unlabelled": {"n": 0, "accuracy": None, "interval": [0, 1]}}}
        told = {"test_set": "t", "decision": "pass", "report": report, "release": "v1@0", **changed}
        found = Evaluated(
            use_case="goods", evaluation=f"e {at}", version="v1", content_hash="h", at=at, **told
        )
        self.deployment.evaluations.note([found])

    def reject(self, at: datetime, key: str, reason: str = "answer_invalid") -> None:
        letter = Letter("goods", key, "r", key, "v1@0", at, "rejected", 1, reason, "extract", "no")
        self.deployment.letters.note([letter])

    def look(self, at: datetime, *alarms: str, run_id: str | None = None) -> None:
        DriftLooks(self.deployment.database, lambda: at).note("goods", "v1@0", list(alarms), True, run_id)

    def release(self, action: Action, at: datetime, who: str = "minji", why: str = "worse") -> None:
        after = self.deployment.releases.last_number("goods")
        entry = Entry("goods", action, "v1", "v1@0", "h", who, why, from_release="v2@1", at=at)
        self.deployment.releases.append(entry, after=after)


@pytest.fixture
def shop(prompts: FolderOfPrompts, tmp_path: Path) -> Shop:
    return Shop(prompts, tmp_path)


# --- what is counted --------------------------------------------------------------------------------


def test_cost_and_calls_stand_next_to_those_of_the_week_before(shop: Shop) -> None:
    shop.buy(NOW, 0.5, 0.25, None)
    shop.buy(BEFORE, 0.5)
    found = shop.goods()
    assert (found.spent.calls, found.spent.cost_usd, found.spent.unpriced) == (3, 0.75, 1)
    assert (found.spent_before.calls, found.spent_before.cost_usd) == (1, 0.5)


@pytest.mark.parametrize(
    ("at", "counted"),
    [
        (UNTIL - timedelta(days=7), (1, 0)),
        (UNTIL - timedelta(days=7, microseconds=1), (0, 1)),
        (UNTIL, (0, 0)),
        (UNTIL - timedelta(days=15), (0, 0)),
    ],
    ids=["the first moment", "just before", "the end", "long ago"],
)
def test_a_moment_is_in_one_week_alone(shop: Shop, at: datetime, counted: tuple[int, int]) -> None:
    shop.buy(at, 0.5)
    found = shop.digest()
    assert (found.spent.calls, found.spent_before.calls) == counted


def test_records_of_runs_and_streams_are_added_up_whatever_the_release(shop: Shop) -> None:
    shop.work(NOW, 80, 20, "r1")
    shop.work(NOW, 10, 0, "r2")
    shop.work(BEFORE, 50, 0, "r0")
    found = shop.goods()
    assert found.worked == Worked(records=110, accepted=90, rejected=20)
    assert found.worked_before.records == 50 and found.worked.valid_rate == pytest.approx(0.818, abs=1e-3)


def test_the_last_evaluation_stands_next_to_the_one_before_it(shop: Shop) -> None:
    shop.evaluate(BEFORE, 90)
    shop.evaluate(NOW, 85)
    shop.evaluate(NOW + timedelta(hours=1), 99, against="v1@0", release="v2@1")
    quality = shop.goods().quality
    assert quality is not None and list(quality.fields) == ["brand"]
    assert (quality.fields["brand"].accuracy, quality.fields["brand"].before) == (0.85, 0.9)
    assert (quality.mean, quality.mean_before, quality.same_cases) == (0.85, 0.9, True)


def test_an_evaluation_of_some_slices_is_not_the_last_one(shop: Shop) -> None:
    shop.evaluate(BEFORE, 90)
    partial = {"fields": {"brand": {"n": 1, "accuracy": 0.0, "interval": [0, 1]}}, "scope": {"slices": ["a"]}}
    shop.evaluate(NOW, 0, report=partial)
    quality = shop.goods().quality
    assert quality is not None and quality.fields["brand"].accuracy == 0.9 and not quality.new


def test_open_dead_letters_are_counted_by_reason_and_the_new_ones_told_apart(shop: Shop) -> None:
    for number in range(3):
        shop.reject(NOW, f"n{number}")
    shop.reject(BEFORE, "old")
    shop.reject(BEFORE, "other", reason="rule_broken")
    found = shop.goods()
    assert [(each.reason, each.number, each.new) for each in found.reasons] == [
        ("answer_invalid", 4, 3),
        ("rule_broken", 1, 0),
    ]
    assert (found.letters_open, found.letters_new) == (5, 3)


def test_drift_alarms_of_runs_and_of_the_hourly_look_come_together(shop: Shop) -> None:
    shop.look(NOW, "brand: PSI 0.30", "rungs: PSI 0.10")
    shop.look(NOW, "brand: PSI 0.30", "rungs: PSI 0.10")  # a retry in the same hour
    shop.look(BEFORE, "brand: PSI 0.20")
    shop.look(NOW + timedelta(minutes=1), "brand: PSI 0.40", run_id="r1")
    shop.look(NOW + timedelta(minutes=1), "brand: PSI 0.40", run_id="r1")
    shop.look(NOW + timedelta(hours=2))
    found = shop.goods().drift
    assert [(each.what, each.times, each.said) for each in found] == [
        ("brand", 2, "brand: PSI 0.40"),
        ("rungs", 1, "rungs: PSI 0.10"),
    ]


def test_the_log_of_releases_of_these_days_is_in_it(shop: Shop) -> None:
    shop.release(Action.INITIAL, BEFORE)
    shop.release(Action.ROLLBACK, NOW, GUARD, "valid rate 0.5")
    [event] = shop.goods().releases
    assert (event.action, event.guard, event.from_release) == ("rollback", True, "v2@1")


def test_a_folder_that_is_gone_or_does_not_load_is_still_there(shop: Shop) -> None:
    shop.buy(NOW, 0.5, use_case="gone")
    shop.prompts.put("broken/pipeline.yaml", "description: [")
    shop.work(NOW, 5)
    found = {each.name: each for each in shop.digest().use_cases}
    assert set(found) == {"gone", "broken", "goods"}
    assert "does not load" in found["broken"].red[0] and found["gone"].spent.calls == 1


def test_a_damaged_row_of_one_use_case_is_said_there(shop: Shop) -> None:
    shop.look(NOW, "brand: PSI 0.30")
    with shop.deployment.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE furrow_drifts SET alarms = '{'")
    assert "cannot be looked at" in shop.goods().red[0]


def test_an_empty_deployment_has_a_digest_without_anything_red(shop: Shop) -> None:
    found = shop.digest()
    assert found.red == 0 and "nothing red" in title_of(found)


# --- what is red ------------------------------------------------------------------------------------


def _fewer_valid(shop: Shop) -> None:
    shop.work(BEFORE, 990, 10, "r0")
    shop.work(NOW, 900, 100, "r1")


def _silent(shop: Shop) -> None:
    shop.work(BEFORE, 100)


def _dearer(shop: Shop) -> None:
    shop.buy(BEFORE, 0.1)
    shop.buy(NOW, 0.2)


def _less_accurate(shop: Shop) -> None:
    shop.evaluate(BEFORE, 90)
    shop.evaluate(NOW, 60)


def _failed_runs(shop: Shop) -> None:
    shop.run("r1", NOW, state="failed", counts={})
    shop.run("r2", NOW, counts={})
    shop.run("r3", UNTIL - timedelta(days=2))


RED: list[tuple[str, Callable[[Shop], None], list[str]]] = [
    ("fewer valid", _fewer_valid, ["valid rate fell from 0.990 to 0.900"]),
    ("nothing came", _silent, ["no records, 100 in the days before"]),
    ("dearer", _dearer, ["cost rose to 2.0 times that of the days before"]),
    ("less accurate", _less_accurate, ["accuracy of brand fell from 0.900 to 0.600"]),
    ("fails its gate", lambda shop: shop.evaluate(NOW, 9, decision="fail"), ["v1@0, which is live, fails"]),
    ("runs", _failed_runs, ["1 of 3 runs failed", "1 of 3 runs began and have not ended"]),
    (
        "a guard",
        lambda shop: shop.release(Action.ROLLBACK, NOW, GUARD, "0.5 valid"),
        ["a guard took v2@1 back: 0.5 valid"],
    ),
    ("a person", lambda shop: shop.release(Action.ROLLBACK, NOW), ["minji took v2@1 back: worse"]),
    ("unknown price", lambda shop: shop.buy(NOW, None), ["calls without a known price: 1"]),
]


@pytest.mark.parametrize(("happen", "said"), [row[1:] for row in RED], ids=[row[0] for row in RED])
def test_what_somebody_should_look_at_is_red(
    shop: Shop, happen: Callable[[Shop], None], said: list[str]
) -> None:
    happen(shop)
    red = shop.goods().red
    assert len(red) == len(said) and all(text in line for text, line in zip(said, red, strict=True))


def _noise(shop: Shop) -> None:
    shop.work(BEFORE, 98, 2, "r0")
    shop.work(NOW, 97, 3, "r1")


def _a_little_dearer(shop: Shop) -> None:
    shop.buy(BEFORE, 0.1)
    shop.buy(NOW, 0.14)


def _other_cases(shop: Shop) -> None:
    shop.evaluate(BEFORE, 90)
    shop.evaluate(NOW, 60, test_set="other")


def _long_ago(shop: Shop) -> None:
    shop.evaluate(BEFORE - timedelta(days=1), 90)
    shop.evaluate(BEFORE, 60)


@pytest.mark.parametrize(
    "happen",
    [
        pytest.param(_noise, id="a valid rate within chance"),
        pytest.param(_a_little_dearer, id="a little dearer"),
        pytest.param(_other_cases, id="an accuracy on other cases"),
        pytest.param(_long_ago, id="an evaluation of weeks ago"),
        pytest.param(lambda shop: shop.reject(NOW, "a"), id="one dead letter"),
        pytest.param(lambda shop: shop.release(Action.PROMOTE, NOW), id="a promotion"),
        pytest.param(lambda shop: shop.run("r", UNTIL - timedelta(hours=2)), id="a run that goes on"),
    ],
)
def test_what_is_as_it_should_be_is_not_red(shop: Shop, happen: Callable[[Shop], None]) -> None:
    happen(shop)
    assert shop.goods().red == []


def test_red_use_cases_come_first_and_then_the_dearest(shop: Shop) -> None:
    for name, cost in (("cheap", 0.1), ("dear", 5.0)):
        shop.buy(NOW, cost, use_case=name)
        shop.buy(BEFORE, cost, use_case=name)
    _silent(shop)
    assert [each.name for each in shop.digest().use_cases] == ["goods", "dear", "cheap"]


# --- how it is written ------------------------------------------------------------------------------


@pytest.fixture
def eventful(shop: Shop) -> Shop:
    """A week in which everything happened."""
    for happen in (_fewer_valid, _dearer, _less_accurate, _failed_runs):
        happen(shop)
    shop.release(Action.ROLLBACK, NOW, GUARD, "0.5 valid")
    shop.reject(NOW, "a")
    shop.look(NOW, "brand: PSI 0.30")
    return shop


def test_the_text_says_what_is_red_before_the_figures(eventful: Shop) -> None:
    text = as_text(eventful.digest())
    assert text.startswith("Furrow, 2026-11-16 to 2026-11-23: 1 of 1 use cases want a look\nspent: $0.2000")
    lines = text.splitlines()
    assert lines.index("  ! a guard took v2@1 back: 0.5 valid") < next(
        n for n, line in enumerate(lines) if line.startswith("  cost")
    )
    for part in ("valid 0.900", "brand -30.0", "1 open, 1 of them new: answer_invalid at extract 1"):
        assert part in text


def test_the_page_has_all_of_it_and_needs_nothing_else(eventful: Shop) -> None:
    page = HtmlPage(as_digest_page(eventful.digest()))
    assert page.row("figures", "goods v1@0")[1:4] == ["0.2000 0.1000", "1 1", "1,000 1,000"]
    assert page.row("use-case-1", "brand")[1:] == ["100", "0.600", "0.900", "-30.0"]
    assert page.row("use-case-1", "answer_invalid") == ["answer_invalid", "extract", "1", "1"]
    assert page.text.index("a guard took v2@1 back") < page.text.index("Figures")
    assert page.names.isdisjoint({"script", "img", "link", "iframe", "a", "form", "object", "base"})


def told(text: str) -> Digest:
    event = ReleaseEvent(
        at=NOW, action="rollback", release=text, from_release=text, who=text, why=text, guard=False
    )
    found = UseCaseDigest(name=text, release=text, error=text, releases=[event])
    return Digest.of([found], BEFORE, UNTIL, 7)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_wrote_is_never_markup(text: str) -> None:
    page, plain = (HtmlPage(as_digest_page(told(each))) for each in (text, "plain"))
    assert page.tags == plain.tags and text in page.text


@given(st.text(min_size=1, max_size=40))
def test_no_text_whatever_breaks_a_line_or_moves_a_cursor(text: str) -> None:
    found = told(f"x{text}")
    assert len(as_text(found).splitlines()) == len(as_text(told("x")).splitlines())
    assert all(char.isprintable() or char == "\n" for char in as_text(found))


def test_it_comes_back_from_its_json(eventful: Shop) -> None:
    found = eventful.digest()
    assert Digest.from_json(json.loads(json.dumps(found.to_json()))) == found
    with pytest.raises(StoreDamaged, match="not a digest"):
        Digest.from_json({"format": 1})


# --- the command ------------------------------------------------------------------------------------


@pytest.fixture
def typed(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """As a person's shell finds it; a call was bought a moment ago and one three days ago."""
    monkeypatch.setenv("FURROW_HOME", str(tmp_path))
    monkeypatch.setenv("FURROW_PROMPTS", str(shop.prompts.path))
    monkeypatch.delenv("FURROW_DB", raising=False)
    shop.buy(datetime.now(UTC) - timedelta(minutes=1), 0.5)
    shop.buy(datetime.now(UTC) - timedelta(days=3), 0.25)
    return shop


def test_the_command_prints_the_text(typed: Shop) -> None:
    done = CliRunner().invoke(app, ["digest"])
    assert done.exit_code == 0, done.output
    assert "goods" in done.stdout and "spent: $0.7500 in 2 calls" in done.stdout


def test_the_command_takes_days_and_prints_json(typed: Shop) -> None:
    done = CliRunner().invoke(app, ["digest", "--days", "2", "--json"])
    found = Digest.from_json(json.loads(done.stdout))
    assert (found.spent.cost_usd, found.spent_before.cost_usd, found.days) == (0.5, 0.25, 2)


def test_the_connection_that_the_environment_names_reaches_child_processes() -> None:
    told = Settings.from_environment({"FURROW_DIGEST_CONNECTION": "ads_chat"})
    assert told.digest_connection == "ads_chat" and Settings.from_environment(told.environment()) == told
    assert "FURROW_DIGEST_CONNECTION" not in Settings.from_environment({}).environment()


def test_no_days_at_all_are_refused(typed: Shop) -> None:
    assert CliRunner().invoke(app, ["digest", "--days", "0"]).exit_code == 2
