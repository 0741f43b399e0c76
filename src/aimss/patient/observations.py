"""Dated observations of her: scans, markers, laboratory values, pain scores; units always stated."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from aimss.patient.dates import RecordDate
from aimss.patient.parts import Number, Part, YesNo, refuse
from aimss.patient.units import LABORATORY_RANGE, LABORATORY_UNITS, MARKER_RANGE, MARKER_UNITS, to_first_unit

Site = Literal["lumbar_spine", "total_hip", "femoral_neck"]
SITES: tuple[Site, ...] = ("lumbar_spine", "total_hip", "femoral_neck")
Device = Literal["hologic", "lunar", "norland"]


class DxaScan(Part):
    """One bone-density result at one site; a T-score, a BMD in g/cm2, or both, and the maker of the device."""

    date: RecordDate
    site: Site = Field(description="where it was measured; lumbar_spine is L1-L4")
    t_score: Annotated[Number, Field(ge=-8, le=6)] | None = Field(
        default=None, description="T-score as printed, in young-adult standard deviations"
    )
    bmd_g_cm2: Annotated[Number, Field(ge=0.2, le=2.0)] | None = Field(
        default=None, description="bone mineral density in g/cm2 on the scale of the device"
    )
    z_score: Annotated[Number, Field(ge=-8, le=6)] | None = Field(
        default=None, description="Z-score as printed, in standard deviations of women her age"
    )
    device: Device | None = Field(default=None, description="maker of the scanner; lunar is GE Lunar")
    side: Literal["left", "right"] | None = Field(default=None, description="of a hip")
    least_significant_change_percent: Annotated[Number, Field(gt=0, le=15)] | None = Field(
        default=None, description="least significant change of this scanner in percent, if the centre states it"
    )

    @model_validator(mode="after")
    def _holds_a_value(self) -> DxaScan:
        if self.t_score is None and self.bmd_g_cm2 is None and self.z_score is None:
            raise refuse(
                "t_score", "a result: t_score, bmd_g_cm2 or z_score", "none of them", "Add the value or drop the scan."
            )
        return self


class FraxResult(Part):
    """A FRAX probability as the site reported it; aimss never computes one."""

    date: RecordDate | None = None
    country: Annotated[str, Field(max_length=40)] | None = Field(
        default=None, description="country model of FRAX; ASCO thresholds are for the US model (write US)"
    )
    with_bmd: YesNo | None = Field(default=None, description="whether femoral-neck BMD was entered")
    major_osteoporotic_percent: Annotated[Number, Field(ge=0, le=100)] | None = Field(
        default=None, description="10-year probability of a major osteoporotic fracture, percent"
    )
    hip_percent: Annotated[Number, Field(ge=0, le=100)] | None = Field(
        default=None, description="10-year probability of a hip fracture, percent"
    )

    @model_validator(mode="after")
    def _holds_a_value(self) -> FraxResult:
        major, hip = self.major_osteoporotic_percent, self.hip_percent
        if major is None and hip is None:
            raise refuse(
                "major_osteoporotic_percent",
                "a probability: major_osteoporotic_percent or hip_percent",
                "neither",
                "Add the value that FRAX printed.",
            )
        if major is not None and hip is not None and hip > major:
            raise refuse(
                "hip_percent",
                f"at most major_osteoporotic_percent ({major:g}), which includes the hip",
                f"{hip:g}",
                "Were the two exchanged?",
            )
        return self


class MarkerResult(Part):
    """A bone-turnover marker; compared only with an earlier value of hers in the same unit, or a stated norm."""

    date: RecordDate
    marker: Literal["ctx", "p1np", "bsap", "ntx"] = Field(
        description="ctx and ntx tell resorption, p1np and bsap formation"
    )
    value: Annotated[Number, Field(gt=0)]
    unit: Literal["ng/L", "pg/mL", "ng/mL", "ug/L", "U/L", "nmol BCE/mmol creatinine", "nmol BCE/L"]
    fasting_morning: YesNo | None = Field(default=None, description="drawn fasting, in the morning (matters for ctx)")

    @model_validator(mode="after")
    def _unit_fits_the_marker(self) -> MarkerResult:
        to_first_unit(self.marker, self.value, self.unit, MARKER_UNITS, MARKER_RANGE)
        return self

    @property
    def standard_value(self) -> float:
        """The value in the first unit of `units.MARKER_UNITS` for this marker (bsap and ntx: in their own unit)."""
        return self.value * MARKER_UNITS[self.marker][self.unit]


class LaboratoryResult(Part):
    """A blood result with its unit; `standard_value` is in the unit named first in `units.LABORATORY_UNITS`."""

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
    value: Annotated[Number, Field(ge=0)]
    unit: str = Field(
        description="; ".join(f"{test}: {' or '.join(units)}" for test, units in LABORATORY_UNITS.items())
    )
    assay: Literal["lc_ms_ms", "immunoassay"] | None = Field(
        default=None, description="method for estradiol; an immunoassay cannot read the level on an AI"
    )

    @model_validator(mode="after")
    def _unit_fits_the_test(self) -> LaboratoryResult:
        to_first_unit(self.test, self.value, self.unit, LABORATORY_UNITS, LABORATORY_RANGE)
        return self

    @property
    def standard_value(self) -> float:
        """The value in the first unit of LABORATORY_UNITS for this test."""
        return self.value * LABORATORY_UNITS[self.test][self.unit]


PAIN_RANGE: dict[str, tuple[float, float]] = {
    "nrs": (0, 10),
    "bpi_worst": (0, 10),
    "bpi_average": (0, 10),
    "bpi_interference": (0, 10),
    "vas_100": (0, 100),
    "promis_t_score": (20, 90),
    "haq_di": (0, 3),
}


class PainScore(Part):
    """A pain score with its instrument and recall; a plain 0-10 number unless the instrument says otherwise."""

    date: RecordDate
    instrument: Literal[
        "nrs", "bpi_worst", "bpi_average", "bpi_interference", "vas_100", "promis_t_score", "haq_di"
    ] = "nrs"
    value: Number = Field(
        description="; ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in PAIN_RANGE.items())
    )
    recall: Literal["now", "24_hours", "7_days", "2_weeks", "4_weeks"] | None = None
    worst_or_average: Literal["worst", "average"] | None = None
    site: Literal["joint", "hand", "knee", "hip", "back", "general"] = "joint"

    @model_validator(mode="after")
    def _in_range(self) -> PainScore:
        low, high = PAIN_RANGE[self.instrument]
        if not low <= self.value <= high:
            mend = "A 0-100 score is instrument: vas_100." if high == 10 and self.value <= 100 else ""
            raise refuse("value", f"{self.instrument} from {low:g} to {high:g}", f"{self.value:g}", mend)
        return self
