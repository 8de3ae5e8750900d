"""The seams between what happens to a record and the outside world. Adapters and stores implement them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

Json = dict[str, Any]

# --- language models -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Message:
    """One chat turn. role: system, user or assistant."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """Everything that decides an answer.

    alias: the model's name in models.yaml; model: `provider:model` behind it.
    schema: JSON Schema that the answer must fit, or None for free text; schema_name names it.
    params: temperature, max_tokens, top_p, seed; sample: number of the repeat, 0 for the first.
    """

    alias: str
    model: str
    messages: tuple[Message, ...]
    schema: Json | None = None
    schema_name: str = "answer"
    params: Mapping[str, Any] = field(default_factory=dict)
    sample: int = 0


class Finish(StrEnum):
    """Why the model stopped."""

    STOP = "stop"
    LENGTH = "length"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered and what it took. cost_usd: None when nobody knows the price.

    model: the name that the provider echoed; seconds: from request to whole answer.
    """

    text: str
    finish: Finish
    model: str
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    seconds: float


class LanguageModel(Protocol):
    """One model behind one connection."""

    async def ask(self, request: ModelRequest) -> Answer:
        """One call, no retry. Raises TransientError (retry helps), RecordError (this request will never
        pass: too long, declined) or RunError (a person has to act)."""
        ...

    async def close(self) -> None:
        """Give the sockets back."""
        ...


# --- the ledger ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Purchase:
    """One paid call, addressed by the hash of everything that decides its answer."""

    key: str
    answer: Answer
    alias: str
    use_case: str
    step: str
    release: str
    run_id: str


class Ledger(Protocol):
    """The durable table of paid calls. Blocking; called from a thread."""

    def find(self, keys: Sequence[str]) -> dict[str, Answer]:
        """Those of `keys` that were paid for. Raises TransientError when it cannot be read."""
        ...

    def record(self, purchases: Sequence[Purchase]) -> None:
        """Durable when it returns; a key that is there already keeps its first answer."""
        ...


# --- sources and sinks -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a source delivers: bytes that should be one JSON object, not yet looked at."""

    id: str
    value: bytes


class Source(Protocol):
    """Where records come from. Nothing is marked as read until `commit`."""

    def read(self, limit: int | None = None) -> Iterator[Arrival]:
        """From the committed position to what is there now, at most `limit`. Raises SourceUnavailable."""
        ...

    def position(self) -> Json:
        """The position behind the last arrival that `read` gave."""
        ...

    def commit(self, position: Json) -> None:
        """Move the committed position there, never back. Raises SourceUnavailable."""
        ...

    def close(self) -> None:
        """Give the sockets back."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """An accepted result on its way out."""

    key: str
    event_time: datetime
    values: Json
    release: str
    run_id: str
    record_id: str


class Sink(Protocol):
    """Where results go. Idempotent by key, event time and release: publishing again changes nothing."""

    def publish(self, rows: Sequence[Row]) -> int:
        """Write; a row older than what the key has is skipped. Returns how many are now in effect.

        Raises SinkUnavailable (retry helps).
        """
        ...


class FeatureReader(Protocol):
    """Reads what was published, as another service would."""

    def read(self, keys: Sequence[str]) -> dict[str, Json]:
        """key -> values with `release`, `run_id`, `event_time`; absent keys are left out.

        Raises SinkUnavailable.
        """
        ...


# --- connections -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Connection:
    """An Airflow connection, whoever resolved it. `repr` never shows the password."""

    id: str
    type: str
    host: str = ""
    port: int | None = None
    login: str = ""
    password: str = field(default="", repr=False)
    schema: str = ""
    extra: Json = field(default_factory=dict, repr=False)


class Connections(Protocol):
    """Resolves connection ids: in Airflow its own, elsewhere the `AIRFLOW_CONN_<ID>` variables."""

    def get(self, connection_id: str) -> Connection:
        """Raises ConnectionMissing."""
        ...
