"""A made-up answer that fits a JSON Schema; the same prompt always gets the same one."""

from __future__ import annotations

import base64
import hashlib
import math
import random
import re
import struct
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import orjson

from furrow.engine.retrieval import terms_of

Json = dict[str, Any]

_SYLLABLES = "가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허"
_WIDE = 1000
_NULL_CHANCE = 0.2
_DIMENSIONS = 256
_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_TOLD = re.compile(
    r"\b(m(?:in|ax)(?:Length|Items|imum)|exclusiveM(?:in|ax)imum)[:=] ?(-?[0-9]+(?:\.[0-9]+)?)"
)


def fitting_answer(schema: Json | None, prompt: str) -> str:
    """JSON text that fits `schema` (plain words without one), decided by the prompt alone.

    Knows what output.yaml compiles to: objects, arrays, enum, const, anyOf, strings with a length or a date
    format, numbers with bounds, null. A `pattern` is only met where a plain word meets it. Bounds that an SDK
    moved into the description, because its vendor refuses the keyword, are kept too, as a model keeps them.
    """
    dice = random.Random(hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).digest())  # noqa: S311
    if schema is None:
        return " ".join(_word(dice, 4) for _ in range(6))
    return orjson.dumps(_value(schema, schema, dice)).decode()


def fitting_vector(text: str) -> str:
    """A vector as models that embed give it, base64 of 32-bit floats: texts with words in common are near."""
    counts = [0.0] * _DIMENSIONS
    for term in terms_of(text):
        counts[zlib.crc32(term.encode()) % _DIMENSIONS] += 1.0
    return base64.b64encode(struct.pack(f"<{_DIMENSIONS}f", *counts)).decode("ascii")


def _value(schema: Json, root: Json, dice: random.Random) -> Any:
    if reference := schema.get("$ref"):
        return _value(_resolved(root, reference), root, dice)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return dice.choice(schema["enum"])
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return _value(_chosen(choices, dice), root, dice)
    return _of_type(schema, root, dice)


def _resolved(root: Json, reference: str) -> Json:
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return cast(Json, found)


def _chosen(choices: list[Json], dice: random.Random) -> Json:
    """Null now and then, where it is allowed."""
    others = [choice for choice in choices if choice.get("type") != "null"]
    nullable = len(others) < len(choices)
    if not others or (nullable and dice.random() < _NULL_CHANCE):
        return {"const": None}
    return dice.choice(others)


def _of_type(schema: Json, root: Json, dice: random.Random) -> Any:
    schema = _with_told_bounds(schema)
    kind = schema.get("type", "object")
    if isinstance(kind, list):
        return _value(_chosen([{**schema, "type": one} for one in kind], dice), root, dice)
    match kind:
        case "object":
            properties = schema.get("properties", {})
            return {name: _value(inner, root, dice) for name, inner in properties.items()}
        case "array":
            return _items(schema, root, dice)
        case "string":
            return _text(schema, dice)
        case "integer":
            return dice.randint(*_whole_bounds(schema))
        case "number":
            low, high = _bounds(schema)
            return round(dice.uniform(low, high), 3)
        case "boolean":
            return dice.random() < 0.5
        case _:
            return None


def _with_told_bounds(schema: Json) -> Json:
    """The schema, and the bounds that stand in its description: `maxLength=20` or `{maxLength: 20}`."""
    told = _TOLD.findall(schema.get("description", ""))
    return {**{name: _number(text) for name, text in told}, **schema} if told else schema


def _number(text: str) -> float:
    return float(text) if "." in text else int(text)


def _items(schema: Json, root: Json, dice: random.Random) -> list[Any]:
    fewest = schema.get("minItems", 0)
    most = max(fewest, min(schema.get("maxItems", 3), fewest + 3))
    return [_value(schema.get("items", {}), root, dice) for _ in range(dice.randint(fewest, most))]


def _text(schema: Json, dice: random.Random) -> str:
    moment = _FIRST_DAY + timedelta(days=dice.randrange(365), seconds=dice.randrange(86_400))
    match schema.get("format"):
        case "date":
            return moment.date().isoformat()
        case "date-time":
            return moment.isoformat()
        case _:
            longest = schema.get("maxLength", 12)
            return _word(dice, max(schema.get("minLength", 1), min(longest, dice.randint(2, 12))))


def _word(dice: random.Random, length: int) -> str:
    return "".join(dice.choices(_SYLLABLES, k=length))


def _whole_bounds(schema: Json) -> tuple[int, int]:
    low, high = _bounds(schema, step=1)
    return math.ceil(low), max(math.ceil(low), math.floor(high))


def _bounds(schema: Json, step: float = 0.001) -> tuple[float, float]:
    """Lowest and highest value; an open end lies a thousand away from the other, or from zero."""
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None and "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"] + step
    if high is None and "exclusiveMaximum" in schema:
        high = schema["exclusiveMaximum"] - step
    if low is None:
        low = 0 if high is None or high >= 0 else high - _WIDE
    return low, max(low, low + _WIDE if high is None else high)
