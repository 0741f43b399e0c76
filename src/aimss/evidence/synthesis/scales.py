"""From the analysis scale (log, logit, double arcsine) back to the scale on which people read a result."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BACK_SCALES = {
    "OR": "odds ratio",
    "RR": "risk ratio",
    "RD": "risk difference",
    "MD": "mean difference",
    "SMD": "standardised mean difference",
    "PLO": "proportion",
    "PFT": "proportion",
    "HR": "hazard ratio",
    "GEN": "effect as given",
}


def back_transform(measure: str, value: float | None, totals: NDArray[np.floating[Any]] | None = None) -> float | None:
    """Return ``value`` on the scale named by ``BACK_SCALES[measure]``.

    The double arcsine is inverted as by Miller (1978), with the harmonic mean of ``totals`` as sample size.
    """
    if value is None:
        return None
    if measure in ("OR", "RR", "HR"):
        with np.errstate(over="ignore"):
            return float(np.exp(value))
    if measure == "PLO":
        from scipy.special import expit

        return float(expit(value))
    if measure == "PFT":
        if totals is None:
            raise ValueError("the inverse double arcsine needs the sample sizes")
        return _inverse_freeman_tukey(value, float(1 / np.mean(1 / totals)))
    return float(value)


def _inverse_freeman_tukey(value: float, n: float) -> float:
    lowest = 0.5 * np.arcsin(np.sqrt(1 / (n + 1)))
    highest = 0.5 * (np.arcsin(np.sqrt(n / (n + 1))) + np.pi / 2)
    if value <= lowest:
        return 0.0
    if value >= highest:
        return 1.0
    sine = np.sin(2 * value)
    inner = 1 - (sine + (sine - 1 / sine) / n) ** 2
    return float(0.5 * (1 - np.sign(np.cos(2 * value)) * np.sqrt(max(0.0, inner))))
