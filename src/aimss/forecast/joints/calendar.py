"""Her weeks: when an aromatase inhibitor, tamoxifen and remedies are taken, and how far estradiol is suppressed.

Week k is day 7 k from the day of the forecast. The start of the first aromatase inhibitor is put on the nearest week.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aimss.body.joint import suppression
from aimss.body.joint_draws import FloatArray
from aimss.body.persistence import WEEKS_PER_MONTH
from aimss.body.schedule import INPUTS, Schedule

if TYPE_CHECKING:
    from aimss.care.compile import CompiledStrategy
    from aimss.patient.patient import Patient

_ESTRADIOL_INPUTS = (
    "ai_on",
    "ai_elimination_rate_per_day",
    "ai_half_inhibition",
    "ai_max_inhibition",
    "ai_residual_floor",
    "ovarian_suppression",
)
_AI, _SERM, _RALOXIFENE = (INPUTS.index(name) for name in ("ai_on", "serm_on", "serm_is_raloxifene"))


@dataclass(frozen=True)
class JointCalendar:
    """The common grid of weeks; `start_week` is that of the first aromatase inhibitor (0 if there is none)."""

    first_week: int
    last_week: int
    start_week: int
    any_ai: bool

    @property
    def weeks(self) -> FloatArray:
        """Weeks from the day of the forecast, (t,)."""
        return np.arange(self.first_week, self.last_week + 1, dtype=float)

    @property
    def since_start(self) -> FloatArray:
        """Weeks from the start of the first aromatase inhibitor, (t,)."""
        return self.weeks - self.start_week

    @property
    def days(self) -> FloatArray:
        """Days from the day of the forecast, (t,)."""
        return 7.0 * self.weeks

    @property
    def months(self) -> NDArray[np.int64]:
        """Whole months from the day of the forecast, (m,)."""
        return np.arange(0, int(self.last_week / WEEKS_PER_MONTH) + 1)

    @property
    def positions_of_months(self) -> NDArray[np.int64]:
        """Position of each of the months on the grid, (m,)."""
        return np.array([self.index(round(m * WEEKS_PER_MONTH)) for m in self.months])

    def index(self, week: float) -> int:
        """Position of a week (from the day of the forecast) on the grid; ValueError beyond its ends."""
        position = round(week) - self.first_week
        if not 0 <= position <= self.last_week - self.first_week:
            raise ValueError(f"week {week:g} lies outside {self.first_week} to {self.last_week}")
        return position


@dataclass(frozen=True, eq=False)
class WeeklyExposure:
    """One strategy by week, each (t,) or (twins, t). A value holds over the week that ends there."""

    name: str
    label: str
    suppressed: FloatArray
    on_ai: FloatArray
    on_tamoxifen: FloatArray
    remedies: Mapping[str, FloatArray]
    switched_week: int | None
    stop_week: int | None


def calendar(compiled: Sequence[CompiledStrategy], earliest_score_day: float = 0.0) -> JointCalendar:
    """Return the weeks from her first score or the start of the drug, whichever is earlier, to the common horizon."""
    starts = [s.start_day for c in compiled for s in c.spans if s.is_ai and s.periods]
    start_week = round(min(starts) / 7.0) if starts else 0
    first = min(start_week, 0, int(np.floor(earliest_score_day / 7.0)))
    years = min(c.horizon_years for c in compiled)
    return JointCalendar(first, int(np.ceil(years * 365.25 / 7.0)), start_week, bool(starts))


def exposures(
    compiled: Sequence[CompiledStrategy],
    weeks: JointCalendar,
    estradiol_ratio: Mapping[str, FloatArray],
) -> list[WeeklyExposure]:
    """Return each strategy week by week.

    estradiol_ratio : strategy -> (t,) or (twins, t), estradiol against the same woman without the drug, on the weeks.
    Raises ValueError for a missing strategy or a wrong length.
    """
    found = []
    for strategy in compiled:
        if strategy.name not in estradiol_ratio:
            raise ValueError(f"estradiol_ratio: no course for strategy {strategy.name}")
        ratio = np.asarray(estradiol_ratio[strategy.name], dtype=float)
        if ratio.shape[-1] != len(weeks.weeks):
            raise ValueError(f"estradiol_ratio: {strategy.name} has {ratio.shape[-1]} weeks, not {len(weeks.weeks)}")
        found.append(weekly_exposure(strategy, weeks, ratio))
    return found


def weekly_exposure(strategy: CompiledStrategy, weeks: JointCalendar, ratio: FloatArray) -> WeeklyExposure:
    """Return one strategy week by week; ratio as in `exposures`."""
    inputs = _inputs(strategy.schedule, weeks.days - 3.5)
    on_ai = inputs[:, _AI]
    # without a drug there is no drug effect, whatever estradiol does by itself
    ever = np.maximum.accumulate(on_ai)
    return WeeklyExposure(
        name=strategy.name,
        label=strategy.strategy.label,
        suppressed=suppression(ratio) * ever,
        on_ai=on_ai,
        on_tamoxifen=inputs[:, _SERM] * (1.0 - inputs[:, _RALOXIFENE]),
        remedies=_remedies(strategy, weeks.days - 3.5),
        switched_week=_switch(strategy),
        stop_week=_stop(on_ai, weeks),
    )


def chosen(variants: Sequence[WeeklyExposure], index: NDArray[np.int64]) -> WeeklyExposure:
    """Return the exposure of twins who follow different variants of one strategy, each array (n, t)."""
    first = variants[0]
    if len(variants) == 1:
        return first
    drugs = sorted({drug for v in variants for drug in v.remedies})
    none = np.zeros_like(first.on_ai)
    return replace(
        first,
        suppressed=np.stack([v.suppressed for v in variants])[index],
        on_ai=np.stack([v.on_ai for v in variants])[index],
        on_tamoxifen=np.stack([v.on_tamoxifen for v in variants])[index],
        remedies={drug: np.stack([v.remedies.get(drug, none) for v in variants])[index] for drug in drugs},
        switched_week=None,
        stop_week=None,
    )


def simulated_ratio(
    patient: Patient, compiled: Sequence[CompiledStrategy], weeks: JointCalendar
) -> dict[str, FloatArray]:
    """Return estradiol under each strategy by name; see `simulated_ratios`."""
    return dict(zip((c.name for c in compiled), simulated_ratios(patient, compiled, weeks), strict=True))


def simulated_ratios(patient: Patient, compiled: Sequence[CompiledStrategy], weeks: JointCalendar) -> list[FloatArray]:
    """Return estradiol under each strategy against the same woman without the drug, from the engine, at its centre.

    Twins share one course: the spread of suppression between women and drugs has no known effect on pain.
    """
    from aimss.body.outputs import state
    from aimss.forecast.engine.integrate import integrate
    from aimss.forecast.unknowns import UNKNOWNS, record_inputs

    # rows of zeros stand for the middle of what her record does not say
    one = record_inputs(patient, np.zeros((1, len(UNKNOWNS))))
    distinct: dict[bytes, Schedule] = {}
    keys = []
    for strategy in compiled:
        endocrine = _endocrine_only(strategy.schedule)
        both = (endocrine, _without_ai(endocrine))
        keys.append([s.times_days.tobytes() + s.inputs.tobytes() for s in both])
        distinct.update(zip(keys[-1], both, strict=True))
    schedules = list(distinct.values())
    first = min(float(weeks.days[0]), *(float(s.times_days[0]) for s in schedules)) - 1.0
    wanted = ("years_since_final_menstrual_period", "peripheral_estradiol_pmol_l")
    constants = {name: np.repeat(one[name], len(schedules)) for name in wanted}
    run = integrate(constants, None, schedules, np.arange(len(schedules)), first, weeks.days)
    course = dict(zip(distinct, state(run.states, "estradiol"), strict=True))
    return [course[with_ai] / course[without] for with_ai, without in keys]


def _endocrine_only(schedule: Schedule) -> Schedule:
    """Return the schedule with only what moves estradiol, in as few steps as that needs."""
    inputs = np.zeros_like(schedule.inputs)
    for name in _ESTRADIOL_INPUTS:
        inputs[:, INPUTS.index(name)] = schedule.inputs[:, INPUTS.index(name)]
    changes = np.r_[True, np.any(np.diff(inputs, axis=0) != 0, axis=1)]
    kept = inputs[changes]
    return Schedule(schedule.times_days[changes], kept, np.zeros((len(kept), schedule.doses.shape[1])))


def _without_ai(schedule: Schedule) -> Schedule:
    inputs = schedule.inputs.copy()
    inputs[:, _AI] = 0.0
    return replace(schedule, inputs=inputs)


def _inputs(schedule: Schedule, days: FloatArray) -> FloatArray:
    rows = np.maximum(0, np.searchsorted(schedule.times_days, days, side="right") - 1)
    return schedule.inputs[rows]


def _remedies(strategy: CompiledStrategy, days: FloatArray) -> dict[str, FloatArray]:
    on: dict[str, FloatArray] = {}
    for span in strategy.joint:
        taken = on.setdefault(span.drug, np.zeros(len(days)))
        for start, stop in span.periods:
            taken[(days >= start) & (days < stop)] = 1.0
    return on


def _switch(strategy: CompiledStrategy) -> int | None:
    """Week from which another aromatase inhibitor is taken than the first; None if there is only one."""
    periods = sorted((a, s.drug) for s in strategy.spans if s.is_ai for a, _ in s.periods)
    later = [a for a, drug in periods if drug != periods[0][1]]
    return round(min(later) / 7.0) if later else None


def _stop(on_ai: FloatArray, weeks: JointCalendar) -> int | None:
    """First week off the drug after the day of the forecast (or the start, if later); None if it goes on throughout."""
    after = weeks.weeks > max(0, weeks.start_week)
    off = np.flatnonzero(after & (on_ai < 0.5) & (np.maximum.accumulate(on_ai) > 0.5))
    return int(weeks.weeks[off[0]]) - 1 if len(off) else None
