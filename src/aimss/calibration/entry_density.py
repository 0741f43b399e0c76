"""How dense the bone of an arm's women is at month 0: as printed, or the mean of those whom the trial admitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING

from aimss.body.fracture import mean_t_score
from aimss.forecast.thinness import thinness
from aimss.patient.densitometry import population_bmd, site_correlation, young_reference
from aimss.patient.observations import SITES, Site

if TYPE_CHECKING:
    from aimss.body.parameters import Parameters
    from aimss.calibration.arms import Arm, Population
    from aimss.calibration.target import Target

ADMITTED_BY: Site = "lumbar_spine"


def entry_t_score(population: Population, site: Site, parameters: Parameters) -> float:
    """Return the mean T-score at month 0: as printed, by the range that the trial admitted, or the mean of their age.

    A site without a printed mean follows the first that has one (spine, hip, neck) by their correlation.
    """
    if site in population.t_scores:
        return population.t_scores[site]
    known = next((one for one in SITES if one in population.t_scores), ADMITTED_BY)
    of_age: float = mean_t_score(parameters, known, population.age)
    sd = _sd(known, population)
    shift = population.t_scores.get(known, of_age) - of_age
    if population.t_score_range is not None:
        shift = _mean_within(population.t_score_range, of_age, sd)
    own: float = mean_t_score(parameters, site, population.age)
    return own + site_correlation(site, known).value * _sd(site, population) / sd * shift


def entry_thinness(population: Population, parameters: Parameters) -> dict[str, float]:
    """Return how thin their bone is at every site, for the response by density."""
    return {
        site: float(
            thinness(site, young_reference(site).bmd_g_cm2(entry_t_score(population, site, parameters)), parameters)
        )
        for site in SITES
    }


def with_own_density(arms: Mapping[str, Arm], targets: Sequence[Target]) -> tuple[dict[str, Arm], tuple[Target, ...]]:
    """Return arms and targets in which every range of T-scores that a target gives is that of an arm of its own."""
    found, renamed = dict(arms), []
    for target in targets:
        own = {k: _admitting(found, name, target) for k in ("arm", "comparator") if (name := getattr(target, k))}
        renamed.append(target.model_copy(update=own))
    return found, tuple(renamed)


def _admitting(arms: dict[str, Arm], name: str, target: Target) -> str:
    """Return the name of the arm with the women of the target; the arm is added where it is not there yet."""
    if target.t_score_range is None:
        return name
    new = f"{name}, T-score {target.t_score_range}"
    arm = arms[name]
    if arm.population is None:
        parts = tuple(p.model_copy(update={"arm": _admitting(arms, p.arm, target)}) for p in arm.parts)
        arms[new] = arm.model_copy(update={"parts": parts})
    else:
        own = {"t_scores": {}, "t_score_range": target.t_score_range}
        arms[new] = arm.model_copy(update={"population": arm.population.model_copy(update=own)})
    return new


def _sd(site: Site, population: Population) -> float:
    """SD of the T-score between women of an age."""
    return population_bmd(site, population.age).sd / young_reference(site).sd


def _mean_within(limits: tuple[float | None, float | None], mean: float, sd: float) -> float:
    """Return how far the mean of a normal distribution within limits lies from that of the whole."""
    normal = NormalDist()
    low, high = (None if x is None else (x - mean) / sd for x in limits)
    density_low, below_low = (0.0, 0.0) if low is None else (normal.pdf(low), normal.cdf(low))
    density_high, below_high = (0.0, 1.0) if high is None else (normal.pdf(high), normal.cdf(high))
    return sd * (density_low - density_high) / (below_high - below_low)
