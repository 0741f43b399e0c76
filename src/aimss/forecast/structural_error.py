"""What the model gets wrong beyond its parameters, as an error of the forecast BMD change that grows from today.

Size: how far trials of one regimen lie apart (body.between_trials, fitted), wider after denosumab and under ovarian
suppression before menopause by the fitted factor, and beyond three years of antiresorptive on an AI by the same one
(assumed). How it grows is assumed, here as in the fit: as a random walk over the first year, constant after it. All
strategies of a twin share the error's direction, so that a comparison between strategies is not drowned by an error
that they have in common (also assumed).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from aimss.body.between_trials import between_trial_sd_percent, unvalidated_factor
from aimss.body.declaration import SITES
from aimss.patient.dates import DAYS_PER_YEAR

Array = NDArray[np.float64]
GROWTH_YEARS = 1.0
SITE_CORRELATION = 0.7  # as between the levels of spine and hip (RB073); for the error itself assumed


def structural_sd_percent(days: Array, wider_from_days: Iterable[float]) -> Array:
    """Return 1 SD in percent of BMD at each day and site, (t, 3).

    wider_from_days : when each unvalidated range is entered; the widening grows over a year as well.
    """
    whole = GROWTH_YEARS * DAYS_PER_YEAR
    elapsed = np.clip(days / whole, 0.0, 1.0)
    share = np.zeros_like(elapsed)
    for from_day in wider_from_days:
        share = np.maximum(share, np.clip((days - from_day) / whole, 0.0, 1.0))
    variance = elapsed * (1.0 + (unvalidated_factor() ** 2 - 1.0) * share)
    return np.asarray(np.sqrt(variance)[:, None] * [between_trial_sd_percent(site) for site in SITES])


def site_errors(normals: Array) -> Array:
    """Return standard errors (n, 3) correlated between sites, from standard normal numbers (n, 4)."""
    shared, own = normals[:, :1], normals[:, 1:]
    return np.asarray(np.sqrt(SITE_CORRELATION) * shared + np.sqrt(1 - SITE_CORRELATION) * own)
