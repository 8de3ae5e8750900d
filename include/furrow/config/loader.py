"""Folders of YAML and prompts -> use cases. Every problem of a folder is reported at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from furrow.config.documents import Documents
from furrow.config.fields import Fields
from furrow.config.models import (
    EACH_FIELD,
    ESCALATE_WHEN,
    IMAGES,
    ClaimsStep,
    ClassifyStep,
    Images,
    JudgeStep,
    LlmStep,
    LookupStep,
    MapStep,
    ModelsFile,
    PhotoQualityStep,
    PipelineFile,
    RetrieveStep,
    StepConfig,
    StepsFile,
)
from furrow.config.prompts import PromptFolder, load_fields, load_prompt
from furrow.config.quality_checks import check_quality
from furrow.config.release import Kind, answering, content_hash, find_beside, reachable
from furrow.config.step_fields import (
    CLAIMS_FIELDS,
    CLASSIFY_FIELDS,
    JUDGE_ANSWER,
    JUDGE_FIELDS,
    KEPT_FIELDS,
    LABELLED_FIELD,
    LINKS_FIELD,
    LOOKUP_FIELDS,
    PASSAGES_FIELDS,
    PHOTO_QUALITY_FIELDS,
    RETRIEVE_FIELDS,
    VERDICTS_FIELD,
)
from furrow.config.tables import Table
from furrow.config.templates import Expression, Names
from furrow.config.use_case import Broken, CheckedRule, UseCase, Version
from furrow.config.yaml_file import YamlFile, read_yaml, suggest
from furrow.errors import ConfigError, Problem

_VERSION = re.compile(r"v[1-9][0-9]*")
_RESERVED = {"self", "data", "key", "time", "item", "result", "fetch", "validate", "evaluate"}
_WORD_COLUMNS = "value", ["value"], ["words"]
_STAMPS = {"key", "release", "run_id", "record_id", "event_time", "published_at"}
REPLAY_DAG, RELEASES_DAG, WATCH_DAG = "dead_letters_replay", "releases", "release_watch"
DIGEST_DAG = "furrow.digest"
OWN_DAGS = (REPLAY_DAG, RELEASES_DAG, WATCH_DAG, DIGEST_DAG)
"""The ids of the DAGs that are not a use case's."""
STREAM, EVAL, EXPERIMENT = ".stream", ".eval", ".experiment"
"""What stands behind a use case's name in the ids of its further DAGs, and of their run folders."""
Loaded = TypeVar("Loaded")


def use_case_of(dag_id: str) -> str:
    """The use case whose DAG, or one of whose further DAGs, has this id."""
    name, dot, rest = dag_id.partition(".")
    return name if dot + rest in (STREAM, EVAL, EXPERIMENT) else dag_id


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
    return [load_or_broken(folder, models) for folder in use_case_folders(prompts)]


def use_case_folders(prompts: Path) -> list[Path]:
    """The folders that mean to be use cases: every one but hidden ones and those that start with `_`."""
    return sorted(path for path in prompts.iterdir() if path.is_dir() and path.name[0] not in "._")


def load_or_broken(folder: Path, models: ModelsFile) -> UseCase | Broken:
    """One folder, or what keeps it from loading."""
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
    if folder.name in OWN_DAGS:
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
    yield from check_quality(pipeline, file, versions)


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


def check_examples(examples: Table) -> list[Problem]:
    """What is wrong with the examples of a classify step. Raises ConfigError when they cannot be read."""
    problems = examples.check("text", ["text", "label"])
    if problems:
        return problems
    labels = {row["label"] for row in examples.rows()}
    if len(labels) < 2:
        hint = "a label is learnt from texts that have another one"
        return [Problem(examples.shown, None, "all examples have the same label", hint)]
    blank = sorted(label for label in labels if label != label.strip())
    return [
        Problem(examples.shown, None, f"the label `{label}` begins or ends with a blank", "take it away")
        for label in blank
    ]


