"""From values of many twins to the series that a plan holds: median, 50 % and 90 % interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aimss.forecast.plan_document import Series

QUANTILES = {"low90": 0.05, "low50": 0.25, "median": 0.5, "high50": 0.75, "high90": 0.95}
SIGNIFICANT_DIGITS = 6


def rounded(values: NDArray[np.float64]) -> list[float]:
    """Return the values to six significant digits: enough for any use of them, and a third of the bytes."""
    return [float(f"{value:.{SIGNIFICANT_DIGITS}g}") for value in values]


def summary(values: NDArray[np.float64]) -> dict[str, list[float]]:
    """Quantiles over the first axis of values (twin, time), by name."""
    quantiles = np.quantile(values, list(QUANTILES.values()), axis=0)
    return {name: rounded(row) for name, row in zip(QUANTILES, quantiles, strict=True)}


def series(values: NDArray[np.float64]) -> Series:
    """Quantiles over the first axis of values (twin, time)."""
    return Series(**summary(values))
