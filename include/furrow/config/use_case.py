"""A use case as loaded: its pipeline, its versions and what names a release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from furrow.config.documents import Documents
from furrow.config.fields import Fields
from furrow.config.models import (
    CatalogueModel,
    FieldSpec,
    JudgeStep,
    ModelsFile,
    PipelineFile,
    StepConfig,
    StepsFile,
)
from furrow.config.prompts import PromptFolder
from furrow.config.step_fields import JUDGE_ANSWER
from furrow.config.tables import Table
from furrow.config.templates import Expression
from furrow.errors import ConfigError, OptionUnknown, ReleaseChanged

TEST_SETS = "testset*.jsonl"
"""The files of a test set."""


@dataclass(frozen=True)
class CheckedRule:
    """A rule with its compiled condition."""

    name: str
    check: Expression


@dataclass(frozen=True)
class Version:
    """An immutable version folder, compiled. Its content hash decides the release's name.

    outputs: the output fields of each step (of one with `each`, those of one answer); expressions:
    compiled, by step and then by field or by the condition's place in `choose`; catalogue: the models that
    it may call, by alias; tables: of lookup and classify steps, by step; words: files of map steps, by step
    and name; documents: of retrieve steps.
    """

    name: str
    folder: Path
    file: StepsFile
    prompts: Mapping[str, PromptFolder]
    outputs: Mapping[str, Fields]
    expressions: Mapping[str, Mapping[str, Expression]]
    rules: tuple[CheckedRule, ...]
    catalogue: Mapping[str, CatalogueModel]
    content_hash: str
    tables: Mapping[str, Table] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, Table]] = field(default_factory=dict)
    documents: Mapping[str, Documents] = field(default_factory=dict)

    @property
    def release(self) -> str:
        """`v2@3f2a9c1d`: the version and the first eight digits of its content hash."""
        return f"{self.name}@{self.content_hash[:8]}"

    @property
    def steps(self) -> list[StepConfig]:
        """The steps in order."""
        return self.file.steps

    def step(self, name: str) -> StepConfig:
        """The step of that name. Raises OptionUnknown."""
        for step in self.steps:
            if step.name == name:
                return step
        raise OptionUnknown(f"{self.release} has no step `{name}`")

    def answer_fields(self, step: str) -> Fields:
        """What a model has to answer at that step."""
        return JUDGE_ANSWER if isinstance(self.step(step), JudgeStep) else self.outputs[step]

    @property
    def result(self) -> Fields:
        """The typed fields of the result mapping, in the author's order."""
        return Fields({field: self._spec(path) for field, path in self.file.result.items()}, "result")

    def _spec(self, path: str) -> FieldSpec:
        step, _, field = path.partition(".")
        return self.outputs[step].specs[field]


@dataclass(frozen=True)
class Served:
    """The version that the log of releases says is live. complaint: why it cannot serve as it is now."""

    version: str
    complaint: str = ""


@dataclass(frozen=True)
class UseCase:
    """One folder under prompts/, loaded and checked. served: None before the first promotion."""

    name: str
    folder: Path
    pipeline: PipelineFile
    versions: Mapping[str, Version]
    models: ModelsFile
    served: Served | None = None

    @property
    def live(self) -> str:
        """The version that serves: by the log of releases, or before any promotion by pipeline.yaml."""
        return self.served.version if self.served is not None else self.pipeline.live

    @property
    def newest(self) -> str:
        """The version with the highest number."""
        return list(self.versions)[-1]

    @property
    def is_tested(self) -> bool:
        """Whether the folder has a test set."""
        return any(self.folder.glob(TEST_SETS))

    def version(self, name: str | None = None) -> Version:
        """That version, or the live one.

        Raises OptionUnknown when there is no such version, ReleaseChanged when the live one is not what was
        released.
        """
        if name is None and self.served is not None and self.served.complaint:
            raise ReleaseChanged(self.served.complaint)
        chosen = name or self.live
        if chosen not in self.versions:
            raise OptionUnknown(f"{self.name} has no version `{chosen}`; it has {', '.join(self.versions)}")
        return self.versions[chosen]

    def released(self, release: str) -> Version | None:
        """The version as it was released; None when the folder is not that any more."""
        version = self.versions.get(release.partition("@")[0])
        return version if version is not None and version.release == release else None


@dataclass(frozen=True)
class Broken:
    """A folder that does not load, and why."""

    name: str
    folder: Path
    error: ConfigError
