"""One use case over time: trends with its releases marked, steps and models, drift."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from furrow.assembly import Deployment
from furrow.batch.drift_check import look_at_drift
from furrow.config.use_case import UseCase
from furrow.errors import FurrowError
from furrow.evaluation.drift import Drift
from furrow.orchestration.charts import Chart, Mark, over_days, two_shares
from furrow.orchestration.price_page import BY_DAY, BY_MODEL, dearest_first
from furrow.orchestration.rendering import address
from furrow.store.call_days import Bought
from furrow.store.evaluations import accuracy_of
from furrow.store.releases import Action, Entry
from furrow.store.window_sums import Sums
from furrow.store.windows import WindowRow

Json = dict[str, Any]
SPANS = (7, 30, 90)
_BARS = 20
_EVALUATIONS = 200


@dataclass(frozen=True)
class UseCasePage:
    """rows: by day and release, the newest first; charts: of the days with records."""

    name: str
    description: str
    owner: str
    release: str
    days: int
    charts: list[Chart]
    rows: list[tuple[date, str, Sums]]
    steps: list[Bought]
    since: date


@dataclass(frozen=True)
class DriftPage:
    """charts: of each field with values that are counted, first days beside the newest hour."""

    name: str
    release: str
    drift: Drift
    charts: list[Chart]


def use_case_page(deployment: Deployment, name: str, days: int) -> UseCasePage:
    """The last so many days. Raises OptionUnknown, ConfigError, StoreUnavailable, StoreDamaged."""
    use_case = deployment.use_case(name)
    since = datetime.now(UTC).date() - timedelta(days=days - 1)
    by_day = deployment.window_sums.by_day(name, since)
    by_model = deployment.call_days.since(since, name, BY_MODEL)
    span = [since + timedelta(days=number) for number in range(days)]
    marks = _marks(deployment.releases.history(name), since)
    cost = dict.fromkeys(span, 0.0)
    cost |= {row.day: row.cost_usd for row in deployment.call_days.since(since, name, BY_DAY)}
    return UseCasePage(
        name=name,
        description=use_case.pipeline.description,
        owner=use_case.pipeline.owner,
        release=_serving(use_case),
        days=days,
        charts=[
            _cost_chart(span, cost, marks).linked(lambda day: address("calls", use_case=name, day=day)),
            *(
                chart.linked(lambda day: address("runs", use_case=name, day=day))
                for chart in _charts(span, by_day, marks)
            ),
            *_accuracy(deployment, name, span, marks),
        ],
        rows=[(day, release, sums) for (day, release), sums in reversed(by_day.items())],
        steps=dearest_first(by_model),
        since=since,
    )


def _serving(use_case: UseCase) -> str:
    try:
        return use_case.version().release
    except FurrowError as error:
        return str(error)


def _marks(history: Iterable[Entry], since: date) -> list[Mark]:
    return [
        Mark(
            entry.at,
            f"{entry.version} {entry.action}" if entry.action is not Action.PROMOTE else entry.version,
        )
        for entry in history
        if entry.at.astimezone(UTC).date() >= since and entry.action is not Action.DECLINED
    ]


def _cost_chart(span: Sequence[date], cost: Mapping[date, float], marks: list[Mark]) -> Chart:
    lines = {"US dollars": [cost[day] for day in span]}
    return over_days("cost", "Cost, US dollars a day", span, lines, marks, "0.0000")


def _charts(
    span: Sequence[date], by_day: Mapping[tuple[date, str], Sums], marks: list[Mark]
) -> Iterable[Chart]:
    whole: dict[date, list[Sums]] = defaultdict(list)
    for (day, _), sums in by_day.items():
        whole[day].append(sums)
    records = [float(sum(each.records for each in whole[day])) for day in span]
    valid = [_ratio(whole[day]) for day in span]
    yield over_days("records", "Records a day", span, {"records": records}, marks, "0,0")
    yield over_days("valid", "Share of valid records", span, {"valid": valid}, marks, "0.0%")
    slow = {f"p{part}": [_slow(whole[day], f"seconds_p{part}") for day in span] for part in (50, 95)}
    yield over_days("latency", "Seconds that a record waits for models", span, slow, marks, "0.00")


def _accuracy(deployment: Deployment, name: str, span: Sequence[date], marks: list[Mark]) -> Iterable[Chart]:
    """The live release's, as evaluations found it: each day's last."""
    found: dict[date, float] = {}
    reports: dict[str, str] = {}
    for each in reversed(deployment.evaluations.of_live(name, datetime.now(UTC), _EVALUATIONS)):
        known = accuracy_of(each.report.get("fields")).values()
        if known and each.whole:
            day = each.at.astimezone(UTC).date()
            found[day] = sum(known) / len(known)
            asked = {"use_case": name, "evaluation": each.evaluation, "version": each.version}
            reports[str(day)] = address("evaluation", **asked)
    if found:
        values = [found.get(day) for day in span]
        chart = over_days(
            "accuracy", "Mean accuracy of the live release", span, {"accuracy": values}, marks, "0.0%"
        )
        yield chart.linked(reports.__getitem__)


def _ratio(sums: Sequence[Sums]) -> float | None:
    records = sum(each.records for each in sums)
    return sum(each.accepted for each in sums) / records if records else None


def _slow(sums: Sequence[Sums], column: str) -> float | None:
    known = [(getattr(each, column), each.records) for each in sums if getattr(each, column) is not None]
    weight = sum(records for _, records in known)
    return sum(value * records for value, records in known) / weight if weight else None


# --- drift ------------------------------------------------------------------------------------------


def drift_page(deployment: Deployment, name: str) -> DriftPage:
    """The newest hour of the live release next to its first ones. Raises like `use_case_page`."""
    release = deployment.use_case(name).version().release
    found = look_at_drift(deployment.windows, name, release)
    return DriftPage(name, release, found.drift, list(_distributions(found.first, found.newest)))


def _distributions(first: Iterable[WindowRow], newest: Iterable[WindowRow]) -> Iterable[Chart]:
    now, before = _counted(row.report for row in newest), _counted(row.report for row in first)
    for field, counts in now.items():
        if sum(before.get(field, {}).values()):
            yield _compared(field, before[field], counts)


def _counted(reports: Iterable[Json]) -> dict[str, dict[str, int]]:
    """Of each field whose values are counted, and of the outcomes, the counts over all reports."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for report in reports:
        fields = {name: field.get("counts") for name, field in (report.get("fields") or {}).items()}
        for name, counts in {"(outcome)": report.get("outcomes"), **fields}.items():
            for value, number in (counts or {}).items():
                found[name][value] += number
    return found


def _compared(field: str, before: Mapping[str, int], now: Mapping[str, int]) -> Chart:
    values = sorted({*before, *now}, key=lambda value: -(before.get(value, 0) + now.get(value, 0)))
    kept = [value for value in values if before.get(value, 0) or now.get(value, 0)][:_BARS]
    old, new = max(1, sum(before.values())), max(1, sum(now.values()))
    first = {value: before.get(value, 0) / old for value in kept}
    last = {value: now.get(value, 0) / new for value in kept}
    return two_shares(f"field-{field}", field, first, last)
