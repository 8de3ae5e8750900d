"""Ports for parts that a test starts beside those of the person at this machine."""

from __future__ import annotations

import pytest

from furrow.local import ports


def use_free_ports(patch: pytest.MonkeyPatch) -> dict[str, int]:
    """Free ports as the usual ones, each part another; by the names of the parts."""
    chosen: dict[str, int] = {}
    for name in ports.USUAL:
        chosen[name] = ports.choose(0, chosen.values())
    patch.setattr(ports, "USUAL", chosen)
    return chosen
