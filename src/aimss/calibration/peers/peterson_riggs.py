"""Peterson and Riggs's calcium and bone model (Bone 2010;46:49, CPT:PSP 2012;1:e14), as a yardstick.

The public 2017 parameterisation, without teriparatide, the unused kinetic compartments and pure bookkeeping. Time in
hours; estrogen as a share of its premenopausal level. BMD re-equilibrates by three observers (two of them spine).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
HOURS_PER_YEAR_OF_AGE = 8736.0  # the model's menopause clock
SMALLEST = 1e-12
VOLUME_L = 14.0  # extracellular_volume


def _table(name: str) -> list[dict[str, str]]:
    text = (files("aimss.calibration.peers") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def parameters() -> dict[str, float]:
    """Return the published parameters by name."""
    return {row["name"]: float(row["value"]) for row in _table("peterson_riggs_parameters.csv")}


@cache
def states() -> dict[str, float]:
    """Return the states with their premenopausal values."""
    return {row["name"]: float(row["initial_value"]) for row in _table("peterson_riggs_states.csv")}


def _rise(x: float, x0: float, f0: float, base: float, largest: float, hill: float) -> float:
    half = largest / (f0 - base) - 1
    ratio = (x / x0) ** hill
    return float(base + largest * ratio / (ratio + half))


def _fall(x: float, x0: float, f0: float, top: float, bottom: float, hill: float) -> float:
    half = (top - bottom) / (top - f0) - 1
    ratio = (x / x0) ** hill
    return float(top - (top - bottom) * ratio / (ratio + half))


def _common(y: Array, p: Mapping[str, float]) -> dict[str, float]:
    """Relative quantities that several parts of the model share (section 0)."""
    s0 = states()
    # a step of the solver may undershoot zero, where the powers are not defined (only tried, never kept)
    s = dict(zip(s0, (max(float(v), SMALLEST) for v in y), strict=True))
    s["ca"], s["pth"], s["ctl"] = (s[k] / VOLUME_L for k in ("plasma_calcium", "plasma_pth", "calcitriol"))
    s["pho"] = s["extracellular_phosphate"] / VOLUME_L
    s["oc"] = s["osteoclasts"] / s0["osteoclasts"]
    s["ob"] = (s["osteoblasts_fast"] + s["osteoblasts_slow"]) / p["osteoblast_baseline"]
    s["rob"] = s["responding_osteoblasts"] / s0["responding_osteoblasts"]
    s["den"] = s["denosumab_central"] / p["denosumab_central_volume"]
    return s


def _osteoclasts(s: Mapping[str, float], p: Mapping[str, float]) -> float:
    s0, a0 = states(), p["active_tgf_baseline"]
    formed = _rise(
        s["rank_rankl_complex"], s0["rank_rankl_complex"], 1.0, p["osteoclast_input_rankl_base"],
        p["osteoclast_input_rankl_emax"], p["osteoclast_input_rankl_hill"],
    )  # fmt: skip
    lost = _rise(
        s["active_tgf_beta"], a0, a0, p["osteoclast_loss_tgf_base_fraction"] * a0, p["osteoclast_loss_tgf_emax"],
        p["osteoclast_loss_tgf_hill"],
    )  # fmt: skip
    occupied = p["rank_rankl_on_rate"] / p["rank_rankl_off_rate"] * s0["rankl"]
    survival = _fall(
        s["rank_rankl_complex"] / p["rank_occupancy_scale"], occupied, 1.0, p["osteoclast_survival_emax"],
        p["osteoclast_survival_emin"], p["osteoclast_survival_hill"],
    )  # fmt: skip
    return p["osteoclast_turnover_rate"] * (a0 * formed * s0["osteoclasts"] - lost * survival * s["osteoclasts"])


def _osteoblasts(s: Mapping[str, float], p: Mapping[str, float]) -> dict[str, float]:
    s0, a0, a = states(), p["active_tgf_baseline"], s["active_tgf_beta"]
    k_b = p["osteoblast_loss_rate"]
    drive = s["bcl2"] - p["bcl2_offset"] if s["bcl2"] > p["bcl2_threshold"] else p["runx2_effect_baseline"]
    r0 = p["osteoblast_loss_runx2_base"] * k_b
    run = _rise(
        drive, p["runx2_effect_baseline"], r0 - k_b, 0.0, r0 * p["osteoblast_loss_runx2_max_fraction"],
        p["osteoblast_loss_runx2_hill"],
    )  # fmt: skip
    out = _fall(
        a, a0, a0, p["osteoblast_loss_tgf_max_ratio"] * a0, p["osteoblast_loss_tgf_min_ratio"] * a0,
        p["osteoblast_loss_tgf_hill"],
    )  # fmt: skip
    k_all = r0 * (out / a0) * s["estrogen"] ** -p["estrogen_osteoblast_loss_exponent"] - run
    k_slow = p["osteoblast_slow_loss_ratio"] * k_all
    k_fast = (k_b * p["osteoblast_baseline"] - k_slow * s0["osteoblasts_slow"]) / s0["osteoblasts_fast"]
    into = _rise(a, a0, a0, p["rob_input_tgf_base_fraction"] * a0, p["rob_input_tgf_emax"], p["rob_input_tgf_hill"])
    leave = _rise(a, a0, a0, p["rob_loss_tgf_base_fraction"] * a0, p["rob_loss_tgf_emax"], p["rob_loss_tgf_hill"])
    whole = k_b * p["osteoblast_baseline"]
    maturing = whole * a0 / leave * s["rob"]
    share = p["osteoblast_fast_fraction"]
    return {
        "responding_osteoblasts": whole * into / a0 * s["estrogen"] ** -p["estrogen_rob_exponent"] - maturing,
        "osteoblasts_fast": maturing * share * k_fast / k_all - k_fast * s["osteoblasts_fast"],
        "osteoblasts_slow": maturing * (1 - share) * p["osteoblast_slow_loss_ratio"] - k_slow * s["osteoblasts_slow"],
    }


def _signals(s: Mapping[str, float], p: Mapping[str, float]) -> dict[str, float]:
    """TGF-beta, RANK, RANKL, OPG and the signals within cells (sections 2.4 to 2.6)."""
    s0, e = states(), s["estrogen"]
    pth0, a0, pth = s0["plasma_pth"] / VOLUME_L, p["active_tgf_baseline"], s["pth"]
    latent0 = s0["latent_tgf_beta"]
    activation = (
        p["tgf_activation_rate"]
        * (s["latent_tgf_beta"] / latent0) ** p["tgf_activation_self_exponent"]
        * s["latent_tgf_beta"]
        * s["oc"] ** p["tgf_activation_osteoclast_exponent"]
        * e ** p["estrogen_active_tgf_exponent"]
    )
    made = p["tgf_activation_rate"] * latent0 * s["ob"] ** p["tgf_osteoblast_exponent"]
    eff = s["ob"] ** p["rankl_osteoblast_exponent"]
    largest = p["rankl_pth_emax"]
    by_pth = largest * pth / ((largest - 1) * pth0 * eff + pth)
    bind_r = p["rank_rankl_on_rate"] * s["rank"] * s["rankl"] - p["rank_rankl_off_rate"] * s["rank_rankl_complex"]
    bind_o = p["opg_rankl_on_rate"] * s["opg"] * s["rankl"] - p["opg_rankl_off_rate"] * s["opg_rankl_complex"]
    den_pm = s["den"] / p["denosumab_molar_mass"] * 1e6
    opg = p["opg_loss_rate"] * (s0["opg"] * s["rob"] * (pth + p["opg_pth_half_conc"] * s["rob"]) / (2 * pth) - s["opg"])
    rank_made = s0["rank"] * (s["active_tgf_beta"] / a0) ** p["rank_tgf_beta_exponent"]
    k_rx2 = _rise(pth, pth0, p["runx2_loss_rate"], p["runx2_loss_pth_base"], p["runx2_loss_pth_emax"], 1.0)
    creb = _rise(pth, pth0, 1.0, p["creb_input_pth_base"], p["creb_input_pth_emax"], 1.0)
    return {
        "latent_tgf_beta": made * e ** -p["estrogen_latent_tgf_exponent"] - activation,
        "active_tgf_beta": activation - 1000 * p["tgf_activation_rate"] * s["active_tgf_beta"],
        "rankl": p["rankl_loss_rate"] * (s0["rankl"] * eff * by_pth - s["rankl"])
        - bind_o
        - bind_r
        - p["rankl_denosumab_kill_rate"] * den_pm * s["rankl"],
        "rank": p["rank_loss_rate"] * (rank_made - s["rank"]) - bind_r,
        "opg": opg - bind_o,
        "rank_rankl_complex": bind_r,
        "opg_rankl_complex": bind_o,
        "runx2": p["runx2_loss_rate"] * s0["runx2"] - k_rx2 * s["runx2"],
        "creb": p["creb_loss_rate"] * (s0["creb"] * creb - s["creb"]),
        "bcl2": p["bcl2_loss_rate"] * (s["runx2"] * s["creb"] - s["bcl2"]),
    }


def _calcium(s: Mapping[str, float], p: Mapping[str, float]) -> dict[str, float]:
    """Calcium and phosphate between bone, plasma, kidney and gut (sections 3.1 to 3.3, 3.6)."""
    s0, ca = states(), s["ca"]
    ca0, pth0 = s0["plasma_calcium"] / VOLUME_L, s0["plasma_pth"] / VOLUME_L
    flux, exchange0 = p["bone_calcium_flux_daily"] / 24, s0["bone_calcium_exchangeable"]
    by_cells = _rise(
        s["osteoclasts"], s0["osteoclasts"], flux / exchange0, 0.0, p["release_osteoclast_emax"],
        p["release_osteoclast_hill"],
    )  # fmt: skip
    share = p["release_osteoclast_fraction"]
    occupancy = (s["rank_rankl_complex"] / s["osteoclasts"]) / (s0["rank_rankl_complex"] / s0["osteoclasts"])
    release = flux * (1 - share) + by_cells * exchange0 * share * occupancy ** p["release_rank_occupancy_exponent"]
    mineral = p["uptake_hydroxyapatite_fraction"]
    uptake = flux * ca / ca0 * (1 - mineral + mineral * s["hydroxyapatite"])
    # the non-exchangeable pool only drifts and feeds nothing that is used: the exchangeable one is left out with it
    slope = (1 - p["renal_estrogen_tm_at_tenth"]) / 0.9
    most = (1 - slope + slope * s["estrogen"]) * (
        p["renal_calcium_pth_fraction"] * s["gfr"] * ca0 - p["renal_calcium_excretion_baseline"]
    ) * (p["renal_reabsorption_half_conc"] + ca0) / ca0  # fmt: skip
    emax = p["renal_reabsorption_pth_emax"]
    kept = most * ca / (p["renal_reabsorption_half_conc"] + ca) * emax * s["pth"] / (s["pth"] + (emax - 1) * pth0)
    lost = p["renal_calcium_pth_fraction"] * s["gfr"] * ca - kept
    by_calcitriol = 2 - p["renal_calcitriol_emax"] * s["ctl"] / (s["ctl"] + p["renal_calcitriol_half_conc"])
    urine = max(0.0, by_calcitriol * lost)
    gut, transport = s["gut_calcium"], s["gut_calcium_transport"]
    half = s0["gut_calcium"] * (p["gut_active_emax"] - p["gut_active_baseline"]) / p["gut_active_baseline"]
    middle = p["gut_intake_half_transport"]
    active = p["gut_active_emax"] * gut / (gut + half) * gut * (transport / 0.5) / (gut + middle)
    absorbed = active + p["gut_passive_rate"] * gut
    hill = p["gut_intake_hill"]
    taken = p["gut_intake_fraction_max"] * transport**hill / (transport**hill + middle**hill)
    power = p["gut_transport_hill"]
    signal = s["ctl"] ** power / (p["gut_transport_half_conc"] ** power + s["ctl"] ** power)
    low, high = p["gut_transport_min_rate"], p["gut_transport_max_rate"]
    on, off = low + (high - low) * signal, high - (high - low) * signal
    p_urine = max(0.0, p["phosphate_filtration_fraction"] * s["gfr"] * (s["pho"] - p["phosphate_renal_threshold"]))
    p_bone = p["phosphate_calcium_bone_ratio"] * (release - uptake)
    p_absorbed = p["phosphate_gut_absorption_rate"] * s["gut_phosphate"]
    p_inward = p["phosphate_uptake_clearance"] * s["pho"] - p["phosphate_release_rate"] * s["intracellular_phosphate"]
    return {
        "bone_calcium_exchangeable": 0.0,
        "hydroxyapatite": (s["ob"] - s["hydroxyapatite"]) / p["hydroxyapatite_residence_time"],
        "plasma_calcium": release - uptake - urine + absorbed,
        "gut_calcium": p["calcium_intake"] * taken - absorbed,
        "gut_calcium_transport": on * (1 - transport) - off * transport,
        "gut_phosphate": p["phosphate_intake"] * p["phosphate_bioavailability"] - p_absorbed,
        "intracellular_phosphate": p_inward,
        "extracellular_phosphate": p_bone - p_urine + p_absorbed - p_inward,
    }


def _hormones(s: Mapping[str, float], p: Mapping[str, float]) -> dict[str, float]:
    """Parathyroid gland and calcitriol (sections 3.4 and 3.5)."""
    s0, ctl = states(), s["ctl"]
    ca0, pth0, ctl0 = (s0[k] / VOLUME_L for k in ("plasma_calcium", "plasma_pth", "calcitriol"))
    setpoint = p["gland_pool_setpoint"] * (ca0 / s["ca"]) ** p["gland_pool_calcium_exponent"]
    w = math.tanh(p["gland_pool_slope"] * (ctl - setpoint))
    weight, floor = p["gland_pool_tanh_weight"], p["gland_pool_floor_weight"]
    pool = s["pth_gland_pool"]
    out = p["gland_pool_rate"] * (weight * (1 + w) + floor)
    back = p["gland_pool_rate"] * (weight * (1 - w) + floor)
    capacity = _fall(
        ctl, ctl0, 1.0, p["gland_capacity_calcitriol_max"], p["gland_capacity_calcitriol_min"],
        p["gland_capacity_calcitriol_hill"],
    )  # fmt: skip
    secreted = _fall(
        s["ca"], ca0, p["pth_secretion_baseline"], p["pth_secretion_max"], p["pth_secretion_min"],
        p["pth_secretion_hill"],
    ) * (pool / 0.5) * s["pth_gland_capacity"]  # fmt: skip
    reference, by_phosphate = p["phosphate_reference_conc"], 1.0
    if s["pho"] > reference:
        hill, half = p["hydroxylase_phosphate_hill"], p["hydroxylase_phosphate_half_conc"]
        top = p["hydroxylase_phosphate_base"]
        span = (top - 1) * (reference**hill + half**hill) / reference**hill
        by_phosphate = top - span * s["pho"] ** hill / (s["pho"] ** hill + half**hill)
    g, k = p["hydroxylase_pth_hill"], p["hydroxylase_pth_half_conc"]
    by_pth = (k**g + pth0**g) / pth0**g * s["pth"] ** g / (k**g + s["pth"] ** g)
    return {
        "plasma_pth": secreted - p["pth_loss_rate"] * s["plasma_pth"],
        "pth_gland_pool": (1 - pool) * back - pool * out,
        "pth_gland_capacity": p["gland_capacity_rate"] * (capacity - s["pth_gland_capacity"]),
        "alpha_hydroxylase": p["hydroxylase_max_rate"] * by_pth * by_phosphate
        - p["hydroxylase_loss_rate"] * s["alpha_hydroxylase"],
        "calcitriol": s["alpha_hydroxylase"] - p["calcitriol_loss_rate"] * s["calcitriol"],
    }


def _drug_and_density(s: Mapping[str, float], p: Mapping[str, float]) -> dict[str, float]:
    clearance = p["denosumab_clearance"] + p["denosumab_vmax"] / (p["denosumab_km"] + s["den"])
    exchange = p["denosumab_intercompartmental_clearance"] * (
        s["den"] - s["denosumab_peripheral"] / p["denosumab_peripheral_volume"]
    )
    absorbed = p["denosumab_absorption_rate"] * s["denosumab_depot"]
    built = s["ob"] ** p["bmd_osteoblast_exponent"]
    found = {
        "denosumab_depot": -absorbed,
        "denosumab_central": absorbed - exchange - clearance * s["den"],
        "denosumab_peripheral": exchange,
    }
    for name, key in (
        ("bmd_lumbar_spine", "bmd_spine"),
        ("bmd_lumbar_spine_denosumab", "bmd_spine_denosumab"),
        ("bmd_femoral_neck", "bmd_neck"),
    ):
        found[name] = p[f"{key}_rate"] * (built - s["oc"] ** p[f"{key}_osteoclast_exponent"] * s[name])
    return found


def natural_estrogen_rate(age_hours: float, estrogen: float, p: Mapping[str, float]) -> float:
    """Return the rate of change of estrogen through menopause; age in hours of the model's years."""
    onset = p["menopause_age_done"] - p["menopause_duration"]
    made = p["estrogen_loss_rate"] * (age_hours / p["age_enter"]) ** p["estrogen_age_exponent"]
    if age_hours >= onset:
        past, half = (age_hours - onset) ** 2, (p["menopause_duration"] / 2) ** 2
        made *= 1 - p["menopause_drop_fraction"] * past / (half + past)
    return float(made - p["estrogen_loss_rate"] * estrogen)


