"""A version as if every llm step named one model: for comparing models on the same prompts."""

from __future__ import annotations

from dataclasses import replace

from furrow.config.models import LlmStep, ModelsFile, StepConfig
from furrow.config.release import answering, reachable
from furrow.config.use_case import Version
from furrow.config.yaml_file import suggest
from furrow.errors import OptionUnknown


def with_model(version: Version, alias: str, models: ModelsFile) -> Version:
    """The version with `alias` for all records in each llm step, and no escalation.

    Judges and embeddings keep their models: they measure. It is no release of its own and keeps the name.
    Raises OptionUnknown when there is no such model, or a step sends it images that it does not take.
    """
    if alias not in models.models:
        raise OptionUnknown(f"models.yaml has no model `{alias}`; {suggest(alias, list(models.models))}")
    _check_sight(version, alias, models)
    steps = [_asked_of(step, alias) for step in version.steps]
    file = version.file.model_copy(update={"steps": steps})
    catalogue = {name: models.models[name] for name in reachable(file, models)}
    return replace(version, file=file, catalogue=catalogue)


def _asked_of(step: StepConfig, alias: str) -> StepConfig:
    return step.model_copy(update={"model": alias}) if isinstance(step, LlmStep) else step


def _check_sight(version: Version, alias: str, models: ModelsFile) -> None:
    blind = [name for name in answering([alias], models) if not models.models[name].capabilities.vision]
    for step in version.steps:
        if blind and isinstance(step, LlmStep) and step.images is not None:
            raise OptionUnknown(f"the step `{step.name}` sends images, and `{blind[0]}` takes none")
