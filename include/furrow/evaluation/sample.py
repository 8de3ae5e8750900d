"""Quantiles of any number of values in bounded memory."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Sequence
from typing import Any

SAMPLE_SIZE = 10_000


def place_of(record_id: str) -> int:
    """A record's place in every sample: a hash, so that the choice is random, and the same each time."""
    digest = hashlib.blake2b(record_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


class Sample:
    """A uniform sample of at most `size` values: those of the records with the lowest places.

    It does not depend on the order in which values come, and up to `size` values it is all of them.
    """

    def __init__(self, size: int = SAMPLE_SIZE):
        self._size = size
        self._kept: list[tuple[int, float]] = []

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, place: int, value: float) -> None:
        """One more value, of the record with that place."""
        entry = (-place, value)
        if len(self._kept) < self._size:
            heapq.heappush(self._kept, entry)
        elif entry > self._kept[0]:
            heapq.heapreplace(self._kept, entry)

    def quantiles(self, shares: Sequence[float]) -> list[Any]:
        """For each share, the smallest value with at least that share at or below it; none when empty."""
        if not self._kept:
            return []
        import numpy as np

        values = np.asarray([value for _, value in self._kept])
        return list(np.quantile(values, shares, method="inverted_cdf").tolist())
