"""An evaluation report as one HTML page that needs nothing else; see `markup` for what keeps it harmless."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from furrow.evaluation.comparison import Comparison
from furrow.evaluation.gate import GateVerdict
from furrow.evaluation.markup import fill
from furrow.evaluation.scoring import EvalReport, Miss

Json = dict[str, Any]
TEMPLATE = "page.html"
MOST_TEXT = 4_000
"""Characters of a record that are shown."""


@dataclass(frozen=True)
class WorstCase:
    """One case with its wrong values, and what the record said."""

    id: str
    slices: list[str]
    misses: list[Miss]
    record: str


@dataclass(frozen=True)
class Confusion:
    """The confusion matrix of one field. rows: expected value, then how often each of `given` came."""

    field: str
    kappa: float | None
    given: list[str]
    rows: list[tuple[str, list[int]]]


def as_page(
    report: EvalReport, verdict: GateVerdict | None = None, comparison: Comparison | None = None
) -> str:
    """The page of a report, with the gate's answer and the comparison with live when there are such."""
    return fill(
        TEMPLATE,
        report=report,
        verdict=verdict,
        comparison=comparison,
        said=list(report.scope.sentences(report.records)),
        labelled={name: found for name, found in report.fields.items() if found.n},
        unlabelled=[name for name, found in report.fields.items() if not found.n],
        slice_fields=_slice_fields(report),
        confusions=list(_confusions(report)),
        worst=list(_worst(report)),
    )


def _slice_fields(report: EvalReport) -> list[str]:
    labelled = {field for found in report.slices.values() for field in found.fields}
    return [name for name in report.fields if name in labelled]


def _confusions(report: EvalReport) -> Iterator[Confusion]:
    for name, found in report.fields.items():
        if found.confusion:
            yield _confusion(name, found.confusion, found.kappa)


def _confusion(field: str, counts: dict[str, dict[str, int]], kappa: float | None) -> Confusion:
    """Columns are the rows' values first, in their order, so that what is right stands on the diagonal."""
    others = {got for row in counts.values() for got in row} - set(counts)
    given = [*counts, *sorted(others)]
    rows = [(expected, [row.get(got, 0) for got in given]) for expected, row in counts.items()]
    return Confusion(field, kappa, given, rows)


def _worst(report: EvalReport) -> Iterator[WorstCase]:
    records = {judgement.case.id: judgement.case.record.data for judgement in report.judgements}
    by_case: dict[str, list[Miss]] = {}
    for miss in report.worst:
        by_case.setdefault(miss.id, []).append(miss)
    for case_id, misses in by_case.items():
        yield WorstCase(case_id, misses[0].slices, misses, shown(records[case_id]))


def shown(record: Json) -> str:
    """A record over several lines, cut if long; a text's own line ends are kept, which JSON would hide."""
    lines = [
        f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in record.items()
    ]
    text = "\n".join(lines)
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "…"
