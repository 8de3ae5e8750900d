"""How well the examples of each `classify` step predict one another: letters, vectors too, and neither.

Every fifth of the examples in turn is labelled by what the other four fifths teach. "most frequent" is what
one would get by always saying the commonest label. The model server is started for it and asked over HTTP.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "include")]

from bench.embedded import embedder, vectors_of  # noqa: E402
from furrow.config.loader import load_models, load_use_case, use_case_folders  # noqa: E402
from furrow.config.models import ClassifyStep, ModelsFile  # noqa: E402
from furrow.engine.classifier import Classifier  # noqa: E402
from furrow.engine.classify_step import labelled  # noqa: E402
from furrow.evaluation.confidence import interval  # noqa: E402

Json = dict[str, Any]
FOLDS, SEED = 5, 20261127


@dataclass(frozen=True)
class Example:
    """One text with its label, and its vector when there is one."""

    text: str
    label: str
    vector: bytes


Predict = Callable[[Sequence[Example], Sequence[Example]], list[str]]
"""(what is learnt from, what is asked) -> a label for each that is asked."""


def main(as_json: bool = False, prompts: Path = PROJECT / "prompts") -> int:
    """Measure and print. Takes about a minute, and downloads the model the first time."""
    models = load_models(prompts)
    rows = dict(steps(prompts, models))
    texts = [text for row in rows.values() for text, _ in row]
    with embedder() as address:
        vectors = dict(zip(texts, asyncio.run(vectors_of(texts, models, address)), strict=True))
    result = {
        name: figures([Example(text, label, vectors[text]) for text, label in row])
        for name, row in rows.items()
    }
    print(json.dumps(result, indent=2, ensure_ascii=False)) if as_json else show(result)
    return 0


def steps(prompts: Path, models: ModelsFile) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Folder and step, and the texts with their labels."""
    for folder in use_case_folders(prompts):
        version = load_use_case(folder, models).version()
        for step in version.steps:
            if isinstance(step, ClassifyStep):
                yield f"{folder.name}.{step.name}", labelled(version.tables[step.name])


# --- the sides -----------------------------------------------------------------------------------------


def most_frequent(learnt: Sequence[Example], asked: Sequence[Example]) -> list[str]:
    """The commonest label for everything."""
    return [Counter(one.label for one in learnt).most_common(1)[0][0]] * len(asked)


def letters(learnt: Sequence[Example], asked: Sequence[Example]) -> list[str]:
    """A step without `embeddings`."""
    classifier = Classifier([one.text for one in learnt], [one.label for one in learnt])
    return [found[0].label for found in classifier.guesses([one.text for one in asked])]


def letters_and_vectors(learnt: Sequence[Example], asked: Sequence[Example]) -> list[str]:
    """A step with `embeddings`."""
    texts, labels, vectors = zip(*((one.text, one.label, one.vector) for one in learnt), strict=True)
    classifier = Classifier(texts, labels, vectors)
    found = classifier.guesses([one.text for one in asked], [one.vector for one in asked])
    return [guesses[0].label for guesses in found]


SIDES: dict[str, Predict] = {
    "most frequent": most_frequent,
    "letters": letters,
    "letters and vectors": letters_and_vectors,
}


def figures(examples: Sequence[Example]) -> Json:
    """Share of labels that are right, with its 95 % interval, by side."""
    return {"n": len(examples), "labels": len({one.label for one in examples})} | {
        name: rate(sum(right(predict, examples)), len(examples)) for name, predict in SIDES.items()
    }


def right(predict: Predict, examples: Sequence[Example]) -> Iterator[int]:
    """How many of each fold are labelled as they are."""
    shuffled = random.Random(SEED).sample(examples, len(examples))
    for fold in range(FOLDS):
        asked = shuffled[fold::FOLDS]
        learnt = [one for place, one in enumerate(shuffled) if place % FOLDS != fold]
        found = predict(learnt, asked)
        yield sum(label == one.label for label, one in zip(found, asked, strict=True))


def rate(found: int, of: int) -> Json:
    """A share with its interval."""
    low, high = interval(found, of)
    return {"right": found, "share": round(found / of, 3), "interval": [round(low, 3), round(high, 3)]}


def show(result: Json) -> None:
    """Print a table."""
    for name, found in result.items():
        print(f"{name}: {found['n']} examples, {found['labels']} labels")
        for side in SIDES:
            low, high = found[side]["interval"]
            print(f"  {side:20} {found[side]['share']:.2f} ({low:.2f}-{high:.2f})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    sys.exit(main(parser.parse_args().json))
