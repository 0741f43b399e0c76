"""`Patient`: one woman's record, frozen and validated; absent means unknown, never normal.

Only sex, age (or birth date) and AI status are required. Every date may be a day, a month or a year.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from aimss.patient.dates import DAYS_PER_YEAR, RecordDate, years_between
from aimss.patient.history import DrugCourse, Fracture, RiskFactors
from aimss.patient.observations import (
    DxaScan,
    FraxResult,
    LaboratoryResult,
    MarkerResult,
    PainScore,
)
from aimss.patient.parts import Part

AromataseInhibitor = Literal["letrozole", "anastrozole", "exemestane"]


class AromataseInhibitorStatus(Part):
    """Whether she takes an aromatase inhibitor, which one, and since when."""

    status: Literal["planned", "current", "stopped", "none"]
    drug: AromataseInhibitor | None = None
    start: RecordDate | None = None
    stop: RecordDate | None = None
    planned_years: Annotated[float, Field(gt=0, le=15)] | None = None

    @model_validator(mode="after")
    def _dates_fit_the_status(self) -> AromataseInhibitorStatus:
        if self.status in {"current", "stopped"} and self.start is None:
            raise ValueError("start: needed when the status is current or stopped")
        if self.status == "stopped" and self.stop is None:
            raise ValueError("stop: needed when the status is stopped")
        if self.status in {"planned", "current"} and self.stop is not None:
            raise ValueError(f"stop: cannot stand beside status {self.status}")
        if self.status == "none" and (self.drug or self.start):
            raise ValueError("drug and start cannot stand beside status none")
        if self.start and self.stop and self.stop <= self.start:
            raise ValueError("stop: must be after start")
        return self


class Menopause(Part):
    """Menopausal state; the final menstrual period sets how fast bone is being lost."""

    status: Literal["premenopausal", "perimenopausal", "postmenopausal"]
    final_menstrual_period: RecordDate | None = None
    age_at_final_menstrual_period_years: Annotated[float, Field(ge=20, le=62)] | None = None
    cause: Literal["natural", "surgical", "chemotherapy", "ovarian_suppression", "unknown"] | None = None

    @model_validator(mode="after")
    def _one_statement(self) -> Menopause:
        given = [self.final_menstrual_period, self.age_at_final_menstrual_period_years]
        if all(v is not None for v in given):
            raise ValueError("give final_menstrual_period or age_at_final_menstrual_period_years, not both")
        if self.status == "premenopausal" and any(v is not None for v in given):
            raise ValueError("a premenopausal woman has no final menstrual period")
        return self


class Cancer(Part):
    """What of the cancer bears on bone, joints and the rules; nothing here is used to predict recurrence."""

    stage: Literal["0", "I", "II", "III", "IV"] | None = None
    node_status: Literal["N0", "N1", "N2", "N3"] | None = None
    recurrence_risk: Literal["low", "intermediate", "high"] | None = None
    phase: Literal["adjuvant", "extended", "metastatic", "prevention"] | None = None
    hormone_receptor_positive: bool | None = None
    bone_metastases: bool | None = None
    chemotherapy: bool | None = None
    taxane: bool | None = None
    skeletal_radiotherapy: bool | None = None


class Symptoms(Part):
    """What she reports today; red flags route to a clinician before anything is forecast."""

    new_focal_bone_pain: bool | None = None
    night_bone_pain: bool | None = None
    hot_swollen_joint: bool | None = None
    neurological_deficit: bool | None = None
    acute_back_pain: bool | None = None
    new_thigh_or_groin_pain: bool | None = None
    suspected_fracture: bool | None = None
    unexplained_weight_loss: bool | None = None
    height_loss_cm: Annotated[float, Field(ge=0, le=20)] | None = None
    morning_stiffness_minutes: Annotated[float, Field(ge=0, le=600)] | None = None
    joints: tuple[
        Literal["hands", "wrists", "knees", "hips", "shoulders", "ankles", "feet", "back", "diffuse"], ...
    ] = ()
    symmetrical: bool | None = None
    onset: RecordDate | None = None


class Lifestyle(Part):
    """Habits and intake that guidelines and remedies ask for."""

    aerobic_minutes_per_week: Annotated[float, Field(ge=0, le=3000)] | None = None
    resistance_sessions_per_week: Annotated[float, Field(ge=0, le=21)] | None = None
    calcium_mg_per_day: Annotated[float, Field(ge=0, le=5000)] | None = None
    vitamin_d_iu_per_day: Annotated[float, Field(ge=0, le=20000)] | None = None


class Patient(Part):
    """One woman's record, as of `record_date`, the day from which everything is forecast."""

    sex: Literal["female"]
    aromatase_inhibitor: AromataseInhibitorStatus
    record_date: RecordDate = Field(description="the day of the forecast")
    age_years: Annotated[float, Field(ge=18, le=100)] | None = None
    birth_date: RecordDate | None = None
    label: Annotated[str, Field(max_length=60)] | None = None
    height_cm: Annotated[float, Field(ge=120, le=220)] | None = None
    weight_kg: Annotated[float, Field(ge=25, le=300)] | None = None
    bmi_kg_m2: Annotated[float, Field(ge=12, le=80)] | None = None
    menopause: Menopause | None = None
    cancer: Cancer = Cancer()
    drugs: tuple[DrugCourse, ...] = ()
    tried: tuple[str, ...] = Field(default=(), description="remedies for joint pain that were tried and did not help")
    dxa: tuple[DxaScan, ...] = ()
    frax: tuple[FraxResult, ...] = ()
    markers: tuple[MarkerResult, ...] = ()
    laboratory: tuple[LaboratoryResult, ...] = ()
    pain: tuple[PainScore, ...] = ()
    fractures: tuple[Fracture, ...] = ()
    risk_factors: RiskFactors = RiskFactors()
    conditions: tuple[str, ...] = Field(default=(), description="other diagnoses by name, see `aimss patient schema`")
    symptoms: Symptoms = Symptoms()
    lifestyle: Lifestyle = Lifestyle()
    dental_status: Literal["ok", "needs_treatment", "extraction_planned", "unknown"] | None = None

    @model_validator(mode="after")
    def _whole(self) -> Patient:
        from aimss.patient.consistency import contradictions

        found = contradictions(self)
        if found:
            raise ValueError(" | ".join(found))
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

    def days_from_record(self, date: dt.date) -> float:
        """Days from the record date to a date; negative in the past."""
        return float((date - self.record_date).days)

    def years_on_aromatase_inhibitor(self) -> float:
        """Years on the present AI up to the record date (or its stop); 0 if planned or never."""
        ai = self.aromatase_inhibitor
        if ai.start is None or ai.status in {"planned", "none"}:
            return 0.0
        return max(0.0, ((ai.stop or self.record_date) - ai.start).days / DAYS_PER_YEAR)
