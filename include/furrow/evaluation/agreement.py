"""Which result fields say what a judge step says, and how well that judge agrees with the labels.

A judge that nobody measured may not decide on a release: its field would be held against a model's opinion.
"""

from __future__ import annotations

from collections.abc import Iterable

from furrow.config.models import JudgeStep, MapStep
from furrow.config.use_case import Version
from furrow.evaluation.judgement import FieldScore

KAPPA_FLOOR = 0.6
"""Least agreement beyond chance: `substantial` begins here.

J. Landis and G. Koch, The measurement of observer agreement for categorical data, Biometrics 33 (1977).
"""


def judges_of(version: Version) -> dict[str, list[str]]:
    """Result field -> the judge steps that decide it, directly or through `map`; others are left out."""
    steps = {step.name: step for step in version.steps}

    def behind(name: str, field: str | None) -> set[str]:
        step = steps.get(name)
        if isinstance(step, JudgeStep):
            return {name}
        if not isinstance(step, MapStep):
            return set()
        expressions = version.expressions[name]
        chosen = expressions.values() if field is None else [expressions[field]]
        return {judge for each in chosen for read in each.names - {name} for judge in behind(read, None)}

    found = {field: behind(*path.split(".", 1)) for field, path in version.file.result.items()}
    return {field: sorted(judges) for field, judges in found.items() if judges}


def measured(judge: str, judges: dict[str, list[str]], fields: dict[str, FieldScore]) -> float | None:
    """The judge's kappa: the lowest over labelled enums and booleans that it alone decides; None: no such."""
    return min(_kappas(judge, judges, fields), default=None)


def _kappas(judge: str, judges: dict[str, list[str]], fields: dict[str, FieldScore]) -> Iterable[float]:
    own = (fields[field] for field, deciding in judges.items() if deciding == [judge] and field in fields)
    return [found.kappa for found in own if found.kappa is not None]
