"""What a DAG says about itself in Airflow's UI, written from the folder as Markdown."""

from __future__ import annotations

import re
from typing import Any

from furrow.config.use_case import UseCase
from furrow.orchestration.rendering import render


def describe_use_case(use_case: UseCase) -> str:
    """Description, owner, source, steps with their models, result fields, and the folder's README.md."""
    readme = use_case.folder / "README.md"
    text = readme.read_text(encoding="utf-8", errors="replace") if readme.is_file() else ""
    return render("use_case.md.j2", use_case=use_case, source=_source(use_case), readme=text)


def describe_stream(use_case: UseCase, sinks: list[str]) -> str:
    """Topics, replicas, and what a person may do with it."""
    pipeline = use_case.pipeline
    assert pipeline.stream is not None and pipeline.source.kafka is not None
    letters = pipeline.stream.letters_of(pipeline.source.kafka)
    return render("stream.md.j2", use_case=use_case, stream=pipeline.stream, sinks=sinks, letters=letters)


def describe_error(name: str, message: str) -> str:
    """What is wrong, as preformatted text."""
    return render("config_error.md.j2", name=name, message=message, fence=_fence(message))


def describe_step(use_case: UseCase, name: str) -> str:
    """The kind and the models of a step in each version that has it."""
    return "\n".join(
        f"- {version.name}: {step.kind} {', '.join(step.aliases)}".rstrip()
        for version in use_case.versions.values()
        for step in version.steps
        if step.name == name
    )


def _source(use_case: UseCase) -> dict[str, Any]:
    """`kafka: {topic: …}` as the author wrote it."""
    return use_case.pipeline.source.model_dump(exclude_unset=True)


def _fence(text: str) -> str:
    """A code fence that the text cannot close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(3, longest + 1)
