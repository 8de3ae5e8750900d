"""Whether a release still does what it did in its first days: its newest windows next to the earliest."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from furrow.errors import StoreDamaged
from furrow.evaluation.drift import Drift, drift_of
from furrow.evaluation.histogram import Chunk
from furrow.evaluation.run_report import RunReport
from furrow.store.windows import WindowRow, Windows, hour_of

log = logging.getLogger(__name__)
HOURS = 168
"""The baseline grows over the release's first week with records, and then stays."""
RECORDS = 500
"""Of an hour, about so many are looked at."""
LATELY = timedelta(hours=1)
FEW = 100
"""Records of a chunk, at least."""
LONGEST = timedelta(hours=24)
"""With fewer records than FEW in the last hour, as much of the last day as it takes."""


@dataclass(frozen=True)
class Compared:
    """A look at a release: the windows of its baseline, those of its newest hour, and how they differ."""

    first: list[WindowRow]
    newest: list[WindowRow]
    drift: Drift


def look_at_drift(windows: Windows, use_case: str, release: str, now: datetime | None = None) -> Compared:
    """The newest hour of a release next to its first ones. Raises StoreUnavailable (retry helps)."""
    moment = now or datetime.now(UTC)
    rows = windows.since(use_case, release, moment - LONGEST)
    newest = _lately(rows, moment)
    if not newest:
        return Compared([], [], drift_of([], Chunk(())))
    began = newest[0].started_at
    earlier = _lately([row for row in rows if row.started_at < began], began)
    first = windows.baseline(use_case, release, began, HOURS, RECORDS)
    return Compared(first, newest, drift_of(chunks(first), _chunk(newest), _chunk(earlier)))


def check_drift(windows: Windows, use_case: str, release: str, now: datetime | None = None) -> Drift:
    """How the newest hour of a release differs. Raises like `look_at_drift`."""
    return look_at_drift(windows, use_case, release, now).drift


def check_run(windows: Windows, use_case: str, release: str, report: RunReport, began: datetime) -> Drift:
    """A run that just ended, next to the run before it and to the first ones. Raises like `check_drift`."""
    earlier = [row for row in windows.of_release(use_case, release, 3) if row.started_at < began][-1:]
    known = baseline(windows, use_case, release, began)
    return drift_of(known, Chunk((report,)), _chunk(earlier))


def _chunk(rows: list[WindowRow]) -> Chunk:
    return Chunk(tuple(_readable(rows)))


def baseline(windows: Windows, use_case: str, release: str, before: datetime) -> list[Chunk]:
    """The earliest hours of a release, in chunks."""
    return chunks(windows.baseline(use_case, release, before, HOURS, RECORDS))


def chunks(rows: Iterable[WindowRow]) -> list[Chunk]:
    """The windows of each hour (UTC) together; hours with few records together with those after them.

    So a chunk of the night is as large as what is compared with it. The oldest first.
    """
    by_hour: dict[datetime, list[WindowRow]] = {}
    for row in rows:
        by_hour.setdefault(hour_of(row.started_at), []).append(row)
    found, gathered = list[Chunk](), list[RunReport]()
    for of_hour in by_hour.values():
        gathered += _readable(of_hour)
        if sum(report.records for report in gathered) >= FEW:
            found.append(Chunk(tuple(gathered)))
            gathered = []
    return found


def _readable(rows: list[WindowRow]) -> Iterator[RunReport]:
    for row in rows:
        try:
            yield RunReport.from_json(row.report)
        except StoreDamaged as error:  # an old row must not stop a new run
            log.warning("the window of %s is left out: %s", row.started_at, error)


def _lately(rows: list[WindowRow], now: datetime) -> list[WindowRow]:
    """The windows of the last hour, or as many more as make FEW records; the oldest first."""
    found, records = list[WindowRow](), 0
    for row in reversed(rows):
        if row.started_at < now - LATELY and records >= FEW:
            break
        found.append(row)
        records += row.records
    return found[::-1]
