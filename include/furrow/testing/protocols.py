"""How a provider's HTTP API asks and answers. The model server speaks one or more of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from furrow.engine.ports import Finish

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the server understood it. messages: (role, text); key: the credentials, as sent."""

    model: str
    messages: tuple[tuple[str, str], ...]
    schema: Json | None
    key: str
    params: Json = field(default_factory=dict)

    @property
    def prompt(self) -> str:
        """All turns as one text; the answer is decided by it."""
        return "\n".join(f"{role}: {text}" for role, text in self.messages)


@dataclass(frozen=True, slots=True)
class Said:
    """What the server answers. text: None for no answer at all."""

    text: str | None
    finish: Finish
    input_tokens: int
    output_tokens: int


class ModelProtocol(Protocol):
    """One provider's request and response bodies."""

    path: str
    """Route of aiohttp, with `{model}` when the model's name stands in the address."""

    def read(self, body: Json, address: Mapping[str, str], headers: Mapping[str, str]) -> Asked:
        """What is asked. Raises KeyError, TypeError or ValueError for a body that is not of this protocol."""
        ...

    def answer(self, asked: Asked, said: Said, number: int) -> Json:
        """The body of a 200 response; `number` counts the answers of this server."""
        ...

    def error(self, status: int, message: str) -> Json:
        """The body of an error response."""
        ...


class ChatCompletions:
    """OpenAI's chat completions, which most other providers and servers speak too."""

    path = "/v1/chat/completions"
    _finish = {Finish.STOP: "stop", Finish.LENGTH: "length", Finish.REFUSED: "content_filter"}  # noqa: RUF012

    def read(self, body: Json, address: Mapping[str, str], headers: Mapping[str, str]) -> Asked:
        """What is asked."""
        wanted = body.get("response_format") or {}
        schema = wanted["json_schema"]["schema"] if wanted.get("type") == "json_schema" else None
        turns = tuple((turn["role"], _text(turn["content"])) for turn in body["messages"])
        params = {
            name: value
            for name, value in body.items()
            if name not in {"messages", "model", "response_format"}
        }
        return Asked(
            body["model"], turns, schema, headers.get("Authorization", "").removeprefix("Bearer "), params
        )

    def answer(self, asked: Asked, said: Said, number: int) -> Json:
        """A `chat.completion` with one choice, or none."""
        message = {"role": "assistant", "content": said.text, "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": self._finish[said.finish]}
        return {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "created": 1_795_000_000,
            "model": asked.model,
            "choices": [] if said.text is None else [choice],
            "usage": {
                "prompt_tokens": said.input_tokens,
                "completion_tokens": said.output_tokens,
                "total_tokens": said.input_tokens + said.output_tokens,
            },
        }

    def error(self, status: int, message: str) -> Json:
        """OpenAI's error object."""
        return {"error": {"message": message, "type": f"error_{status}", "param": None, "code": None}}


def _text(content: str | list[Json]) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)
