"""Folders of YAML and prompts -> use cases. Every problem of a folder is reported at once."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from furrow.config.fields import Fields
from furrow.config.models import LlmStep, MapStep, ModelsFile, PipelineFile, StepsFile
from furrow.config.prompts import PromptFolder, load_fields, load_prompt
from furrow.config.templates import Expression, Names
from furrow.config.use_case import Broken, CheckedRule, UseCase, Version
from furrow.config.yaml_file import YamlFile, read_yaml, suggest
from furrow.errors import ConfigError, Problem

_VERSION = re.compile(r"v[1-9][0-9]*")
_RESERVED = {"self", "data", "key", "time", "result", "fetch", "validate", "evaluate"}
_STAMPS = {"release", "run_id", "record_id", "event_time"}
REPLAY_DAG = "dead_letters_replay"
"""The id of a DAG that is not a use case's."""
Loaded = TypeVar("Loaded")


def load_models(prompts: Path) -> ModelsFile:
    """The model catalogue of a prompts folder. Raises ConfigError."""
    file = read_yaml(prompts / "models.yaml", "models.yaml")
    models = file.parse(ModelsFile)
    problems = _Problems()
    problems.extend(_check_fallbacks(models, file))
    problems.raise_if_any()
    return models


def _check_fallbacks(models: ModelsFile, file: YamlFile) -> Iterator[Problem]:
    for alias, entry in models.models.items():
        for place, other in enumerate(entry.fallback):
            loc = ("models", alias, "fallback", place)
            if other == alias:
                yield file.problem(loc, f"`{alias}` cannot stand in for itself", "remove it")
            elif other not in models.models:
                hint = suggest(other, list(models.models))
                yield file.problem(loc, f"there is no model `{other}`", hint)


def load_all(prompts: Path) -> list[UseCase | Broken]:
    """Every use case of a prompts folder by name; one that does not load never takes another down.

    Raises ConfigError when the folder or its models.yaml cannot be loaded at all.
    """
    if not prompts.is_dir():
        raise ConfigError(Problem(str(prompts), None, "there is no such folder", "set FURROW_PROMPTS"))
    models = load_models(prompts)
    return [_load_or_broken(folder, models) for folder in use_case_folders(prompts)]


def use_case_folders(prompts: Path) -> list[Path]:
    """The folders that mean to be use cases: every one but hidden ones and those that start with `_`."""
    return sorted(path for path in prompts.iterdir() if path.is_dir() and path.name[0] not in "._")


def _load_or_broken(folder: Path, models: ModelsFile) -> UseCase | Broken:
    try:
        return load_use_case(folder, models)
    except ConfigError as error:
        return Broken(folder.name, folder, error)
    except OSError as error:
        problem = Problem(str(error.filename or folder.name), None, f"could not be read: {error.strerror}")
        return Broken(folder.name, folder, ConfigError(problem))


def load_use_case(folder: Path, models: ModelsFile) -> UseCase:
    """Load and check one folder. Raises ConfigError with every problem found."""
    problems = _Problems()
    if not re.fullmatch(r"[a-z][a-z0-9_]*", folder.name):
        problems.add(Problem(folder.name, None, "a folder's name is its DAG id", "use a-z, 0-9 and _"))
    if folder.name == REPLAY_DAG:
        problems.add(Problem(folder.name, None, "Furrow has a DAG of this name itself", "rename the folder"))
    pipeline_yaml = problems.try_(lambda: read_yaml(folder / "pipeline.yaml", f"{folder.name}/pipeline.yaml"))
    pipeline = problems.try_(lambda: pipeline_yaml.parse(PipelineFile)) if pipeline_yaml else None
    folders = [
        path for path in sorted(folder.iterdir(), key=_version_number) if _VERSION.fullmatch(path.name)
    ]
    versions = {path.name: problems.try_(lambda p=path: _VersionLoader(p, models).load()) for path in folders}  # type: ignore[misc]
    if pipeline and pipeline_yaml:
        problems.extend(_check_pipeline(pipeline, pipeline_yaml, versions))
    problems.raise_if_any()
    assert pipeline is not None
    return UseCase(folder.name, folder, pipeline, {n: v for n, v in versions.items() if v}, models)


