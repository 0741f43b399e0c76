"""What the joint model draws from: remedy effects, prevalences and risk factors, pooled from the tables, not copied.

Each object names the rows it rests on, so that a number on the page leads back to its sources.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

import numpy as np

from aimss.errors import EvidenceError
from aimss.evidence.certainty import Certainty, remedy_certainty
from aimss.evidence.pain_contrasts import flags, treatment, usable_contrasts
from aimss.evidence.pooled_prevalence import pool_prevalence
from aimss.evidence.synthesis.bayesian import pool_bayes
from aimss.evidence.synthesis.distributions import two_sided_quantile
from aimss.evidence.synthesis.effect_sizes import effect_sizes
from aimss.evidence.synthesis.random_effects import SMALL_K, pool
from aimss.evidence.tables import Row, load_table

PAIN_TAU_SCALE = 1.0
"""Half-normal scale for the spread of a remedy's effect between trials, in points on 0-10 (assumed)."""


@dataclass(frozen=True)
class RemedyEffect:
    """Specific effect of a remedy against its own comparator, in points on a 0-10 pain scale (negative is better).

    ``tau`` is the spread between trials, None with one trial; ``bayes_low`` and ``bayes_high`` are the interval to
    use when four trials or fewer make the other one too narrow (prior on tau half-normal(1 point), assumed).
    """

    remedy: str
    comparator: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    tau: float | None
    k: int
    women: float | None
    bayes_low: float | None
    bayes_high: float | None
    weeks: tuple[float, float]
    outcomes: tuple[str, ...]
    certainty: Certainty
    trials: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class PrevalenceEstimate:
    """Pooled prevalence (fractions) under one definition; logit mean with standard error and tau for drawing."""

    phenotype: str
    definition: str
    population: str
    estimate: float
    ci_low: float
    ci_high: float
    logit_mean: float
    logit_se: float
    logit_tau: float
    k: int
    sources: tuple[str, ...]


@dataclass(frozen=True)
class RiskFactorEffect:
    """Pooled ratio (odds or hazard ratio) of one contrast of a risk factor, one row a cohort."""

    factor: str
    contrast: str
    measure: str
    estimate: float
    log_mean: float
    log_se: float
    log_tau: float | None
    ci_low: float
    ci_high: float
    k: int
    outcomes: tuple[str, ...]
    sources: tuple[str, ...]


@cache
def remedy_effects() -> tuple[RemedyEffect, ...]:
    """Return one effect a remedy and comparator that a trial of the library compared directly."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in usable_contrasts()[0]:
        groups[treatment(row.text("arm_a")), treatment(row.text("arm_b"))].append(row)
    return tuple(_remedy(remedy, comparator, rows) for (remedy, comparator), rows in sorted(groups.items()))


def remedy_effect(remedy: str, comparator: str) -> RemedyEffect:
    """Return the effect of a remedy against a comparator.

    Raises
    ------
    EvidenceError : no trial of the library compared them with a usable number.
    """
    for effect in remedy_effects():
        if (effect.remedy, effect.comparator) == (remedy, comparator):
            return effect
    known = "; ".join(f"{e.remedy} against {e.comparator}" for e in remedy_effects())
    raise EvidenceError("remedy", f"one of {known}", f"{remedy} against {comparator}")


def _remedy(remedy: str, comparator: str, rows: list[Row]) -> RemedyEffect:
    y = [r.number("mean_difference") or 0.0 for r in rows]
    v = [(r.number("se") or 0.0) ** 2 for r in rows]
    data = effect_sizes("GEN", {"yi": y, "vi": v}, [r.text("trial_id") for r in rows])
    result = pool(data)
    bayes = pool_bayes(data, tau_scale=PAIN_TAU_SCALE) if data.k <= SMALL_K else None
    sizes = [r.number("n_a") for r in rows] + [r.number("n_b") for r in rows]
    women = None if any(s is None for s in sizes) else float(sum(s or 0.0 for s in sizes))
    weeks = [r.number("time_weeks") or 0.0 for r in rows]
    low, high = (result.ci_low, result.ci_high) if bayes is None or data.k == 1 else (bayes.ci_low, bayes.ci_high)
    certainty = remedy_certainty(
        comparator=comparator,
        ci_low=low,
        ci_high=high,
        people=women,
        k=data.k,
        i2_percent=result.I2 if data.k > 1 else None,
        indirect=[text for r in rows for text in _indirect(r)],
        remarks=[f"{r.text('trial_id')}: {text}" for r in rows for text in flags(r)],
    )
    return RemedyEffect(
        remedy=remedy,
        comparator=comparator,
        estimate=result.estimate,
        se=result.se,
        ci_low=result.ci_low,
        ci_high=result.ci_high,
        tau=float(np.sqrt(result.tau2)) if data.k > 1 else None,
        k=data.k,
        women=women,
        bayes_low=None if bayes is None else bayes.ci_low,
        bayes_high=None if bayes is None else bayes.ci_high,
        weeks=(min(weeks), max(weeks)),
        outcomes=tuple(dict.fromkeys(r.text("outcome") for r in rows)),
        certainty=certainty,
        trials=tuple(r.text("trial_id") for r in rows),
        sources=tuple(r.id for r in rows),
    )


def _indirect(row: Row) -> list[str]:
    """Return why a trial's women are not women with pain on an aromatase inhibitor, from the words of the tables."""
    population = load_table("joint/trials")[row.text("trial_id")].text("population")
    words = f"{population} {row.text('note')}".lower()
    if "not selected" in words or "unselected" in words or "with or without pain" in words:
        return [f"{row.text('trial_id')} did not select women with pain"]
    return [f"{row.text('trial_id')} is not of this disease"] if "indirect" in words else []


