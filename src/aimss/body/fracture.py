"""Fracture: hazards per year of three kinds that do not overlap, and cumulative probability beside death.

Hip, clinical vertebral and other non-vertebral fracture. Bone density alone explains too little of what treatment
does, so that formation (a smoothed resorption) is the turnover term; the estrogen signal acts on the third kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.risk_factors import FRACTURES

Array = NDArray[np.float64]


def mean_t_score(p: Mapping[str, Any], site: str, age_years: Any) -> Any:
    """Return the mean T-score of women of an age (an assumption of the model)."""
    years = age_years - p[f"mean_t_score_age_{site}"]
    return p[f"mean_t_score_{site}"] + p[f"mean_t_score_slope_{site}"] * years


def hazards(
    p: Mapping[str, Any],
    age_years: Any,
    t_score_total_hip: Any,
    t_score_lumbar_spine: Any,
    formation: Any,
    estrogen_signal: Any,
    log_risk_ratios: Mapping[str, Any] | None = None,
) -> dict[str, Array]:
    """Return the hazards per year of `FRACTURES`; all arguments broadcast, `log_risk_ratios` by kind of fracture.

    p : parameters by name, numbers or arrays that broadcast with the rest. formation : the state `osteoblasts`.
    """
    ratios = log_risk_ratios or {}
    at_hip = t_score_total_hip - mean_t_score(p, "total_hip", age_years)
    at_spine = t_score_lumbar_spine - mean_t_score(p, "lumbar_spine", age_years)
    turnover = np.minimum(formation, p["formation_hazard_largest"])
    log_baseline = {
        "hip": np.log(p["hip_hazard_age_62"]) + p["hip_hazard_log_slope"] * (age_years - 62.0),
        "clinical_vertebral": np.log(p["clinical_vertebral_hazard_age_67"])
        + p["clinical_vertebral_hazard_log_slope"] * (age_years - 67.0),
        "other_nonvertebral": np.log(p["other_nonvertebral_hazard_age_64"])
        + p["other_nonvertebral_hazard_log_slope"] * (age_years - 64.0)
        + p["estrogen_signal_exponent_other_nonvertebral"] * np.log(estrogen_signal),
    }
    found = {}
    for kind in FRACTURES:
        log_gradient = np.log(p[f"fracture_gradient_{kind}"])
        weight = p[f"turnover_weight_{kind}"]
        relative = at_spine if kind == "clinical_vertebral" else at_hip
        # the second term makes the mean over women of one age, whose T-scores have SD 1, the baseline itself
        log_hazard = log_baseline[kind] - log_gradient * relative - 0.5 * log_gradient**2 + ratios.get(kind, 0.0)
        found[kind] = np.asarray(np.exp(log_hazard) * (1.0 + weight * turnover) / (1.0 + weight))
    return found


def cumulative_probability(times_years: Array, hazard: Array, death_hazard: Array) -> Array:
    """Return the probability of a first event by each time while death competes, (..., t); 0 at the first time.

    Hazards per year, (..., t), taken as straight lines between the times: exact where they are constant.
    """
    step = np.diff(times_years)
    event = 0.5 * (hazard[..., 1:] + hazard[..., :-1])
    both = event + 0.5 * (death_hazard[..., 1:] + death_hazard[..., :-1])
    whole = np.cumsum(both * step, axis=-1)
    before = np.exp(-np.concatenate([np.zeros_like(whole[..., :1]), whole[..., :-1]], axis=-1))
    # -expm1(-x)/x without a division by zero: both hazards may vanish
    taken = np.where(both > 0, -np.expm1(-both * step) / np.where(both > 0, both, 1.0), step)
    parts = before * event * taken
    return np.concatenate([np.zeros_like(parts[..., :1]), np.cumsum(parts, axis=-1)], axis=-1)


def cumulative_probabilities(times_years: Array, found: Mapping[str, Array], death_hazard: Array) -> dict[str, Array]:
    """Return `cumulative_probability` of each kind and of `any_clinical`, the first fracture of any kind."""
    result = {kind: cumulative_probability(times_years, h, death_hazard) for kind, h in found.items()}
    any_hazard = np.asarray(sum(found.values()))
    return {"any_clinical": cumulative_probability(times_years, any_hazard, death_hazard), **result}
