"""Versions and models next to each other as one HTML page; see `markup` for what keeps it harmless."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from furrow.engine.covering import Kinds, covered
from furrow.evaluation.choices import Choices
from furrow.evaluation.comparison import Change, Comparison
from furrow.evaluation.markup import fill
from furrow.evaluation.page import shown
from furrow.evaluation.scoring import EvalReport
from furrow.evaluation.side_by_side import Difference, SideBySide

Json = dict[str, Any]
TEMPLATE, LOGGED_TEMPLATE = "compare.html", "side_by_side.html"
MOST_RECORDS = 500
"""Records of a run that are shown; a run may have a hundred thousand that differ."""


@dataclass(frozen=True)
class ChangedCase:
    """One case with what changed for better, or for worse, and what its record said."""

    id: str
    slices: list[str]
    changes: list[Change]
    record: str


@dataclass(frozen=True)
class Beside:
    """One next to the first. name: of its version and model."""

    name: str
    comparison: Comparison
    worse: list[ChangedCase]
    better: list[ChangedCase]


def as_comparison_page(
    reports: Sequence[EvalReport], found: Choices, comparisons: Sequence[Comparison], by_slice: bool = False
) -> str:
    """The page of these reports, of the same cases. found: their prices; comparisons: each but the first
    next to the first; by_slice: with the fields in each slice.
    """
    return fill(
        TEMPLATE,
        use_case=reports[0].use_case,
        found=found,
        first=reports[0],
        columns=[(row.name, report) for row, report in zip(found.rows, reports, strict=True)],
        said=_said(reports),
        fields=_labelled(reports),
        beside=list(_beside(reports, found, comparisons)),
        slices=_slices(reports) if by_slice else {},
        prompts=list(dict.fromkeys(step for report in reports for step in report.prompts)),
    )


def _said(reports: Sequence[EvalReport]) -> list[str]:
    """What is true of all; which model answers is in the names."""
    scope = reports[0].scope.model_copy(update={"model": None})
    return list(scope.sentences(reports[0].records))


def _labelled(reports: Sequence[EvalReport]) -> list[str]:
    return list(dict.fromkeys(name for report in reports for name, found in report.fields.items() if found.n))


def _slices(reports: Sequence[EvalReport]) -> dict[str, set[str]]:
    """By slice, the fields that are labelled in it."""
    found: dict[str, set[str]] = {}
    for report in reports:
        for name, part in report.slices.items():
            found.setdefault(name, set()).update(part.fields)
    return found


def _beside(
    reports: Sequence[EvalReport], found: Choices, comparisons: Sequence[Comparison]
) -> Iterator[Beside]:
    for row, report, comparison in zip(found.rows[1:], reports[1:], comparisons, strict=True):
        records = {each.case.id: each.case.record.data for each in report.judgements}
        worse, better = (
            list(_by_case(changes, records)) for changes in (comparison.worse, comparison.better)
        )
        yield Beside(row.name, comparison, worse, better)


def _by_case(changes: Iterable[Change], records: Mapping[str, Json]) -> Iterator[ChangedCase]:
    by_case: dict[str, list[Change]] = {}
    for change in changes:
        by_case.setdefault(change.id, []).append(change)
    for case_id, found in by_case.items():
        yield ChangedCase(case_id, found[0].slices, found, shown(records[case_id]))


@dataclass(frozen=True)
class Differing:
    """One record of a run on which two versions differ, and what it said; empty when it is not known."""

    key: str
    differences: list[Difference]
    record: str


def as_logged_page(
    use_case: str, run_id: str, found: Sequence[SideBySide], records: Mapping[str, Json], kinds: Kinds
) -> str:
    """The page of versions on what a run fetched. records: by key, what they said; kinds: of personal data
    that the page covers, since these are no cases but what people wrote.
    """
    beside = []
    for each in found:
        by_key = _by_key(each.differences)
        first = islice(by_key.items(), MOST_RECORDS)
        cases = [_differing(key, differences, records.get(key, {}), kinds) for key, differences in first]
        beside.append((each, len(by_key), cases))
    return fill(LOGGED_TEMPLATE, use_case=use_case, run_id=run_id, beside=beside)


def _by_key(differences: Iterable[Difference]) -> dict[str, list[Difference]]:
    by_key: dict[str, list[Difference]] = {}
    for each in differences:
        by_key.setdefault(each.key, []).append(each)
    return by_key


def _differing(key: str, differences: Iterable[Difference], record: Json, kinds: Kinds) -> Differing:
    values = [
        each.model_copy(update={"before": covered(each.before, kinds), "after": covered(each.after, kinds)})
        for each in differences
    ]
    return Differing(covered(key, kinds), values, shown(covered(record, kinds)))