class _VersionLoader:
    """Loads one version folder, step by step: a step may use the outputs of those before it."""

    def __init__(self, folder: Path, models: ModelsFile):
        self.folder, self.models = folder, models
        self.shown = f"{folder.parent.name}/{folder.name}"
        self.problems = _Problems()
        self.outputs: dict[str, Fields] = {}
        self.prompts: dict[str, PromptFolder] = {}
        self.expressions: dict[str, dict[str, Expression]] = {}
        self.tables: dict[str, Table] = {}
        self.words: dict[str, dict[str, Table]] = {}
        self.documents: dict[str, Documents] = {}
        self.each: set[str] = set()
        self.untyped: dict[str, set[str]] = {}
        """Fields of a step that only later steps see: they have no type that a result could have."""

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
            tables=self.tables,
            words=self.words,
            documents=self.documents,
        )

    @property
    def _names(self) -> Names:
        outputs = {name: self._fields_of(name) or None for name in self.outputs}
        return {"data": None, "key": None, "time": None, **outputs}

    def _fields_of(self, step: str) -> set[str]:
        """What later steps see of a step; empty when its output.yaml does not load."""
        typed = set() if step in self.each else set(self.outputs[step].specs)
        return typed | self.untyped.get(step, set())

    def _check_names(self, file: StepsFile) -> None:
        names = [step.name for step in file.steps]
        for index, name in enumerate(names):
            if name in names[:index] or name in _RESERVED:
                what = "is a reserved word" if name in _RESERVED else "stands twice"
                self.problems.add(
                    self.yaml.problem(("steps", index, "name"), f"the step name `{name}` {what}")
                )
        names += [step.documents for step in file.steps if isinstance(step, RetrieveStep)]
        for path in sorted(self.folder.iterdir()):
            if path.is_dir() and path.name[0] not in "._" and path.name not in names:
                hint = suggest(path.name, names)
                self.problems.add(Problem(f"{self.shown}/{path.name}", None, "a folder of no step", hint))

    def _load_step(self, step: StepConfig, loc: tuple[str | int, ...]) -> None:
        if isinstance(step, LookupStep):
            self._load_lookup_step(step, loc)
            return
        if isinstance(step, JudgeStep | ClaimsStep | RetrieveStep | ClassifyStep):
            self._load_fixed_step(step, loc)
            return
        if isinstance(step, PhotoQualityStep):
            self._expression(step.name, IMAGES, step.images.of, (*loc, IMAGES, "of"))
            self.outputs[step.name] = Fields(PHOTO_QUALITY_FIELDS, step.name)
            return
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
        names = self._names
        self._load_choice(step, loc)
        self._check_when(step, loc, fields)
        self._load_escalation(step, fields, loc)
        if step.each is not None:
            self._check_each(step.name, step.each, (*loc, "each"), ("list",))
            self.each.add(step.name)
            self.untyped[step.name] = {EACH_FIELD}
            names = {**names, "item": None}
            if fields is not None and "item" in fields.specs:
                what = f"with `each`, `item` is taken: {step.name}/output.yaml has a field of that name"
                self.problems.add(self.yaml.problem((*loc, "each"), what, "rename the field"))
        if step.images is not None:
            self._load_images(step, step.images, loc, names)
        if fields is not None:
            shown = f"{self.shown}/{step.name}"
            self._load_quotes(step, fields, names)
            prompt = self.problems.try_(lambda: load_prompt(self.folder / step.name, shown, fields, names))
            if prompt is not None:
                self.prompts[step.name] = prompt

    def _load_choice(self, step: LlmStep, loc: tuple[str | int, ...]) -> None:
        self._check_aliases(step, loc)
        for number, choice in enumerate(step.choice.choose):
            self._expression(step.name, str(number), choice.when, (*loc, "model", "choose", number, "when"))

    def _load_escalation(self, step: LlmStep, fields: Fields | None, loc: tuple[str | int, ...]) -> None:
        """The condition on an answer, compiled as `escalate_when`."""
        source = step.choice.escalate_when
        if source is None:
            return
        names = {**self._names, "answer": set(fields.specs) if fields else None}
        names |= {"item": None} if step.each is not None else {}
        expression = self._compiled(source, (*loc, "model", ESCALATE_WHEN), names)
        if expression is not None:
            self.expressions.setdefault(step.name, {})[ESCALATE_WHEN] = expression

    def _check_aliases(self, step: LlmStep, loc: tuple[str | int, ...]) -> None:
        for alias in step.aliases:
            if alias not in self.models.models:
                hint = suggest(alias, list(self.models.models))
                self.problems.add(
                    self.yaml.problem((*loc, "model"), f"models.yaml has no model `{alias}`", hint)
                )
            elif self.models.models[alias].capabilities.embeddings:
                what = f"the model `{alias}` embeds texts and answers nothing"
                self.problems.add(self.yaml.problem((*loc, "model"), what, "name a model that writes"))

    def _load_images(self, step: LlmStep, images: Images, loc: tuple[str | int, ...], names: Names) -> None:
        """The expression of the images, and whether every model that may answer takes any."""
        compiled = self._compiled(images.of, (*loc, IMAGES, "of"), names)
        if compiled is not None:
            self.expressions.setdefault(step.name, {})[IMAGES] = compiled
        for alias in sorted(answering(step.aliases, self.models)):
            entry = self.models.models.get(alias)
            if entry is not None and not entry.capabilities.vision:
                what = f"the step sends images, and `{alias}` takes none ({entry.model})"
                seeing = [name for name, one in self.models.models.items() if one.capabilities.vision]
                hint = f"use {' or '.join(seeing)}, " if seeing else ""
                hint += f"or write `capabilities: {{vision: true}}` at `{alias}` in models.yaml if it does"
                self.problems.add(self.yaml.problem((*loc, "model"), what, hint))

    def _load_quotes(self, step: LlmStep | MapStep, fields: Fields, names: Names) -> None:
        """The texts that `quote_of` names, compiled as `quote.<field>`."""
        quoted = {name: spec.quote_of for name, spec in fields.specs.items() if spec.quote_of is not None}
        if not quoted:
            return
        shown = f"{self.shown}/{step.name}/output.yaml"
        file = read_yaml(self.folder / step.name / "output.yaml", shown)
        for field, source in quoted.items():
            loc = (field, "quote_of")
            if isinstance(step, MapStep):
                what = "only the answer of a model quotes; a map step computes"
                self.problems.add(file.problem(loc, what, "remove `quote_of`"))
                continue
            compiled = self._compiled(source, loc, names, file)
            if compiled is not None:
                self.expressions.setdefault(step.name, {})[f"quote.{field}"] = compiled

    def _load_map_step(self, step: MapStep, loc: tuple[str | int, ...], fields: Fields | None) -> None:
        self._load_words(step, loc)
        names = {**self._names, **dict.fromkeys(step.words)}
        for field, source in step.set.items():
            self._expression(step.name, field, source, (*loc, "set", field), names)
        if fields is not None:
            self._load_quotes(step, fields, self._names)
        if fields is not None and set(step.set) != set(fields.specs):
            what = f"`set` and {step.name}/output.yaml name different fields"
            hint = f"output.yaml has {', '.join(fields.specs)}"
            self.problems.add(self.yaml.problem((*loc, "set"), what, hint))

    def _load_words(self, step: MapStep, loc: tuple[str | int, ...]) -> None:
        for name, file in step.words.items():
            here = (*loc, "words", name)
            if name in self._names:
                self.problems.add(self.yaml.problem(here, f"`{name}` is there already", "name it otherwise"))
            found = self._beside(file, Path.is_file, here, f"there is no file `{file}`")
            if found is not None:
                table = self.words.setdefault(step.name, {})[name] = Table(*found)
                self.problems.extend(self.problems.try_(partial(table.check, *_WORD_COLUMNS)) or ())

    def _check_when(self, step: LlmStep, loc: tuple[str | int, ...], fields: Fields | None) -> None:
        """`when`, and that the step's fields can be null where it does not hold."""
        if step.when is None:
            return
        self._expression(step.name, "when", step.when, (*loc, "when"))
        for name, spec in fields.specs.items() if fields is not None and step.each is None else ():
            if not spec.nullable and spec.type != "list":
                what = f"with `when`, a field may be null: `{name}` of {step.name}/output.yaml may not"
                self.problems.add(self.yaml.problem((*loc, "when"), what, "write `nullable: true` there"))

    def _load_fixed_step(
        self, step: JudgeStep | ClaimsStep | RetrieveStep | ClassifyStep, loc: tuple[str | int, ...]
    ) -> None:
        """A step whose fields are the same in every folder."""
        if isinstance(step, JudgeStep):
            self._load_llm_step(step.question, loc, JUDGE_ANSWER)
            self.each.discard(step.name)
            self.untyped[step.name] = {VERDICTS_FIELD}
            self.outputs[step.name] = Fields(JUDGE_FIELDS, step.name)
        elif isinstance(step, ClaimsStep):
            self._check_each(step.name, step.each, (*loc, "each"), ("list", "string"))
            self._expression(step.name, "facts", step.facts, (*loc, "facts"))
            self.outputs[step.name] = Fields(CLAIMS_FIELDS, step.name)
        elif isinstance(step, RetrieveStep):
            self._load_retrieve_step(step, loc)
        else:
            self._load_classify_step(step, loc)

    def _load_retrieve_step(self, step: RetrieveStep, loc: tuple[str | int, ...]) -> None:
        self._expression(step.name, "query", step.query, (*loc, "query"))
        for field, source in step.within.items():
            self._expression(step.name, f"within.{field}", source, (*loc, "within", field))
        self._check_embeddings(step, (*loc, "embeddings"))
        missing = f"there is no folder `{step.documents}` of documents"
        found = self._beside(step.documents, Path.is_dir, (*loc, "documents"), missing)
        if found is not None:
            documents = self.documents[step.name] = Documents(*found)
            self.problems.extend(self.problems.try_(documents.check) or ())
        self.outputs[step.name] = Fields(RETRIEVE_FIELDS, step.name)
        self.untyped[step.name] = set(PASSAGES_FIELDS)

    def _load_classify_step(self, step: ClassifyStep, loc: tuple[str | int, ...]) -> None:
        names = self._names if step.each is None else {**self._names, "item": None}
        if step.text is not None:
            self._expression(step.name, "text", step.text, (*loc, "text"), names)
        if step.each is not None:
            self._check_each(step.name, step.each, (*loc, "each"), ("list", "string"))
            self.untyped[step.name] = {LABELLED_FIELD}
        self._check_embeddings(step, (*loc, "embeddings"))
        missing = f"there is no file `{step.examples}` of examples"
        found = self._beside(step.examples, Path.is_file, (*loc, "examples"), missing)
        if found is not None:
            table = self.tables[step.name] = Table(*found)
            wrong = self.problems.try_(lambda: check_examples(table))
            self.problems.extend(wrong or ())
            if step.drop and wrong == []:
                self._check_dropped(step, table, (*loc, "drop"))
        fields = CLASSIFY_FIELDS if step.each is None else KEPT_FIELDS if step.drop else {}
        self.outputs[step.name] = Fields(fields, step.name)

    def _check_dropped(self, step: ClassifyStep, examples: Table, loc: tuple[str | int, ...]) -> None:
        labels = sorted({row["label"] for row in examples.rows()})
        for label in step.drop:
            if label not in labels:
                what = f"no example has the label `{label}`"
                self.problems.add(self.yaml.problem(loc, what, suggest(label, labels)))

    def _check_embeddings(self, step: RetrieveStep | ClassifyStep, loc: tuple[str | int, ...]) -> None:
        alias = step.embeddings
        if alias is None:
            return
        entry = self.models.models.get(alias)
        if entry is None:
            hint = suggest(alias, list(self.models.models))
            self.problems.add(self.yaml.problem(loc, f"models.yaml has no model `{alias}`", hint))
        elif not entry.capabilities.embeddings:
            hint = "write `capabilities: {embeddings: true}` there, when it does"
            self.problems.add(self.yaml.problem(loc, f"the model `{alias}` does not embed texts", hint))
        elif entry.fallback:
            what = f"the model `{alias}` has a fallback, whose vectors say something else"
            self.problems.add(self.yaml.problem(loc, what, "name a model that has none"))

    def _load_lookup_step(self, step: LookupStep, loc: tuple[str | int, ...]) -> None:
        self._check_each(step.name, step.each, (*loc, "each"), ("list", "string"))
        for column, source in step.match.scope.items():
            self._expression(step.name, f"within.{column}", source, (*loc, "match", "within", column))
        missing = f"there is no table `{step.table}`"
        found = self._beside(step.table, Path.is_file, (*loc, "table"), missing)
        if found is not None:
            table = self.tables[step.name] = Table(*found)
            optional = [step.match.aliases] if step.match.aliases else []
            wrong = self.problems.try_(lambda: table.check(step.id, step.columns, optional))
            self.problems.extend(wrong or ())
        self.outputs[step.name] = Fields(LOOKUP_FIELDS, step.name)
        self.untyped[step.name] = {LINKS_FIELD}

    def _beside(
        self, name: str, kind: Kind, loc: tuple[str | int, ...], missing: str
    ) -> tuple[Path, str] | None:
        """What a step reads beside its prompts, and how a person reads its path."""
        path = find_beside(self.folder, name, kind)
        if path is None:
            hint = f"put it beside steps.yaml, or into {self.folder.parent.name}/"
            self.problems.add(self.yaml.problem(loc, missing, hint))
            return None
        where = self.shown if path.parent == self.folder else self.folder.parent.name
        return path, f"{where}/{name}"

    def _check_each(self, step: str, path: str, loc: tuple[str | int, ...], types: Sequence[str]) -> None:
        """`each` names a field of an earlier step that holds what is wanted, or one of the record."""
        self._expression(step, "each", path, loc)
        owner, _, name = path.partition(".")
        spec = self.outputs[owner].specs.get(name) if owner in self.outputs else None
        if spec is not None and owner not in self.each and spec.type not in types:
            what = f"`{path}` is of type {spec.type}; `each` wants {' or '.join(types)}"
            self.problems.add(self.yaml.problem(loc, what))
        elif "string" in types and name in self.untyped.get(owner, ()):
            what = f"`{path}` holds more than texts; `each` wants texts"
            self.problems.add(self.yaml.problem(loc, what, f"make a list of texts of `{path}` in a map step"))

    def _expression(
        self, step: str, name: str, source: str, loc: tuple[str | int, ...], names: Names | None = None
    ) -> None:
        """names: what it may use, when that is not what every expression may."""
        expression = self._compiled(source, loc, names or self._names)
        if expression is not None:
            self.expressions.setdefault(step, {})[name] = expression

    def _compiled(
        self, source: str, loc: tuple[str | int, ...], names: Names, file: YamlFile | None = None
    ) -> Expression | None:
        """file: where the expression stands, when that is not steps.yaml."""
        where = file or self.yaml
        expression = self.problems.try_(lambda: Expression(source, where.path, where.line(loc)))
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
            elif step in self.each or name in self.untyped.get(step, ()):
                what = f"`{path}` has no type that a result could have"
                self.problems.add(self.yaml.problem(loc, what, "compute what you need in a map step"))
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
