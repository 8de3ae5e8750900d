"""Feast, imported without a check of every argument's type.

Feast decorates its classes with typeguard's `typechecked`, which parses and compiles each of their methods
anew. That is most of what its import takes, in every process that publishes (`furrow bench feast_import`).
"""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def feast() -> Any:
    """The module `feast`. Import nothing of Feast before it was asked for here."""
    import typeguard

    checked = typeguard.typechecked
    vars(typeguard)["typechecked"] = _unchecked
    try:
        import feast
    finally:
        vars(typeguard)["typechecked"] = checked
    return feast


def _unchecked(target: Any = None, **_: Any) -> Any:
    """In the place of `typechecked`, with and without brackets."""
    return _unchecked if target is None else target
