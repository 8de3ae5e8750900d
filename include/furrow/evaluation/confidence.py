"""How sure a share that was counted is."""

from __future__ import annotations

import math

LEVEL = 0.95


def interval(hits: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % score interval of a share; nothing is known of an empty one: 0 to 1."""
    if n == 0:
        return 0.0, 1.0
    from scipy.stats import binomtest  # type: ignore[import-untyped]

    found = binomtest(hits, n).proportion_ci(LEVEL, method="wilson")
    return float(found.low), float(found.high)


def cases_needed(threshold: float) -> int | None:
    """How many cases, all of them right, it takes to show a share of at least `threshold`; None: no number.

    The lower end of Wilson's interval for n out of n is n / (n + z²).
    """
    if threshold >= 1:
        return None
    from scipy.special import ndtri  # type: ignore[import-untyped]

    z = float(ndtri((1 + LEVEL) / 2))
    return math.ceil(z * z * threshold / (1 - threshold))
