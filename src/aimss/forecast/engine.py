"""Integrate the body of many women over their schedules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from aimss.body.model import untreated_states
from aimss.body.schedule import Schedule
from aimss.forecast.stiff import solve_stiff
from aimss.forecast.trajectories import FAILED, SOLVED_AGAIN, Array, Trajectories, check, constants_of


def integrate(
    constants: Mapping[str, Any],
    initial_state: Array | None,
    schedules: list[Schedule],
    schedule_index: Any,
    start_days: Any,
    output_days: Any,
    *,
    rtol: float = 1e-4,
    workers: int = 1,  # noqa: ARG001 - threads come with the compiled kernel
) -> Trajectories:
    """Return the states of n women at the output days.

    constants : parameters and the woman's constants by full name, numbers or (n,); what is not named has its shipped
        or neutral value. initial_state : (n, s), or None for a woman without drugs in balance with her estradiol.
    schedule_index : (n,), which schedule each woman follows. start_days : number or (n,). output_days : (t,) or
        (n, t), rising. A dose on an output day, and on the start day, is given after the output is taken.
    Raises ValueError where the arguments do not fit together.
    """
    problem = check(constants, initial_state, schedules, schedule_index, start_days, output_days)
    start_state = problem.initial_state
    if start_state is None:
        start_state = untreated_states(problem.constants, problem.start_days)
    n, t = problem.output_days.shape
    states = np.empty((n, t, start_state.shape[1]))
    steps = np.zeros(n, dtype=np.int64)
    for i in range(n):
        states[i], steps[i] = solve_stiff(
            constants_of(problem, i),
            start_state[i],
            problem.schedules[problem.schedule_index[i]],
            float(problem.start_days[i]),
            problem.output_days[i],
            rtol=min(rtol, 1e-6),
        )
    status = np.where(np.isfinite(states).all(axis=(1, 2)), SOLVED_AGAIN, FAILED).astype(np.uint8)
    return Trajectories(states, states[:, -1].copy(), status, steps)