def _version_number(path: Path) -> int:
    return int(path.name[1:]) if _VERSION.fullmatch(path.name) else 0


def _check_pipeline(
    pipeline: PipelineFile, file: YamlFile, versions: dict[str, Version | None]
) -> Iterator[Problem]:
    if pipeline.live not in versions:
        hint = f"there is {', '.join(versions)}" if versions else "make a folder v1/"
        yield file.problem(("live",), f"there is no version folder `{pipeline.live}`", hint)
    live = versions.get(pipeline.live)
    if live is not None:
        fields = list(live.file.result)
        for field in pipeline.evaluate.gate.field_accuracy:
            if field not in fields:
                where = ("evaluate", "gate", "field_accuracy", field)
                yield file.problem(
                    where, f"{live.name} has no result field `{field}`", suggest(field, fields)
                )


class _Problems:
    """Collects what is wrong, so that an author sees all of it in one go."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, problem: Problem) -> None:
        self._found.append(problem)

    def extend(self, problems: Iterable[Problem]) -> None:
        self._found.extend(problems)

    def try_(self, load: Callable[[], Loaded]) -> Loaded | None:
        try:
            return load()
        except ConfigError as error:
            self._found.extend(error.problems)
            return None

    def raise_if_any(self) -> None:
        if self._found:
            raise ConfigError(self._found)


class _VersionLoader:
    """Loads one version folder, step by step: a step may use the outputs of those before it."""

    def __init__(self, folder: Path, models: ModelsFile):
        self.folder, self.models = folder, models
        self.shown = f"{folder.parent.name}/{folder.name}"
        self.problems = _Problems()
        self.outputs: dict[str, Fields] = {}
        self.prompts: dict[str, PromptFolder] = {}
        self.expressions: dict[str, dict[str, Expression]] = {}

    def load(self) -> Version:
        self.yaml = read_yaml(self.folder / "steps.yaml", f"{self.shown}/steps.yaml")
        file = self.yaml.parse(StepsFile)
        self._check_names(file)
        for index, step in enumerate(file.steps):
            self._load_step(step, ("steps", index))
        self._check_result(file)
        rules = self._load_rules(file)
        self.problems.raise_if_any()
        return Version(
            name=self.folder.name,
            folder=self.folder,
            file=file,
            prompts=self.prompts,
            outputs=self.outputs,
            expressions=self.expressions,
            rules=rules,
            catalogue={alias: self.models.models[alias] for alias in reachable(file, self.models)},
            content_hash=content_hash(self.folder, file, self.models),
        )

    @property
    def _names(self) -> Names:
        outputs = {name: set(fields.specs) or None for name, fields in self.outputs.items()}
        return {"data": None, "key": None, "time": None, **outputs}

    def _check_names(self, file: StepsFile) -> None:
        names = [step.name for step in file.steps]
        for index, name in enumerate(names):
            if name in names[:index] or name in _RESERVED:
                what = "is a reserved word" if name in _RESERVED else "stands twice"
                self.problems.add(
                    self.yaml.problem(("steps", index, "name"), f"the step name `{name}` {what}")
                )
        for path in sorted(self.folder.iterdir()):
            if path.is_dir() and path.name[0] not in "._" and path.name not in names:
                hint = suggest(path.name, names)
                self.problems.add(Problem(f"{self.shown}/{path.name}", None, "a folder of no step", hint))

    def _load_step(self, step: LlmStep | MapStep, loc: tuple[str | int, ...]) -> None:
        shown = f"{self.shown}/{step.name}"
        fields = self.problems.try_(
            lambda: load_fields(self.folder / step.name / "output.yaml", f"{shown}/output.yaml", step.name)
        )
        if isinstance(step, LlmStep):
            self._load_llm_step(step, loc, fields)
        else:
            self._load_map_step(step, loc, fields)
        self.outputs[step.name] = fields or Fields({}, step.name)

    def _load_llm_step(self, step: LlmStep, loc: tuple[str | int, ...], fields: Fields | None) -> None:
        for alias in step.aliases:
            if alias not in self.models.models:
                hint = suggest(alias, list(self.models.models))
                self.problems.add(
                    self.yaml.problem((*loc, "model"), f"models.yaml has no model `{alias}`", hint)
                )
        for number, choice in enumerate(step.choice.choose):
            self._expression(step.name, str(number), choice.when, (*loc, "model", "choose", number, "when"))
        if fields is not None:
            shown = f"{self.shown}/{step.name}"
            prompt = self.problems.try_(
                lambda: load_prompt(self.folder / step.name, shown, fields, self._names)
            )
            if prompt is not None:
                self.prompts[step.name] = prompt

    def _load_map_step(self, step: MapStep, loc: tuple[str | int, ...], fields: Fields | None) -> None:
        for field, source in step.set.items():
            self._expression(step.name, field, source, (*loc, "set", field))
        if fields is not None and set(step.set) != set(fields.specs):
            what = f"`set` and {step.name}/output.yaml name different fields"
            hint = f"output.yaml has {', '.join(fields.specs)}"
            self.problems.add(self.yaml.problem((*loc, "set"), what, hint))

    def _expression(self, step: str, name: str, source: str, loc: tuple[str | int, ...]) -> None:
        expression = self._compiled(source, loc, self._names)
        if expression is not None:
            self.expressions.setdefault(step, {})[name] = expression

    def _compiled(self, source: str, loc: tuple[str | int, ...], names: Names) -> Expression | None:
        expression = self.problems.try_(lambda: Expression(source, self.yaml.path, self.yaml.line(loc)))
        if expression is not None:
            self.problems.extend(expression.check(names))
        return expression

    def _check_result(self, file: StepsFile) -> None:
        for field, path in file.result.items():
            step, _, name = path.partition(".")
            loc = ("result", field)
            if field in _STAMPS:
                self.problems.add(
                    self.yaml.problem(loc, f"every published row has its own `{field}`", "rename it")
                )
            if step not in self.outputs:
                hint = suggest(step, list(self.outputs))
                self.problems.add(self.yaml.problem(loc, f"there is no step `{step}`", hint))
            elif self.outputs[step].specs and name not in self.outputs[step].specs:
                hint = suggest(name, list(self.outputs[step].specs))
                self.problems.add(self.yaml.problem(loc, f"the step `{step}` has no field `{name}`", hint))

    def _load_rules(self, file: StepsFile) -> tuple[CheckedRule, ...]:
        names = {**self._names, "result": set(file.result)}
        checks = [
            (rule.name, self._compiled(rule.check, ("rules", index, "check"), names))
            for index, rule in enumerate(file.rules)
        ]
        return tuple(CheckedRule(name, check) for name, check in checks if check is not None)


def reachable(file: StepsFile, models: ModelsFile) -> set[str]:
    """Every model alias that may answer for these steps: the named ones and their fallbacks."""
    named = {alias for step in file.steps for alias in step.aliases}
    return named.union(*(models.models[alias].fallback for alias in named if alias in models.models))


def content_hash(folder: Path, file: StepsFile, models: ModelsFile) -> str:
    """SHA-256 (hex) of what decides the output: every file of the folder, and each model's name."""
    digest = hashlib.sha256()
    for name, path in sorted(_files(str(folder))):
        digest.update(f"{name}\0".encode())
        digest.update(hashlib.sha256(Path(path).read_bytes()).digest())
    aliases = sorted(alias for alias in reachable(file, models) if alias in models.models)
    chosen = {
        alias: [models.models[alias].model, models.models[alias].capabilities.json_schema]
        for alias in aliases
    }
    digest.update(json.dumps(chosen, sort_keys=True).encode())
    return digest.hexdigest()


def _files(folder: str, within: str = "") -> Iterator[tuple[str, str]]:
    """Name within the folder and path of each file; hidden files and an editor's backups do not count."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name[0] in "._" or entry.name.endswith("~"):
                continue
            if entry.is_dir():
                yield from _files(entry.path, f"{within}{entry.name}/")
            else:
                yield f"{within}{entry.name}", entry.path
