"""Ways in which models spoil a right answer, each with its name: for the repair's tests and for servers.

A spoiler takes any flat object (text, numbers, booleans, null, and lists of them) and its dice; the same dice
give the same text. One that needs a number, a boolean or a word of an enum writes plain JSON when the
object has none. It does not know the schema: a lone lower-case ASCII word counts as a word of an enum.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Spoiler = Callable[[Json, random.Random], str]

_ENUM_WORD = re.compile(r"[a-z][a-z_]{2,}")
_FULL_WIDTH = str.maketrans("0123456789.-", "０１２３４５６７８９．－")
_PYTHON_WORDS = {"true": "True", "false": "False", "null": "None"}
_BEFORE = (
    "Sure! Here is the JSON you asked for:\n\n",
    "요청하신 결과입니다.\n",
    "<think>The seller's price is 3만원 [maybe], so I answer.</think>\n",
    "Answer: ",
    "**Result** (as of 10:30):\n",
)
_AFTER = (
    "\n\nLet me know if you'd like anything else!",
    "\n도움이 되었길 바랍니다 :)",
    "<|im_end|>",
    '\n\nNote: "price" is in won.',
    "",
)
_REMARKS = ("the price, as written", "추정값", "TODO: check", "see the title", "it's a guess")
_REFUSALS = (
    "I'm sorry, but I can't help with that.",
    "죄송하지만 이 요청은 도와드릴 수 없습니다.",
    "As an AI model, I cannot read prices: {unknown}.",
)


@dataclass(frozen=True, slots=True)
class Malformation:
    """One way to spoil an answer. repairable: only its form is wrong, every key and value stands there."""

    name: str
    repairable: bool
    spoil: Spoiler


@dataclass(frozen=True, slots=True)
class _Style:
    """How an object is written; the defaults are JSON."""

    text: Callable[[str], str] = lambda text: json.dumps(text, ensure_ascii=False)
    key: Callable[[str], str] | None = None
    word: Callable[[str], str] = str
    comma: str = ", "
    colon: str = ": "
    last: str = ""

    def write(self, values: Json, raw: Mapping[str, str] | None = None) -> str:
        """The object; `raw` has values that are written already."""
        key, raw = self.key or self.text, raw or {}
        pairs = [
            f"{key(name)}{self.colon}{raw[name] if name in raw else self.value(value)}"
            for name, value in values.items()
        ]
        return "{" + self.comma.join(pairs) + (self.last if pairs else "") + "}"

    def value(self, value: Any) -> str:
        """One value: text, a list, or a word of JSON."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return "[" + ", ".join(map(self.value, value)) + (self.last if value else "") + "]"
        return self.word(json.dumps(value))


_PLAIN = _Style()


def korean_number(number: int) -> str:
    """A whole number from 0 up in Korean units: 35000 -> 3만5천, 123456 -> 12만3456."""
    eok, rest = divmod(number, 10**8)
    man, rest = divmod(rest, 10**4)
    parts = [f"{eok}억" if eok else "", f"{man}만" if man else ""]
    if rest and rest % 1000 == 0:
        parts.append(f"{rest // 1000}천")
    elif rest or not number:
        parts.append(str(rest))
    return "".join(parts)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_enum_word(value: Any) -> bool:
    return isinstance(value, str) and _ENUM_WORD.fullmatch(value) is not None


def _some(values: Json, dice: random.Random, wanted: Callable[[Any], bool]) -> list[str]:
    """Names of at least one value of the wanted kind, when there is one."""
    names = [name for name, value in values.items() if wanted(value)]
    return dice.sample(names, dice.randint(1, len(names))) if names else []


def _rewritten(wanted: Callable[[Any], bool], write: Callable[[Any, random.Random], str]) -> Spoiler:
    """Some values of one kind, written otherwise."""

    def spoil(values: Json, dice: random.Random) -> str:
        return _PLAIN.write(values, {name: write(values[name], dice) for name in _some(values, dice, wanted)})

    return spoil


def _in_style(*styles: _Style) -> Spoiler:
    return lambda values, dice: dice.choice(styles).write(values)


# --- form ------------------------------------------------------------------------------------------


def _fences(values: Json, dice: random.Random) -> str:
    indent = dice.choice([None, 2])
    body = json.dumps(values, ensure_ascii=False, indent=indent)
    return f"```{dice.choice(['json', '', 'JSON', 'json5'])}\n{body}\n```{dice.choice(['', chr(10)])}"


def _prose(values: Json, dice: random.Random) -> str:
    fenced = dice.random() < 0.3
    body = _fences(values, dice) if fenced else _PLAIN.write(values)
    return dice.choice(_BEFORE) + body + dice.choice(_AFTER)


