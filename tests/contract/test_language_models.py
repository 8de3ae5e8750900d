"""What every language model promises, and what goes over the wire to each kind of provider."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from furrow.adapters.language_model import open_model
from furrow.config.fields import Fields
from furrow.config.models import CatalogueModel, FieldSpec, Limits
from furrow.engine.ports import Connection, Finish, LanguageModel, Message, ModelRequest
from furrow.errors import (
    CredentialsRefused,
    FurrowError,
    ProviderUnavailable,
    RateLimited,
    RecordTooLarge,
    RequestRejected,
    TransientError,
)
from furrow.testing import FaultRate, ModelServer, RateLimit, ScriptedModel, fitting_answer

KEY = "key-that-nobody-may-see-8f3a"
FIELDS = Fields(
    {
        "item": FieldSpec(type="string", max_length=20),
        "brand": FieldSpec(type="string", nullable=True),
        "condition": FieldSpec(type="enum", values=["new", "used"]),
        "price_krw": FieldSpec(type="integer", nullable=True, min=0),
        "tags": FieldSpec(type="list", items="string", max_items=3),
    },
    "extract",
)
MESSAGES = (
    Message("system", "Answer with one JSON object."),
    Message("user", "아이폰 30만"),
    Message("assistant", '{"item": "아이폰"}'),
    Message("user", "갤럭시 버즈 3만5천원 😀"),
)
ANSWER = {"item": "버즈", "brand": "삼성", "condition": "used", "price_krw": 35000, "tags": ["버즈"]}
PARAMS = {"temperature": 0.0, "max_tokens": 64, "top_p": 0.5, "seed": 7}


def entry(model: str, **changed: Any) -> CatalogueModel:
    return CatalogueModel(model=model, connection="models", limits=Limits(timeout_seconds=20), **changed)


def request(model: str = "test:m", **changed: Any) -> ModelRequest:
    asked = {"messages": MESSAGES, "schema": FIELDS.json_schema, "schema_name": "extract", "params": PARAMS}
    return ModelRequest(alias="small", model=model, **{**asked, **changed})


# --- a provider of any protocol, for one test -------------------------------------------------------


@dataclass
class Wire:
    """A server that answers one body to everything and remembers what it was asked."""

    reply: Any
    url: str = ""
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)

    @property
    def body(self) -> Any:
        return self.asked[-1][2]

    @property
    def headers(self) -> dict[str, str]:
        return self.asked[-1][1]

    @property
    def path(self) -> str:
        return self.asked[-1][0]


@asynccontextmanager
async def wire(reply: Any) -> AsyncIterator[Wire]:
    found = Wire(reply)

    async def answer(asked: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in asked.headers.items()}
        found.asked.append((asked.path_qs, headers, await asked.json()))
        return web.json_response(found.reply)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield found
    finally:
        await runner.cleanup()


TEXT = json.dumps(ANSWER, ensure_ascii=False)
TEXT_SENT = json.dumps(ANSWER, ensure_ascii=False, separators=(",", ":"))
CHAT = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1795000000,
    "model": "m-2026",
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": TEXT}},
    ],
    "usage": {"prompt_tokens": 31, "completion_tokens": 9, "total_tokens": 40},
}
RESPONSES = {
    "id": "r1",
    "object": "response",
    "created_at": 1795000000,
    "model": "m-2026",
    "status": "completed",
    "output": [
        {
            "type": "message",
            "id": "o1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": TEXT, "annotations": []}],
        }
    ],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "usage": {
        "input_tokens": 31,
        "output_tokens": 9,
        "total_tokens": 40,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    },
}
ANTHROPIC = {
    "id": "a1",
    "type": "message",
    "role": "assistant",
    "model": "m-2026",
    "content": [{"type": "text", "text": TEXT}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 31, "output_tokens": 9},
}
GEMINI = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": TEXT}]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 31, "candidatesTokenCount": 9, "totalTokenCount": 40},
    "modelVersion": "m-2026",
}


@dataclass(frozen=True)
class Provider:
    """One provider: how its model is named, its connection made, its answer given."""

    model: str
    reply: Any
    path: str
    base: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    type: str = "pydanticai"

    def connection(self, url: str) -> Connection:
        return Connection("models", self.type, host=url + self.base, password=KEY, extra=self.extra)


PROVIDERS = {
    "openai-chat": Provider("openai-chat:m", CHAT, "/v1/chat/completions", "/v1"),
    "openai-responses": Provider("openai:gpt-4o-mini", RESPONSES, "/v1/responses", "/v1"),
    "azure": Provider(
        "azure:gpt-4o",
        CHAT,
        "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
        extra={"api_version": "2024-10-21"},
        type="pydanticai_azure",
    ),
    "anthropic": Provider("anthropic:claude-sonnet-4-5", ANTHROPIC, "/v1/messages"),
    "gemini": Provider("google:gemini-2.5-flash", GEMINI, "/v1beta/models/gemini-2.5-flash:generateContent"),
    "vertex": Provider(
        "google-cloud:gemini-2.5-flash",
        GEMINI,
        "/v1beta1/publishers/google/models/gemini-2.5-flash:generateContent",
        type="pydanticai_vertex",
    ),
}

Opened = Callable[[str], Any]


@asynccontextmanager
async def provider_model(name: str, **changed: Any) -> AsyncIterator[tuple[LanguageModel, Wire]]:
    provider = PROVIDERS[name]
    async with wire(provider.reply) as found:
        model = open_model("small", entry(provider.model, **changed), provider.connection(found.url))
        try:
            yield model, found
        finally:
            await model.close()


@asynccontextmanager
async def any_model(kind: str) -> AsyncIterator[LanguageModel]:
    if kind == "scripted":
        yield ScriptedModel([ANSWER, ANSWER, ANSWER])
    elif kind in SERVED:
        with ModelServer(script=lambda asked: ANSWER) as server:
            async with served_model(server, kind) as model:
                yield model
    else:
        async with provider_model(kind) as (model, _):
            yield model


@asynccontextmanager
async def served_model(server: ModelServer, name: str, seconds: float = 20) -> AsyncIterator[LanguageModel]:
    """The model behind the model server, in the protocol of its provider, through our adapter."""
    provider = SERVED[name].partition(":")[0]
    wanted = CatalogueModel(
        model=SERVED[name], connection="models", limits=Limits(timeout_seconds=seconds, concurrency=8)
    )
    model = open_model("small", wanted, server.connection(key=KEY, protocol=provider))
    try:
        yield model
    finally:
        await model.close()


SERVED = {
    "served-openai": "openai-chat:m",
    "served-anthropic": "anthropic:claude-sonnet-4-5",
    "served-gemini": "google:gemini-2.5-flash",
}
KINDS = ["scripted", *SERVED, *PROVIDERS]


# --- the contract -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_is_text_that_fits_the_schema_with_its_tokens(kind: str) -> None:
    async with any_model(kind) as model:
        answer = await model.ask(request())
    assert FIELDS.validate_json(answer.text) == ANSWER
    assert answer.finish is Finish.STOP
    assert answer.input_tokens > 0
    assert answer.output_tokens > 0
    assert answer.model
    assert answer.seconds >= 0


@pytest.mark.parametrize("kind", KINDS)
async def test_calls_may_be_made_at_the_same_time_and_a_model_closed(kind: str) -> None:
    async with any_model(kind) as model:
        answers = await asyncio.gather(*(model.ask(request()) for _ in range(3)))
        assert {answer.text for answer in answers} == {answers[0].text}
        await model.close()


@pytest.mark.parametrize("kind", ["scripted", *SERVED])
async def test_a_made_up_answer_is_decided_by_the_prompt_alone(kind: str) -> None:
    sofa = request(messages=(*MESSAGES[:-1], Message("user", "소파")))
    with ModelServer() as server:
        async with AsyncExitStack() as opened:
            model: LanguageModel = ScriptedModel()
            if kind in SERVED:
                model = await opened.enter_async_context(served_model(server, kind))
            first, second = await model.ask(request()), await model.ask(request())
            other = await model.ask(sofa)
    assert FIELDS.validate_json(first.text)
    assert first.text == second.text
    assert first.text != other.text


async def test_without_a_schema_the_answer_is_free_text() -> None:
    async with provider_model("openai-chat") as (model, found):
        await model.ask(request(schema=None))
    assert "response_format" not in found.body


# --- the contract, against a server that misbehaves in the protocol of each provider ----------------


def _asking(text: str) -> ModelRequest:
    return request(messages=(*MESSAGES[:-1], Message("user", text)))


PROMPT = "\n".join(f"{message.role}: {message.text}" for message in MESSAGES)


@pytest.mark.parametrize("name", SERVED)
async def test_the_server_understands_what_was_asked_and_bills_it_once(name: str) -> None:
    with ModelServer() as server:
        async with served_model(server, name) as model:
            answer = await model.ask(request())
    (asked,), (bill,) = server.asked, server.bills
    provider, _, told = SERVED[name].partition(":")
    assert asked.prompt == PROMPT
    assert (asked.model, asked.key, asked.protocol) == (told, KEY, provider)
    assert (bill.model, bill.protocol, bill.fault) == (told, provider, "")
    assert (bill.input_tokens, bill.output_tokens) == (answer.input_tokens, answer.output_tokens)
    assert answer.model == told
    # The same answer in every protocol, whatever its SDK did to the schema.
    assert FIELDS.validate_json(answer.text) == json.loads(fitting_answer(FIELDS.json_schema, PROMPT))


@pytest.mark.parametrize("name", SERVED)
async def test_without_a_schema_the_server_answers_free_text(name: str) -> None:
    with ModelServer() as server:
        async with served_model(server, name) as model:
            answer = await model.ask(request(schema=None))
    assert answer.text == fitting_answer(None, PROMPT)


FAILURES: dict[str, tuple[type[FurrowError], bool]] = {
    "rate_limit": (RateLimited, False),
    "rate_limit=3": (RateLimited, False),
    "server_error": (ProviderUnavailable, False),
    "server_error=503": (ProviderUnavailable, False),
    "unauthorized": (CredentialsRefused, False),
    "bad_request": (RequestRejected, False),
    "reset": (ProviderUnavailable, True),
    "lost": (ProviderUnavailable, True),
    "hang": (ProviderUnavailable, True),
    "drip=600": (ProviderUnavailable, True),
    "not_json": (ProviderUnavailable, True),
    "half_body": (ProviderUnavailable, True),
}
"""Fault -> what the adapter makes of it, and whether it may have been paid for."""


@pytest.mark.parametrize("fault", FAILURES)
@pytest.mark.parametrize("name", SERVED)
async def test_a_failure_is_told_as_what_it_is_after_one_request(name: str, fault: str) -> None:
    expected, maybe_paid = FAILURES[fault]
    with ModelServer() as server:
        server.order(fault)
        async with served_model(server, name, seconds=2 if fault in ("hang", "drip=600") else 20) as model:
            with pytest.raises(FurrowError) as raised:
                await model.ask(request())
    error = raised.value
    assert type(error) is expected, error
    assert isinstance(error, TransientError) == (expected in (RateLimited, ProviderUnavailable))
    assert getattr(error, "maybe_paid", False) is maybe_paid
    assert f"`small` ({SERVED[name]})" in str(error)
    assert KEY not in f"{error} {error!r}"
    assert len(server.asked) == 1, "the SDK tried again by itself"
    # What was billed without an answer is never told as surely unpaid.
    assert not server.bills or maybe_paid


@pytest.mark.parametrize("name", SERVED)
async def test_a_response_with_nothing_in_it_is_an_answer_that_was_withheld_and_paid_for(name: str) -> None:
    with ModelServer() as server:
        server.order("no_choices")
        async with served_model(server, name) as model:
            answer = await model.ask(request())
    assert (answer.finish, answer.text) == (Finish.REFUSED, "")
    assert answer.input_tokens == server.bills[0].input_tokens > 0


@pytest.mark.parametrize("name", SERVED)
async def test_a_response_that_is_not_even_http_may_pass_later_and_may_be_paid(name: str) -> None:
    async def garble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 two hundred\r\n\r\n")
        await writer.drain()
        writer.close()

    garbling = await asyncio.start_server(garble, "127.0.0.1", 0)
    async with garbling:
        server = ModelServer(port=garbling.sockets[0].getsockname()[1])
        async with served_model(server, name) as model:
            with pytest.raises(ProviderUnavailable) as raised:
                await model.ask(request())
    assert raised.value.maybe_paid


@pytest.mark.parametrize(("fault", "seconds"), [("rate_limit", None), ("rate_limit=3", 3)])
@pytest.mark.parametrize("name", SERVED)
async def test_the_wait_that_a_provider_asks_for_comes_through(
    name: str, fault: str, seconds: float | None
) -> None:
    with ModelServer() as server:
        server.order(fault)
        async with served_model(server, name) as model:
            with pytest.raises(RateLimited) as raised:
                await model.ask(request())
    assert raised.value.retry_after == seconds


@pytest.mark.parametrize("name", SERVED)
async def test_a_call_to_a_server_that_is_down_was_surely_not_paid(name: str) -> None:
    with ModelServer() as server:
        pass
    async with served_model(server, name) as model:
        with pytest.raises(ProviderUnavailable) as raised:
            await model.ask(request())
    assert not raised.value.maybe_paid


@pytest.mark.parametrize("name", SERVED)
async def test_a_prompt_that_is_too_long_is_the_fault_of_its_record(name: str) -> None:
    with ModelServer(longest_prompt=200) as server:
        async with served_model(server, name) as model:
            assert (await model.ask(request())).text
            with pytest.raises(RecordTooLarge):
                await model.ask(_asking("가" * 300))
    assert len(server.bills) == 1


ENDINGS = {
    "truncated": Finish.LENGTH,
    "filtered": Finish.REFUSED,
    "empty": Finish.STOP,
    "refusal": Finish.STOP,
    "schema_ignored": Finish.STOP,
    "malformed": Finish.STOP,
    "malformed=any": Finish.STOP,
    "wrong_model": Finish.STOP,
}


@pytest.mark.parametrize("fault", ENDINGS)
@pytest.mark.parametrize("name", SERVED)
async def test_an_answer_that_will_not_do_comes_through_as_it_is_and_is_billed(name: str, fault: str) -> None:
    with ModelServer(script=lambda asked: ANSWER) as server:
        async with served_model(server, name) as model:
            answer = await model.ask(_asking(f"소파 [[fault: {fault}]]"))
    assert answer.finish is ENDINGS[fault]
    assert [bill.fault for bill in server.bills] == [fault.partition("=")[0]]
    assert (answer.text == TEXT_SENT) == (fault == "wrong_model")
    assert bool(answer.text) == (fault not in ("filtered", "empty"))


@pytest.mark.parametrize("name", SERVED)
async def test_the_answer_of_another_model_is_recorded_under_its_name_and_told_once(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with ModelServer(rates=[FaultRate.of("wrong_model")]) as server:
        async with served_model(server, name) as model:
            answers = [await model.ask(request()) for _ in range(3)]
    assert {answer.model for answer in answers} == {"another-model-2025"}
    told = [record.getMessage() for record in caplog.records if "another-model" in record.getMessage()]
    assert len(told) == 1
    assert f"`small` ({SERVED[name]})" in told[0]


@pytest.mark.parametrize(
    ("model", "echoed", "warned"),
    [
        pytest.param("m", "m-2026", False, id="dated"),
        pytest.param("m-latest", "m-2026", False, id="latest"),
        pytest.param("m", "models/M", False, id="folder"),
        pytest.param("qwen", "/weights/qwen-0.5b.gguf", False, id="file"),
        pytest.param("m-large", "n-small", True, id="another"),
    ],
)
async def test_a_longer_name_of_the_same_model_is_no_surprise(
    model: str, echoed: str, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with wire({**CHAT, "model": echoed}) as found:
        opened = open_model("small", entry(f"openai-chat:{model}"), Connection("c", "pydanticai", found.url))
        try:
            answer = await opened.ask(request())
        finally:
            await opened.close()
    assert answer.model == echoed
    assert any(echoed in record.getMessage() for record in caplog.records) == warned


@pytest.mark.parametrize("name", SERVED)
async def test_a_rate_limit_of_the_server_is_kept_in_every_protocol(name: str) -> None:
    with ModelServer(limit=RateLimit(requests_per_minute=2)) as server:
        async with served_model(server, name) as model:
            for _ in range(2):
                await model.ask(request())
            with pytest.raises(RateLimited) as raised:
                await model.ask(request())
    assert raised.value.retry_after is not None
    assert 50 < raised.value.retry_after <= 60
    assert (len(server.bills), server.stats.refused) == (2, 1)


# --- what goes over the wire ------------------------------------------------------------------------


def _messages(name: str, body: Any) -> list[tuple[str, str]]:
    """The turns as the protocol sends them, as (role, text)."""
    if name in ("openai-chat", "azure"):
        return [(turn["role"], turn["content"]) for turn in body["messages"]]
    if name == "openai-responses":
        return [(turn["role"], _joined(turn["content"])) for turn in body["input"]]
    if name == "anthropic":
        system = [("system", _joined(body["system"]))]
        return system + [(turn["role"], _joined(turn["content"])) for turn in body["messages"]]
    system = [("system", _joined(body["systemInstruction"]["parts"]))]
    roles = {"user": "user", "model": "assistant"}
    return system + [(roles[turn["role"]], _joined(turn["parts"])) for turn in body["contents"]]


def _joined(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def _schema(name: str, body: Any) -> Any:
    if name in ("openai-chat", "azure"):
        assert body["response_format"]["type"] == "json_schema"
        assert body["response_format"]["json_schema"]["strict"] is True
        return body["response_format"]["json_schema"]["schema"]
    if name == "openai-responses":
        assert body["text"]["format"]["strict"] is True
        return body["text"]["format"]["schema"]
    if name == "anthropic":
        wanted = body.get("output_format") or body["output_config"]["format"]
        return wanted["schema"]
    assert body["generationConfig"]["responseMimeType"] == "application/json"
    return body["generationConfig"]["responseJsonSchema"]


KEY_HEADERS = {
    "openai-chat": ("authorization", f"Bearer {KEY}"),
    "openai-responses": ("authorization", f"Bearer {KEY}"),
    "azure": ("api-key", KEY),
    "anthropic": ("x-api-key", KEY),
    "gemini": ("x-goog-api-key", KEY),
    "vertex": ("x-goog-api-key", KEY),
}


@pytest.mark.parametrize("name", PROVIDERS)
async def test_turns_schema_and_key_arrive_as_the_provider_wants_them(name: str) -> None:
    async with provider_model(name) as (model, found):
        answer = await model.ask(request())
    assert found.path.startswith(PROVIDERS[name].path)
    assert _messages(name, found.body) == [(message.role, message.text) for message in MESSAGES]
    properties = _schema(name, found.body)["properties"]
    assert list(properties) == list(FIELDS.specs)
    assert properties["condition"]["enum"] == ["new", "used"]
    header, value = KEY_HEADERS[name]
    assert found.headers[header] == value
    assert KEY not in found.path
    assert (answer.input_tokens, answer.output_tokens, answer.model) == (31, 9, "m-2026")


async def test_sampling_params_arrive_and_a_repeat_takes_the_next_seed() -> None:
    async with provider_model("openai-chat") as (model, found):
        await model.ask(request())
        first = found.body
        await model.ask(request(sample=2))
    assert (first["temperature"], first["top_p"], first["seed"]) == (0.0, 0.5, 7)
    assert first["max_completion_tokens"] == 64
    assert found.body["seed"] == 9


async def test_the_body_is_the_one_that_the_sdk_itself_would_send() -> None:
    from openai import AsyncOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    from furrow.adapters.model_turns import Shapes, Turns, settings_of

    async with provider_model("openai-chat") as (model, found):
        await model.ask(request())
        ours = found.asked[-1]
        client = AsyncOpenAI(base_url=f"{found.url}/v1", api_key=KEY, max_retries=0)
        plain = OpenAIChatModel("m", provider=OpenAIProvider(openai_client=client))
        plain.profile = {**plain.profile, "json_schema_transformer": None}
        settings = settings_of(PARAMS, 0, 20)
        await plain.request(Turns().of(MESSAGES), settings, Shapes(None).of(request()))
        theirs = found.asked[-1]
        await client.close()
    assert ours[2] == theirs[2]
    kept = {"authorization", "content-type", "accept", "user-agent"}
    assert {name: ours[1].get(name) for name in kept} == {name: theirs[1].get(name) for name in kept}


async def test_shared_turns_are_converted_once_and_every_record_keeps_its_own() -> None:
    async with provider_model("openai-chat") as (model, found):
        for text in ("하나", "둘", "셋"):
            await model.ask(request(messages=(*MESSAGES[:3], Message("user", text))))
        other = (Message("system", "Another step."), Message("user", "넷"))
        await model.ask(request(messages=other))
        await model.ask(request(messages=(*MESSAGES[:3], Message("user", "다섯"))))
    lasts = [body["messages"][-1]["content"] for _, _, body in found.asked]
    assert lasts == ["하나", "둘", "셋", "넷", "다섯"]
    assert [len(body["messages"]) for _, _, body in found.asked] == [4, 4, 4, 2, 4]
    assert found.body["messages"][0]["content"] == MESSAGES[0].text


async def test_a_server_of_ones_own_gets_the_schema_whole() -> None:
    async with provider_model("openai-chat") as (model, found):
        await model.ask(request())
    assert _schema("openai-chat", found.body) == FIELDS.json_schema


async def test_openai_gets_the_schema_without_the_keywords_that_it_refuses() -> None:
    async with provider_model("azure") as (model, found):
        await model.ask(request())
    item = _schema("azure", found.body)["properties"]["item"]
    assert "maxLength" not in item
    assert "maxLength=20" in item["description"]


async def test_a_server_that_leaves_fields_out_is_understood() -> None:
    message = {"role": "assistant", "content": TEXT}
    bare = {"choices": [{"index": 0, "message": message, "finish_reason": None}]}
    async with provider_model("openai-chat") as (model, found):
        found.reply = {**bare, "id": "c1", "model": "m", "object": "chat.completion"}
        answer = await model.ask(request())
    assert FIELDS.validate_json(answer.text) == ANSWER
    assert (answer.finish, answer.input_tokens, answer.cost_usd) == (Finish.STOP, 0, None)


# --- how an answer ended ----------------------------------------------------------------------------

ENDS = [
    pytest.param("openai-chat", {"choices.0.finish_reason": "length"}, Finish.LENGTH, id="openai length"),
    pytest.param(
        "openai-chat", {"choices.0.finish_reason": "content_filter"}, Finish.REFUSED, id="openai filter"
    ),
    pytest.param(
        "openai-chat", {"choices.0.message.refusal": "I cannot help"}, Finish.REFUSED, id="openai refusal"
    ),
    pytest.param("openai-chat", {"choices.0.message.content": ""}, Finish.STOP, id="openai empty"),
    pytest.param("anthropic", {"stop_reason": "max_tokens"}, Finish.LENGTH, id="anthropic length"),
    pytest.param("anthropic", {"stop_reason": "refusal"}, Finish.REFUSED, id="anthropic refusal"),
    pytest.param("gemini", {"candidates.0.finishReason": "MAX_TOKENS"}, Finish.LENGTH, id="gemini length"),
    pytest.param("gemini", {"candidates.0.finishReason": "SAFETY"}, Finish.REFUSED, id="gemini safety"),
    pytest.param(
        "gemini",
        {"candidates": [], "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}},
        Finish.REFUSED,
        id="gemini blocked prompt",
    ),
]


def _changed(reply: Any, changes: dict[str, Any]) -> Any:
    copy = json.loads(json.dumps(reply))
    for path, value in changes.items():
        *parents, last = path.split(".")
        place = copy
        for part in parents:
            place = place[int(part) if part.isdigit() else part]
        place[last] = value
    return copy


@pytest.mark.parametrize(("name", "changes", "finish"), ENDS)
async def test_how_an_answer_ended_is_told(name: str, changes: dict[str, Any], finish: Finish) -> None:
    async with provider_model(name) as (model, found):
        found.reply = _changed(found.reply, changes)
        assert (await model.ask(request())).finish is finish


# --- connections ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "connection", "told"),
    [
        pytest.param("nonesuch:m", Connection("c", "pydanticai"), "nonesuch", id="unknown provider"),
        pytest.param("google:gemini-2.5-flash", Connection("c", "pydanticai"), "API", id="no key"),
        pytest.param(
            "openai-chat:m",
            Connection("c", "pydanticai", host="127.0.0.1:8091/v1", password=KEY),
            "write it with http:// or https://",
            id="host without its scheme",
        ),
        pytest.param(
            "google-cloud:gemini-2.5-flash",
            Connection("c", "pydanticai_vertex", extra={"service_account_info": {"private_key": KEY}}),
            "cannot be opened",
            id="half a service account",
        ),
    ],
)
def test_a_connection_that_cannot_serve_the_model_is_told_at_once(
    model: str, connection: Connection, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("OPENAI_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(RequestRejected, match=told) as raised:
        open_model("small", entry(model), connection)
    assert KEY not in str(raised.value)


def test_a_model_whose_server_is_down_opens_and_says_so_when_asked() -> None:
    model = open_model(
        "small", entry("openai-chat:m"), Connection("c", "pydanticai", "http://127.0.0.1:9/v1", password=KEY)
    )

    async def ask() -> None:
        try:
            await model.ask(request())
        finally:
            await model.close()

    with pytest.raises(FurrowError, match=r"`small` \(openai-chat:m\)"):
        asyncio.run(ask())
