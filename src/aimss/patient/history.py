"""Her history: drugs with dates, fractures, risk factors."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from aimss.patient.dates import RecordDate
from aimss.patient.parts import Part

BONE_DRUGS = ("zoledronate", "alendronate", "risedronate", "ibandronate", "denosumab", "raloxifene")
ENDOCRINE_DRUGS = ("letrozole", "anastrozole", "exemestane", "tamoxifen", "ovarian_suppression")
OTHER_DRUGS = (
    "calcium", "vitamin_d", "duloxetine", "nsaid", "paracetamol", "omega_3", "warfarin", "anticoagulant",
    "antiplatelet", "aspirin", "maoi", "linezolid", "ssri", "snri", "tricyclic", "triptan", "tramadol", "lithium",
    "st_johns_wort", "thiazide", "diuretic", "ppi", "glucocorticoid", "hormone_replacement", "teriparatide",
    "romosozumab", "ciprofloxacin", "fluvoxamine", "strong_cyp2d6_inhibitor", "strong_cyp1a2_inhibitor",
    "cdk4_6_inhibitor", "biotin", "other",
)  # fmt: skip
DrugName = Literal[
    "zoledronate", "alendronate", "risedronate", "ibandronate", "denosumab", "raloxifene",
    "letrozole", "anastrozole", "exemestane", "tamoxifen", "ovarian_suppression",
    "calcium", "vitamin_d", "duloxetine", "nsaid", "paracetamol", "omega_3", "warfarin", "anticoagulant",
    "antiplatelet", "aspirin", "maoi", "linezolid", "ssri", "snri", "tricyclic", "triptan", "tramadol", "lithium",
    "st_johns_wort", "thiazide", "diuretic", "ppi", "glucocorticoid", "hormone_replacement", "teriparatide",
    "romosozumab", "ciprofloxacin", "fluvoxamine", "strong_cyp2d6_inhibitor", "strong_cyp1a2_inhibitor",
    "cdk4_6_inhibitor", "biotin", "other",
]  # fmt: skip


class DrugCourse(Part):
    """A drug she took or takes; doses given on single days are listed in `doses`, the rest runs from start to stop."""

    drug: DrugName
    name: Annotated[str, Field(max_length=80)] | None = Field(
        default=None, description="the name written down when drug is other"
    )
    dose: Annotated[float, Field(gt=0)] | None = None
    unit: Literal["mg", "g", "ug", "IU"] | None = None
    route: Literal["oral", "intravenous", "subcutaneous", "transdermal", "topical"] | None = None
    interval_days: Annotated[float, Field(gt=0, le=1100)] | None = None
    start: RecordDate | None = None
    stop: RecordDate | None = None
    doses: tuple[RecordDate, ...] = Field(default=(), description="dates of single doses (infusions, injections)")

    @model_validator(mode="after")
    def _sound(self) -> DrugCourse:
        if self.dose is not None and self.unit is None:
            raise ValueError("unit: needed beside dose")
        if self.start and self.stop and self.stop < self.start:
            raise ValueError("stop: is before start")
        if self.drug == "other" and not self.name:
            raise ValueError("name: needed when drug is other")
        return self


class Fracture(Part):
    """A fracture in her past, by date or by her age then."""

    site: Literal["hip", "vertebra", "wrist", "humerus", "pelvis", "ankle", "rib", "femoral_shaft", "other"]
    date: RecordDate | None = None
    age_years: Annotated[float, Field(ge=0, le=100)] | None = None
    low_trauma: bool | None = None
    morphometric_only: bool | None = None


class RiskFactors(Part):
    """Clinical risk factors for fracture and for joint pain; absent means unknown."""

    smoking: Literal["never", "past", "current"] | None = None
    alcohol_units_per_day: Annotated[float, Field(ge=0, le=40)] | None = None
    parental_hip_fracture: bool | None = None
    glucocorticoid_months: Annotated[float, Field(ge=0, le=600)] | None = Field(
        default=None, description="months of oral glucocorticoid in her life"
    )
    glucocorticoid_current: bool | None = None
    rheumatoid_arthritis: bool | None = None
    secondary_osteoporosis: bool | None = None
    falls_past_year: Annotated[int, Field(ge=0, le=100)] | None = None
    prior_hormone_replacement: bool | None = None
    prior_joint_disease: bool | None = Field(
        default=None, description="osteoarthritis, fibromyalgia or joint pain before the AI"
    )
    poor_sleep: bool | None = None
