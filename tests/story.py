"""A use case whose versions get worse, better, and broken by their provider: the story of its releases."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field

from furrow.testing.protocols import Asked
from tests.folders import FolderOfPrompts

NAME = "story"
CASES = 60
MODEL = """\
  story:
    model: openai-chat:story
    connection: story_models
    price: {input_usd_per_million: 1, output_usd_per_million: 2}
    limits: {concurrency: 16, timeout_seconds: 30, attempts: 2, outage_seconds: 0}
"""
PIPELINE = f"""\
description: listings to brands
owner: tests
source:
  files: {{path: in/*.jsonl}}
record: {{key: id, time: at}}
live: v1
partition_records: 100
publish:
  features: {{entity: {NAME}_article, ttl_days: 3650}}
release:
  policy: manual
  canary: {{share: 0.5, hours: 24}}
  guards: {{min_records: 20}}
evaluate:
  gate: {{valid_rate: 0.9, not_worse: {{brand: 0.02}}}}
"""
STEPS = "steps:\n  - {name: extract, kind: llm, model: story}\nresult: {brand: extract.brand}\n"
EVERY = {"v1": 5, "v2": 2, "v3": 1}
"""A version is wrong about the numbers that leave 1 when they are divided by this."""


def record(number: int) -> dict[str, object]:
    """A listing; its number decides what is right and who is wrong about it."""
    return {"id": f"s{number}", "at": "2026-11-24T09:00:00+09:00", "body": f"모델 {number}"}


def brand(number: int) -> str:
    """What is right."""
    return "삼성" if number % 2 else "애플"


def write(prompts: FolderOfPrompts) -> None:
    """The use case with its first version and its test set."""
    prompts.put("models.yaml", (prompts.path / "models.yaml").read_text() + MODEL)
    prompts.put(f"{NAME}/pipeline.yaml", PIPELINE)
    lines = (
        {"id": f"c{number}", "input": record(number), "expected": {"brand": brand(number)}}
        for number in range(CASES)
    )
    prompts.put(f"{NAME}/testset.jsonl", _lines(lines))
    arrive(prompts, 1000, 1040)
    write_version(prompts, "v1")


def write_version(prompts: FolderOfPrompts, version: str) -> None:
    """A version; its prompt names it. The file that makes it one comes last."""
    prompts.put(f"{NAME}/{version}/extract/system.md", f"Story {version}\n")
    prompts.put(f"{NAME}/{version}/extract/user.md", "{{ data.body }}\n")
    prompts.put(f"{NAME}/{version}/extract/output.yaml", "brand: {type: enum, values: [삼성, 애플, 엘지]}\n")
    prompts.put(f"{NAME}/{version}/steps.yaml", STEPS)


def arrive(prompts: FolderOfPrompts, first: int, last: int) -> None:
    """These listings are what the source has now."""
    prompts.put(f"{NAME}/in/listings.jsonl", _lines(record(number) for number in range(first, last)))


def _lines(values: object) -> str:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)  # type: ignore[attr-defined]


@dataclass
class Provider:
    """What the model server answers. changed: the provider no longer keeps to v3's schema."""

    changed: threading.Event = field(default_factory=threading.Event)

    def answer(self, asked: Asked) -> dict[str, object] | None:
        """By the version that the prompt names."""
        said = dict(reversed(asked.messages))  # the first of each role: a re-ask says more after it
        version, number = said["system"].split()[1], int(said["user"].split()[1])
        if version == "v3" and self.changed.is_set():
            return {"marke": "?"}
        wrong = number % EVERY[version] == 1
        return {"brand": "엘지" if wrong else brand(number)}
