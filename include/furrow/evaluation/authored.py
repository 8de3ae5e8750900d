"""What `furrow check` says about the records of a folder: those of its sample and of its test set."""

from __future__ import annotations

from collections.abc import Iterator

from furrow.config.check import sample_fields
from furrow.config.use_case import UseCase
from furrow.config.yaml_file import read_text, read_yaml, suggest
from furrow.engine.ports import Arrival
from furrow.engine.reading import read_record
from furrow.errors import ConfigError, KeyMissing, Problem, RecordError
from furrow.evaluation.cases import load_cases

SAMPLE = "sample.jsonl"


def check_records(use_case: UseCase) -> list[Problem]:
    """Lines that are no record or no case. A field of `record` that none of them has is told once."""
    return list(_unknown_fields(use_case)) or [*_unread(use_case), *_misfits(use_case)]


def _unknown_fields(use_case: UseCase) -> Iterator[Problem]:
    """`record` of pipeline.yaml names a field that no record has."""
    known = sorted(sample_fields(use_case.folder))
    record = use_case.pipeline.record
    for key, name in (("key", record.key), ("time", record.time)):
        if known and name not in known:
            file = read_yaml(use_case.folder / "pipeline.yaml", f"{use_case.name}/pipeline.yaml")
            what = f"no record of {SAMPLE} or of the test set has the field `{name}`"
            yield file.problem(("record", key), what, suggest(name, known))


def _unread(use_case: UseCase) -> Iterator[Problem]:
    path, shown = use_case.folder / SAMPLE, f"{use_case.name}/{SAMPLE}"
    written = read_text(path, shown).split("\n") if path.exists() else []
    for number, line in enumerate(written, 1):
        if not line.strip():
            continue
        try:
            read_record(Arrival(f"sample:{number}", line.encode()), use_case.pipeline.record)
        except KeyMissing as error:
            yield Problem(shown, number, str(error), "`record` of pipeline.yaml names it")
        except RecordError as error:
            yield Problem(shown, number, str(error))


def _misfits(use_case: UseCase) -> Iterator[Problem]:
    if not use_case.is_tested:
        return
    try:
        load_cases(use_case, use_case.version())
    except ConfigError as error:
        yield from error.problems
