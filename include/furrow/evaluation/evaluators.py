"""Is this value right? One evaluator for each type of field, registered by the type's name."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from furrow.config.models import FieldSpec

NUMBER_TOLERANCE = 0.001
"""Two numbers this close to each other, relative to the larger, are the same."""

_DECIMAL_POINT = re.compile(r"(?<=\d)\.(?=\d)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """How right a value is. score: 0 to 1; correct: whether it may count as right."""

    score: float
    correct: bool


RIGHT, WRONG = Verdict(1.0, True), Verdict(0.0, False)
Evaluator = Callable[[Any, Any, FieldSpec], Verdict]
_EVALUATORS: dict[str, Evaluator] = {}


def evaluator_of(*types: str) -> Callable[[Evaluator], Evaluator]:
    """Register the evaluator of these field types. It is never given null."""

    def register(evaluator: Evaluator) -> Evaluator:
        _EVALUATORS.update(dict.fromkeys(types, evaluator))
        return evaluator

    return register


def evaluate(spec: FieldSpec, expected: Any, got: Any) -> Verdict:
    """Judge one value of a field of that kind. Null equals null and nothing else."""
    if expected is None or got is None:
        return RIGHT if expected is got else WRONG
    return _EVALUATORS[spec.type](expected, got, spec)


@evaluator_of("enum", "boolean", "integer", "date")
def exact(expected: Any, got: Any, spec: FieldSpec) -> Verdict:
    """The same value."""
    return RIGHT if expected == got else WRONG


@evaluator_of("string")
def same_words(expected: str, got: str, spec: FieldSpec) -> Verdict:
    """The same text once width, case, spaces and punctuation are folded away."""
    return RIGHT if folded(expected) == folded(got) else WRONG


@evaluator_of("number")
def close(expected: float, got: float, spec: FieldSpec) -> Verdict:
    """The same number within NUMBER_TOLERANCE."""
    return RIGHT if _close(expected, got) else WRONG


@evaluator_of("list")
def same_set(expected: list[Any], got: list[Any], spec: FieldSpec) -> Verdict:
    """Score: F1 of the two sets, items compared by their own type; order and repeats do not count."""
    wanted, given = _distinct(expected, spec), _distinct(got, spec)
    same = _close if spec.items == "number" else _equal
    precision, recall = _share_found(given, wanted, same), _share_found(wanted, given, same)
    both = precision + recall
    return Verdict(2 * precision * recall / both if both else 0.0, precision == recall == 1.0)


def folded(text: str) -> str:
    """A text as two people may write it differently: NFKC, casefold, no spaces, no punctuation.

    A decimal point between digits stays, so that 1.5 is not 15. A text of punctuation only stays as it is.
    """
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    points = {found.start() for found in _DECIMAL_POINT.finditer(plain)}
    kept = "".join(
        char for at, char in enumerate(plain) if at in points or unicodedata.category(char)[0] not in "PZC"
    )
    return kept or plain.strip()


def _distinct(items: list[Any], spec: FieldSpec) -> set[Any]:
    return {folded(item) for item in items} if spec.items == "string" else set(items)


def _share_found(wanted: set[Any], among: set[Any], same: Callable[[Any, Any], bool]) -> float:
    if not wanted:
        return 1.0
    return sum(any(same(item, other) for other in among) for item in wanted) / len(wanted)


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=NUMBER_TOLERANCE, abs_tol=1e-9)


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other)
