"""Creatinine clearance by Cockcroft and Gault, as bisphosphonate limits mean it; eGFR never stands in for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aimss.errors import RecordError

if TYPE_CHECKING:
    from aimss.patient.patient import Patient

UMOL_L_PER_MG_DL = 88.42
FEMALE_FACTOR = 0.85
BOUNDS = {"age_years": (18.0, 110.0), "weight_kg": (25.0, 300.0), "creatinine": (20.0, 1500.0)}


def cockcroft_gault_ml_min(*, age_years: float, weight_kg: float, creatinine: float, unit: str) -> float:
    """Creatinine clearance of a woman in mL/min: (140 - age) x weight x 0.85 / (72 x creatinine in mg/dL).

    Parameters
    ----------
    unit : of creatinine, ``umol/L`` or ``mg/dL``.

    Raises
    ------
    RecordError : for another unit, or a value that is only plausible in another unit.

    Source: Cockcroft and Gault, Nephron 1976;16:31-41 (doi 10.1159/000180580).
    """
    factors = {"umol/L": 1.0, "mg/dL": UMOL_L_PER_MG_DL}
    if unit not in factors:
        raise RecordError("creatinine.unit", "umol/L or mg/dL", repr(unit), "State the unit of the laboratory.")
    creatinine_umol_l = creatinine * factors[unit]
    for name, value in (("age_years", age_years), ("weight_kg", weight_kg), ("creatinine", creatinine_umol_l)):
        low, high = BOUNDS[name]
        if not low <= value <= high:
            shown = f"{low:g} to {high:g}" + (" umol/L" if name == "creatinine" else "")
            raise RecordError(name, shown, f"{value:g}", "Check the unit.")
    clearance = (140.0 - age_years) * weight_kg * FEMALE_FACTOR / (72.0 * creatinine_umol_l / UMOL_L_PER_MG_DL)
    # nine decimals remove the noise of binary arithmetic at the limits of 30 and 35, nothing a laboratory could see
    return round(clearance, 9)


def creatinine_clearance_ml_min(patient: Patient) -> float | None:
    """The newest clearance: as given, or by Cockcroft-Gault from creatinine, age and weight; None if unknown."""
    results = [item for item in patient.laboratory if item.test in {"creatinine", "creatinine_clearance"}]
    for item in sorted(results, key=lambda item: (item.date, item.test == "creatinine_clearance"), reverse=True):
        if item.test == "creatinine_clearance":
            return item.standard_value
        if patient.weight_kg is not None:
            return cockcroft_gault_ml_min(
                age_years=patient.age, weight_kg=patient.weight_kg, creatinine=item.value, unit=item.unit
            )
    return None
