"""Virtual women as the engine takes them: parameters, what differs between women, their own constants, their past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.density_response import scaled_by_density
from aimss.body.risk_factors import log_risk_ratios, risk_factors
from aimss.counter_random import normals
from aimss.forecast.her_scans import SLOPE_PARAMETERS
from aimss.forecast.thinness import thinness
from aimss.forecast.twins import TwinSpace
from aimss.forecast.unknowns import ESTRADIOL_BY_BMI, ESTRADIOL_LN_SD, UNKNOWNS, VITAMIN_D_SUFFICIENT_NG_ML
from aimss.patient.densitometry import site_correlation
from aimss.patient.observations import SITES

if TYPE_CHECKING:
    from aimss.body.parameters import Parameters
    from aimss.patient.patient import Patient
    from aimss.trials.population import Women

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Bodies:
    """n women: constants of the engine, BMD on the first day (n, 3) g/cm2, own slope (n, 3) ln per year.

    log_risk : kind of fracture -> (n, 1), log risk ratio against the average woman.
    """

    constants: Mapping[str, Any]
    bmd: Array
    slope: Array
    log_risk: Mapping[str, Array]
    age_years: Array

    def part(self, rows: NDArray[np.int64]) -> Bodies:
        """Return some of the women."""
        return Bodies(
            {name: v[rows] if np.ndim(v) else v for name, v in self.constants.items()},
            self.bmd[rows],
            self.slope[rows],
            {kind: v[rows] for kind, v in self.log_risk.items()},
            self.age_years[rows],
        )


def make_bodies(
    women: Women, patient: Patient, parameters: Parameters, seed: int, mode: str, women_per_replicate: int
) -> Bodies:
    """Return the bodies of virtual women; row i depends on the seed and i alone.

    mode : central, draw_per_woman or draw_per_replicate (`TrialDesign.parameters`).
    """
    n, first = len(women), women.first
    space = TwinSpace(patient, parameters, vary_parameters=mode == "draw_per_woman")
    if mode == "draw_per_woman":
        rows = space.rows(seed, first, n)
    else:
        # the stream of the draws, so that a woman is the same woman with and without them
        rows = normals(seed, "twins", first, n, len(space.columns))
    made = space.twins(rows)
    constants = dict(made.constants)
    if mode == "draw_per_replicate":
        constants |= _replicate_parameters(parameters, constants, seed, first + np.arange(n), women_per_replicate)
    own = dict(zip(UNKNOWNS, rows[:, -len(UNKNOWNS) :].T, strict=True))
    bmi = women.fields["bmi_kg_m2"]
    mean_estradiol = np.select([bmi < limit for limit, _ in ESTRADIOL_BY_BMI], [mean for _, mean in ESTRADIOL_BY_BMI])
    constants["years_since_final_menstrual_period"] = women.fields["years_since_menopause"]
    constants["peripheral_estradiol_pmol_l"] = mean_estradiol * np.exp(ESTRADIOL_LN_SD * own["peripheral_estradiol"])
    constants["vitamin_d_deficit_ng_ml"] = np.maximum(VITAMIN_D_SUFFICIENT_NG_ML - women.fields["vitamin_d_ng_ml"], 0.0)
    bmd = {site: women.fields[f"bmd_{site}"] for site in SITES}
    constants = scaled_by_density(constants, {site: thinness(site, bmd[site], parameters) for site in SITES})
    return Bodies(
        constants,
        np.stack([bmd[site] for site in SITES], axis=-1),
        _slopes(parameters, seed, first, n),
        _log_risk(women, parameters),
        women.fields["age_years"],
    )


def _replicate_parameters(
    parameters: Parameters, constants: Mapping[str, Any], seed: int, index: NDArray[np.int64], per_replicate: int
) -> dict[str, Array]:
    """Constants with the one draw of each replicate in place of the fitted values."""
    replicate = index // per_replicate
    low, high = int(replicate.min()), int(replicate.max())
    drawn = parameters.draws(high - low + 1, seed, low)
    found = {}
    for name, values in drawn.items():
        mine = values[replicate - low]
        # a woman's own departure from the fitted value is a factor; it stays
        departs = parameters.between_women.get(name) is not None
        found[name] = constants[name] * (mine / parameters[name]) if departs else mine
    return found


def _slopes(parameters: Parameters, seed: int, first: int, n: int) -> Array:
    sd = np.array([parameters[name] for name in SLOPE_PARAMETERS]) / 100
    correlation = np.array([[site_correlation(a, b).value for b in SITES] for a in SITES])
    root = np.linalg.cholesky(correlation) * sd[:, None]
    return np.asarray(np.einsum("ij,kj->ik", normals(seed, "trial/slope", first, n, 3), root))


def _log_risk(women: Women, parameters: Parameters) -> dict[str, Array]:
    present = {factor.name: women.fields[factor.name] for factor in risk_factors()}
    found = log_risk_ratios(present, women.fields["bmi_kg_m2"], parameters)
    return {kind: values[:, None] for kind, values in found.items()}
