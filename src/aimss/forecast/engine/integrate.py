"""Integrate the body of many women over their schedules: the kernel, and the stiff solver for what it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.declaration import STATE_NAMES
from aimss.body.model import untreated_states
from aimss.body.schedule import DOSES, INPUTS, Schedule
from aimss.forecast.engine.codegen import OPTIONAL_STATES
from aimss.forecast.engine.kernel_cache import load_kernel
from aimss.forecast.engine.stiff import solve_stiff
from aimss.forecast.engine.trajectories import (
    FAILED,
    SOLVED,
    SOLVED_AGAIN,
    Array,
    Problem,
    Trajectories,
    check,
    constants_of,
)

# The first step after a dose or a change, in days, at rtol 1e-4; it only saves tries.
FIRST_STEP_DAYS = 0.3
_OPTIONAL_INPUTS = ("serm_on", "alendronate_mg_per_day", "risedronate_mg_per_day", "ibandronate_mg_per_day")


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
    states = np.empty((n, t, start_state.shape[1]))
    final = np.empty_like(start_state)
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
    plain = takes_plain_step(problem, start_state)
    order = np.argsort(~plain, kind="stable")
    first_full = int(plain.sum())

    def work(part: tuple[bool, int, int]) -> None:
        buffer = _aligned(kernel.rows * module.LANES)
        module.run(buffer, rtol, restart, *arguments, order, *part, *results)

    parts = [(True, *slot) for slot in _slices(0, first_full, workers)]
    parts += [(False, *slot) for slot in _slices(first_full, n, workers)]
    if workers == 1:
        for part in parts:
            work(part)
        return
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, parts))


def takes_plain_step(problem: Problem, start_state: Array) -> NDArray[np.bool_]:
    """Return which women have and get no bisphosphonate, tamoxifen or raloxifene from their start on, (n,).

    It depends on the woman alone, so that she takes the same step in whatever company.
    """
    optional = [STATE_NAMES.index(name) for name in OPTIONAL_STATES]
    plain: NDArray[np.bool_] = np.all(start_state[:, optional] == 0.0, axis=1)
    given = [INPUTS.index(name) for name in _OPTIONAL_INPUTS]
    for k, schedule in enumerate(problem.schedules):
        uses = (schedule.inputs[:, given] != 0.0).any(axis=1) | (
            schedule.doses[:, DOSES.index("zoledronate_mg")] != 0.0
        )
        later = np.logical_or.accumulate(uses[::-1])[::-1]
        women = np.flatnonzero(problem.schedule_index == k)
        row = np.searchsorted(schedule.times_days, problem.start_days[women], side="right") - 1
        plain[women] &= ~later[np.maximum(row, 0)]
    return plain


def _slices(first: int, last: int, count: int) -> list[tuple[int, int]]:
    """Return at most `count` slices of nearly equal length."""
    edges = np.linspace(first, last, max(1, min(count, last - first)) + 1).astype(int)
    return [(int(a), int(b)) for a, b in pairwise(edges) if a < b]


def _aligned(size: int) -> Array:
    """Return zeros that begin at a multiple of 64 bytes, one cache line."""
    whole = np.zeros(size + 8)
    offset = (-whole.ctypes.data % 64) // 8
    return whole[offset : offset + size]
