"""Virtual women: a Gaussian copula over published margins, kept plausible, chosen by eligibility.

Woman i depends on the seed and i alone, whoever draws her and in whatever company: a candidate who is not plausible or
not eligible is drawn again from the next stream at the same row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, field_validator, model_validator

from aimss.counter_random import normals
from aimss.errors import DesignError
from aimss.patient.densitometry import population_bmd, site_correlation, young_reference
from aimss.patient.files import load_file
from aimss.patient.observations import SITES
from aimss.patient.parts import Part, refuse
from aimss.trials.criteria import CriterionError, check, holds, names_in
from aimss.trials.margins import Margin, Status

Array = NDArray[np.float64]

YES_OR_NO = (
    "prior_fracture", "parental_hip_fracture", "current_smoking", "alcohol_above_2_units_per_day",
    "oral_glucocorticoid", "rheumatoid_arthritis", "chemotherapy", "taxane", "prior_hormone_replacement",
)  # fmt: skip
MEASURES = ("age_years", "age_at_menopause_years", "bmi_kg_m2", "vitamin_d_ng_ml")
MARGINS = (*MEASURES, *YES_OR_NO)
BONE = tuple(f"bmd_{site}" for site in SITES)
# what the joint model needs of a woman on her first day, in standard units
JOINT = ("trait", "amplitude", "onset", "offset", "susceptible", "fluctuation", "fluctuation_at_start", "recorded")
LATENT = (*MARGINS, *BONE, *JOINT)
FIELDS = frozenset(
    {*MARGINS, *BONE, *(f"t_score_{site}" for site in SITES), "t_score_lowest", "years_since_menopause",
     "years_on_aromatase_inhibitor", "worst_pain"}
)  # fmt: skip
MOST_ATTEMPTS = 4000
LATEST_MENOPAUSE_YEARS = 60.0


class Correlation(Part):
    """Correlation of two quantities on the normal scale of the copula."""

    between: tuple[str, str]
    value: Annotated[float, Field(ge=-0.99, le=0.99)]
    status: Status
    source: str = ""
    note: str = ""

    @field_validator("between")
    @classmethod
    def _known(cls, value: tuple[str, str]) -> tuple[str, str]:
        for name in value:
            if name not in LATENT:
                raise ValueError("two of " + ", ".join(LATENT))
        return value


class Criterion(Part):
    """One rule of eligibility; who does not meet it is counted under its name and drawn again."""

    name: Annotated[str, Field(min_length=2, max_length=80)]
    require: str = Field(description="condition on the fields, such as t_score_lowest >= -2")
    status: Status = "assumed"
    source: str = ""

    @field_validator("require")
    @classmethod
    def _in_the_language(cls, value: str) -> str:
        try:
            check(value, FIELDS)
        except CriterionError as error:
            raise ValueError(f"{error.expected}; found {error.found}") from None
        return value


class Entry(Part):
    """What the women have been given when the trial begins.

    aromatase_inhibitor : planned = starts with the trial; current = taken for `years_on_aromatase_inhibitor`;
    none = takes none and will not. Women take turns through the listed years.
    """

    menopause: Literal["postmenopausal", "premenopausal"] = "postmenopausal"
    aromatase_inhibitor: Literal["planned", "current", "none"] = "planned"
    drug: Literal["letrozole", "anastrozole", "exemestane"] | None = None
    planned_years: Annotated[float, Field(gt=0, le=15)] | None = None
    years_on_aromatase_inhibitor: tuple[Annotated[float, Field(gt=0, le=10)], ...] = ()
    tamoxifen_years: tuple[Annotated[float, Field(ge=0, le=10)], ...] = Field(
        default=(), description="years of tamoxifen up to the start of the trial"
    )

    @model_validator(mode="after")
    def _fits(self) -> Entry:
        if (self.aromatase_inhibitor == "current") != bool(self.years_on_aromatase_inhibitor):
            raise refuse(
                "years_on_aromatase_inhibitor", "years beside aromatase_inhibitor: current, and only there",
                str(list(self.years_on_aromatase_inhibitor)),
            )  # fmt: skip
        if self.aromatase_inhibitor != "none" and self.drug is None:
            raise refuse("drug", "letrozole, anastrozole or exemestane", "nothing")
        if self.aromatase_inhibitor == "current" and self.tamoxifen_years:
            raise refuse("tamoxifen_years", "none beside aromatase_inhibitor: current", str(list(self.tamoxifen_years)))
        return self


class PopulationSpec(Part):
    """A population: margins, correlations, situation at entry, eligibility."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    label: str
    summary: str = ""
    sources: tuple[str, ...] = ()
    based_on: str | None = None
    margins: dict[str, Margin] = Field(default={})
    bone_shift_t: dict[Literal["lumbar_spine", "total_hip", "femoral_neck"], float] = Field(
        default={}, description="added to the T-score of women of an age (assumed unless eligibility says so)"
    )
    correlations: tuple[Correlation, ...] = ()
    entry: Entry = Entry(drug="letrozole")
    eligibility: tuple[Criterion, ...] = ()

    @field_validator("margins")
    @classmethod
    def _known(cls, value: dict[str, Margin]) -> dict[str, Margin]:
        for name, margin in value.items():
            if name not in MARGINS:
                raise ValueError("margins out of " + ", ".join(MARGINS) + f"; found {name}")
            if (name in YES_OR_NO) != (margin.distribution == "share"):
                raise ValueError(f"{name} as {'a share' if name in YES_OR_NO else 'a number, not a share'}")
        return value

    def needs_pain(self) -> bool:
        """Whether eligibility asks for pain at entry."""
        return any("worst_pain" in names_in(c.require) for c in self.eligibility)


