"""What every language model promises, and what goes over the wire to each kind of provider."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from furrow.adapters.language_model import open_model
from furrow.config.fields import Fields
from furrow.config.models import CatalogueModel, FieldSpec, Limits
from furrow.engine.ports import Connection, Finish, LanguageModel, Message, ModelRequest
from furrow.errors import FurrowError, RequestRejected
from furrow.testing import ModelServer, ScriptedModel

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
    elif kind == "model-server":
        with ModelServer(script=lambda asked: ANSWER) as server:
            model = open_model("small", entry("openai-chat:m"), server.connection(key=KEY))
            yield model
            await model.close()
    else:
        async with provider_model(kind) as (model, _):
            yield model


KINDS = ["scripted", "model-server", *PROVIDERS]


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


@pytest.mark.parametrize("kind", ["scripted", "model-server"])
async def test_a_made_up_answer_is_decided_by_the_prompt_alone(kind: str) -> None:
    with ModelServer() as server:
        models: dict[str, LanguageModel] = {
            "scripted": ScriptedModel(),
            "model-server": open_model("small", entry("openai-chat:m"), server.connection()),
        }
        model = models[kind]
        first, second = await model.ask(request()), await model.ask(request())
        other = await model.ask(request(messages=(*MESSAGES[:-1], Message("user", "소파"))))
        await model.close()
    assert FIELDS.validate_json(first.text)
    assert first.text == second.text
    assert first.text != other.text


async def test_without_a_schema_the_answer_is_free_text() -> None:
    async with provider_model("openai-chat") as (model, found):
        await model.ask(request(schema=None))
    assert "response_format" not in found.body


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
