"""Her joints under each strategy: pain with and without the drug, how studies would count it, staying on treatment.

One latent course serves everything: the strategy's estradiol drives pain, pain drives stopping, and each definition
reads the same pain in its own way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from aimss.body.joint_draws import FloatArray
from aimss.forecast.joints.calendar import JointCalendar, WeeklyExposure, calendar, exposures, simulated_ratio
from aimss.forecast.joints.dataset import CAVEATS, joint_dataset
from aimss.forecast.joints.findings import JointFindings, joint_findings, months_reached, reports
from aimss.forecast.joints.scores import JointRecord, joint_record
from aimss.forecast.joints.strategy import (
    JointOptions,
    StrategyJoints,
    let_pain_decide,
    pain_under,
    run_strategy,
)
from aimss.forecast.joints.summary import ratio_interval
from aimss.forecast.joints.twins import JointTwins, make_twins

if TYPE_CHECKING:
    import xarray as xr

    from aimss.care.compile import CompiledStrategy
    from aimss.patient.patient import Patient


@dataclass(frozen=True, eq=False)
class JointForecast:
    """The whole joint half of a forecast; `findings` are what the page needs of it."""

    weeks: JointCalendar
    record: JointRecord
    twins: JointTwins
    strategies: tuple[StrategyJoints, ...]
    options: JointOptions
    seed: int
    findings: JointFindings
    caveats: tuple[str, ...] = CAVEATS

    @cached_property
    def dataset(self) -> xr.Dataset:
        """The findings for analysis, dims (strategy, twin, time, definition, month, interval)."""
        return joint_dataset(self)


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
    """Return the weeks on which `run_joint` wants estradiol."""
    scores = joint_record(patient).scores
    return calendar(compiled, min([0.0, *(s.day for s in scores)]))


def run_joint(
    patient: Patient,
    compiled_strategies: Sequence[CompiledStrategy],
    estradiol_ratio: Mapping[str, FloatArray] | None = None,
    twins: int = 4096,
    seed: int = 1,
    options: JointOptions | None = None,
) -> JointForecast:
    """Forecast her joints under every strategy.

    estradiol_ratio : strategy -> (t,) or (twins, t) on `joint_weeks`, estradiol against the same woman without the
        drug; None lets the engine make it.
    Raises RecordError for pain scores that cannot be placed.
    """
    options = options or JointOptions()
    weeks, record, made, exposed = _prepared(patient, compiled_strategies, estradiol_ratio, twins, seed, options)
    poor_sleep = patient.risk_factors.poor_sleep is True
    settled = [
        let_pain_decide(made, c, e, weeks, options, seed) for c, e in zip(compiled_strategies, exposed, strict=True)
    ]
    run = tuple(run_strategy(made, e, weeks, options, seed, poor_sleep) for e in settled)
    return JointForecast(weeks, record, made, run, options, seed, joint_findings(run, made, weeks))


def attributable_share(
    patient: Patient,
    compiled: CompiledStrategy,
    estradiol_ratio: Mapping[str, FloatArray],
    twins: int,
    seed: int,
    options: JointOptions,
    *,
    code: str,
    month: int,
) -> FloatArray | None:
    """Return the share of reports due to the drug that `run_joint` would give, (3,), without the rest of it.

    code : a definition; month : one of MONTHS; None where the forecast does not reach it.
    """
    weeks, _, made, exposed = _prepared(patient, [compiled], estradiol_ratio, twins, seed, options)
    if month not in months_reached(weeks):
        return None
    settled = let_pain_decide(made, compiled, exposed[0], weeks, options, seed)
    _, with_drug, without = pain_under(made, settled, weeks, options, seed)
    p1, p0 = (reports(x, code, month, made, weeks) for x in (with_drug, without))
    return ratio_interval(p1 - p0, p1, made.draw)


def _prepared(
    patient: Patient,
    compiled: Sequence[CompiledStrategy],
    estradiol_ratio: Mapping[str, FloatArray] | None,
    twins: int,
    seed: int,
    options: JointOptions,
) -> tuple[JointCalendar, JointRecord, JointTwins, list[WeeklyExposure]]:
    """Her weeks, her scores, her twins given these, and what each strategy exposes them to."""
    record = joint_record(patient)
    weeks = joint_weeks(patient, compiled)
    ratio = simulated_ratio(patient, compiled, weeks) if estradiol_ratio is None else estradiol_ratio
    exposed = exposures(compiled, weeks, ratio)
    her_past = next((e for c, e in zip(compiled, exposed, strict=True) if c.shares_past), exposed[0])
    made = make_twins(
        record, risk_factors_of(patient), her_past, weeks, twins=twins, seed=seed, context=options.context,
        drug_specific=options.drug_specific, variant=options.variant,
    )  # fmt: skip
    return weeks, record, made, exposed
