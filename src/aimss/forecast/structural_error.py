"""What the model gets wrong beyond its parameters, as an error of the forecast BMD change that grows from today.

Sizes: bone-model, from the spread of trials of one regimen: 1.5 points (1 SD), 2.5 after denosumab, under ovarian
suppression before menopause and beyond three years of antiresorptive on an AI. How it grows is assumed: as a random
walk over the first year, constant after it. All strategies of a twin share the error's direction, so that a comparison
between strategies is not drowned by an error that they have in common (also assumed).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aimss.patient.dates import DAYS_PER_YEAR

Array = NDArray[np.float64]
STRUCTURAL_ERROR_PERCENT = 1.5
GROWTH_YEARS = 1.0
SITE_CORRELATION = 0.7  # as between the levels of spine and hip (RB073); for the error itself assumed


def structural_sd_percent(days: Array, wider: list[tuple[float, float]]) -> Array:
    """Return 1 SD in percent of BMD at each day, (t,).

    wider : (from day, SD in percent) for each unvalidated range entered; the widening grows over a year as well.
    """
    elapsed = np.clip(days / (GROWTH_YEARS * DAYS_PER_YEAR), 0.0, 1.0)
    variance = STRUCTURAL_ERROR_PERCENT**2 * elapsed
    for from_day, sd in wider:
        since = np.clip((days - from_day) / (GROWTH_YEARS * DAYS_PER_YEAR), 0.0, 1.0)
        variance = np.maximum(variance, variance + (sd**2 - STRUCTURAL_ERROR_PERCENT**2) * since * (elapsed > 0))
    return np.asarray(np.sqrt(np.minimum(variance, max([STRUCTURAL_ERROR_PERCENT, *(sd for _, sd in wider)]) ** 2)))


def site_errors(normals: Array) -> Array:
    """Return standard errors (n, 3) correlated between sites, from standard normal numbers (n, 4)."""
    shared, own = normals[:, :1], normals[:, 1:]
    return np.asarray(np.sqrt(SITE_CORRELATION) * shared + np.sqrt(1 - SITE_CORRELATION) * own)
