"""Her history: drugs with dates, fractures, risk factors, other diagnoses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from aimss.patient.dates import RecordDate
from aimss.patient.parts import Number, Part, WholeNumber, YesNo, refuse

BONE_DRUGS = ("zoledronate", "alendronate", "risedronate", "ibandronate", "denosumab", "raloxifene")
ENDOCRINE_DRUGS = ("letrozole", "anastrozole", "exemestane", "tamoxifen", "ovarian_suppression")
DrugName = Literal[
    "zoledronate", "alendronate", "risedronate", "ibandronate", "denosumab", "raloxifene",
    "letrozole", "anastrozole", "exemestane", "tamoxifen", "ovarian_suppression",
    "calcium", "vitamin_d", "duloxetine", "nsaid", "paracetamol", "omega_3", "warfarin", "anticoagulant",
    "antiplatelet", "aspirin", "maoi", "linezolid", "methylene_blue", "ssri", "snri", "tricyclic", "triptan",
    "tramadol", "lithium", "st_johns_wort", "thiazide", "diuretic", "ppi", "glucocorticoid", "hormone_replacement",
    "tibolone", "teriparatide", "abaloparatide", "romosozumab", "clodronate", "pamidronate", "ciprofloxacin",
    "enoxacin", "fluvoxamine", "strong_cyp2d6_inhibitor", "moderate_cyp2d6_inhibitor", "strong_cyp1a2_inhibitor",
    "cdk4_6_inhibitor", "biotin", "calcium_lowering_drug", "nephrotoxic_drug", "other",
]  # fmt: skip

# Plausible single doses in mg; outside them the unit is almost surely wrong.
DOSE_RANGE_MG: dict[str, tuple[float, float]] = {
    "zoledronate": (1, 8), "alendronate": (5, 140), "risedronate": (2.5, 150), "ibandronate": (2, 150),
    "denosumab": (30, 120), "raloxifene": (30, 120), "letrozole": (0.5, 5), "anastrozole": (0.5, 10),
    "exemestane": (10, 50), "tamoxifen": (5, 40), "duloxetine": (10, 120),
}  # fmt: skip
# Injections and infusions nearer together than this are a slip of the pen: 120 mg and 4 mg every three to four weeks
# are the closest in use (assumed bounds).
CLOSEST_DAYS = {"denosumab": 21, "zoledronate": 18, "ovarian_suppression": 21}
MG_PER_UNIT = {"mg": 1.0, "g": 1000.0, "ug": 0.001}

Condition = Literal[
    # what makes a bone drug unsafe or hard to take
    "oesophageal_disorder", "cannot_sit_upright", "severe_reflux", "acute_renal_impairment",
    "chronic_kidney_disease", "dialysis", "dehydration", "hypocalcaemia", "hypercalcaemia", "nephrolithiasis",
    "hypoparathyroidism", "hyperparathyroidism", "thyroid_or_parathyroid_surgery", "malabsorption",
    "small_bowel_excision", "aspirin_sensitive_asthma", "osteonecrosis_of_the_jaw", "ill_fitting_denture",
    "poor_dentition", "jaw_radiotherapy", "atypical_femoral_fracture", "paget_disease",
    # what makes a remedy for pain, or tamoxifen, unsafe
    "liver_disease", "cirrhosis", "narrow_angle_glaucoma", "hypertension", "hypertension_uncontrolled",
    "orthostatic_hypotension", "suicidal_ideation", "depression", "hyponatraemia", "gastrointestinal_bleed",
    "bleeding_disorder", "heart_failure", "mi_or_stroke_past_year", "myocardial_infarction", "stroke",
    "venous_thromboembolism", "thrombophilia", "abnormal_uterine_bleeding", "endometrial_cancer", "hysterectomy",
    "lymphoedema", "neutropenia",
    # what else can cause the pain
    "osteoarthritis", "fibromyalgia", "inflammatory_arthritis", "gout", "carpal_tunnel_syndrome",
    "peripheral_neuropathy", "thyroid_disease", "inflammatory_markers_raised", "alkaline_phosphatase_raised",
    # other
    "osteoporosis", "diabetes", "obesity_surgery", "impaired_mobility",
]  # fmt: skip


class DrugCourse(Part):
    """A drug she took or takes; doses given on single days are listed in `doses`, the rest runs from start to stop."""

    drug: DrugName
    name: Annotated[str, Field(max_length=80)] | None = Field(
        default=None, description="the name written down when drug is other"
    )
    dose: Annotated[Number, Field(gt=0)] | None = Field(default=None, description="one dose, in `unit`")
    unit: Literal["mg", "g", "ug", "IU"] | None = None
    route: Literal["oral", "intravenous", "subcutaneous", "transdermal", "topical"] | None = None
    interval_days: Annotated[Number, Field(gt=0, le=1100)] | None = Field(
        default=None, description="days from one dose to the next: 1 daily, 7 weekly, 182 six-monthly"
    )
    start: RecordDate | None = None
    stop: RecordDate | None = Field(default=None, description="absent while she still takes it")
    doses: tuple[RecordDate, ...] = Field(default=(), description="dates of single doses (infusions, injections)")

    @model_validator(mode="after")
    def _sound(self) -> DrugCourse:
        if self.dose is not None and self.unit is None:
            raise refuse("unit", "the unit of dose: mg, g, ug or IU", "a dose without a unit", "Add unit.")
        if self.start and self.stop and self.stop.latest < self.start.earliest:
            raise refuse("stop", f"a date on or after start ({self.start})", str(self.stop), "Were they exchanged?")
        if self.drug == "other" and not self.name:
            raise refuse("name", "the name of the drug, since drug is other", "nothing", "Add name.")
        if self.dose is not None and self.unit in MG_PER_UNIT and self.drug in DOSE_RANGE_MG:
            low, high = DOSE_RANGE_MG[self.drug]
            if not low <= self.dose * MG_PER_UNIT[self.unit] <= high:
                raise refuse(
                    "dose", f"a single dose of {self.drug} of {low:g} to {high:g} mg", f"{self.dose:g} {self.unit}",
                    "Check the unit; a daily total or a weekly sum is not a dose.",
                )  # fmt: skip
        closest = CLOSEST_DAYS.get(self.drug)
        if closest and self.interval_days is not None and self.interval_days < closest:
            raise refuse(
                "interval_days", f"{self.drug} at least {closest} days apart", f"{self.interval_days:g}",
                "Write the interval in days: 28 for monthly, 182 for half-yearly.",
            )  # fmt: skip
        return self


class Fracture(Part):
    """A fracture in her past, by date or by her age then."""

    site: Literal["hip", "vertebra", "wrist", "humerus", "pelvis", "ankle", "rib", "femoral_shaft", "other"]
    date: RecordDate | None = None
    age_years: Annotated[Number, Field(ge=0, le=100)] | None = Field(default=None, description="her age then, years")
    low_trauma: YesNo | None = Field(default=None, description="from a fall from standing height or less")
    morphometric_only: YesNo | None = Field(default=None, description="seen on imaging, without symptoms")


class RiskFactors(Part):
    """Clinical risk factors for fracture and for joint pain; absent means unknown."""

    smoking: Literal["never", "past", "current"] | None = None
    alcohol_units_per_day: Annotated[Number, Field(ge=0, le=40)] | None = None
    parental_hip_fracture: YesNo | None = None
    glucocorticoid_months: Annotated[Number, Field(ge=0, le=600)] | None = Field(
        default=None, description="months of oral glucocorticoid in her life"
    )
    glucocorticoid_current: YesNo | None = Field(default=None, description="takes an oral glucocorticoid now")
    rheumatoid_arthritis: YesNo | None = None
    secondary_osteoporosis: YesNo | None = None
    falls_past_year: Annotated[WholeNumber, Field(ge=0, le=100)] | None = None
    prior_hormone_replacement: YesNo | None = None
    prior_joint_disease: YesNo | None = Field(
        default=None, description="osteoarthritis, fibromyalgia or joint pain before the AI"
    )
    poor_sleep: YesNo | None = None
