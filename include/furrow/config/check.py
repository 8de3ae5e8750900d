"""Checks that need a look at records: that prompts name fields which records really have."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from furrow.config.fields import Fields
from furrow.config.loader import load_all
from furrow.config.models import LlmStep
from furrow.config.prompts import Example
from furrow.config.quoting import is_quoted
from furrow.config.templates import Expression, Names, Template
from furrow.config.use_case import Broken, UseCase, Version
from furrow.config.yaml_file import suggest
from furrow.errors import ConfigError, OptionUnknown, Problem, PromptFailed

Json = dict[str, Any]
Look = Callable[[UseCase], Iterable[Problem]]

_LINES = 50
"""Lines of a sample file that are looked at."""


def check_all(prompts: Path, only: Sequence[str] = (), looks: Sequence[Look] = ()) -> list[Json]:
    """Every use case (or `only` these) with its releases and its problems as lines.

    looks: what else is looked at in one that loads.
    Raises ConfigError when the prompts folder or models.yaml does not load, OptionUnknown for a name
    that is no folder.
    """
    found = {entry.name: entry for entry in load_all(prompts)}
    for name in only:
        if name not in found:
            raise OptionUnknown(f"there is no use case `{name}` in {prompts}; {suggest(name, list(found))}")
    return [_row(found[name], looks) for name in only or found]


def _row(entry: UseCase | Broken, looks: Sequence[Look]) -> Json:
    if isinstance(entry, Broken):
        problems, releases = list(entry.error.problems), {}
    else:
        own = (check_prompts, check_examples, check_example_quotes, check_record_fields)
        problems = [problem for look in (*own, *looks) for problem in look(entry)]
        releases = {name: version.release for name, version in entry.versions.items()}
    return {"use_case": entry.name, "releases": releases, "problems": [str(problem) for problem in problems]}


def check_prompts(use_case: UseCase) -> list[Problem]:
    """Prompts of a step without images that read nothing: they ask the same about every record."""
    return [
        Problem(
            prompt.user.path, 1, "no prompt of this step reads the record", "name a field: `{{ data.… }}`"
        )
        for version in use_case.versions.values()
        for step in version.file.steps
        if isinstance(step, LlmStep) and step.images is None and (prompt := version.prompts[step.name])
        if prompt.user.constant and (prompt.system is None or prompt.system.constant)
    ]


def check_examples(use_case: UseCase) -> list[Problem]:
    """Few-shot examples whose input does not render; loading looks only whether it has what it needs."""
    problems: list[Problem] = []
    for _, _, example in _examples(use_case):
        try:
            example.user  # noqa: B018 - renders
        except ConfigError as error:
            problems.extend(error.problems)
    return problems


def check_example_quotes(use_case: UseCase) -> list[Problem]:
    """Few-shot examples that quote words which do not stand in their own input."""
    return [
        problem
        for version, step, example in _examples(use_case)
        for problem in _unquoted(example, version.outputs[step], version.expressions.get(step, {}))
    ]


def _examples(use_case: UseCase) -> Iterator[tuple[Version, str, Example]]:
    """Every few-shot example with its version and step."""
    for version in use_case.versions.values():
        for step, prompt in version.prompts.items():
            for example in prompt.examples:
                yield version, step, example


def _unquoted(example: Example, fields: Fields, expressions: Mapping[str, Expression]) -> Iterator[Problem]:
    answer = json.loads(example.answer)
    for name, spec in fields.specs.items():
        if spec.quote_of is None:
            continue
        try:
            text = expressions[f"quote.{name}"].evaluate(example.input)
        except PromptFailed as error:
            yield Problem(*example.where, f"`{name}`: its `quote_of` fails: {error}")
            continue
        quotes = answer[name] if isinstance(answer[name], list) else [answer[name]]
        for quote in filter(None, quotes):
            if not is_quoted(quote, str(text)):
                what = f"`{name}`: `{quote}` does not stand in {spec.quote_of}"
                yield Problem(*example.where, what, "copy the words exactly")


def check_record_fields(use_case: UseCase) -> list[Problem]:
    """`data.…` in prompts and conditions that no sample record and no test case has."""
    fields = sample_fields(use_case.folder)
    if not fields:
        return []
    return [problem for version in use_case.versions.values() for problem in _check(version, fields)]


def _check(version: Version, fields: set[str]) -> Iterator[Problem]:
    names: Names = {
        "data": fields,
        "key": None,
        "time": None,
        "result": None,
        "item": None,
        "answer": None,
        **dict.fromkeys(version.outputs, None),
        **dict.fromkeys(name for words in version.words.values() for name in words),
    }
    for checked in _checked(version):
        yield from checked.check(names)


def _checked(version: Version) -> Iterator[Template | Expression]:
    for prompt in version.prompts.values():
        yield from (template for template in (prompt.system, prompt.user) if template is not None)
    for expressions in version.expressions.values():
        yield from expressions.values()
    yield from (rule.check for rule in version.rules)


def sample_fields(folder: Path) -> set[str]:
    """The fields that occur in sample.jsonl and in the inputs of testset.jsonl."""
    records: list[object] = list(_objects(folder / "sample.jsonl"))
    records += [case.get("input") for case in _objects(folder / "testset.jsonl")]
    return {name for record in records if isinstance(record, dict) for name in record}


def _objects(path: Path) -> Iterator[dict[str, object]]:
    if not path.exists():
        return
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        for line in islice(lines, _LINES):
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                yield value
