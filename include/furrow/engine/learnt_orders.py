"""How much a text reads like a wish about what a machine should write down: a learnt figure.

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

ORDER, EVEN = 1.0, 0.0
"""From `ORDER` on it is one. At `EVEN` it is one as likely as not, by what it learnt from."""
DOUBTFUL, DOUBTFUL_BESIDE_ONE = -1.6, -3.0
"""From here on it may be one; the second bound is for a record in which an order was found."""
OF_TWO = 0.5
"""So much less is doubted of two sentences together than of one: they have more that may look like a wish."""
WEIGHTS = "order_weights.tsv"
_LONGEST_RUN = 4
_WINDOW, _STEP = 12, 6
"""Words: a wish in a long sentence is looked at without the rest of it."""
_SHORTEST = 24
"""Runs, those of about eight letters: with fewer it cannot name both a value and a wish."""
_REMEMBERED = 300
"""Letters: a sentence is asked about by every step of its record; a longer one is not worth the memory."""
_DIGIT, _OTHERS = re.compile(r"\d"), re.compile(r"[^\w?!:#]+")


def suspicion(text: str) -> float:
    """The logit of the most suspicious part of it; -inf when there is too little to judge."""
    return _known(text) if len(text) <= _REMEMBERED else _figure(text)


def _figure(text: str) -> float:
    return max(map(_logit, parts(text)))


_known = lru_cache(maxsize=4096)(_figure)


def parts(text: str) -> list[set[str]]:
    """The runs of letters of each window of it, words with a blank at both ends, digits alike.

    The weights are of these runs.
    """
    words = _OTHERS.sub(" ", _DIGIT.sub("0", plain_letters(visible(text)).lower())).split()
    last = max(1, len(words) - _WINDOW + _STEP)
    return [_runs(words[start : start + _WINDOW]) for start in range(0, last, _STEP)]


def _runs(words: list[str]) -> set[str]:
    return {
        padded[start : start + length]
        for padded in (f" {word} " for word in words)
        for length in range(1, _LONGEST_RUN + 1)
        for start in range(len(padded) - length + 1)
    }


def _logit(found: set[str]) -> float:
    if len(found) < _SHORTEST:
        return -math.inf
    bias, weights = _learnt()
    return bias + math.fsum(weights.get(run, 0.0) for run in found) / math.sqrt(len(found))


@lru_cache(1)
def _learnt() -> tuple[float, dict[str, float]]:
    """The bias, and the weight of each run."""
    lines = files("furrow.engine").joinpath(WEIGHTS).read_text("utf-8").splitlines()
    weights = {run: float(weight) for run, weight in (line.split("\t") for line in lines)}
    return weights.pop(""), weights
