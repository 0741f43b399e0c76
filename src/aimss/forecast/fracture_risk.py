"""Her fracture probability from the twins' courses, death allowed for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.declaration import SITES
from aimss.body.fracture import cumulative_probabilities, hazards
from aimss.body.mortality import death_hazard
from aimss.body.risk_factors import log_risk_ratios, risk_factors
from aimss.counter_random import uniforms
from aimss.patient.dates import DAYS_PER_YEAR
from aimss.patient.densitometry import young_reference

if TYPE_CHECKING:
    from aimss.body.parameters import Parameters
    from aimss.patient.patient import Patient

Array = NDArray[np.float64]
HIGH_ALCOHOL_UNITS = 2.0  # more than two units a day, KANIS_ALCOHOL_2005
DEFINITIONS = {
    "any_clinical": "first hip, clinical vertebral or other non-vertebral fracture",
    "hip": "first hip fracture",
    "clinical_vertebral": "first vertebral fracture that comes to notice (most on X-ray do not)",
    "other_nonvertebral": "first fracture other than of hip or vertebra",
}


def stated_risk_factors(patient: Patient) -> dict[str, bool | None]:
    """Her risk factors by the names of the fracture model; None where the record is silent."""
    factors = patient.risk_factors
    glucocorticoid = factors.glucocorticoid_current
    if glucocorticoid is None:
        glucocorticoid = patient.takes("glucocorticoid")
    return {
        "prior_fracture": patient.had_fracture,
        "parental_hip_fracture": factors.parental_hip_fracture,
        "current_smoking": None if factors.smoking is None else factors.smoking == "current",
        "alcohol_above_2_units_per_day": None
        if factors.alcohol_units_per_day is None
        else factors.alcohol_units_per_day > HIGH_ALCOHOL_UNITS,
        "oral_glucocorticoid": glucocorticoid,
        "rheumatoid_arthritis": factors.rheumatoid_arthritis,
    }


@dataclass(frozen=True, eq=False)
class FractureRisk:
    """What her fracture hazard needs beside the courses: age on day 0 and each twin's log risk ratio.

    log_ratios : kind of fracture -> (n, 1), against the average woman.
    """

    age_years: float
    log_ratios: Mapping[str, Array]

    @classmethod
    def of(cls, patient: Patient, parameters: Parameters, bmi_kg_m2: Array, seed: int) -> FractureRisk:
        """Collect from the record; a factor that it does not state is drawn for each twin by its prevalence.

        bmi_kg_m2 : (n,), hers or each twin's.
        """
        n = len(bmi_kg_m2)
        stated = stated_risk_factors(patient)
        chance = uniforms(seed, "risk factors", 0, n, len(risk_factors()))
        present = {}
        for column, factor in enumerate(risk_factors()):
            has = stated.get(factor.name)
            present[factor.name] = chance[:, column] < factor.prevalence if has is None else np.full(n, has)
        ratios = log_risk_ratios(present, bmi_kg_m2, parameters)
        return cls(patient.age, {kind: values[:, None] for kind, values in ratios.items()})

    def of_twins(self, rows: NDArray[np.bool_]) -> FractureRisk:
        """Return the same for some of the twins."""
        return FractureRisk(self.age_years, {kind: value[rows] for kind, value in self.log_ratios.items()})

    def cumulative(
        self, constants: Mapping[str, Any], days: Array, bmd: Array, formation: Array, signal: Array
    ) -> dict[str, Array]:
        """Cumulative probability by kind, each (n, t).

        constants : numbers or (n, 1). bmd : (n, t, 3). The T-scores of the hazards are always by the model's own
        reference, whatever set is shown.
        """
        age = self.age_years + days / DAYS_PER_YEAR
        t_scores = []
        for site in ("total_hip", "lumbar_spine"):
            reference = young_reference(site)
            t_scores.append((bmd[..., SITES.index(site)] - reference.mean) / reference.sd)
        found = hazards(constants, age, t_scores[0], t_scores[1], formation, signal, self.log_ratios)
        return cumulative_probabilities(
            days / DAYS_PER_YEAR, found, np.broadcast_to(death_hazard(age), formation.shape)
        )
