"""A model request in pydantic-ai's words: chat turns, sampling settings, the shape of the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, cast

from pydantic_ai.messages import (
    BinaryContent,
    ModelMessage,
    ModelRequestPart,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    UserContent,
    UserPromptPart,
)
from pydantic_ai.messages import ModelRequest as Turn
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.profiles import JsonSchemaTransformer
from pydantic_ai.settings import ModelSettings

from furrow.engine.ports import Json, Message, ModelRequest

_PREFIXES_KEPT = 64


class Turns:
    """Converts chat turns. What records share (the system turn, the examples) is converted once.

    Shared turns are recognised by being the same objects, as an engine prompt gives them.
    """

    def __init__(self) -> None:
        self._prefixes: dict[tuple[int, ...], tuple[Sequence[Message], list[ModelMessage]]] = {}

    def of(self, messages: Sequence[Message]) -> list[ModelMessage]:
        """The turns; neighbours of the same side become one turn, as some providers demand."""
        return _joined([*self._prefix(messages[:-1]), _turn(messages[-1])])

    def _prefix(self, shared: Sequence[Message]) -> list[ModelMessage]:
        if any(message.images for message in shared):  # a record's own turn, asked again
            return _joined([_turn(message) for message in shared])
        key = tuple(map(id, shared))
        known = self._prefixes.get(key)
        if known is None:
            if len(self._prefixes) >= _PREFIXES_KEPT:
                self._prefixes.pop(next(iter(self._prefixes)))
            # The messages are kept beside their ids: an id is only taken while its object lives.
            known = self._prefixes[key] = (shared, _joined([_turn(message) for message in shared]))
        return known[1]


class Shapes:
    """The answer's shape for each JSON Schema, worked out once."""

    def __init__(self, transformer: type[JsonSchemaTransformer] | None):
        self._transformer = transformer
        self._known: dict[int, tuple[Json | None, ModelRequestParameters]] = {}

    def of(self, request: ModelRequest) -> ModelRequestParameters:
        """Native structured output with the request's schema, or free text without one."""
        known = self._known.get(id(request.schema))
        if known is None:
            known = self._known[id(request.schema)] = (request.schema, self._shape(request))
        return known[1]

    def _shape(self, request: ModelRequest) -> ModelRequestParameters:
        if request.schema is None:
            return ModelRequestParameters()
        schema = request.schema
        if self._transformer is not None:
            schema = self._transformer(schema, strict=True).walk()
        wanted = OutputObjectDefinition(json_schema=schema, name=request.schema_name, strict=True)
        return ModelRequestParameters(output_mode="native", output_object=wanted)


def settings_of(params: Mapping[str, Any], sample: int, timeout: float) -> ModelSettings:
    """Sampling settings. A repeat of a seeded request takes the next seed, or it would repeat the answer."""
    settings = {"timeout": timeout, **params}
    if sample and settings.get("seed") is not None:
        settings["seed"] += sample
    return cast(ModelSettings, settings)


def _joined(turns: Sequence[ModelMessage]) -> list[ModelMessage]:
    joined: list[ModelMessage] = []
    for turn in turns:
        before = joined[-1] if joined else None
        if isinstance(before, Turn) and isinstance(turn, Turn):
            parts: list[ModelRequestPart] = list(chain(before.parts, turn.parts))
            joined[-1] = Turn(parts=parts)
        else:
            joined.append(turn)
    return joined


def _turn(message: Message) -> ModelMessage:
    match message.role:
        case "system":
            return Turn(parts=[SystemPromptPart(content=message.text)])
        case "user":
            return Turn(parts=[UserPromptPart(content=_content(message))])
        case _:
            return ModelResponse(parts=[TextPart(content=message.text)])


def _content(message: Message) -> str | list[UserContent]:
    """The images before the text, as vendors advise; of several each has its number before it."""
    if not message.images:
        return message.text
    content: list[UserContent] = []
    for number, image in enumerate(message.images, 1):
        if len(message.images) > 1:
            content.append(f"Image {number}:")
        content.append(BinaryContent(image.content, media_type=image.media_type))
    return [*content, message.text]
