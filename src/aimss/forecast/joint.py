"""Her joints under each strategy: pain with and without the drug, how studies would count it, staying on treatment.

One latent course serves everything: the strategy's estradiol drives pain, pain drives stopping, and each definition
reads the same pain in its own way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from aimss.body import joint_observation as see
from aimss.body.joint import clip_pain
from aimss.body.joint_draws import FloatArray, joint_parameters, persistence_draws
from aimss.body.persistence import NEW_SETTING, WEEKS_PER_MONTH, Stopping, burden, setting_rates, stopping
from aimss.body.susceptibility import shift_probability
from aimss.counter_random import normals
from aimss.forecast.joint_calendar import JointCalendar, WeeklyExposure, calendar, exposures, simulated_ratio
from aimss.forecast.joint_scores import JointRecord, joint_record
from aimss.forecast.joint_summary import interval, ratio_interval
from aimss.forecast.joint_twins import JointTwins, make_twins
from aimss.forecast.remedies import RemedySwitches, apply_remedies

if TYPE_CHECKING:
    import xarray as xr

    from aimss.care.compile import CompiledStrategy
    from aimss.patient.patient import Patient

MONTHS: tuple[int, ...] = (3, 6, 12, 24)
WEEK_OF_MONTH: Mapping[int, int] = {3: 13, 6: 26, 12: 52, 24: 104}
SHOWN: tuple[str, ...] = ("S-CUM", "S-CUR", "AE", "ANY", "GE4", "HAQ")
ONSET_WEEKS: tuple[int, ...] = (6, 13, 26, 39, 52)
CAVEATS: tuple[str, ...] = (
    "Each percentage belongs to its definition: the same women give a higher one in a survey than in a trial report.",
    "Whether one woman's pain is due to the drug cannot be known; the share is of women, and a range.",
    "About a quarter of women (13-50 %) carry most of the pain that the drug adds, so the mean misleads.",
    "Pain of starting treatment knowingly cannot be told apart from the drug's effect by any one study.",
    "All three aromatase inhibitors are the same to the model: no randomised difference in pain exists.",
    "How fast pain eases off the drug is an assumption: no serial score after stopping could be read.",
    "Pain is no sign that the drug works, and its absence none that it does not.",
    "A risk of stopping holds for its setting: settings differ more than women do.",
)


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


@dataclass(frozen=True, eq=False)
class JointForecast:
    """The whole joint half of a forecast; `dataset` is the summary, the rest what the page needs beside it."""

    weeks: JointCalendar
    record: JointRecord
    twins: JointTwins
    strategies: tuple[StrategyJoints, ...]
    options: JointOptions
    dataset: xr.Dataset
    caveats: tuple[str, ...] = CAVEATS


def risk_factors_of(patient: Patient) -> dict[str, bool | None]:
    """Return which risk factors of the model she has; None where the record is silent."""
    years = patient.years_since_final_menstrual_period
    on_drug = patient.years_on_aromatase_inhibitor()
    at_start = None if years is None else years - on_drug
    cancer = patient.cancer
    chemotherapy = True if cancer.taxane else cancer.chemotherapy
    return {
        "last_period_under_5_years": None if at_start is None else at_start < 5,
        "last_period_5_to_10_years": None if at_start is None else 5 <= at_start < 10,
        "chemotherapy": chemotherapy,
        "prior_hormone_replacement": patient.risk_factors.prior_hormone_replacement,
    }


def joint_weeks(patient: Patient, compiled: Sequence[CompiledStrategy]) -> JointCalendar:
    """Return the weeks on which `forecast_joint` wants estradiol."""
    scores = joint_record(patient).scores
    return calendar(compiled, min([0.0, *(s.day for s in scores)]))


def forecast_joint(
    patient: Patient,
    compiled_strategies: Sequence[CompiledStrategy],
    estradiol_ratio: Mapping[str, FloatArray] | None = None,
    twins: int = 4096,
    seed: int = 1,
    options: JointOptions | None = None,
) -> xr.Dataset:
    """Forecast her joints under every strategy.

    estradiol_ratio : strategy -> (t,) or (twins, t) on `joint_weeks`, estradiol against the same woman without the
        drug; None lets the engine make it.
    Returns a Dataset with dims (strategy, twin, time, definition, month, interval); see `run_joint` for the twins.
    Raises RecordError for pain scores that cannot be placed.
    """
    return run_joint(patient, compiled_strategies, estradiol_ratio, twins, seed, options).dataset


def run_joint(
    patient: Patient,
    compiled_strategies: Sequence[CompiledStrategy],
    estradiol_ratio: Mapping[str, FloatArray] | None = None,
    twins: int = 4096,
    seed: int = 1,
    options: JointOptions | None = None,
) -> JointForecast:
    """As `forecast_joint`, with the twins and the weekly courses kept."""
    options = options or JointOptions()
    record = joint_record(patient)
    weeks = joint_weeks(patient, compiled_strategies)
    ratio = simulated_ratio(patient, compiled_strategies, weeks) if estradiol_ratio is None else estradiol_ratio
    exposed = exposures(compiled_strategies, weeks, ratio)
    her_past = next((e for c, e in zip(compiled_strategies, exposed, strict=True) if c.shares_past), exposed[0])
    made = make_twins(
        record, risk_factors_of(patient), her_past, weeks, twins=twins, seed=seed, context=options.context,
        drug_specific=options.drug_specific, variant=options.variant,
    )  # fmt: skip
    poor_sleep = patient.risk_factors.poor_sleep is True
    run = tuple(_strategy(made, e, weeks, options, seed, poor_sleep) for e in exposed)
    return JointForecast(weeks, record, made, run, options, _dataset(run, made, weeks, record, options, seed))


def _strategy(
    twins: JointTwins,
    exposure: WeeklyExposure,
    weeks: JointCalendar,
    options: JointOptions,
    seed: int,
    poor_sleep: bool,
) -> StrategyJoints:
    factor = np.ones(twins.background.shape)
    if options.switch_effect and exposure.switched_week is not None:
        # Beta(4, 1) by its quantile function
        drawn = np.random.Generator(np.random.Philox(key=seed)).random(len(twins)) ** 0.25
        factor[:, weeks.index(exposure.switched_week) :] = drawn[:, None]
    base = twins.background + twins.tamoxifen(exposure)
    without = clip_pain(base)
    with_drug = clip_pain(base + twins.effect(exposure) * factor)
    pain = apply_remedies(
        with_drug, exposure.remedies, twins.draw, options.remedies, seed, forecast_from=weeks.index(0)
    )
    return StrategyJoints(
        exposure, pain, with_drug, without, _stopping(twins, pain, exposure, weeks, options, seed, poor_sleep)
    )


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
    load = burden(pain, pain[:, weeks.index(weeks.start_week)])[:, first:]
    time = weeks.since_start[first:] / WEEKS_PER_MONTH
    sleep: FloatArray | float = 1.0
    if poor_sleep:
        parameter = joint_parameters()["stopping_hazard_ratio_poor_sleep"]
        assert parameter.ci95_low is not None
        assert parameter.ci95_high is not None
        sd = np.log(parameter.ci95_high / parameter.ci95_low) / 3.92
        sleep = parameter.value * np.exp(sd * normals(seed, "joint/sleep", 0, len(twins), 1)[:, 0])
    one = {n: v[pick] for n, v in theta.items() if v.ndim == 1}
    return stopping(
        load, time, one, (rates[0][pick], rates[1][pick]), multiplier=sleep, on_treatment=exposure.on_ai[first:]
    )


def _probability(
    code: str, x: FloatArray, twins: JointTwins, weeks: JointCalendar, since: FloatArray, week: int
) -> FloatArray:
    """Probability of a report `week` weeks after today (or the start, if later), (n,)."""
    after = max(0, -weeks.start_week) + week if weeks.any_ai else week
    p = see.probability(code, x, since, twins.theta, twins.reporting, week=float(after))
    if code in {"S-CUM", "S-CUR", "AE"}:
        return shift_probability(p, twins.risk.reporting)
    return p


def _dataset(
    run: Sequence[StrategyJoints],
    twins: JointTwins,
    weeks: JointCalendar,
    record: JointRecord,
    options: JointOptions,
    seed: int,
) -> xr.Dataset:
    import xarray as xr

    months = np.arange(0, int(weeks.last_week / WEEKS_PER_MONTH) + 1)
    at = np.array([weeks.index(round(m * WEEKS_PER_MONTH)) for m in months])
    since = weeks.since_start
    shown_months = [m for m in MONTHS if max(0, weeks.start_week) + WEEK_OF_MONTH[m] <= weeks.last_week]
    shape = (len(run), len(SHOWN), len(shown_months), 3)
    with_drug, without, share = (np.full(shape, np.nan) for _ in range(3))
    for s, strategy in enumerate(run):
        for d, code in enumerate(SHOWN):
            for m, month in enumerate(shown_months):
                week = WEEK_OF_MONTH[month]
                p = _probability(code, strategy.pain, twins, weeks, since, week)
                p1 = _probability(code, strategy.with_drug, twins, weeks, since, week)
                p0 = _probability(code, strategy.without_drug, twins, weeks, since, week)
                with_drug[s, d, m] = interval(p, twins.draw)
                without[s, d, m] = interval(p0, twins.draw)
                share[s, d, m] = ratio_interval(p1 - p0, p1, twins.draw)
    stopped_at = np.array([max(0, i - weeks.index(max(0, weeks.start_week))) for i in at])

    def stacked(pick: Any) -> FloatArray:
        return np.stack([pick(s) for s in run]).astype(np.float32)

    points = {"units": "points 0-10, worst joint pain in 24 hours", "sources": "joint_parameters.csv"}
    chance = {"units": "probability", "sources": "joint_parameters.csv"}
    dims = ("strategy", "twin", "time")
    return xr.Dataset(
        {
            "pain": (dims, stacked(lambda s: s.pain[:, at]), {**points, "long_name": "pain with the strategy"}),
            "pain_without_ai": (
                dims, stacked(lambda s: s.without_drug[:, at]), {**points, "long_name": "pain without the drug"},
            ),
            "pain_attributable": (
                dims, stacked(lambda s: (s.with_drug - s.without_drug)[:, at]),
                {**points, "long_name": "what the drug adds, before any remedy"},
            ),
            "stopped_for_pain": (
                dims, stacked(lambda s: s.stopped.for_pain[:, stopped_at]),
                {**chance, "long_name": "stopped for pain, if on the drug today", "setting": options.setting},
            ),
            "stopped_for_other_reasons": (
                dims, stacked(lambda s: s.stopped.for_other_reasons[:, stopped_at]),
                {**chance, "long_name": "stopped for other reasons, if on the drug today", "setting": options.setting},
            ),
            "probability": (
                ("strategy", "definition", "month", "interval"), with_drug,
                {**chance, "long_name": "of women like her, reported under the definition, with the strategy"},
            ),
            "probability_without_ai": (
                ("strategy", "definition", "month", "interval"), without,
                {**chance, "long_name": "the same without the drug"},
            ),
            "attributable_share": (
                ("strategy", "definition", "month", "interval"), share,
                {**chance, "long_name": "share of reports due to the drug by this model; one reading of several"},
            ),
            "onset_half_weeks": (
                ("twin",), np.where(twins.susceptible > 0, twins.rise_weeks * np.log(2), np.nan),
                {"units": "weeks", "long_name": "half of the drug's effect built up, susceptible women"},
            ),
            "easing_half_weeks": (
                ("strategy", "twin"), stacked(lambda s: _easing(s, twins, weeks)),
                {"units": "weeks", "long_name": "half of the drug's effect gone after it ends; a prior, not a finding"},
            ),
            "onset_share": (
                ("strategy", "onset_week", "interval"), np.stack([_onset(s, twins, weeks) for s in run]),
                {**chance, "long_name": "of women who report by week 52 (S-CUM), share who did so by the week"},
            ),
        },
        coords={
            "strategy": [s.exposure.name for s in run],
            "label": ("strategy", [s.exposure.label for s in run]),
            "time": ("time", months, {"units": "months from the day of the forecast"}),
            "definition": list(SHOWN),
            "words": ("definition", [see.DEFINITIONS[code].words for code in SHOWN]),
            "counted": ("definition", [see.DEFINITIONS[code].counted for code in SHOWN]),
            "month": ("month", shown_months, {"units": "months from today, or from the start of the drug if later"}),
            "interval": ["median", "low90", "high90"],
            "onset_week": list(ONSET_WEEKS),
        },
        attrs={
            "effective_sample_size": twins.effective_sample_size,
            "candidates": twins.candidates,
            "seed": seed,
            "variant": options.variant,
            "setting": options.setting,
            "missing": "; ".join((*record.missing, *twins.risk.missing)),
            "caveats": "\n".join(CAVEATS),
        },
    )  # fmt: skip


def _easing(strategy: StrategyJoints, twins: JointTwins, weeks: JointCalendar) -> FloatArray:
    """Weeks from the end of the drug until half of what it added is gone, (n,); NaN where it goes on or added none."""
    stop = strategy.exposure.stop_week
    out = np.full(len(twins), np.nan)
    if stop is None:
        return out
    added = twins.effect(strategy.exposure)[:, weeks.index(stop) :]
    gone = added <= 0.5 * added[:, :1]
    women = (twins.susceptible > 0) & gone.any(axis=1)
    out[women] = gone[women].argmax(axis=1)
    return out


def _onset(strategy: StrategyJoints, twins: JointTwins, weeks: JointCalendar) -> FloatArray:
    """Share of 52-week reporters who had reported by each of ONSET_WEEKS, (weeks, 3)."""
    if weeks.start_week + ONSET_WEEKS[-1] > weeks.last_week:
        return np.full((len(ONSET_WEEKS), 3), np.nan)
    p = [
        see.probability("S-CUM", strategy.with_drug, weeks.since_start, twins.theta, twins.reporting, week=float(w))
        for w in ONSET_WEEKS
    ]
    return np.stack([ratio_interval(early, p[-1], twins.draw) for early in p])
