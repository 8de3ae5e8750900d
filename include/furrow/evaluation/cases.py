"""The test set of a use case: labelled inputs, checked against the version that they will judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from furrow.config.fields import Fields
from furrow.config.models import RecordFields
from furrow.config.use_case import UseCase, Version
from furrow.config.yaml_file import read_text, suggest
from furrow.engine.ports import Arrival
from furrow.engine.reading import read_record
from furrow.engine.record import Record, Work
from furrow.errors import ConfigError, Problem, RecordError

Json = dict[str, Any]
TEST_SET = "testset.jsonl"


@dataclass(frozen=True, slots=True)
class Case:
    """One labelled input. expected: the result fields that are labelled, which may be some of them.

    slice: the kind of input that it stands for (`short`, `typos`), where the author named one.
    """

    id: str
    record: Record
    expected: Json
    slice: str | None = None

    def work(self) -> Work:
        """A new piece of work for the pipeline; `score` finds its case by the record's id."""
        return Work(self.record)


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    id: str = Field(min_length=1)
    input: Json
    expected: Json
    slice: str | None = Field(None, min_length=1)


def load_cases(use_case: UseCase, version: Version) -> list[Case]:
    """The cases of `testset.jsonl` in the file's order. Raises ConfigError with every problem found."""
    shown = f"{use_case.folder.name}/{TEST_SET}"
    text = read_text(use_case.folder / TEST_SET, shown)
    reader = _Reader(shown, use_case.pipeline.record, version)
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            reader.read(number, line)
    if not reader.lines and not reader.problems:
        reader.problems.append(Problem(shown, None, "there is no case", "write one JSON object a line"))
    if reader.problems:
        raise ConfigError(reader.problems)
    return reader.cases


class _Reader:
    """Reads line after line and collects what is wrong, so that an author sees all of it in one go."""

    def __init__(self, shown: str, record: RecordFields, version: Version):
        self.cases: list[Case] = []
        self.problems: list[Problem] = []
        self.lines: dict[str, int] = {}
        self._shown, self._record, self._release = shown, record, version.name
        specs = version.result.specs
        self._fields = {name: Fields({name: spec}, "expected") for name, spec in specs.items()}

    def read(self, number: int, line: str) -> None:
        before = len(self.problems)
        try:
            written = _Line.model_validate_json(line)
        except ValidationError as error:
            self.problems.extend(self._explain(number, entry) for entry in error.errors())
            return
        self.problems.extend(self._duplicate(number, written.id))
        record = self._read_record(number, written)
        expected = self._read_expected(number, written.expected)
        if record is not None and len(self.problems) == before:
            self.cases.append(Case(written.id, record, expected, written.slice))

    def _explain(self, number: int, entry: Any) -> Problem:
        place = ".".join(map(str, entry["loc"]))
        match entry["type"]:
            case "extra_forbidden":
                known = list(_Line.model_fields)
                return Problem(self._shown, number, f"unknown key `{place}`", suggest(place, known))
            case "missing":
                return Problem(self._shown, number, f"the key `{place}` is missing")
            case _:
                return Problem(self._shown, number, f"`{place}`: {entry['msg']}" if place else entry["msg"])

    def _duplicate(self, number: int, case_id: str) -> Iterator[Problem]:
        first = self.lines.setdefault(case_id, number)
        if first != number:
            what = f"the id `{case_id}` stands on line {first} already"
            yield Problem(self._shown, number, what, "give each case its own")

    def _read_record(self, number: int, written: _Line) -> Record | None:
        arrival = Arrival(f"testset:{written.id}", orjson.dumps(written.input))
        try:
            return read_record(arrival, self._record)
        except RecordError as error:
            self.problems.append(Problem(self._shown, number, f"`input`: {error}"))
            return None

    def _read_expected(self, number: int, expected: Json) -> Json:
        values: Json = {}
        for name, value in expected.items():
            if name not in self._fields:
                what = f"{self._release} has no result field `{name}`"
                self.problems.append(Problem(self._shown, number, what, suggest(name, list(self._fields))))
                continue
            try:
                values |= self._fields[name].validate({name: value})
            except ValidationError as error:
                self.problems.extend(self._misfit(number, entry) for entry in error.errors())
        return values

    def _misfit(self, number: int, entry: Any) -> Problem:
        place = ".".join(map(str, ("expected", *entry["loc"])))
        return Problem(self._shown, number, f"`{place}`: {entry['msg']}", "see the field in output.yaml")
