"""Strategies as branches from today: fixed ones as they are, conditional ones once each twin's scans decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aimss.body.schedule import Schedule
from aimss.care.compile import CompiledStrategy
from aimss.care.triggers import resolve_triggers
from aimss.forecast.courses import Courses, simulate
from aimss.forecast.her_data import HerData
from aimss.forecast.structural_error import structural_sd_percent
from aimss.forecast.twins import Twins
from aimss.patient.dates import DAYS_PER_YEAR
from aimss.patient.observations import SITES

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Branch:
    """One strategy: its variants (one if it has no conditions) and which of them each twin follows, (n,)."""

    compiled: CompiledStrategy
    variants: tuple[CompiledStrategy, ...]
    index: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Today:
    """Where every strategy branches: the twins, their past, their own level and slope, and the model's own error.

    start : (n,) day on which the past began. level_and_slope : (n, 6). errors : (n, 3) standard normal, per site.
    """

    twins: Twins
    past: Courses
    start: Array
    level_and_slope: Array
    errors: Array
    workers: int

    def log_bmd(self, run: Courses, days: Array) -> Array:
        """ln BMD in g/cm2, (n, t, 3): the simulated course hung on her level of today, with her own slope."""
        own = self.level_and_slope[:, None, :3] + self.level_and_slope[:, None, 3:] * (days / DAYS_PER_YEAR)[:, None]
        return np.asarray(run.log_bmd - self.past.log_bmd[:, -1:] + own)

    def bmd(self, run: Courses, branch: Branch, days: Array) -> Array:
        """BMD in g/cm2, (n, t, 3), with the structural error of the branch."""
        sd = np.stack(
            [structural_sd_percent(days, [b.from_day for b in v.banners if b.widens]) for v in branch.variants]
        )[branch.index]
        return np.asarray(np.exp(self.log_bmd(run, days) + self.errors[:, None, :] * sd / 100))


def settle(compiled: CompiledStrategy, today: Today, data: HerData) -> Branch:
    """Let each twin's own T-scores decide the conditional courses; a condition on pain is not met in the bone half."""
    n = len(today.twins)
    if not compiled.triggers:
        return Branch(compiled, (compiled,), np.zeros(n, dtype=np.int64))

    def observe(schedules: Sequence[Schedule], index: NDArray[np.int64], days: Array) -> dict[str, Array]:
        run = _simulate(today, schedules, index, days, compiled.shares_past)
        level = np.exp(today.log_bmd(run, days))
        observed = {f"bmd_{site}": level[..., i] for i, site in enumerate(SITES)}
        observed |= {f"t_score_{site}": data.t_score(site, level[..., i]) for i, site in enumerate(SITES)}
        return observed | {"pain": np.full(level.shape[:2], np.nan)}

    _, index, triggered = resolve_triggers(compiled, n, observe)
    return Branch(compiled, tuple(compiled.with_triggers(t) for t in triggered), index)


def run_branches(branches: Sequence[Branch], today: Today, days: Array) -> list[Courses]:
    """Run every branch; those that share her past go through the engine together."""
    n = len(today.twins)
    runs: dict[int, Courses] = {}
    together = [i for i, b in enumerate(branches) if b.compiled.shares_past]
    if together:
        schedules: list[Schedule] = []
        index: list[NDArray[np.int64]] = []
        for i in together:
            index.append(branches[i].index + len(schedules))
            schedules += [v.schedule for v in branches[i].variants]
        run = simulate(
            today.twins.repeated(len(together)), np.tile(today.past.final, (len(together), 1)), schedules,
            np.concatenate(index), 0.0, days, workers=today.workers,
        )  # fmt: skip
        runs.update({i: run.part(slice(k * n, (k + 1) * n)) for k, i in enumerate(together)})
    for i, branch in enumerate(branches):
        if i not in runs:
            runs[i] = _simulate(today, [v.schedule for v in branch.variants], branch.index, days, shares_past=False)
    return [runs[i] for i in range(len(branches))]


def _simulate(
    today: Today, schedules: Sequence[Schedule], index: NDArray[np.int64], days: Array, shares_past: bool
) -> Courses:
    """Run from today, or from the beginning for a counterfactual whose past is another."""
    initial, start = (today.past.final, 0.0) if shares_past else (None, today.start)
    return simulate(today.twins.constants, initial, schedules, index, start, days, workers=today.workers)
