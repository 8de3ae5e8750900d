"""How every use case stands: what loads, which release serves, the last run, what today cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from furrow.config.loader import load_all
from furrow.config.settings import Settings
from furrow.config.use_case import Broken, UseCase
from furrow.engine.record import Outcome
from furrow.errors import ConfigError, FurrowError
from furrow.orchestration.dag_factory import NOTHING_LOADS, dag_id_of
from furrow.store.database import open_database
from furrow.store.ledger import Spending, SqlLedger
from furrow.store.runs import Run, RunTable


@dataclass(frozen=True)
class AirflowRun:
    """The newest Airflow run of a DAG. state: queued, running, success or failed."""

    run_id: str
    state: str
    started_at: datetime | None


@dataclass(frozen=True)
class UseCaseStatus:
    """One line of the page. counts: records of the last run by outcome, None while it has no report."""

    name: str
    dag_id: str
    error: str | None = None
    description: str = ""
    owner: str = ""
    release: str = ""
    last: AirflowRun | None = None
    counts: Mapping[str, int] | None = None
    spent_today: Spending | None = None


@dataclass(frozen=True)
class Status:
    """The page. trouble: what could not be read, in words; the rest is shown all the same."""

    use_cases: list[UseCaseStatus]
    day: str
    outcomes: list[str] = field(default_factory=lambda: [str(outcome) for outcome in Outcome])
    trouble: str | None = None


@dataclass(frozen=True)
class _Figures:
    reports: Mapping[str, Run]
    spent: Mapping[str, Spending] | None


def collect_status(settings: Settings, runs: Mapping[str, AirflowRun], readable: set[str]) -> Status:
    """How the use cases stand whose DAG id is in `readable`; `runs`: the newest Airflow run by DAG id."""
    day = datetime.now(UTC).date()
    try:
        loaded = load_all(settings.prompts)
    except ConfigError as error:
        shown = [UseCaseStatus(NOTHING_LOADS, NOTHING_LOADS, error=str(error))]
        return Status([line for line in shown if line.dag_id in readable], str(day))
    loaded = [found for found in loaded if dag_id_of(found.name) in readable]
    try:
        figures, trouble = _figures(settings, runs), None
    except FurrowError as error:
        figures, trouble = _Figures({}, None), f"The state database cannot be read: {error}"
    lines = [_line(found, runs.get(dag_id_of(found.name)), figures) for found in loaded]
    return Status(lines, str(day), trouble=trouble)


def _figures(settings: Settings, runs: Mapping[str, AirflowRun]) -> _Figures:
    database = open_database(settings.database)
    table = RunTable(database)
    reports = {
        name: report for name, last in runs.items() if (report := _report(table, name, last)) is not None
    }
    return _Figures(reports, SqlLedger(database).spent_on(datetime.now(UTC).date()))


def _report(table: RunTable, use_case: str, last: AirflowRun) -> Run | None:
    """What that run came to. Replays of dead letters may have run since."""
    return next((run for run in table.history(use_case) if run.run_id == last.run_id), None)


def _line(found: UseCase | Broken, last: AirflowRun | None, figures: _Figures) -> UseCaseStatus:
    if isinstance(found, Broken):
        return UseCaseStatus(found.name, dag_id_of(found.name), error=str(found.error), last=last)
    report = figures.reports.get(found.name)
    reported = report is not None and report.counts
    return UseCaseStatus(
        name=found.name,
        dag_id=found.name,
        description=found.pipeline.description,
        owner=found.pipeline.owner,
        release=found.version().release,
        last=last,
        counts=report.counts if report and reported else None,
        spent_today=None if figures.spent is None else figures.spent.get(found.name, Spending()),
    )
