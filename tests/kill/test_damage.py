"""The trials would notice: what `damage` says of records and rows that are gone, there twice, or old."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.kill.site import Damage, Snapshot, damage, record_id

LINES = [b'{"id": "a"}', b'{"id": "b"}', b'{"id": "b"}']


def result(line: bytes, **changed: Any) -> dict[str, Any]:
    return {"id": record_id(line), "outcome": "accepted", "result": {"brand": "삼성"}, **changed}


SOUND = Snapshot(
    results=[result(line) for line in LINES],
    online={(b"a", "brand"): (b"1", "t1"), (b"b", "brand"): (b"2", "t1")},
    history=[{"key": "a"}, {"key": "b"}],
    letters=[{"record_id": "p"}],
)
FIRST, *REST = SOUND.results
CASES = {
    "nothing": (SOUND, Damage()),
    "a record has no end": (replace(SOUND, results=SOUND.results[:2]), Damage(lost=1)),
    "a record has two": (replace(SOUND, results=[*SOUND.results, FIRST]), Damage(doubled=1)),
    "an end has no name": (
        replace(SOUND, results=[{**FIRST, "outcome": None}, *REST]),
        Damage(stale=1, unnamed=1),
    ),
    "another result": (replace(SOUND, results=[{**FIRST, "result": {}}, *REST]), Damage(stale=1)),
    "a feature is gone": (replace(SOUND, online={(b"a", "brand"): (b"1", "t1")}), Damage(lost=1)),
    "a feature is old": (
        replace(SOUND, online={**SOUND.online, (b"b", "brand"): (b"0", "t0")}),
        Damage(stale=1),
    ),
    "history twice": (replace(SOUND, history=[*SOUND.history, {"key": "b"}]), Damage(doubled=1)),
    "a letter is gone": (replace(SOUND, letters=[]), Damage(lost=1)),
}


@pytest.mark.parametrize("case", CASES, ids=list(CASES))
def test_damage_is_counted(case: str) -> None:
    found, wanted = CASES[case]
    assert damage(found, SOUND, LINES) == wanted
    assert bool(damage(found, SOUND, LINES)) == (case != "nothing")
