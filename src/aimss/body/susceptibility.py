"""Risk factors for joint pain on the drug: shrunken log odds ratios, split into drug-specific and reporting parts.

    logit susceptible_i  = logit susceptible + omega k sum_f beta_f (x_if - share_f)             drug-specific part
    logit report_d,i     = logit report_d + (1 - omega) sum_f beta_f (x_if - share_f)            reporting part

Each beta is the predictive value for a new population (mean over studies, spread within and between). Pain or
arthritis before the drug acts through her own background pain, never here as well. What predicts nothing is listed
with its reason.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from aimss.body.joint_draws import FloatArray, assumed, joint_parameters
from aimss.counter_random import normals, uniforms

_LARGEST_SHIFT = 2.0

NOT_PREDICTORS: Mapping[str, str] = MappingProxyType(
    {
        "genetic variants": "none of five candidates was confirmed in a trial of 1,967 women (G020-G024)",
        "vitamin D": "an observational odds ratio of 0.12 (K052) was contradicted by a randomised trial (K053)",
        "body mass index": "studies conflict in direction (K003, K016, K030, K054)",
        "stage": "studies conflict in direction (K005)",
        "age": "no odds ratio of joint pain; only a hazard ratio of stopping (D004)",
        "tamoxifen before": "one study gives a direction without an estimate (K004)",
        "residual estradiol or dose": "no study relates estradiol on an aromatase inhibitor to joint pain",
        "which aromatase inhibitor": "all three suppress estradiol almost fully; no randomised difference in pain",
    }
)


@dataclass(frozen=True)
class RiskFactor:
    """One factor: log odds ratio of a report of joint pain, its predictive spread, the share of women who have it."""

    name: str
    label: str
    studies: int
    mean: float
    predictive_sd: float
    share: float
    share_source: str
    rows: tuple[str, ...]
    note: str

    @property
    def odds_ratio(self) -> float:
        """Return the odds ratio of a report of joint pain."""
        return float(np.exp(self.mean))


@cache
def risk_factors() -> tuple[RiskFactor, ...]:
    """Return the factors that the model uses."""
    text = (files("aimss.body") / "joint_risk_factors.csv").read_text(encoding="utf-8")
    return tuple(
        RiskFactor(
            r["factor"], r["label"], int(r["studies"]), float(r["mean_log_odds_ratio"]), float(r["predictive_sd"]),
            float(r["population_share"]), r["population_share_source"], tuple(r["rows"].split()), r["note"],
        )
        for r in csv.DictReader(io.StringIO(text))
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class RiskShift:
    """What a woman's factors add to the logit of susceptibility and of a report, each (n,) over virtual twins."""

    susceptibility: FloatArray
    reporting: FloatArray
    used: tuple[str, ...]
    missing: tuple[str, ...]


def risk_shift(
    has: Mapping[str, bool | NDArray[np.bool_] | None],
    count: int,
    seed: int,
    drug_specific: float | None = None,
    first: int = 0,
) -> RiskShift:
    """Return the shifts of `count` twins; a factor that is None or absent is drawn from its share of women.

    has : yes or no of one woman, or (count,) of as many women.
    drug_specific : omega, share of each effect that acts through susceptibility, 0 to 1 (default: the assumed 0.5).
    Raises ValueError for an unknown factor or a share outside 0-1.
    """
    factors = risk_factors()
    unknown = set(has) - {f.name for f in factors}
    if unknown:
        raise ValueError(f"not a risk factor of the model: {sorted(unknown)}")
    omega = assumed("risk_share_specific_to_the_drug") if drug_specific is None else drug_specific
    if not 0.0 <= omega <= 1.0:
        raise ValueError(f"drug_specific: a share from 0 to 1, found {omega:g}")
    width = len(factors) + 1
    z = normals(seed, "joint/risk-effect", first, count, width)
    u = uniforms(seed, "joint/risk-present", first, count, width)
    slope = joint_parameters()["risk_slope"]
    assert slope.ci95_low is not None
    assert slope.ci95_high is not None
    k = slope.value * np.exp(z[:, -1] * np.log(slope.ci95_high / slope.ci95_low) / 3.92)
    susceptibility, reporting = np.zeros(count), np.zeros(count)
    for i, factor in enumerate(factors):
        beta = factor.mean + factor.predictive_sd * z[:, i]
        given = has.get(factor.name)
        present = (
            (u[:, i] < factor.share).astype(float) if given is None else np.broadcast_to(given, count).astype(float)
        )
        away = present - factor.share
        susceptibility += np.clip(omega * k * beta, -_LARGEST_SHIFT, _LARGEST_SHIFT) * away
        reporting += (1.0 - omega) * beta * away
    used = tuple(f.name for f in factors if has.get(f.name) is not None)
    return RiskShift(susceptibility, reporting, used, tuple(f.name for f in factors if f.name not in used))


def shift_probability(probability: FloatArray, logit_shift: FloatArray) -> FloatArray:
    """Move a probability on the logit scale; 0 and 1 stay."""
    odds = np.exp(logit_shift)
    return np.asarray(probability * odds / (1.0 - probability + probability * odds))
