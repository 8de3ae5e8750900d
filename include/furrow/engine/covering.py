"""Records as people may see them: what the folder's `mask:` keeps from the models is kept from a page too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from furrow.config.models import MaskKind
from furrow.config.use_case import Version
from furrow.engine.personal import find_personal

COVER = "●●●"
Kinds = tuple[MaskKind, ...]


def kinds_of(versions: Iterable[Version | None]) -> Kinds:
    """What any of these versions masks; all kinds when one is gone from the folder, and its rule with it."""
    kinds: dict[MaskKind, None] = {}
    for version in versions:
        if version is None:
            return get_args(MaskKind)
        if version.file.mask is not None:
            kinds |= dict.fromkeys(version.file.mask.kinds)
    return tuple(kinds)


def covered(value: Any, kinds: Kinds) -> Any:
    """The same value of JSON without personal data of these kinds, in names and numbers neither."""
    if not kinds:
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return COVER if find_personal(str(value), kinds) else value
    if isinstance(value, str):
        text: str = value
        for span in reversed(find_personal(value, kinds)):
            text = text[: span.start] + COVER + text[span.end :]
        return text
    if isinstance(value, list):
        return [covered(each, kinds) for each in value]
    if isinstance(value, dict):
        return {covered(name, kinds): covered(each, kinds) for name, each in value.items()}
    return value
