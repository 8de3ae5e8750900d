"""Feast, imported without a check of every argument's type.

Feast decorates its classes with typeguard's `typechecked`, which parses and compiles each of their methods
anew. That is most of what its import takes, in every process that publishes (`furrow bench feast_import`).
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from threading import Lock
from typing import Any

_ONE_AT_A_TIME = Lock()


def feast(part: str = "") -> Any:
    """The module `feast`, or a part of it, such as `type_map`. Nobody else in Furrow imports it."""
    _import_unchecked()
    return import_module(f"feast.{part}" if part else "feast")


@cache
def _import_unchecked() -> None:
    import typeguard

    with _ONE_AT_A_TIME:
        checked = typeguard.typechecked
        vars(typeguard)["typechecked"] = _unchecked
        try:
            import_module("feast")
        finally:
            vars(typeguard)["typechecked"] = checked


def _unchecked(target: Any = None, **_: Any) -> Any:
    """In the place of `typechecked`, with and without brackets."""
    return _unchecked if target is None else target
