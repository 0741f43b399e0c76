"""Virtual twins of her for joint pain, weighted by her own scores.

A candidate is one draw of the model's parameters, one population (its amplitude and reporting habits) and one woman.
Candidates are weighted by the likelihood of her data and resampled; the effective sample size says how many really
count. Candidate i is the same however many there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aimss.body import joint_observation as see
from aimss.body.joint import (
    WomenNumbers,
    amplitude,
    background,
    clip_pain,
    follow,
    offset_time,
    onset_time,
    static_numbers,
    weekly_numbers,
)
from aimss.body.joint_draws import FloatArray, Theta, latent_draws, take
from aimss.body.joint_observation import ReportingNumbers, new_study
from aimss.body.susceptibility import RiskShift, risk_shift
from aimss.counter_random import uniforms
from aimss.forecast.joints.scores import JointRecord, answer_log_likelihood, score_log_likelihood
from aimss.forecast.joints.summary import Causes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aimss.forecast.joints.calendar import JointCalendar, WeeklyExposure

_CHUNK = 8192
_EPOCH = 4096  # weeks; keeps the address of a week positive whatever lies in the past
ENOUGH = 400.0  # effective candidates after which no more are drawn


@dataclass(frozen=True, eq=False)
class JointTwins:
    """n twins: parameters, what makes her differ, her background pain week by week and the effective sample size.

    background : (n, t) unclipped, without the drug. draw : (n,), which parameter draw. ids : (n,) candidates.
    """

    theta: Theta
    draw: NDArray[np.int64]
    reporting: ReportingNumbers
    risk: RiskShift
    susceptible: FloatArray
    amplitude: FloatArray
    rise_weeks: FloatArray
    fall_weeks: FloatArray
    background: FloatArray
    ids: NDArray[np.int64]
    effective_sample_size: float
    candidates: int

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def causes(self) -> Causes:
        """What differs between parameter draws: the causes of a spread between them."""
        habits = self.reporting
        columns = [*self.theta.values(), *(getattr(habits, name) for name in habits.__dataclass_fields__)]
        table = np.stack([c for c in columns if c.shape == self.draw.shape and np.ptp(c) > 0], axis=1)
        return Causes.of(self.draw, np.asarray((table - table.mean(axis=0)) / table.std(axis=0)))

    @cached_property
    def pain_without_drugs(self) -> FloatArray:
        """Pain with neither aromatase inhibitor nor tamoxifen, (n, t) points; many strategies share it."""
        return clip_pain(self.background)

    def effect(self, exposure: WeeklyExposure, switch_factor: FloatArray | float = 1.0) -> FloatArray:
        """Return what the drug adds before clipping, (n, t) points; 0 in women who are not susceptible."""
        time = np.arange(exposure.suppressed.shape[-1], dtype=float)
        driven = follow(exposure.suppressed, time, self.rise_weeks, self.fall_weeks)
        return np.asarray((self.susceptible * self.amplitude * switch_factor)[:, None] * driven)

    def tamoxifen(self, exposure: WeeklyExposure) -> FloatArray:
        """Return what tamoxifen adds before clipping, (n, t) points."""
        time = np.arange(exposure.on_tamoxifen.shape[-1], dtype=float)
        taken = follow(exposure.on_tamoxifen, time, self.rise_weeks)
        return np.asarray(self.theta["tamoxifen_points"][:, None] * taken)


def make_twins(
    record: JointRecord,
    factors: Mapping[str, bool | None],
    past: WeeklyExposure,
    weeks: JointCalendar,
    *,
    twins: int,
    seed: int,
    context: float = 1.0,
    drug_specific: float | None = None,
    variant: str = "v1",
    most_candidates: int = 262_144,
) -> JointTwins:
    """Draw candidates, weight them by her data and keep `twins` of them.

    past : the exposure up to the day of the forecast; context : 1 if she started treatment knowingly.
    """
    make = _Maker(factors, weeks, seed, context, drug_specific, variant)
    if record.count == 0:
        ids = np.arange(twins)
        return make.keep(ids, float(twins), twins)
    weights: list[FloatArray] = []
    first = 0
    while True:
        weights.append(make.log_likelihood(first, _CHUNK, record, past))
        first += _CHUNK
        log_weights = np.concatenate(weights)
        normal = np.exp(log_weights - log_weights.max())
        normal /= normal.sum()
        size = float(1.0 / np.sum(normal**2))
        if size >= ENOUGH or first >= most_candidates:
            break
    offset = float(uniforms(seed, "joint/resample", 0, 1, 1)[0, 0])
    points = (np.arange(twins) + offset) / twins
    ids = np.minimum(np.searchsorted(np.cumsum(normal), points), first - 1)
    return make.keep(ids, size, first)


@dataclass(frozen=True)
class _Maker:
    factors: Mapping[str, bool | None]
    weeks: JointCalendar
    seed: int
    context: float
    drug_specific: float | None
    variant: str

    def women(self, ids: NDArray[np.int64], last_week: int) -> tuple[WomenNumbers, FloatArray]:
        """Numbers of some candidates up to a week; the future beyond it is drawn per twin elsewhere."""
        low = int(ids.min())
        count = int(ids.max()) - low + 1
        trait, size, onset, offset, rank = (v[ids - low] for v in static_numbers(count, self.seed, low))
        span = last_week - self.weeks.first_week + 1
        parts = []
        for edge in range(low, low + count, _CHUNK):
            inside = ids[(ids >= edge) & (ids < edge + _CHUNK)]
            if len(inside):
                drawn = weekly_numbers(_CHUNK, _EPOCH + self.weeks.first_week, span, self.seed, first=edge)
                parts.append(drawn[inside - edge])
        return WomenNumbers(trait, size, onset, offset, rank, np.concatenate(parts)), rank

    def parameters(self, ids: NDArray[np.int64]) -> tuple[Theta, NDArray[np.int64], ReportingNumbers, RiskShift]:
        """Parameters of some candidates: candidate i takes draw i modulo the number of draws."""
        draws = {name: v for name, v in latent_draws(self.variant).items() if v.ndim == 1}
        count = len(draws["susceptible_logit"])
        draw = ids % count
        study = new_study(draws, count, self.seed)
        reporting = ReportingNumbers(**{name: getattr(study, name)[draw] for name in study.__dataclass_fields__})
        low = int(ids.min())
        shift = risk_shift(self.factors, int(ids.max()) - low + 1, self.seed, self.drug_specific, low)
        risk = RiskShift(shift.susceptibility[ids - low], shift.reporting[ids - low], shift.used, shift.missing)
        return take(draws, draw), draw, reporting, risk

    def susceptible(self, theta: Theta, risk: RiskShift, rank: FloatArray) -> FloatArray:
        share = 1.0 / (1.0 + np.exp(-(theta["susceptible_logit"] + risk.susceptibility)))
        return (rank < share).astype(float)

    def log_likelihood(self, first: int, count: int, record: JointRecord, past: WeeklyExposure) -> FloatArray:
        ids = np.arange(first, first + count)
        kept = self.keep(ids, 0.0, 0, last_week=0)
        so_far = _until(past, kept.background.shape[1])
        x = clip_pain(kept.background + kept.effect(so_far) + kept.tamoxifen(so_far))
        total = np.zeros(count)
        for datum in record.scores:
            total += score_log_likelihood(datum, x[:, self.weeks.index(datum.day / 7.0)], kept.theta)
        start = x[:, self.weeks.index(self.weeks.start_week)]
        if record.pain_before is not None:
            total += answer_log_likelihood(see.notable(start, kept.theta), record.pain_before)
        if record.worse_on_drug is not None:
            rise = x[:, self.weeks.index(0)] - start
            worse = see.survey(rise, kept.theta, kept.reporting.survey_threshold_effect)
            total += answer_log_likelihood(worse, record.worse_on_drug)
        return total

    def keep(self, ids: NDArray[np.int64], size: float, candidates: int, last_week: int | None = None) -> JointTwins:
        """Make the twins of some candidates (ids ascending); weeks after today are fresh for each twin."""
        theta, draw, reporting, risk = self.parameters(ids)
        women, rank = self.women(ids, 0)
        last = self.weeks.last_week if last_week is None else last_week
        numbers = women.fluctuation
        if last > 0:
            ahead = weekly_numbers(len(ids), _EPOCH + 1, last, self.seed, "joint/future")
            numbers = np.concatenate([numbers, ahead], axis=1)
        whole = WomenNumbers(women.trait, women.amplitude, women.onset, women.offset, rank, numbers)
        time = np.arange(self.weeks.first_week, last + 1, dtype=float) - self.weeks.start_week
        return JointTwins(
            theta=theta,
            draw=draw,
            reporting=reporting,
            risk=risk,
            susceptible=self.susceptible(theta, risk, rank),
            amplitude=amplitude(theta, women.amplitude) * reporting.population_amplitude,
            rise_weeks=onset_time(theta, women.onset),
            fall_weeks=offset_time(women.offset),
            background=background(theta, whole, time, self.context),
            ids=ids,
            effective_sample_size=size,
            candidates=candidates,
        )


def _until(exposure: WeeklyExposure, weeks: int) -> WeeklyExposure:
    from dataclasses import replace

    suppressed = exposure.suppressed if exposure.suppressed.ndim == 1 else exposure.suppressed.mean(axis=0)
    return replace(exposure, suppressed=suppressed[:weeks], on_tamoxifen=exposure.on_tamoxifen[:weeks])
