"""How every use case stands: what serves, the last run, the last day, money, quality, drift, lag."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from furrow.config.loader import STREAM
from furrow.config.settings import Settings
from furrow.config.use_case import Broken, UseCase
from furrow.errors import ConfigError, FurrowError
from furrow.orchestration.dag_factory import NOTHING_LOADS, dag_id_of
from furrow.orchestration.loaded import LOADED
from furrow.store.database import open_database
from furrow.store.glance import DriftLook, Glance, Money, NewestEvaluation, StreamState
from furrow.store.ledger import Spending, SqlLedger
from furrow.store.promotion import as_served
from furrow.store.releases import Entry, Standing
from furrow.store.window_sums import Sums, WindowSums

LATELY = timedelta(hours=24)


@dataclass(frozen=True)
class AirflowRun:
    """The newest Airflow run of a DAG. state: queued, running, success or failed."""

    dag_id: str
    run_id: str
    state: str
    started_at: datetime | None


@dataclass(frozen=True)
class UseCaseStatus:
    """One line of the page. day: what the last 24 hours came to, None without a record.

    cap_usd: what it may spend today, budget_used_usd: what counts against it, also calls that may have been
    billed; alarms: what a person should look at, in words.
    """

    name: str
    dag_id: str
    error: str | None = None
    description: str = ""
    owner: str = ""
    release: str = ""
    canary: Entry | None = None
    experiment: str | None = None
    last: AirflowRun | None = None
    last_of_stream: AirflowRun | None = None
    day: Sums | None = None
    spent_today: Spending | None = None
    budget_used_usd: float = 0.0
    cap_usd: float | None = None
    evaluation: NewestEvaluation | None = None
    drift: DriftLook | None = None
    stream: StreamState | None = None
    max_lag_seconds: float | None = None
    dead_letters: int | None = None
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Status:
    """The page. trouble: what could not be read, in words; the rest is shown all the same."""

    use_cases: list[UseCaseStatus]
    day: str
    trouble: str | None = None


@dataclass(frozen=True)
class _Figures:
    """What the state database knows, by use case. spent: None while it cannot be read."""

    spent: Mapping[str, Spending] | None = None
    days: Mapping[str, Sums] = field(default_factory=dict)
    standings: Mapping[str, Standing] = field(default_factory=dict)
    money: Mapping[str, Money] = field(default_factory=dict)
    evaluations: Mapping[tuple[str, str], NewestEvaluation] = field(default_factory=dict)
    drifts: Mapping[str, DriftLook] = field(default_factory=dict)
    streams: Mapping[str, StreamState] = field(default_factory=dict)
    dead_letters: Mapping[str, int] = field(default_factory=dict)


def collect_status(settings: Settings, runs: Mapping[str, AirflowRun], readable: set[str]) -> Status:
    """How the use cases stand whose DAG id is in `readable`; `runs`: the newest Airflow run by DAG id."""
    now = datetime.now(UTC)
    try:
        loaded = LOADED.all(settings.prompts)
    except ConfigError as error:
        shown = [UseCaseStatus(NOTHING_LOADS, NOTHING_LOADS, error=str(error))]
        return Status([line for line in shown if line.dag_id in readable], str(now.date()))
    loaded = [found for found in loaded if dag_id_of(found.name) in readable]
    try:
        figures, trouble = _figures(settings, now), None
    except FurrowError as error:
        figures, trouble = _Figures(), f"The state database cannot be read: {error}"
    lines = [_line(found, runs, figures) for found in loaded]
    return Status(lines, str(now.date()), trouble=trouble)


def _figures(settings: Settings, now: datetime) -> _Figures:
    database = open_database(settings.database)
    glance = Glance(database)
    return _Figures(
        spent=SqlLedger(database).spent_on(now.date()),
        days=WindowSums(database).lately(now - LATELY),
        standings=glance.standings(),
        money=glance.money(),
        evaluations=glance.evaluations(),
        drifts=glance.drifts(),
        streams=glance.streams(),
        dead_letters=glance.dead_letters(),
    )


def _line(found: UseCase | Broken, runs: Mapping[str, AirflowRun], figures: _Figures) -> UseCaseStatus:
    name, last = found.name, runs.get(dag_id_of(found.name))
    if isinstance(found, Broken):
        said = str(found.error)
        return UseCaseStatus(name, dag_id_of(name), error=said, last=last, alarms=(said,))
    standing = figures.standings.get(name)
    try:
        release, complaint = as_served(found, standing).version().release, None
    except FurrowError as error:
        release, complaint = standing.live.release if standing else "", str(error)
    pipeline = found.pipeline
    known, money = figures.spent is not None, figures.money.get(name, Money())
    line = UseCaseStatus(
        name=name,
        dag_id=name,
        description=pipeline.description,
        owner=pipeline.owner,
        release=release,
        canary=standing.canary if standing else None,
        experiment=pipeline.experiment.candidate if pipeline.experiment else None,
        last=last,
        last_of_stream=runs.get(f"{name}{STREAM}") if pipeline.stream is not None else None,
        day=figures.days.get(name),
        spent_today=(figures.spent or {}).get(name, Spending()) if known else None,
        budget_used_usd=money.spent,
        cap_usd=_cap(pipeline.budget.usd_per_day, money),
        evaluation=figures.evaluations.get((name, release)),
        drift=figures.drifts.get(name),
        stream=figures.streams.get(name) if pipeline.stream is not None else None,
        max_lag_seconds=pipeline.stream.max_lag_seconds if pipeline.stream is not None else None,
        dead_letters=figures.dead_letters.get(name, 0) if known else None,
    )
    return _with_alarms(line, complaint)


def _cap(usd_per_day: float | None, money: Money) -> float | None:
    return None if usd_per_day is None else usd_per_day + money.raised


def _with_alarms(line: UseCaseStatus, complaint: str | None) -> UseCaseStatus:
    found = (*([complaint] if complaint else []), *_alarms(line))
    return replace(line, alarms=found)


def _alarms(line: UseCaseStatus) -> Iterator[str]:
    if any(run is not None and run.state == "failed" for run in (line.last, line.last_of_stream)):
        yield "the last run failed"
    spent = line.spent_today.cost_usd if line.spent_today is not None else 0.0
    if line.cap_usd is not None and max(spent, line.budget_used_usd) >= line.cap_usd:
        yield "today's budget is spent"
    if line.evaluation is not None and line.evaluation.decision == "fail":
        yield "the live release failed its evaluation"
    if line.drift is not None and line.drift.alarms and line.drift.release == line.release:
        yield "the live release drifts"
    if line.stream is not None:
        yield from _alarms_of_stream(line, line.stream)


def _alarms_of_stream(line: UseCaseStatus, stream: StreamState) -> Iterator[str]:
    if stream.lag_seconds is not None and stream.lag_seconds > (line.max_lag_seconds or 0.0):
        yield "the stream lags"
    run = line.last_of_stream
    if run is not None and run.state == "running" and not stream.alive:
        yield "no replica of the stream is alive"


def _rungs(line: UseCaseStatus) -> float | None:
    day = line.day
    answered = sum(day.rungs.values()) if day is not None else 0
    return day.strict / answered if day is not None and answered else None


_Key = Callable[[UseCaseStatus], Any]
COLUMNS: dict[str, _Key] = {
    "name": lambda line: line.name,
    "last": lambda line: line.last.started_at if line.last and line.last.started_at else None,
    "records": lambda line: line.day.records if line.day else None,
    "valid": lambda line: line.day.valid_rate if line.day else None,
    "strict": _rungs,
    "cost": lambda line: line.spent_today.cost_usd if line.spent_today else None,
    "p95": lambda line: line.day.seconds_p95 if line.day else None,
    "accuracy": lambda line: line.evaluation.mean if line.evaluation else None,
    "lag": lambda line: line.stream.lag_seconds if line.stream else None,
    "letters": lambda line: line.dead_letters,
}
"""What the lines can be sorted by. A line without a figure comes last."""


def in_order(lines: list[UseCaseStatus], column: str = "", descending: bool = False) -> list[UseCaseStatus]:
    """Sorted by a column; without one, what is red comes first, then by name."""
    if column not in COLUMNS:
        return sorted(lines, key=lambda line: (-len(line.alarms), line.name))
    key = COLUMNS[column]
    known = [line for line in lines if key(line) is not None]
    known.sort(key=key, reverse=descending)
    return [*known, *(line for line in lines if key(line) is None)]
