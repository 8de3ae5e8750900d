"""The calls behind a number: of a run, or of some days, and of a step, a model or a release of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from furrow.assembly import Deployment
from furrow.store.call_days import Bought
from furrow.store.call_history import Call, Wanted, newest_calls, sums_of_run

DAYS = 30
"""What is shown where neither a run nor a day is asked for."""
_BY = ("step", "alias", "release")


@dataclass(frozen=True)
class CallList:
    """A page of calls. total, cost_usd, unpriced: of all that fit; of some days also of those that the ledger
    has pruned, of a run of those that it still has. steps: for which anything was bought in them.
    """

    wanted: Wanted
    rows: list[Call]
    total: int
    cost_usd: float
    unpriced: int
    steps: list[str]


def last_days() -> date:
    """The first of the last thirty days."""
    return datetime.now(UTC).date() - timedelta(days=DAYS - 1)


def call_list(deployment: Deployment, wanted: Wanted, page: int, size: int) -> CallList:
    """A page of so many, the newest first. Raises StoreUnavailable, StoreDamaged."""
    sums = _sums(deployment, wanted)
    steps = sorted({row.step for row in sums})
    if wanted.step is not None and wanted.step not in steps and wanted.run_id is not None:
        wanted = replace(wanted, step=None)  # a task that calls no model shows what its run bought
    fit = list(_fitting(sums, wanted))
    unpriced = sum(row.unpriced for row in fit)
    return CallList(
        wanted,
        newest_calls(deployment.database, wanted, page, size),
        total=unpriced if wanted.unpriced else sum(row.calls for row in fit),
        cost_usd=0.0 if wanted.unpriced else sum(row.cost_usd for row in fit),
        unpriced=unpriced,
        steps=steps,
    )


def asked_for(wanted: Wanted) -> dict[str, str]:
    """The same as the address of the page asks for it."""
    told = {
        "use_case": wanted.use_case,
        "run_id": wanted.run_id,
        "step": wanted.step,
        "model": wanted.alias,
        "release": wanted.release,
        "unpriced": "1" if wanted.unpriced else "",
        **days_asked(wanted.first, wanted.last),
    }
    return {name: str(value or "") for name, value in told.items()}


def days_asked(first: date | None, last: date | None) -> dict[str, date | None]:
    """How an address says from which day to which."""
    one = first if first == last else None
    return {"day": one, "since": None if one else first, "until": None if one else last}


def _sums(deployment: Deployment, wanted: Wanted) -> list[Bought]:
    if wanted.run_id is not None:
        return sums_of_run(deployment.database, wanted.use_case, wanted.run_id)
    assert wanted.first is not None
    return deployment.call_days.since(wanted.first, wanted.use_case, _BY, wanted.last)


def _fitting(sums: list[Bought], wanted: Wanted) -> Iterator[Bought]:
    for row in sums:
        if all(getattr(wanted, name) in (None, getattr(row, name)) for name in _BY):
            yield row
