"""`mask:` of steps.yaml: no model sees the personal data of a record.

The steps see the record with placeholders (`[전화1]`), numbered by kind in the order of the record, so that
every task and every rerun gives the same ones. What a prompt puts together is looked through once more.
In the results the placeholders are dropped, or what they stand for is put back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from furrow.config.models import FieldSpec, Mask, MaskKind
from furrow.engine.personal import Found, find_personal
from furrow.engine.record import Json, Record, Work
from furrow.engine.untrusted_text import visible

LABELS: dict[MaskKind, str] = {
    "phone": "전화",
    "rrn": "주민번호",
    "account": "계좌",
    "email": "메일",
    "card": "카드",
    "link": "링크",
}
_LABEL = "|".join(LABELS.values())
_PLACEHOLDER = re.compile(rf"\[({_LABEL})(\d{{1,4}})\]")
_AS_WRITTEN_BACK = re.compile(
    rf"[\[(<{{【]\s?({_LABEL})\s?(\d{{1,4}})\s?[\])>}}】]|^\s*({_LABEL})\s?(\d{{1,4}})\s*$"
)
"""A placeholder as a model may write it: in other brackets, or alone without any."""
_IMAGE_NAME = re.compile(r"\S+\.(?:jpe?g|png|webp)(?:\?\S*)?", re.IGNORECASE)
_NOTHING = re.compile(r"[\s\W_]*")
_BLANKS = re.compile(r"[ \t]{2,}")


class Masking:
    """What one version's `mask` does. Without one, everything stays as it is."""

    def __init__(self, config: Mask | None):
        self.on = config is not None
        self._kinds: tuple[MaskKind, ...] = tuple(config.kinds) if config else ()
        self._restores = config is not None and config.result == "restore"

    def seen(self, work: Work) -> Work:
        """The work as its steps see it. They share its outputs."""
        if not self.on:
            return work
        return replace(work, record=_Placeholders(self._kinds).record(work.record))

    def prompt(self, text: str) -> str:
        """A rendered prompt, what only came together in it masked too; that is never put back."""
        if not self.on:
            return text
        taken = Counter(dict.fromkeys(LABELS.values(), 0))
        for label, number in _PLACEHOLDER.findall(text):
            taken[label] = max(taken[label], int(number))
        return _Placeholders(self._kinds, taken).text(text, find_personal(text, self._kinds))

    def published(self, work: Work, specs: Mapping[str, Mapping[str, FieldSpec]]) -> dict[str, Json]:
        """The outputs of the steps as they may leave. specs: step -> its fields."""
        if not self.on:
            return work.outputs
        masked = _Placeholders(self._kinds)
        masked.record(work.record)
        values = masked.values if self._restores else {}
        out = _WayOut(values, () if self._restores else self._kinds)
        return {step: out.fields(output, specs.get(step, {})) for step, output in work.outputs.items()}


class _Placeholders:
    """The placeholders of one record: the same words always get the same one."""

    def __init__(self, kinds: Iterable[MaskKind], taken: Counter[str] | None = None):
        self._kinds = tuple(kinds)
        self._taken = taken or Counter()
        self._names: dict[tuple[MaskKind, str], str] = {}
        self._literal = re.compile(rf"\[(?:{'|'.join(LABELS[kind] for kind in self._kinds)})\d{{1,4}}\]")

    @property
    def values(self) -> dict[str, str]:
        """Placeholder -> what it stands for."""
        return {name: value for (_, value), name in self._names.items()}

    def record(self, record: Record) -> Record:
        """The record with placeholders, its key too."""
        return replace(record, data=self._value(record.data), key=self._value(record.key))

    def text(self, text: str, found: Iterable[Found]) -> str:
        """The text with these pieces of it replaced."""
        parts, last = [], 0
        for one in found:
            parts += [text[last : one.start], self._name(one.kind, text[one.start : one.end])]
            last = one.end
        return "".join([*parts, text[last:]]) if parts else text

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return value if _IMAGE_NAME.fullmatch(value) else self._masked(visible(value))
        if isinstance(value, list):
            return [self._value(part) for part in value]
        if isinstance(value, dict):
            return {key: self._value(part) for key, part in value.items()}
        return value

    def _masked(self, text: str) -> str:
        """A placeholder that stands in the record itself is a text like another: it gets its own."""
        found = find_personal(text, self._kinds)
        if "[" in text:
            found += [_literal(match) for match in self._literal.finditer(text)]
        return self.text(text, sorted(found, key=lambda one: one.start))

    def _name(self, kind: MaskKind, value: str) -> str:
        if (kind, value) not in self._names:
            self._taken[LABELS[kind]] += 1
            self._names[kind, value] = f"[{LABELS[kind]}{self._taken[LABELS[kind]]}]"
        return self._names[kind, value]


def _literal(match: re.Match[str]) -> Found:
    kind = next(kind for kind, label in LABELS.items() if match[0].startswith(f"[{label}"))
    return Found(kind, match.start(), match.end())


class _WayOut:
    """Outputs on their way out. values: what is put back; kinds: what is looked for besides placeholders."""

    def __init__(self, values: Mapping[str, str], kinds: Iterable[MaskKind]):
        self._values, self._kinds = values, tuple(kinds)

    def fields(self, output: Json, specs: Mapping[str, FieldSpec]) -> Json:
        """The fields of an output, or of one of its parts."""
        return {name: self._field(value, specs.get(name), specs) for name, value in output.items()}

    def _field(self, value: Any, spec: FieldSpec | None, specs: Mapping[str, FieldSpec]) -> Any:
        if isinstance(value, str):
            left, lost = self._text(value)
            return None if lost and not left and spec is not None and spec.nullable else left
        if isinstance(value, dict):
            return self.fields(value, specs)
        if isinstance(value, list):
            return [self._field(item, None, specs) for item in value if not self._loses(item)]
        return value

    def _loses(self, item: Any) -> bool:
        """An item of a list goes whole: half a hashtag is none."""
        return isinstance(item, str) and self._text(item)[1]

    def _text(self, text: str) -> tuple[str, bool]:
        """What is left of a text, and whether something was taken out of it for good."""
        if _IMAGE_NAME.fullmatch(text):
            return text, False
        lost = any(_name_of(found) not in self._values for found in _AS_WRITTEN_BACK.finditer(text))
        left = _AS_WRITTEN_BACK.sub(lambda found: self._values.get(_name_of(found), ""), text)
        personal = find_personal(left, self._kinds) if self._kinds else []
        for one in reversed(personal):
            left = left[: one.start] + left[one.end :]
        if not lost and not personal:
            return left, False
        return "" if _NOTHING.fullmatch(left) else _BLANKS.sub(" ", left).strip(), True


def _name_of(written: re.Match[str]) -> str:
    return f"[{written[1] or written[3]}{written[2] or written[4]}]"
