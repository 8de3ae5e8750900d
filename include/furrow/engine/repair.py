"""An answer that is almost right -> the answer, by changing its form and never a value.

Two steps, neither of which can guess: `loose_json` reads the names and values that stand in the text, and
each value is then read as its field's type, exactly or not at all. What comes out passes output.yaml.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal

from pydantic import ValidationError

from furrow.config.fields import Fields
from furrow.config.korean import parse_krw
from furrow.config.models import FieldSpec
from furrow.engine.loose_json import NotReadable, Scalar, read_loose
from furrow.engine.ports import Json

Plain = str | int | float | bool | None

_LONGEST_NUMBER = 40
_NARROW = str.maketrans("０１２３４５６７８９．，－＋", "0123456789.,-+")
_WHOLE = "(?:0|[1-9][0-9]*|[1-9][0-9]{0,2}(?:,[0-9]{3})+)"
_NUMBER = re.compile(rf"[+-]?{_WHOLE}(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{{1,3}})?")
_BELOW_MAN = "(?:[1-9]천)?(?:[1-9]백)?(?:[1-9]십)?"
_KOREAN = re.compile(
    rf"₩?\s?(?:{_WHOLE}(?:\.[0-9]+)?[만억]"
    rf"|(?:{_WHOLE}억\s?)?{_WHOLE}만\s?(?:{_BELOW_MAN}|[1-9],?[0-9]{{3}}|[1-9][0-9]{{1,2}})"
    rf"|{_BELOW_MAN}|{_WHOLE})"
)
"""Amounts that mean what they say: not 3만5, which is 35,000 to people, nor 1억2천, which is 120,000,000."""

_OTHER_UNIT = re.compile(
    r"usd|dollar|달러|eur|유로|cny|위안|jpy|엔화|[만천억]\s?원|thousand|million|단위", re.IGNORECASE
)
_NULLS = {"null", "Null", "NULL", "None"}
_BOOLEANS = {"true": True, "false": False}


def read_answer(text: str, fields: Fields) -> Json:
    """The answer as it stands, without any repair.

    Raises ValueError (pydantic.ValidationError is one), also when a field stands twice: a JSON parser takes
    the last of them in silence.
    """
    values = fields.validate_json(text)
    if json.loads(text, object_pairs_hook=len, strict=False) != len(values):
        raise ValueError("a field stands more than once")
    return values


def repair(text: str, fields: Fields) -> Json | None:
    """The answer, when only its form is wrong and can be read in one way; None otherwise. Never raises.

    For answers that ended by themselves; one that was cut off must not come here.
    """
    try:
        written = read_loose(text)
        if written.keys() != fields.specs.keys():
            return None
        values = {name: _field(name, value, fields.specs[name]) for name, value in written.items()}
        checked = fields.validate(values)
    except (NotReadable, ValidationError, ValueError, TypeError):
        return None
    return checked if checked == values else None


def _field(name: str, value: Scalar | list[Scalar], spec: FieldSpec) -> Plain | list[Plain]:
    own_unit = _OTHER_UNIT.search(f"{name} {spec.description}") is None
    if not isinstance(value, list):
        return _scalar(value, spec.type, spec.values, own_unit)
    if spec.type != "list":
        raise NotReadable("a list for a single value")
    return [_scalar(item, spec.items, spec.values, own_unit) for item in value]


def _scalar(value: Scalar, kind: str, choices: Sequence[str], korean: bool) -> Plain:
    """One value as its type says. korean: whether amounts such as 3만5천원 are in the field's unit."""
    if not value.quoted and value.text in _NULLS:
        return None
    match kind:
        case "integer":
            return _whole(_number(value.text, korean))
        case "number":
            return _fraction(_number(value.text, korean))
        case "boolean":
            return _BOOLEANS[_known(value.text.strip().lower(), list(_BOOLEANS))]
        case "enum":
            return _known(value.text.strip(), choices)
        case "string" | "date" if value.quoted:
            return value.text
        case _:
            raise NotReadable(f"{kind} without quotes")


def _known(word: str, choices: Sequence[str]) -> str:
    """The choice that is this word, or the only one that differs in case alone."""
    if word in choices:
        return word
    found = [choice for choice in choices if choice.casefold() == word.casefold()]
    if len(found) != 1:
        raise NotReadable("none of the values, or several of them")
    return found[0]


def _number(text: str, korean: bool) -> Decimal:
    """The number that is the whole text, exactly."""
    plain = text.strip().translate(_NARROW)
    if len(plain) > _LONGEST_NUMBER:
        raise NotReadable("too long for a number")
    if _NUMBER.fullmatch(plain):
        return Decimal(plain.replace(",", ""))
    amount = plain.removesuffix("원").rstrip()
    if korean and _KOREAN.fullmatch(amount):
        won = parse_krw(plain)
        if won is not None:
            return Decimal(won)
    raise NotReadable("not a number, or not in one way")


def _whole(number: Decimal) -> int:
    if number != number.to_integral_value():
        raise NotReadable("a fraction for a whole number")
    return int(number)


def _fraction(number: Decimal) -> float:
    """As JSON reads it; a whole number that it cannot hold is refused."""
    value = float(number)
    if number == number.to_integral_value() and Decimal(value) != number:
        raise NotReadable("more digits than a number holds")
    return value
