"""`python -m testsets.order_classifier`: learn the weights of `furrow.engine.learnt_orders`; with --check, compare.

Orders and ordinary sentences stand in `testsets/order_sentences.jsonl`, each with who wrote it; the ordinary
records of `dev` are added. Printed are the figures with one writer left out at a time: what is caught of
somebody whose sentences were never seen.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import orjson
from scipy.sparse import csr_matrix, diags_array  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

import furrow.engine.learnt_orders as learnt
from furrow.engine.orders import sentences
from furrow.engine.provenance import texts_in
from testsets.common import PROMPTS

SENTENCES = Path(__file__).with_name("order_sentences.jsonl")
WEIGHTS = Path(learnt.__file__).with_name(learnt.WEIGHTS)
_C = 20.0
_CLOSE = 0.05
"""Two logits that differ by less are the same: solvers round differently from machine to machine."""


@dataclass(frozen=True)
class Line:
    """A sentence, whether it is an order, who wrote it."""

    text: str
    order: bool
    writer: str


@dataclass(frozen=True)
class Weights:
    """What was learnt."""

    bias: float
    of_run: dict[str, float]

    def suspicion(self, text: str) -> float:
        """As `learnt_orders.suspicion`, by these weights and however short."""
        return max(
            self.bias + sum(self.of_run.get(run, 0.0) for run in part) / _length(part)
            for part in learnt.parts(text)
        )


LATER = frozenset({"outside"})
"""Slices added after the weights were fitted: with them the weights, and all measured figures of attacks, would change."""


def lines() -> list[Line]:
    """All that it learns from. Of `dev` also each sentence together with the next one, as doubt looks at them."""
    written = [Line(**orjson.loads(line)) for line in SENTENCES.read_bytes().splitlines()]
    of_dev = {part for text in _texts("dev", LATER) for part in (*text, *map(" ".join, pairwise(text)))}
    return [*written, *(Line(text, False, "dev") for text in sorted(of_dev))]


def ordinary(split: str) -> set[str]:
    """The sentences of the ordinary cases of a split."""
    return {sentence for text in _texts(split) for sentence in text}


def _texts(split: str, without: Collection[str] = ()) -> list[list[str]]:
    lines_of_all = (path.read_bytes().splitlines() for path in sorted(PROMPTS.glob("*/testset*.jsonl")))
    cases = map(orjson.loads, chain.from_iterable(lines_of_all))
    left_out = {"injection", *without}
    plain = (case for case in cases if case["split"] == split and left_out.isdisjoint(case.get("slices", ())))
    return [sentences(text) for case in plain for text in texts_in(case["input"])]


def learn(given: Collection[Line]) -> Weights:
    """The weights that tell its orders from the rest. Of an ordinary sentence each window is ordinary."""
    examples = [
        (part, line)
        for line in given
        for part in ([set().union(*learnt.parts(line.text))] if line.order else learnt.parts(line.text))
    ]
    vectorizer = CountVectorizer(analyzer=list, binary=True, min_df=2)
    counts = vectorizer.fit_transform([sorted(part) for part, _ in examples])
    scaled = csr_matrix(diags_array([1 / _length(part) for part, _ in examples]) @ counts)
    model = LogisticRegression(C=_C, max_iter=5000, tol=1e-6)
    model.fit(scaled, [line.order for _, line in examples])
    names = vectorizer.get_feature_names_out()
    return Weights(float(model.intercept_[0]), dict(zip(names, model.coef_[0].tolist(), strict=True)))


def _length(part: Collection[str]) -> float:
    return math.sqrt(max(1, len(part)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: written, or with --check as fresh as it can be."""
    parser = argparse.ArgumentParser(prog="python -m testsets.order_classifier", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the weights are stale")
    checks = parser.parse_args(arguments).check
    given = lines()
    found = learn(given)
    if checks:
        return _compare(found, given)
    _print_left_out(given)
    rows = [("", found.bias), *sorted((run, weight) for run, weight in found.of_run.items())]
    written = [f"{run}\t{weight:.2f}" for run, weight in rows if not run or abs(weight) >= 0.01]
    WEIGHTS.write_text("\n".join(written) + "\n", "utf-8")
    print(f"{WEIGHTS.name}: {len(written) - 1} runs out of {len(given)} sentences")
    return 0


def _compare(found: Weights, given: Collection[Line]) -> int:
    shipped = [(line.text, learnt.suspicion(line.text)) for line in given]
    off = max(abs(found.suspicion(text) - score) for text, score in shipped if np.isfinite(score))
    if off > _CLOSE:
        print(
            f"{WEIGHTS.name} is stale (off by {off:.2f}): run `python -m testsets.order_classifier`",
            file=sys.stderr,
        )
    return int(off > _CLOSE)


def _print_left_out(given: Collection[Line]) -> None:
    for writer in sorted({line.writer for line in given if line.writer != "dev"}):
        mine = [line for line in given if line.writer == writer]
        found = learn([line for line in given if line.writer != writer])
        scores = np.array([found.suspicion(line.text) for line in mine])
        cut, doubted = np.mean(scores >= learnt.ORDER), np.mean(scores >= learnt.DOUBTFUL)
        what = "orders" if mine[0].order else "ordinary"
        print(f"{writer}: {len(mine)} {what}, {cut:.2f} an order, {doubted:.2f} doubtful")


if __name__ == "__main__":
    sys.exit(main())
