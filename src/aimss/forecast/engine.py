"""Integrate the body of many women over their schedules: the kernel, and the stiff solver for what it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.model import untreated_states
from aimss.body.schedule import DOSES, INPUTS, Schedule
from aimss.forecast.kernel_cache import load_kernel
from aimss.forecast.stiff import solve_stiff
from aimss.forecast.trajectories import FAILED, SOLVED, SOLVED_AGAIN, Array, Problem, Trajectories, check, constants_of

# The first step after a dose or a change, in days, at rtol 1e-4; it only saves tries.
FIRST_STEP_DAYS = 0.3


def integrate(
    constants: Mapping[str, Any],
    initial_state: Array | None,
    schedules: list[Schedule],
    schedule_index: Any,
    start_days: Any,
    output_days: Any,
    *,
    rtol: float = 1e-4,
    workers: int = 1,
) -> Trajectories:
    """Return the states of n women at the output days.

    constants : parameters and the woman's constants by full name, numbers or (n,); what is not named has its shipped
        or neutral value. initial_state : (n, s), or None for a woman without drugs in balance with her estradiol.
    schedule_index : (n,), which schedule each woman follows. start_days : number or (n,). output_days : (t,) or
        (n, t), rising. A dose on an output day, and on the start day, is given after the output is taken.
    rtol : 1e-4 for numbers that are shown, 1e-3 to explore, 1e-6 for tests. workers : threads; the result is the
        same bytes for any number.
    Raises ValueError where the arguments do not fit together.
    """
    problem = check(constants, initial_state, schedules, schedule_index, start_days, output_days)
    n, t = problem.output_days.shape
    start_state = problem.initial_state
    if start_state is None:
        start_state = untreated_states(problem.constants, problem.start_days)
    states = np.full((n, t, start_state.shape[1]), np.nan)
    final = np.full_like(start_state, np.nan)
    status = np.full(n, SOLVED, dtype=np.uint8)
    steps = np.zeros(n, dtype=np.int64)
    if n:
        _run_kernel(problem, start_state, rtol, workers, (states, final, status, steps))
    for i in map(int, np.flatnonzero(status == FAILED)):
        states[i], steps[i] = solve_stiff(
            constants_of(problem, i),
            start_state[i],
            problem.schedules[problem.schedule_index[i]],
            float(problem.start_days[i]),
            problem.output_days[i],
        )
        final[i] = states[i, -1]
        if np.isfinite(states[i]).all():
            status[i] = SOLVED_AGAIN
    return Trajectories(states, final, status, steps)


def _run_kernel(
    problem: Problem, start_state: Array, rtol: float, workers: int, results: tuple[NDArray[Any], ...]
) -> None:
    kernel, module = load_kernel()
    n = len(problem)
    columns = np.empty((n, len(kernel.constant_names)))
    for k, name in enumerate(kernel.constant_names):
        columns[:, k] = problem.constants[name]
    first_row = np.cumsum([0, *(len(s.times_days) for s in problem.schedules)])
    arguments = (
        columns,
        np.array(start_state, dtype=np.float64, order="C"),
        np.concatenate([s.times_days for s in problem.schedules]).astype(np.float64),
        np.concatenate([s.inputs for s in problem.schedules]).astype(np.float64).reshape(-1, len(INPUTS)),
        np.concatenate([s.doses for s in problem.schedules]).astype(np.float64).reshape(-1, len(DOSES)),
        first_row.astype(np.int64),
        problem.schedule_index,
        problem.start_days,
        problem.output_days,
    )
    restart = FIRST_STEP_DAYS * (rtol / 1e-4) ** 0.25

    def work(bounds: tuple[int, int]) -> None:
        buffer = _aligned(kernel.rows * module.LANES)
        module.run(buffer, rtol, restart, *arguments, *bounds, *results)

    edges = np.linspace(0, n, max(1, min(workers, n)) + 1).astype(int)
    slices = [(int(a), int(b)) for a, b in pairwise(edges)]
    if len(slices) == 1:
        work(slices[0])
        return
    with ThreadPoolExecutor(len(slices)) as pool:
        list(pool.map(work, slices))


def _aligned(size: int) -> Array:
    """Return zeros that begin at a multiple of 64 bytes, one cache line."""
    whole = np.zeros(size + 8)
    offset = (-whole.ctypes.data % 64) // 8
    return whole[offset : offset + size]
