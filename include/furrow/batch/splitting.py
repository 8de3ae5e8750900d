"""Records into chunks, each of one arm: the partitions of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from furrow.engine.arms import Arm, Arms
from furrow.engine.record import Work


def split(works: Iterable[Work], arms: Arms, size: int) -> Iterator[tuple[Arm, list[Work]]]:
    """Chunks of at most `size` records for one arm, in the order in which they fill, the rest at the end.

    Memory holds one chunk of each arm. A record whose arm answers in the shadow is in two chunks.
    """
    filling: dict[Arm, list[Work]] = {}
    for work in works:
        for arm in arms.of(work.record):
            chunk = filling.setdefault(arm, [])
            chunk.append(work)
            if len(chunk) == size:
                yield arm, filling.pop(arm)
    yield from filling.items()
