"""Is this value right? A field's type, or `evaluate` in its output.yaml, names the evaluator that says so."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from furrow.config.models import FieldSpec
from furrow.config.quoting import folded as quotable
from furrow.config.quoting import stands_in
from furrow.evaluation.precision import Items

_DECIMAL_POINT = re.compile(r"(?<=\d)\.(?=\d)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """How right a value is. score: 0 to 1; correct: whether it may count as right.

    items: of a list that is judged as a set, how many of its items were wanted and how many were given.
    """

    score: float
    correct: bool
    items: Items | None = None


RIGHT, WRONG = Verdict(1.0, True), Verdict(0.0, False)
Evaluator = Callable[[Any, Any, FieldSpec, Mapping[str, Any]], Verdict]
_EVALUATORS: dict[str, Evaluator] = {}


def evaluator(name: str) -> Callable[[Evaluator], Evaluator]:
    """Register an evaluator. It gets the expected value, what came, the field, and the record's `data`.

    It is never given null. A new one is to be named in `config.models.EVALUATORS` too.
    """

    def register(function: Evaluator) -> Evaluator:
        _EVALUATORS[name] = function
        return function

    return register


def evaluate(spec: FieldSpec, expected: Any, got: Any, data: Mapping[str, Any] | None = None) -> Verdict:
    """Judge one value of a field of that kind. Null equals null and nothing else.

    data: the record that it was taken from.
    """
    if expected is None or got is None:
        return _with_null(spec, expected, got)
    return _EVALUATORS[spec.evaluator](expected, got, spec, data or {})


def missed(spec: FieldSpec, expected: Any) -> Verdict:
    """The verdict on a value that never came: wrong, even where null was expected."""
    return Verdict(0.0, False, _unmatched(spec, expected, None))


def _with_null(spec: FieldSpec, expected: Any, got: Any) -> Verdict:
    right = expected is got
    return Verdict(float(right), right, _unmatched(spec, expected, got))


def _unmatched(spec: FieldSpec, expected: Any, got: Any) -> Items | None:
    if spec.evaluator != "set":
        return None
    return Items(wanted=len(_distinct(expected or [], spec)), given=len(_distinct(got or [], spec)))


@evaluator("exact")
def exact(expected: Any, got: Any, spec: FieldSpec, data: Mapping[str, Any]) -> Verdict:
    """The same value; of a list the same items in the same order."""
    return RIGHT if expected == got else WRONG


@evaluator("words")
def same_words(expected: str, got: str, spec: FieldSpec, data: Mapping[str, Any]) -> Verdict:
    """The same text once width, case, spaces and punctuation are folded away."""
    return RIGHT if folded(expected) == folded(got) else WRONG


@evaluator("close")
def close(expected: float, got: float, spec: FieldSpec, data: Mapping[str, Any]) -> Verdict:
    """The same number within the field's tolerance."""
    return RIGHT if _close(expected, got, spec) else WRONG


@evaluator("set")
def same_set(expected: list[Any], got: list[Any], spec: FieldSpec, data: Mapping[str, Any]) -> Verdict:
    """Score: F1 of the two sets, items compared by their own type; order and repeats do not count."""
    wanted, given = _distinct(expected, spec), _distinct(got, spec)
    items = Items(
        wanted=len(wanted),
        given=len(given),
        found=_shared(wanted, given, spec),
        right=_shared(given, wanted, spec),
    )
    return Verdict(items.f1, items.precision == items.recall == 1.0, items)


@evaluator("top1")
def same_first(expected: list[Any], got: list[Any], spec: FieldSpec, data: Mapping[str, Any]) -> Verdict:
    """The first item is the same; what follows does not count. Nothing is only like nothing."""
    if not expected or not got:
        return RIGHT if expected == got else WRONG
    return RIGHT if _same(expected[0], got[0], spec) else WRONG


@evaluator("evidence")
def stands_in_record(expected: Any, got: Any, spec: FieldSpec, data: Mapping[str, Any]) -> Verdict:
    """The words stand in one text of the record, whichever words were labelled.

    A list scores the share of its quotes that do; where none were expected, none is right.
    """
    texts = [quotable(text) for text in _texts(dict(data))]
    quotes = got if isinstance(got, list) else [got]
    if isinstance(expected, list) and bool(expected) != bool(quotes):
        return WRONG
    if not quotes:
        return RIGHT
    score = sum(any(stands_in(quote, text) for text in texts) for quote in quotes) / len(quotes)
    return Verdict(score, score == 1.0)


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


def _shared(items: set[Any], among: set[Any], spec: FieldSpec) -> int:
    if spec.items == "number":
        return sum(any(_close(item, other, spec) for other in among) for item in items)
    return len(items & among)


def _same(one: Any, other: Any, spec: FieldSpec) -> bool:
    if spec.items == "string":
        return folded(one) == folded(other)
    return _close(one, other, spec) if spec.items == "number" else bool(one == other)


def _close(one: float, other: float, spec: FieldSpec) -> bool:
    return math.isclose(one, other, rel_tol=spec.tolerance, abs_tol=1e-9)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _texts(part)]
