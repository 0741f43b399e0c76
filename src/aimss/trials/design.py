"""`TrialDesign`: who, how many, which strategies, what is measured and how it is analysed; one YAML file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from aimss.care.strategy import Strategy
from aimss.patient.observations import Site
from aimss.patient.parts import Part, refuse
from aimss.trials.criteria import CriterionError, check
from aimss.trials.population import FIELDS, PopulationSpec

Marker = Literal["ctx", "ntx", "p1np", "bsap"]
FractureKind = Literal["any_clinical", "hip", "clinical_vertebral", "other_nonvertebral"]
Definition = Literal["S-CUM", "S-CUR", "AE", "ANY", "GE4", "HAQ", "SF36-BP"]
Months = Annotated[tuple[Annotated[float, Field(gt=0, le=480)], ...], Field(min_length=1, max_length=200)]
Weeks = Annotated[tuple[Annotated[int, Field(ge=1, le=1040)], ...], Field(min_length=1, max_length=200)]


class BmdEndpoint(Part):
    """Change of BMD in percent since the first scan, or the T-score, as measured at the visits."""

    measure: Literal["bmd_percent_change", "t_score"]
    site: Site
    months: Months


class BmdResponder(Part):
    """Share of women whose BMD changed by at least (gain) or at most (loss) so many percent."""

    measure: Literal["bmd_responder"]
    site: Site
    months: Months
    at_least_percent: float | None = None
    at_most_percent: float | None = None

    @model_validator(mode="after")
    def _one(self) -> BmdResponder:
        if (self.at_least_percent is None) == (self.at_most_percent is None):
            raise refuse("at_least_percent", "at_least_percent or at_most_percent", "both or neither")
        return self


class MarkerEndpoint(Part):
    """Change of a marker of bone turnover in percent since the first sample."""

    measure: Literal["marker_percent_change"]
    marker: Marker
    months: Months


class FractureEndpoint(Part):
    """Months to the first fracture of a kind; death competes, dropout and the end of the trial censor."""

    measure: Literal["fracture"]
    kind: FractureKind


class PainEndpoint(Part):
    """Change of worst joint pain (0-10, last 24 hours) since entry, in points, as recorded."""

    measure: Literal["pain_change"]
    weeks: Weeks


class PainResponder(Part):
    """Share of women whose recorded pain fell by at least so many points."""

    measure: Literal["pain_responder"]
    weeks: Weeks
    falls_by_points: Annotated[float, Field(gt=0, le=10)] = 2.0


class AimssEndpoint(Part):
    """Share of women with joint symptoms by one definition, so many weeks after the start of the drug."""

    measure: Literal["aimss"]
    definition: Definition
    weeks: Weeks


class PersistenceEndpoint(Part):
    """Share of women still on the aromatase inhibitor, by month; the setting decides more than the women."""

    measure: Literal["persistence"]
    months: Months
    setting: str = "new setting"


Endpoint = Annotated[
    BmdEndpoint
    | BmdResponder
    | MarkerEndpoint
    | FractureEndpoint
    | PainEndpoint
    | PainResponder
    | AimssEndpoint
    | PersistenceEndpoint,
    Field(discriminator="measure"),
]
JOINT_MEASURES = ("pain_change", "pain_responder", "aimss", "persistence")


class Arm(Part):
    """One arm: a strategy of the library by name, a strategy file, or a strategy written out."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    label: str | None = None
    strategy: str | Strategy


class Adherence(Part):
    """Women who do not take the strategy of their arm go over to `then`, from the start or later."""

    never_start: Annotated[float, Field(ge=0, lt=1)] = 0.0
    stop_per_year: Annotated[float, Field(ge=0, le=5)] = 0.0
    then: str | Strategy = Field(default="ai_alone", description="what they have instead: a strategy, as in an arm")
    arms: tuple[str, ...] = Field(default=(), description="arms that it holds for; all if left out")


class Dropout(Part):
    """Loss to follow-up: later visits are missing. With `rises_with` it is informative."""

    per_year: Annotated[float, Field(ge=0, le=5)] = 0.0
    rises_with: Literal["pain", "bone_loss"] | None = Field(
        default=None, description="points of pain above entry, or percent of spine BMD lost"
    )
    hazard_ratio_per_unit: Annotated[float, Field(gt=0, le=10)] = 1.0


class MeasurementError(Part):
    """Noise of what is measured; none: the true values."""

    enabled: bool = True
    dxa_cv_percent: dict[Site, Annotated[float, Field(ge=0, le=20)]] = Field(
        default={}, description="SD of one scan in percent; the model's (machine and everything else) if left out"
    )
    marker_cv_percent: dict[Marker, Annotated[float, Field(ge=0, le=100)]] = Field(
        default={"p1np": 12.0, "bsap": 7.0, "ntx": 16.0, "ctx": 15.0},
        description="within-woman variation: population/assay (P1NP 12, BSAP 7, NTX 16; CTX AS016)",
    )


class Death(Part):
    """Death beside fracture: the life table times a ratio, and deaths from breast cancer on top of it."""

    life_table_ratio: Annotated[float, Field(ge=0, le=5)] = 1.0
    breast_cancer_per_year: Annotated[float, Field(ge=0, le=1)] = 0.0


class Analysis(Part):
    """How arms are compared; `contrasts` pairs of arms (first minus second), against the last arm if left out."""

    contrasts: tuple[tuple[str, str], ...] = ()
    ancova: bool = Field(default=True, description="adjust differences of BMD and pain for the first measurement")
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    merge_remedies: bool = Field(
        default=False, description="compare remedies of different kinds by a named assumption, instead of refusing"
    )


class CompareWith(Part):
    """A published trial to show beside: its arms (as the evidence names them) as arms or contrasts of this one."""

    study: str
    arms: dict[str, str] = Field(description="arm in the evidence: arm here, or `a - b` for a contrast")


