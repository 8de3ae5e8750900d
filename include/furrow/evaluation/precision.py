"""How much of a list is right, and how much of what was wanted it has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from furrow.evaluation.confidence import interval
from furrow.evaluation.counts import Reported


@dataclass(frozen=True, slots=True)
class Items:
    """The items of one list, or of many. found: wanted ones that came; right: given ones that were wanted."""

    wanted: int = 0
    given: int = 0
    found: int = 0
    right: int = 0

    @classmethod
    def total(cls, parts: Iterable[Items]) -> Self:
        """The items of many lists together: each counts once, so that long lists weigh more."""
        listed = list(parts)
        return cls(
            wanted=sum(part.wanted for part in listed),
            given=sum(part.given for part in listed),
            found=sum(part.found for part in listed),
            right=sum(part.right for part in listed),
        )

    @property
    def precision(self) -> float:
        """The share of the given items that is right; of none, all are."""
        return self.right / self.given if self.given else 1.0

    @property
    def recall(self) -> float:
        """The share of the wanted items that came; of none, all did."""
        return self.found / self.wanted if self.wanted else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


class ItemScore(Reported):
    """The items of a list field over all cases together. Shares of nothing are None.

    precision: share of the items given that is right; recall: share of the items wanted that came; each with
    its 95 % interval, as if items were independent of each other.
    """

    wanted: int
    given: int
    precision: float | None
    precision_interval: tuple[float, float]
    recall: float | None
    recall_interval: tuple[float, float]
    f1: float | None

    @classmethod
    def of(cls, items: Items) -> Self:
        """The shares of these items."""
        return cls(
            wanted=items.wanted,
            given=items.given,
            precision=items.precision if items.given else None,
            precision_interval=interval(items.right, items.given),
            recall=items.recall if items.wanted else None,
            recall_interval=interval(items.found, items.wanted),
            f1=items.f1 if items.given or items.wanted else None,
        )
