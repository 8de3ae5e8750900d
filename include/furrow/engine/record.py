"""A record, and a record on its way through the steps.

`to_json` / `from_json` are the lines of the run store's files; nothing else defines that format.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from furrow.engine.ports import Answer
from furrow.errors import TransientError

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """One thing to work on.

    id: RecordId, the source position (`kafka:topic/0/42`) or a content hash (`sha256:…`).
    key: names it for the outside world; features are stored under it.
    time: event time, always with an offset.
    """

    id: str
    key: str
    time: datetime
    data: Json


class Rung(StrEnum):
    """How an answer came to be valid."""

    STRICT = "strict"
    REPAIRED = "repaired"
    REASKED = "reasked"
    ESCALATED = "escalated"


class Outcome(StrEnum):
    """What became of a record."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FAILED = "failed"


def add_dollars(total: float | None, more: float | None) -> float | None:
    """The sum, unknown (None) as soon as a part of it is: an unknown price is not free."""
    return None if total is None or more is None else total + more


@dataclass(slots=True)
class Trace:
    """What one step did for one record. Money is US dollars, None when the price is unknown.

    calls: answers used, and cost_usd their price; bought: those of them paid for now (the others were
    in the ledger), and spent_usd what that took. doubted: fields of the answer that `screen` dropped or cut.
    """

    model: str | None = None
    rung: Rung | None = None
    calls: int = 0
    bought: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
    spent_usd: float | None = 0.0
    seconds: float = 0.0
    keys: list[str] = field(default_factory=list)
    doubted: list[str] = field(default_factory=list)

    def reached(self, rung: Rung) -> None:
        """Note the rung of an answer; of several the highest counts."""
        order = list(Rung)
        self.rung = rung if self.rung is None else max(self.rung, rung, key=order.index)

    def add(self, model: str, key: str, answer: Answer, bought: bool) -> None:
        """Count one more answer."""
        self.model = model
        self.calls += 1
        self.bought += bought
        self.input_tokens += answer.input_tokens
        self.output_tokens += answer.output_tokens
        self.cost_usd = add_dollars(self.cost_usd, answer.cost_usd)
        self.spent_usd = add_dollars(self.spent_usd, answer.cost_usd if bought else 0.0)
        self.seconds += answer.seconds
        self.keys.append(key)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a record did not pass. `reason` is the stable word of the error tree.

    raw: the model's last answer, or the text that could not be read, where there is one.
    """

    reason: str
    step: str
    message: str
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A record that may pass later: at which step, and what was raised there."""

    step: str
    error: TransientError

    @property
    def reason(self) -> str:
        """The stable word of the error tree."""
        return self.error.reason

    @property
    def message(self) -> str:
        """What was raised, in words."""
        return str(self.error)


@dataclass(slots=True)
class Work:
    """A record on its way: what the steps gave so far, and how it ended if it has."""

    record: Record
    outputs: dict[str, Json] = field(default_factory=dict)
    traces: dict[str, Trace] = field(default_factory=dict)
    rejection: Rejection | None = None
    failure: Failure | None = None
    result: Json | None = None

    @property
    def open(self) -> bool:
        """Whether the next step still has something to do with it."""
        return self.rejection is None and self.failure is None

    @property
    def outcome(self) -> Outcome | None:
        """Its end, or None while it is on its way."""
        if self.rejection is not None:
            return Outcome.REJECTED
        if self.failure is not None:
            return Outcome.FAILED
        return Outcome.ACCEPTED if self.result is not None else None

    def to_json(self) -> Json:
        """One line of a run store file."""
        return {
            "id": self.record.id,
            "key": self.record.key,
            "time": self.record.time.isoformat(),
            "data": self.record.data,
            "outputs": self.outputs,
            "traces": {name: _stored(trace) for name, trace in self.traces.items()},
            "rejection": asdict(self.rejection) if self.rejection else None,
            "result": self.result,
        }

    @classmethod
    def from_json(cls, line: Json) -> Work:
        """The inverse of `to_json`. A failure is never stored: its record is done again."""
        traces = {name: _trace(trace) for name, trace in line["traces"].items()}
        return cls(
            record=Record(line["id"], line["key"], datetime.fromisoformat(line["time"]), line["data"]),
            outputs=line["outputs"],
            traces=traces,
            rejection=Rejection(**line["rejection"]) if line["rejection"] else None,
            result=line["result"],
        )


def _stored(trace: Trace) -> Json:
    """An earlier Furrow, which knows no doubt, can read what no doubt was about."""
    stored = asdict(trace)
    return stored if trace.doubted else {name: value for name, value in stored.items() if name != "doubted"}


def _trace(stored: Json) -> Trace:
    """What a later Furrow wrote down besides is not kept."""
    rung, known = stored["rung"], {one.name for one in fields(Trace)}
    kept = {name: value for name, value in stored.items() if name in known}
    return Trace(**{**kept, "rung": Rung(rung) if rung else None})