class CsvPopulation(Part):
    """The user's own women, one a row (`aimss patient schema --csv`); more are drawn than rows if n is larger."""

    csv: str


class TrialDesign(Part):
    """An in-silico trial."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
    title: Annotated[str, Field(min_length=3, max_length=200)]
    question: str = ""
    population: PopulationSpec | CsvPopulation
    n: Annotated[int, Field(ge=2, le=50_000_000, description="women in all (in each replicate)")]
    arms: Annotated[tuple[Arm, ...], Field(min_length=1, max_length=20)]
    allocation: Literal["parallel", "crossover"] = Field(
        default="parallel", description="parallel: randomised; crossover: every woman through every arm"
    )
    stratify_by: tuple[str, ...] = Field(default=(), description="conditions; arms are balanced within their strata")
    horizon_years: Annotated[float, Field(gt=0, le=40)]
    endpoints: Annotated[tuple[Endpoint, ...], Field(min_length=1, max_length=60)]
    adherence: Adherence = Adherence()
    dropout: Dropout = Dropout()
    measurement_error: MeasurementError = MeasurementError()
    death: Death = Death()
    parameters: Literal["central", "draw_per_woman", "draw_per_replicate"] = Field(
        default="central", description="bone model: fitted values, or draws of them; the joint model is always drawn"
    )
    knows_of_treatment: bool = Field(
        default=True, description="pain of starting treatment knowingly (joint model); false for a blinded trial"
    )
    analysis: Analysis = Analysis()
    replicates: Annotated[int, Field(ge=1, le=100_000)] = 1
    compare_with: tuple[CompareWith, ...] = ()
    trajectories: bool = Field(default=False, description="keep every woman's BMD by visit (Zarr; large)")

    @field_validator("stratify_by")
    @classmethod
    def _conditions(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            try:
                check(text, FIELDS - {"worst_pain"})
            except CriterionError as error:
                raise ValueError(f"{error.expected}; found {error.found}") from None
        return value

    @model_validator(mode="after")
    def _sound(self) -> TrialDesign:
        names = [arm.name for arm in self.arms]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise refuse("arms", "a different name for each arm", f"{twice[0]} twice")
        for i, (a, b) in enumerate(self.analysis.contrasts):
            for arm in (a, b):
                if arm not in names:
                    raise refuse(f"analysis.contrasts[{i}]", "arms out of " + ", ".join(names), arm)
        for arm in self.adherence.arms:
            if arm not in names:
                raise refuse("adherence.arms", "arms out of " + ", ".join(names), arm)
        if self.allocation == "parallel" and self.n < 2 * len(names):
            raise refuse("n", f"at least two women an arm ({2 * len(names)})", str(self.n))
        if self.allocation == "crossover" and self.stratify_by:
            raise refuse("stratify_by", "none beside crossover: every woman is in every arm", str(self.stratify_by[0]))
        self._check_endpoints()
        if isinstance(self.population, CsvPopulation) and self.needs_joints:
            raise refuse(
                "endpoints",
                "bone endpoints for women of a table",
                "a joint endpoint",
                "Joint endpoints need a population of margins.",
            )
        return self

    def _check_endpoints(self) -> None:
        horizon = self.horizon_years * 12 + 1e-9
        seen: set[str] = set()
        for i, endpoint in enumerate(self.endpoints):
            last = max(
                [0.0, *getattr(endpoint, "months", ()), *(w / 52.1786 * 12 for w in getattr(endpoint, "weeks", ()))]
            )
            if last > horizon:
                raise refuse(
                    f"endpoints[{i}]",
                    f"times within the horizon of {self.horizon_years * 12:g} months",
                    f"{last:g}",
                    "Make horizon_years longer.",
                )
            key = endpoint.model_dump_json(exclude={"months", "weeks"})
            if key in seen:
                raise refuse(f"endpoints[{i}]", "each endpoint once, with all its times", endpoint.measure)
            seen.add(key)
        if self.dropout.rises_with == "pain" and not self.needs_joints:
            raise refuse("dropout.rises_with", "a joint endpoint beside dropout that rises with pain", "none")

    @property
    def needs_joints(self) -> bool:
        """Whether an endpoint, eligibility or dropout asks for joint pain."""
        asked = any(e.measure in JOINT_MEASURES for e in self.endpoints) or any(
            when.when == "pain" for s in self.strategies() for c in s.courses for when in c.conditions.values()
        )
        return asked or (isinstance(self.population, PopulationSpec) and self.population.needs_pain())

    @property
    def needs_bone(self) -> bool:
        """Whether an endpoint asks for bone."""
        return any(e.measure not in JOINT_MEASURES for e in self.endpoints) or self.dropout.rises_with == "bone_loss"

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The contrasts: as written, else every arm against the last."""
        names = [arm.name for arm in self.arms]
        return self.analysis.contrasts or tuple((name, names[-1]) for name in names[:-1])

    @property
    def total(self) -> int:
        """Women over all replicates."""
        return self.n * self.replicates

    def strategies(self) -> tuple[Strategy, ...]:
        """The strategy of each arm; every one is written out once a design was read."""
        return tuple(arm.strategy for arm in self.arms if isinstance(arm.strategy, Strategy))


def design_schema() -> dict[str, Any]:
    """Return the JSON Schema of a design file (with names of strategies and populations in place of their bodies)."""
    schema = TrialDesign.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "aimss trial design"
    population = schema["properties"]["population"]
    population["anyOf"] = [
        {"type": "string", "description": "name of a preset"},
        *population.pop("anyOf"),
        {"type": "object", "required": ["based_on"], "description": "changes to a preset"},
    ]
    return schema
