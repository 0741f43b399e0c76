"""What is measured: bone mineral density, markers of turnover, the estrogen signal; from the states, with numpy."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.body import estradiol
from aimss.body.declaration import SITES, STATE_NAMES

Array = NDArray[np.float64]
MARKERS: tuple[str, ...] = ("ctx", "ntx", "p1np", "bsap")
# Only extreme draws come near: young bone above 7.9 times the reference at the spine.
LEAST_MINERAL_SHARE = 0.2


def columns(constants: Mapping[str, Any]) -> dict[str, Any]:
    """Return constants of shape (n,) as (n, 1), so that they meet states of shape (n, t)."""
    return {name: v[:, None] if np.ndim(v) == 1 else v for name, v in constants.items()}


def state(states: Array, name: str) -> Array:
    """Return one state, (n, t), of states (n, t, s)."""
    return np.asarray(states[..., STATE_NAMES.index(name)])


def log_bmd(states: Array, constants: Mapping[str, Any], site: str) -> Array:
    """Return ln BMD up to a constant of the woman, (n, t): BMD(t) = BMD(0) exp(log_bmd(t) - log_bmd(0))."""
    c = columns(constants)
    deficit = c["mineral_deficit_per_turnover"] * c[f"turnover_{site}"] * (state(states, "young_bone") - 1.0)
    share = np.maximum(1.0 - deficit, LEAST_MINERAL_SHARE)
    return np.asarray(state(states, f"log_volume_{site}") + np.log(share))


def log_bmd_all(states: Array, constants: Mapping[str, Any]) -> dict[str, Array]:
    """Return `log_bmd` of every site."""
    return {site: log_bmd(states, constants, site) for site in SITES}


def markers(states: Array, constants: Mapping[str, Any]) -> dict[str, Array]:
    """Return CTX, NTX, P1NP and BSAP, (n, t), each 1 in the reference woman."""
    c = columns(constants)
    resorption = state(states, "osteoclasts")
    background = c["formation_marker_background"]
    formation = background + (1.0 - background) * state(states, "osteoblasts")
    return {
        "ctx": resorption ** c["ctx_exponent"],
        "ntx": resorption ** c["ntx_exponent"],
        "p1np": formation ** c["p1np_exponent"],
        "bsap": formation ** c["bsap_exponent"],
    }


def estrogen_signal(states: Array, constants: Mapping[str, Any], serm_is_raloxifene: Any = 0.0) -> Array:
    """Return the resorption signal s, (n, t): 1 in the reference woman, higher with less estrogen."""
    y = SimpleNamespace(estradiol=state(states, "estradiol"), serm_receptor_share=state(states, "serm_receptor_share"))
    p = SimpleNamespace(**columns(constants))
    u = SimpleNamespace(serm_is_raloxifene=serm_is_raloxifene)
    return np.asarray(np.exp(estradiol.log_signal(np, y, p, u)))
