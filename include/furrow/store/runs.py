"""The runs of every use case: one row each, for people and for the pages that show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from furrow.errors import OptionUnknown
from furrow.store.database import Database
from furrow.store.tables import runs

RUNNING = "running"
SUCCESS = "success"
FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one use case. state: running, success or failed; counts: records by outcome and the like.

    cost_usd: US dollars, None while unknown. started_at: the first start; a rerun keeps it.
    """

    use_case: str
    run_id: str
    release: str
    state: str = RUNNING
    counts: dict[str, Any] = field(default_factory=dict)
    cost_usd: float | None = None
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    finished_at: datetime | None = None
    report_uri: str | None = None


class RunTable:
    """The runs in the state database. Every method raises StoreUnavailable (retry helps) or StoreDamaged."""

    def __init__(self, database: Database):
        self._database = database

    def start(self, run: Run) -> None:
        """Note that a run began; once more after it was cleared, and it keeps its first start."""
        row = {column.name: getattr(run, column.name) for column in runs.columns}
        insert = self._database.insert(runs).values(row)
        again = {
            name: insert.excluded[name] for name in row if name not in ("use_case", "run_id", "started_at")
        }
        upsert = insert.on_conflict_do_update(index_elements=["use_case", "run_id"], set_=again)
        self._database.write(lambda connection: connection.execute(upsert))

    def finish(self, use_case: str, run_id: str, report: Mapping[str, Any]) -> None:
        """Note how a run ended, again after a rerun.

        report: `counts`, and where known `state` (default success), `cost_usd`, `report_uri`; the rest of it
        stays in the run store. Also raises OptionUnknown for a run that never started.
        """
        ended = {
            "state": report.get("state", SUCCESS),
            "counts": report.get("counts", {}),
            "cost_usd": report.get("cost_usd"),
            "report_uri": report.get("report_uri"),
            "finished_at": datetime.now(UTC),
        }
        this = (runs.c.use_case == use_case) & (runs.c.run_id == run_id)
        update = runs.update().where(this).values(ended)
        if self._database.write(lambda connection: connection.execute(update).rowcount) == 0:
            raise OptionUnknown(f"run {run_id} of {use_case} was never started")

    def latest(self, use_case: str) -> Run | None:
        """The run that started last."""
        return next(iter(self.history(use_case, 1)), None)

    def history(self, use_case: str, n: int = 20) -> list[Run]:
        """The last `n` runs, the newest first."""
        query = runs.select().where(runs.c.use_case == use_case).order_by(runs.c.started_at.desc()).limit(n)
        rows = self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [Run(**row) for row in rows]

    def started_between(self, use_case: str, since: datetime, until: datetime) -> list[Run]:
        """The runs that began from `since` on and before `until`, the oldest first."""
        began = (runs.c.started_at >= since) & (runs.c.started_at < until)
        query = runs.select().where(runs.c.use_case == use_case, began).order_by(runs.c.started_at)
        rows = self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [Run(**row) for row in rows]
