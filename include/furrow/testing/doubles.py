"""The seams of `engine.ports`, in memory: a model that follows a script, a source, a sink and a ledger."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from furrow.engine.ports import (
    EMBED,
    Answer,
    Arrival,
    Claim,
    Finish,
    GivenUp,
    ModelRequest,
    Moved,
    Purchase,
    Row,
    Wish,
)
from furrow.errors import SourceUnavailable
from furrow.store.claims import Books, BudgetDay, Turns
from furrow.testing.answers import fitting_answer, fitting_vector

Json = dict[str, Any]
Line = Answer | Json | str | Exception
Script = Callable[[ModelRequest], Line] | Iterable[Line]


class Crash(BaseException):
    """The process died here. Not an Exception: nothing in the product may catch it."""


class ScriptedModel:
    """A LanguageModel in this process.

    script: a function of the request, or the lines in order (after the last, every call fails); a line is
    an Answer, its text, a dict that becomes JSON, or an exception that is raised. Without a script it
    answers what fits the schema. latency: seconds; cost_usd: price of a call; keep: remember the requests.
    """

    def __init__(
        self,
        script: Script | None = None,
        latency: float = 0.0,
        cost_usd: float | None = 0.0,
        keep: bool = True,
    ):
        self._script = script if script is None or callable(script) else _in_order(script)
        self._latency, self._cost, self._keep = latency, cost_usd, keep
        self.requests: list[ModelRequest] = []
        self.calls = 0
        self.closed = False

    async def ask(self, request: ModelRequest) -> Answer:
        """The next line of the script. Raises what the script says."""
        self.calls += 1
        if self._keep:
            self.requests.append(request)
        await asyncio.sleep(self._latency)
        line = self._fitting(request) if self._script is None else self._script(request)
        if isinstance(line, Exception):
            raise line
        return line if isinstance(line, Answer) else self._spoken(request, line)

    async def close(self) -> None:
        """Remembers that it was closed."""
        self.closed = True

    def _fitting(self, request: ModelRequest) -> str:
        if request.messages[-1].role == EMBED:
            return fitting_vector(request.messages[-1].text)
        return fitting_answer(request.schema, "\n".join(message.text for message in request.messages))

    def _spoken(self, request: ModelRequest, line: Json | str) -> Answer:
        text = line if isinstance(line, str) else orjson.dumps(line).decode()
        read = sum(len(message.text) for message in request.messages)
        return Answer(
            text=text,
            finish=Finish.STOP,
            model=request.model.partition(":")[2],
            input_tokens=max(1, read // 2),
            output_tokens=max(1, len(text) // 2),
            cost_usd=self._cost,
            seconds=self._latency,
        )


def _in_order(lines: Iterable[Line]) -> Callable[[ModelRequest], Line]:
    remaining = iter(lines)

    def following(request: ModelRequest) -> Line:
        for line in remaining:
            return line
        return AssertionError(f"the script ended before this call: {request.messages[-1].text[:200]!r}")

    return following


class MemorySource:
    """A Source over a list of values: bytes as they are, dicts as JSON.

    `CRASH` among the values is a crash point: reading it raises Crash once; the next reader goes on.
    crash_on_commit: "before" or "after" the position moved, once. `down` makes every call fail.
    """

    CRASH = object()

    def __init__(self, values: Iterable[Json | bytes | object], crash_on_commit: str | None = None):
        self._values = list(values)
        self._crash_on_commit = crash_on_commit
        self._began = self._read = self.committed = 0
        self.down = self.closed = False

    def read(self, limit: int | None = None) -> Iterator[Arrival]:
        """From the committed position. Raises Crash at a crash point, SourceUnavailable while `down`."""
        self._fail_when_down()
        self._began = self._read = self.committed
        given = 0
        while self._read < len(self._values) and (limit is None or given < limit):
            value = self._values[self._read]
            if value is self.CRASH:
                del self._values[self._read]
                raise Crash(f"reading value {self._read}")
            self._read, given = self._read + 1, given + 1
            content = value if isinstance(value, bytes) else orjson.dumps(value)
            yield Arrival(f"memory:{self._read - 1}", content)

    def position(self) -> Json:
        """Behind the last arrival that `read` gave."""
        return {"began": self._began, "offset": self._read}

    def moved(self, position: Json) -> Moved:
        """Where `committed` is now; a test may set it, as somebody else would."""
        if self.committed <= position["began"]:
            return Moved.NOT
        return Moved.INTO if self.committed < position["offset"] else Moved.PAST

    def commit(self, position: Json) -> None:
        """Move the committed position, never back."""
        self._fail_when_down()
        self._crash("before")
        self.committed = max(self.committed, position["offset"])
        self._crash("after")

    def close(self) -> None:
        """Remembers that it was closed."""
        self.closed = True

    def _crash(self, moment: str) -> None:
        if self._crash_on_commit == moment:
            self._crash_on_commit = None
            raise Crash(f"{moment} the commit")

    def _fail_when_down(self) -> None:
        if self.down:
            raise SourceUnavailable("the source is down, as its test wants")


class MemorySink:
    """A Sink and FeatureReader over a dict: the newest event of a key wins, publishing again changes nothing.

    Of two rows with the same event time, the one published last is in effect. crash_after: rows until Crash.
    """

    def __init__(self, crash_after: int | None = None):
        self.rows: dict[str, Row] = {}
        self._left = crash_after

    def publish(self, rows: Sequence[Row]) -> int:
        """Keep the newest; how many of these rows are now in effect. Raises Crash at the crash point."""
        for row in rows:
            self._crash_when_due()
            known = self.rows.get(row.key)
            if known is None or row.event_time >= known.event_time:
                self.rows[row.key] = row
        return sum(self.rows[row.key] == row for row in rows)

    def read(self, keys: Sequence[str]) -> dict[str, Json]:
        """As a FeatureReader gives them; keys that were never published are left out."""
        return {key: _read_back(self.rows[key]) for key in keys if key in self.rows}

    def _crash_when_due(self) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                self._left = None
                raise Crash("publishing")


def _read_back(row: Row) -> Json:
    time: datetime = row.event_time
    return {
        **row.values,
        "release": row.release,
        "run_id": row.run_id,
        "record_id": row.record_id,
        "event_time": time.isoformat(timespec="microseconds"),
    }


class MemoryLedger:
    """A Ledger over dicts. purchases: in the order of their recording, repeats left out.

    leases: key -> its buyer and wish, kept until recorded, given up or left: a buyer never dies here.
    days: use case -> its budget, which has no end; put money on top with `raise_budget`.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.purchases: dict[str, Purchase] = {}
        self.leases: dict[str, tuple[str, Wish]] = {}
        self.days: dict[str, BudgetDay] = {}
        self._turns: dict[str, Turns] = {}
        self._now, self._lock = now, threading.RLock()

    def find(self, keys: Sequence[str]) -> dict[str, Answer]:
        """Those of `keys` that were recorded."""
        return {key: self.purchases[key].answer for key in keys if key in self.purchases}

    def claim(self, buyer: str, wishes: Sequence[Wish]) -> list[Claim]:
        """One word on each wish. Raises ValueError for a wish with a budget and without a price."""
        with self._lock:
            known = self.find([wish.key for wish in wishes])
            holders = {key: holder for key, (holder, _) in self.leases.items()}
            books = Books(known, holders, dict(self.days), self._turns)
            words = books.claims(buyer, wishes, self._now())
            self.days = books.days
            self.leases |= {key: (buyer, wish) for key, wish in books.granted.items()}
            return words

    def record(self, purchases: Sequence[Purchase], buyer: str = "") -> None:
        """Keep each and settle its reservation; a key that is there already keeps its first answer."""
        with self._lock:
            for purchase in purchases:
                wish = self._end(buyer, purchase.key)
                if wish is not None or purchase.key not in self.purchases:
                    self._count(purchase.use_case, spent=purchase.answer.cost_usd or 0.0)
                if wish is not None and wish.pace is not None:
                    taken = purchase.answer.input_tokens + purchase.answer.output_tokens
                    turns = self._turns[wish.pace.name]
                    self._turns[wish.pace.name] = turns.settled(wish.pace, wish.tokens, taken)
                self.purchases.setdefault(purchase.key, purchase)

    def give_up(self, buyer: str, calls: Sequence[GivenUp]) -> None:
        """Let others have them; what may have been paid stays counted as presumed."""
        with self._lock:
            for call in calls:
                wish = self._end(buyer, call.key)
                if wish is not None and call.maybe_paid:
                    self._count(wish.use_case, presumed=wish.most_usd or 0.0)

    def renew(self, buyer: str) -> None:
        """Nobody dies in memory."""

    def leave(self, buyer: str) -> None:
        """All that the buyer still holds is free."""
        with self._lock:
            held = [key for key, (holder, _) in self.leases.items() if holder == buyer]
            self.give_up(buyer, [GivenUp(key) for key in held])

    def raise_budget(self, use_case: str, usd: float) -> None:
        """Put US dollars on top of the cap of a use case."""
        with self._lock:
            self._count(use_case, raised=usd)

    def _end(self, buyer: str, key: str) -> Wish | None:
        holder, wish = self.leases.get(key, (None, None))
        if wish is None or holder != buyer:
            return None
        del self.leases[key]
        open_ = [
            other.most_usd or 0.0 for _, other in self.leases.values() if other.use_case == wish.use_case
        ]
        self.days[wish.use_case] = replace(self.days[wish.use_case], reserved=math.fsum(open_))
        return wish

    def _count(self, use_case: str, **more: float) -> None:
        day = self.days.get(use_case, BudgetDay())
        sums = {name: getattr(day, name) + usd for name, usd in more.items()}
        self.days[use_case] = replace(day, **sums)
