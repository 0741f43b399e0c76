"""How thin a bone is against the women whom the model was fitted to: what its relative changes are scaled by."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from aimss.body.fracture import mean_t_score
from aimss.patient.densitometry import young_reference
from aimss.patient.observations import Site

Array = NDArray[np.float64]
REFERENCE_AGE_YEARS = 62.0  # the middle of the trials on an inhibitor; a choice of unit, taken up by the fit


def thinness(site: Site, bmd_g_cm2: float | Array, parameters: Mapping[str, float]) -> Array:
    """Return ln(density of the reference woman / this density), 0 for the mean woman of 62 years."""
    reference = young_reference(site).bmd_g_cm2(mean_t_score(parameters, site, REFERENCE_AGE_YEARS))
    return np.asarray(np.log(reference / np.asarray(bmd_g_cm2)))
