"""`screen:` of steps.yaml: no step sees what a record says to the model instead of to people.

What counts is in `orders.py`. A placeholder stands where it was cut out, so that what stood around it does
not become one sentence. It stands for nothing: a record that holds one itself gains nothing. In results it
is dropped. Personal data is masked after that (`masking.py`), in what is left. What a model copies from a
sentence that only may be an order is dropped from its answer (`provenance.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from furrow.config.models import FieldSpec, Screen
from furrow.engine.orders import PLACEHOLDER, screened
from furrow.engine.provenance import Ours, Provenance, Specs, texts_in
from furrow.engine.record import Json, Work
from furrow.errors import InstructionFound

_AS_WRITTEN_BACK = re.compile(r"[\[(<{【]\s?지시문\s?[\])>}】]|^\s*지시문\s*$")
"""The placeholder as a model may write it: in other brackets, or alone without any."""
_NOTHING = re.compile(r"[\s\W_]*")
_BLANKS = re.compile(r"[ \t]{2,}")


class Screening:
    """What one version's `screen` does. Without one, everything stays as it is.

    fields: the names of the fields of its answers; who writes them into a listing speaks to the model.
    """

    def __init__(self, config: Screen | None, fields: Iterable[str] = ()):
        self._on = config is not None
        self._rejects = config is not None and config.on_found == "reject"
        self._fields = frozenset(fields)

    def seen(self, work: Work) -> Work:
        """The work as its steps see it. They share its outputs. Raises InstructionFound where it rejects."""
        if not self._on:
            return work
        data, key = self._value(work.record.data), self._value(work.record.key)
        if data == work.record.data and key == work.record.key:
            return work
        if self._rejects:
            names = [f"`{name}`" for name, value in work.record.data.items() if data[name] != value]
            raise InstructionFound(
                f"{', '.join(names) or 'key'} of the record speaks to a model, not to people"
            )
        return replace(work, record=replace(work.record, data=data, key=key))

    def trusted(self, work: Work, answer: Json, specs: Specs, ours: Ours = tuple) -> Json:
        """A model's answer without what it has from a doubtful sentence alone.

        work: as its step saw it; ours: what the folder itself says.
        """
        return Provenance.of(texts_in(work.record.data), ours).trusted(answer, specs) if self._on else answer

    def published(self, work: Work, seen: Work, specs: Mapping[str, Specs], ours: Ours = tuple) -> Work:
        """The work with outputs as they may leave.

        work: what `seen` of this gave; seen: as its steps saw it, masked too; specs: step -> its fields;
        ours: as for `trusted`.
        """
        if not self._on:
            return work
        provenance, outputs = Provenance.of(texts_in(seen.record.data), ours), dict(work.outputs)
        placed = any(PLACEHOLDER in text for text in (work.record.key, *texts_in(work.record.data)))
        for step, output in outputs.items():
            left = _fields(output, specs.get(step, {})) if placed else output
            outputs[step] = provenance.without_copies(left, specs.get(step, {}))
        return replace(work, outputs=outputs)

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return screened(value, self._fields)
        if isinstance(value, list):
            return [self._value(part) for part in value]
        if isinstance(value, dict):
            return {key: self._value(part) for key, part in value.items()}
        return value


def _fields(output: Json, specs: Specs) -> Json:
    return {name: _field(value, specs.get(name), specs) for name, value in output.items()}


def _field(value: Any, spec: FieldSpec | None, specs: Specs) -> Any:
    if isinstance(value, str):
        left = _left(value)
        return None if not left and left != value and spec is not None and spec.nullable else left
    if isinstance(value, dict):
        return _fields(value, specs)
    if isinstance(value, list):
        return [_field(item, None, specs) for item in value if not _loses(item)]
    return value


def _loses(item: Any) -> bool:
    """An item of a list goes whole."""
    return isinstance(item, str) and _AS_WRITTEN_BACK.search(item) is not None


def _left(text: str) -> str:
    if not _AS_WRITTEN_BACK.search(text):
        return text
    left = _AS_WRITTEN_BACK.sub("", text)
    return "" if _NOTHING.fullmatch(left) else _BLANKS.sub(" ", left).strip()
