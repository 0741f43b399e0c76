"""The tight stiff solver: one woman at a time with scipy's LSODA, from the same declaration as the kernel.

It takes over the few women whose step control gives up in the kernel. ODEPACK: Hindmarsh 1983, "ODEPACK, a
systematized collection of ODE solvers".
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from aimss.body.declaration import STATE_NAMES
from aimss.body.model import dose_jumps, rates
from aimss.body.schedule import DOSES, INPUTS, Schedule

Array = NDArray[np.float64]


class ScalarMathematics:
    """The namespace of `rates` for plain numbers."""

    log = staticmethod(math.log)
    maximum = staticmethod(max)
    minimum = staticmethod(min)

    @staticmethod
    def exp(x: float) -> float:
        """Return e^x, infinity where it does not fit a double."""
        return math.exp(x) if x < 709.0 else math.inf


def pieces(schedule: Schedule, start: float, end: float) -> Iterator[tuple[float, float, Array, Array]]:
    """Yield (from, to, inputs, doses at `from`) between two days; a dose on the last day is left out."""
    times = schedule.times_days
    days = [start, *(float(d) for d in times[(times > start) & (times < end)]), end]
    for begin, finish in pairwise(days):
        row = max(0, int(np.searchsorted(times, begin, side="right")) - 1)
        given = schedule.doses[row] if times[row] == begin else np.zeros(len(DOSES))
        yield begin, finish, schedule.inputs[row], given


def solve_stiff(
    constants: Mapping[str, float],
    initial_state: Array,
    schedule: Schedule,
    start_day: float,
    output_days: Array,
    rtol: float = 1e-8,
) -> tuple[Array, int]:
    """Return the states (t, s) of one woman at the output days and the number of steps; NaN from a failure on."""
    from scipy.integrate import solve_ivp

    p = SimpleNamespace(**constants)
    out = np.full((len(output_days), len(STATE_NAMES)), np.nan)
    y = np.array(initial_state, dtype=np.float64)
    steps, written = 0, 0
    for begin, end, inputs, doses in pieces(schedule, start_day, float(output_days[-1])):
        while written < len(output_days) and output_days[written] == begin:
            out[written], written = y, written + 1
        y = y + np.array(dose_jumps(p, SimpleNamespace(**dict(zip(DOSES, doses, strict=True)))), dtype=np.float64)
        if end == begin:
            continue
        u = SimpleNamespace(**dict(zip(INPUTS, (float(v) for v in inputs), strict=True)))

        def slope(day: float, state: Array, u: SimpleNamespace = u) -> tuple[float, ...]:
            named = SimpleNamespace(**dict(zip(STATE_NAMES, (float(v) for v in state), strict=True)))
            return rates(ScalarMathematics, day, named, p, u)

        within = output_days[(output_days > begin) & (output_days <= end)]
        at = np.unique(np.append(within, end))
        found = solve_ivp(slope, (begin, end), y, method="LSODA", t_eval=at, rtol=rtol, atol=rtol * 1e-3)
        if not found.success or not np.isfinite(found.y).all():
            return out, steps
        steps += int(found.nfev)
        for day in within:
            out[written], written = found.y[:, np.searchsorted(at, day)], written + 1
        y = found.y[:, -1]
    return out, steps
