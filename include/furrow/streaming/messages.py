"""Results and dead letters as Kafka messages, and results read back.

A result's value is one JSON object: `key`, `event_time`, `record_id`, `release`, `run_id`, `result`. Its
headers `record_id` and `release` say which input it answers without parsing. A dead letter is the event as
it came, with headers that say why; of one over 900,000 bytes the value stays where it is, and the header
`record_id` says where.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import orjson

from furrow.engine.events import Event, Headers, Outgoing
from furrow.engine.ports import Row
from furrow.engine.record import Rejection, Work
from furrow.errors import StoreDamaged

RECORD_ID, RELEASE = "record_id", "release"
_REASON, _STEP, _MESSAGE = "furrow_reason", "furrow_step", "furrow_message"
_LARGEST = 900_000
"""Bytes; with headers this stays below the 1 MiB that brokers take by default."""
_OURS = {RECORD_ID, RELEASE, _REASON, _STEP, _MESSAGE}


def row_of(work: Work, release: str, run_id: str) -> Row:
    """An accepted work on its way out."""
    record = work.record
    return Row(record.key, record.time, work.result or {}, release, run_id, record.id)


def result_message(topic: str, row: Row) -> Outgoing:
    """A result, under the record's key."""
    value = {
        "key": row.key,
        "event_time": row.event_time.isoformat(),
        "record_id": row.record_id,
        "release": row.release,
        "run_id": row.run_id,
        "result": row.values,
    }
    return Outgoing(topic, row.key.encode(), orjson.dumps(value), _headers(row.record_id, row.release))


def result_row(event: Event) -> Row:
    """The inverse. Raises StoreDamaged for a message that Furrow did not write."""
    try:
        value = orjson.loads(event.value or b"")
        time = datetime.fromisoformat(value["event_time"])
        return Row(value["key"], time, value["result"], value["release"], value["run_id"], value["record_id"])
    except (ValueError, KeyError, TypeError) as error:
        raise StoreDamaged(
            f"{event.id} is no result as Furrow writes it ({error!r}): something else writes to the result"
            f" topic `{event.topic}`; give it a topic of its own"
        ) from error


def letter_message(topic: str, event: Event, rejection: Rejection, release: str) -> Outgoing:
    """A dead letter: the event, and why it was rejected, at which step, by which release."""
    told = ((_REASON, rejection.reason), (_STEP, rejection.step), (_MESSAGE, rejection.message[:1000]))
    headers = tuple((name, text.encode("utf-8", "backslashreplace")) for name, text in told)
    original = tuple(header for header in event.headers if header[0] not in _OURS)
    key, original, value = _that_fits(event.key, original, event.value)
    return Outgoing(topic, key, value, (*original, *_headers(event.id, release), *headers))


def _that_fits(
    key: bytes | None, headers: Headers, value: bytes | None
) -> tuple[bytes | None, Headers, bytes | None]:
    """What of an event goes into one message: without its value, then its headers, when it is too large."""
    size = len(key or b"") + sum(len(name.encode()) + len(content) for name, content in headers)
    if size + len(value or b"") <= _LARGEST:
        return key, headers, value
    if size <= _LARGEST:
        return key, headers, None
    return (key if len(key or b"") <= _LARGEST else None), (), None


def _headers(record_id: str, release: str) -> Headers:
    return ((RECORD_ID, record_id.encode()), (RELEASE, release.encode()))


def header(headers: Sequence[tuple[str, bytes]], name: str) -> str | None:
    """The text of the last header of that name."""
    found = [value for other, value in headers if other == name]
    return found[-1].decode("utf-8", "replace") if found else None
