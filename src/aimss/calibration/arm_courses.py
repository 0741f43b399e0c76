"""Courses of arms under many parameter sets at once: one integration, then levels of bone, markers, estradiol, risk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.body import fracture, outputs
from aimss.body.declaration import SITES
from aimss.body.density_response import scaled_by_density
from aimss.body.parameters import Parameters, default
from aimss.calibration.arm_schedule import DAYS_PER_MONTH, schedule_of, start_day, woman_constants
from aimss.calibration.arms import Arm
from aimss.calibration.entry_density import entry_t_score, entry_thinness
from aimss.calibration.women_of_arms import TYPICAL, Women
from aimss.errors import EngineError
from aimss.patient.densitometry import young_reference
from aimss.patient.observations import Site

Array = NDArray[np.float64]
Sets = Mapping[str, Array]
ROUNDED = 6  # months are compared to this many decimals
HAZARD_STEP_MONTHS = 1.0


class ArmCourses:
    """Levels of every simple arm at the months asked, for p parameter sets and the w women of every arm.

    sets : name -> (p,), the parameters that differ between sets; the rest keeps its shipped value.
    women : how the women of an arm differ; the typical woman alone where it is left out.
    """

    def __init__(
        self,
        arms: Mapping[str, Arm],
        months: Mapping[str, Iterable[float]],
        sets: Sets | None = None,
        *,
        parameters: Parameters | None = None,
        women: Women = TYPICAL,
        relative_tolerance: float = 1e-5,
    ) -> None:
        self.women = women
        self.parameters = parameters or default()
        self.arms = {name: arms[name] for name in months}
        self.sets = dict(sets or {})
        self.count = len(next(iter(self.sets.values()))) if self.sets else 1
        self._months = {name: sorted({round(float(m), ROUNDED) for m in wanted}) for name, wanted in months.items()}
        self._run(relative_tolerance)

    def _run(self, relative_tolerance: float) -> None:
        from aimss.forecast.engine.integrate import integrate

        names, p, w = list(self.arms), self.count, self.women.count
        if not names:
            return
        longest = max(len(m) for m in self._months.values())
        days = np.array([m + [m[-1]] * (longest - len(m)) for m in self._months.values()]) * DAYS_PER_MONTH
        sets = {k: np.repeat(v, w) for k, v in self.sets.items()}
        constants: dict[str, Any] = {**self.parameters, **{k: np.tile(v, len(names)) for k, v in sets.items()}}
        own = [self._own(name) for name in names]
        constants |= {k: np.repeat([of_arm[k] for of_arm in own], p * w) for k in own[0]}
        for k, factor in self.women.factors.items():
            constants[k] = constants[k] * np.tile(factor, len(names) * p)
        thin = [entry_thinness(self._population(name), self.parameters) for name in names]
        constants = scaled_by_density(constants, {s: np.repeat([of_arm[s] for of_arm in thin], p * w) for s in SITES})
        schedules = [schedule_of(self.arms[n].treatments, self.parameters) for n in names]
        starts = [start_day(self._population(n), self.arms[n].treatments) for n in names]
        starts = [min(start, float(d.min()) - 1.0) for start, d in zip(starts, days, strict=True)]
        run = integrate(
            constants,
            None,
            schedules,
            np.repeat(np.arange(len(names)), p * w),
            np.repeat(starts, p * w),
            np.repeat(days, p * w, axis=0),
            rtol=relative_tolerance,
        )
        if run.failures:
            raise EngineError("arms of trials", "a course for every arm", f"{run.failures} that no solver could finish")
        shape = (len(names), p, w, longest)
        self._log_bmd = {s: outputs.log_bmd(run.states, constants, s).reshape(shape) for s in SITES}
        self._markers = {k: v.reshape(shape) for k, v in outputs.markers(run.states, constants).items()}
        self._estradiol = outputs.state(run.states, "estradiol").reshape(shape)
        self._formation = outputs.state(run.states, "osteoblasts").reshape(shape)
        raloxifene = np.repeat(
            [[s.inputs_at(d)["serm_is_raloxifene"] for d in row] for s, row in zip(schedules, days, strict=True)],
            p * w,
            axis=0,
        )
        self._signal = outputs.estrogen_signal(run.states, constants, raloxifene).reshape(shape)
        self._row = {name: i for i, name in enumerate(names)}

    def _population(self, name: str) -> Any:
        population = self.arms[name].population
        assert population is not None, f"{name} is a mixture"
        return population

    def _own(self, name: str) -> dict[str, float]:
        return woman_constants(self._population(name), self.parameters)

    def _at(self, arm: str, month: float) -> tuple[int, int]:
        return self._row[arm], self._months[arm].index(round(float(month), ROUNDED))

    def log_bmd(self, arm: str, site: str, month: float) -> Array:
        """Return ln BMD up to a constant, (p, w)."""
        i, k = self._at(arm, month)
        return self._log_bmd[site][i, :, :, k]

    def marker(self, arm: str, name: str, month: float) -> Array:
        """Return a marker of turnover, 1 in the reference woman, (p, w)."""
        i, k = self._at(arm, month)
        return self._markers[name][i, :, :, k]

    def estradiol(self, arm: str, month: float) -> Array:
        """Return serum estradiol in pmol/L, (p, w)."""
        i, k = self._at(arm, month)
        return self._estradiol[i, :, :, k]

    def value(self, name: str) -> Any:
        """Return a parameter: a number, or (p, 1, 1) where it differs between the sets."""
        return self.sets[name][:, None, None] if name in self.sets else self.parameters[name]

    def t_score(self, arm: str, site: Site, months: Iterable[float]) -> Array:
        """Return the T-score of the women, (p, w, t): her own at month 0 or the mean of her age."""
        at_start = entry_t_score(self._population(arm), site, self.parameters)
        young = young_reference(site)
        mean, sd = young.mean, young.sd
        level = np.stack([self.log_bmd(arm, site, m) - self.log_bmd(arm, site, 0.0) for m in months], axis=-1)
        return np.asarray((np.exp(level) * (mean + sd * at_start) - mean) / sd)

    def cumulative_hazard(self, arm: str, kind: str, from_month: float, month: float) -> Array:
        """Return the cumulative hazard of a kind of fracture between two months, (p, w); death is left out."""
        months = hazard_months(from_month, month)
        population = self._population(arm)
        names = [n for n in self.parameters if "hazard" in n or "fracture_gradient" in n or "turnover_weight" in n]
        names += ["estrogen_signal_exponent_other_nonvertebral"]
        names += [n for n in self.parameters if n.startswith("mean_t_score")]
        index = [self._at(arm, m) for m in months]
        formation = np.stack([self._formation[i, :, :, k] for i, k in index], axis=-1)
        signal = np.stack([self._signal[i, :, :, k] for i, k in index], axis=-1)
        found = fracture.hazards(
            {n: self.value(n) for n in names},
            population.age + np.array(months) / 12,
            self.t_score(arm, "total_hip", months),
            self.t_score(arm, "lumbar_spine", months),
            formation,
            signal,
        )
        kinds = {
            "any_clinical": tuple(found),
            "nonvertebral": ("hip", "other_nonvertebral"),
            "morphometric_vertebral": ("clinical_vertebral",),
        }.get(kind, (kind,))
        total = np.sum([found[k] for k in kinds], axis=0)
        return np.asarray(np.trapezoid(total, np.array(months) / 12, axis=-1))


def hazard_months(from_month: float, month: float) -> list[float]:
    """Return the months at which a hazard is evaluated: monthly, with both ends."""
    inner = np.arange(from_month, month, HAZARD_STEP_MONTHS)
    return sorted({*(round(float(m), ROUNDED) for m in inner), round(float(month), ROUNDED)})
