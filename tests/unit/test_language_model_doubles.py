"""The product's own doubles keep the promises of what they stand in for."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.adapters.language_model import open_model
from furrow.config.fields import Fields
from furrow.config.models import CatalogueModel, FieldSpec
from furrow.engine.ports import EMBED, Answer, Finish, Message, ModelRequest, Purchase, Row
from furrow.engine.retrieval import Nearness
from furrow.errors import ProviderUnavailable, SourceUnavailable
from furrow.testing import (
    Crash,
    Fault,
    FaultKind,
    MemoryLedger,
    MemorySink,
    MemorySource,
    ModelServer,
    ScriptedModel,
    fitting_answer,
    fitting_vector,
    read_meter,
)

REQUEST = ModelRequest("small", "test:m", (Message("user", "안녕"),))


# --- answers that fit -------------------------------------------------------------------------------

SPECS: dict[str, dict[str, Any]] = {
    "text": {"type": "string", "max_length": 5},
    "short": {"type": "string", "max_length": 1},
    "maybe": {"type": "string", "nullable": True},
    "kind": {"type": "enum", "values": ["a", "b"]},
    "maybe_kind": {"type": "enum", "values": ["a"], "nullable": True},
    "count": {"type": "integer", "min": 3.0, "max": 4.0},
    "low": {"type": "integer", "max": -5.0},
    "high": {"type": "number", "min": 2000.5},
    "share": {"type": "number", "min": 0.1, "max": 0.2},
    "sold": {"type": "boolean"},
    "day": {"type": "date", "nullable": True},
    "tags": {"type": "list", "items": "string", "max_items": 1, "max_length": 2},
    "kinds": {"type": "list", "items": "enum", "values": ["x", "y"]},
    "numbers": {"type": "list", "items": "integer"},
}
FIELDS = Fields({name: FieldSpec(**spec) for name, spec in SPECS.items()}, "answer")


@given(st.text())
def test_an_answer_fits_every_type_of_field_for_any_prompt(prompt: str) -> None:
    text = fitting_answer(FIELDS.json_schema, prompt)
    FIELDS.validate_json(text)
    assert text == fitting_answer(FIELDS.json_schema, prompt)


def test_answers_vary_with_the_prompt() -> None:
    answers = [json.loads(fitting_answer(FIELDS.json_schema, str(number))) for number in range(50)]
    assert len({answer["text"] for answer in answers}) > 10
    assert {answer["maybe"] is None for answer in answers} == {True, False}
    assert {answer["kind"] for answer in answers} == {"a", "b"}


# --- the scripted model -----------------------------------------------------------------------------


async def test_a_scripted_model_follows_its_lines_and_counts() -> None:
    answer = Answer("x", Finish.LENGTH, "m", 1, 1, None, 0.0)
    model = ScriptedModel([{"brand": "삼성"}, "text", answer, ProviderUnavailable("down")])
    assert json.loads((await model.ask(REQUEST)).text) == {"brand": "삼성"}
    assert (await model.ask(REQUEST)).text == "text"
    assert await model.ask(REQUEST) is answer
    with pytest.raises(ProviderUnavailable, match="down"):
        await model.ask(REQUEST)
    with pytest.raises(AssertionError, match="the script ended"):
        await model.ask(REQUEST)
    await model.close()
    assert (model.calls, len(model.requests), model.closed) == (5, 5, True)


async def test_a_script_may_be_a_function_of_the_request() -> None:
    model = ScriptedModel(lambda request: request.messages[-1].text * 2, keep=False)
    assert (await model.ask(REQUEST)).text == "안녕안녕"
    assert (model.calls, model.requests) == (1, [])


# --- the memory source ------------------------------------------------------------------------------


def _values(source: MemorySource, limit: int | None = None) -> list[bytes]:
    return [arrival.value for arrival in source.read(limit)]


def test_a_source_gives_the_same_again_until_it_is_committed() -> None:
    source = MemorySource([{"id": 1}, b"not json", {"id": 3}])
    assert _values(source, 2) == [b'{"id":1}', b"not json"]
    position = source.position()
    assert len(_values(source)) == 3
    source.commit(position)
    assert _values(source) == [b'{"id":3}']
    source.commit({"offset": 0})
    assert source.committed == 2


def test_a_crash_point_crashes_once_and_the_next_reader_goes_on() -> None:
    source = MemorySource([{"id": 1}, MemorySource.CRASH, {"id": 2}])
    with pytest.raises(Crash):
        _values(source)
    assert len(_values(source)) == 2


@pytest.mark.parametrize(("moment", "committed"), [("before", 0), ("after", 1)])
def test_a_commit_may_crash_on_either_side(moment: str, committed: int) -> None:
    source = MemorySource([{"id": 1}], crash_on_commit=moment)
    _values(source)
    with pytest.raises(Crash):
        source.commit(source.position())
    assert source.committed == committed
    source.commit(source.position())
    assert source.committed == 1


def test_a_source_that_is_down_says_so() -> None:
    source = MemorySource([{"id": 1}])
    source.down = True
    with pytest.raises(SourceUnavailable):
        _values(source)


# --- the memory sink and ledger ---------------------------------------------------------------------

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def _row(key: str = "a1", hours: int = 0, value: int = 1, run: str = "r1") -> Row:
    return Row(key, NOON + timedelta(hours=hours), {"value": value}, "v1@00000001", run, f"m:{key}")


def test_a_sink_keeps_the_newest_event_and_publishing_again_changes_nothing() -> None:
    sink = MemorySink()
    assert sink.publish([_row(hours=1, value=2), _row("a2")]) == 2
    assert sink.publish([_row(hours=0, value=1)]) == 0
    assert sink.publish([_row(hours=1, value=2)]) == 1
    read = sink.read(["a1", "nobody"])
    assert set(read) == {"a1"}
    assert read["a1"]["value"] == 2
    assert read["a1"]["event_time"] == "2026-11-24T13:00:00.000000+00:00"


def test_a_sink_crashes_at_its_crash_point_and_goes_on_after_it() -> None:
    sink = MemorySink(crash_after=1)
    with pytest.raises(Crash):
        sink.publish([_row("a1"), _row("a2")])
    assert set(sink.rows) == {"a1"}
    assert sink.publish([_row("a1"), _row("a2")]) == 2


def test_a_ledger_keeps_the_first_answer_of_a_key() -> None:
    ledger = MemoryLedger()
    for text in ("first", "second"):
        answer = Answer(text, Finish.STOP, "m", 1, 1, 0.0, 0.0)
        ledger.record([Purchase("k", answer, "small", "goods", "extract", "v1@0", "r1")])
    assert ledger.find(["k", "other"])["k"].text == "first"
    assert len(ledger.purchases) == 1


# --- the model server -------------------------------------------------------------------------------

BODY = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


async def _post(server: ModelServer, body: Any = BODY) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.url}/chat/completions", json=body) as response,
    ):
        return response.status, await response.json(content_type=None)


def _saying(text: str) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": text}]}


async def test_every_answer_is_billed_on_one_line_of_the_meter(tmp_path: Path) -> None:
    meter = tmp_path / "meter.jsonl"
    with ModelServer(meter=meter) as server:
        for _ in range(2):
            status, answer = await _post(server)
        await _post(server, _saying("other"))
        bills = list(read_meter(meter))
    assert (status, answer["choices"][0]["finish_reason"]) == (200, "stop")
    assert answer["usage"]["prompt_tokens"] == bills[0].input_tokens
    assert [bills[0].prompt == bill.prompt for bill in bills] == [True, True, False]
    assert bills == server.bills


@pytest.mark.parametrize("kind", [kind for kind in FaultKind if kind is not FaultKind.HANG])
async def test_a_failure_is_billed_only_when_the_work_was_done(kind: FaultKind) -> None:
    unpaid = {"rate_limit", "server_error", "unauthorized", "bad_request", "reset", "not_json"}
    with ModelServer() as server:
        server.order("drip=0.05" if kind is FaultKind.DRIP else kind)
        with suppress(aiohttp.ClientError, ValueError):
            await _post(server)
        assert len(server.bills) == (kind not in unpaid)
        status, _ = await _post(server)
    assert status == 200


async def test_a_prompt_may_ask_for_its_own_failure_some_times_or_always() -> None:
    with ModelServer() as server:
        always = [(await _post(server, _saying("[[fault: server_error]]")))[0] for _ in range(3)]
        twice = [(await _post(server, _saying("[[fault: rate_limit x2]]")))[0] for _ in range(3)]
    assert always == [500, 500, 500]
    assert twice == [429, 429, 200]


async def test_failures_may_be_ordered_over_http() -> None:
    with ModelServer() as server:
        root = server.url.removesuffix("/v1")
        orders = [{"kind": "rate_limit", "retry_after": "9"}, {"kind": "server_error", "status": 503}]
        async with aiohttp.ClientSession() as session:
            await session.post(f"{root}/control/faults", json=orders)
            async with session.post(f"{server.url}/chat/completions", json=BODY) as response:
                assert (response.status, response.headers["Retry-After"]) == (429, "9")
        assert (await _post(server))[0] == 503


async def test_a_script_decides_the_answer_and_sees_what_was_asked() -> None:
    with ModelServer(script=lambda asked: {"n": len(asked.messages)}) as server:
        server.order(Fault(FaultKind.TRUNCATED))
        _, truncated = await _post(server)
        _, whole = await _post(server)
    assert json.loads(whole["choices"][0]["message"]["content"]) == {"n": 1}
    assert truncated["choices"][0]["finish_reason"] == "length"
    assert whole["choices"][0]["message"]["content"].startswith(truncated["choices"][0]["message"]["content"])
    assert [asked.model for asked in server.asked] == ["m", "m"]


async def test_a_body_of_another_protocol_is_refused() -> None:
    with ModelServer() as server:
        assert (await _post(server, {"contents": []}))[0] == 400
        assert server.bills == []


# --- vectors ----------------------------------------------------------------------------------------


def likeness(first: str, second: str) -> float:
    hits = Nearness([base64.b64decode(first)]).hits(base64.b64decode(second), [0])
    return hits[0].score


def test_texts_with_words_in_common_are_near() -> None:
    asked, same, other = map(fitting_vector, ("도서관 휴관일", "도서관은 휴관일이 월요일", "여권 발급"))
    assert likeness(asked, same) > 0.5 > likeness(asked, other)


async def test_a_model_server_embeds_and_bills_no_words() -> None:
    entry = CatalogueModel.model_validate(
        {"model": "openai-chat:e", "connection": "models", "capabilities": {"embeddings": True}}
    )
    with ModelServer() as server:
        model = open_model("embedder", entry, server.connection(protocol="openai-embeddings"))
        answer = await model.ask(ModelRequest("embedder", entry.model, (Message(EMBED, "도서관"),)))
        await model.close()
    assert answer.text == fitting_vector("도서관")
    assert server.asked[0].messages == ((EMBED, "도서관"),)
    assert server.bills[0].output_tokens == 0


async def test_a_scripted_model_without_a_script_embeds_too() -> None:
    request = ModelRequest("embedder", "openai-chat:e", (Message(EMBED, "도서관"),))
    assert (await ScriptedModel().ask(request)).text == fitting_vector("도서관")
