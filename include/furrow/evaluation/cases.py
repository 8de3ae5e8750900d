"""The test set of a use case: labelled inputs, checked against the version that they will judge."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from furrow.config.fields import Fields
from furrow.config.models import RecordFields
from furrow.config.use_case import TEST_SETS, UseCase, Version
from furrow.config.yaml_file import plain, read_text, suggest
from furrow.engine.ports import Arrival
from furrow.engine.reading import read_record
from furrow.engine.record import Record, Work
from furrow.errors import ConfigError, OptionUnknown, Problem, RecordError
from furrow.evaluation.leaks import leaked
from furrow.evaluation.sample import place_of

Json = dict[str, Any]
Split = Literal["dev", "test"]
Word = Annotated[str, Field(min_length=1)]
TEST_SET = "testset.jsonl"
LABELLING = "LABELLING.md"


@dataclass(frozen=True, slots=True)
class Case:
    """One labelled input. expected: the result fields that are labelled, which may be some of them.

    slices: the kinds of input that it stands for (`short`, `typos`); split: `dev` to work with or `test` to
    judge by; family: the template that it was written from; forbidden: texts that must never come out.
    """

    id: str
    record: Record
    expected: Json
    slices: tuple[str, ...] = ()
    split: Split | None = None
    family: str | None = None
    forbidden: tuple[str, ...] = ()

    def work(self) -> Work:
        """A new piece of work for the pipeline; `score` finds its case by the record's id."""
        return Work(self.record)


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    id: Word
    input: Json
    expected: Json
    slices: list[Word] = []
    split: Split | None = None
    family: Word | None = None
    forbidden: list[Word] = []


def load_cases(
    use_case: UseCase,
    version: Version,
    split: Split | None = None,
    slices: Collection[str] = (),
    without: Collection[str] = (),
) -> list[Case]:
    """The cases of every `testset*.jsonl`, `testset.jsonl` first, in the order of the lines.

    split, slices: only the cases of that split, and of any of those slices; without: none of these slices.
    Raises ConfigError with every problem found, and OptionUnknown when no case is of that split or of one
    of the slices, or none is left.
    """
    elsewhere = {name for other in use_case.versions.values() for name in other.result.specs}
    reader = _Reader(use_case.pipeline.record, version, elsewhere)
    for path in test_sets(use_case.folder):
        reader.read_file(path, f"{use_case.folder.name}/{path.name}")
    if reader.problems:
        raise ConfigError(reader.problems)
    return _of_slices(_of_split(reader.cases, split), slices, without)


def test_sets(folder: Path) -> list[Path]:
    """The files of a test set: `testset.jsonl`, which may be missing when there are others, then those."""
    found = sorted(folder.glob(TEST_SETS), key=lambda path: (path.name != TEST_SET, path.name))
    return found or [folder / TEST_SET]


def sampled(cases: Sequence[Case], most: int) -> list[Case]:
    """At most so many of the cases, drawn by their ids: each time the same, and a larger draw holds it."""
    drawn = {case.id for case in sorted(cases, key=lambda case: place_of(case.id))[:most]}
    return [case for case in cases if case.id in drawn]


def are_synthetic(use_case: UseCase) -> bool:
    """Whether the cases are invented: LABELLING.md says the word `synthetic`."""
    path = use_case.folder / LABELLING
    return path.exists() and "synthetic" in read_text(path, f"{use_case.name}/{LABELLING}").casefold()


def _of_split(cases: list[Case], split: Split | None) -> list[Case]:
    if split is None:
        return cases
    found = [case for case in cases if case.split == split]
    if not found:
        hint = f'write `"split": "{split}"` into its lines, or leave --split out'
        raise OptionUnknown(f"no case of the test set has `split: {split}`; {hint}")
    return found


