"""The slow obvious reference: the equations of the bone model as the paper prints them, solved tightly one by one.

Written from the specification in its own symbols, not from the declaration that the kernel is made of; it serves
tests and golden values only. Times are days, estradiol pmol/L, denosumab mg and mg/L, bisphosphonate mg of zoledronate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.schedule import DOSES, INPUTS, Schedule
from aimss.forecast.engine.trajectories import FAILED, SOLVED, Array, Trajectories, check, constants_of

_RTOL, _ATOL = 1e-9, 1e-10


def _phi(e: float, q: Mapping[str, float]) -> float:
    return 1 / (1 + math.pow(e / q["estrogen_half_effect"], q["estrogen_hill"]))


def _signal(e_eff: float, q: Mapping[str, float]) -> float:
    a = q["estrogen_log_gain"]
    return q["resorption_multiplier"] * math.exp(a * (_phi(e_eff, q) - _phi(q["reference_estradiol"], q)))


def _ovary(t: float, q: Mapping[str, float], ofs: float) -> float:
    y = q["years_since_final_menstrual_period"] + t / 365.25
    z = (y + q["estrogen_fall_lead_before_final_period"]) / q["estrogen_fall_scale"]
    return q["ovarian_estradiol"] * (1 - ofs) / (1 + math.exp(min(z, 700)))


def _start(t: float, q: Mapping[str, float]) -> list[float]:
    """Section 7, step 1: the state in balance with her estradiol."""
    e = _ovary(t, q, 0.0) + q["peripheral_estradiol_pmol_l"]
    s = _signal(e, q)
    psi, omega, d = (
        q["estrogen_share_on_differentiation"],
        q["preosteoclast_differentiation_rate"],
        q["preosteoclast_loss_rate"],
    )
    p = (omega + d) / (omega * s**psi + d)
    c = s**psi * s ** (1 - psi) * p
    return [0, e, 0, 0, 0, 0, 0, p, c, c, c, 0, 0, 0]


def _slopes(t: float, state: Any, q: Mapping[str, float], u: Mapping[str, float]) -> list[float]:
    x, e, w, depot, dcen, uf, us, p, c, b, d = (float(v) for v in state[:11])

    # section 2: estradiol
    theta = x / (x + u["ai_half_inhibition"]) if x != 0 else 0.0
    i = u["ai_max_inhibition"] * theta
    f_eff = u["ai_residual_floor"] * theta
    e_per = q["peripheral_estradiol_pmol_l"]
    e_made = _ovary(t, q, u["ovarian_suppression"]) + e_per * ((1 - i) * (1 - f_eff) + f_eff)
    raloxifene = u["serm_is_raloxifene"] > 0.5
    w_on = q["raloxifene_receptor_share"] if raloxifene else q["tamoxifen_receptor_share"]
    e_serm = q["raloxifene_estrogen_equivalent"] if raloxifene else q["tamoxifen_estrogen_equivalent"]

    # section 3: the estrogen signal
    s = _signal(max((1 - w) * e + w * e_serm, 0.001), q)
    psi = q["estrogen_share_on_differentiation"]

    # section 4: drugs on bone cells
    conc = dcen / q["denosumab_volume"]
    eps = q["denosumab_max_block"] * conc / (conc + q["denosumab_half_block_concentration"])
    eliminated = q["denosumab_max_elimination"] * conc / (q["denosumab_half_elimination_concentration"] + conc)
    r_fast = r_slow = 0.0
    for drug in ("alendronate", "risedronate", "ibandronate"):
        taken = u[f"{drug}_mg_per_day"] * q[f"{drug}_potency"]
        r_fast += taken * (1 - q[f"{drug}_slow_fraction"])
        r_slow += taken * q[f"{drug}_slow_fraction"]
    amount = max(uf + us, 0.0)
    k_bp = (amount / q["bisphosphonate_half_amount"]) ** q["bisphosphonate_hill"] if amount > 0 else 0.0

    # section 5: cells, mineral, volume
    omega, d_p = q["preosteoclast_differentiation_rate"], q["preosteoclast_loss_rate"]
    j = omega * s**psi * (1 - eps) * p
    r_eps = q["turnover_logarithm_guard"]
    vitamin_d = min(-q["vitamin_d_drift_per_deficit"] * q["vitamin_d_deficit_ng_ml"], q["vitamin_d_drift_largest"])
    lacking = vitamin_d * (1 - u["vitamin_d_replaced"])
    volumes = []
    for site, share in (("lumbar_spine", 1.0), ("total_hip", None), ("femoral_neck", None)):
        part = q["vitamin_d_hip_share"] if share is None else share
        drift = u["exercise_on"] * q["exercise_drift"] - part * lacking
        per_year = (
            q[f"turnover_{site}"] * (b - c)
            - q[f"log_turnover_drift_{site}"] * math.log((c + r_eps) / (1 + r_eps))
            - q[f"ageing_loss_{site}"]
        )
        volumes.append(per_year / 365.25 + drift / 100 / 365.25)
    return [
        u["ai_elimination_rate_per_day"] * (u["ai_on"] - x),
        q["estradiol_turnover_rate"] * (e_made - e),
        q["serm_binding_rate"] * (u["serm_on"] * w_on - w),
        -q["denosumab_absorption_rate"] * depot,
        q["denosumab_absorption_rate"] * depot - q["denosumab_clearance"] * conc - eliminated,
        r_fast - q["bisphosphonate_fast_loss_rate"] * uf,
        r_slow - q["bisphosphonate_slow_loss_rate"] * us,
        (omega + d_p) - j - d_p * p,
        q["osteoclast_loss_rate"]
        * (j / omega - c * (1 + k_bp + q["denosumab_survival_effect"] * eps) / s ** (1 - psi)),
        q["formation_coupling_rate"] * (c - b),
        (b - d) / q["mineralisation_time"],
        *volumes,
    ]


def _solve(q: Mapping[str, float], y: Array, schedule: Schedule, start: float, days: Array) -> tuple[Array, int]:
    from scipy.integrate import solve_ivp

    found = np.full((len(days), 14), np.nan)
    end = float(days[-1])
    stops = sorted({float(t) for t in schedule.times_days if start < t < end} | {start, end})
    calls = 0
    for begin, stop in zip(stops, [*stops[1:], end], strict=True):
        found[days == begin] = y
        at = np.flatnonzero(schedule.times_days == begin)
        if at.size:
            dose = dict(zip(DOSES, schedule.doses[at[0]], strict=True))
            y = y.copy()
            y[3] += q["denosumab_bioavailability"] * dose["denosumab_mg"]
            y[5] += (1 - q["zoledronate_slow_fraction"]) * dose["zoledronate_mg"]
            y[6] += q["zoledronate_slow_fraction"] * dose["zoledronate_mg"]
        if stop == begin:
            break
        now = int(np.flatnonzero(schedule.times_days <= begin)[-1]) if schedule.times_days[0] <= begin else 0
        u = dict(zip(INPUTS, (float(v) for v in schedule.inputs[now]), strict=True))
        inside = (days > begin) & (days < stop)
        run = solve_ivp(
            _slopes, (begin, stop), y, "LSODA", t_eval=[*days[inside], stop], args=(q, u), rtol=_RTOL, atol=_ATOL
        )
        if not run.success:
            return found, calls
        calls += int(run.nfev)
        found[inside] = run.y[:, : inside.sum()].T
        y = run.y[:, -1]
    return found, calls


def integrate_reference(
    constants: Mapping[str, Any],
    initial_state: Array | None,
    schedules: list[Schedule],
    schedule_index: Any,
    start_days: Any,
    output_days: Any,
) -> Trajectories:
    """Return what `integrate` returns, slowly: scipy's LSODA at 1e-9, a fresh start at every event; steps are calls."""
    problem = check(constants, initial_state, schedules, schedule_index, start_days, output_days)
    n, t = problem.output_days.shape
    states = np.empty((n, t, 14))
    steps = np.zeros(n, dtype=np.int64)
    for i in range(n):
        q, start = constants_of(problem, i), float(problem.start_days[i])
        y = np.array(_start(start, q) if problem.initial_state is None else problem.initial_state[i], dtype=np.float64)
        schedule = problem.schedules[problem.schedule_index[i]]
        states[i], steps[i] = _solve(q, y, schedule, start, problem.output_days[i])
    status: NDArray[np.uint8] = np.where(np.isfinite(states).all(axis=(1, 2)), SOLVED, FAILED).astype(np.uint8)
    return Trajectories(states, states[:, -1].copy(), status, steps)