def _single_quoted(text: str) -> str:
    return "'" + "".join(_single_escaped(letter) for letter in text) + "'"


def _single_escaped(letter: str) -> str:
    if letter in "'\"":
        return "\\'" if letter == "'" else letter
    return json.dumps(letter, ensure_ascii=False)[1:-1]


def _curly_quoted(text: str) -> str:
    return f"“{json.dumps(text, ensure_ascii=False)[1:-1]}”"


def _raw_breaks(text: str) -> str:
    """Line breaks and tabs as themselves inside the quotes."""
    body = json.dumps(text, ensure_ascii=False)
    return re.sub(r"(?<!\\)((?:\\\\)*)\\([nt])", lambda m: m[1] + {"n": "\n", "t": "\t"}[m[2]], body)


def _python_escaped(text: str) -> str:
    return '"' + "".join(_python_escape(letter) for letter in text) + '"'


def _python_escape(letter: str) -> str:
    point = ord(letter)
    if point < 128:
        return json.dumps(letter)[1:-1]
    if point < 256:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _comments(values: Json, dice: random.Random) -> str:
    pairs = [f"{_PLAIN.text(name)}: {_PLAIN.value(value)}" for name, value in values.items()]
    lines = [pair + "," for pair in pairs[:-1]] + pairs[-1:]
    return "\n".join(["{ // answer", *(f"  {line} {_remark(dice)}" for line in lines), "}"])


def _remark(dice: random.Random) -> str:
    mark = dice.choice(["// {}", "# {}", "/* {} */", "{}"])
    return mark.format(dice.choice(_REMARKS)) if mark != "{}" else ""


def _missing_comma(values: Json, dice: random.Random) -> str:
    pairs = [f"{_PLAIN.text(name)}: {_PLAIN.value(value)}" for name, value in values.items()]
    gaps = [", "] * (len(pairs) - 1)
    if gaps:
        gaps[dice.randrange(len(gaps))] = dice.choice(["\n", " "])
    return "{" + "".join(pair + gap for pair, gap in zip(pairs, [*gaps, ""], strict=False)) + "}"


# --- values in another form ------------------------------------------------------------------------


def _as_string(value: float, dice: random.Random) -> str:
    commas = isinstance(value, int) and dice.random() < 0.5
    return f'"{value:,}"' if commas else f'"{json.dumps(value)}"'


def _full_width(value: float, dice: random.Random) -> str:
    digits = json.dumps(value).translate(_FULL_WIDTH)
    return digits if dice.random() < 0.7 else f'"{digits}"'


def _korean(value: int, dice: random.Random) -> str:
    written = korean_number(value) + "원"
    return dice.choice([f'"{written}"', f'"{value:,}원"', written])


def _other_case(value: str, dice: random.Random) -> str:
    return _PLAIN.text(dice.choice([value.upper(), value.capitalize(), value.title()]))


def _boolean_word(value: bool, dice: random.Random) -> str:
    return f'"{dice.choice([str(value), str(value).lower(), str(value).upper()])}"'


# --- values lost or in doubt -----------------------------------------------------------------------


def _not_a_number(values: Json, dice: random.Random) -> str:
    names = _some(values, dice, _is_number) or _some(values, dice, lambda _: True)
    return _PLAIN.write(values, {name: dice.choice(["NaN", "Infinity", "-Infinity"]) for name in names[:1]})


def _another(value: Any, dice: random.Random) -> Any:
    """A value of the same kind that is not this one."""
    if isinstance(value, bool):
        return not value
    if _is_number(value):
        return value + dice.randint(1, 9000)
    return f"{value}{dice.choice(['?', ' 2', '다른 것'])}" if isinstance(value, str) else "다른 것"


def _duplicate_keys(values: Json, dice: random.Random) -> str:
    plain = _PLAIN.write(values)
    if not values:
        return plain
    name = dice.choice(list(values))
    second = f"{_PLAIN.text(name)}: {_PLAIN.value(_another(values[name], dice))}"
    return dice.choice([f"{plain[:-1]}, {second}}}", f"{{{second}, {plain[1:]}"])


def _two_objects(values: Json, dice: random.Random) -> str:
    if not values:
        return "{}{}"
    name = dice.choice(list(values))
    both = [_PLAIN.write(values), _PLAIN.write({**values, name: _another(values[name], dice)})]
    dice.shuffle(both)
    between = dice.choice(["\n", "\n\nor, better:\n", " ", ", "])
    return dice.choice(["{}", "[{}]"]).replace("{}", between.join(both))


def _deep(values: Json, dice: random.Random) -> str:
    opening, closing = dice.choice([("[", "]"), ('{"value": ', "}")])
    depth = dice.choice([1, 2, 40, 3000])
    names = dice.sample(list(values), min(1, len(values)))
    return _PLAIN.write(
        values, {name: opening * depth + _PLAIN.value(values[name]) + closing * depth for name in names}
    )


