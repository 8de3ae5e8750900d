"""Two versions on the same logged records, without labels: where they agree and what each came to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import Field

from furrow.config.fields import Fields
from furrow.engine.record import Work
from furrow.evaluation.counts import Reported
from furrow.evaluation.run_report import RunReport


class Agreement(Reported):
    """One result field over the records that both accepted. rate: None without such a record."""

    n: int
    same: int
    rate: float | None


class Difference(Reported):
    """A value that the two give differently; `(rejected: reason)` where one did not accept the record."""

    key: str
    field: str
    before: object
    after: object


class Side(Reported):
    """What one version came to."""

    name: str
    records: int
    valid_rate: float | None
    rungs: dict[str, int]
    cost_usd_per_1k: float | None
    seconds_p95: float | None


class SideBySide(Reported):
    """fields: of those that both versions have."""

    before: Side
    after: Side
    fields: dict[str, Agreement]
    differences: list[Difference] = Field(default_factory=list)


def side_by_side(
    names: tuple[str, str], results: tuple[Fields, Fields], before: Sequence[Work], after: Sequence[Work]
) -> SideBySide:
    """The works of the same records, in the same order; results: the result fields of each version."""
    fields = [name for name in results[0].specs if name in results[1].specs]
    pairs = list(zip(before, after, strict=True))
    return SideBySide(
        before=_side(names[0], results[0], before),
        after=_side(names[1], results[1], after),
        fields={name: _agreement(name, pairs) for name in fields},
        differences=[found for pair in pairs for found in _differences(fields, *pair)],
    )


def _side(name: str, result: Fields, works: Sequence[Work]) -> Side:
    report = RunReport.collect(works, result)
    cost = report.cost_usd
    return Side(
        name=name,
        records=report.records,
        valid_rate=report.outcomes["accepted"] / report.records if report.records else None,
        rungs=report.rungs,
        cost_usd_per_1k=1000 * cost / report.records if cost is not None and report.records else None,
        seconds_p95=report.seconds.p95,
    )


def _agreement(field: str, pairs: Sequence[tuple[Work, Work]]) -> Agreement:
    both = [
        (old.result, new.result) for old, new in pairs if old.result is not None and new.result is not None
    ]
    same = sum(old[field] == new[field] for old, new in both)
    return Agreement(n=len(both), same=same, rate=same / len(both) if both else None)


def _differences(fields: Sequence[str], before: Work, after: Work) -> Iterator[Difference]:
    if before.result is None and after.result is None:
        return
    for field in fields:
        old, new = _value(before, field), _value(after, field)
        if old != new:
            yield Difference(key=before.record.key, field=field, before=old, after=new)


def _value(work: Work, field: str) -> object:
    if work.result is not None:
        return work.result[field]
    return f"(rejected: {work.rejection.reason})" if work.rejection is not None else "(failed for now)"
