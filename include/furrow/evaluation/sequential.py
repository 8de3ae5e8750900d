"""An interval for a mean that stays valid however often somebody looks at it.

An asymptotic confidence sequence, of the Gaussian mixture kind: I. Waudby-Smith, D. Arbour, R. Sinha,
E. Kennedy, A. Ramdas, Time-uniform central limit theory and asymptotic confidence sequences (2021). Where an
interval for one look is 1.96 standard errors wide at each side, this one is `boundary(n)` of them.
"""

from __future__ import annotations

import math
from typing import Final

ALPHA: Final = 0.05
TUNED_FOR: Final = 5000
"""Units at which the boundary is lowest. It may not depend on what was seen, so it is the same for all; from
1,000 to 100,000 units the boundary is then between 3.03 and 3.37 standard errors."""


def boundary(n: int, alpha: float = ALPHA, tuned_for: int = TUNED_FOR) -> float:
    """By how many standard errors a mean of n values may be off at any look, with chance 1 - alpha.

    n: all units of both arms together.
    """
    if n < 1:
        return math.inf
    inner = -2 * math.log(alpha)
    # The paper's closed form of the choice of rho that makes the interval shortest at one n.
    seen = n * (inner + math.log(inner + 1)) / tuned_for
    return math.sqrt((seen + 1) / seen * (math.log(seen + 1) + inner))
