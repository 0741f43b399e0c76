"""Conditional courses: when they are checked, whether they are met, and each woman's course that follows.

The check is numpy on observed values, so that every engine decides alike; the variants are schedules, so that no engine
has to be compiled for them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aimss.care.condition import Condition
from aimss.patient.dates import DAYS_PER_YEAR

if TYPE_CHECKING:
    from aimss.body.schedule import Schedule
    from aimss.care.compile import CompiledStrategy
    from aimss.care.resolve import Placement
    from aimss.care.strategy import Strategy

Observe = Callable[[Sequence["Schedule"], NDArray[np.int64], NDArray[np.float64]], Mapping[str, NDArray[np.float64]]]


@dataclass(frozen=True)
class Trigger:
    """A conditional edge of a course.

    name : `<course id>.start` or `<course id>.stop`.
    check_days : days from the forecast on which the condition is looked at, increasing; values are those before a dose.
    """

    name: str
    course: str
    edge: str
    condition: Condition
    check_days: tuple[float, ...]

    @property
    def observed_names(self) -> tuple[str, ...]:
        """Names of the values it needs: t_score_<site>, bmd_<site> (any unit) or pain."""
        if self.condition.when == "pain":
            return ("pain",)
        stem = "t_score" if self.condition.when == "t_score" else "bmd"
        return tuple(f"{stem}_{site}" for site in self.condition.sites)


def find_triggers(placed: Placement, strategy: Strategy, horizon_days: float) -> tuple[Trigger, ...]:
    """The conditional edges of a placed strategy that can still come about, with their check days."""
    triggers: list[Trigger] = []
    for course in strategy.courses:
        for edge, condition in course.conditions.items():
            name = f"{course.id}.{edge}"
            if name in placed.triggered:
                continue
            if edge == "start":
                # a condition met after the course's own stop would start nothing
                stop = math.inf if course.stop is None or "stop" in course.conditions else placed.stop_day(course)
                days = condition.check_days(0.0, min(stop, horizon_days))
            else:
                days = condition.check_days(placed.start_day(course) + 1e-6, min(placed.stop_day(course), horizon_days))
            if days:
                triggers.append(Trigger(name, course.id, edge, condition, days))
    return tuple(triggers)


def first_met(trigger: Trigger, observed: Mapping[str, NDArray[np.float64]]) -> NDArray[np.int64]:
    """Index of the first check at which the condition holds, -1 if never.

    observed : name -> (n, checks), for the names of `observed_names`; NaN is unknown and never meets a condition.
    Returns (n,).
    """
    condition, days = trigger.condition, np.asarray(trigger.check_days)
    values = [np.asarray(observed[name], dtype=float) for name in trigger.observed_names]
    if condition.when == "annual_loss_percent":
        values = [_loss(v, days) for v in values]
    worst = np.fmin if condition.at_or_below is not None else np.fmax
    value = values[0]
    for other in values[1:]:
        value = worst(value, other)
    met = value <= condition.at_or_below if condition.at_or_below is not None else value >= condition.at_least
    if condition.for_weeks is not None:
        met = _lasting(met, days, condition.for_weeks * 7.0)
    found = np.asarray(met.argmax(axis=1), dtype=np.int64)
    return np.where(met.any(axis=1), found, -1)


def _loss(bmd: NDArray[np.float64], days: NDArray[np.float64]) -> NDArray[np.float64]:
    """Per cent of BMD lost a year since the check before; unknown at the first check."""
    loss = np.full(bmd.shape, np.nan)
    loss[:, 1:] = 100 * (1 - bmd[:, 1:] / bmd[:, :-1]) * DAYS_PER_YEAR / np.diff(days)
    return loss


def _lasting(met: NDArray[np.bool_], days: NDArray[np.float64], length_days: float) -> NDArray[np.bool_]:
    """Whether it held at every check of the last `length_days`, which have to lie within the checks."""
    lasting = np.zeros(met.shape, dtype=bool)
    for k, day in enumerate(days):
        if day - length_days >= days[0] - 1e-6:
            lasting[:, k] = met[:, (days >= day - length_days - 1e-6) & (days <= day)].all(axis=1)
    return lasting


def resolve_triggers(
    compiled: CompiledStrategy, n: int, observe: Observe
) -> tuple[list[Schedule], NDArray[np.int64], list[Mapping[str, float]]]:
    """Each woman's schedule once her own conditions are met.

    n : number of women. observe : (schedules, schedule_index (n,), days (t,)) -> {name: (n, t)}, with the names of
    `Trigger.observed_names`, values before any dose of that day.
    Returns schedules, schedule_index (n,) and, for each schedule, the days on which its triggers came about.

    A course that starts on a day changes nothing before it, so conditions are settled in the order of their days: run,
    take the earliest one met, run on with its variant, until nothing more is met.
    """
    variants: list[CompiledStrategy] = [compiled]
    index = np.zeros(n, dtype=np.int64)
    settled_until = np.full(n, -np.inf)
    for _ in range(len(compiled.triggers)):
        days = np.array(sorted({day for v in variants for t in v.triggers for day in t.check_days}))
        observed = observe([v.schedule for v in variants], index, days)
        following: dict[tuple[int, tuple[tuple[str, float], ...]], int] = {}
        new_index = index.copy()
        for which, variant in enumerate(tuple(variants)):
            women = np.flatnonzero(index == which)
            if not len(women) or not variant.triggers:
                continue
            met_on = np.column_stack([_day_met(t, observed, days, women) for t in variant.triggers])
            met_on[met_on < settled_until[women, None]] = np.inf
            for woman, row in zip(women, met_on, strict=True):
                day = float(row.min())
                if not math.isfinite(day):
                    continue
                met = tuple((t.name, day) for t, d in zip(variant.triggers, row, strict=True) if d == day)
                if (which, met) not in following:
                    following[which, met] = len(variants)
                    variants.append(compiled.with_triggers({**variant.triggered, **dict(met)}))
                new_index[woman] = following[which, met]
                settled_until[woman] = day
        if not following:
            break
        index = new_index
    return [v.schedule for v in variants], index, [v.triggered for v in variants]


def _day_met(
    trigger: Trigger, observed: Mapping[str, NDArray[np.float64]], days: NDArray[np.float64], women: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Day on which each of some women first meets a condition; infinity if never."""
    columns = np.searchsorted(days, trigger.check_days)
    found = first_met(trigger, {name: observed[name][np.ix_(women, columns)] for name in trigger.observed_names})
    return np.where(found >= 0, np.asarray(trigger.check_days)[found], np.inf)
