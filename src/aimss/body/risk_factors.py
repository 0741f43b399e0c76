"""Clinical risk factors of fracture: risk ratios against the average woman, each from one row of the evidence."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.parameters import Parameters

Array = NDArray[Any]
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


def log_risk_ratios(present: Mapping[str, Array], bmi_kg_m2: Array, parameters: Parameters) -> dict[str, Array]:
    """Return the logarithm of the product of women's risk ratios against the average woman, (n,) by kind of fracture.

    present : (n,) booleans by name, every risk factor. bmi_kg_m2 : (n,). Each ratio is divided by its mean in the
    population, 1 + prevalence (ratio - 1): the baseline hazard already holds the women who have the factor. A product
    is at most `risk_ratio_product_largest`. Raises ValueError unless the factors are exactly those of `risk_factors`.
    """
    known = {f.name for f in risk_factors()}
    if set(present) != known:
        raise ValueError(f"expected the risk factors {sorted(known)}, found {sorted(present)}")
    product = {kind: np.ones(len(bmi_kg_m2)) for kind in FRACTURES}
    for factor in risk_factors():
        for kind in FRACTURES:
            with_it, without = factor.against_average(kind, True), factor.against_average(kind, False)
            product[kind] *= np.where(present[factor.name], with_it, without)
    product["hip"] *= BODY_MASS_INDEX_HIP_RATIO ** (bmi_kg_m2 - parameters["body_mass_index_mean"])
    return {kind: np.log(np.minimum(p, parameters["risk_ratio_product_largest"])) for kind, p in product.items()}
