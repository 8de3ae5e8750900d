"""What was paid, by use case, step, model and day; what the ledger saved; what other models would take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from furrow.adapters.model_price import CataloguePrices
from furrow.assembly import Deployment
from furrow.config.loader import load_models
from furrow.engine.record import add_dollars
from furrow.orchestration.charts import Chart, over_days
from furrow.orchestration.rendering import address
from furrow.store.call_days import Bought
from furrow.store.window_sums import Sums

ROWS = 100
SPANS = (1, 7, 30, 90)
BY_DAY, BY_MODEL = ("day", "use_case"), ("use_case", "step", "alias", "model")


@dataclass(frozen=True)
class Elsewhere:
    """What all these calls would cost on one model of models.yaml, by their tokens; None: unknown."""

    alias: str
    model: str
    cost_usd: float | None


@dataclass(frozen=True)
class Saved:
    """Answers that came from the ledger, of those that runs used. used_usd: the price of all answers used,
    None while that of one is unknown; saved_usd: of those that were not bought for it.
    """

    answers: int
    from_ledger: int
    used_usd: float | None
    saved_usd: float | None


@dataclass(frozen=True)
class PricePage:
    """since, last: the first and the last day (UTC); days: US dollars of each; rows: the dearest first, of
    `rows_in_all`.
    """

    since: date
    last: date
    use_case: str | None
    total_usd: float
    calls: int
    unpriced: int
    days: Mapping[date, float]
    rows: list[Bought]
    rows_in_all: int
    page: int
    saved: Saved
    elsewhere: list[Elsewhere]


def price_page(
    deployment: Deployment, readable: set[str], span: int | date, use_case: str | None = None, page: int = 1
) -> PricePage:
    """So many days, today among them, or that day. Raises StoreUnavailable, StoreDamaged, ConfigError."""
    since, last = _span(span)
    asked = {by: deployment.call_days.since(since, use_case, by, last) for by in (BY_DAY, BY_MODEL)}
    by_day, bought = ([row for row in asked[by] if row.use_case in readable] for by in (BY_DAY, BY_MODEL))
    rows = dearest_first(bought)
    sums = deployment.window_sums.by_use_case(since, last)
    return PricePage(
        since=since,
        last=last,
        use_case=use_case,
        total_usd=sum(row.cost_usd for row in bought),
        calls=sum(row.calls for row in bought),
        unpriced=sum(row.unpriced for row in bought),
        days=_days(by_day, since, last),
        rows=rows[(page - 1) * ROWS : page * ROWS],
        rows_in_all=len(rows),
        page=page,
        saved=_saved(found for name, found in sums.items() if name in readable and use_case in (None, name)),
        elsewhere=_elsewhere(deployment, bought),
    )


def chart_of(page: PricePage) -> Chart | None:
    """US dollars by day; None for a single day."""
    if len(page.days) < 2:
        return None
    lines = {"US dollars": list(page.days.values())}
    chart = over_days("price", "Cost, US dollars a day", list(page.days), lines, (), "0.0000")
    return chart.linked(lambda day: address("price", use_case=page.use_case, day=day))


def dearest_first(bought: Iterable[Bought]) -> list[Bought]:
    """By use case, step and model, as `BY_MODEL` gives them."""
    return sorted(bought, key=lambda row: (-row.cost_usd, -row.calls, row.use_case, row.step))


def _span(span: int | date) -> tuple[date, date]:
    if isinstance(span, date):
        return span, span
    today = datetime.now(UTC).date()
    return today - timedelta(days=span - 1), today


def _days(bought: Iterable[Bought], since: date, last: date) -> dict[date, float]:
    found = {since + timedelta(days=number): 0.0 for number in range((last - since).days + 1)}
    for row in bought:
        found[row.day] = found.get(row.day, 0.0) + row.cost_usd
    return found


def _saved(sums: Iterable[Sums]) -> Saved:
    answers = bought = 0
    used: float | None = 0.0
    saved: float | None = 0.0
    for found in sums:
        answers, bought = answers + found.calls, bought + found.bought
        used = add_dollars(used, found.cost_usd)
        saved = add_dollars(saved, found.saved_usd)
    return Saved(answers, answers - bought, used, saved)


def _elsewhere(deployment: Deployment, bought: Iterable[Bought]) -> list[Elsewhere]:
    models = load_models(deployment.settings.prompts).models
    writers = {alias: entry for alias, entry in models.items() if not entry.capabilities.embeddings}
    prices = CataloguePrices(writers)
    rows = [row for row in bought if row.alias in writers or row.alias not in models]
    read, written = sum(row.input_tokens for row in rows), sum(row.output_tokens for row in rows)
    found = [Elsewhere(name, entry.model, prices.usd(name, read, written)) for name, entry in writers.items()]
    return sorted(found, key=lambda each: (each.cost_usd is None, each.cost_usd or 0.0, each.alias))
