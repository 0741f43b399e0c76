"""`PlanDocument`: the published shape of plan.json, schema `aimss-plan/1`; keys may be added, none renamed.

Every series runs over `times_months`; change is from the day of the forecast (month 0). Medians and intervals are over
her virtual twins: low90-high90 holds nine in ten of them, low50-high50 the middle half.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Document(BaseModel):
    """A frozen part of the document; only finite numbers can be written."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Series(Document):
    """Median, 50 % and 90 % interval at each of `times_months`."""

    median: list[float]
    low90: list[float]
    high90: list[float]
    low50: list[float]
    high50: list[float]


class BmdSeries(Series):
    """Bone mineral density at one site."""

    unit: Literal["g/cm2"] = "g/cm2"
    change_percent: Series = Field(description="% of the value on the day of the forecast")
    t_score: Series = Field(description="T-score at this site, by the reference named in run.t_score_reference")


class MarkerSeries(Document):
    """A turnover marker."""

    percent_of_start: Series = Field(description="% of the value on the day of the forecast")


class EstradiolSeries(Series):
    """Serum estradiol."""

    unit: Literal["pmol/L"] = "pmol/L"


class FractureSeries(Document):
    """Probability of a first such fracture by each time, death allowed for as a competing event."""

    definition: str
    cumulative_probability: Series


class ExitPlan(Document):
    """How the denosumab of a strategy is to be stopped; days are from the day of the forecast."""

    last_dose_month: float | None
    next_dose_due_month: float | None
    follow_on: str | None
    follow_on_month: float | None
    text: str


class StrategyForecast(Document):
    """What one strategy does to her."""

    name: str
    label: str
    summary: str = ""
    flags: list[str] = Field(default_factory=list, description="reasons why the structural error is wider")
    notes: list[str] = Field(default_factory=list, description="how uncertain dates and doses were read")
    times_months: list[float]
    bmd: dict[Literal["lumbar_spine", "total_hip", "femoral_neck"], BmdSeries]
    markers: dict[Literal["ctx", "p1np", "bsap", "ntx"], MarkerSeries]
    estradiol: EstradiolSeries
    fracture: dict[Literal["any_clinical", "hip", "clinical_vertebral", "other_nonvertebral"], FractureSeries]
    exit_plan: ExitPlan | None = None


class MissingInput(Document):
    """An input that was not in the record and what its absence does."""

    field: str
    effect: str
    filled_by: str = ""


class SourceLine(Document):
    """A source that this plan rests on."""

    id: str
    pmid: str | None = None
    doi: str | None = None
    status: str = Field(description="verified yes, secondary, no, derived; fitted or assumed for model parameters")
    title: str = ""
    used_for: str = ""


class Scan(Document):
    """One of her own scans, on the scale of the forecast."""

    month: float = Field(description="months from the day of the forecast; negative in the past")
    site: Literal["lumbar_spine", "total_hip", "femoral_neck"]
    bmd_g_cm2: float
    t_score: float
    as_given: str = Field(description="what the record says, with its unit")
    converted: str = Field(default="", description="how it was put on this scale, empty if as given")


class PastSeries(Document):
    """Her past as simulated, from the start of treatment to the day of the forecast, at each `months`."""

    months: list[float]
    bmd: dict[Literal["lumbar_spine", "total_hip", "femoral_neck"], Series]


class Conditioning(Document):
    """How her own data moved the virtual twins."""

    observations: int
    effective_sample_size: float
    pareto_k: float | None
    moves: int
    prior: StrategyForecast | None = Field(
        default=None, description="the first strategy, forecast without her scans, markers and estradiol"
    )


class Banner(Document):
    """A warning that goes above a forecast outside the validated range."""

    id: str
    text: str
    strategies: list[str]


class Rival(Document):
    """A simpler prediction beside the model on the same published results; errors in the unit of the part."""

    n: int
    rmse: float
    rmse_aimss_on_the_same: float


class ValidationPart(Document):
    """How the shipped model met the published results of one kind."""

    part: str
    label: str
    n: int = Field(description="published results")
    inside: int = Field(description="of them within the model's 90 % predictive interval")
    fitted: int = Field(description="of them targets of the fit, so that they are no independent test")
    own_study_effect: bool = Field(description="scored with each study's own fitted effect: agreement, not a test")
    unit: Literal["percentage points of bone density", "points on the 0-10 scale", "natural logarithm"]
    n_rmse: int = Field(description="of the results, those told in `unit`")
    rmse: float
    bias: float = Field(description="mean of predicted less published")
    constant_change: Rival | None = Field(description="a constant yearly change of the regimen, from other trials")
    other_trials: Rival | None = Field(description="the mean of other trials of the same regimen, site and month")


class RangeError(Document):
    """How the shipped model met the published results of one kind in a range that a banner warns of."""

    banner: str = Field(description="id of the banner")
    what: str = Field(description="a site of bone density or a kind of fracture")
    unit: Literal["percentage points of bone density", "natural logarithm"]
    n: int = Field(description="published results")
    trials: int = Field(description="that reported them")
    inside: int = Field(description="of the results within the model's 90 % predictive interval")
    middle: float = Field(description="median over the results of predicted less published")
    lowest: float
    highest: float


class Validation(Document):
    """Scores of the shipped parameters against published results, as `aimss validate` last made them."""

    command: str
    version: str
    parameters_sha256: str = Field(description="of the parameters scored; compare run.parameters_sha256")
    data_sha256: dict[str, str] = Field(description="of every data file that the scores depend on")
    between_trials_points: dict[str, float] = Field(
        description="SD between trials of one regimen beyond sampling error, in points of BMD change, by site"
    )
    parts: list[ValidationPart]
    ranges: list[RangeError] = Field(default=[], description="errors where a banner warns, by banner and outcome")


class RunRecord(Document):
    """Where the numbers came from: enough to make them again."""

    seed: int
    twins: int
    years: float
    inputs_sha256: str
    parameters_sha256: str
    version: str
    libraries: dict[str, str]
    solver: dict[str, Any]
    failures: int = Field(description="trajectories that neither solver could finish; left out and counted")
    resolved_by_reference: int = Field(default=0, description="trajectories that the tight solver had to finish")
    t_score_reference: str
    command: str


class PlanDocument(Document):
    """One woman's plan."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)

    schema_: Literal["aimss-plan/1"] = Field(default="aimss-plan/1", alias="schema")
    record: dict[str, Any]
    short_answer: list[str] = Field(description="plain sentences, the most important first")
    banners: list[Banner]
    missing: list[MissingInput]
    scans: list[Scan]
    past: PastSeries | None = None
    conditioning: Conditioning
    strategies: list[StrategyForecast]
    rules: dict[str, Any] | None = Field(default=None, description="schema aimss-rules/1")
    guideline_forecasts: list[dict[str, Any]] = Field(
        default_factory=list,
        description="each bone regimen that a guideline names for her, forecast for the same twins",
    )
    joints: dict[str, Any] | None = None
    harms: list[dict[str, Any]] | None = None
    explain: dict[str, Any] | None = None
    validation: Validation | None = Field(
        default=None, description="how the shipped model met published results; what the page's last section shows"
    )
    sources: list[SourceLine]
    run: RunRecord
