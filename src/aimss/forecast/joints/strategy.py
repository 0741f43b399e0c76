"""One strategy over her twins: pain with and without the drug, remedies, and staying on treatment, week by week."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aimss.body.joint import clip_pain
from aimss.body.joint_draws import FloatArray, joint_parameters, persistence_draws
from aimss.body.persistence import NEW_SETTING, WEEKS_PER_MONTH, Stopping, burden, setting_rates, stopping
from aimss.counter_random import normals, uniforms
from aimss.forecast.joints.calendar import JointCalendar, WeeklyExposure, chosen, simulated_ratios, weekly_exposure
from aimss.forecast.joints.remedies import RemedySwitches, apply_remedies
from aimss.forecast.joints.twins import JointTwins

if TYPE_CHECKING:
    from aimss.care.compile import CompiledStrategy

_BLOCK = 256  # twins at a time, so that what is worked on stays in the processor's cache


@dataclass(frozen=True)
class JointOptions:
    """Choices that are assumptions; the defaults are the ones that claim least.

    context : 1 if she starts treatment knowingly; switch_effect : draw a smaller effect on a second aromatase
    inhibitor (assumed; no randomised difference exists); drug_specific : omega, None for the assumed 0.5.
    """

    context: float = 1.0
    switch_effect: bool = False
    drug_specific: float | None = None
    setting: str = NEW_SETTING
    remedies: RemedySwitches = field(default_factory=RemedySwitches)
    variant: str = "v1"


@dataclass(frozen=True, eq=False)
class StrategyJoints:
    """One strategy over the twins, week by week, (n, t) points.

    pain : with the strategy's drugs and remedies; with_drug, without_drug : the pair for what the drug adds, without
    remedies; stopped : cumulative probability of having stopped, (n, months).
    """

    exposure: WeeklyExposure
    pain: FloatArray
    with_drug: FloatArray
    without_drug: FloatArray
    stopped: Stopping


def run_strategy(
    twins: JointTwins,
    exposure: WeeklyExposure,
    weeks: JointCalendar,
    options: JointOptions,
    seed: int,
    poor_sleep: bool,
) -> StrategyJoints:
    """Return one strategy over the twins."""
    pain, with_drug, without = pain_under(twins, exposure, weeks, options, seed)
    stopped = _stopping(twins, pain, exposure, weeks, options, seed, poor_sleep)
    return StrategyJoints(exposure, pain, with_drug, without, stopped)


def pain_under(
    twins: JointTwins, exposure: WeeklyExposure, weeks: JointCalendar, options: JointOptions, seed: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return pain with the strategy, with its drugs alone, and without the aromatase inhibitor, (n, t) each."""
    added = twins.effect(exposure)
    if options.switch_effect and exposure.switched_week is not None:
        # Beta(4, 1) by its quantile function
        added[:, weeks.index(exposure.switched_week) :] *= uniforms(seed, "joint/switch", 0, len(twins), 1) ** 0.25
    tamoxifen = bool(exposure.on_tamoxifen.any())
    base = twins.background + twins.tamoxifen(exposure) if tamoxifen else twins.background
    with_drug = clip_pain(np.add(added, base, out=added))
    today = weeks.index(0)
    pain = apply_remedies(with_drug, exposure.remedies, twins.draw, options.remedies, seed, forecast_from=today)
    return pain, with_drug, clip_pain(base) if tamoxifen else twins.pain_without_drugs


def let_pain_decide(
    twins: JointTwins,
    compiled: CompiledStrategy,
    plain: WeeklyExposure,
    weeks: JointCalendar,
    options: JointOptions,
    seed: int,
) -> WeeklyExposure:
    """Let each twin's own recorded pain decide a conditional course; conditions on bone are not met here."""
    if not any(t.condition.when == "pain" for t in compiled.triggers):
        return plain
    from aimss.care.triggers import resolve_triggers

    pain, _, _ = pain_under(twins, plain, weeks, options, seed)

    def observe(_: object, index: NDArray[np.int64], days: FloatArray) -> dict[str, FloatArray]:
        at = np.array([weeks.index(day / 7.0) for day in days])
        error = np.concatenate([normals(seed, f"joint/score/{week}", 0, len(index), 1) for week in at], axis=1)
        recorded = clip_pain(pain[:, at] + twins.theta["measurement_sd_points"][:, None] * error)
        unknown = {name for t in compiled.triggers for name in t.observed_names} - {"pain"}
        return {"pain": recorded} | {name: np.full(recorded.shape, np.nan) for name in unknown}

    _, index, met = resolve_triggers(compiled, len(twins), observe)
    variants = [compiled.with_triggers(days) for days in met]
    ratios = simulated_ratios(compiled.patient, variants, weeks)
    return chosen([weekly_exposure(v, weeks, r) for v, r in zip(variants, ratios, strict=True)], index)


def _stopping(
    twins: JointTwins,
    pain: FloatArray,
    exposure: WeeklyExposure,
    weeks: JointCalendar,
    options: JointOptions,
    seed: int,
    poor_sleep: bool,
) -> Stopping:
    """Stopping from the day of the forecast (or the start, if later) on, among women still on the drug then."""
    theta = persistence_draws(options.variant)
    count = len(theta["burden_exponent"])
    # one setting a parameter draw, so that the spread between settings stays in the interval of a percentage
    pick = twins.draw % count
    rates = setting_rates(theta, options.setting, seed)
    first = weeks.index(max(0, weeks.start_week))
    time = weeks.since_start[first:] / WEEKS_PER_MONTH
    sleep = np.ones(len(twins))
    if poor_sleep:
        parameter = joint_parameters()["stopping_hazard_ratio_poor_sleep"]
        assert parameter.ci95_low is not None
        assert parameter.ci95_high is not None
        sd = np.log(parameter.ci95_high / parameter.ci95_low) / 3.92
        sleep = parameter.value * np.exp(sd * normals(seed, "joint/sleep", 0, len(twins), 1)[:, 0])
    one = {n: v[pick] for n, v in theta.items() if v.ndim == 1}
    start = weeks.index(weeks.start_week)
    monthly = np.maximum(0, weeks.positions_of_months - first)
    parts = []
    for edge in range(0, len(twins), _BLOCK):
        some = slice(edge, edge + _BLOCK)
        part = stopping(
            burden(pain[some], pain[some, start])[:, first:],
            time,
            {n: v[some] for n, v in one.items()},
            (rates[0][pick[some]], rates[1][pick[some]]),
            multiplier=sleep[some],
            on_treatment=exposure.on_ai[..., first:] if exposure.on_ai.ndim == 1 else exposure.on_ai[some, first:],
        )
        parts.append((part.for_pain[:, monthly], part.for_other_reasons[:, monthly]))
    for_pain, for_other_reasons = (np.concatenate(cause) for cause in zip(*parts, strict=True))
    return Stopping(time[monthly], for_pain, for_other_reasons)
