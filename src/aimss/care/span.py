"""`Span`: one course placed in time, in days from the day of the forecast."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from aimss.care.drugs import AROMATASE_INHIBITORS, INJECTIONS


@dataclass(frozen=True)
class Note:
    """Something that was assumed about a record or a strategy, and why."""

    field: str
    assumed: str


@dataclass(frozen=True)
class Span:
    """A drug or remedy in time.

    periods : (start, stop) in days, in order, without overlap; breaks are left out.
    dose_days : days of single doses, for injections.
    amount : dose at one time (mg, or the drug's unit); None where it does not matter.
    every_days : days between doses.
    """

    drug: str
    periods: tuple[tuple[float, float], ...]
    dose_days: tuple[float, ...] = ()
    amount: float | None = None
    every_days: float | None = None
    intensity: float = 1.0
    course: str = ""
    given_before: bool = False

    @property
    def start_day(self) -> float:
        """First day; infinity if nothing is left of it."""
        return min((*self.dose_days[:1], *(a for a, _ in self.periods[:1])), default=math.inf)

    @property
    def stop_day(self) -> float:
        """Last day: end of the last period, or the last dose plus one interval."""
        if self.drug in INJECTIONS:
            return self.dose_days[-1] + (self.every_days or 0.0) if self.dose_days else -math.inf
        return self.periods[-1][1] if self.periods else -math.inf

    @property
    def cover(self) -> tuple[tuple[float, float], ...]:
        """Days under treatment: the periods, or each dose with its interval."""
        if self.drug in INJECTIONS:
            return merge((day, day + (self.every_days or 0.0)) for day in self.dose_days)
        return self.periods

    @property
    def units_per_day(self) -> float:
        """Mean amount a day while it is taken."""
        return (self.amount or 0.0) / (self.every_days or 1.0) * self.intensity

    @property
    def is_ai(self) -> bool:
        """Whether it is an aromatase inhibitor."""
        return self.drug in (*AROMATASE_INHIBITORS, "any")


def merge(periods: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Join periods that touch or overlap (to a thousandth of a day)."""
    merged: list[tuple[float, float]] = []
    for start, stop in sorted(p for p in periods if p[1] > p[0]):
        if merged and start <= merged[-1][1] + 1e-3:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return tuple(merged)


def intersect(
    first: Iterable[tuple[float, float]], second: Iterable[tuple[float, float]]
) -> tuple[tuple[float, float], ...]:
    """Days that lie in both."""
    other = tuple(second)
    return merge((max(a, c), min(b, d)) for a, b in first for c, d in other if min(b, d) > max(a, c))


def subtract(
    periods: Iterable[tuple[float, float]], gaps: Iterable[tuple[float, float]]
) -> tuple[tuple[float, float], ...]:
    """Periods without the gaps."""
    left: list[tuple[float, float]] = []
    removed = merge(gaps)
    k = 0
    for start, stop in merge(periods):
        day = start
        while k < len(removed) and removed[k][1] <= day:
            k += 1
        j = k
        while j < len(removed) and removed[j][0] < stop:
            if removed[j][0] > day:
                left.append((day, removed[j][0]))
            day = max(day, removed[j][1])
            j += 1
        if day < stop:
            left.append((day, stop))
    return tuple(left)
