"""`Patient`: one woman's record, frozen and validated; absent means unknown, never normal.

Only sex, age (or birth date) and AI status are required. Every date may be a day, a month or a year.
An empty list is unknown too: `complete_lists` names the lists that are whole, so that what they leave out is known
to be absent (``complete_lists: [fractures]`` with no fractures: she had none).
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from aimss.patient.dates import DAYS_PER_YEAR, RecordDate, years_between
from aimss.patient.history import Condition, DrugCourse, DrugName, Fracture, RiskFactors
from aimss.patient.observations import (
    DxaScan,
    FraxResult,
    LaboratoryResult,
    MarkerResult,
    PainScore,
)
from aimss.patient.parts import Number, Part, Refused, YesNo, refuse

AromataseInhibitor = Literal["letrozole", "anastrozole", "exemestane"]
CompleteList = Literal["drugs", "conditions", "fractures", "dxa", "tried"]


def _today() -> RecordDate:
    return RecordDate.read(dt.date.today())


class AromataseInhibitorStatus(Part):
    """Whether she takes an aromatase inhibitor, which one, and since when; earlier ones stand under drugs."""

    status: Literal["planned", "current", "stopped", "none"]
    drug: AromataseInhibitor | None = None
    start: RecordDate | None = None
    stop: RecordDate | None = None
    planned_years: Annotated[Number, Field(gt=0, le=15)] | None = Field(
        default=None, description="years of AI planned in all, counted from start"
    )

    @model_validator(mode="after")
    def _dates_fit_the_status(self) -> AromataseInhibitorStatus:
        if self.status in {"current", "stopped"} and self.start is None:
            raise refuse("start", f"the date it began, since status is {self.status}", "nothing", "A year is enough.")
        if self.status == "stopped" and self.stop is None:
            raise refuse("stop", "the date it ended, since status is stopped", "nothing", "A year is enough.")
        if self.status in {"planned", "current"} and self.stop is not None:
            raise refuse("stop", f"no stop beside status {self.status}", str(self.stop), "Is the status stopped?")
        if self.status == "none" and (self.drug or self.start or self.stop):
            raise refuse("status", "planned, current or stopped beside a drug or a date", "none", "Which is right?")
        if self.start and self.stop and self.stop.latest <= self.start.earliest:
            raise refuse("stop", f"a date after start ({self.start})", str(self.stop), "Were they exchanged?")
        return self


class Menopause(Part):
    """Menopausal state; the final menstrual period sets how fast bone is being lost."""

    status: Literal["premenopausal", "perimenopausal", "postmenopausal"]
    final_menstrual_period: RecordDate | None = None
    age_at_final_menstrual_period_years: Annotated[Number, Field(ge=20, le=62)] | None = None
    cause: Literal["natural", "surgical", "chemotherapy", "ovarian_suppression", "unknown"] | None = None

    @model_validator(mode="after")
    def _one_statement(self) -> Menopause:
        given = [self.final_menstrual_period, self.age_at_final_menstrual_period_years]
        if all(v is not None for v in given):
            raise refuse(
                "final_menstrual_period",
                "final_menstrual_period or age_at_final_menstrual_period_years, not both",
                "both",
                "Drop one of them.",
            )
        if self.status == "premenopausal" and any(v is not None for v in given):
            raise refuse(
                "final_menstrual_period",
                "none beside status premenopausal",
                "a final menstrual period",
                "Drop it, or correct the status.",
            )
        return self


class Cancer(Part):
    """What of the cancer bears on bone, joints and the rules; nothing here is used to predict recurrence."""

    stage: Literal["0", "I", "II", "III", "IV"] | None = None
    node_status: Literal["N0", "N1", "N2", "N3"] | None = None
    recurrence_risk: Literal["low", "intermediate", "high"] | None = None
    phase: Literal["adjuvant", "extended", "metastatic", "prevention"] | None = None
    hormone_receptor_positive: YesNo | None = None
    bone_metastases: YesNo | None = None
    chemotherapy: YesNo | None = None
    chemotherapy_end: RecordDate | None = Field(default=None, description="the last cycle")
    taxane: YesNo | None = None
    granulocyte_colony_stimulating_factor: YesNo | None = None
    skeletal_radiotherapy: YesNo | None = None


class Symptoms(Part):
    """What she reports today; red flags route to a clinician before anything is forecast."""

    new_focal_bone_pain: YesNo | None = None
    night_bone_pain: YesNo | None = None
    hot_swollen_joint: YesNo | None = None
    swollen_joints: YesNo | None = None
    neurological_deficit: YesNo | None = None
    acute_back_pain: YesNo | None = None
    new_thigh_or_groin_pain: YesNo | None = None
    suspected_fracture: YesNo | None = None
    unexplained_weight_loss: YesNo | None = None
    height_loss_cm: Annotated[Number, Field(ge=0, le=20)] | None = Field(
        default=None, description="centimetres lost between two measurements in care"
    )
    height_loss_since_youth_cm: Annotated[Number, Field(ge=0, le=25)] | None = Field(
        default=None, description="centimetres lost since young adulthood, by recall"
    )
    morning_stiffness_minutes: Annotated[Number, Field(ge=0, le=600)] | None = None
    joints: tuple[
        Literal["hands", "wrists", "knees", "hips", "shoulders", "ankles", "feet", "back", "diffuse"], ...
    ] = ()
    symmetrical: YesNo | None = None
    onset: RecordDate | None = None
    new_or_worse_since_ai: YesNo | None = Field(default=None, description="joint pain began or grew on the AI")


class Lifestyle(Part):
    """Habits and intake that guidelines and remedies ask for."""

    aerobic_minutes_per_week: Annotated[Number, Field(ge=0, le=3000)] | None = None
    resistance_sessions_per_week: Annotated[Number, Field(ge=0, le=21)] | None = None
    calcium_mg_per_day: Annotated[Number, Field(ge=0, le=5000)] | None = Field(
        default=None, description="food and tablets together"
    )
    vitamin_d_iu_per_day: Annotated[Number, Field(ge=0, le=20000)] | None = Field(
        default=None, description="food and tablets together, averaged over the week"
    )


class Patient(Part):
    """One woman's record, as of `record_date`, the day from which everything is forecast."""

    sex: Literal["female"]
    aromatase_inhibitor: AromataseInhibitorStatus
    record_date: RecordDate = Field(
        default_factory=_today, description="the day of the forecast; the day of reading if absent"
    )
    age_years: Annotated[Number, Field(ge=18, le=100)] | None = Field(
        default=None, description="age on the record date; this or birth_date is needed"
    )
    birth_date: RecordDate | None = Field(default=None, description="a year is enough; this or age_years is needed")
    label: Annotated[str, Field(max_length=60)] | None = Field(
        default=None, description="a word to know the record by; shown on her page, never in an error or a log"
    )
    height_cm: Annotated[Number, Field(ge=120, le=220)] | None = Field(default=None, description="centimetres")
    weight_kg: Annotated[Number, Field(ge=25, le=300)] | None = Field(default=None, description="kilograms")
    bmi_kg_m2: Annotated[Number, Field(ge=12, le=80)] | None = Field(
        default=None, description="body mass index in kg/m2; needless beside height and weight"
    )
    menopause: Menopause | None = None
    childbearing_potential: YesNo | None = Field(
        default=None, description="could become pregnant; ovarian suppression alone does not rule it out"
    )
    pregnant: YesNo | None = None
    cancer: Cancer = Cancer()
    main_concern: Literal["fracture", "recurrence"] | None = Field(
        default=None, description="what a bone drug would be given for first"
    )
    drugs: tuple[DrugCourse, ...] = Field(
        default=(), description="all but the AI of aromatase_inhibitor: bone drugs, earlier AIs, tamoxifen, others"
    )
    tried: tuple[Annotated[str, Field(max_length=80)], ...] = Field(
        default=(), description="remedies for joint pain that were tried and did not help"
    )
    dxa: tuple[DxaScan, ...] = ()
    annual_bmd_loss_percent: Annotated[Number, Field(ge=-15, le=25)] | None = Field(
        default=None, description="bone loss in percent a year as another clinic reports it; a gain is negative"
    )
    frax: tuple[FraxResult, ...] = ()
    markers: tuple[MarkerResult, ...] = ()
    laboratory: tuple[LaboratoryResult, ...] = ()
    pain: tuple[PainScore, ...] = ()
    fractures: tuple[Fracture, ...] = ()
    risk_factors: RiskFactors = RiskFactors()
    conditions: tuple[Condition, ...] = Field(default=(), description="other diagnoses and findings that she has")
    conditions_absent: tuple[Condition, ...] = Field(default=(), description="asked for and not present")
    complete_lists: tuple[CompleteList, ...] = Field(
        default=(),
        description="lists that are whole: what is not in them is known to be absent; all other lists may have gaps",
    )
    symptoms: Symptoms = Symptoms()
    lifestyle: Lifestyle = Lifestyle()
    dental_status: Literal["ok", "needs_treatment", "extraction_planned", "unknown"] | None = None

    @model_validator(mode="after")
    def _whole(self) -> Patient:
        from aimss.patient.consistency import contradictions

        found = contradictions(self)
        if found:
            raise Refused(*found)
        return self

    @property
    def age(self) -> float:
        """Age in years on the record date."""
        if self.age_years is not None:
            return self.age_years
        assert self.birth_date is not None
        return years_between(self.birth_date, self.record_date)

    @property
    def bmi(self) -> float | None:
        """Body mass index in kg/m2, given or from height and weight; None if unknown."""
        if self.bmi_kg_m2 is not None:
            return self.bmi_kg_m2
        if self.height_cm is not None and self.weight_kg is not None:
            return self.weight_kg / (self.height_cm / 100) ** 2
        return None

    @property
    def years_since_final_menstrual_period(self) -> float | None:
        """Years since the final menstrual period on the record date; None if unknown or still to come."""
        if self.menopause is None:
            return None
        if self.menopause.final_menstrual_period is not None:
            return years_between(self.menopause.final_menstrual_period, self.record_date)
        if self.menopause.age_at_final_menstrual_period_years is not None:
            return self.age - self.menopause.age_at_final_menstrual_period_years
        return None

    @property
    def had_fracture(self) -> bool | None:
        """Whether she broke a bone as an adult; None if the record does not say."""
        if any(self._adult(fracture) for fracture in self.fractures):
            return True
        return False if "fractures" in self.complete_lists else None

    def _adult(self, fracture: Fracture) -> bool:
        if fracture.age_years is not None:
            return fracture.age_years >= 18
        return fracture.date is None or self.age - years_between(fracture.date, self.record_date) >= 18

    def has_condition(self, condition: Condition) -> bool | None:
        """Whether she has a diagnosis; None if the record does not say."""
        if condition in self.conditions:
            return True
        return False if condition in self.conditions_absent or "conditions" in self.complete_lists else None

    def takes(self, drug: DrugName) -> bool | None:
        """Whether she takes a drug on the record date; None if the record does not say.

        A course without dates is running; one with single doses only runs for one and a half intervals after the
        last (183 days where no interval is given).
        """
        ai = self.aromatase_inhibitor
        if drug == ai.drug and ai.status == "current":
            return True
        if any(course.drug == drug and self._runs(course) for course in self.drugs):
            return True
        one_ai_at_a_time = drug in get_args(AromataseInhibitor) and (ai.status != "current" or ai.drug is not None)
        return False if one_ai_at_a_time or "drugs" in self.complete_lists else None

    def _runs(self, course: DrugCourse) -> bool:
        if course.start is not None and course.start > self.record_date:
            return False
        if course.stop is not None:
            return course.stop > self.record_date
        if course.doses:
            return (self.record_date - max(course.doses)).days <= 1.5 * (course.interval_days or 183)
        return True

    def days_from_record(self, date: dt.date) -> float:
        """Days from the record date to a date; negative in the past."""
        return float((date - self.record_date).days)

    def years_on_aromatase_inhibitor(self) -> float:
        """Years on the present AI up to the record date (or its stop); 0 if planned or never."""
        ai = self.aromatase_inhibitor
        if ai.start is None or ai.status in {"planned", "none"}:
            return 0.0
        return max(0.0, ((ai.stop or self.record_date) - ai.start).days / DAYS_PER_YEAR)
