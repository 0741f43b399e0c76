"""How far women differ: the spread of their constants, set so that changes on an inhibitor spread as published.

One factor scales the assumed spread of everything that acts on an inhibitor, and each site's own yearly slope takes up
the rest; the noise of a measurement stays as it is. Three numbers are fitted to six published SDs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aimss.body.parameters import Parameters, first_fit
from aimss.calibration.arm_courses import ArmCourses
from aimss.calibration.arms import Arm
from aimss.calibration.standard_errors import HIP_SD, MONTHS, SPINE_SD
from aimss.calibration.women_of_arms import drawn_women

Array = NDArray[np.float64]
STARTER = Arm.model_validate(
    {"population": {"years_since_final_menstrual_period": 12}, "treatments": [{"drug": "any_aromatase_inhibitor"}]}
)
SITES = ("lumbar_spine", "total_hip")
SLOPES = ("random_slope_sd_lumbar_spine", "random_slope_sd_hip")
NOISES = ("measurement_noise_sd_lumbar_spine", "measurement_noise_sd_total_hip")
# drugs' own differences (denosumab, bisphosphonates) do not act on an inhibitor alone
SCALED = ("estrogen_log_gain", "preosteoclast_differentiation_rate")
SCALED_BY_SITE = ("log_turnover_drift", "turnover", "ageing_loss")
FACTORS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
PUBLISHED_LN_SE = 0.1  # of a published SD, itself derived from intervals (assumed)
PRIOR_LN_SD = 0.5  # of the factor and of each slope about the first fit's (assumed)
WOMEN = 1500


@dataclass(frozen=True)
class BetweenWomen:
    """What was found: the factor, the slope SDs in percent a year, and the SDs of a measured change (2 sites, 3)."""

    factor: float
    slopes: tuple[float, float]
    spreads: Array
    parameters: Parameters


def fit_between_women(parameters: Parameters) -> BetweenWomen:
    """Return the parameters with the spread between women that comes nearest to the published SDs."""
    from scipy.optimize import minimize

    first = first_fit()
    centre = np.array([1.0, *(first[name] for name in SLOPES)])
    of_biology = np.polyfit(FACTORS, np.stack([_biology(_scaled(parameters, f)).ravel() for f in FACTORS]), 2)
    noise = np.array([parameters[name] for name in NOISES])[:, None]
    years = np.array(MONTHS) / 12
    published = np.log([SPINE_SD, HIP_SD])

    def spreads(x: Array) -> Array:
        biology = np.array([x[0] ** 2, x[0], 1.0]) @ of_biology
        return np.asarray(np.sqrt(biology.reshape(2, 3) ** 2 + (x[1:, None] * years) ** 2 + noise**2))

    def loss(ln_x: Array) -> float:
        x = np.exp(ln_x)
        misfit = (np.log(spreads(x)) - published) / PUBLISHED_LN_SE
        return float(np.sum(misfit**2) + np.sum(((ln_x - np.log(centre)) / PRIOR_LN_SD) ** 2))

    found = np.exp(minimize(loss, np.log(centre), method="Nelder-Mead").x)
    slopes = {name: float(v) for name, v in zip(SLOPES, found[1:], strict=True)}
    result = _scaled(parameters, float(found[0])).replace(slopes)
    return BetweenWomen(float(found[0]), (slopes[SLOPES[0]], slopes[SLOPES[1]]), spreads(found), result)


def _scaled(parameters: Parameters, factor: float) -> Parameters:
    names = [*SCALED, *(n for n in parameters.between_women if n.startswith(SCALED_BY_SITE))]
    first = first_fit().between_women
    return parameters.replace_between_women({n: factor * first[n] for n in names})


def _biology(parameters: Parameters) -> Array:
    """SD between women of the change in percent on an inhibitor, (2 sites, 3 months), without slope and noise."""
    women = drawn_women(parameters, WOMEN)
    courses = ArmCourses({"starter": STARTER}, {"starter": (0.0, *MONTHS)}, parameters=parameters, women=women)
    return np.array(
        [
            [
                np.std(100 * np.expm1(courses.log_bmd("starter", s, m) - courses.log_bmd("starter", s, 0.0))[0, 1:])
                for m in MONTHS
            ]
            for s in SITES
        ]
    )
