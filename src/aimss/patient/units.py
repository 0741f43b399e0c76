"""Units of laboratory values and bone markers, and the bounds outside which the unit is almost surely wrong."""

from __future__ import annotations

from aimss.patient.parts import Refused, refuse

# test: {unit: factor to the first unit}. Factors are molar masses: creatinine 113.12, calcium 40.08,
# 25-hydroxyvitamin D3 400.64, estradiol 272.38 g/mol.
LABORATORY_UNITS: dict[str, dict[str, float]] = {
    "creatinine": {"umol/L": 1.0, "mg/dL": 88.42},
    "egfr": {"mL/min/1.73m2": 1.0},
    "creatinine_clearance": {"mL/min": 1.0},
    "calcium_corrected": {"mmol/L": 1.0, "mg/dL": 0.2495},
    "vitamin_d_25oh": {"ng/mL": 1.0, "nmol/L": 1 / 2.496},
    "estradiol": {"pmol/L": 1.0, "pg/mL": 3.671},
    "sodium": {"mmol/L": 1.0},
}
LABORATORY_RANGE: dict[str, tuple[float, float]] = {
    # in the first unit; plausible in a living woman, not a reference range
    "creatinine": (20, 1500),
    "egfr": (2, 200),
    "creatinine_clearance": (2, 250),
    "calcium_corrected": (1.0, 4.5),
    "vitamin_d_25oh": (1, 200),
    "estradiol": (0.1, 5000),
    "sodium": (95, 185),
}
MARKER_UNITS: dict[str, dict[str, float]] = {
    "ctx": {"ng/L": 1.0, "pg/mL": 1.0, "ng/mL": 1000.0, "ug/L": 1000.0},
    "p1np": {"ug/L": 1.0, "ng/mL": 1.0},
    # mass and activity of bone alkaline phosphatase are not convertible: kept apart, compared in their own unit
    "bsap": {"ug/L": 1.0, "ng/mL": 1.0, "U/L": 1.0},
    "ntx": {"nmol BCE/mmol creatinine": 1.0, "nmol BCE/L": 1.0},
}
MARKER_RANGE: dict[str, tuple[float, float]] = {
    "ctx": (10, 6000),
    "p1np": (2, 2000),
    "bsap": (1, 500),
    "ntx": (1, 2000),
}


def to_first_unit(
    name: str, value: float, unit: str, units: dict[str, dict[str, float]], bounds: dict[str, tuple[float, float]]
) -> float:
    """The value in the first unit of its table; `Refused` for a foreign unit or a value that no woman has."""
    accepted = units[name]
    if unit not in accepted:
        raise refuse("unit", f"a unit of {name}: {', '.join(accepted)}", repr(unit), "Give value and unit as printed.")
    standard = value * accepted[unit]
    low, high = bounds[name]
    if low <= standard <= high:
        return standard
    raise _out_of_range(name, value, unit, accepted, (low, high))


def _out_of_range(
    name: str, value: float, unit: str, accepted: dict[str, float], bounds: tuple[float, float]
) -> Refused:
    low, high = bounds
    factor = accepted[unit]
    fits = [other for other, f in accepted.items() if other != unit and low <= value * f <= high]
    mend = f"If the report says {fits[0]}, write unit: {fits[0]}." if fits else "Check the value and its unit."
    return refuse("value", f"{name} of {low / factor:g} to {high / factor:g} {unit}", f"{value:g} {unit}", mend)
