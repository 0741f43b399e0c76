"""Values of a plan's series at one time: `Estimate` with its 90 % interval, and the linear T-score scale of a site."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from aimss.forecast.plan_document import BmdSeries, PlanDocument, Series, StrategyForecast

SITES = {"lumbar_spine": "spine", "total_hip": "hip", "femoral_neck": "femoral neck"}
"""Sites in the order of the page, with the plain word for each."""

FRACTURES = {
    "any_clinical": "any fracture",
    "hip": "hip fracture",
    "clinical_vertebral": "spine fracture",
    "other_nonvertebral": "other fracture",
}
COUNTERFACTUAL = "counterfactual"
TABLE_MONTHS = (12, 24, 60, 120)


@dataclass(frozen=True)
class Estimate:
    """A median with the interval that holds nine in ten of her virtual twins, in the unit of its series."""

    median: float
    low: float
    high: float


def _between(times: Sequence[float], values: Sequence[float], month: float) -> float:
    right = min(bisect_left(times, month), len(times) - 1)
    if times[right] == month or right == 0:
        return values[right]
    left = right - 1
    share = (month - times[left]) / (times[right] - times[left])
    return values[left] + share * (values[right] - values[left])


def at(series: Series, times_months: Sequence[float], month: float) -> Estimate | None:
    """Return the estimate at ``month``, on the straight line between its neighbours; None outside the series."""
    if not times_months or not times_months[0] <= month <= times_months[-1]:
        return None
    return Estimate(*(_between(times_months, v, month) for v in (series.median, series.low90, series.high90)))


def site_of(strategy: StrategyForecast, site: str) -> BmdSeries | None:
    """Return the density series of a site; None if it is not forecast."""
    bmd: BmdSeries | None = strategy.bmd.get(site)  # type: ignore[call-overload]
    return bmd


def t_score_at(strategy: StrategyForecast, site: str, month: float) -> Estimate | None:
    """Return her T-score at a site; None if the site or the time is not forecast."""
    bmd = site_of(strategy, site)
    return at(bmd.t_score, strategy.times_months, month) if bmd else None


def fracture_at(strategy: StrategyForecast, kind: str, month: float) -> Estimate | None:
    """Return the cumulative probability (0-1) of a first fracture of a kind; None if it is not forecast."""
    fracture = strategy.fracture.get(kind)  # type: ignore[call-overload]
    return at(fracture.cumulative_probability, strategy.times_months, month) if fracture else None


@dataclass(frozen=True)
class TScoreScale:
    """T-score = (bmd - young_mean) / young_sd, bmd in g/cm2, as read back from a forecast that holds both."""

    young_mean: float
    young_sd: float

    def t_score(self, bmd_g_cm2: float) -> float:
        """Return the T-score of a density in g/cm2."""
        return (bmd_g_cm2 - self.young_mean) / self.young_sd


def t_score_scale(bmd: BmdSeries) -> TScoreScale | None:
    """Return the scale of a site from the ends of its interval; None where the interval has no width.

    The ends of an interval map to the ends of the other because the T-score rises linearly with density.
    """
    last = len(bmd.median) - 1
    grams = bmd.high90[last] - bmd.low90[last]
    points = bmd.t_score.high90[last] - bmd.t_score.low90[last]
    if grams <= 0 or points <= 0:
        return None
    young_sd = grams / points
    return TScoreScale(bmd.low90[last] - bmd.t_score.low90[last] * young_sd, young_sd)


def mentions_any(document: PlanDocument, words: Sequence[str]) -> bool:
    """Return whether any strategy, or her own drugs, name one of the words (lower case)."""
    own = [str(drug) for drug in document.record.get("drugs") or []]
    texts = [*own, *(f"{s.name} {s.label} {s.summary}" for s in document.strategies)]
    return any(word in text.lower() for text in texts for word in words)


def mentions_denosumab(document: PlanDocument) -> bool:
    """Return whether any strategy, or her own drugs, hold denosumab."""
    return mentions_any(document, ("denosumab",)) or any(s.exit_plan is not None for s in document.strategies)
