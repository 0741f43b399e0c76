"""The normal distribution's 95 % in one spelling: its quantile, and Wilson's interval of a share."""

from __future__ import annotations

import math

NORMAL_95 = 1.959963984540054
"""Half the width of a 95 % interval in standard errors."""


def wilson(events: float, n: float) -> tuple[float, float]:
    """Return the 95 % interval of the share events / n, within 0 to 1.

    Wilson 1927, J Am Stat Assoc 22:209, doi 10.1080/01621459.1927.10502953.
    events : 0 to n, whole or not (a published share times its n). ValueError outside that.
    """
    if not (n > 0 and 0 <= events <= n):
        raise ValueError(f"events: expected 0 to n with n above 0; found {events:g} of {n:g}")
    z2, share = NORMAL_95**2, events / n
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = NORMAL_95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(middle - half, 0.0), min(middle + half, 1.0)
