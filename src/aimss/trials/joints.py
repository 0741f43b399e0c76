"""The joint half of a chunk: pain by week under each arm, as recorded, as counted by a definition, and staying on.

The posterior draws of the joint model are correlated and never used at their medians: each woman takes one draw, by her
number. What makes her differ from others is drawn with her, because pain at entry may decide whether she is eligible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimss.body import joint_observation as see
from aimss.body.joint import (
    amplitude,
    clip_pain,
    context_build_up,
    fluctuation,
    follow,
    offset_time,
    onset_time,
    weekly_numbers,
)
from aimss.body.joint_draws import Theta, latent_draws, persistence_draws, take
from aimss.body.persistence import burden, setting_rates, stopping
from aimss.body.susceptibility import RiskShift, risk_shift, shift_probability
from aimss.care.compile import CompiledStrategy
from aimss.counter_random import normals, uniforms
from aimss.forecast.joints.calendar import JointCalendar, WeeklyExposure, exposures, simulated_ratio
from aimss.forecast.joints.remedies import RemedySwitches, apply_remedies
from aimss.patient.dates import DAYS_PER_MONTH, DAYS_PER_YEAR
from aimss.trials.arms import Course, settle
from aimss.trials.columns import WEEKS_PER_MONTH, column_key
from aimss.trials.design import AimssEndpoint, PainEndpoint, PainResponder, PersistenceEndpoint
from aimss.trials.job import Job
from aimss.trials.leaving import informative_dropout
from aimss.trials.population import JOINT, Women
from aimss.trials.sheet import Sheet

Array = NDArray[np.float64]
WEEKS_PER_YEAR = DAYS_PER_YEAR / 7
REPORTED = ("S-CUM", "S-CUR", "AE")  # definitions that a woman's risk factors shift


class JointWomen:
    """What the joint model knows of some women on their first day, each (n,): parameters, susceptibility, pain."""

    def __init__(
        self,
        numbers: Array,
        index: NDArray[np.int64],
        years_on_drug: Array,
        seed: int,
        fields: Mapping[str, Any],
        knows: float = 1.0,
    ) -> None:
        z = dict(zip(JOINT, numbers.T, strict=True))
        draws = {name: v for name, v in latent_draws().items() if v.ndim == 1}
        count = len(draws["susceptible_logit"])
        self.draw = index % count
        self.theta: Theta = take(draws, self.draw)
        study = see.new_study(draws, count, seed)
        self.reporting = see.ReportingNumbers(
            **{name: getattr(study, name)[self.draw] for name in study.__dataclass_fields__}
        )
        self.weeks_before = years_on_drug * WEEKS_PER_YEAR
        # who took the drug before knew of it, whatever the trial tells her
        self.context = np.where(self.weeks_before > 0, 1.0, knows)
        self.risk = _risk(index, seed, fields, years_on_drug)
        self.rise = onset_time(self.theta, z["onset"])
        self.fall = offset_time(z["offset"])
        self.added = self._susceptible(z["susceptible"]) * amplitude(self.theta, z["amplitude"])
        self.added = self.added * self.reporting.population_amplitude
        self.trait = self.theta["trait_mean_points"] + self.theta["trait_sd_points"] * z["trait"]
        self.number_now = z["fluctuation"]
        keep = np.exp(-self.weeks_before / self.theta["fluctuation_time_weeks"])
        then = keep * z["fluctuation"] + np.sqrt(1 - keep**2) * z["fluctuation_at_start"]
        sd = self.theta["fluctuation_sd_points"]
        self.driven = 1.0 - np.exp(-self.weeks_before / self.rise)
        now = self.trait + sd * z["fluctuation"] + self._knowing(self.weeks_before) + self.added * self.driven
        self.at_start = np.where(self.weeks_before > 0, clip_pain(self.trait + sd * then), clip_pain(now))
        self.recorded = clip_pain(clip_pain(now) + self.theta["measurement_sd_points"] * z["recorded"])

    def _susceptible(self, z: Array) -> Array:
        from scipy.special import ndtr

        share = 1.0 / (1.0 + np.exp(-(self.theta["susceptible_logit"] + self.risk.susceptibility)))
        return np.asarray((ndtr(z) < share).astype(float))

    def _knowing(self, weeks: Array) -> Array:
        context = self.context if weeks.ndim == 1 else self.context[:, None]
        points = self.theta["context_points"] if weeks.ndim == 1 else self.theta["context_points"][:, None]
        return np.asarray(points * context * context_build_up(weeks))

    def background(self, numbers: Array, weeks: Array) -> Array:
        """Unclipped pain without the drug by week, (n, t); numbers (n, t) drive the ups and downs after today."""
        numbers = np.concatenate([self.number_now[:, None], numbers[:, 1:]], axis=1)
        ups = fluctuation(self.theta, numbers, weeks)
        return np.asarray(self.trait[:, None] + ups + self._knowing(self.weeks_before[:, None] + weeks))


def _risk(index: NDArray[np.int64], seed: int, fields: Mapping[str, Any], years_on_drug: Array) -> RiskShift:
    low, span = int(index[0]), int(index[-1]) - int(index[0]) + 1
    at_start = fields["years_since_menopause"] - years_on_drug
    has = {
        "last_period_under_5_years": at_start < 5,
        "last_period_5_to_10_years": (at_start >= 5) & (at_start < 10),
        "chemotherapy": fields["chemotherapy"],
        "prior_hormone_replacement": fields["prior_hormone_replacement"],
    }
    spread = {}
    for name, values in has.items():
        spread[name] = np.zeros(span, dtype=bool)
        spread[name][index - low] = values
    found = risk_shift(spread, span, seed, first=low)
    return replace(found, susceptibility=found.susceptibility[index - low], reporting=found.reporting[index - low])


def recorded_pain_at_entry(
    numbers: Array, index: NDArray[np.int64], years_on_drug: Array, seed: int, fields: Mapping[str, Any]
) -> Array:
    """Return worst joint pain as recorded on the first day, (n,) points 0-10."""
    return JointWomen(numbers, index, years_on_drug, seed, fields).recorded


class Joints:
    """The women of a chunk by week from their first day."""

    def __init__(self, job: Job, women: Women) -> None:
        design = job.design
        index = women.first + np.arange(len(women))
        self.job, self.women, self.index = job, women, index
        years = women.fields["years_on_aromatase_inhibitor"]
        self.own = JointWomen(women.joint, index, years, job.seed, women.fields, float(design.knows_of_treatment))
        last = max(
            [
                1,
                *(w for e in design.endpoints for w in getattr(e, "weeks", ())),
                *(
                    round(m * WEEKS_PER_MONTH)
                    for e in design.endpoints
                    if isinstance(e, PersistenceEndpoint)
                    for m in e.months
                ),
            ]
        )
        checks = any(c.when == "pain" for s in design.strategies() for k in s.courses for c in k.conditions.values())
        if design.dropout.rises_with == "pain" or checks:
            last = max(last, int(np.ceil(design.horizon_years * WEEKS_PER_YEAR)))
        self.weeks = np.arange(last + 1, dtype=float)
        self.grid = JointCalendar(0, last, 0, any_ai=True)
        ups = weekly_numbers(len(women), 0, last + 1, job.seed, "trial/joint-week", women.first)
        self.background = self.own.background(ups, self.weeks)
        self.settled: dict[tuple[int, int], Course] = {}

    def run(
        self, which: int, members: NDArray[np.int64], stops: Array, dies: Array, leaves: Array, sheet: Sheet, row: int
    ) -> Array:
        """Run an arm, put its columns, and return the day on which each woman leaves the trial."""
        pain = np.empty((len(members), len(self.weeks)))
        with_drug = np.empty_like(pain)
        on_drug = np.empty_like(pain)
        month = np.where(np.isfinite(stops), stops, np.inf)
        classes = self.women.entry_class[members]
        for of_class in np.unique(classes):
            group = np.flatnonzero(classes == of_class)
            course = self._settle(which, int(of_class), members[group])
            for variant, stop in sorted(set(zip(course.index.tolist(), month[group].tolist(), strict=True))):
                some = group[(course.index == variant) & (month[group] == stop)]
                exposure = self._exposure(which, int(of_class), course.variants[variant], stop)
                with_drug[some], pain[some] = self._pain(members[some], exposure)
                on_drug[some] = exposure.on_ai
        if self.job.design.dropout.rises_with == "pain":
            worse = pain[:, ::4] - pain[:, :1]
            leaves = informative_dropout(self.job, self.women, members, self.weeks[::4] * 7.0, worse)
        until = np.minimum(dies, leaves)
        sheet.put("first/pain", row, members, self.own.recorded[members])
        for endpoint in self.job.design.endpoints:
            if isinstance(endpoint, PainEndpoint | PainResponder):
                self._scores(endpoint, pain, until, members, sheet, row)
            elif isinstance(endpoint, AimssEndpoint):
                self._reports(endpoint, pain, until, members, sheet, row)
            elif isinstance(endpoint, PersistenceEndpoint):
                self._staying(endpoint, pain, on_drug, until, members, sheet, row)
        return leaves

    def _settle(self, which: int, of_class: int, members: NDArray[np.int64]) -> Course:
        """Let each woman's recorded pain decide the conditional courses; kept, so that her bone gets the same."""
        compiled = self.job.compiled(which, of_class)
        if not any(t.condition.when == "pain" for t in compiled.triggers):
            return Course((compiled,), np.zeros(len(members), dtype=np.int64))
        pain = self._pain(members, self._of_strategy(which, of_class))[1]

        def observe(_: object, _index: NDArray[np.int64], days: Array) -> dict[str, Array]:
            weeks = [round(day / 7) for day in days]
            return {"pain": np.stack([self._score(pain[:, week], week, members) for week in weeks], axis=1)}

        course = settle(compiled, len(members), observe)
        self.settled[which, of_class] = course
        return course

    def _score(self, latent: Array, week: int, members: NDArray[np.int64]) -> Array:
        """What is recorded of latent pain in a week, (n,); one score a week, whoever looks at it."""
        if not self.job.design.measurement_error.enabled:
            return latent
        if week == 0:
            return np.asarray(self.own.recorded[members])
        error = normals(self.job.seed, f"trial/pain/{week}", self.women.first, len(self.women), 1)[members, 0]
        return clip_pain(latent + self.own.theta["measurement_sd_points"][members] * error)

    def _exposure(self, which: int, of_class: int, variant: CompiledStrategy, stop_month: float) -> WeeklyExposure:
        plain = not variant.triggered
        found = self._of_strategy(which, of_class) if plain else _exposure_of(variant, self.grid)
        if not np.isfinite(stop_month):
            return found
        then = self._of_strategy(-1, of_class)
        late = self.weeks > stop_month * WEEKS_PER_MONTH
        drugs = {*found.remedies, *then.remedies}
        none = np.zeros(len(self.weeks))
        return replace(
            found,
            suppressed=np.where(late, then.suppressed, found.suppressed),
            on_ai=np.where(late, then.on_ai, found.on_ai),
            on_tamoxifen=np.where(late, then.on_tamoxifen, found.on_tamoxifen),
            remedies={d: np.where(late, then.remedies.get(d, none), found.remedies.get(d, none)) for d in drugs},
        )

    def _of_strategy(self, which: int, of_class: int) -> WeeklyExposure:
        key = which, of_class, len(self.weeks)
        if key not in self.job.exposures:
            self.job.exposures[key] = _exposure_of(self.job.compiled(which, of_class), self.grid)
        return self.job.exposures[key]

    def _pain(self, members: NDArray[np.int64], exposure: WeeklyExposure) -> tuple[Array, Array]:
        """Latent pain with the drug, without and with remedies, (n, t) each."""
        own, rise = self.own, self.own.rise[members]
        driven = follow(exposure.suppressed, self.weeks, rise, own.fall[members], own.driven[members])
        taken = follow(exposure.on_tamoxifen, self.weeks, rise, start=float(exposure.on_tamoxifen[0]))
        tamoxifen = own.theta["tamoxifen_points"][members, None] * (taken - exposure.on_tamoxifen[0])
        with_drug = clip_pain(self.background[members] + own.added[members, None] * driven + tamoxifen)
        remedied = apply_remedies(
            with_drug,
            exposure.remedies,
            own.draw[members],
            RemedySwitches(count_placebo=self.job.design.analysis.merge_remedies),
            self.job.seed,
            women=self.index[members],
        )
        return with_drug, remedied

    def _scores(
        self,
        endpoint: PainEndpoint | PainResponder,
        pain: Array,
        until: Array,
        members: NDArray[np.int64],
        sheet: Sheet,
        row: int,
    ) -> None:
        first = self._score(pain[:, 0], 0, members)
        for week in endpoint.weeks:
            change = self._score(pain[:, week], week, members) - first
            if isinstance(endpoint, PainResponder):
                change = (change <= -endpoint.falls_by_points).astype(float)
            sheet.put(column_key(endpoint, week), row, members, np.where(7.0 * week <= until, change, np.nan))

    def _reports(
        self, endpoint: AimssEndpoint, pain: Array, until: Array, members: NDArray[np.int64], sheet: Sheet, row: int
    ) -> None:
        code = endpoint.definition
        theta = {name: v[members] for name, v in self.own.theta.items()}
        of = self.own.reporting
        reporting = see.ReportingNumbers(**{name: getattr(of, name)[members] for name in of.__dataclass_fields__})
        # one number a woman: who has reported once has reported by every later visit
        chance = uniforms(self.job.seed, f"trial/report/{code}", self.women.first, len(self.women), 1)[members, 0]
        for week in endpoint.weeks:
            p = see.probability(code, pain, self.weeks, theta, reporting, week=float(week))
            if code in REPORTED:
                p = shift_probability(p, self.own.risk.reporting[members])
            value = np.where(7.0 * week <= until, (chance < p).astype(float), np.nan)
            sheet.put(column_key(endpoint, week), row, members, value)

    def _staying(
        self,
        endpoint: PersistenceEndpoint,
        pain: Array,
        on_drug: Array,
        until: Array,
        members: NDArray[np.int64],
        sheet: Sheet,
        row: int,
    ) -> None:
        theta = persistence_draws()
        pick = self.index[members] % len(theta["burden_exponent"])
        rates = setting_rates(theta, endpoint.setting, self.job.seed)
        one = {name: v[pick] for name, v in theta.items() if v.ndim == 1}
        load = burden(pain, self.own.at_start[members])
        chance = uniforms(self.job.seed, "trial/staying", self.women.first, len(self.women), 1)[members, 0]
        before = self.own.weeks_before[members]
        gone = np.empty_like(load)
        for weeks in np.unique(before):
            some = before == weeks
            found = stopping(
                load[some],
                (self.weeks + weeks) / WEEKS_PER_MONTH,
                {n: v[some] for n, v in one.items()},
                (rates[0][pick][some], rates[1][pick][some]),
                on_treatment=on_drug[some],
            )
            gone[some] = found.any_cause
        for month in endpoint.months:
            on = (chance >= gone[:, round(month * WEEKS_PER_MONTH)]).astype(float)
            value = np.where(month * DAYS_PER_MONTH <= until, on, np.nan)
            sheet.put(column_key(endpoint, month), row, members, value)


def _exposure_of(compiled: CompiledStrategy, weeks: JointCalendar) -> WeeklyExposure:
    ratio = simulated_ratio(compiled.patient, [compiled], weeks)
    return exposures([compiled], weeks, ratio)[0]
