"""Dead letters: records that were rejected, what became of them in each run, and their bytes for a replay.

One row says what became of one record in one run. The rows of a record are its letter. A letter is open
while the newest row says rejected; it closes when a later run accepts the record and publishes it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

import sqlalchemy as sa
from pydantic_core import to_json
from sqlalchemy.engine import Connection

from furrow.engine.reading import READING
from furrow.engine.record import Outcome, Work
from furrow.store.database import Database
from furrow.store.tables import letters

IDS_IN_ONE_QUERY = 1_000
_ROWS_AT_ONCE = 500
_CHARACTERS_AT_ONCE = 4_000_000
_PAGE, _BYTES_ON_A_PAGE = 50, 4_000_000
"""Letters that are read whole at a time, and their records and answers together: each may be large."""
_NOT_UTF8 = "base64:"


@dataclass(frozen=True, slots=True)
class Letter:
    """What became of a record in one run.

    outcome: rejected or accepted, and since when; reason, step, message: of the rejection.
    attempts: model answers used at the step that rejected it, or at all steps when it was accepted.
    record: its bytes as text (see `original_bytes`), raw: the model's last answer; None where there is
    none, or when retention has blanked them. tries: runs that have tried the record up to this one.
    """

    use_case: str
    record_id: str
    run_id: str
    key: str
    release: str
    at: datetime
    outcome: str
    attempts: int
    reason: str | None = None
    step: str | None = None
    message: str | None = None
    record: str | None = None
    raw: str | None = None
    tries: int = 1

    @property
    def open(self) -> bool:
        """Whether this, as the newest of its letter, leaves the letter open."""
        return self.outcome == Outcome.REJECTED

    @property
    def replayable(self) -> bool:
        """Whether the record's bytes are still here."""
        return self.record is not None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which letters: all that fit every part that is given.

    release: `v2@3f2a9c1d`, or `v2` for every release of that version. keys: record keys or record ids.
    """

    reason: str | None = None
    step: str | None = None
    release: str | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenReason:
    """Letters that are open for one reason at one step; new: those of a span of time."""

    step: str
    reason: str
    number: int
    new: int


EVERYTHING = Selection()
_Letters = list[Letter]  # inside the class, `list` is its method


def letter_of(work: Work, use_case: str, run_id: str, release: str) -> Letter:
    """What a run notes of a record that has ended. An accepted one leaves no text behind."""
    record, rejection = work.record, work.rejection
    stamp = (use_case, record.id, run_id, record.key, release, datetime.now(UTC))
    if rejection is None:
        attempts = sum(trace.calls for trace in work.traces.values())
        return Letter(*stamp, Outcome.ACCEPTED.value, attempts)
    trace = work.traces.get(rejection.step)
    unread = rejection.step == READING
    return Letter(
        *stamp,
        Outcome.REJECTED.value,
        trace.calls if trace else 0,
        reason=rejection.reason,
        step=rejection.step,
        message=_storable(rejection.message),
        record=rejection.raw if unread else to_json(record.data).decode(),
        raw=None if unread else rejection.raw,
    )


def original_bytes(record: str) -> bytes:
    """A record's bytes: those of its text, or what stands behind `base64:` when they are no UTF-8."""
    text = record.encode("utf-8", "surrogatepass")
    if not record.startswith(_NOT_UTF8):
        return text
    try:
        decoded = base64.b64decode(record.removeprefix(_NOT_UTF8), validate=True)
        decoded.decode("utf-8")
    except UnicodeDecodeError:
        return decoded
    except binascii.Error:
        return text
    return text  # only what is no UTF-8 is kept as base64, so this record is such a text itself


