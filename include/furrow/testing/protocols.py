"""How a provider's HTTP API asks and answers. The model server speaks all of these at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from furrow.engine.ports import EMBED, Finish
from furrow.testing.answers import fitting_vector
from furrow.testing.sight import Seen, look

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the server understood it. messages: (role, text); key: the credentials, as sent.

    params: what else was asked for; protocol: the name of the protocol that it came in; images: of all turns.
    """

    model: str
    messages: tuple[tuple[str, str], ...]
    schema: Json | None
    key: str
    params: Json = field(default_factory=dict)
    protocol: str = ""
    images: tuple[Seen, ...] = ()

    @property
    def embeds(self) -> bool:
        """Whether a vector is asked for, and no words."""
        return self.messages[-1][0] == EMBED

    @property
    def prompt(self) -> str:
        """All turns as one text, and what is seen on the images; the answer is decided by it."""
        turns = [f"{role}: {text}" for role, text in self.messages]
        return "\n".join([*turns, *(f"image {number}: {seen}" for number, seen in enumerate(self.images, 1))])


@dataclass(frozen=True, slots=True)
class Said:
    """What the server answers. text: None for no answer at all; model: the name that it echoes."""

    text: str | None
    finish: Finish
    input_tokens: int
    output_tokens: int
    model: str


class ModelProtocol(Protocol):
    """One provider's request and response bodies."""

    name: str
    """What stands before the colon in models.yaml."""

    path: str
    """Route of aiohttp, with `{model}` when the model's name stands in the address."""

    base: str
    """What a client's base URL has behind the address of the server."""

    bad_key: tuple[int, str]
    """Status and words for a wrong key; `{key}` repeats it, as careless providers do."""

    too_long: str
    """The words for a prompt that does not fit the model; `{tokens}` is how long it is."""

    def read(self, body: Json, address: Mapping[str, str], headers: Mapping[str, str]) -> Asked:
        """What is asked. Raises KeyError, TypeError or ValueError for a body that is not of this protocol."""
        ...

    def answer(self, said: Said, number: int) -> Json:
        """The body of a 200 response; `number` counts the answers of this server."""
        ...

    def error(self, status: int, message: str, retry_after: str | None = None) -> Json:
        """The body of an error response."""
        ...


class ChatCompletions:
    """OpenAI's chat completions, which most other providers and servers speak too."""

    name = "openai-chat"
    path = "/v1/chat/completions"
    base = "/v1"
    bad_key = (401, "Incorrect API key provided: {key}")
    too_long = "This model's maximum context length is exceeded: your messages have {tokens} tokens"
    _finish = {Finish.STOP: "stop", Finish.LENGTH: "length", Finish.REFUSED: "content_filter"}  # noqa: RUF012

    def read(self, body: Json, address: Mapping[str, str], headers: Mapping[str, str]) -> Asked:
        """What is asked."""
        wanted = body.get("response_format") or {}
        schema = wanted["json_schema"]["schema"] if wanted.get("type") == "json_schema" else None
        turns = tuple((turn["role"], _text(turn["content"])) for turn in body["messages"])
        parts = _parts(body["messages"], "content")
        params = _without(body, "messages", "model", "response_format")
        key = headers.get("Authorization", "").removeprefix("Bearer ")
        images = tuple(look(*_data_url(part["image_url"]["url"])) for part in parts if "image_url" in part)
        return Asked(body["model"], turns, schema, key, params, self.name, images)

    def answer(self, said: Said, number: int) -> Json:
        """A `chat.completion` with one choice, or none."""
        message = {"role": "assistant", "content": said.text, "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": self._finish[said.finish]}
        return {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "created": 1_795_000_000,
            "model": said.model,
            "choices": [] if said.text is None else [choice],
            "usage": {
                "prompt_tokens": said.input_tokens,
                "completion_tokens": said.output_tokens,
                "total_tokens": said.input_tokens + said.output_tokens,
            },
        }

    def error(self, status: int, message: str, retry_after: str | None = None) -> Json:
        """OpenAI's error object."""
        return {"error": {"message": message, "type": f"error_{status}", "param": None, "code": None}}


class AnthropicMessages:
    """Anthropic's messages."""

    name = "anthropic"
    path = "/v1/messages"
    base = ""
    bad_key = (401, "invalid x-api-key: {key}")
    too_long = "prompt is too long: {tokens} tokens"
    _finish = {Finish.STOP: "end_turn", Finish.LENGTH: "max_tokens", Finish.REFUSED: "refusal"}  # noqa: RUF012
    _types = {  # noqa: RUF012
        400: "invalid_request_error",
        401: "authentication_error",
        404: "not_found_error",
        413: "request_too_large",
        429: "rate_limit_error",
        529: "overloaded_error",
    }

    def read(self, body: Json, address: Mapping[str, str], headers: Mapping[str, str]) -> Asked:
        """What is asked. The system turn stands apart in the body; here it is the first of the messages."""
        wanted = (body.get("output_config") or {}).get("format") or body.get("output_format") or {}
        system = (("system", _text(body["system"])),) if body.get("system") else ()
        turns = tuple((turn["role"], _text(turn["content"])) for turn in body["messages"])
        params = _without(body, "messages", "model", "system", "output_config", "output_format")
        key = headers.get("x-api-key", "")
        sources = [part["source"] for part in _parts(body["messages"], "content") if part["type"] == "image"]
        images = tuple(look(source["media_type"], source["data"]) for source in sources)
        return Asked(body["model"], system + turns, wanted.get("schema"), key, params, self.name, images)

    def answer(self, said: Said, number: int) -> Json:
        """A `message` with one block of text, or none. Without any answer it has no reason to stop either."""
        return {
            "id": f"msg_{number}",
            "type": "message",
            "role": "assistant",
            "model": said.model,
            "content": [{"type": "text", "text": said.text}] if said.text else [],
            "stop_reason": None if said.text is None else self._finish[said.finish],
            "stop_sequence": None,
            "usage": {"input_tokens": said.input_tokens, "output_tokens": said.output_tokens},
        }

    def error(self, status: int, message: str, retry_after: str | None = None) -> Json:
        """Anthropic's error object."""
        return {"type": "error", "error": {"type": self._types.get(status, "api_error"), "message": message}}


