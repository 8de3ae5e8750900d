"""Which drift alarms there were: runs have theirs in their reports, the hourly look notes its own here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from furrow.config.loader import WATCH_DAG
from furrow.evaluation.digest import DriftAlarm
from furrow.store.run_store import RunStore
from furrow.store.runs import Run
from furrow.store.windows import hour_of

_BY_HOUR = "drift/%Y-%m-%dT%H.json"


@dataclass(frozen=True)
class DriftAlarms:
    """Of every use case, in the run store. Every method raises StoreUnavailable (retry helps)."""

    store: RunStore

    def note(self, use_case: str, release: str, alarms: Sequence[str], at: datetime) -> None:
        """Note what the look of an hour found; again after a retry, in its place."""
        content = {"at": at.astimezone(UTC).isoformat(), "release": release, "alarms": list(alarms)}
        self.store.run(WATCH_DAG, use_case).write_json(at.astimezone(UTC).strftime(_BY_HOUR), content)

    def between(
        self, use_case: str, runs: Iterable[Run], since: datetime, until: datetime
    ) -> list[DriftAlarm]:
        """What alarmed in these runs, and in the looks from `since` on and before `until`; the most first."""
        found: dict[str, DriftAlarm] = {}
        said = [*self._of_looks(use_case, since, until), *self._of_runs(runs)]
        for at, alarm in sorted(said):
            what = alarm.partition(": ")[0]
            times = found[what].times + 1 if what in found else 1
            found[what] = DriftAlarm(what=what, times=times, said=alarm, at=at)
        return sorted(found.values(), key=lambda each: (-each.times, each.what))

    def _of_looks(self, use_case: str, since: datetime, until: datetime) -> Iterator[tuple[datetime, str]]:
        folder = self.store.run(WATCH_DAG, use_case)
        first, end = (hour_of(moment).strftime(_BY_HOUR) for moment in (since, until))
        for name in folder.list("drift/"):
            if first <= name < end:
                noted = folder.read_json(name)
                yield from ((datetime.fromisoformat(noted["at"]), alarm) for alarm in noted["alarms"])

    def _of_runs(self, runs: Iterable[Run]) -> Iterator[tuple[datetime, str]]:
        """A run whose files are gone, or which has no report yet, is passed over."""
        for run in runs:
            folder = self.store.run(run.use_case, run.run_id)
            if run.report_uri is not None and folder.exists("report.json"):
                alarms = folder.read_json("report.json").get("drift", {}).get("alarms", [])
                yield from ((run.finished_at or run.started_at, alarm) for alarm in alarms)
