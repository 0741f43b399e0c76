"""A published result as a target: arm, endpoint, month, how much and how sure; also the form of a user's file."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from aimss.calibration.arms import Arm, Month, TScoreRange, _Form
from aimss.normal import NORMAL_95

SCHEMA: Literal["aimss-targets/1"] = "aimss-targets/1"
SMALLEST = 1e-6  # a share or ratio of 0 has no logarithm
Scale = Literal["points", "log", "log_ratio"]
Site = Literal["lumbar_spine", "total_hip", "femoral_neck"]
MARKERS = ("ctx", "ntx", "p1np", "bsap")
FRACTURES = ("any_clinical", "hip", "clinical_vertebral", "morphometric_vertebral", "nonvertebral")
JOINT = ("joint_symptoms", "pain_change", "discontinuation")
Quantity = Literal[
    "bmd", "t_score", "ctx", "ntx", "p1np", "bsap", "estradiol",
    "any_clinical", "hip", "clinical_vertebral", "morphometric_vertebral", "nonvertebral",
    "joint_symptoms", "pain_change", "discontinuation",
]  # fmt: skip
Measure = Literal[
    "percent_change", "percent_per_year", "percent_of_baseline", "value", "cumulative_percent", "hazard_ratio"
]
# what each quantity is told in; the first is taken where a target is silent
MEASURES: dict[str, tuple[str, ...]] = {
    "bmd": ("percent_change", "percent_per_year"),
    "t_score": ("value",),
    **dict.fromkeys(MARKERS, ("percent_change", "percent_of_baseline")),
    "estradiol": ("percent_of_baseline", "percent_change", "value"),
    **dict.fromkeys(FRACTURES, ("cumulative_percent", "hazard_ratio")),
    "joint_symptoms": ("cumulative_percent",),
    "pain_change": ("value",),
    "discontinuation": ("cumulative_percent",),
}
Definition = Literal[
    "survey_now", "survey_by", "survey_pain_free", "adverse_event", "any_pain", "score_4_or_more",
    "notable_pain", "share_of_first_year", "severe_among_reporters",
]  # fmt: skip
Part = Literal[
    "estradiol", "bmd_on_ai", "bmd_with_drug", "bmd_without_ai", "bmd_premenopausal", "stopping_ai",
    "stopping_denosumab", "stopping_bisphosphonate", "markers", "fractures", "prevalence", "onset", "discontinuation",
    "pain",
]  # fmt: skip
PARTS: tuple[str, ...] = Part.__args__  # type: ignore[attr-defined]


class Target(_Form):
    """One published result of one arm, or of an arm against a comparator.

    t_score_range : T-scores at the spine that these women were admitted with, where it is not that of the arm.
    month : months from the start of the trial; from_month : the change is counted from here (0, or where a drug stops).
    comparator : the arm whose value is taken off (a difference), or that a hazard ratio is against.
    measure : of percent changes with a comparator, `relative` divides instead of taking off (markers).
    se, ci95, sd with n : any one of them; without, the rule for standard errors fills in from n.
    role : calibrate, check, or blind (a user's own).
    """

    id: str = Field(min_length=1, max_length=80)
    study: str = ""
    part: Part | None = None
    arm: str
    comparator: str | None = None
    t_score_range: TScoreRange | None = None
    quantity: Quantity
    site: Site | None = None
    definition: Definition | None = None
    measure: Measure | None = None
    relative: bool = False
    month: Annotated[Month, Field(ge=0)]
    from_month: Month = 0.0
    observed: float
    se: float | None = Field(None, gt=0)
    ci95: tuple[float, float] | None = None
    sd: float | None = Field(None, gt=0)
    n: float | None = Field(None, ge=2)
    n_comparator: float | None = Field(None, ge=2)
    statistic: Literal["mean", "median"] = "mean"
    verified: Literal["yes", "secondary", "derived", "no"] = "yes"
    role: Literal["calibrate", "check", "blind"] = "blind"
    source: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _fits_together(self) -> Target:
        problem = self._problem()
        if problem:
            raise ValueError(problem)
        return self

    def _problem(self) -> str:
        told = self.told_as
        over_time = told in ("percent_change", "percent_per_year")
        low, high = self.ci95 or (-math.inf, math.inf)
        problems = {
            f"{self.quantity} needs a site": self.quantity in ("bmd", "t_score") and self.site is None,
            f"{self.quantity} is told as {' or '.join(MEASURES[self.quantity])}, not as {told}": told
            not in MEASURES[self.quantity],
            "a hazard_ratio needs a comparator": told == "hazard_ratio" and self.comparator is None,
            f"a {told} is above 0": self.scale == "log"
            and self.observed <= 0
            and (told == "hazard_ratio" or self.comparator is None),
            **self._out_of_bounds(),
            "joint_symptoms needs a definition": self.quantity == "joint_symptoms" and self.definition is None,
            "morphometric_vertebral fractures are answered as a hazard_ratio only": (
                self.quantity == "morphometric_vertebral" and told != "hazard_ratio"
            ),
            f"month {self.month:g} is not after from_month {self.from_month:g}": over_time
            and self.month <= self.from_month,
            "ci95 must be [low, high]": low >= high,
            "ci95 does not hold the observed value": low < high and not low <= self.observed <= high,
        }
        return next((words for words, wrong in problems.items() if wrong), "")

    def _out_of_bounds(self) -> dict[str, bool]:
        """What can be no result, whatever the trial: most are a slip of the unit or of the sign."""
        bounds = {
            "bmd": (-100.0, 100.0, "%"),
            "t_score": (-8.0, 6.0, ""),
            **dict.fromkeys(MARKERS, (-100.0, 2000.0, "%")),
            "pain_change": (-10.0, 10.0, "points"),
            "estradiol": (-100.0, 5000.0, ""),
        }
        low, high, unit = (
            (0.0, 100.0, "%")
            if self.told_as == "cumulative_percent"
            else ((0.0, 100.0, "") if self.told_as == "hazard_ratio" else bounds[self.quantity])
        )
        if self.told_as == "cumulative_percent" and self.comparator is not None:
            low = -100.0
        words = f"observed {self.quantity} as {self.told_as} lies between {low:g} and {high:g} {unit}".rstrip()
        return {f"{words}, found {self.observed:g}": not low <= self.observed <= high}

    @property
    def told_as(self) -> str:
        """The measure; the first of its quantity where the target is silent."""
        return self.measure or MEASURES[self.quantity][0]

    @property
    def women(self) -> str:
        """Which of the arm's women these are, in words; empty where they are all of them."""
        if self.t_score_range is None:
            return ""
        low, high = self.t_score_range
        if low is None:
            return f"T-score at most {high:g}"
        return f"T-score from {low:g}" + ("" if high is None else f" to {high:g}")

    @property
    def scale(self) -> Scale:
        """The scale on which its errors are taken as normal.

        points : as told; log : of the value (ratios, levels, cumulative shares); log_ratio : ln(1 + change / 100).
        """
        if self.told_as in ("hazard_ratio", "percent_of_baseline", "cumulative_percent"):
            return "log"
        if self.quantity == "estradiol":
            return "log" if self.told_as == "value" else "log_ratio"
        if self.quantity in MARKERS and (self.comparator is None or self.relative):
            return "log_ratio"
        return "points"

    def to_scale(self, values: Any) -> Any:
        """Return values on the scale of errors."""
        if self.scale == "points":
            return np.asarray(values, dtype=np.float64)
        shifted = np.asarray(values, dtype=np.float64) / 100 + 1 if self.scale == "log_ratio" else values
        return np.log(np.maximum(shifted, SMALLEST))

    def from_scale(self, values: Any) -> Any:
        """Return values of the scale of errors as they are told."""
        if self.scale == "points":
            return np.asarray(values, dtype=np.float64)
        return 100 * np.expm1(values) if self.scale == "log_ratio" else np.exp(values)

    @property
    def printed_se(self) -> float | None:
        """The standard error that the source gives, on the scale of errors; None if it gives none."""
        if self.se is not None:
            if self.told_as == "hazard_ratio" or self.scale == "points":
                return self.se  # of a ratio, the error of its logarithm is stated
            return self.se / abs(100 + self.observed if self.scale == "log_ratio" else self.observed)
        if self.ci95 is not None:
            low, high = self.to_scale(self.ci95)
            return float(high - low) / (2 * NORMAL_95)
        if self.sd is not None and self.n is not None:
            spread = self.sd / math.sqrt(self.n)
            if self.scale == "points":
                return spread
            return spread / abs(100 + self.observed if self.scale == "log_ratio" else self.observed)
        return None


class TargetFile(_Form):
    """A file of targets: arms by name and the results that they gave."""

    schema_name: Literal["aimss-targets/1"] = Field(SCHEMA, alias="schema")
    title: str = ""
    arms: dict[str, Arm]
    targets: tuple[Target, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_resolve(self) -> TargetFile:
        for name, arm in self.arms.items():
            for part in arm.parts:
                inner = self.arms.get(part.arm)
                if inner is None:
                    raise ValueError(f"arm {name} is made of {part.arm}, which is not in this file")
                if inner.parts:
                    raise ValueError(f"arm {name} is made of {part.arm}, which is itself a mixture")
        seen = set[str]()
        for target in self.targets:
            if target.id in seen:
                raise ValueError(f"target id {target.id} is used twice")
            seen.add(target.id)
            for used in (target.arm, target.comparator):
                if used is not None and used not in self.arms:
                    raise ValueError(f"target {target.id} names the arm {used}, which is not in this file")
        return self