class GenerateContent:
    """Google's `generateContent`, at the addresses of the Gemini API and of Vertex AI."""

    name = "google"
    path = "/{version:v1[a-z0-9]*}/{publisher:(publishers/google/)?}models/{model}:generateContent"
    base = ""
    bad_key = (400, "API key not valid. Please pass a valid API key. ({key})")
    too_long = "The input token count ({tokens}) exceeds the maximum number of tokens allowed"
    _finish = {Finish.STOP: "STOP", Finish.LENGTH: "MAX_TOKENS", Finish.REFUSED: "SAFETY"}  # noqa: RUF012
    _roles = {"user": "user", "model": "assistant"}  # noqa: RUF012
    _statuses = {  # noqa: RUF012
        400: "INVALID_ARGUMENT",
        401: "UNAUTHENTICATED",
        403: "PERMISSION_DENIED",
        404: "NOT_FOUND",
        429: "RESOURCE_EXHAUSTED",
        500: "INTERNAL",
        503: "UNAVAILABLE",
        504: "DEADLINE_EXCEEDED",
    }

    def read(self, body: Json, address: Mapping[str, str], headers: Mapping[str, str]) -> Asked:
        """What is asked. The model's name stands in the address, the system turn apart."""
        instruction, params = body.get("systemInstruction"), body.get("generationConfig") or {}
        system = (("system", _text(instruction["parts"])),) if instruction else ()
        turns = tuple(
            (self._roles[turn.get("role", "user")], _text(turn["parts"])) for turn in body["contents"]
        )
        key, schema = headers.get("x-goog-api-key", ""), params.get("responseJsonSchema")
        params = _without(params, "responseJsonSchema")
        inline = [part["inlineData"] for part in _parts(body["contents"], "parts") if "inlineData" in part]
        images = tuple(look(_mime_type(one), one["data"]) for one in inline)
        return Asked(address["model"], system + turns, schema, key, params, self.name, images)

    def answer(self, said: Said, number: int) -> Json:
        """A response with one candidate, or none."""
        candidate: Json = {"index": 0, "finishReason": self._finish[said.finish]}
        if said.text:
            candidate["content"] = {"role": "model", "parts": [{"text": said.text}]}
        return {
            "candidates": [] if said.text is None else [candidate],
            "usageMetadata": {
                "promptTokenCount": said.input_tokens,
                "candidatesTokenCount": said.output_tokens,
                "totalTokenCount": said.input_tokens + said.output_tokens,
            },
            "modelVersion": said.model,
            "responseId": f"response-{number}",
        }

    def error(self, status: int, message: str, retry_after: str | None = None) -> Json:
        """Google's error object; how long to wait stands in it too, when that is known in seconds."""
        error = {"code": status, "message": message, "status": self._statuses.get(status, "UNKNOWN")}
        if retry_after is not None and retry_after.isdecimal():
            wait = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{retry_after}s"}
            return {"error": {**error, "details": [wait]}}
        return {"error": error}


class Embeddings(ChatCompletions):
    """OpenAI's embeddings, one text a request. The vector is that of the text that the server would say."""

    name = "openai-embeddings"
    path = "/v1/embeddings"

    def read(self, body: Json, address: Mapping[str, str], headers: Mapping[str, str]) -> Asked:
        """What is asked: one turn, the text."""
        turns, params = ((EMBED, _text(body["input"])),), _without(body, "input", "model")
        key = headers.get("Authorization", "").removeprefix("Bearer ")
        return Asked(body["model"], turns, None, key, params, self.name)

    def answer(self, said: Said, number: int) -> Json:
        """A list with one vector, or none."""
        vector = [] if said.text is None else [fitting_vector(said.text)]
        found = [{"object": "embedding", "index": 0, "embedding": one} for one in vector]
        usage = {"prompt_tokens": said.input_tokens, "total_tokens": said.input_tokens}
        return {"object": "list", "model": said.model, "data": found, "usage": usage}


PROTOCOLS: tuple[ModelProtocol, ...] = (
    ChatCompletions(),
    AnthropicMessages(),
    GenerateContent(),
    Embeddings(),
)


def protocol_named(name: str) -> ModelProtocol:
    """The protocol with that name. Raises KeyError."""
    return {protocol.name: protocol for protocol in PROTOCOLS}[name]


def _text(content: str | list[Json]) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def _parts(turns: list[Json], name: str) -> list[Json]:
    """The parts of all turns; a turn that is one text has none."""
    return [part for turn in turns if isinstance(turn[name], list) for part in turn[name]]


def _mime_type(blob: Json) -> str:
    """Google takes both spellings of a field; its SDK sends this one as it is written in protobuf."""
    return str(blob["mimeType"] if "mimeType" in blob else blob["mime_type"])


def _data_url(url: str) -> tuple[str, str]:
    head, _, encoded = url.partition(";base64,")
    if not head.startswith("data:"):
        raise ValueError("the server fetches no images: send them as data URLs")
    return head.removeprefix("data:"), encoded


def _without(body: Json, *names: str) -> Json:
    return {name: value for name, value in body.items() if name not in names}