def _of_slices(cases: list[Case], slices: Collection[str], without: Collection[str]) -> list[Case]:
    known = sorted({name for case in cases for name in case.slices})
    for name in (*slices, *without):
        if name not in known:
            raise OptionUnknown(f"no case that was asked for has the slice `{name}`; {suggest(name, known)}")
    wanted = [case for case in cases if not slices or not set(slices).isdisjoint(case.slices)]
    kept = [case for case in wanted if set(without).isdisjoint(case.slices)]
    if without and not kept:
        raise OptionUnknown(f"every case that was asked for has the slice {' or '.join(without)}")
    return kept


class _Reader:
    """Reads line after line and collects what is wrong, so that an author sees all of it in one go."""

    def __init__(self, record: RecordFields, version: Version, elsewhere: Collection[str]):
        """elsewhere: result fields of any version; the label of one that this version lacks is left out."""
        self.cases: list[Case] = []
        self.problems: list[Problem] = []
        self._lines: dict[str, tuple[str, int]] = {}
        self._families: dict[str, Split | None] = {}
        self._record, self._release = record, version.name
        specs = version.result.specs
        self._fields = {name: Fields({name: spec}, "expected") for name, spec in specs.items()}
        self._elsewhere = set(elsewhere) - set(specs)

    def read_file(self, path: Path, shown: str) -> None:
        self._shown = shown
        written = read_text(path, shown).split("\n")
        lines = [(number, line) for number, line in enumerate(written, 1) if line.strip()]
        if not lines:
            self.problems.append(Problem(shown, None, "there is no case", "write one JSON object a line"))
        for number, line in lines:
            self._read(number, line)

    def _read(self, number: int, line: str) -> None:
        before = len(self.problems)
        try:
            written = _Line.model_validate_json(line)
        except ValidationError as error:
            self.problems.extend(self._explain(number, entry) for entry in error.errors())
            return
        for look in (self._duplicate, self._in_both_splits, self._contradiction):
            self.problems.extend(look(number, written))
        record = self._read_record(number, written)
        expected = self._read_expected(number, written.expected)
        if record is not None and len(self.problems) == before:
            self.cases.append(_case(written, record, expected))

    def _explain(self, number: int, entry: Any) -> Problem:
        place = ".".join(map(str, entry["loc"]))
        match entry["type"]:
            case "extra_forbidden":
                known = list(_Line.model_fields)
                return Problem(self._shown, number, f"unknown key `{place}`", suggest(place, known))
            case "missing":
                return Problem(self._shown, number, f"the key `{place}` is missing")
            case _:
                words = plain(entry["msg"])
                return Problem(self._shown, number, f"`{place}`: {words}" if place else words)

    def _duplicate(self, number: int, written: _Line) -> Iterator[Problem]:
        shown, first = self._lines.setdefault(written.id, (self._shown, number))
        if (shown, first) != (self._shown, number):
            where = f"on line {first}" if shown == self._shown else f"on line {first} of {shown}"
            what = f"the id `{written.id}` stands {where} already"
            yield Problem(self._shown, number, what, "give each case its own")

    def _in_both_splits(self, number: int, written: _Line) -> Iterator[Problem]:
        if written.family is None:
            return
        split = self._families.setdefault(written.family, written.split)
        if split != written.split:
            what = f"the family `{written.family}` is in the split {split} already, not in {written.split}"
            yield Problem(
                self._shown, number, what, "keep a family in one split: it would judge what it taught"
            )

    def _contradiction(self, number: int, written: _Line) -> Iterator[Problem]:
        for text in leaked(written.forbidden, written.expected):
            what = f"`forbidden`: `{text}` stands in `expected`"
            yield Problem(self._shown, number, what, "a text cannot be both wanted and forbidden")

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
            if name in self._elsewhere:
                continue
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
        return Problem(
            self._shown, number, f"`{place}`: {plain(entry['msg'])}", "see the field in output.yaml"
        )


def _case(written: _Line, record: Record, expected: Json) -> Case:
    return Case(
        id=written.id,
        record=record,
        expected=expected,
        slices=tuple(dict.fromkeys(written.slices)),
        split=written.split,
        family=written.family,
        forbidden=tuple(written.forbidden),
    )
