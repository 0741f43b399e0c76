"""The body as one system: all rates, the jump at a dose, and the state of a woman without drugs."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.body import bone, estradiol, pharmacology
from aimss.body.declaration import STATE_NAMES


def rates(m: Any, day: Any, y: Any, p: Any, u: Any) -> tuple[Any, ...]:
    """Return the rates of change per day in the order of STATES.

    m : namespace with exp, log, maximum, minimum (numpy or the tracer); day : days from the forecast;
    y, p, u : namespaces of states, of parameters with the woman's constants, and of inputs.
    """
    found = {**pharmacology.rates(y, p, u), **estradiol.rates(m, day, y, p, u), **bone.rates(m, y, p, u)}
    return tuple(found[name] for name in STATE_NAMES)


def dose_jumps(p: Any, d: Any) -> tuple[Any, ...]:
    """Return what the doses `d` add to each state, in the order of STATES."""
    found = pharmacology.dose_jumps(p, d)
    return tuple(found.get(name, 0.0) for name in STATE_NAMES)


def untreated_state(m: Any, day: Any, p: Any) -> tuple[Any, ...]:
    """Return the state on a day of a woman whose bone is in balance with her estradiol and who had no drug."""
    level = estradiol.ovarian_estradiol(m, day, p, 0.0) + p.peripheral_estradiol_pmol_l
    signal = estradiol.log_signal_of(m, level, p)
    omega, loss = p.preosteoclast_differentiation_rate, p.preosteoclast_loss_rate
    pool = (omega + loss) / (omega * m.exp(p.estrogen_share_on_differentiation * signal) + loss)
    turnover = m.exp(signal) * pool
    found = {"estradiol": level, "preosteoclasts": pool}
    found |= dict.fromkeys(("osteoclasts", "osteoblasts", "young_bone"), turnover)
    return tuple(found.get(name, 0.0) for name in STATE_NAMES)


def constants_namespace(constants: Mapping[str, Any]) -> SimpleNamespace:
    """Return parameters and the woman's constants as attributes, for numpy."""
    return SimpleNamespace(**constants)


def untreated_states(constants: Mapping[str, Any], start_days: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `untreated_state` for n women, shape (n, states); constants are floats or (n,)."""
    parts = untreated_state(np, start_days, constants_namespace(constants))
    return np.stack([np.broadcast_to(np.asarray(part, dtype=np.float64), start_days.shape) for part in parts], axis=-1)
