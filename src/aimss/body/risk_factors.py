"""Clinical risk factors of fracture: risk ratios against the average woman, each from one row of the evidence."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from aimss.body.parameters import Parameters

FRACTURES: tuple[str, ...] = ("hip", "clinical_vertebral", "other_nonvertebral")
# risk ratio of hip fracture per kg/m2, given BMD: DELAET_2005, bone/risk_gradients:44
BODY_MASS_INDEX_HIP_RATIO = 0.98


@dataclass(frozen=True, slots=True)
class RiskFactor:
    """One risk factor: its ratio by kind of fracture (1 where none is published) and how common it is."""

    name: str
    meaning: str
    ratios: Mapping[str, float]
    sources: Mapping[str, str]
    prevalence: float
    prevalence_source: str

    def against_average(self, kind: str, has: bool) -> float:
        """Return the ratio of a woman with or without the factor against the average woman, who may have it."""
        ratio = self.ratios[kind]
        return (ratio if has else 1.0) / (1.0 + self.prevalence * (ratio - 1.0))


@dataclass(frozen=True, slots=True)
class RiskRatios:
    """Product of the ratios of one woman against the average woman, by kind of fracture.

    `capped` names the kinds whose product was above the largest that is used; `unknown` the factors that the record
    does not state, which count as the average.
    """

    hip: float
    clinical_vertebral: float
    other_nonvertebral: float
    capped: tuple[str, ...]
    unknown: tuple[str, ...]


@cache
def risk_factors() -> tuple[RiskFactor, ...]:
    """Return the risk factors that have a published ratio."""
    text = (files("aimss.body") / "risk_ratios.csv").read_text(encoding="utf-8")
    return tuple(
        RiskFactor(
            name=row["factor"],
            meaning=row["meaning"],
            ratios={k: float(row[k]) if row[k] else 1.0 for k in FRACTURES},
            sources={k: row[f"{k}_source"] for k in FRACTURES if row[k]},
            prevalence=float(row["prevalence"]),
            prevalence_source=row["prevalence_source"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def risk_ratios(
    present: Mapping[str, bool | None], body_mass_index: float | None, parameters: Parameters
) -> RiskRatios:
    """Return her risk ratios; a factor that is None or absent counts as the average, which is 1.

    Each ratio is divided by its mean in the population, 1 + prevalence (ratio - 1): the baseline hazard already
    holds the women who have the factor. Raises ValueError for an unknown factor.
    """
    known = {f.name for f in risk_factors()}
    if strange := sorted(set(present) - known):
        raise ValueError(f"unknown risk factors {strange}; known: {sorted(known)}")
    products = dict.fromkeys(FRACTURES, 1.0)
    for factor in risk_factors():
        has = present.get(factor.name)
        if has is None:
            continue
        for kind in FRACTURES:
            products[kind] *= factor.against_average(kind, has)
    if body_mass_index is not None:
        products["hip"] *= BODY_MASS_INDEX_HIP_RATIO ** (body_mass_index - parameters["body_mass_index_mean"])
    largest = parameters["risk_ratio_product_largest"]
    unknown = [f.name for f in risk_factors() if present.get(f.name) is None]
    return RiskRatios(
        **{kind: min(product, largest) for kind, product in products.items()},
        capped=tuple(kind for kind, product in products.items() if product > largest),
        unknown=(*unknown, *(["body_mass_index"] if body_mass_index is None else [])),
    )
