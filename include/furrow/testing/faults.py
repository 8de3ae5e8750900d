"""What a model server does wrong to order."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_MARKER = re.compile(r"\[\[fault: *([a-z_]+)(?: +x(\d+))?\]\]")


class FaultKind(StrEnum):
    """One way to fail. Those marked so are billed: the work was done, and the provider wants its money."""

    RATE_LIMIT = "rate_limit"
    """429, with `Retry-After` when the fault says how long."""

    SERVER_ERROR = "server_error"
    """500, or the status that the fault says."""

    UNAUTHORIZED = "unauthorized"
    """401, repeating the key as careless providers do."""

    BAD_REQUEST = "bad_request"
    """400."""

    RESET = "reset"
    """The connection is cut before anything was done."""

    LOST = "lost"
    """The connection is cut after the work was done. Billed."""

    HANG = "hang"
    """No answer, ever."""

    TRUNCATED = "truncated"
    """Half an answer that ended at the token limit. Billed."""

    MALFORMED = "malformed"
    """An answer whose content is not JSON. Billed."""

    NOT_JSON = "not_json"
    """200 with a page of HTML, as from a proxy."""

    HALF_BODY = "half_body"
    """200 with a body that ends in the middle of its JSON."""

    NO_CHOICES = "no_choices"
    """200 without any answer inside. Billed."""

    EMPTY = "empty"
    """An answer without text. Billed."""

    FILTERED = "filtered"
    """Stopped by the content filter. Billed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure to order. retry_after: the header, seconds or an HTTP date; status: instead of 500."""

    kind: FaultKind
    retry_after: str | None = None
    status: int = 500


class Faults:
    """Failures that wait for their request: the next ones in line, or those that a prompt asks for itself.

    A prompt with `[[fault: rate_limit]]` fails every time, one with `[[fault: rate_limit x2]]` twice.
    """

    def __init__(self) -> None:
        self._line: deque[Fault] = deque()
        self._seen: Counter[str] = Counter()

    def order(self, faults: Iterable[Fault]) -> None:
        """Let the next requests fail, one for each fault."""
        self._line.extend(faults)

    def next(self, prompt: str) -> Fault | None:
        """The failure for a request with this prompt (all its messages), if there is one."""
        if "[[fault:" in prompt and (found := _MARKER.search(prompt)):
            self._seen[prompt] += 1
            if found[2] is None or self._seen[prompt] <= int(found[2]):
                return Fault(FaultKind(found[1]))
        return self._line.popleft() if self._line else None
