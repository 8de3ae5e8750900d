"""How much a sentence reads like a wish about what a machine should write down: a learnt figure.

A logistic regression on runs of one to four letters within words. The weights (`order_weights.tsv`) come from
sentences that were written for it: `python -m testsets.order_classifier`. It knows no wording and no language
by name, so it finds what no rule of `order_cues.py` names, and it is never sure.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from importlib.resources import files

from furrow.engine.untrusted_text import plain_letters, visible

AN_ORDER = 1.3
"""From here on it is one: more than any ordinary sentence of the test sets has, in all splits."""
DOUBTFUL = -1.3
"""From here on it may be one: so may one in eighty ordinary sentences of `dev`."""
DOUBTFUL_BESIDE_ONE = -3.0
"""The same in a record in which an order was found: one in thirteen."""
WEIGHTS = "order_weights.tsv"
LONGEST_RUN = 4
_SHORTEST = 24
"""Runs, those of about eight letters: with fewer a sentence cannot name both a value and a wish."""
_DIGIT, _OTHERS = re.compile(r"\d"), re.compile(r"[^\w?!:#]+")


def suspicion(sentence: str) -> float:
    """Its logit: 0 is as much an order as not."""
    found = runs(sentence)
    if len(found) < _SHORTEST:
        return -math.inf
    bias, weights = _learnt()
    return bias + sum(weights.get(run, 0.0) for run in found) / math.sqrt(len(found))


def runs(sentence: str) -> set[str]:
    """Its runs of letters, words with a blank at both ends, digits alike: what the weights are of."""
    plain = _DIGIT.sub("0", plain_letters(visible(sentence)).lower())
    words = (f" {word} " for word in _OTHERS.sub(" ", plain).split())
    return {
        word[start : start + length]
        for word in words
        for length in range(1, LONGEST_RUN + 1)
        for start in range(len(word) - length + 1)
    }


@lru_cache(1)
def _learnt() -> tuple[float, dict[str, float]]:
    """The bias, and the weight of each run."""
    lines = files("furrow.engine").joinpath(WEIGHTS).read_text("utf-8").splitlines()
    weights = {run: float(weight) for run, weight in (line.split("\t") for line in lines)}
    return weights.pop(""), weights
