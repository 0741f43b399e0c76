"""How thin a bone is against the women whom the model was fitted to: what its relative changes are scaled by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aimss.body.fracture import mean_t_score
from aimss.forecast.her_scans import level_prior, scan_data
from aimss.forecast.levels import update_levels
from aimss.patient.densitometry import young_reference
from aimss.patient.observations import SITES, Site
from aimss.patient.scans import scan_series

if TYPE_CHECKING:
    from aimss.body.parameters import Parameters
    from aimss.patient.patient import Patient

Array = NDArray[np.float64]
REFERENCE_AGE_YEARS = 62.0  # the middle of the trials on an inhibitor; a choice of unit, taken up by the fit


def thinness(site: Site, bmd_g_cm2: float | Array, parameters: Mapping[str, float]) -> Array:
    """Return ln(density of the reference woman / this density), 0 for the mean woman of 62 years."""
    reference = young_reference(site).bmd_g_cm2(mean_t_score(parameters, site, REFERENCE_AGE_YEARS))
    return np.asarray(np.log(reference / np.asarray(bmd_g_cm2)))


def thinness_of(patient: Patient, parameters: Parameters) -> dict[str, float]:
    """Return how thin her bone is at every site, by all her scans; a woman without one has the mean of her age.

    Her scans are taken together before any course is known: what she lost between them moves the answer by less than
    the noise of a scan.
    """
    prior, scans = level_prior(patient, parameters), scan_data(patient, dict(scan_series(patient.dxa)), parameters)
    level = update_levels(prior, scans, np.zeros((1, scans.count))).mean[0, : len(SITES)]
    return {site: float(thinness(site, np.exp(level[i]), parameters)) for i, site in enumerate(SITES)}
