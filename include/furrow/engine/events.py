"""The seams of real time: where events come from, and where their results go together with the position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from furrow.engine.ports import Arrival

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Event:
    """One message of an event topic.

    time: seconds since the epoch at which it was appended, or as its producer says.
    value: None for a tombstone, which is no record.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    time: float
    headers: Headers = ()

    @property
    def id(self) -> str:
        """RecordId: its position."""
        return f"kafka:{self.topic}/{self.partition}/{self.offset}"

    @property
    def size(self) -> int:
        """Bytes of key, value and headers."""
        headers = sum(len(name) + len(content) for name, content in self.headers)
        return len(self.key or b"") + len(self.value or b"") + headers

    @property
    def arrival(self) -> Arrival:
        """As a source delivers it."""
        return Arrival(self.id, self.value or b"")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to be written."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Holder(Protocol):
    """Who works on the partitions of a feed. Called from within `poll` and `close`, in their thread."""

    def given(self, partitions: Mapping[int, int]) -> None:
        """From now on these are ours, from these offsets on."""
        ...

    def taken(self, partitions: Sequence[int]) -> None:
        """They go to somebody else as soon as this returns: what was not committed is theirs to do again."""
        ...


class Feed(Protocol):
    """The events of one topic, shared out over the replicas of a use case. Blocking; called from threads.

    `poll` is called by one thread, `commit` by another one at the same time.
    """

    def open(self, holder: Holder) -> None:
        """Join the replicas. Raises SourceUnavailable, CredentialsRefused or ConnectionMissing."""
        ...

    def poll(self, most: int, seconds: float) -> list[Event]:
        """Up to `most` events, as soon as there are any; none after so many seconds.

        Raises SourceUnavailable (open it anew), CredentialsRefused, or RunError when events are gone unread.
        """
        ...

    def hold(self, partitions: Sequence[int]) -> None:
        """Deliver nothing of these until `go_on`."""
        ...

    def go_on(self, partitions: Sequence[int]) -> None:
        """Deliver them again."""
        ...

    def commit(self, messages: Sequence[Outgoing], position: Mapping[int, int]) -> None:
        """Write the messages and move the position, partition -> the next offset to read.

        Both or neither, where the feed has transactions; else the messages are safe before the position
        moves. Raises SinkUnavailable when nothing of it happened; SourceUnavailable when nobody knows: open
        the feed anew and go on from where it says.
        """
        ...

    def lag(self) -> int:
        """Messages after the committed position in our partitions, as far as the last fetches told.

        Markers of transactions count as messages.
        """
        ...

    def joined(self) -> bool:
        """Whether the others know us: partitions were given, or none for now, and not lost since."""
        ...

    def close(self, leaving: bool = False) -> None:
        """Give the partitions back and the sockets too.

        leaving: the other replicas get the partitions now. Else these wait a while for who takes this place.
        """
        ...