class DeadLetters:
    """The dead letters in the state database.

    Every method raises StoreUnavailable (retry helps) or StoreDamaged.
    """

    def __init__(self, database: Database):
        self._database = database

    def note(self, rows: Iterable[Letter]) -> None:
        """Write down what became of records, in bulk as they come; durable when it returns.

        What a run says again replaces what it said before, and keeps its time while the outcome is the same.
        """
        for chunk in _bulks(rows):
            self._upsert(chunk)

    def close(self, accepted: Sequence[Letter]) -> int:
        """Note those whose record has a letter, and return how many; the others never were rejected."""
        closed = 0
        for start in range(0, len(accepted), IDS_IN_ONE_QUERY):
            chunk = accepted[start : start + IDS_IN_ONE_QUERY]
            known = self._known(chunk[0].use_case, [row.record_id for row in chunk])
            rejected_before = [row for row in chunk if row.record_id in known]
            self.note(rejected_before)
            closed += len(rejected_before)
        return closed

    def list(
        self,
        use_case: str | None = None,
        selection: Selection = EVERYTHING,
        open_only: bool = True,
        limit: int = 100,
        offset: int = 0,
    ) -> _Letters:
        """The newest row of each letter, the newest letter first, without the texts `record` and `raw`."""
        columns = [column for column in letters.columns if column.name not in ("record", "raw")]
        query = sa.select(*columns, _tries()).where(
            newest_of_letter(), *_where(use_case, selection, open_only)
        )
        query = query.order_by(letters.c.at.desc(), letters.c.record_id).limit(limit).offset(offset)
        return self._letters(query)

    def count_open(self, use_case: str, selection: Selection = EVERYTHING) -> int:
        """How many letters are open."""
        query = sa.select(sa.func.count()).select_from(letters)
        query = query.where(newest_of_letter(), *_where(use_case, selection, open_only=True))
        return self._database.read(lambda connection: connection.scalar(query)) or 0

    def reasons(self, use_case: str, since: datetime, until: datetime) -> Sequence[OpenReason]:
        """Why letters are open, what most are first. new: those noted from `since` on and before `until`."""
        is_new = sa.case(((letters.c.at >= since) & (letters.c.at < until), 1), else_=0)
        number, new = sa.func.count().label("number"), sa.func.sum(is_new)
        query = sa.select(letters.c.step, letters.c.reason, number, new)
        query = query.where(newest_of_letter(), *_where(use_case, EVERYTHING, open_only=True))
        query = query.group_by(letters.c.step, letters.c.reason)
        query = query.order_by(number.desc(), letters.c.step, letters.c.reason)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return [
            OpenReason(step or "", reason or "", count, int(fresh)) for step, reason, count, fresh in rows
        ]

    def open_letters(self, use_case: str, selection: Selection = EVERYTHING) -> Iterator[Letter]:
        """The open letters whole, the oldest first, few of them in memory at a time."""
        query = sa.select(letters, _tries()).where(
            newest_of_letter(), *_where(use_case, selection, open_only=True)
        )
        query = query.order_by(letters.c.at, letters.c.record_id)
        page = self._page(query)
        while page:
            yield from page
            page = self._page(query.where(_after(page[-1])))

    def history(self, use_case: str, record_id: str) -> _Letters:
        """What became of a record in each run that tried it, in their order. Empty without a letter."""
        query = sa.select(letters).where(letters.c.use_case == use_case, letters.c.record_id == record_id)
        query = query.order_by(letters.c.at, letters.c.run_id)
        rows = self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [Letter(**row, tries=number) for number, row in enumerate(rows, 1)]

    def record_ids(self, use_case: str, key: str) -> Sequence[str]:
        """The records with a letter that have this key, or this id."""
        query = sa.select(letters.c.record_id).distinct().order_by(letters.c.record_id)
        query = query.where(letters.c.use_case == use_case, _is_one_of([key]))
        return self._database.read(lambda connection: connection.scalars(query).all())

    def _page(self, query: sa.Select[Any]) -> _Letters:
        """The first letters of a query that are not too large together; one at least."""
        sizes = query.with_only_columns(_size()).limit(_PAGE)
        found = self._database.read(lambda connection: connection.scalars(sizes).all())
        fitting = sum(total <= _BYTES_ON_A_PAGE for total in accumulate(found))
        return self._letters(query.limit(max(fitting, 1)))

    def _letters(self, query: sa.Select[Any]) -> _Letters:
        rows = self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [Letter(**row) for row in rows]

    def _known(self, use_case: str, record_ids: Sequence[str]) -> set[str]:
        query = sa.select(letters.c.record_id).distinct()
        query = query.where(letters.c.use_case == use_case, letters.c.record_id.in_(record_ids))
        return set(self._database.read(lambda connection: connection.scalars(query).all()))

    def _upsert(self, rows: Sequence[Letter]) -> None:
        insert = self._database.insert(letters)
        new = insert.excluded
        since = sa.case((letters.c.outcome == new.outcome, letters.c.at), else_=new.at)
        keys = [column.name for column in letters.primary_key]
        changed = {column.name: new[column.name] for column in letters.c if column.name not in keys}
        upsert = insert.on_conflict_do_update(index_elements=keys, set_={**changed, "at": since})
        # Each row once, in the order of the keys: no two processes wait for each other in a circle.
        values = {(row.use_case, row.record_id, row.run_id): _values(row) for row in rows}
        in_order = [values[key] for key in sorted(values)]

        def write(connection: Connection) -> None:
            connection.execute(upsert, in_order)

        self._database.write(write)


