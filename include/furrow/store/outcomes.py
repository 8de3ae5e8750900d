"""What people did with the results: clicks, edits, acceptances, each noted once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from furrow.store.database import Database
from furrow.store.tables import outcomes

_ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One outcome. outcome: the place where it was read, such as `clicks/0/17` or `clicks.jsonl#18`."""

    outcome: str
    unit: str
    value: float
    at: datetime


class Outcomes:
    """Raises StoreUnavailable (retry helps)."""

    def __init__(self, database: Database):
        self._database = database

    def note(self, use_case: str, rows: Iterable[OutcomeRow]) -> int:
        """Note outcomes, and return how many were new: what was read at a known place counts once.

        The first value of a place stays, whatever stands there later.
        """
        rest, new = iter(rows), 0
        while chunk := list(islice(rest, _ROWS_AT_ONCE)):
            by_place = {row.outcome: row for row in reversed(chunk)}
            new += self._database.write(partial(self._add, use_case, by_place))
        return new

    def _add(self, use_case: str, rows: dict[str, OutcomeRow], connection: Connection) -> int:
        """Looks first: files are read again at each look, and most of their lines are known."""
        theirs = (outcomes.c.use_case == use_case) & outcomes.c.outcome.in_(rows)
        known = set(connection.scalars(sa.select(outcomes.c.outcome).where(theirs)))
        fresh = [{"use_case": use_case, **asdict(row)} for place, row in rows.items() if place not in known]
        if fresh:
            connection.execute(self._database.insert(outcomes).on_conflict_do_nothing(), fresh)
        return len(fresh)