def rates(y: Array, p: Mapping[str, float], estrogen_rate: float) -> list[float]:
    """Return the rates per hour in the order of `states`."""
    s = _common(y, p)
    found = {
        "osteoclasts": _osteoclasts(s, p),
        **_osteoblasts(s, p),
        **_signals(s, p),
        **_calcium(s, p),
        **_hormones(s, p),
        **_drug_and_density(s, p),
        "estrogen": estrogen_rate,
        "gfr": 0.0,
    }
    return [found[name] for name in states()]


def run(
    hours: Sequence[float], estrogen: Callable[[float], float] | None, doses_mg: Mapping[float, float]
) -> dict[str, Array]:
    """Integrate from the premenopausal start (age 41) and return each state at rising `hours`, (t,).

    estrogen : share of the premenopausal level at an hour, taken as it is; None for the model's own course.
    doses_mg : denosumab by hour; a dose on an output hour is given after the output.
    """
    from scipy.integrate import solve_ivp

    p = {**parameters()}
    y = np.array(list(states().values()))
    index = {name: i for i, name in enumerate(states())}
    size = np.maximum(np.abs(y), 1e-4)
    wanted = np.asarray(hours, dtype=float)
    stops = sorted({0.0, *(t for t in doses_mg if t < wanted[-1]), float(wanted[-1])})
    found = np.full((len(wanted), len(y)), np.nan)

    def slope(t: float, now: Array) -> list[float]:
        own = now[index["estrogen"]]
        if estrogen is not None:
            # follows a given level with the model's own turnover of estrogen
            return rates(now, p, p["estrogen_loss_rate"] * (estrogen(t) - own))
        return rates(now, p, natural_estrogen_rate(p["age_enter"] + t, own, p))

    for begin, end in zip(stops, [*stops[1:], stops[-1]], strict=True):
        found[wanted == begin] = y
        if begin in doses_mg:
            y = y.copy()
            y[index["denosumab_depot"]] += doses_mg[begin] * p["denosumab_dose_to_ng"] * p["denosumab_bioavailability"]
        if begin == end:
            break
        inside = (wanted > begin) & (wanted < end)
        solved = solve_ivp(slope, (begin, end), y, "LSODA", t_eval=[*wanted[inside], end], rtol=1e-6, atol=1e-7 * size)
        found[inside] = solved.y[:, : inside.sum()].T
        y = solved.y[:, -1]
    return {name: found[:, i] for name, i in index.items()}
