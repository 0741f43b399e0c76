"""The benchmark problem, the same for every engine: equations, women, doses, outputs, and what counts as right.

Ten years without run-in: an aromatase inhibitor for 5 years, denosumab every 6 months, 120 outputs a month apart,
12 parameters that differ between women. Right is a BMD within 0.005 points of the truth at every output.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from aimss.body.declaration import STATE_NAMES
from aimss.body.equations import equations
from aimss.body.outputs import log_bmd_all
from aimss.body.parameters import default
from aimss.body.schedule import Schedule
from aimss.forecast.engine.integrate import integrate
from aimss.forecast.engine.trajectories import complete_constants

DOSE_GAP = 182.625
OUTPUTS_PER_DOSE = 6
DAYS = np.arange(1, 121) * DOSE_GAP / OUTPUTS_PER_DOSE
BMD_POINTS = 0.005
VARIED = (
    "estrogen_log_gain",
    "estrogen_half_effect",
    "formation_coupling_rate",
    "turnover_lumbar_spine",
    "turnover_total_hip",
    "turnover_femoral_neck",
    "log_turnover_drift_lumbar_spine",
    "ageing_loss_lumbar_spine",
    "preosteoclast_differentiation_rate",
    "denosumab_half_block_concentration",
    "bisphosphonate_half_amount",
    "peripheral_estradiol_pmol_l",
)


@dataclass(frozen=True)
class Problem:
    """n women: their constants, their state on day 0, one schedule, and the true BMD (n, outputs, sites) in percent."""

    constants: dict[str, Any]
    start: np.ndarray
    schedule: Schedule
    truth: np.ndarray

    def first(self, n: int) -> Problem:
        constants = {k: v[:n] if np.ndim(v) else v for k, v in self.constants.items()}
        return Problem(constants, self.start[:n], self.schedule, self.truth[:n])

    def bmd(self, states: np.ndarray) -> np.ndarray:
        """BMD in percent of day 0, (n, outputs, sites), of states (n, outputs, states)."""
        n = len(states)
        whole = complete_constants({k: v[:n] if np.ndim(v) else v for k, v in self.constants.items()}, n)
        levels = log_bmd_all(np.concatenate([self.start[:n, None], states], axis=1), whole)
        return np.stack([100 * np.exp(v[:, 1:] - v[:, :1]) for v in levels.values()], axis=-1)

    def error(self, states: np.ndarray) -> float:
        """Largest error of BMD in points."""
        return float(np.abs(self.bmd(states) - self.truth[: len(states)]).max())


def make_problem(n: int, seed: int = 1) -> Problem:
    parameters = default()
    rng = np.random.default_rng(seed)
    constants: dict[str, Any] = {"years_since_final_menstrual_period": 12.0}
    for name in VARIED[:-1]:
        constants[name] = parameters[name] * np.exp(0.3 * rng.standard_normal(n))
    constants[VARIED[-1]] = 18.0 * np.exp(0.7 * rng.standard_normal(n))
    inhibitor = {
        "ai_on": 1.0,
        "ai_elimination_rate_per_day": parameters["ai_letrozole_elimination_rate"],
        "ai_half_inhibition": parameters["ai_letrozole_half_inhibition"],
        "ai_max_inhibition": parameters["ai_letrozole_max_inhibition"],
        "ai_residual_floor": parameters["ai_letrozole_residual_floor"],
    }
    doses = [(k * DOSE_GAP, "denosumab_mg", 60.0) for k in range(20)]
    schedule = Schedule.build([(-36525.0, {}), (0.0, inhibitor), (10 * DOSE_GAP, {"ai_on": 0.0})], doses)
    index = np.zeros(n, dtype=int)
    start = integrate(constants, None, [schedule], index, -18 * 365.25, [0.0], rtol=1e-9).final
    unfinished = Problem(constants, start, schedule, np.empty(0))
    exact = integrate(constants, start, [schedule], index, 0.0, DAYS, rtol=1e-9)
    return Problem(constants, start, schedule, unfinished.bmd(exact.states))


def best_cpu_seconds(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Least processor time of several runs (all threads together), and the last result."""
    best, found = float("inf"), None
    for _ in range(repeats):
        begin = time.process_time()
        found = work()
        best = min(best, time.process_time() - begin)
    return best, found


def python_rates(functions: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The printed equations as Python text for another engine: function text, names of `c`, names of `u`.

    The function takes (t, y, c, u): time, states, constants and inputs by index; `functions` prefixes exp and log.
    Assignments that need constants alone are left to each engine's compiler.
    """
    known = [e for e in equations() if e.kind in {"definition", "rate"}]
    made = {e.name for e in known}
    used = dict.fromkeys(name for e in known for name in e.uses)
    from aimss.body.schedule import INPUTS

    inputs = tuple(n for n in used if n in INPUTS)
    constants = tuple(n for n in used if n not in made and n not in INPUTS and n != "time")
    lines = ["def rates(t, y, c, u):", "    time, days_per_year = t, 365.25"]
    lines += [f"    {n} = y[{i}]" for i, n in enumerate(STATE_NAMES)]
    lines += [f"    {n} = c[{i}]" for i, n in enumerate(constants)]
    lines += [f"    {n} = u[{i}]" for i, n in enumerate(inputs)]
    for e in known:
        formula = e.formula.replace("ln(", f"{functions}log(").replace("exp(", f"{functions}exp(")
        formula = formula.replace("max(", "maximum(").replace("min(", "minimum(")
        lines.append(f"    {e.name if e.kind == 'definition' else 'd_' + e.name} = {formula}")
    lines.append(f"    return ({', '.join('d_' + n for n in STATE_NAMES)})")
    return "\n".join(lines), constants, inputs
