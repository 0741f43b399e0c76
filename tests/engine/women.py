"""Random women and random schedules for the tests of the engine."""

from __future__ import annotations

from typing import Any

import numpy as np
from scenarios import MONTH, ai_inputs

from aimss.body.parameters import default
from aimss.body.schedule import Schedule


def random_constants(rng: np.random.Generator, n: int) -> dict[str, Any]:
    """Draws of the fitted parameters and of what differs between women."""
    p = default()
    constants: dict[str, Any] = p.draws(n, int(rng.integers(1 << 30)))
    for name in ("estrogen_log_gain", "bisphosphonate_half_amount", "denosumab_half_block_concentration"):
        constants[name] = constants[name] * np.exp(0.4 * rng.standard_normal(n))
    constants["peripheral_estradiol_pmol_l"] = 18 * np.exp(0.7 * rng.standard_normal(n))
    constants["years_since_final_menstrual_period"] = rng.uniform(-8, 25, n)
    constants["resorption_multiplier"] = np.exp(0.2 * rng.standard_normal(n))
    constants["vitamin_d_deficit_ng_ml"] = np.maximum(0, rng.normal(0, 10, n))
    return constants


def random_schedule(rng: np.random.Generator, first_day: float = -1500.0, last_day: float = 3650.0) -> Schedule:
    """Courses of all drugs at random times, doses at random times."""
    changes: list[tuple[float, dict[str, float]]] = []
    doses: list[tuple[float, str, float]] = []

    def span() -> tuple[float, float]:
        a, b = sorted(rng.uniform(first_day, last_day, 2))
        return float(a), float(b)

    if rng.random() < 0.8:
        a, b = span()
        changes += [(a, ai_inputs(rng.choice(["letrozole", "anastrozole", "exemestane", "any"]))), (b, {"ai_on": 0.0})]
    if rng.random() < 0.4:
        a, b = span()
        raloxifene = float(rng.random() < 0.3)
        changes += [(a, {"serm_on": 1.0, "serm_is_raloxifene": raloxifene}), (b, {"serm_on": 0.0})]
    if rng.random() < 0.4:
        a, b = span()
        drug, mg = [("alendronate", 10.0), ("risedronate", 5.0), ("ibandronate", 4.93)][int(rng.integers(3))]
        changes += [(a, {f"{drug}_mg_per_day": mg}), (b, {f"{drug}_mg_per_day": 0.0})]
    if rng.random() < 0.2:
        a, b = span()
        changes += [(a, {"ovarian_suppression": 0.98}), (b, {"ovarian_suppression": 0.0})]
    if rng.random() < 0.3:
        a, b = span()
        changes += [(a, {"exercise_on": 1.0, "vitamin_d_replaced": 1.0}), (b, {"exercise_on": 0.0})]
    if rng.random() < 0.5:
        a, b = span()
        gap = rng.uniform(150, 260)
        doses += [(float(d), "denosumab_mg", 60.0) for d in np.arange(a, b, gap)]
    if rng.random() < 0.4:
        a, b = span()
        doses += [(float(d), "zoledronate_mg", 4.0) for d in np.arange(a, b, rng.choice([6, 12]) * MONTH)]
    return Schedule.build(changes, doses)