def _truncated(values: Json, dice: random.Random) -> str:
    plain = _PLAIN.write(values)
    return plain[: dice.choice([dice.randint(1, len(plain) - 1), len(plain) - 1])]


def _missing_field(values: Json, dice: random.Random) -> str:
    dropped = dice.choice(list(values)) if values else None
    return _PLAIN.write({name: value for name, value in values.items() if name != dropped})


def _unescaped_quotes(values: Json, dice: random.Random) -> str:
    """Every text gets a quoted word in the middle, as it stands."""
    broken = {name: _broken(value, dice) for name, value in values.items() if isinstance(value, str)}
    return _PLAIN.write(values, broken)


def _broken(text: str, dice: random.Random) -> str:
    middle = dice.randint(0, len(text))
    inside = (
        json.dumps(text[:middle], ensure_ascii=False)[1:-1],
        json.dumps(text[middle:], ensure_ascii=False)[1:-1],
    )
    return f'"{inside[0]}{dice.choice([chr(34), chr(34) + "A급" + chr(34)])}{inside[1]}"'


_ALL = (
    Malformation("fences", True, _fences),
    Malformation("prose_around", True, _prose),
    Malformation("single_quotes", True, _in_style(_Style(text=_single_quoted))),
    Malformation("trailing_comma", True, _in_style(_Style(last=","), _Style(comma=",\n  ", last=",\n"))),
    Malformation("full_width_digits", True, _rewritten(_is_number, _full_width)),
    Malformation("korean_number", True, _rewritten(lambda v: _is_whole(v) and 0 <= v < 10**12, _korean)),
    Malformation("enum_case", True, _rewritten(_is_enum_word, _other_case)),
    Malformation("number_as_string", True, _rewritten(_is_number, _as_string)),
    Malformation("bom", True, lambda values, _: "\ufeff" + _PLAIN.write(values)),
    # Valid JSON as long as no letter needs one of Python's own escapes, \x.. and \U........
    Malformation("escaped_unicode", True, _in_style(_Style(text=_python_escaped))),
    Malformation("missing_comma", True, _missing_comma),
    Malformation(
        "unquoted_keys", True, _in_style(_Style(key=str), _Style(key=str, comma=",\n", colon=" : "))
    ),
    Malformation("python_literals", True, _in_style(_Style(word=lambda word: _PYTHON_WORDS.get(word, word)))),
    Malformation("python_dict", True, lambda values, _: repr(values)),
    Malformation("comments", True, _comments),
    Malformation("full_width_punctuation", True, _in_style(_Style(comma="，", colon="："))),
    Malformation("curly_quotes", True, _in_style(_Style(text=_curly_quoted))),
    Malformation("raw_line_breaks", True, _in_style(_Style(text=_raw_breaks))),
    Malformation("json_in_a_string", True, lambda values, _: json.dumps(_PLAIN.write(values))),
    Malformation("object_in_a_list", True, lambda values, _: f"[{_PLAIN.write(values)}]"),
    Malformation("boolean_words", True, _rewritten(lambda v: isinstance(v, bool), _boolean_word)),
    Malformation("whole_number_as_float", True, _rewritten(_is_whole, lambda value, _: f"{value}.0")),
    Malformation("thousands_commas", True, _rewritten(_is_whole, lambda value, _: f"{value:,}")),
    Malformation("nan", False, _not_a_number),
    Malformation("duplicate_keys", False, _duplicate_keys),
    Malformation("two_objects", False, _two_objects),
    # Valid, and so not to be told from a right answer, where every field may be null.
    Malformation("null_for_required", False, lambda values, _: _PLAIN.write(dict.fromkeys(values))),
    Malformation("deep_nesting", False, _deep),
    Malformation("truncated_at_stop", False, _truncated),
    Malformation("fraction", False, _rewritten(_is_whole, lambda value, _: f"{value}.5")),
    Malformation("missing_field", False, _missing_field),
    Malformation("extra_field", False, lambda values, _: _PLAIN.write({**values, "explanation": "제목에서"})),
    Malformation("object_in_an_object", False, lambda values, _: f'{{"answer": {_PLAIN.write(values)}}}'),
    Malformation("unescaped_quotes", False, _unescaped_quotes),
    Malformation("refusal_text", False, lambda _, dice: dice.choice(_REFUSALS)),
    Malformation(
        "empty", False, lambda _, dice: dice.choice(["", " \n", "{}", "null", "[]", "```json\n```"])
    ),
)

MALFORMATIONS: Mapping[str, Malformation] = {malformation.name: malformation for malformation in _ALL}
"""Name -> malformation; the repairable ones first."""
