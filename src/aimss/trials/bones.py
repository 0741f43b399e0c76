"""The bone half of a chunk: women up to today once, then each arm from there; scans, markers, fractures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.body.schedule import Schedule
from aimss.care.compile import history_schedule
from aimss.counter_random import normals
from aimss.forecast.courses import Courses, simulate
from aimss.forecast.her_scans import scan_sd_percent
from aimss.forecast.past import past_start_days, simulate_past
from aimss.patient.dates import DAYS_PER_MONTH, DAYS_PER_YEAR
from aimss.patient.densitometry import precision_percent, young_reference
from aimss.patient.observations import SITES
from aimss.trials.arms import Course, lapsed, settle
from aimss.trials.bodies import make_bodies
from aimss.trials.columns import column_key, fracture_kinds
from aimss.trials.design import BmdEndpoint, BmdResponder, MarkerEndpoint, TrialDesign
from aimss.trials.events import END, censored, exponentials, fracture_days
from aimss.trials.job import Job
from aimss.trials.leaving import informative_dropout
from aimss.trials.population import Women
from aimss.trials.sheet import Sheet

Array = NDArray[np.float64]
HAZARD_STEP_MONTHS = 3.0


@dataclass(frozen=True, eq=False)
class Times:
    """All days of output and where visits and the hazard grid stand among them."""

    visits: tuple[float, ...]
    grid: Array
    days: Array

    @classmethod
    def of(cls, design: TrialDesign) -> Times:
        """Collect from the endpoints."""
        bone = (BmdEndpoint, BmdResponder, MarkerEndpoint)
        visits = sorted({m for e in design.endpoints if isinstance(e, bone) for m in e.months})
        if design.dropout.rises_with == "bone_loss" or fracture_kinds(design):
            grid = np.arange(0.0, design.horizon_years * 12 + 1e-9, HAZARD_STEP_MONTHS)
            grid = np.unique(np.append(grid, design.horizon_years * 12)) * DAYS_PER_MONTH
        else:
            grid = np.array([0.0, design.horizon_years * DAYS_PER_YEAR])
        days = np.unique(np.concatenate([[0.0], np.array(visits) * DAYS_PER_MONTH, grid]))
        return cls(tuple(visits), grid, days)

    def at(self, days: Any) -> NDArray[np.int64]:
        """Positions of days among the days of output."""
        return np.asarray(np.searchsorted(self.days, days))


class Bones:
    """The bone half of a chunk: women up to today once, then each arm from there."""

    def __init__(self, job: Job, women: Women) -> None:
        design = job.design
        self.job, self.women, self.times = job, women, Times.of(design)
        self.bodies = make_bodies(women, job.patient(int(women.entry_class[0])), job.parameters, job.seed,
                                  design.parameters, design.n)  # fmt: skip
        n = len(women)
        self.final: Array | None = None
        self.start = np.zeros(n)
        self.solved = np.ones(n, dtype=bool)
        for of_class in np.unique(women.entry_class):
            members = np.flatnonzero(women.entry_class == of_class)
            bodies = self.bodies.part(members)
            compiled = [job.compiled(which, int(of_class)) for which in range(len(design.arms))]
            first_event = min([0.0, *(float(c.schedule.times_days[0]) for c in compiled)])
            start = past_start_days(bodies.constants, first_event)
            history = Schedule.build(*history_schedule(job.patient(int(of_class))))
            past = simulate_past(bodies.constants, history, np.array([0.0]), start)
            if self.final is None:
                self.final = np.empty((n, past.final.shape[1]))
            self.final[members], self.start[members], self.solved[members] = past.final, start, past.solved

    def run(
        self,
        which: int,
        members: NDArray[np.int64],
        stops: Array,
        dies: Array,
        leaves: Array,
        sheet: Sheet,
        row: int,
        settled: Mapping[tuple[int, int], Course],
    ) -> Array:
        """Run an arm, put its columns, and return the day on which each woman leaves the trial.

        settled : (arm, class) -> courses that her pain has decided already.
        """
        schedules: list[Schedule] = []
        index = np.empty(len(members), dtype=np.int64)
        own_past = False
        for of_class in np.unique(self.women.entry_class[members]):
            some = np.flatnonzero(self.women.entry_class[members] == of_class)
            compiled = self.job.compiled(which, int(of_class))
            own_past = own_past or not compiled.shares_past
            course = settled.get((which, int(of_class)))
            if course is None:
                course = settle(compiled, len(some), self._observer(members[some], compiled.shares_past))
            found = self._schedules(course, int(of_class), stops[some])
            index[some] = found[1] + len(schedules)
            schedules += found[0]
        run = self._simulate(members, schedules, index, self.times.days, not own_past)
        return self._columns(run, members, dies, leaves, sheet, row)

    def _schedules(self, course: Course, of_class: int, stops: Array) -> tuple[list[Schedule], NDArray[np.int64]]:
        if not np.isfinite(stops).any():
            return [v.schedule for v in course.variants], course.index
        return lapsed(course, self.job.compiled(-1, of_class), stops)

    def _simulate(
        self, members: NDArray[np.int64], schedules: Sequence[Schedule], index: NDArray[np.int64], days: Array,
        shares_past: bool,
    ) -> Courses:  # fmt: skip
        constants = self.bodies.part(members).constants
        assert self.final is not None
        if shares_past:
            return simulate(constants, self.final[members], schedules, index, 0.0, days)
        return simulate(constants, None, schedules, index, self.start[members], days)

    def _bmd(self, run: Courses, members: NDArray[np.int64], days: Array) -> Array:
        """BMD in g/cm2, true, (n, t, 3); the first of the days is today."""
        bodies = self.bodies
        change = run.log_bmd - run.log_bmd[:, :1] + bodies.slope[members][:, None, :] * (days / DAYS_PER_YEAR)[:, None]
        return np.asarray(bodies.bmd[members][:, None, :] * np.exp(change))

    def _scan_noise(self, members: NDArray[np.int64], day: float) -> Array:
        """Factor of each site's scan on a day, (n, 3); one scan a day, whoever looks at it."""
        errors = self.job.design.measurement_error
        if not errors.enabled:
            return np.ones((len(members), 3))
        sd = [
            errors.dxa_cv_percent.get(site, scan_sd_percent(site, precision_percent(site), self.job.parameters))
            for site in SITES
        ]
        drawn = normals(self.job.seed, f"trial/scan/{day:.3f}", self.women.first, len(self.women), 3)[members]
        return np.asarray(np.exp(drawn * np.array(sd) / 100))

    def _observer(self, members: NDArray[np.int64], shares_past: bool) -> Any:
        def observe(schedules: Sequence[Schedule], index: NDArray[np.int64], days: Array) -> dict[str, Array]:
            with_today = days if days[0] == 0.0 else np.concatenate([[0.0], days])
            run = self._simulate(members, schedules, index, with_today, shares_past)
            bmd = self._bmd(run, members, with_today)[:, len(with_today) - len(days) :]
            bmd = bmd * np.stack([self._scan_noise(members, float(day)) for day in days], axis=1)
            seen = {f"bmd_{site}": bmd[..., i] for i, site in enumerate(SITES)}
            for i, site in enumerate(SITES):
                reference = young_reference(site)
                seen[f"t_score_{site}"] = (bmd[..., i] - reference.mean) / reference.sd
            return seen | {"pain": np.full(bmd.shape[:2], np.nan)}

        return observe

    def _columns(
        self, run: Courses, members: NDArray[np.int64], dies: Array, leaves: Array, sheet: Sheet, row: int
    ) -> Array:
        design, times = self.job.design, self.times
        bmd = self._bmd(run, members, times.days)
        bad = ~(run.solved & self.solved[members])
        sheet.failed[members] |= bad
        if design.dropout.rises_with == "bone_loss":
            lost = 100 * (1 - bmd[:, times.at(times.grid), 0] / bmd[:, :1, 0])
            leaves = informative_dropout(self.job, self.women, members, times.grid, lost)
        until = np.where(bad, -1.0, np.minimum(dies, leaves))
        scans = self._scans(bmd, members)
        for i, site in enumerate(SITES):
            first = np.where(bad, np.nan, scans[0.0][:, i])
            sheet.put(f"first/bmd_{site}", row, members, first)
        if design.trajectories:
            visits = times.at(np.array([0.0, *times.visits]) * DAYS_PER_MONTH)
            for i, site in enumerate(SITES):
                sheet.put_course(f"trajectory/bmd_{site}", row, members, bmd[:, visits, i])
        for endpoint in design.endpoints:
            if isinstance(endpoint, BmdEndpoint | BmdResponder):
                self._bmd_columns(endpoint, scans, until, members, sheet, row)
            elif isinstance(endpoint, MarkerEndpoint):
                self._marker_columns(endpoint, run, until, members, sheet, row)
        kinds = fracture_kinds(design)
        if kinds:
            at = times.at(times.grid)
            thresholds = exponentials(self.job.seed, "trial/fracture", self.women.first, len(self.women), 3)[members]
            bodies = self.bodies.part(members)
            when = fracture_days(
                bodies.constants, bodies.age_years, bodies.log_risk, times.grid, bmd[:, at], run.formation[:, at],
                run.signal[:, at], thresholds,
            )  # fmt: skip
            for kind in kinds:
                event = np.where(bad, np.inf, when[kind])
                months, cause = censored(event, dies, leaves, design.horizon_years * DAYS_PER_YEAR)
                sheet.put(f"fracture/{kind}/month", row, members, np.where(bad, np.nan, months).astype(np.float32))
                sheet.put(f"fracture/{kind}/cause", row, members, cause, missing=END)
        return leaves

    def _scans(self, bmd: Array, members: NDArray[np.int64]) -> dict[float, Array]:
        found = {}
        for month in (0.0, *self.times.visits):
            day = month * DAYS_PER_MONTH
            found[month] = bmd[:, int(self.times.at(day))] * self._scan_noise(members, day)
        return found

    def _bmd_columns(
        self,
        endpoint: BmdEndpoint | BmdResponder,
        scans: Mapping[float, Array],
        until: Array,
        members: NDArray[np.int64],
        sheet: Sheet,
        row: int,
    ) -> None:
        i = SITES.index(endpoint.site)
        for month in endpoint.months:
            change = 100 * (scans[month][:, i] / scans[0.0][:, i] - 1)
            if isinstance(endpoint, BmdResponder):
                low, high = endpoint.at_least_percent, endpoint.at_most_percent
                met = change >= low if low is not None else change <= float(high or 0.0)
                change = met.astype(float)
            elif endpoint.measure == "t_score":
                reference = young_reference(endpoint.site)
                change = (scans[month][:, i] - reference.mean) / reference.sd
            seen = np.where(month * DAYS_PER_MONTH <= until, change, np.nan)
            sheet.put(column_key(endpoint, month), row, members, seen)

    def _marker_columns(
        self, endpoint: MarkerEndpoint, run: Courses, until: Array, members: NDArray[np.int64], sheet: Sheet, row: int
    ) -> None:
        errors = self.job.design.measurement_error
        cv = errors.marker_cv_percent.get(endpoint.marker, 0.0) / 100 if errors.enabled else 0.0
        level = run.markers[endpoint.marker]

        def sampled(month: float) -> Array:
            stream = f"trial/marker/{endpoint.marker}/{month:g}"
            noise = normals(self.job.seed, stream, self.women.first, len(self.women), 1)[members, 0]
            return np.asarray(level[:, int(self.times.at(month * DAYS_PER_MONTH))] * np.exp(cv * noise))

        before = sampled(0.0)
        for month in endpoint.months:
            change = 100 * (sampled(month) / before - 1)
            sheet.put(
                column_key(endpoint, month), row, members, np.where(month * DAYS_PER_MONTH <= until, change, np.nan)
            )
