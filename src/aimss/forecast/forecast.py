"""What will happen to her: virtual twins given her data, each run through every strategy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.schedule import Schedule
from aimss.care.compile import CompiledStrategy, history_schedule
from aimss.counter_random import normals as standard_normals
from aimss.errors import EngineError
from aimss.forecast.branches import Branch, Today, run_branches, settle
from aimss.forecast.conditioning import ConditionedRows, condition
from aimss.forecast.courses import Courses
from aimss.forecast.fracture_risk import FractureRisk
from aimss.forecast.her_data import HerData
from aimss.forecast.past import past_start_days, simulate_past
from aimss.forecast.structural_error import site_errors
from aimss.forecast.twins import Twins, TwinSpace
from aimss.patient.dates import DAYS_PER_MONTH
from aimss.patient.observations import SITES

if TYPE_CHECKING:
    from aimss.body.parameters import Parameters
    from aimss.patient.densitometry import ReferenceSet
    from aimss.patient.patient import Patient

Array = NDArray[np.float64]
POOL_FACTOR = 4  # twins weighted for each twin kept
LARGEST_FAILED_SHARE = 0.05


@dataclass(frozen=True)
class Settings:
    """How a forecast is made; the defaults are those of `aimss plan`."""

    years: float = 10.0
    twins: int = 400
    seed: int = 1
    workers: int = 2
    reference_set: ReferenceSet = "nhanes3_manufacturer"
    vary_parameters: bool = True
    vary_women: bool = True
    draws: Mapping[str, Array] | None = None


@dataclass(frozen=True, eq=False)
class StrategyCourse:
    """One strategy over the twins that were solved.

    bmd : (n, t, 3) g/cm2 on the Hologic scale, structural error included; t_score : (n, t, 3).
    estradiol : (n, t) pmol/L; markers : name -> (n, t), 1 in the reference woman.
    fracture : kind -> (n, t), cumulative probability.
    """

    compiled: CompiledStrategy
    bmd: Array
    t_score: Array
    estradiol: Array
    markers: Mapping[str, Array]
    fracture: Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class Forecast:
    """Her twins through every strategy; `days` (t,) from the day of the forecast, `months` the same in months."""

    settings: Settings
    days: Array
    twins: Twins
    conditioned: ConditionedRows
    her_data: HerData
    strategies: tuple[StrategyCourse, ...]
    past_days: Array
    past_bmd: Array
    today: Today
    columns: tuple[str, ...]
    solved: NDArray[np.bool_]
    failures: int
    rescued: int

    @property
    def months(self) -> Array:
        """Times in months from the day of the forecast."""
        return self.days / DAYS_PER_MONTH


def forecast(
    patient: Patient,
    compiled: Sequence[CompiledStrategy],
    parameters: Parameters,
    settings: Settings,
    given_data: bool = True,
    conditioned: ConditionedRows | None = None,
) -> Forecast:
    """Run her twins through the strategies.

    given_data : false forecasts from her record without scans, markers and estradiol (the prior on the chart).
    conditioned : twins already found for this record and settings; None finds them.
    Raises EngineError if more than one twin in twenty cannot be solved.
    """
    data = HerData.of(patient, parameters, settings.reference_set)
    data = data if given_data else data.without_observations()
    thin = data.thinness(parameters)
    space = TwinSpace(patient, parameters, settings.vary_parameters, settings.vary_women, settings.draws, thin)
    history = Schedule.build(*history_schedule(patient))
    conditioned = conditioned or _conditioned(space, data, history, settings)
    twins = space.twins(conditioned.rows)

    first_event = min([0.0, *(float(c.schedule.times_days[0]) for c in compiled), float(data.first_day)])
    start = past_start_days(twins.constants, first_event)
    past_days = data.past_days(first_event)
    past = simulate_past(twins.constants, history, past_days, start, settings.workers)
    levels = data.levels(past, past_days)
    level_and_slope = levels.sample(standard_normals(settings.seed, "levels", 0, len(twins), 6))

    days = np.asarray(np.arange(round(settings.years * 12) + 1) * DAYS_PER_MONTH, dtype=np.float64)
    errors = site_errors(standard_normals(settings.seed, "structural", 0, len(twins), 4))
    today = Today(twins, past, start, level_and_slope, errors, settings.workers)
    branches = [settle(c, today, data) for c in compiled]
    runs = run_branches(branches, today, days)
    solved = past.solved & np.logical_and.reduce([run.solved for run in runs])
    failures = int(np.count_nonzero(~solved))
    if failures > LARGEST_FAILED_SHARE * len(twins):
        raise EngineError(
            "forecast", "at least 95 % of the virtual twins solved", f"{failures} of {len(twins)} failed",
            "Check the drugs and dates of the record; if they are right, please report this record's shape.",
        )  # fmt: skip
    risk = FractureRisk.of(patient, parameters, twins.bmi_kg_m2, settings.seed).of_twins(solved)
    strategies = tuple(
        _course(branch, run, today, days, data, risk, solved) for branch, run in zip(branches, runs, strict=True)
    )
    log_past = today.log_bmd(past, past_days)
    return Forecast(
        settings, days, twins, conditioned, data, strategies, past_days, np.exp(log_past[solved]), today,
        space.columns, solved, failures,
        past.rescued + sum(run.rescued for run in runs),
    )  # fmt: skip


def _conditioned(space: TwinSpace, data: HerData, history: Schedule, settings: Settings) -> ConditionedRows:
    if data.count == 0:
        return ConditionedRows(
            space.rows(settings.seed, 0, settings.twins), float(settings.twins), None, 0, float("nan")
        )

    def log_likelihood(rows: Array) -> Array:
        twins = space.twins(rows)
        start = past_start_days(twins.constants, float(min(history.times_days[0], data.first_day)))
        # an implausible draw has no run: it stands in by the centre and is refused by its likelihood
        safe = {
            name: np.where(twins.plausible, v, np.nanmedian(v)) if np.ndim(v) else v
            for name, v in twins.constants.items()
        }
        past = simulate_past(safe, history, data.observation_days, start, settings.workers)
        value = data.log_likelihood(past)
        return np.where(twins.plausible & past.solved & np.isfinite(value), value, -np.inf)

    pool = space.rows(settings.seed, 0, POOL_FACTOR * settings.twins)
    return condition(pool, log_likelihood, settings.twins, settings.seed)


def _course(
    branch: Branch,
    run: Courses,
    today: Today,
    days: Array,
    data: HerData,
    risk: FractureRisk,
    solved: NDArray[np.bool_],
) -> StrategyCourse:
    bmd = today.bmd(run, branch, days)[solved]
    constants: dict[str, Any] = {n: v[solved, None] if np.ndim(v) else v for n, v in today.twins.constants.items()}
    fracture = risk.cumulative(constants, days, bmd, run.formation[solved], run.signal[solved])
    t_score = np.stack([data.t_score(site, bmd[..., i]) for i, site in enumerate(SITES)], axis=-1)
    return StrategyCourse(
        branch.compiled, bmd, t_score, run.estradiol[solved], {k: v[solved] for k, v in run.markers.items()}, fracture
    )
