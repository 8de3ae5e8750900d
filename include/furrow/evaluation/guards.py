"""What takes a release back by itself: what it did in production, held against limits and the other release.

A limit counts as broken when chance does not explain it: by the whole 95 % interval of a share (Wilson).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from furrow.config.quality import Guards
from furrow.engine.record import Outcome
from furrow.evaluation.confidence import interval
from furrow.evaluation.counts import Counts


@dataclass(frozen=True)
class Performance:
    """What a release did in some windows. cost_usd: None while a price is unknown.

    seconds_p95: the mean of the windows' slow ends, by their records; None when no model was asked.
    """

    records: int
    accepted: int
    rejected: int
    cost_usd: float | None
    seconds_p95: float | None

    @classmethod
    def of(cls, windows: Iterable[Counts]) -> Performance:
        """All of these together; nothing of none."""
        found = list(windows)
        slow = [(each.seconds.p95, each.records) for each in found if each.seconds.p95 is not None]
        weight = sum(records for _, records in slow)
        costs = [each.cost_usd for each in found]
        return cls(
            records=sum(each.records for each in found),
            accepted=sum(each.outcomes[Outcome.ACCEPTED] for each in found),
            rejected=sum(each.outcomes[Outcome.REJECTED] for each in found),
            cost_usd=None if None in costs else math.fsum(cost for cost in costs if cost is not None),
            seconds_p95=sum(p95 * records for p95, records in slow) / weight if weight else None,
        )

    @property
    def cost_usd_per_1k(self) -> float | None:
        """US dollars for 1,000 records."""
        return None if self.cost_usd is None or not self.records else 1000 * self.cost_usd / self.records


def tripped(guards: Guards, release: Performance, other: Performance) -> list[str]:
    """The guards that the release trips, in words; none while it has fewer than `min_records`.

    other: the release beside it, or before it; nothing is compared with one that did nothing.
    """
    if release.records < guards.min_records:
        return []
    return [
        *_valid_rate(guards, release),
        *_rejected_rise(guards, release, other),
        *_limit("US dollars per 1,000 records", release.cost_usd_per_1k, guards.max_cost_usd_per_1k),
        *_limit("seconds p95", release.seconds_p95, guards.max_seconds_p95),
    ]


def _valid_rate(guards: Guards, release: Performance) -> Iterator[str]:
    low, high = interval(release.accepted, release.records)
    if guards.valid_rate is not None and high < guards.valid_rate:
        rate = release.accepted / release.records
        yield (
            f"valid rate {rate:.3f} of {release.records} records (95 % interval {low:.3f} to {high:.3f}),"
            f" wanted {guards.valid_rate:g}"
        )


def _rejected_rise(guards: Guards, release: Performance, other: Performance) -> Iterator[str]:
    if guards.rejected_rise is None or not other.records:
        return
    now, before = release.rejected / release.records, other.rejected / other.records
    beyond_chance = (
        interval(release.rejected, release.records)[0] > interval(other.rejected, other.records)[1]
    )
    if now - before > guards.rejected_rise and beyond_chance:
        yield (
            f"it rejected {now:.3f} of {release.records} records, the other release {before:.3f} of"
            f" {other.records}: more than {guards.rejected_rise:g} above"
        )


def _limit(name: str, value: float | None, most: float | None) -> Iterator[str]:
    if most is not None and value is not None and value > most:
        yield f"{value:.4g} {name}, at most {most:g} wanted"
