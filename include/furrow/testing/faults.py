"""What a model server does wrong: to order, because a prompt asks for it, or at a rate."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from furrow.testing.malformed import MALFORMATIONS

Json = dict[str, Any]
_MARKER = re.compile(r"\[\[fault: *([a-z_]+(?:=[^\]\s]+)?)(?: +x(\d+))?\]\]")
_DRAWS = 2**64
ANY_FORM = "any"
_FORMS = {ANY_FORM, *MALFORMATIONS}


class FaultKind(StrEnum):
    """One way to fail. Those marked so are billed: the work was done, and the provider wants its money."""

    RATE_LIMIT = "rate_limit"
    """429, with `Retry-After` when the fault says how long."""

    SERVER_ERROR = "server_error"
    """500, or the status that the fault says."""

    UNAUTHORIZED = "unauthorized"
    """The key is wrong, repeating it as careless providers do."""

    BAD_REQUEST = "bad_request"
    """400."""

    RESET = "reset"
    """The connection is cut before anything was done."""

    LOST = "lost"
    """The connection is cut after the work was done. Billed."""

    HANG = "hang"
    """No answer, ever."""

    DRIP = "drip"
    """A good answer, byte by byte, for longer than anybody waits. Billed."""

    TRUNCATED = "truncated"
    """Half an answer that ended at the token limit. Billed."""

    MALFORMED = "malformed"
    """An answer that is not JSON, or not of the fields' types, in the form that the fault says. Billed."""

    SCHEMA_IGNORED = "schema_ignored"
    """Good JSON that has nothing to do with the schema. Billed."""

    REFUSAL = "refusal"
    """An apology in plain words where the answer should be. Billed."""

    WRONG_MODEL = "wrong_model"
    """A good answer of another model than was asked. Billed."""

    NOT_JSON = "not_json"
    """200 with a page of HTML, as from a proxy."""

    HALF_BODY = "half_body"
    """200 with a body that ends in the middle of its JSON. Billed."""

    NO_CHOICES = "no_choices"
    """200 without any answer inside. Billed."""

    EMPTY = "empty"
    """An answer without text. Billed."""

    FILTERED = "filtered"
    """Stopped by the content filter. Billed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure. retry_after: the header, seconds or an HTTP date; status: instead of 500.

    form: how an answer is malformed, a name of `MALFORMATIONS` or `any` (the prompt decides which); without
    it, words before an object that is never closed. seconds: how long a drip takes.
    """

    kind: FaultKind
    retry_after: str | None = None
    status: int = 500
    form: str | None = None
    seconds: float = 120.0

    def __post_init__(self) -> None:
        if self.form is not None and self.form not in _FORMS:
            raise ValueError(
                f"an answer is malformed as one of {', '.join(sorted(_FORMS))}, not {self.form!r}"
            )

    @classmethod
    def read(cls, text: str) -> Self:
        """A fault in one word: `rate_limit=3`, `server_error=503`, `malformed=any`, `drip=10`, `hang`.

        Raises ValueError for what is none.
        """
        name, _, detail = text.partition("=")
        kind = FaultKind(name)
        if not detail:
            return cls(kind)
        match kind:
            case FaultKind.RATE_LIMIT:
                return cls(kind, retry_after=detail)
            case FaultKind.SERVER_ERROR:
                return cls(kind, status=int(detail))
            case FaultKind.MALFORMED:
                return cls(kind, form=detail)
            case FaultKind.DRIP:
                return cls(kind, seconds=float(detail))
            case _:
                raise ValueError(f"the fault {name} takes nothing behind it, not {detail!r}")

    @classmethod
    def of(cls, wanted: Self | FaultKind | str | Json) -> Self:
        """A fault as somebody named it: itself, a word, its fields. Raises ValueError or TypeError."""
        if isinstance(wanted, dict):
            return cls(**{**wanted, "kind": FaultKind(wanted["kind"])})
        return cls.read(wanted) if isinstance(wanted, str) else wanted


@dataclass(frozen=True, slots=True)
class FaultRate:
    """A share of the requests that fails.

    Whether a request does is decided by `seed`, its prompt and how often that was asked before: the same
    prompts fail again in another run of the server, and asking again may pass. first_only: asking a second
    time always passes. model: only requests to that one.
    """

    fault: Fault
    share: float
    seed: int = 0
    first_only: bool = False
    model: str | None = None

    @classmethod
    def of(cls, fault: Fault | FaultKind | str, share: float = 1.0, **options: Any) -> Self:
        """A rate of a fault as somebody named it. Raises ValueError."""
        return cls(Fault.of(fault), share, **options)

    @classmethod
    def from_json(cls, rate: Json) -> Self:
        """From its fields, the fault a word or its fields. Raises KeyError, TypeError or ValueError."""
        return cls(**{**rate, "fault": Fault.of(rate["fault"])})

    def to_json(self) -> Json:
        """Its fields."""
        return asdict(self)

    def hits(self, model: str, prompt: bytes, before: int) -> bool:
        """Whether the request fails that asks this prompt (its hash) after so many like it."""
        if (self.model is not None and self.model != model) or (self.first_only and before > 0):
            return False
        drawn = hashlib.blake2b(b"%d %d " % (self.seed, before) + prompt, digest_size=8).digest()
        return int.from_bytes(drawn) < self.share * _DRAWS


class Faults:
    """Failures that wait for their request: those that a prompt asks for itself, the next in line, the rates.

    A prompt with `[[fault: rate_limit]]` fails every time, one with `[[fault: rate_limit=3 x2]]` twice. Of
    several rates the first that hits decides.
    """

    def __init__(self, rates: Sequence[FaultRate] = ()) -> None:
        self._line: deque[Fault] = deque()
        self._seen: Counter[bytes] = Counter()
        self.rates = tuple(rates)

    def order(self, faults: Iterable[Fault]) -> None:
        """Let the next requests fail, one for each fault."""
        self._line.extend(faults)

    def next(self, model: str, prompt: str) -> Fault | None:
        """The failure for a request with this prompt (all its messages), if there is one.

        Raises ValueError for a prompt that asks for a fault that does not exist.
        """
        marked = _MARKER.search(prompt) if "[[fault:" in prompt else None
        if marked is None and not self.rates:
            return self._line.popleft() if self._line else None
        digest = hashlib.blake2b(prompt.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        before = self._seen[digest]
        self._seen[digest] += 1
        if marked is not None and (marked[2] is None or before < int(marked[2])):
            return Fault.read(marked[1])
        if self._line:
            return self._line.popleft()
        return next((rate.fault for rate in self.rates if rate.hits(model, digest, before)), None)
