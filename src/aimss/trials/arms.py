"""The strategies of an arm on the calendar of its women; conditions and lapses split them into more schedules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aimss.body.schedule import Schedule
from aimss.care.compile import CompiledStrategy
from aimss.care.triggers import resolve_triggers
from aimss.patient.dates import DAYS_PER_MONTH

Observe = Callable[[Sequence[Schedule], NDArray[np.int64], NDArray[np.float64]], dict[str, NDArray[np.float64]]]


@dataclass(frozen=True, eq=False)
class Course:
    """What a group of women gets: variants of a strategy, and from which month they go over to another."""

    variants: tuple[CompiledStrategy, ...]
    index: NDArray[np.int64]


def settle(compiled: CompiledStrategy, count: int, observe: Observe) -> Course:
    """Let each woman's own measurements decide the conditional courses."""
    if not compiled.triggers:
        return Course((compiled,), np.zeros(count, dtype=np.int64))
    _, index, triggered = resolve_triggers(compiled, count, observe)
    return Course(tuple(compiled.with_triggers(t) for t in triggered), index)


def lapsed(
    course: Course, then: CompiledStrategy, stop_month: NDArray[np.float64]
) -> tuple[list[Schedule], NDArray[np.int64]]:
    """Return schedules and each woman's index when she goes over to `then` at the start of a month (inf: never)."""
    schedules = [v.schedule for v in course.variants]
    index = course.index.copy()
    pairs = {(int(v), float(m)) for v, m in zip(course.index, stop_month, strict=True) if np.isfinite(m)}
    for variant, month in sorted(pairs):
        women = (course.index == variant) & (stop_month == month)
        schedules.append(spliced(course.variants[variant].schedule, then.schedule, month * DAYS_PER_MONTH))
        index[women] = len(schedules) - 1
    return schedules, index


def spliced(before: Schedule, after: Schedule, day: float) -> Schedule:
    """Return a schedule that follows one until a day and another from it on; a dose on the day is the second's."""
    early = before.times_days < day
    late = after.times_days > day
    row = max(0, int(np.searchsorted(after.times_days, day, side="right")) - 1)
    given = after.doses[row] if after.times_days[row] == day else np.zeros_like(after.doses[0])
    return Schedule(
        np.concatenate([before.times_days[early], [day], after.times_days[late]]),
        np.concatenate([before.inputs[early], after.inputs[row][None], after.inputs[late]]),
        np.concatenate([before.doses[early], given[None], after.doses[late]]),
    )
