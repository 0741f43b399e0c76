"""What her record leaves open, drawn from the population: body mass, menopause, estradiol, vitamin D, turnover.

Missing is not normal: an absent input takes the spread of the population, so it widens every interval that it bears on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from aimss.patient.patient import Patient

Array = NDArray[np.float64]

# one column of the twin's row each; a given input simply does not use its column
UNKNOWNS = ("bmi", "age_at_final_menstrual_period", "peripheral_estradiol", "vitamin_d", "resorption_level")

BMI_MEDIAN_KG_M2, BMI_LN_SD = 26.5, 0.17  # population.md, from PO028-PO033 (Europe: 40/40/20 % below 25, 25-30, above)
MENOPAUSE_AGE_MEAN, MENOPAUSE_AGE_SD = 49.9, 3.0  # natural menopause, population.md
ESTRADIOL_BY_BMI = ((25.0, 15.0), (30.0, 21.0), (np.inf, 33.0))  # below this BMI, geometric mean pmol/L; ES058-ES060
ESTRADIOL_LN_SD = 0.7  # ES062
VITAMIN_D_MEDIAN_NG_ML, VITAMIN_D_LN_SD = 35.0, 0.40  # PO108, PO110 (women on an AI)
VITAMIN_D_SUFFICIENT_NG_ML = 30.0  # AS057
# Half of the between-woman variance of CTX (AS027: central 95 % 0.124-1.020 ng/mL, less 15 % within woman, AS016) is
# taken as lasting differences of resorption; the other half as assay level. Assumed.
RESORPTION_LN_SD = 0.37


def record_inputs(patient: Patient, normals: Array) -> dict[str, Array]:
    """Her own constants of the engine, each (n,): from her record or, where it is silent, from columns of `normals`.

    normals : (n, len(UNKNOWNS)).
    """
    column = dict(zip(UNKNOWNS, normals.T, strict=True))
    n = len(normals)
    bmi = np.full(n, patient.bmi) if patient.bmi is not None else BMI_MEDIAN_KG_M2 * np.exp(BMI_LN_SD * column["bmi"])
    geometric_mean = np.select([bmi < limit for limit, _ in ESTRADIOL_BY_BMI], [mean for _, mean in ESTRADIOL_BY_BMI])
    return {
        "years_since_final_menstrual_period": _years_since_menopause(patient, column["age_at_final_menstrual_period"]),
        "peripheral_estradiol_pmol_l": geometric_mean * np.exp(ESTRADIOL_LN_SD * column["peripheral_estradiol"]),
        "vitamin_d_deficit_ng_ml": _vitamin_d_deficit(patient, column["vitamin_d"]),
        "resorption_multiplier": np.exp(RESORPTION_LN_SD * column["resorption_level"] - RESORPTION_LN_SD**2 / 2),
        "bmi_kg_m2": bmi,
    }


def _years_since_menopause(patient: Patient, z: Array) -> Array:
    from scipy.special import ndtr, ndtri

    known = patient.years_since_final_menstrual_period
    if known is not None:
        return np.full(len(z), known)
    # the final period lies before today unless she is premenopausal; half a year either way is the nearest it can be
    premenopausal = patient.menopause is not None and patient.menopause.status == "premenopausal"
    edge = ndtr((patient.age + (0.5 if premenopausal else -0.5) - MENOPAUSE_AGE_MEAN) / MENOPAUSE_AGE_SD)
    share = ndtr(z)
    within = edge + share * (1 - edge) if premenopausal else share * edge
    age_then = MENOPAUSE_AGE_MEAN + MENOPAUSE_AGE_SD * ndtri(np.clip(within, 1e-12, 1 - 1e-12))
    return np.asarray(patient.age - age_then)


def _vitamin_d_deficit(patient: Patient, z: Array) -> Array:
    measured = [r for r in patient.laboratory if r.test == "vitamin_d_25oh"]
    if measured:
        level = np.full(len(z), max(measured, key=lambda r: r.date).standard_value)
    else:
        level = VITAMIN_D_MEDIAN_NG_ML * np.exp(VITAMIN_D_LN_SD * z)
    return np.asarray(np.maximum(VITAMIN_D_SUFFICIENT_NG_ML - level, 0.0))
