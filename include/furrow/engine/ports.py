"""The seams between what happens to a record and the outside world. Adapters and stores implement them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from furrow.config.models import Images

Json = dict[str, Any]

# --- language models -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as it is sent. media_type: `image/jpeg`."""

    media_type: str
    content: bytes = field(repr=False)


EMBED = "embed"
"""The role of the one turn that a model with `capabilities: {embeddings: true}` is asked.

Its answer's text is the vector: base64 of little-endian 32-bit floats.
"""


@dataclass(frozen=True, slots=True)
class Message:
    """One chat turn. role: system, user or assistant (or EMBED); images: in their order, before the text."""

    role: str
    text: str
    images: tuple[Image, ...] = ()


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


class Prices(Protocol):
    """What calls cost, before they are made. US dollars; None when nobody knows."""

    def most_usd(self, request: ModelRequest) -> float | None:
        """The most that the call can cost: every byte a token, the answer as long as it may be."""
        ...

    def tokens(self, request: ModelRequest) -> tuple[int, int]:
        """Tokens that it will read, and write, about."""
        ...

    def usd(self, alias: str, input_tokens: int, output_tokens: int) -> float | None:
        """What so many tokens cost."""
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


@dataclass(frozen=True, slots=True)
class Pace:
    """What a provider allows all tasks of a deployment together, each minute; None: as much as one likes.

    name: of the allowance that is shared, one for each model behind one connection.
    """

    name: str
    requests: float | None = None
    tokens: float | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """A call that somebody wants to make now.

    most_usd: the most that it can cost, set aside from the budget until it is paid for; None: nobody knows.
    cap_usd: the use case's budget for a day (UTC), None without one. tokens: read and written, about.
    """

    key: str
    use_case: str
    most_usd: float | None = None
    cap_usd: float | None = None
    pace: Pace | None = None
    tokens: int = 0


class Verdict(StrEnum):
    """What becomes of a wish."""

    KNOWN = "known"
    """Paid for already: the answer is there."""

    GRANTED = "granted"
    """This buyer alone may make the call, once its `wait` is over, until it records or gives it up."""

    HELD = "held"
    """Another buyer is at it; look again later."""

    SHORT = "short"
    """The budget has no room while other calls are on their way; some of it may come back."""

    SPENT = "spent"
    """The budget of the day has no room for it."""


@dataclass(frozen=True, slots=True)
class Purse:
    """A use case's money of the day (UTC), in US dollars.

    limit_usd: the cap, and what a person put on top; left_usd: of that not spent yet, so what is set aside
    for calls on their way is in it. Below 0 when the cap was lowered.
    """

    limit_usd: float
    left_usd: float


@dataclass(frozen=True, slots=True)
class Claim:
    """The ledger's word on a wish. wait: seconds until the pace of the model allows the call.

    purse: how the budget of the use case stands, where it has one and nobody had paid for the call before.
    """

    verdict: Verdict
    answer: Answer | None = None
    wait: float = 0.0
    purse: Purse | None = None


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A granted call that came to nothing. maybe_paid: the provider may have billed it all the same."""

    key: str
    maybe_paid: bool = False


LEASE_SECONDS = 20.0
"""How long a buyer counts as alive after its last sign of life."""


class Ledger(Protocol):
    """The durable table of paid calls, and who may buy which. Blocking; called from a thread.

    A buyer is one process at one time. What it was granted is its own while it shows signs of life:
    every `claim` and `renew` is one, good for `LEASE_SECONDS`. After that others may have it.
    """

    def find(self, keys: Sequence[str]) -> dict[str, Answer]:
        """Those of `keys` that were paid for. Raises TransientError when it cannot be read."""
        ...

    def claim(self, buyer: str, wishes: Sequence[Wish]) -> list[Claim]:
        """One word on each wish, in their order; a wish that was granted to this buyer is granted again."""
        ...

    def record(self, purchases: Sequence[Purchase], buyer: str = "") -> None:
        """Durable when it returns, and what was set aside for them is settled.

        A key that is there already keeps its first answer.
        """
        ...

    def give_up(self, buyer: str, calls: Sequence[GivenUp]) -> None:
        """Let others have them, and their money; what may have been paid stays counted as spent."""
        ...

    def renew(self, buyer: str) -> None:
        """A sign of life."""
        ...

    def leave(self, buyer: str) -> None:
        """The buyer ends: all that it still holds is free."""
        ...


# --- sources and sinks -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a source delivers: bytes that should be one JSON object, not yet looked at."""

    id: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Interval:
    """The span of time that a run is about, from `start` up to, not including, `end`, both with an offset."""

    start: datetime
    end: datetime


class Moved(StrEnum):
    """Where the committed position is now, seen from a read that began at it."""

    NOT = "not"
    """Where it was."""

    INTO = "into"
    """Inside what was read: somebody else moved it."""

    PAST = "past"
    """Behind all that was read: the reader's own commit, or somebody else's."""


class Source(Protocol):
    """Where records come from. Nothing is marked as read until `commit`."""

    def read(self, limit: int | None = None) -> Iterator[Arrival]:
        """From the committed position to what is there now, at most `limit`. Raises SourceUnavailable."""
        ...

    def position(self) -> Json:
        """The position behind the last arrival that `read` gave."""
        ...

    def moved(self, position: Json) -> Moved:
        """Whether the committed position moved since the read that gave this one. Raises SourceUnavailable.

        A source that keeps none says NOT.
        """
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


# --- images ----------------------------------------------------------------------------------------


class ImageFiles(Protocol):
    """Where the pictures of records lie."""

    async def read(self, images: Images, name: str) -> bytes:
        """The file that a record names, as it lies there, at most `max_bytes`.

        Raises ImageInvalid for a name that leads out of what `images` allows, that nothing is behind, or a
        file that is too large, and ImageUnavailable (retry helps).
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


@runtime_checkable
class GoogleHooks(Protocol):
    """Connections that also know the Google provider's hooks: in Airflow only."""

    def bigquery(self, connection_id: str, location: str | None) -> Any:
        """The `google.cloud.bigquery.Client` of the provider's hook. Raises what `Connections.get` raises."""
        ...
