"""Dated observations of her: scans, markers, laboratory values, pain scores; units always stated."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from aimss.patient.dates import RecordDate
from aimss.patient.parts import Part

Site = Literal["lumbar_spine", "total_hip", "femoral_neck"]
SITES: tuple[Site, ...] = ("lumbar_spine", "total_hip", "femoral_neck")
Device = Literal["hologic", "lunar", "norland"]


class DxaScan(Part):
    """One bone-density result at one site; a T-score, a BMD in g/cm2, or both, and the maker of the device."""

    date: RecordDate
    site: Site
    t_score: Annotated[float, Field(ge=-8, le=6)] | None = None
    bmd_g_cm2: Annotated[float, Field(ge=0.2, le=2.0)] | None = None
    z_score: Annotated[float, Field(ge=-8, le=6)] | None = None
    device: Device | None = None
    least_significant_change_percent: Annotated[float, Field(gt=0, le=15)] | None = None

    @model_validator(mode="after")
    def _holds_a_value(self) -> DxaScan:
        if self.t_score is None and self.bmd_g_cm2 is None and self.z_score is None:
            raise ValueError("a scan needs t_score, bmd_g_cm2 or z_score")
        return self


class FraxResult(Part):
    """A FRAX probability as the site reported it; aimss never computes one."""

    date: RecordDate | None = None
    country: str | None = None
    with_bmd: bool | None = None
    major_osteoporotic_percent: Annotated[float, Field(ge=0, le=100)] | None = None
    hip_percent: Annotated[float, Field(ge=0, le=100)] | None = None

    @model_validator(mode="after")
    def _holds_a_value(self) -> FraxResult:
        if self.major_osteoporotic_percent is None and self.hip_percent is None:
            raise ValueError("a FRAX result needs major_osteoporotic_percent or hip_percent")
        return self


class MarkerResult(Part):
    """A bone-turnover marker; compared only with an earlier value of hers in the same unit, or a stated norm."""

    date: RecordDate
    marker: Literal["ctx", "p1np", "bsap", "ntx"]
    value: Annotated[float, Field(gt=0)]
    unit: Literal["ng/L", "pg/mL", "ng/mL", "ug/L", "U/L", "nmol BCE/mmol creatinine", "nmol BCE/L"]
    fasting_morning: bool | None = None


LABORATORY_UNITS: dict[str, dict[str, float]] = {
    # test: {unit: factor to the first unit}
    "creatinine": {"umol/L": 1.0, "mg/dL": 88.42},
    "egfr": {"mL/min/1.73m2": 1.0},
    "creatinine_clearance": {"mL/min": 1.0},
    "calcium_corrected": {"mmol/L": 1.0, "mg/dL": 0.2495},
    "vitamin_d_25oh": {"ng/mL": 1.0, "nmol/L": 1 / 2.496},
    "estradiol": {"pmol/L": 1.0, "pg/mL": 3.671},
    "sodium": {"mmol/L": 1.0},
}
LABORATORY_RANGE: dict[str, tuple[float, float]] = {
    # plausible bounds in the first unit; outside them the unit is almost surely wrong
    "creatinine": (20, 1500),
    "egfr": (2, 200),
    "creatinine_clearance": (2, 250),
    "calcium_corrected": (1.0, 4.5),
    "vitamin_d_25oh": (1, 200),
    "estradiol": (0.1, 5000),
    "sodium": (95, 185),
}


class LaboratoryResult(Part):
    """A blood result with its unit; `value_in` converts to the unit named first in LABORATORY_UNITS."""

    date: RecordDate
    test: Literal[
        "creatinine",
        "egfr",
        "creatinine_clearance",
        "calcium_corrected",
        "vitamin_d_25oh",
        "estradiol",
        "sodium",
    ]
    value: Annotated[float, Field(ge=0)]
    unit: str
    assay: Literal["lc_ms_ms", "immunoassay"] | None = None

    @model_validator(mode="after")
    def _unit_fits_the_test(self) -> LaboratoryResult:
        units = LABORATORY_UNITS[self.test]
        if self.unit not in units:
            raise ValueError(f"unit: {self.test} is accepted in {', '.join(units)}, not {self.unit!r}")
        low, high = LABORATORY_RANGE[self.test]
        if not low <= self.standard_value <= high:
            raise ValueError(
                f"value: {self.value:g} {self.unit} of {self.test} is outside {low:g}-{high:g} {next(iter(units))};"
                " check the unit"
            )
        return self

    @property
    def standard_value(self) -> float:
        """The value in the first unit of LABORATORY_UNITS for this test."""
        return self.value * LABORATORY_UNITS[self.test][self.unit]


class PainScore(Part):
    """A pain score with its instrument and recall; a plain 0-10 number unless the instrument says otherwise."""

    date: RecordDate
    instrument: Literal[
        "nrs", "bpi_worst", "bpi_average", "bpi_interference", "vas_100", "promis_t_score", "haq_di"
    ] = "nrs"
    value: float
    recall: Literal["now", "24_hours", "7_days", "2_weeks", "4_weeks"] | None = None
    worst_or_average: Literal["worst", "average"] | None = None
    site: Literal["joint", "hand", "knee", "hip", "back", "general"] = "joint"

    @model_validator(mode="after")
    def _in_range(self) -> PainScore:
        low, high = PAIN_RANGE[self.instrument]
        if not low <= self.value <= high:
            raise ValueError(f"value: {self.instrument} runs from {low:g} to {high:g}, found {self.value:g}")
        return self


PAIN_RANGE: dict[str, tuple[float, float]] = {
    "nrs": (0, 10),
    "bpi_worst": (0, 10),
    "bpi_average": (0, 10),
    "bpi_interference": (0, 10),
    "vas_100": (0, 100),
    "promis_t_score": (20, 90),
    "haq_di": (0, 3),
}
