"""The user's own women as the population of a trial: what a record states is hers, what it leaves open is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aimss.counter_random import normals, uniforms
from aimss.errors import AimssError, DesignError, SeveralErrors
from aimss.forecast.fracture_risk import stated_risk_factors
from aimss.patient.csv_reader import BadRow, read_many
from aimss.patient.patient import Patient
from aimss.patient.scans import scan_series
from aimss.trials.population import JOINT, LATENT, EntryClass, Population, Women, preset

DRAWN_FROM = "ai_starters"
MOST_ERRORS = 20


@dataclass(frozen=True, eq=False)
class TableOfWomen:
    """Records by row; each is a history of its own."""

    patients: tuple[Patient, ...]

    @classmethod
    def read(cls, path: str) -> TableOfWomen:
        """Read a CSV (`aimss patient schema --csv`); raises InputFileError, or RecordError for each unsound row."""
        patients: list[Patient] = []
        errors: list[AimssError] = []
        for item in read_many(Path(path)):
            if isinstance(item, BadRow):
                errors += item.errors
            elif "record_date" not in item.model_fields_set:
                found = f"none for woman {len(patients) + 1}"
                mend = "Without it her history would move with the day of the run."
                errors.append(DesignError("population.csv", "a record_date for every woman", found, mend))
            else:
                patients.append(item)
            if len(errors) >= MOST_ERRORS:
                break
        if errors:
            raise SeveralErrors(errors)
        if not patients:
            raise DesignError("population.csv", "at least one woman", "none")
        return cls(tuple(patients))

    @cached_property
    def classes(self) -> tuple[EntryClass, ...]:
        """One history a record."""
        return tuple(EntryClass(p.years_on_aromatase_inhibitor(), 0.0) for p in self.patients)

    @cached_property
    def given(self) -> dict[str, NDArray[np.float64]]:
        """What the records state, name -> (rows,); NaN where they are silent."""
        rows = [_stated(p) for p in self.patients]
        names = dict.fromkeys(name for row in rows for name in row)
        return {name: np.array([row.get(name, np.nan) for row in rows]) for name in names}

    def women(self, seed: int, first: int, count: int) -> Women:
        """Return women `first` to `first + count - 1`: the rows in turn; beyond the last one rows drawn at random."""
        index = first + np.arange(count)
        rows = len(self.patients)
        drawn = (uniforms(seed, "trial/rows", first, count, 1)[:, 0] * rows).astype(np.int64)
        row = np.where(index < rows, index, drawn)
        numbers = normals(seed, "trial/women/0", first, count, len(LATENT))
        given = {name: values[row] for name, values in self.given.items()}
        fields = Population(preset(DRAWN_FROM)).fields(seed, numbers, index, given)
        return Women(first, fields, numbers[:, -len(JOINT) :], row)


def _stated(patient: Patient) -> dict[str, float]:
    found: dict[str, float] = {
        "age_years": patient.age,
        "years_on_aromatase_inhibitor": patient.years_on_aromatase_inhibitor(),
    }
    optional = {
        "bmi_kg_m2": patient.bmi,
        "years_since_menopause": patient.years_since_final_menstrual_period,
        "chemotherapy": patient.cancer.chemotherapy,
        "taxane": patient.cancer.taxane,
        "prior_hormone_replacement": patient.risk_factors.prior_hormone_replacement,
        **stated_risk_factors(patient),
    }
    found |= {name: float(value) for name, value in optional.items() if value is not None}
    levels = [r for r in patient.laboratory if r.test == "vitamin_d_25oh"]
    if levels:
        found["vitamin_d_ng_ml"] = max(levels, key=lambda r: r.date).standard_value
    for site, series in scan_series(patient.dxa, "nhanes3_manufacturer").items():
        found[f"bmd_{site}"] = series.scans[-1].bmd_g_cm2
    return found
