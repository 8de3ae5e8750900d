"""What a source delivered -> a record, or the reason why it is none."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any, cast

import orjson
from pydantic_core import to_json

from furrow.config.models import RecordFields
from furrow.engine.ports import Arrival
from furrow.engine.record import Record, Rejection, Work
from furrow.errors import KeyMissing, RecordError, RecordTooLarge, RecordUnreadable

_UNKNOWN_TIME = datetime.fromtimestamp(0, UTC)
READING = "fetch"
"""The step's name in rejections that happen before the first step."""


def read_work(arrival: Arrival, fields: RecordFields) -> Work:
    """A work with its record; one that cannot be read is rejected with its bytes kept, never dropped."""
    try:
        return Work(read_record(arrival, fields))
    except RecordError as error:
        unread = Record(arrival.id, key="", time=_UNKNOWN_TIME, data={})
        return Work(unread, rejection=Rejection(error.reason, READING, str(error), _as_text(arrival.value)))


def read_record(arrival: Arrival, fields: RecordFields) -> Record:
    """The record. Raises RecordTooLarge, RecordUnreadable or KeyMissing."""
    if len(arrival.value) > fields.max_bytes:
        raise RecordTooLarge(f"{len(arrival.value):,} bytes; record.max_bytes is {fields.max_bytes:,}")
    data = _json_object(arrival.value)
    return Record(arrival.id, _key(data, fields.key), _time(data, fields.time), data)


def _json_object(value: bytes) -> dict[str, Any]:
    try:
        value.decode("utf-8")
        data = orjson.loads(value)
        to_json(data)
    except UnicodeDecodeError as error:
        raise RecordUnreadable(f"not UTF-8 at byte {error.start}") from None
    except orjson.JSONDecodeError as error:
        raise RecordUnreadable(f"not JSON: {error.msg} at character {error.pos}") from None
    except ValueError:
        raise RecordUnreadable("nested too deep") from None
    if not isinstance(data, dict):
        raise RecordUnreadable(f"a record is a JSON object, this is a {type(data).__name__}")
    return cast(dict[str, Any], data)


def _key(data: dict[str, Any], name: str) -> str:
    key = data.get(name)
    if not isinstance(key, str | int) or isinstance(key, bool) or not str(key).strip() or "\0" in str(key):
        raise KeyMissing(f"the key field `{name}` is missing or neither text nor a whole number")
    return str(key)


def _time(data: dict[str, Any], name: str) -> datetime:
    if name not in data:
        raise KeyMissing(f"the event time field `{name}` is missing")
    try:
        time = datetime.fromisoformat(data[name])
        time.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise RecordUnreadable(
            f"`{name}` is not a time in ISO 8601, such as 2026-11-24T09:00:00+09:00"
        ) from None
    if time.tzinfo is None:
        raise RecordUnreadable(f"`{name}` has no offset; write it as 2026-11-24T09:00:00+09:00")
    return time


def _as_text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(value).decode("ascii")
