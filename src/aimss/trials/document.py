"""`TrialDocument`: the result of a trial as JSON, schema aimss-trial/1; the same bytes for the same seed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null", populate_by_name=True)


Number = float | None


class EndpointRow(_Part):
    """One endpoint of one arm at one time; of a share, `mean` is the share and there are no percentiles of women."""

    name: str
    site: str | None = None
    month: float | None = None
    week: int | None = None
    mean: Number
    sd: Number = None
    se: Number = None
    median: Number = None
    low90: Number = Field(default=None, description="5 % of women lie below")
    high90: Number = Field(default=None, description="5 % of women lie above")
    n: int


class ArmResult(_Part):
    """An arm, how many women it had, and what they showed."""

    name: str
    label: str
    n: int
    endpoints: list[EndpointRow]


class ContrastRow(_Part):
    """First arm minus second (a ratio for hazard ratios); the interval is of sampling women, not of the model."""

    a: str
    b: str
    endpoint: str
    site: str | None = None
    month: float | None = None
    week: int | None = None
    estimate: Number
    low95: Number
    high95: Number
    p: Number = None
    method: str
    subgroup: str | None = None
    not_validated: list[str] = Field(default=[], description="limits (by id) that an arm has entered by then")


class Withheld(_Part):
    """A contrast that is not shown, and why."""

    a: str
    b: str
    endpoint: str
    reason: str


class Power(_Part):
    """Over repeated trials: how often a contrast was found, and how many women an arm would need."""

    a: str
    b: str
    endpoint: str
    site: str | None = None
    month: float | None = None
    week: int | None = None
    replicates: int
    alpha: float
    power: Number
    power_low95: Number
    power_high95: Number
    mean_estimate: Number
    sd_of_estimates: Number
    women_per_arm_power_80: int | None = None
    women_per_arm_power_90: int | None = None


class CurveResult(_Part):
    """Time to a fracture in one arm: Kaplan-Meier (death censors) and cumulative incidence beside death."""

    arm: str
    endpoint: str
    months: list[float]
    event_free: list[float]
    event_free_low95: list[float]
    event_free_high95: list[float]
    cumulative_incidence: list[float]
    at_risk: list[int]
    events: int
    deaths: int


class PublishedRow(_Part):
    """A published result beside the simulated one; `verified` as in the evidence. Fractures are ratios."""

    study: str
    row: str
    what: str
    site: str | None = None
    month: float | None = None
    week: int | None = None
    statistic: str
    published: Number
    published_low95: Number = None
    published_high95: Number = None
    verified: str
    simulated: Number
    simulated_low95: Number = None
    simulated_high95: Number = None
    note: str = ""


class FlowArm(_Part):
    """What became of the women of one arm."""

    name: str
    allocated: int
    died: int
    dropped_out: int
    completed: int


class Flow(_Part):
    """How many candidates were drawn, why some were drawn again, and what became of the rest (CONSORT)."""

    drawn: int
    drawn_again: dict[str, int]
    enrolled: int
    not_solved: int
    arms: list[FlowArm]


class EntryRow(_Part):
    """A characteristic of the women at entry."""

    name: str
    mean: float
    sd: Number


class Limit(_Part):
    """Where the model is not validated, and which arms go there."""

    id: str
    text: str
    arms: list[str] = []


class Run(_Part):
    """Enough to make the same numbers again. `digest` is the hash of all endpoint data."""

    trial: str
    seed: int
    women: int
    replicates: int
    allocation: str
    digest: str
    design_sha256: str
    parameters_sha256: str
    version: str
    libraries: dict[str, str]
    solver: dict[str, Any]
    notes: list[str] = []


class TrialDocument(_Part):
    """The whole result."""

    schema_: Annotated[Literal["aimss-trial/1"], Field(alias="schema")] = "aimss-trial/1"
    title: str
    question: str
    entry: list[EntryRow]
    arms: list[ArmResult]
    contrasts: list[ContrastRow]
    withheld: list[Withheld] = []
    power: list[Power] = []
    curves: list[CurveResult] = []
    published: list[PublishedRow] = []
    flow: Flow
    limits: list[Limit]
    methods: str
    sources: list[str]
    run: Run
