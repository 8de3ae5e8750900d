"""Whether a release still does what it did in its first days: its newest windows next to the earliest."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
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


def check_drift(windows: Windows, use_case: str, release: str, now: datetime | None = None) -> Drift:
    """The newest hour of a release. Raises StoreUnavailable (retry helps)."""
    moment = now or datetime.now(UTC)
    rows = windows.since(use_case, release, moment - LONGEST)
    lately = _lately(rows, moment)
    if not lately:
        return drift_of([], Chunk(()))
    began = lately[0].started_at
    earlier = _lately([row for row in rows if row.started_at < began], began)
    return drift_of(baseline(windows, use_case, release, began), _chunk(lately), _chunk(earlier))


def compared_rows(
    windows: Windows, use_case: str, release: str, now: datetime | None = None
) -> tuple[list[WindowRow], list[WindowRow]]:
    """The windows of the baseline, and those of the newest hour: what `check_drift` compares."""
    moment = now or datetime.now(UTC)
    lately = _lately(windows.since(use_case, release, moment - LONGEST), moment)
    if not lately:
        return [], []
    return windows.baseline(use_case, release, lately[0].started_at, HOURS, RECORDS), lately


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
