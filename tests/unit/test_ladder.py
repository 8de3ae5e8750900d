"""The ladder of an llm step: strict, repaired, re-asked, escalated, rejected."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from furrow.engine.calls import Calls, Stamp
from furrow.engine.pipeline import Pipeline
from furrow.engine.ports import Answer, Arrival, Finish, ModelRequest
from furrow.engine.reading import read_work
from furrow.engine.record import Outcome, Rung, Trace, Work
from furrow.errors import AnswerRefused, ConfigError, ProviderUnavailable, RequestRejected
from furrow.testing import MemoryLedger, ScriptedModel
from tests.folders import FolderOfPrompts, record

Line = Answer | dict[str, Any] | str | Exception
GOOD = {"brand": "삼성", "price_text": "3만5천원"}
REPAIRABLE = "```json\n{'brand': '삼성', 'price_text': '3만5천원',}\n```"
BROKEN = '{"brand": "삼성", "price_text": "3만'
SORRY = "I'm sorry, but I can't help with that."
WHOLE = json.dumps(GOOD)


def ended(text: str, finish: Finish) -> Answer:
    return Answer(text, finish, "m", 10, 5, 0.01, 0.0)


CUT = ended(WHOLE, Finish.LENGTH)
FILTERED = ended("", Finish.REFUSED)


class Ladder:
    """The step `extract` of the small use case, with what `small` and `large` answer to it in order."""

    def __init__(
        self,
        prompts: FolderOfPrompts,
        small: list[Line],
        large: list[Line] | None = None,
        reask: bool = True,
        doubt: str | None = None,
    ):
        choice = '{default: small, choose: [{when: "data.body | length > 100", use: large}]'
        escalate = "" if large is None else ", escalate: large"
        escalate += f', escalate_when: "{doubt}"' if doubt else ""
        rest = "" if reask else "\n    reask: false"
        prompts.change("goods/v1/steps.yaml", f"model: {choice}}}", f"model: {choice}{escalate}}}{rest}")
        self.use_case, self.ledger = prompts.load(), MemoryLedger()
        lines = {"small": small, "large": large or []}
        self.models = {name: ScriptedModel(self._script(name, lines[name])) for name in lines}

    def _script(self, alias: str, lines: list[Line]) -> Any:
        remaining = iter(lines)

        def script(request: ModelRequest) -> Line:
            if request.schema_name == "digest":
                return {"digest": "요약"}
            return next(remaining, AssertionError(f"{alias} is asked more often than the ladder is long"))

        return script

    def climb(self, **changed: object) -> Work:
        """One record through all steps."""
        version = self.use_case.version()
        arrival = Arrival("memory:0", json.dumps(record(1, **changed)).encode())
        stamp = Stamp("goods", version.release, "run")

        async def run() -> list[Work]:
            calls = Calls(lambda alias: self.models[alias], version.catalogue, self.ledger, stamp)
            works = [read_work(arrival, self.use_case.pipeline.record)]
            return [work async for work in Pipeline(version, calls).run(works)]

        (work,) = asyncio.run(run())
        return work

    def asked(self, alias: str) -> list[ModelRequest]:
        return [r for r in self.models[alias].requests if r.schema_name == "extract"]


def extract(work: Work) -> Trace:
    return work.traces["extract"]


@pytest.mark.parametrize(
    ("small", "large", "rung", "calls"),
    [
        pytest.param([WHOLE], [], Rung.STRICT, 1, id="valid at once"),
        pytest.param([REPAIRABLE], [], Rung.REPAIRED, 1, id="wrong in form"),
        pytest.param([BROKEN, WHOLE], [], Rung.REASKED, 2, id="valid when asked again"),
        pytest.param([BROKEN, REPAIRABLE], [], Rung.REASKED, 2, id="wrong in form when asked again"),
        pytest.param([BROKEN, BROKEN], [WHOLE], Rung.ESCALATED, 3, id="valid from the larger model"),
        pytest.param([BROKEN, SORRY], [REPAIRABLE], Rung.ESCALATED, 3, id="wrong in form from the larger"),
        pytest.param([SORRY, SORRY], [WHOLE], Rung.ESCALATED, 3, id="refused in words"),
        pytest.param(["", ""], [WHOLE], Rung.ESCALATED, 3, id="empty"),
        pytest.param([CUT], [WHOLE], Rung.ESCALATED, 2, id="truncated"),
        pytest.param([BROKEN, CUT], [WHOLE], Rung.ESCALATED, 3, id="truncated when asked again"),
        pytest.param([FILTERED], [WHOLE], Rung.ESCALATED, 2, id="stopped by the filter"),
        pytest.param([AnswerRefused("filter")], [WHOLE], Rung.ESCALATED, 1, id="refused without an answer"),
    ],
)
def test_the_rung_that_made_the_answer_valid_is_recorded(
    prompts: FolderOfPrompts, small: list[Line], large: list[Line], rung: Rung, calls: int
) -> None:
    ladder = Ladder(prompts, small, large)
    work = ladder.climb()
    assert work.outcome is Outcome.ACCEPTED and work.outputs["extract"] == GOOD
    assert (extract(work).rung, extract(work).calls) == (rung, calls)
    assert (len(ladder.asked("small")), len(ladder.asked("large"))) == (len(small), len(large))


@pytest.mark.parametrize(
    ("small", "large", "reason", "raw"),
    [
        pytest.param([BROKEN, SORRY], None, "answer_invalid", SORRY, id="no larger model"),
        pytest.param([BROKEN, BROKEN], [SORRY], "answer_invalid", SORRY, id="the larger declines in words"),
        pytest.param([CUT], None, "answer_truncated", WHOLE, id="truncated"),
        pytest.param([CUT], [CUT], "answer_truncated", WHOLE, id="truncated by both"),
        pytest.param([FILTERED], None, "answer_refused", "", id="filtered"),
        pytest.param([CUT], [FILTERED], "answer_refused", "", id="truncated, then filtered"),
        pytest.param([BROKEN, CUT], None, "answer_truncated", WHOLE, id="truncated when asked again"),
        pytest.param(
            [BROKEN, SORRY],
            [AnswerRefused("filter")],
            "answer_refused",
            SORRY,
            id="no answer from the larger",
        ),
    ],
)
def test_what_no_rung_made_valid_is_rejected_with_the_last_answer(
    prompts: FolderOfPrompts, small: list[Line], large: list[Line] | None, reason: str, raw: str
) -> None:
    work = Ladder(prompts, small, large).climb()
    assert work.outcome is Outcome.REJECTED and work.rejection is not None
    assert (work.rejection.reason, work.rejection.step, work.rejection.raw) == (reason, "extract", raw)
    assert extract(work).rung is None


@pytest.mark.parametrize("text", [WHOLE, WHOLE[:-1], REPAIRABLE, REPAIRABLE[:-10]])
def test_a_truncated_answer_is_neither_read_nor_closed_nor_asked_for_again(
    prompts: FolderOfPrompts, text: str
) -> None:
    ladder = Ladder(prompts, [ended(text, Finish.LENGTH)])
    work = ladder.climb()
    assert work.rejection is not None and work.rejection.reason == "answer_truncated"
    assert len(ladder.asked("small")) == 1


def test_an_answer_that_names_a_field_twice_is_asked_for_again(prompts: FolderOfPrompts) -> None:
    twice = '{"brand": "삼성", "price_text": "3만원", "price_text": "4만원"}'
    ladder = Ladder(prompts, [twice, WHOLE])
    work = ladder.climb()
    assert extract(work).rung is Rung.REASKED
    assert "more than once" in ladder.asked("small")[-1].messages[-1].text


def test_without_reask_an_invalid_answer_escalates_at_once(prompts: FolderOfPrompts) -> None:
    work = Ladder(prompts, [BROKEN], [WHOLE], reask=False).climb()
    assert (extract(work).rung, extract(work).calls) == (Rung.ESCALATED, 2)


def test_the_larger_model_gets_the_first_question_and_not_the_quarrel_about_it(
    prompts: FolderOfPrompts,
) -> None:
    ladder = Ladder(prompts, [BROKEN, BROKEN], [WHOLE])
    ladder.climb()
    (question,), (first, _) = ladder.asked("large"), ladder.asked("small")
    assert question == replace(first, alias="large", model="openai-chat:large")


def test_the_trace_adds_up_all_rungs_and_names_the_model_of_the_last(prompts: FolderOfPrompts) -> None:
    large = ended(WHOLE, Finish.STOP)
    small = ended(BROKEN, Finish.STOP)
    trace = extract(Ladder(prompts, [small, small], [large]).climb())
    assert (trace.model, trace.calls, trace.bought, len(set(trace.keys))) == ("large", 3, 3, 3)
    assert trace.cost_usd == pytest.approx(0.03) and trace.output_tokens == 15


def test_a_record_that_went_to_the_larger_model_first_is_not_escalated_to_it_again(
    prompts: FolderOfPrompts,
) -> None:
    ladder = Ladder(prompts, [], [BROKEN, BROKEN])
    work = ladder.climb(body="긴 글 " * 50)
    assert work.outcome is Outcome.REJECTED and extract(work).calls == 2


def test_the_rungs_of_a_record_are_not_bought_again(prompts: FolderOfPrompts) -> None:
    ladder = Ladder(prompts, [BROKEN, BROKEN], [WHOLE])
    first, again = ladder.climb(), ladder.climb()
    assert again.result == first.result
    assert (extract(again).rung, extract(again).calls, extract(again).bought) == (Rung.ESCALATED, 3, 0)


def test_a_larger_model_that_is_down_fails_the_record_for_now_and_keeps_what_was_paid(
    prompts: FolderOfPrompts,
) -> None:
    down = ProviderUnavailable("connection refused")
    ladder = Ladder(prompts, [BROKEN, BROKEN], [down, down, WHOLE])
    assert ladder.climb().outcome is Outcome.FAILED
    work = ladder.climb()
    assert (extract(work).rung, extract(work).bought) == (Rung.ESCALATED, 1)


def test_a_question_that_the_provider_refuses_may_pass_at_the_larger_model(prompts: FolderOfPrompts) -> None:
    work = Ladder(prompts, [RequestRejected("400: too long")], [WHOLE]).climb()
    assert extract(work).rung is Rung.ESCALATED


UNSURE = json.dumps({**GOOD, "brand": None})
DOUBT = "answer.brand is none"


@pytest.mark.parametrize(
    ("small", "large", "rung", "brand", "calls"),
    [
        pytest.param([WHOLE], [], Rung.STRICT, "삼성", 1, id="no doubt"),
        pytest.param([UNSURE], [WHOLE], Rung.ESCALATED, "삼성", 2, id="doubt"),
        pytest.param([UNSURE], [UNSURE], Rung.ESCALATED, None, 2, id="the larger model is no surer"),
        pytest.param([UNSURE], [BROKEN], Rung.STRICT, None, 2, id="the larger model gives nothing valid"),
        pytest.param([BROKEN, UNSURE], [WHOLE], Rung.ESCALATED, "삼성", 3, id="doubt after a re-ask"),
    ],
)
def test_a_doubtful_answer_is_asked_of_the_larger_model(
    prompts: FolderOfPrompts, small: list[Line], large: list[Line], rung: Rung, brand: str | None, calls: int
) -> None:
    work = Ladder(prompts, small, large, doubt=DOUBT).climb()
    assert work.outputs["extract"]["brand"] == brand
    assert (extract(work).rung, extract(work).calls) == (rung, calls)


def test_a_model_that_was_chosen_already_is_not_asked_about_its_own_doubt(prompts: FolderOfPrompts) -> None:
    ladder = Ladder(prompts, [], [UNSURE], doubt=DOUBT)
    assert extract(ladder.climb(body="긴 글 " * 60)).rung is Rung.STRICT
    assert len(ladder.asked("large")) == 1


@pytest.mark.parametrize(
    ("large", "doubt", "message"),
    [
        pytest.param(None, DOUBT, "`escalate_when` needs `escalate`", id="nobody to ask"),
        pytest.param([], "answer.brnad is none", "`answer` has no field `brnad`", id="misspelt field"),
        pytest.param([], "answer.", "not Jinja", id="no expression"),
    ],
)
def test_a_wrong_doubt_is_a_config_error(
    prompts: FolderOfPrompts, large: list[Line] | None, doubt: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        Ladder(prompts, [], large, doubt=doubt)
