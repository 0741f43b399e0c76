"""Joerg, Tiedtke and others' model of bone cells and hip density (eLife 2022;11:e76228), as a yardstick.

Values are rows BM001-BM041 of the evidence (a public implementation; not compared with the paper's own table).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from aimss.evidence.tables import load_table

Array = NDArray[np.float64]
STATES = ("pre_osteoblasts", "osteoblasts", "osteocytes", "pre_osteoclasts", "osteoclasts", "sclerostin",
          "sclerostin_bound", "volume", "mineral", "alendronate")  # fmt: skip
RUN_IN_DAYS = 400 * 365.25  # to the balance before menopause


@cache
def parameters() -> dict[str, float]:
    """Return the published values by the symbol of the evidence row."""
    rows = [r for r in load_table("pharmacology/bone_models") if r.key.startswith("BM0") and int(r.key[2:]) <= 41]
    return {r.text("symbol"): float(r.text("value")) for r in rows}


def _up(x: float) -> float:
    return x / (1 + x)


def _down(x: float) -> float:
    return 1 / (1 + x)


def rates(y: Array, estrogen: float, denosumab: float, alendronate_mg_per_day: float) -> list[float]:
    """Return the rates per day of STATES; `denosumab` is the scaled drug signal."""
    p = parameters()
    pre_b, b, ocy, pre_c, c, s, bound, _, mineral, bp = (float(v) for v in y)
    differentiation = p["omega_B*"] * _down(s / p["s_B*"]) * pre_b
    joined = (
        p["omega_C*"]
        * _down(estrogen / p["e_C*"])
        * _up(s / p["s_C*"])
        * (1 - p["beta_C*^rAb"] * _up(denosumab))
        * pre_c
    )
    apoptosis = 1 + p["nu_C"] * _up(estrogen / p["e_C"]) * _up(c / p["r_C"])
    formed = p["lambda_B"] * _down(s / p["s_Omega"]) * (1 + p["nu_Omega"] * _up(c / p["r_Omega"])) * b
    resorbed = p["lambda_C"] * c
    return [
        1 - differentiation,
        differentiation - p["eta_B"] * b - p["omega_B"] * b,
        p["omega_B"] * b - p["eta_Y"] * ocy,
        1 - joined,
        joined - p["eta_C"] * apoptosis * c - p["eta_C^bp"] * _up(bp) * c,
        _down(estrogen / p["e_s"]) * ocy - p["kappa_s"] * s + p["delta_s"] * bound,
        -p["delta_s"] * bound - p["kappa_s"] * bound,
        formed - resorbed,
        p["gamma"] * (p["c_0"] + p["beta_b^rAb"] * _up(denosumab) - mineral),
        p["E_alendronate"] * alendronate_mg_per_day - math.log(2) / p["T_alendronate"] * bp,
    ]


def natural_estrogen(age_years: float) -> float:
    """Return estrogen as a share of its level before menopause."""
    p = parameters()
    return 1.0 if age_years <= p["a_e"] else 1 / (1 + (age_years - p["a_e"]) / p["tau_e"])


@cache
def balance() -> tuple[float, ...]:
    """Return the state in balance before menopause, density 1."""
    from scipy.integrate import solve_ivp

    p = parameters()
    start = np.array([10.0, 100.0, 100.0, 10.0, 100.0, 1000.0, 0.0, 1.0, p["c_0"], 0.0])
    run = solve_ivp(lambda _, y: rates(y, 1.0, 0.0, 0.0), (0, RUN_IN_DAYS), start, "LSODA", rtol=1e-8, atol=1e-10)
    found = run.y[:, -1]
    found[STATES.index("volume")] = 1.0
    return tuple(map(float, found))


def run(
    days: Sequence[float],
    start_day: float,
    estrogen: Callable[[float], float],
    doses_mg: Mapping[float, float],
    alendronate_mg_per_day: Callable[[float], float],
) -> dict[str, Array]:
    """Return hip density and markers at rising days, (t,); from the balance before menopause at `start_day`.

    estrogen, alendronate_mg_per_day : functions of the day; doses_mg : denosumab by day.
    """
    from scipy.integrate import solve_ivp

    p, wanted = parameters(), np.asarray(days, dtype=float)
    given = sorted(doses_mg.items())

    def denosumab(t: float) -> float:
        past = [(t - day, mg) for day, mg in given if day <= t]
        return sum(p["E_denosumab"] * mg * 2 ** (-age / p["T_denosumab"]) for age, mg in past)

    y, found = np.array(balance()), np.full((len(wanted), len(STATES)), np.nan)
    stops = sorted({start_day, float(wanted[-1]), *(d for d in doses_mg if start_day < d < wanted[-1])})
    for begin, end in pairwise(stops):
        inside = (wanted > begin) & (wanted <= end)
        solved = solve_ivp(
            lambda t, now: rates(now, estrogen(t), denosumab(t), alendronate_mg_per_day(t)),
            (begin, end), y, "LSODA", t_eval=sorted({*wanted[inside], end}), rtol=1e-6, atol=1e-9, max_step=30.0,
        )  # fmt: skip
        found[inside] = solved.y[:, : inside.sum()].T
        y = solved.y[:, -1]
    s = dict(zip(STATES, found.T, strict=True))
    formed = (
        p["lambda_B"]
        / (1 + s["sclerostin"] / p["s_Omega"])
        * (1 + p["nu_Omega"] * s["osteoclasts"] / (p["r_Omega"] + s["osteoclasts"]))
        * s["osteoblasts"]
    )
    return {
        "total_hip": s["volume"] * s["mineral"],
        "ctx": s["osteoclasts"] ** p["q_CTX"],
        "p1np": formed ** p["q_P1NP"],
        "bsap": formed ** p["q_BSAP"],
    }
