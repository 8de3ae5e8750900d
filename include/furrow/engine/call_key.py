"""The address of a paid call in the ledger: a hash of everything that decides its answer."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic_core import to_json

from furrow.engine.ports import Message, ModelRequest


def call_key(request: ModelRequest) -> str:
    """The address of a call in the ledger: SHA-256, 64 hex digits, of what decides its answer.

    That is the provider's model, the messages with the images as they are sent, the schema with its name,
    the params that are set and the sample number. Who asks (alias, use case, run) is not in it: identical
    requests share one answer.
    The order of params changes nothing; the order of a schema's fields does: models write in that order.
    """
    schema = None if request.schema is None else [request.schema_name, request.schema]
    params = [[name, request.params[name]] for name in sorted(request.params)]
    content = [
        "furrow call 1",
        request.model,
        [_turn(message) for message in request.messages],
        schema,
        [param for param in params if param[1] is not None],
        request.sample,
    ]
    return hashlib.sha256(_canonical(content)).hexdigest()


def _turn(message: Message) -> list[Any]:
    """A turn without images stands as it did before there were any, so that what was paid stays found."""
    turn: list[Any] = [message.role, message.text]
    if message.images:
        turn.append([[image.media_type, _hash(image.content)] for image in message.images])
    return turn


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _canonical(content: list[Any]) -> bytes:
    try:
        return to_json(content)
    except ValueError:  # a lone surrogate, or a schema nested hundreds deep
        return json.dumps(content, separators=(",", ":")).encode()