def _values(letter: Letter) -> dict[str, Any]:
    values = asdict(letter)
    del values["tries"]
    return values


def newest_of_letter() -> sa.ColumnElement[bool]:
    """No later row of the same record."""
    later = letters.alias("later")
    same = (later.c.use_case == letters.c.use_case) & (later.c.record_id == letters.c.record_id)
    after = (later.c.at > letters.c.at) | ((later.c.at == letters.c.at) & (later.c.run_id > letters.c.run_id))
    return ~sa.exists().where(same, after)


def _after(last: Letter) -> sa.ColumnElement[bool]:
    later = (letters.c.at > last.at) | (letters.c.record_id > last.record_id)
    return (letters.c.at >= last.at) & later  # in this form the index on the time serves every page


def _size() -> sa.ColumnElement[int]:
    length = sa.func.length
    return sa.func.coalesce(length(letters.c.record), 0) + sa.func.coalesce(length(letters.c.raw), 0)


def _tries() -> sa.Label[int]:
    other = letters.alias("tried")
    same = (other.c.use_case == letters.c.use_case) & (other.c.record_id == letters.c.record_id)
    return sa.select(sa.func.count()).select_from(other).where(same).scalar_subquery().label("tries")


def _where(use_case: str | None, selection: Selection, open_only: bool) -> Iterator[sa.ColumnElement[bool]]:
    wanted = {
        "use_case": use_case,
        "outcome": Outcome.REJECTED.value if open_only else None,
        "reason": selection.reason,
        "step": selection.step,
    }
    for name, value in wanted.items():
        if value is not None:
            yield letters.c[name] == value
    if selection.release is not None:
        of_version = letters.c.release.startswith(f"{selection.release}@", autoescape=True)
        yield (letters.c.release == selection.release) | of_version
    if selection.keys:
        yield _is_one_of(selection.keys)


def _is_one_of(keys: Sequence[str]) -> sa.ColumnElement[bool]:
    return letters.c.key.in_(keys) | letters.c.record_id.in_(keys)


def _bulks(rows: Iterable[Letter]) -> Iterator[list[Letter]]:
    """Cut by number and by size: a rejected record may be large."""
    bulk: list[Letter] = []
    size = 0
    for row in rows:
        bulk.append(row)
        size += len(row.record or "") + len(row.raw or "")
        if len(bulk) == _ROWS_AT_ONCE or size >= _CHARACTERS_AT_ONCE:
            yield bulk
            bulk, size = [], 0
    if bulk:
        yield bulk


def _storable(message: str) -> str:
    """The words of an error may quote a model; a database takes neither NUL nor half an emoji as text."""
    return message.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
