"""The right notice for each question of local_answers: by full text, by vectors of local-embed, by both.

The model server is started for it and asked over HTTP, by the adapter that a pipeline has. "Ranked" is the
order alone; "given" is what the step hands on, with its least score and least similarity.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "include")]

from bench.embedded import embedder, vectors_of  # noqa: E402
from furrow.config.documents import Passage  # noqa: E402
from furrow.config.loader import load_models, load_use_case  # noqa: E402
from furrow.config.models import ModelsFile, RetrieveStep  # noqa: E402
from furrow.engine.retrieval import Bar, FullText, Hit, Nearness, fused  # noqa: E402
from furrow.evaluation.cases import Case, load_cases  # noqa: E402
from furrow.evaluation.confidence import interval  # noqa: E402

Json = dict[str, Any]
SIDES = ("full text", "vectors", "both")


@dataclass(frozen=True)
class Asked:
    """One question, and the places of the passages in the two rankings."""

    case: Case
    words: list[Hit]
    near: list[Hit]

    @property
    def right(self) -> set[str]:
        """The notices that answer it; none when nothing does."""
        return set(self.case.expected["citations"])

    def side(self, name: str) -> tuple[list[Hit], list[Hit]]:
        """The two rankings, without the one that this side does not have."""
        return ([] if name == "vectors" else self.words, [] if name == "full text" else self.near)


def main(as_json: bool = False, split: str = "dev", similarity: float | None = None) -> int:
    """Measure and print. Takes about half a minute, and downloads the model the first time."""
    models = load_models(PROJECT / "prompts")
    use_case = load_use_case(PROJECT / "prompts" / "local_answers", models)
    version = use_case.version()
    step = next(step for step in version.steps if isinstance(step, RetrieveStep))
    if similarity is not None:
        step = step.model_copy(update={"min_similarity": similarity})
    cases = [case for case in load_cases(use_case, version) if in_split(case, split)]
    passages = version.documents[step.name].passages(step.max_chars)
    with embedder() as address:
        asked, seconds = asyncio.run(ask(cases, passages, models, address))
    result = {
        "split": split,
        "passages": len(passages),
        "min_score": step.min_score,
        "min_similarity": step.min_similarity,
        "milliseconds_a_vector": round(1000 * seconds / (len(cases) + len(passages)), 1),
        "sides": {name: figures(asked, name, step, passages) for name in SIDES},
    }
    print(json.dumps(result, indent=2, ensure_ascii=False)) if as_json else show(result)
    return 0


def in_split(case: Case, split: str) -> bool:
    """`dev` or `test` of the generated cases, or `hard`: those written by hand."""
    family = case.family or ""
    if family.startswith("attack_") or "known" not in case.expected:
        return False
    by_hand = case.id.startswith("la-h")
    return by_hand if split == "hard" else case.split == split and not by_hand


# --- what is asked ------------------------------------------------------------------------------------


async def ask(
    cases: Sequence[Case], passages: Sequence[Passage], models: ModelsFile, address: str
) -> tuple[list[Asked], float]:
    """Both rankings of every question, and the seconds that the vectors took."""
    texts = [f"{passage.document.title}\n{passage.text}" for passage in passages]
    questions = [case.record.data["question"] for case in cases]
    started = time.perf_counter()
    vectors = await vectors_of([*texts, *questions], models, address)
    seconds = time.perf_counter() - started
    nearness, pointing = Nearness(vectors[: len(texts)]), vectors[len(texts) :]
    full_text = FullText(texts)
    found = []
    for case, question, where in zip(cases, questions, pointing, strict=True):
        allowed = of_town(passages, case.record.data["town"])
        words = full_text.hits(question, allowed)
        found.append(Asked(case, words, nearness.hits(where, allowed)))
    return found, seconds


def of_town(passages: Sequence[Passage], town: str) -> list[int]:
    """The passages for a town, as the step's `within` has it."""
    return [place for place, one in enumerate(passages) if one.document.fields.get("town") in (None, town)]


# --- the figures -------------------------------------------------------------------------------------


def figures(asked: Sequence[Asked], side: str, step: RetrieveStep, passages: Sequence[Passage]) -> Json:
    """Of one side."""
    bar = Bar(step.min_score, step.min_similarity)
    answerable = [one for one in asked if one.right]
    nothing = [one for one in asked if not one.right]
    nowhere = [one for one in nothing if (one.case.family or "").startswith("nowhere")]

    def names(places: Sequence[int], top: int) -> set[str]:
        return {passages[place].document.id for place in places[:top]}

    def ranked(top: int) -> Callable[[Asked], bool]:
        return lambda one: bool(one.right & names(fused(*one.side(side)), top))

    def given(top: int) -> Callable[[Asked], bool]:
        return lambda one: bool(one.right & names([hit.place for hit in bar.best(*one.side(side))], top))

    def any_given(one: Asked) -> bool:
        return bool(bar.best(*one.side(side)))

    return {
        "ranked_first": share(answerable, ranked(1)),
        "ranked_in_two": share(answerable, ranked(2)),
        "given_first": share(answerable, given(1)),
        "given": share(answerable, given(step.top)),
        "given_for_what_nothing_answers": share(nothing, any_given),
        "given_for_what_no_notice_is_about": share(nowhere, any_given),
    }


def share(asked: Sequence[Asked], holds: Callable[[Asked], bool]) -> Json:
    """How many of how many, with Wilson's interval."""
    hits = sum(map(holds, asked))
    return {
        "hits": hits,
        "n": len(asked),
        "share": round(hits / max(len(asked), 1), 4),
        "interval": [round(end, 3) for end in interval(hits, len(asked))],
    }


def show(result: Json) -> None:
    """For people."""
    print(
        f"local_answers, {result['split']}: {result['passages']} passages, least score {result['min_score']},"
        f" least similarity {result['min_similarity']}; {result['milliseconds_a_vector']} ms a vector"
    )
    print(" " * 36 + "".join(f"{name:>28}" for name in SIDES))
    for what in result["sides"]["both"]:
        cells = [_cell(result["sides"][name][what]) for name in SIDES]
        print(f"  {what.replace('_', ' '):34}" + "".join(f"{cell:>28}" for cell in cells))


def _cell(figure: Json) -> str:
    low, high = figure["interval"]
    return f"{figure['hits']}/{figure['n']} {figure['share']:.1%} ({low:.2f}–{high:.2f})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--split", choices=["dev", "test", "hard"], default="dev")
    parser.add_argument("--similarity", type=float, help="instead of the step's least similarity")
    options = parser.parse_args()
    raise SystemExit(main(options.json, options.split, options.similarity))
