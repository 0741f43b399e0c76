"""Arms of trials as data: who was treated, with what and when, in months from the start of the trial (month 0)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

AromataseInhibitor = Literal["letrozole", "anastrozole", "exemestane", "any_aromatase_inhibitor"]
DrugName = Literal[
    "letrozole", "anastrozole", "exemestane", "any_aromatase_inhibitor", "tamoxifen", "raloxifene",
    "ovarian_suppression", "ovarian_failure", "zoledronate", "denosumab", "alendronate", "risedronate", "ibandronate",
    "exercise", "vitamin_d", "calcium", "duloxetine", "acupuncture", "omega_3",
]  # fmt: skip
AROMATASE_INHIBITORS = ("letrozole", "anastrozole", "exemestane", "any_aromatase_inhibitor")
RECEPTOR_DRUGS = ("tamoxifen", "raloxifene")
OVARIAN = ("ovarian_suppression", "ovarian_failure")
INJECTIONS = ("zoledronate", "denosumab")
ORAL_BONE_DRUGS = ("alendronate", "risedronate", "ibandronate")
# mg and days between doses where an arm is silent: the usual regimens
STANDARD = {
    "denosumab": (60.0, 6 * 30.4375),
    "alendronate": (70.0, 7.0),
    "risedronate": (35.0, 7.0),
    "ibandronate": (150.0, 30.4375),
}
SUPPRESSED_SHARE = 0.98  # of ovarian estradiol, bone-model section 2
MENOPAUSE_AGE_YEARS = 50.5  # bone-model section 7: an unknown final menstrual period (assumed)
FURTHEST_MONTH = 600.0
LARGEST_ZOLEDRONATE_MG = 8.0  # once given in oncology

Month = Annotated[float, Field(ge=-FURTHEST_MONTH, le=FURTHEST_MONTH)]


TScore = Annotated[float, Field(ge=-8, le=6, strict=True)]
HIGHEST_LOWER_LIMIT, LOWEST_UPPER_LIMIT = 1.5, -4.5  # beyond either is less than one woman in ten at any age


def _that_women_have(limits: tuple[float | None, float | None]) -> tuple[float | None, float | None]:
    low, high = limits
    if low is None and high is None:
        raise ValueError("a range of T-scores has a limit, as in [null, -2.5]; leave it out if it has none")
    if low is not None and high is not None and low >= high:
        raise ValueError(f"the lower limit {low:g} is not below the upper limit {high:g}")
    if (low is not None and low > HIGHEST_LOWER_LIMIT) or (high is not None and high < LOWEST_UPPER_LIMIT):
        raise ValueError(
            "hardly a woman has such a T-score: the lower limit is at most "
            f"{HIGHEST_LOWER_LIMIT:g}, the upper at least {LOWEST_UPPER_LIMIT:g}"
        )
    return limits


# T-scores at the lumbar spine that a trial admitted, lower and upper limit; null where there is none
TScoreRange = Annotated[tuple[TScore | None, TScore | None], AfterValidator(_that_women_have)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Population(_Form):
    """The typical woman of an arm at month 0; what is not given is not assumed to be normal but the model's average.

    Years since the final menstrual period are negative before it; where they are not given they follow from age.
    Density comes from printed mean T-scores or, where there are none, from the range that the trial admitted.
    """

    age_years: float | None = Field(None, ge=18, le=105)
    years_since_final_menstrual_period: float | None = Field(None, ge=-40, le=60)
    premenopausal: bool = False
    bmi_kg_m2: float | None = Field(None, ge=12, le=80)
    peripheral_estradiol_pmol_l: float | None = Field(None, gt=0, le=500)
    vitamin_d_ng_ml: float | None = Field(None, gt=0, le=200)
    resorption_multiplier: float = Field(1.0, gt=0.1, lt=10)
    t_scores: dict[Literal["lumbar_spine", "total_hip", "femoral_neck"], TScore] = {}
    t_score_range: TScoreRange | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Population:
        if self.t_scores and self.t_score_range is not None:
            raise ValueError("give t_scores (printed means) or t_score_range (what was admitted), not both")
        if self.age_years is None and self.years_since_final_menstrual_period is None:
            raise ValueError("age_years or years_since_final_menstrual_period must be given")
        if self.premenopausal and self.menopause_years >= 0:
            raise ValueError("a premenopausal woman has negative years since her final menstrual period")
        return self

    @property
    def menopause_years(self) -> float:
        """Years since the final menstrual period; from age where they are not given."""
        if self.years_since_final_menstrual_period is not None:
            return self.years_since_final_menstrual_period
        assert self.age_years is not None
        years = self.age_years - MENOPAUSE_AGE_YEARS
        return min(years, -0.5) if self.premenopausal else years

    @property
    def age(self) -> float:
        """Age in years at month 0; from the years since menopause where it is not given."""
        return self.age_years if self.age_years is not None else self.menopause_years + MENOPAUSE_AGE_YEARS


class Treatment(_Form):
    """One drug over a time: from `from_month` to `to_month`, or injections at months or at an interval.

    A negative month is before the trial, so that past tamoxifen, inhibitors and bone drugs are treatments too.
    """

    drug: DrugName
    from_month: Month = 0.0
    to_month: Month | None = None
    dose_mg: float | None = Field(None, gt=0, le=1000)
    every_days: float | None = Field(None, gt=0, le=1500)
    every_months: float | None = Field(None, gt=0, le=48)
    doses: int | None = Field(None, ge=1, le=200)
    at_months: tuple[Month, ...] = ()
    adherence: float = Field(1.0, gt=0, le=1)
    suppressed_share: float = Field(SUPPRESSED_SHARE, ge=0, le=1)

    @model_validator(mode="after")
    def _makes_sense(self) -> Treatment:
        if self.to_month is not None and self.to_month <= self.from_month:
            raise ValueError(f"{self.drug}: to_month {self.to_month:g} is not after from_month {self.from_month:g}")
        if self.every_days is not None and self.every_months is not None:
            raise ValueError(f"{self.drug}: give every_days or every_months, not both")
        if self.at_months and (self.doses or self.every_days or self.every_months):
            raise ValueError(f"{self.drug}: at_months already says when; leave out doses and interval")
        if (self.at_months or self.doses) and self.drug not in INJECTIONS:
            raise ValueError(f"{self.drug}: single doses are for injections ({', '.join(INJECTIONS)})")
        if self.drug == "zoledronate" and (self.dose_mg is None or self.dose_mg > LARGEST_ZOLEDRONATE_MG):
            raise ValueError("zoledronate: dose_mg must be given (4 or 5 mg; smaller ones in dose-finding trials)")
        once = not self.at_months and self.interval_months is None
        if self.drug in INJECTIONS and once and self.doses not in (None, 1):
            raise ValueError(f"{self.drug}: {self.doses} doses need every_months")
        return self

    @property
    def end_month(self) -> float:
        """The month in which it ends; the furthest there is where it is not ended."""
        return FURTHEST_MONTH if self.to_month is None else self.to_month

    @property
    def dose(self) -> float | None:
        """Dose in mg at one time."""
        return self.dose_mg if self.dose_mg is not None else STANDARD.get(self.drug, (None, None))[0]

    @property
    def interval_months(self) -> float | None:
        """Months between doses; None where there is one dose."""
        if self.every_months is not None:
            return self.every_months
        days = self.every_days if self.every_days is not None else STANDARD.get(self.drug, (None, None))[1]
        return None if days is None else days / 30.4375

    @property
    def mg_per_day(self) -> float:
        """Average daily dose of an oral bone drug, less what is not taken."""
        assert self.dose is not None
        assert self.interval_months is not None
        return self.dose / (self.interval_months * 30.4375) * self.adherence


class Part(_Form):
    """A share of a mixed arm that is treated as another arm."""

    arm: str
    share: float = Field(gt=0, le=1)


class Arm(_Form):
    """One arm: a population and its treatments, or a mixture of other arms (`parts`, shares adding up to 1).

    setting : for joint symptoms: blinded, or open (she knows that she takes an AI).
    """

    population: Population | None = None
    treatments: tuple[Treatment, ...] = ()
    parts: tuple[Part, ...] = ()
    setting: Literal["blinded", "open"] = "open"
    regimen: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> Arm:
        if bool(self.parts) == (self.population is not None):
            raise ValueError("an arm has either a population (with treatments) or parts")
        if self.parts and abs(sum(p.share for p in self.parts) - 1) > 1e-6:
            raise ValueError(f"shares of the parts add up to {sum(p.share for p in self.parts):g}, not to 1")
        return self
