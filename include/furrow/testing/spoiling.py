"""What becomes of a good answer when a fault asks for a bad one."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from typing import Any

import orjson

from furrow.engine.ports import Finish
from furrow.testing.faults import ANY_FORM, Fault, FaultKind
from furrow.testing.malformed import MALFORMATIONS
from furrow.testing.protocols import Said

APOLOGY = "I'm sorry, but I can't help with that request."
OTHER_MODEL = "another-model-2025"
_BESIDE_THE_POINT = '{"this_is_not": "what was asked for"}'


def spoiled(said: Said, fault: Fault | None, prompt: str) -> Said:
    """The answer as the fault wants it; the same prompt is always spoiled in the same way."""
    if fault is None:
        return said
    text = said.text or ""
    match fault.kind:
        case FaultKind.TRUNCATED:
            return replace(said, text=text[: len(text) // 2], finish=Finish.LENGTH)
        case FaultKind.MALFORMED:
            return replace(said, text=malformed(text, fault.form, prompt))
        case FaultKind.WRONG_MODEL:
            return replace(said, model=OTHER_MODEL)
        case FaultKind.FILTERED:
            return replace(said, text="", finish=Finish.REFUSED, output_tokens=0)
        case kind if kind in _INSTEAD:
            instead = _INSTEAD[kind]
            return replace(said, text=instead, output_tokens=len(instead or "") // 4)
        case _:
            return said


_INSTEAD: dict[FaultKind, str | None] = {
    FaultKind.SCHEMA_IGNORED: _BESIDE_THE_POINT,
    FaultKind.REFUSAL: APOLOGY,
    FaultKind.EMPTY: "",
    FaultKind.NO_CHOICES: None,
}


def malformed(text: str, form: str | None, prompt: str) -> str:
    """The text of an answer in one of the forms of `MALFORMATIONS`, or `any`, which the prompt decides.

    Without a form, or when the answer is no JSON object, words before something that is never closed.
    """
    answer = _object(text)
    if form is None or answer is None:
        return f"Sure! Here it is: {text[:-1]}"
    dice = random.Random(hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).digest())  # noqa: S311
    name = dice.choice(sorted(MALFORMATIONS)) if form == ANY_FORM else form
    return MALFORMATIONS[name].spoil(answer, dice)


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None