@dataclass(frozen=True, eq=False)
class Women:
    """n virtual women from `first` on.

    fields : name -> (n,); joint : (n, len(JOINT)) standard normal numbers; entry_class : (n,) which `EntryClass`.
    rejected : how many candidates were drawn again, by the criterion that they failed first.
    """

    first: int
    fields: Mapping[str, NDArray[Any]]
    joint: Array
    entry_class: NDArray[np.int64]
    rejected: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.entry_class)


@dataclass(frozen=True)
class EntryClass:
    """Women of one history: the strategies are placed on the calendar once for all of them."""

    years_on_aromatase_inhibitor: float
    tamoxifen_years: float


@dataclass(frozen=True)
class Population:
    """Draws women; `spec` is complete (a preset with its base and the changes of the design)."""

    spec: PopulationSpec

    @cached_property
    def classes(self) -> tuple[EntryClass, ...]:
        """The histories that occur."""
        entry = self.spec.entry
        on_drug = entry.years_on_aromatase_inhibitor or (0.0,)
        return tuple(EntryClass(a, t) for a in on_drug for t in entry.tamoxifen_years or (0.0,))

    @cached_property
    def factor(self) -> Array:
        """Cholesky factor of the copula's correlation matrix; DesignError if it is not one."""
        matrix = np.eye(len(LATENT))
        pairs = [(c.between[0], c.between[1], c.value) for c in self.spec.correlations]
        for i, a in enumerate(SITES):
            pairs += [(f"bmd_{a}", f"bmd_{b}", site_correlation(a, b).value) for b in SITES[:i]]
        for one, other, value in pairs:
            i, j = LATENT.index(one), LATENT.index(other)
            matrix[i, j] = matrix[j, i] = value
        try:
            return np.asarray(np.linalg.cholesky(matrix))
        except np.linalg.LinAlgError:
            raise DesignError(
                "population.correlations", "correlations that can hold together", "a set that cannot",
                "Make the largest ones smaller.",
            ) from None  # fmt: skip

    def women(self, seed: int, first: int, count: int) -> Women:
        """Return women `first` to `first + count - 1`; DesignError if almost no candidate is eligible."""
        numbers = np.empty((count, len(LATENT)))
        rejected: dict[str, int] = {}
        todo = np.arange(count)
        for attempt in range(MOST_ATTEMPTS):
            numbers[todo] = _rows(seed, f"trial/women/{attempt}", first, todo)
            fields = self.fields(seed, numbers[todo], first + todo)
            open_still = np.ones(len(todo), dtype=bool)
            for name, condition in self._checks():
                failed = open_still & ~condition(fields)
                if failed.any():
                    rejected[name] = rejected.get(name, 0) + int(failed.sum())
                open_still &= ~failed
            todo = todo[~open_still]
            if not todo.size:
                break
        else:
            raise DesignError(
                "population.eligibility", f"a woman in {MOST_ATTEMPTS} who meets it",
                f"{todo.size} women for whom none was found",
                f"Most candidates failed: {max(rejected, key=rejected.__getitem__)}.",
            )  # fmt: skip
        index = first + np.arange(count)
        return Women(
            first, self.fields(seed, numbers, index), numbers[:, -len(JOINT) :], self._class_of(index), rejected
        )

    def _checks(self) -> list[tuple[str, Any]]:
        criteria = [(c.name, lambda fields, text=c.require: holds(text, fields)) for c in self.spec.eligibility]
        return [("not plausible", _plausible if self.spec.entry.menopause == "postmenopausal" else _before), *criteria]

    def _class_of(self, index: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.asarray(index % len(self.classes))

    def fields(
        self, seed: int, numbers: Array, index: NDArray[np.int64], given: Mapping[str, Array] | None = None
    ) -> dict[str, NDArray[Any]]:
        """Return the fields of women from their standard normal numbers (n, len(LATENT)), name -> (n,).

        index : (n,) their numbers. given : name -> (n,), what is known of them; NaN is drawn.
        """
        given = given or {}
        # einsum, not a matrix product: that may round by the number of rows
        z = np.einsum("ij,kj->ki", numbers, self.factor)
        column = dict(zip(LATENT, z, strict=True))
        fields = {name: _or(given, name, m.values(column[name])) for name, m in self.spec.margins.items()}
        fields["taxane"] = fields["taxane"] & fields["chemotherapy"]
        since = fields["age_years"] - fields["age_at_menopause_years"]
        fields["years_since_menopause"] = _or(given, "years_since_menopause", since)
        for site in SITES:
            mean, sd = _bmd_of_age(site, fields["age_years"])
            reference = young_reference(site)
            drawn = mean + sd * column[f"bmd_{site}"] + self.spec.bone_shift_t.get(site, 0.0) * reference.sd
            fields[f"bmd_{site}"] = level = _or(given, f"bmd_{site}", drawn)
            fields[f"t_score_{site}"] = (level - reference.mean) / reference.sd
        fields["t_score_lowest"] = np.minimum.reduce([fields[f"t_score_{site}"] for site in SITES])
        years = np.array([c.years_on_aromatase_inhibitor for c in self.classes])[self._class_of(index)]
        fields["years_on_aromatase_inhibitor"] = _or(given, "years_on_aromatase_inhibitor", years)
        if self.spec.needs_pain():
            from aimss.trials.joints import recorded_pain_at_entry

            fields["worst_pain"] = recorded_pain_at_entry(numbers[:, -len(JOINT) :], index, years, seed, fields)
        return fields


def _or(given: Mapping[str, Array], name: str, drawn: NDArray[Any]) -> NDArray[Any]:
    known = given.get(name)
    return drawn if known is None else np.asarray(np.where(np.isnan(known), drawn, known), dtype=drawn.dtype)


def _rows(seed: int, stream: str, first: int, todo: NDArray[np.int64]) -> Array:
    """Rows of a stream for some women; a few far apart are drawn one by one."""
    span = int(todo[-1] - todo[0]) + 1
    if span > 64 * todo.size:
        return np.concatenate([normals(seed, stream, first + int(i), 1, len(LATENT)) for i in todo])
    return np.asarray(normals(seed, stream, first + int(todo[0]), span, len(LATENT))[todo - todo[0]])


def _plausible(fields: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Menopause before today and before 60, and a bone density that a woman can have."""
    then = fields["age_at_menopause_years"]
    return np.asarray((then < fields["age_years"]) & (then < LATEST_MENOPAUSE_YEARS) & _bone_exists(fields))


def _before(fields: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    return np.asarray((fields["age_at_menopause_years"] > fields["age_years"]) & _bone_exists(fields))


def _bone_exists(fields: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    # the bounds within which a record's scan is accepted
    return np.asarray(np.logical_and.reduce([(fields[name] > 0.2) & (fields[name] < 2.0) for name in BONE]))


@cache
def _bmd_table(site: Any) -> tuple[Array, Array, Array]:
    # the supports lie at multiples of half a year, so that the line between the points is the function itself
    ages = np.arange(20.0, 100.5, 0.5)
    found = [population_bmd(site, float(age)) for age in ages]
    return ages, np.array([q.value for q in found]), np.array([q.sd for q in found])


def _bmd_of_age(site: str, age: Array) -> tuple[Array, Array]:
    ages, mean, sd = _bmd_table(site)
    return np.interp(age, ages, mean), np.interp(age, ages, sd)


def preset_names() -> tuple[str, ...]:
    """Return the names of the populations that ship with aimss."""
    folder = files("aimss.trials") / "presets"
    return tuple(sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml")))


def preset(name: str) -> PopulationSpec:
    """Return a population of the package, complete with what it is based on; DesignError for an unknown name."""
    return complete(_preset_data(name), f"population {name}")


@cache
def _preset_data(name: str) -> dict[str, Any]:
    if name not in preset_names():
        raise DesignError("population", "one of " + ", ".join(preset_names()), repr(name))
    data: dict[str, Any] = load_file(Path(str(files("aimss.trials") / "presets" / f"{name}.yaml")))
    return data


def complete(data: Mapping[str, Any], where: str = "population") -> PopulationSpec:
    """Return a population with everything that it takes over from the one it is based on; DesignError if unsound."""
    merged = dict(data)
    base = data.get("based_on")
    if base is not None:
        below = complete(_preset_data(str(base)), where).model_dump(mode="json", exclude_none=True)
        merged = {**below, **merged}
        merged["margins"] = {**below.get("margins", {}), **data.get("margins", {})}
        merged["entry"] = data.get("entry", below.get("entry"))
        merged["sources"] = [*below.get("sources", ()), *data.get("sources", ())]
        merged["based_on"] = None  # done: what is complete stands by itself
        merged["correlations"] = [*below.get("correlations", ()), *data.get("correlations", ())]
    try:
        spec = PopulationSpec.model_validate(merged)
    except ValidationError as error:
        from aimss.trials.design_errors import design_errors

        raise design_errors(error, where) from None
    missing = [name for name in MARGINS if name not in spec.margins]
    if missing:
        raise DesignError(f"{where}.margins", "every margin: " + ", ".join(MARGINS), f"none for {missing[0]}",
                          "Base it on a preset (based_on: ai_starters).")  # fmt: skip
    return spec
