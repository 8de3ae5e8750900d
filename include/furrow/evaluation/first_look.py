"""Which cases an author wants to see first after a change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import zip_longest

from furrow.evaluation.cases import Case
from furrow.evaluation.sample import place_of

FIRST = 20


def first_cases(cases: Sequence[Case], wrong: Collection[str], most: int = FIRST) -> list[Case]:
    """At most so many: half of them those that were wrong last time, the others evenly over the slices.

    The same each time, in the order of the test set. wrong: ids of cases.
    """
    drawn = sorted(cases, key=lambda case: place_of(case.id))
    chosen = dict.fromkeys(case.id for case in drawn if case.id in wrong)
    chosen = dict.fromkeys(list(chosen)[: most // 2])
    for case in _over_slices(drawn):
        if len(chosen) >= most:
            break
        chosen.setdefault(case.id)
    return [case for case in cases if case.id in chosen]


def _over_slices(drawn: Sequence[Case]) -> list[Case]:
    """One of each slice, then the second of each, and so on; a case may come more than once."""
    slices: dict[str, list[Case]] = {}
    for case in drawn:
        for name in case.slices or ("",):
            slices.setdefault(name, []).append(case)
    return [case for row in zip_longest(*slices.values()) for case in row if case is not None]
