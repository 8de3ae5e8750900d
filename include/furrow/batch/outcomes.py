"""Outcomes from their source into the state database: each once, and none that cannot be read in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import orjson

from furrow.config.quality import Outcomes as OutcomeFields
from furrow.engine.ports import Arrival, Source
from furrow.store.outcomes import OutcomeRow, Outcomes

Json = dict[str, Any]
MOST_NAMED = 1000
"""So many lines that cannot be read are named with their place; all of them are counted."""
_CHUNK = 1000


@dataclass
class OutcomesRead:
    """What a read found. new: were not known yet; unread: could not be read; named: (place, why) of those."""

    read: int = 0
    new: int = 0
    unread: int = 0
    named: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, place: str, why: str) -> None:
        """Count a line that cannot be read, and name it."""
        self.unread += 1
        if len(self.named) < MOST_NAMED:
            self.named.append((place, why))

    def to_json(self) -> Json:
        """For the run store and for machines."""
        named = [{"place": place, "why": why} for place, why in self.named]
        return {"read": self.read, "new": self.new, "unread": self.unread, "unread_places": named}


def read_outcomes(
    source: Source,
    fields: OutcomeFields,
    table: Outcomes,
    use_case: str,
    seen: Callable[[], None] = lambda: None,
) -> OutcomesRead:
    """Note what the source has, and only then move its position. `seen` is called for each line.

    Raises SourceUnavailable, StoreUnavailable (retry helps: nothing counts twice), CredentialsRefused.
    """
    found = OutcomesRead()
    arrivals = source.read()
    while chunk := list(islice(arrivals, _CHUNK)):
        found.new += table.note(use_case, _rows(chunk, fields, found, seen))
    source.commit(source.position())
    return found


def _rows(
    arrivals: list[Arrival], fields: OutcomeFields, found: OutcomesRead, seen: Callable[[], None]
) -> Iterator[OutcomeRow]:
    for arrival in arrivals:
        seen()
        try:
            yield outcome_of(arrival, fields)
            found.read += 1
        except ValueError as error:
            found.refuse(arrival.id, str(error))


def outcome_of(arrival: Arrival, fields: OutcomeFields) -> OutcomeRow:
    """The outcome that a line is. Raises ValueError with what is wrong."""
    try:
        content = orjson.loads(arrival.value)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg}") from None
    if not isinstance(content, dict):
        raise ValueError("not a JSON object")
    return OutcomeRow(
        arrival.id, _unit(content, fields.unit), _value(content, fields.value), _time(content, fields.time)
    )


def _unit(content: Json, name: str) -> str:
    unit = content.get(name)
    if not isinstance(unit, str | int | float) or isinstance(unit, bool) or unit == "" or "\0" in str(unit):
        raise ValueError(f"`{name}`, its unit, is neither text nor a number")
    return str(unit)


def _value(content: Json, name: str) -> float:
    value = content.get(name)
    if not isinstance(value, bool | int | float):
        raise ValueError(f"`{name}`, its value, is neither true, false nor a number")
    return float(value)


def _time(content: Json, name: str) -> datetime:
    try:
        time = datetime.fromisoformat(content[name])
        time = time.astimezone(UTC) if time.tzinfo is not None else time
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ValueError(f"`{name}`, its moment, is not a time in ISO 8601") from None
    if time.tzinfo is None:
        raise ValueError(f"`{name}`, its moment, has no offset; write it as 2026-11-24T09:00:00+09:00")
    return time
