"""A small, valid prompts folder that tests change one thing of."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from furrow.config.loader import load_models, load_use_case
from furrow.config.use_case import UseCase

MODELS = """\
models:
  small:
    model: openai-chat:small
    connection: models
    price: {input_usd_per_million: 1, output_usd_per_million: 2}
    limits: {concurrency: 8, timeout_seconds: 5, attempts: 2, outage_seconds: 0}
  large:
    model: openai-chat:large
    connection: models
    price: {input_usd_per_million: 10, output_usd_per_million: 20}
    limits: {concurrency: 8, timeout_seconds: 5, attempts: 2, outage_seconds: 0}
"""
PIPELINE = """\
description: listings to attributes
owner: tests
source:
  files: {path: sample.jsonl}
record: {key: id, time: at}
live: v1
partition_records: 10
publish:
  features: {entity: article, ttl_days: 3650}
evaluate:
  gate: {valid_rate: 0.5, field_accuracy: {brand: 0.5}}
"""
STEPS = """\
steps:
  - name: digest
    kind: llm
    model: small
  - name: extract
    kind: llm
    model: {default: small, choose: [{when: "data.body | length > 100", use: large}]}
  - name: price
    kind: map
    set: {price_krw: "extract.price_text | krw"}
result: {brand: extract.brand, price_krw: price.price_krw}
rules:
  - {name: price_positive, check: "result.price_krw is none or result.price_krw > 0"}
"""
FILES = {
    "models.yaml": MODELS,
    "goods/pipeline.yaml": PIPELINE,
    "goods/v1/steps.yaml": STEPS,
    "goods/v1/digest/system.md": "Write a short digest.\n",
    "goods/v1/digest/user.md": "{{ data.body }}\n",
    "goods/v1/digest/output.yaml": "digest: {type: string, max_length: 80}\n",
    "goods/v1/extract/user.md": "{{ digest.digest }}\n{{ data.body }}\n",
    "goods/v1/extract/output.yaml": (
        "brand: {type: string, nullable: true}\nprice_text: {type: string, nullable: true}\n"
    ),
    "goods/v1/extract/examples.jsonl": json.dumps(
        {
            "input": {"data": {"body": "아이폰 30만"}, "digest": {"digest": "아이폰"}},
            "output": {"brand": "애플", "price_text": "30만"},
        },
        ensure_ascii=False,
    )
    + "\n",
    "goods/v1/price/output.yaml": "price_krw: {type: integer, nullable: true}\n",
}


def record(number: int, **changed: object) -> dict[str, object]:
    """A listing that the small use case can read."""
    return {
        "id": f"a{number}",
        "at": "2026-11-24T09:00:00+09:00",
        "body": f"갤럭시 {number}호 3만5천원",
        **changed,
    }


@dataclass(frozen=True)
class FolderOfPrompts:
    """The folder, and ways to change and load it."""

    path: Path

    @classmethod
    def write(cls, path: Path) -> FolderOfPrompts:
        """Write the small use case under `path`."""
        folder = cls(path)
        for name, text in FILES.items():
            folder.put(name, text)
        folder.records([record(number) for number in range(3)])
        return folder

    def put(self, name: str, text: str | bytes) -> None:
        """Write one file."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)

    def change(self, name: str, old: str, new: str) -> None:
        """Replace a text in one file; it must be there."""
        text = (self.path / name).read_text(encoding="utf-8")
        assert old in text, f"{name} does not contain {old!r}"
        self.put(name, text.replace(old, new))

    def records(self, records: list[dict[str, object]]) -> None:
        """What the source of `goods` delivers."""
        self.put("goods/sample.jsonl", "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records))

    def version(self, name: str, system: str) -> None:
        """Another version beside v1, with its own digest prompt."""
        shutil.copytree(self.path / "goods" / "v1", self.path / "goods" / name)
        self.put(f"goods/{name}/digest/system.md", f"{system}\n")

    def load(self, name: str = "goods") -> UseCase:
        """Load the use case. Raises ConfigError."""
        return load_use_case(self.path / name, load_models(self.path))
