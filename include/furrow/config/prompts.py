"""The prompt folder of one llm step: system and user text, few-shot examples, output fields."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import SchemaError, SchemaValidator, core_schema

from furrow.config.fields import Fields
from furrow.config.models import FieldSpec
from furrow.config.templates import Names, Template
from furrow.config.yaml_file import YamlFile, plain, read_text, read_yaml, suggest
from furrow.errors import ConfigError, Problem, PromptFailed

Json = dict[str, Any]


class _Lacking(ConfigError):
    """What user.md reads and the input of an example does not have, with the lines of user.md."""


class _ExampleLine(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    input: Json
    output: Json


@dataclass(frozen=True)
class Example:
    """One few-shot pair: the input of the user turn, and the answer as the model should write it."""

    input: Json
    answer: str
    template: Template
    where: tuple[str, int]
    """File and line."""

    @cached_property
    def user(self) -> str:
        """The user turn. Raises ConfigError."""
        try:
            return self.template.render(self.input)
        except PromptFailed as error:
            what = f"the input does not render: {error}"
            raise ConfigError(Problem(*self.where, what)) from None


@dataclass(frozen=True)
class PromptFolder:
    """What an llm step sends, apart from the record."""

    system: Template | None
    user: Template
    examples: tuple[Example, ...]


def load_fields(path: Path, shown: str, name: str) -> Fields:
    """Compile an output.yaml. Raises ConfigError."""
    if not path.exists():
        hint = "write the fields of the step, such as `topic: {type: string}`"
        raise ConfigError(Problem(shown, None, "the file is missing", hint))
    file = read_yaml(path, shown)
    if not isinstance(file.value, dict) or not file.value:
        raise ConfigError(
            Problem(
                shown,
                1,
                "an output.yaml maps field names to their types",
                "write it as `name: {type: string}`",
            )
        )
    problems: list[Problem] = []
    specs: dict[str, FieldSpec] = {}
    for field, value in file.value.items():
        try:
            specs[str(field)] = _field_spec(file, str(field), value)
        except ConfigError as error:
            problems.extend(error.problems)
    problems.extend(_unproved(file, specs))
    if problems:
        raise ConfigError(problems)
    return Fields(specs, name)


def _unproved(file: YamlFile, specs: dict[str, FieldSpec]) -> Iterator[Problem]:
    """`quotes` that name a field which is not there, or one that cannot become null."""
    for name, spec in specs.items():
        for quoted in spec.quotes:
            loc = (name, "quotes")
            if quoted not in file.value or quoted == name:
                yield file.problem(loc, f"there is no other field `{quoted}`", suggest(quoted, list(specs)))
            elif spec.on_missing == "drop" and quoted in specs and not specs[quoted].nullable:
                what = f"`on_missing: drop` makes `{quoted}` null, and it is not nullable"
                yield file.problem(loc, what, f"write `nullable: true` at `{quoted}`")


def _field_spec(file: YamlFile, field: str, value: Any) -> FieldSpec:
    assert isinstance(file.root, yaml.MappingNode)
    if not field.isidentifier() or field != field.lower():
        raise ConfigError(file.problem((field,), f"`{field}` is not a field name", "use a-z, 0-9 and _"))
    node = next((found for key, found in file.root.value if key.value == field), file.root)
    spec = replace(file, value=value, root=node, first=file.line((field,)) or 1).parse(FieldSpec)
    if spec.pattern is not None:
        _check_pattern(spec.pattern, file, field)
    return spec


def _check_pattern(pattern: str, file: YamlFile, field: str) -> None:
    try:
        SchemaValidator(core_schema.str_schema(pattern=pattern))
    except SchemaError as error:
        words = str(error).splitlines()[-1].strip()
        raise ConfigError(file.problem((field, "pattern"), f"`pattern` is not a pattern: {words}")) from None


def load_prompt(folder: Path, shown: str, fields: Fields, names: Names) -> PromptFolder:
    """Load and check one prompt folder. Raises ConfigError with every problem found."""
    problems: list[Problem] = []
    system, user = (
        _template(folder, shown, "system.md", problems),
        _template(folder, shown, "user.md", problems),
    )
    for template in (system, user):
        problems.extend(template.check(names) if template else [])
    if user is None and not problems:
        problems.append(
            Problem(f"{shown}/user.md", None, "the file is missing", "write what to ask about a record")
        )
    if user is None or problems:
        raise ConfigError(problems)
    return PromptFolder(
        system, user, load_examples(folder / "examples.jsonl", f"{shown}/examples.jsonl", user, fields)
    )


def _template(folder: Path, shown: str, name: str, problems: list[Problem]) -> Template | None:
    if not (folder / name).exists():
        return None
    try:
        return Template(read_text(folder / name, f"{shown}/{name}"), f"{shown}/{name}")
    except ConfigError as error:
        problems.extend(error.problems)
        return None


def load_examples(path: Path, shown: str, user: Template, fields: Fields) -> tuple[Example, ...]:
    """The few-shot pairs; each input has what user.md reads, each output fits output.yaml."""
    if not path.exists():
        return ()
    examples: list[Example] = []
    problems: list[Problem] = []
    lacking: dict[int, Sequence[Problem]] = {}
    lines = [
        (number, line) for number, line in enumerate(read_text(path, shown).split("\n"), 1) if line.strip()
    ]
    for number, line in lines:
        try:
            examples.append(_example(line, user, fields, (shown, number)))
        except ValidationError as error:
            problems.extend(_misfit(shown, number, entry, error.title) for entry in error.errors())
        except _Lacking as error:
            lacking[number] = error.problems
        except ValueError as error:
            problems.append(Problem(shown, number, f"not an example: {error}"))
        except ConfigError as error:
            problems.extend(error.problems)
    problems.extend(_lacking_problems(shown, lacking, len(lines)))
    if problems:
        raise ConfigError(problems)
    return tuple(examples)


def _lacking_problems(shown: str, lacking: Mapping[int, Sequence[Problem]], lines: int) -> Iterator[Problem]:
    """What every example lacks is a mistake of user.md, and told once; the rest is one of the example."""
    everywhere: set[Problem] = set()
    if len(lacking) == lines > 1:
        everywhere = set.intersection(*map(set, lacking.values()))
    for problem in sorted(everywhere, key=str):
        yield replace(problem, what=f"{problem.what} in any example")
    for number, found in lacking.items():
        for problem in found:
            if problem not in everywhere:
                yield Problem(shown, number, f"the input does not render: {problem}")


def _example(line: str, user: Template, fields: Fields, where: tuple[str, int]) -> Example:
    pair = _ExampleLine.model_validate_json(line)
    ordered = {name: pair.output[name] for name in fields.specs if name in pair.output}
    answer = json.dumps({**ordered, **pair.output}, ensure_ascii=False)
    fields.validate_json(answer)
    example = Example(pair.input, answer, user, where)
    if user.lacks(pair.input):
        if missing := user.missing(pair.input):
            raise _Lacking(missing) if "data" in pair.input else ConfigError(_without_data(where))
        example.user  # noqa: B018 - raises, unless what it lacks stands in a branch that is not taken
    return example


def _without_data(where: tuple[str, int]) -> Problem:
    what = "the input does not render: it has no `data`"
    return Problem(*where, what, 'write the record as `"input": {"data": {…}}`')


def _misfit(shown: str, number: int, entry: Any, of: str) -> Problem:
    place = ".".join(str(part) for part in entry["loc"])
    words = f"`{place}`: {plain(entry['msg'])}" if place else plain(entry["msg"])
    if of == _ExampleLine.__name__:
        return Problem(shown, number, words, 'a line is `{"input": {"data": {…}}, "output": {…}}`')
    return Problem(shown, number, words, "see the field in output.yaml")