@cache
def prevalence_estimate(phenotype: str, definition: str, population: str = "ai_users") -> PrevalenceEstimate:
    """Return the pooled prevalence of a phenotype under one definition.

    Raises
    ------
    EvidenceError : as ``pool_prevalence``.
    """
    pooled = pool_prevalence(phenotype, definition, population=population)
    result, back = pooled.result, pooled.result.back_transformed()
    return PrevalenceEstimate(
        phenotype=phenotype,
        definition=definition,
        population=population,
        estimate=float(back["estimate"] or 0.0),
        ci_low=float(back["ci_low"] or 0.0),
        ci_high=float(back["ci_high"] or 0.0),
        logit_mean=result.estimate,
        logit_se=result.se,
        logit_tau=float(np.sqrt(result.tau2)),
        k=result.k,
        sources=pooled.rows,
    )


SAME_CONTRAST = {
    "chemotherapy vs none": "yes vs no",
    "received vs not": "yes vs no",
    "adjuvant chemotherapy vs none": "yes vs no",
    "last menstrual period <5 y vs >10 y": "<5 y vs >10 y",
}
"""Wordings of one contrast; a contrast not listed is pooled only with the same words."""


@cache
def risk_factor_effects() -> tuple[RiskFactorEffect, ...]:
    """Return one pooled ratio a factor and contrast, from rows with an interval; no genetic variant, one row a cohort.

    Of one cohort the largest report is kept. Ratios for milder or severer grades of one outcome are not pooled with
    it: the first row of a cohort's largest report is the one for symptoms as a whole.
    """
    studies = load_table("prevalence/studies")
    groups: dict[tuple[str, str, str], dict[str, Row]] = defaultdict(dict)
    for row in load_table("prevalence/risk_factors"):
        factor, measure = row.text("factor"), row.text("measure")
        if row.verified == "no" or measure not in ("OR", "HR") or factor.startswith("genotype"):
            continue
        if row["ci_low"] is None or row["ci_high"] is None or not isinstance(row["estimate"], float):
            continue
        contrast = SAME_CONTRAST.get(row.text("contrast"), row.text("contrast"))
        cohort = studies[row.text("study_id")].text("cohort") or row.text("study_id")
        kept = groups[factor, contrast, measure].get(cohort)
        if kept is None or (row.number("n") or 0.0) > (kept.number("n") or 0.0):
            groups[factor, contrast, measure][cohort] = row
    return tuple(_risk(*name, list(rows.values())) for name, rows in sorted(groups.items()))


def _risk(factor: str, contrast: str, measure: str, rows: list[Row]) -> RiskFactorEffect:
    columns = {c: [r.number(s) or np.nan for r in rows]
               for c, s in (("hr", "estimate"), ("ci_low", "ci_low"), ("ci_high", "ci_high"))}  # fmt: skip
    result = pool(effect_sizes("HR", columns, [r.text("study_id") for r in rows]))
    z = two_sided_quantile(0.95)
    return RiskFactorEffect(
        factor=factor,
        contrast=contrast,
        measure=measure,
        estimate=float(np.exp(result.estimate)),
        log_mean=result.estimate,
        log_se=result.se,
        log_tau=float(np.sqrt(result.tau2)) if result.k > 1 else None,
        ci_low=float(np.exp(result.estimate - z * result.se)),
        ci_high=float(np.exp(result.estimate + z * result.se)),
        k=result.k,
        outcomes=tuple(dict.fromkeys(r.text("outcome") for r in rows)),
        sources=tuple(r.id for r in rows),
    )
