"""Bone cells, mineral and volume: a preosteoclast pool after Joerg 2022 (doi 10.7554/eLife.76228), the rest ours."""

from __future__ import annotations

from typing import Any

from aimss.body.declaration import DAYS_PER_YEAR, SITES
from aimss.body.estradiol import log_signal
from aimss.body.pharmacology import bisphosphonate_effect, denosumab_block


def drift_percent_per_year(m: Any, p: Any, u: Any) -> tuple[Any, Any]:
    """Return the yearly change by exercise and lack of vitamin D, in percent, at the spine and at hip and neck."""
    lack = m.minimum(-p.vitamin_d_drift_per_deficit * p.vitamin_d_deficit_ng_ml, p.vitamin_d_drift_largest)
    lack = lack * (1.0 - u.vitamin_d_replaced)
    exercise = u.exercise_on * p.exercise_drift
    return exercise - lack, exercise - p.vitamin_d_hip_share * lack


def rates(m: Any, y: Any, p: Any, u: Any) -> dict[str, Any]:
    """Return the rates of change per day of bone cells, young bone and the log volume of each site."""
    signal = log_signal(m, y, p, u)
    to_differentiation = m.exp(p.estrogen_share_on_differentiation * signal)
    to_survival = m.exp((1.0 - p.estrogen_share_on_differentiation) * signal)
    block = denosumab_block(y, p)
    omega, loss = p.preosteoclast_differentiation_rate, p.preosteoclast_loss_rate

    differentiating = omega * to_differentiation * (1.0 - block) * y.preosteoclasts
    shortening = (1.0 + bisphosphonate_effect(m, y, p) + p.denosumab_survival_effect * block) / to_survival
    imbalance = y.osteoblasts - y.osteoclasts
    guard = p.turnover_logarithm_guard
    log_turnover = m.log((y.osteoclasts + guard) / (1.0 + guard))
    at_spine, at_hip = drift_percent_per_year(m, p, u)
    drift = {"lumbar_spine": at_spine, "total_hip": at_hip, "femoral_neck": at_hip}

    result = {
        "preosteoclasts": omega + loss - differentiating - loss * y.preosteoclasts,
        "osteoclasts": p.osteoclast_loss_rate * (differentiating / omega - y.osteoclasts * shortening),
        "osteoblasts": -p.formation_coupling_rate * imbalance,
        "young_bone": (y.osteoblasts - y.young_bone) / p.mineralisation_time,
    }
    for site in SITES:
        per_year = (
            getattr(p, f"turnover_{site}") * imbalance
            - getattr(p, f"log_turnover_drift_{site}") * log_turnover
            - getattr(p, f"ageing_loss_{site}")
        )
        result[f"log_volume_{site}"] = (per_year + drift[site] / 100.0) / DAYS_PER_YEAR
    return result
