"""What an integration takes and gives: checked arguments in, states with a status per woman out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.declaration import STATES, WOMAN_CONSTANTS
from aimss.body.parameters import default
from aimss.body.schedule import Schedule

Array = NDArray[np.float64]

SOLVED, SOLVED_AGAIN, FAILED = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Trajectories:
    """States of n women at t times.

    states : (n, t, s), NaN from a failure on; final : (n, s), the state at the last time, before a dose on that day;
    status : (n,), SOLVED, SOLVED_AGAIN (the tight stiff solver took over) or FAILED; steps : (n,), accepted steps.
    """

    states: Array
    final: Array
    status: NDArray[np.uint8]
    steps: NDArray[np.int64]

    @property
    def failures(self) -> int:
        """How many women have no result."""
        return int(np.count_nonzero(self.status == FAILED))


@dataclass(frozen=True, eq=False)
class Problem:
    """The arguments of `integrate`, complete and of one shape: n women, t times."""

    constants: dict[str, Any]
    initial_state: Array | None
    schedules: list[Schedule]
    schedule_index: NDArray[np.int64]
    start_days: Array
    output_days: Array

    def __len__(self) -> int:
        return len(self.schedule_index)


def complete_constants(constants: Mapping[str, Any], n: int) -> dict[str, Any]:
    """Return all parameters and constants of n women: given ones, else the shipped or the neutral value.

    Raises ValueError for an unknown name, a wrong shape, a value that is not finite, or a missing constant that has
    no neutral value.
    """
    parameters = default()
    known = set(parameters) | {c.name for c in WOMAN_CONSTANTS}
    if unknown := sorted(set(constants) - known):
        raise ValueError(f"unknown constants {unknown}")
    complete: dict[str, Any] = dict(parameters)
    for constant in WOMAN_CONSTANTS:
        if constant.name not in constants and constant.neutral is None:
            raise ValueError(f"the constant {constant.name} ({constant.unit}) has no neutral value and must be given")
        complete[constant.name] = constant.neutral
    for name, value in constants.items():
        array = np.asarray(value, dtype=np.float64)
        if array.shape not in {(), (n,)}:
            raise ValueError(f"{name} has shape {array.shape}; expected a number or ({n},)")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds a value that is not finite")
        complete[name] = float(array) if array.ndim == 0 else array
    return complete


def check(
    constants: Mapping[str, Any],
    initial_state: Array | None,
    schedules: list[Schedule],
    schedule_index: Any,
    start_days: Any,
    output_days: Any,
) -> Problem:
    """Return the arguments of `integrate` in full shape; raises ValueError where they do not fit together."""
    index = np.array(schedule_index, dtype=np.int64, order="C")
    n = len(index)
    if n and not (index.min() >= 0 and index.max() < len(schedules)):
        raise ValueError(f"schedule_index must lie in 0 to {len(schedules) - 1}")
    outputs = np.asarray(output_days, dtype=np.float64)
    # copies: a read-only view is another type to the compiled kernel
    outputs = np.array(np.broadcast_to(outputs, (n, outputs.shape[-1])), order="C")
    start = np.array(np.broadcast_to(np.asarray(start_days, dtype=np.float64), (n,)), order="C")
    if outputs.shape[1] == 0:
        raise ValueError("output_days must name at least one day")
    if (np.diff(outputs, axis=1) < 0).any() or (outputs[:, 0] < start).any():
        raise ValueError("output_days must not fall, and none may lie before start_days")
    state = None
    if initial_state is not None:
        state = np.array(np.broadcast_to(initial_state, (n, len(STATES))), dtype=np.float64, order="C")
    return Problem(complete_constants(constants, n), state, list(schedules), index, start, outputs)


def constants_of(problem: Problem, woman: int) -> dict[str, float]:
    """Return the constants of one woman as numbers."""
    return {k: float(v[woman]) if np.ndim(v) else float(v) for k, v in problem.constants.items()}
