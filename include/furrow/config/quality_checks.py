"""Whether what pipeline.yaml says about quality fits the versions that are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from furrow.config.models import PipelineFile
from furrow.config.use_case import Version
from furrow.config.yaml_file import YamlFile, suggest
from furrow.errors import Problem

VALID_RATE = "valid_rate"


def check_quality(
    pipeline: PipelineFile, file: YamlFile, versions: Mapping[str, Version | None]
) -> Iterator[Problem]:
    """Versions that do not exist, fields that the live one does not have, a consistency of one repeat."""
    yield from _check_gate(pipeline, file, versions.get(pipeline.live))
    gate, experiment = pipeline.evaluate.gate, pipeline.experiment
    if gate.consistency is not None and pipeline.evaluate.repeats < 2:
        what = "consistency compares repeats, and there is one"
        yield file.problem(("evaluate", "gate", "consistency"), what, "set `evaluate.repeats` to 2 or more")
    if experiment is not None and experiment.candidate not in versions:
        what = f"there is no version folder `{experiment.candidate}`"
        yield file.problem(("experiment", "candidate"), what, suggest(experiment.candidate, list(versions)))


def _check_gate(pipeline: PipelineFile, file: YamlFile, live: Version | None) -> Iterator[Problem]:
    if live is None:
        return
    fields, gate = list(live.file.result), pipeline.evaluate.gate
    wanted = [("field_accuracy", name) for name in gate.field_accuracy]
    wanted += [("not_worse", name) for name in gate.not_worse if name != VALID_RATE]
    for group, field in wanted:
        if field not in fields:
            what = f"{live.name} has no result field `{field}`"
            yield file.problem(("evaluate", "gate", group, field), what, suggest(field, fields))
