"""Which version of a use case is live: a log to which rows are only added, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from furrow.errors import ReleaseChanged, ReleaseConflict
from furrow.store.database import Database
from furrow.store.tables import releases

Json = dict[str, Any]


class Action(StrEnum):
    """What an entry did."""

    INITIAL = "initial"
    """Was live by pipeline.yaml when the log began."""
    PROMOTE = "promote"
    CANARY = "canary"
    """Serves a share of the keys from now on; also a larger or smaller share than before."""
    ROLLBACK = "rollback"
    """A release that served before is live again, or the canary is taken back and the live one stays."""
    DECLINED = "declined"
    """A person or the gate said no; nothing changed."""


@dataclass(frozen=True)
class Entry:
    """A line of the log. release: live afterwards (of a canary: the one that is tried; of a declined one:
    that which was asked for); from_release: live before, or the canary that was taken back.

    share: of the keys that it serves; who: a person's name in Airflow, or `furrow` with the part that did it;
    evaluation: the run that measured it.
    """

    use_case: str
    action: Action
    version: str
    release: str
    content_hash: str
    who: str
    why: str
    from_release: str | None = None
    share: float = 1.0
    evaluation: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    number: int = 0

    def to_json(self) -> Json:
        """For `--json` and pages."""
        return {**asdict(self), "action": str(self.action), "at": self.at.isoformat()}


@dataclass(frozen=True)
class Standing:
    """What serves now. canary: the entry that set its present share; number: of the newest entry."""

    live: Entry
    canary: Entry | None
    number: int


def standing_of(log: Iterable[Entry]) -> Standing | None:
    """What serves after these entries, the oldest first; None when there are none."""
    live = canary = last = None
    for entry in log:
        last = entry
        match entry.action:
            case Action.CANARY:
                canary = entry
            case Action.INITIAL | Action.PROMOTE | Action.ROLLBACK:
                live, canary = entry, None
            case Action.DECLINED:
                pass
    return Standing(live, canary, last.number) if live is not None and last is not None else None


class ReleaseLog:
    """The log of every use case. Every method raises StoreUnavailable (retry helps) or StoreDamaged."""

    def __init__(self, database: Database):
        self._database = database

    def history(self, use_case: str) -> list[Entry]:
        """Everything that happened, the oldest first."""
        query = releases.select().where(releases.c.use_case == use_case).order_by(releases.c.number)
        rows = self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [Entry(**{**row, "action": Action(row["action"])}) for row in rows]

    def standing(self, use_case: str) -> Standing | None:
        """What serves now; None before the first entry: then pipeline.yaml says it."""
        return standing_of(self.history(use_case))

    def last_number(self, use_case: str) -> int:
        """Of the newest entry, 0 before the first: what to look at often, to see whether anything changed."""
        query = sa.select(sa.func.max(releases.c.number)).where(releases.c.use_case == use_case)
        return self._database.read(lambda connection: connection.execute(query).scalar()) or 0

    def append(self, *entries: Entry, after: int) -> list[Entry]:
        """Add entries behind number `after`, all or none; they come back with their numbers.

        Raises ReleaseConflict when somebody else was faster: look again, then decide anew.
        """
        numbered = [replace(entry, number=after + place) for place, entry in enumerate(entries, 1)]
        rows = [{**asdict(entry), "action": str(entry.action)} for entry in numbered]
        insert = self._database.insert(releases).values(rows).on_conflict_do_nothing()

        def write(connection: Connection) -> None:
            connection.execute(insert)
            ours = releases.c.use_case == entries[0].use_case
            found = connection.execute(releases.select().where(ours, releases.c.number > after)).mappings()
            if [_identity(row) for row in found] != [_identity(row) for row in rows]:
                raise ReleaseConflict(
                    f"what is live of {entries[0].use_case} changed meanwhile: see `furrow release list"
                    f" {entries[0].use_case}`, and decide again"
                )

        self._database.write(write)
        return numbered


def _identity(row: Any) -> tuple[Any, ...]:
    """An insert whose confirmation was lost is done again and finds its own rows."""
    return row["number"], row["action"], row["release"], row["who"], row["at"].astimezone(UTC)


def released(log: Iterable[Entry]) -> dict[str, Entry]:
    """The versions that ever served, each with the entry that made it serve first."""
    found: dict[str, Entry] = {}
    for entry in log:
        if entry.action is not Action.DECLINED:
            found.setdefault(entry.version, entry)
    return found


def require_unchanged(entry: Entry, content_hash: str) -> None:
    """Raises ReleaseChanged when a released version is not what it was when it was released."""
    if content_hash != entry.content_hash:
        raise ReleaseChanged(what_changed(entry, content_hash))


def what_changed(entry: Entry, content_hash: str) -> str:
    """In words, with what to do."""
    number = int(entry.version[1:])
    return (
        f"{entry.use_case}/{entry.version} was released as {entry.release} on {entry.at:%Y-%m-%d} and is now"
        f" {entry.version}@{content_hash[:8]}: a released version never changes. Put it back as it was"
        f" (`git checkout`), and make the change in a copy: cp -r {entry.version} v{number + 1}"
    )
